"""A platform as a record: what the seam asks of one, filled in by the package of each platform."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from jupyter_wayang.plan.operators import AnyOperator
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.platform import Channel, Conversion, CostTable, Engine

__all__ = ["Declaration"]

Refusal = Callable[[AnyOperator, tuple[Schema, ...]], str | None]


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """A :class:`~jupyter_wayang.platforms.platform.Platform` made of values."""

    name: str
    """The word of the cell language."""
    title: str
    """What people read."""
    badge: str
    """Two letters."""
    channel: str
    """The form that the operators take and make."""
    channels: tuple[Channel, ...]
    """What it adds to the channel graph."""
    conversions: tuple[Conversion, ...]
    """The steps of the channel graph that its engine does."""
    operators: frozenset[str]
    """Tags of base and learning operators."""
    costs: CostTable
    """What it costs."""
    needs: tuple[tuple[str, str], ...]
    """Modules that must be there, each with what brings it: ``("polars", "jupyter-wayang[polars]")``."""
    refusal: Refusal
    """Why an operator is not possible."""
    engine: Callable[[], Callable[[Path], Engine]]
    """Imports the engine's class; called when the platform is opened."""

    def missing(self) -> str | None:
        """Return why the platform cannot be used on this machine, or None."""
        for module, brings in self.needs:
            if find_spec(module) is None:
                return f'{module} is not installed: pip install "{brings}"'
        return None

    def refuses(self, operator: AnyOperator, inputs: tuple[Schema, ...]) -> str | None:
        """Return why this operator, of a kind that the platform runs, is not possible, or None."""
        return self.refusal(operator, inputs)

    def code(self, operator: AnyOperator, inputs: tuple[tuple[str, Schema], ...]) -> str | None:
        """Return None: the operators run as they stand in the plan, without generated text."""
        return None

    def open(self, workspace: Path) -> Engine:
        """Start the platform."""
        return self.engine()(workspace)
