"""The engine of Python: reads through Arrow, and has functions of the notebook called by worker processes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from jupyter_wayang.errors import PlanError, PlatformError
from jupyter_wayang.plan.expressions import ColumnRef, Named
from jupyter_wayang.plan.operators import AnyOperator, ReadFile, ReadFrame
from jupyter_wayang.plan.operators.functions import Calling, CoGroup, ReduceBy
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.tasks import LocalTask, ScoreCell, ScoreTask, Update
from jupyter_wayang.platforms.functions import Call
from jupyter_wayang.platforms.platform import Payload
from jupyter_wayang.platforms.python.process import Workers
from jupyter_wayang.platforms.python.statistics import rows_in
from jupyter_wayang.platforms.relational import files

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PythonEngine"]


class PythonEngine:
    """Calls functions over Arrow tables. Its methods may be called from several threads.

    Parameters
    ----------
    workspace
        Where a platform may put files; Python needs none.
    """

    name = "python"

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self._workers = Workers()

    def apply(
        self,
        operator: AnyOperator,
        inputs: tuple[Payload, ...],
        schemas: tuple[Schema, ...],
        frames: Mapping[str, pa.Table],
        salt: str,
    ) -> tuple[Payload, ...]:
        """Read a file or a table in memory."""
        if isinstance(operator, ReadFile):
            return (files.read(operator),)
        if isinstance(operator, ReadFrame):
            if operator.key not in frames:
                raise PlatformError(f"the rows of {operator.label} were not handed to the run")
            return (files.as_schema(frames[operator.key], operator.schema, operator.label),)
        raise PlatformError(f"{self.name} does not run {operator.verb}()", hint="it calls functions of the notebook")

    def call(
        self, operator: Calling, inputs: tuple[pa.Table, ...], schemas: tuple[Schema, ...], call: Call
    ) -> pa.Table:
        """Have a worker call the function."""
        keys = [_keys(columns, table, schema) for columns, table, schema in _keyed(operator, inputs, schemas)]
        made, seconds = self._workers.run(operator, call, inputs, keys)
        call.measured(sum(table.num_rows for table in inputs), made.num_rows, seconds)
        return made

    def keep(self, payload: pa.Table) -> pa.Table:
        """Return the table: it is computed."""
        return payload

    def count(self, payload: pa.Table) -> int:
        """Return the number of rows."""
        return rows_in(payload)

    def convert(self, payload: Payload, source: str, target: str, schema: Schema) -> Payload:
        """Refuse: there are no conversions here."""
        raise PlanError(f"{self.name} has no conversion from {source} to {target}")

    def update(self, rows: pa.Table, task: LocalTask) -> Update:
        """Refuse: Python trains nothing."""
        raise PlatformError(f"{self.name} does not run fit()")

    def score(self, rows: pa.Table, task: ScoreTask) -> tuple[ScoreCell, ...]:
        """Refuse: Python scores nothing."""
        raise PlatformError(f"{self.name} does not run evaluate()")

    def close(self) -> None:
        """End the workers."""
        self._workers.close()


def _keyed(
    operator: Calling, inputs: tuple[pa.Table, ...], schemas: tuple[Schema, ...]
) -> list[tuple[tuple[Named, ...], pa.Table, Schema]]:
    """Return, for every input that has keys, the expressions of its keys."""
    if isinstance(operator, ReduceBy):
        return [(_numbered(operator.keys), inputs[0], schemas[0])]
    if isinstance(operator, CoGroup):
        sides = zip(*operator.on, strict=True)
        columns = [tuple(Named(name=name, expression=ColumnRef(name=name)) for name in side) for side in sides]
        return [
            (_numbered(named), table, schema) for named, table, schema in zip(columns, inputs, schemas, strict=True)
        ]
    return []


def _numbered(columns: Sequence[Named]) -> tuple[Named, ...]:
    return tuple(Named(name=f"key{i}", expression=column.expression) for i, column in enumerate(columns))


def _keys(columns: tuple[Named, ...], table: pa.Table, schema: Schema) -> pa.Table:
    """Compute keys."""
    if all(isinstance(column.expression, ColumnRef) for column in columns):
        return pa.table({c.name: table.column(c.expression.name) for c in columns})  # type: ignore[union-attr]
    from jupyter_wayang.platforms.relational.frames import PYARROW, evaluate

    made: pa.Table = evaluate(columns, table, schema, PYARROW, "reduce_by")
    return made
