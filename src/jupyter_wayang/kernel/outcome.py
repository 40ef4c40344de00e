"""What a run comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jupyter_wayang.events import State
from jupyter_wayang.plan.models import Model

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Outcome"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Rows or a model, every model that was fitted by the id of its node, and how the run ended."""

    state: State
    table: pa.Table | None = None
    model: Model | None = None
    models: Mapping[str, Model] = field(default_factory=dict)
