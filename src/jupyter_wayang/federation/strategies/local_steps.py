"""What strategies share whose sites take plain steps of gradient descent: the task, and its parameters' checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import msgspec

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.federation.strategies.state import Client, GlobalModel, State
from jupyter_wayang.federation.strategies.vectors import arrays_like, rows_of, vector
from jupyter_wayang.plan.tasks import LocalTask, Update

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Averaging", "LocalSteps", "moved"]


class LocalSteps(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""Every site starts at the global parameters and takes ``local_epochs`` full-batch steps.

    .. math:: w^k \leftarrow w^k - \eta \nabla F_k(w^k)

    Parameters
    ----------
    learning_rate
        The step :math:`\eta`, above 0.
    local_epochs
        Passes over a site's rows in a round.
    batch
        Only None (all rows of the site): a minibatch of rows that a database or Spark holds has no order that all
        platforms share.
    """

    word: ClassVar[str]

    learning_rate: float
    local_epochs: int = 1
    batch: int | None = None

    def __post_init__(self) -> None:
        if self.batch is not None:
            raise OperatorError(
                f"{self.word}(): batch must be null, not {self.batch}: a local step uses all rows of its site",
                found=str(self.batch),
                hint="leave batch out, and take more steps with local_epochs",
            )
        self.between("local_epochs", self.local_epochs, 1, 100_000)
        self.positive("learning_rate", self.learning_rate)

    def positive(self, name: str, value: float) -> None:
        """Raise an :class:`OperatorError` unless a parameter is above 0 and finite."""
        if not 0 < value < float("inf"):
            raise OperatorError(f"{self.word}(): {name} must be above 0 and finite", found=str(value))

    def between(self, name: str, value: float, low: float, high: float) -> None:
        """Raise an :class:`OperatorError` unless a parameter is between two bounds, both inclusive."""
        if not low <= value <= high:
            raise OperatorError(f"{self.word}(): {name} must be between {low:,} and {high:,}", found=str(value))

    def below_one(self, name: str, value: float) -> None:
        """Raise an :class:`OperatorError` unless a parameter is 0 or more, and below 1."""
        if not 0 <= value < 1:
            raise OperatorError(f"{self.word}(): {name} must be 0 or more and below 1", found=str(value))

    def init(self, start: GlobalModel) -> State:
        """Return the state before the first round: the model as it starts."""
        return State(current=start)

    def task(self, state: State, client: Client) -> LocalTask:
        """Return the task of a round, the same for every site."""
        now = state.current
        return LocalTask(
            model=now.model,
            features=now.features,
            parameters=now.parameters,
            epochs=self.local_epochs,
            learning_rate=self.learning_rate,
        )


class Averaging(LocalSteps, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Local steps, and a server that begins with a mean of what came back.

    Parameters
    ----------
    learning_rate, local_epochs, batch
        As in :class:`LocalSteps`.
    weights
        ``rows`` weighs a site by its rows; ``uniform`` lets every site count the same.
    """

    weights: Literal["rows", "uniform"] = "rows"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weights not in ("rows", "uniform"):
            raise OperatorError(f"{self.word}(): weights must be 'rows' or 'uniform'", found=str(self.weights))


def moved(
    state: State, to: np.ndarray, updates: tuple[tuple[str, Update], ...]
) -> tuple[GlobalModel, dict[str, float]]:
    """Return the global model at new parameters, and what is said of a round: its rows, and the step's length."""
    import numpy as np

    old = state.current.parameters
    about = {"rows": rows_of(updates), "step_norm": float(np.linalg.norm(to - vector(old)))}
    return msgspec.structs.replace(state.current, parameters=arrays_like(to, old)), about
