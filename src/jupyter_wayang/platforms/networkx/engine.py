"""The engine of networkx."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_wayang.errors import PlanError, PlatformError
from jupyter_wayang.plan.operators import AnyOperator
from jupyter_wayang.plan.operators.graph import GraphOperator
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.tasks import LocalTask, ScoreCell, ScoreTask, Update
from jupyter_wayang.platforms.networkx import graphs
from jupyter_wayang.platforms.networkx.statistics import rows_in
from jupyter_wayang.platforms.platform import Payload

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["NetworkxEngine"]


class NetworkxEngine:
    """Runs graph operators over Arrow tables of edges.

    Parameters
    ----------
    workspace
        Where a platform may put files; graphs need none.
    """

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace

    def apply(
        self,
        operator: AnyOperator,
        inputs: tuple[Payload, ...],
        schemas: tuple[Schema, ...],
        frames: Mapping[str, pa.Table],
        salt: str,
    ) -> tuple[Payload, ...]:
        """Run a graph operator."""
        if not isinstance(operator, GraphOperator):
            raise self._refused(operator.verb)
        return (graphs.run(operator, inputs[0], schemas[0]),)

    def keep(self, payload: pa.Table) -> pa.Table:
        """Return the table: it is computed."""
        return payload

    def count(self, payload: pa.Table) -> int:
        """Return the number of rows."""
        return rows_in(payload)

    def convert(self, payload: Payload, source: str, target: str, schema: Schema) -> Payload:
        """Refuse: there are no conversions here."""
        raise PlanError(f"networkx has no conversion from {source} to {target}")

    def update(self, rows: Payload, task: LocalTask) -> Update:
        """Refuse: nothing is trained here."""
        raise self._refused("fit")

    def score(self, rows: Payload, task: ScoreTask) -> tuple[ScoreCell, ...]:
        """Refuse: nothing is scored here."""
        raise self._refused("evaluate")

    def close(self) -> None:
        """Free nothing."""

    def _refused(self, verb: str) -> PlatformError:
        return PlatformError(f"networkx does not run {verb}()", hint="it runs graph operators")
