"""The engine of polars."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from jupyter_wayang.plan.expressions import AnyExpression
from jupyter_wayang.plan.operators import AnyOperator, Filter, ReadFile, Select
from jupyter_wayang.plan.schema import DataType, Schema
from jupyter_wayang.plan.tasks import LocalTask, ScoreCell, ScoreTask, Update
from jupyter_wayang.plan.types import decimal_of, item_of
from jupyter_wayang.platforms.platform import Payload
from jupyter_wayang.platforms.polars import learning
from jupyter_wayang.platforms.polars.channels import CHANNEL
from jupyter_wayang.platforms.polars.statistics import rows_in
from jupyter_wayang.platforms.relational import files
from jupyter_wayang.platforms.relational.failures import failure
from jupyter_wayang.platforms.relational.frames_dialects import POLARS
from jupyter_wayang.platforms.relational.frames_engine import FramesEngine
from jupyter_wayang.platforms.relational.frames_expressions import can_fail

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["PolarsEngine"]

_Frame = pl.DataFrame | pl.LazyFrame

_Type = type[pl.DataType] | pl.DataType
_TYPES: dict[DataType, _Type] = {
    "bool": pl.Boolean,
    "int64": pl.Int64,
    "float64": pl.Float64,
    "string": pl.String,
    "date": pl.Date,
    "timestamp": pl.Datetime("us"),
    "null": pl.Null,
}


def _type(name: DataType) -> _Type:
    digits, item = decimal_of(name), item_of(name)
    if digits:
        return pl.Decimal(digits.precision, digits.scale)
    return pl.List(_type(item)) if item else _TYPES[name]


class PolarsEngine(FramesEngine):
    """Runs operators over frames.

    A Parquet file is scanned, not read, and filters and columns that cannot fail are added to the scan, so that polars
    reads only what is needed. All else runs at once: an error then names the operator that made it.
    """

    channel = CHANNEL
    dialect = POLARS

    def from_arrow(self, table: pa.Table) -> pl.DataFrame:
        """Return a frame of a table."""
        made: pl.DataFrame = self.dialect.from_arrow(table)
        return made

    def to_arrow(self, frame: pl.DataFrame) -> pa.Table:
        """Return the frame's columns as a table."""
        return frame.to_arrow()

    def read(self, operator: ReadFile) -> _Frame:
        """Scan a Parquet file; read others through Arrow, so that a text means the same everywhere."""
        if operator.format != "parquet":
            return self.from_arrow(files.read(operator))
        path = files.present(operator.path)
        with files.failing_with(path, "parquet", pl.exceptions.PolarsError):
            return _scan(path, operator.schema)

    def read_parquet(self, path: Path, schema: Schema) -> _Frame:
        """Scan a Parquet file that one of our platforms wrote."""
        with files.failing_with(path, "parquet", pl.exceptions.PolarsError, OSError):
            return _scan(path, schema)

    def run(self, operator: AnyOperator, inputs: tuple[Payload, ...], schemas: tuple[Schema, ...]) -> Payload:
        """Add to a scan what cannot fail, and run all else."""
        stays = all(not can_fail(expression, schemas[0]) for expression in _expressions(operator))
        if not (isinstance(operator, Filter | Select) and stays):
            inputs = tuple(self.keep(payload) for payload in inputs)
        return super().run(operator, inputs, schemas)

    def keep(self, payload: _Frame) -> pl.DataFrame:
        """Compute a scan."""
        if isinstance(payload, pl.DataFrame):
            return payload
        with _named():
            return payload.collect()

    def count(self, payload: _Frame) -> int:
        """Return the number of rows."""
        with _named():
            return rows_in(payload)

    def update(self, rows: _Frame, task: LocalTask) -> Update:
        """Train by one aggregation per step."""
        return learning.update(self, self.keep(rows), task)

    def score(self, rows: _Frame, task: ScoreTask) -> tuple[ScoreCell, ...]:
        """Score by one aggregation."""
        return learning.score(self, self.keep(rows), task)


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        raise failure("polars", "read", error) from error


def _expressions(operator: AnyOperator) -> list[AnyExpression]:
    if isinstance(operator, Filter):
        return [operator.condition]
    return [column.expression for column in operator.columns] if isinstance(operator, Select) else []


def _scan(path: Path, schema: Schema) -> _Frame:
    """Scan the columns of a schema in its types; NaN becomes null."""
    parts = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    scan = pl.scan_parquet(parts, glob=False, hive_partitioning=False)
    found = scan.collect_schema()
    columns = [_entered(pl.col(column.name), found, column.name, column.type) for column in schema]
    return scan.select(columns)


def _entered(column: pl.Expr, found: pl.Schema, name: str, wanted: DataType) -> pl.Expr:
    type_ = found.get(name)
    if type_ is not None and type_.is_float():
        column = column.fill_nan(None)
    elif isinstance(type_, pl.Datetime) and type_.time_zone is not None:
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return column if type_ == _type(wanted) else column.cast(_type(wanted))
