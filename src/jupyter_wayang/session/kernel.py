"""The execution kernel, as a session sees it: whether it is in this process or in one of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from jupyter_wayang.events import AnyEvent
from jupyter_wayang.plan.execution import ExecutionPlan
from jupyter_wayang.plan.logical import LogicalPlan
from jupyter_wayang.plan.models import Model
from jupyter_wayang.plan.operators import AnyOperator
from jupyter_wayang.plan.preferences import Preferences
from jupyter_wayang.plan.schema import Schema

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Kernel", "Outcome"]


class Outcome(Protocol):
    """What a run came to, as the execution kernel gives it."""

    @property
    def state(self) -> str:
        """``done``, ``stopped`` or ``failed``."""
        ...

    @property
    def table(self) -> pa.Table | None:
        """The rows, if the result is rows."""
        ...

    @property
    def model(self) -> Model | None:
        """The model, if the result is a model."""
        ...

    @property
    def models(self) -> Mapping[str, Model]:
        """Every model that was fitted, by the id of its node."""
        ...


class Kernel(Protocol):
    """The execution kernel, as a session sees it."""

    def describe(self, federation: str, table: str) -> tuple[tuple[str, ...], Schema]:
        """Return the sites and the shared schema of a federated table."""
        ...

    def plan(
        self,
        plan: LogicalPlan,
        *,
        name: str,
        platforms: Sequence[str] | None,
        scale: float = 1.0,
        preferences: Preferences = ...,
    ) -> ExecutionPlan:
        """Plan a task, as if its sources had so many times the rows."""
        ...

    def sample(self, plan: LogicalPlan, operator: AnyOperator) -> Schema:
        """Return the columns that a function makes, learned on the first rows of its inputs."""
        ...

    def submit(
        self, plan: LogicalPlan, *, name: str, platforms: Sequence[str] | None, preferences: Preferences = ...
    ) -> str:
        """Start a task."""
        ...

    def events(self, run: str, since: int = 0) -> tuple[AnyEvent, ...]:
        """Return events of a run."""
        ...

    def wait(self, run: str, since: int, timeout_s: float) -> bool:
        """Wait for an event."""
        ...

    def stop(self, run: str) -> None:
        """Ask a run to stop."""
        ...

    def pause(self, run: str) -> None:
        """Ask a run to wait at its next step."""
        ...

    def resume(self, run: str) -> None:
        """Let a paused run go on."""
        ...

    def resubmit(self, run: str) -> str:
        """Go on with a run that was stopped, failed or lost its process; return the id of the run that does."""
        ...

    def finished(self, run: str) -> bool:
        """Tell whether a run has ended."""
        ...

    def outcome(self, run: str) -> Outcome:
        """Return what a run came to."""
        ...

    def runs(self) -> Sequence[Any]:
        """Return the runs in the journal."""
        ...

    def close(self) -> None:
        """End."""
        ...
