"""The engine of platforms whose rows are frames; what is left to each is how frames are made, read and computed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_wayang.errors import PlanError, PlatformError
from jupyter_wayang.plan.operators import AnyOperator, OverArrow, ReadFile, ReadFrame
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.tasks import LocalTask, ScoreCell, ScoreTask, Update
from jupyter_wayang.platforms.platform import ARROW, PARQUET, Payload
from jupyter_wayang.platforms.relational import frames
from jupyter_wayang.platforms.relational.files import as_schema
from jupyter_wayang.platforms.relational.frames_dialects import Dialect
from jupyter_wayang.platforms.relational.over_arrow import over_arrow

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FramesEngine"]


class FramesEngine(ABC):
    """Runs base operators over frames through narwhals.

    Parameters
    ----------
    workspace
        Where a platform may put files; frames need none.
    """

    channel: str
    dialect: Dialect

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace

    @abstractmethod
    def from_arrow(self, table: pa.Table) -> Payload:
        """Return a frame of a table."""

    @abstractmethod
    def to_arrow(self, frame: Payload) -> pa.Table:
        """Return the table of a computed frame, its types not yet those of the project."""

    @abstractmethod
    def read(self, operator: ReadFile) -> Payload:
        """Return a frame of a file."""

    @abstractmethod
    def read_parquet(self, path: Path, schema: Schema) -> Payload:
        """Return a frame of a Parquet file that one of our platforms wrote."""

    @abstractmethod
    def keep(self, payload: Payload) -> Payload:
        """Compute a payload, so that it can be read many times."""

    @abstractmethod
    def count(self, payload: Payload) -> int:
        """Return the number of rows of a payload."""

    @abstractmethod
    def update(self, rows: Payload, task: LocalTask) -> Update:
        """Train on rows."""

    @abstractmethod
    def score(self, rows: Payload, task: ScoreTask) -> tuple[ScoreCell, ...]:
        """Score rows."""

    def apply(
        self,
        operator: AnyOperator,
        inputs: tuple[Payload, ...],
        schemas: tuple[Schema, ...],
        frames: Mapping[str, pa.Table],
        salt: str,
    ) -> tuple[Payload, ...]:
        """Run a base operator: a frame per output."""
        match operator:
            case ReadFile():
                return (self.read(operator),)
            case ReadFrame(key=key):
                if key not in frames:
                    raise PlatformError(f"the rows of {operator.label} were not handed to the run")
                return (self.from_arrow(as_schema(frames[key], operator.schema, operator.label)),)
            case OverArrow():
                parts = over_arrow(operator, self.table(inputs[0], schemas[0]), salt)
                return tuple(self.from_arrow(part) for part in parts)
            case _:
                return (self.run(operator, inputs, schemas),)

    def run(self, operator: AnyOperator, inputs: tuple[Payload, ...], schemas: tuple[Schema, ...]) -> Payload:
        """Run an operator of rows and columns."""
        return frames.apply(operator, inputs, schemas, self.dialect)

    def table(self, payload: Payload, schema: Schema) -> pa.Table:
        """Return the rows of a payload as an Arrow table in the project's types."""
        return _in_types(self.to_arrow(self.keep(payload)), schema)

    def convert(self, payload: Payload, source: str, target: str, schema: Schema) -> Payload:
        """Run one of the platform's own conversions."""
        if (source, target) == (self.channel, ARROW):
            return self.table(payload, schema)
        if (source, target) == (ARROW, self.channel):
            return self.from_arrow(payload)
        if (source, target) == (PARQUET, self.channel):
            return self.read_parquet(Path(payload), schema)
        raise PlanError(f"{self.dialect.name} has no conversion from {source} to {target}")

    def close(self) -> None:  # noqa: B027 (not abstract: frames hold nothing)
        """Free nothing."""


def _in_types(table: pa.Table, schema: Schema) -> pa.Table:
    import pyarrow as pa

    from jupyter_wayang.plan.rows import arrow_schema

    wanted = arrow_schema(schema)
    columns: list[Any] = []
    for field in wanted:
        column = table.column(field.name)
        if pa.types.is_null(field.type):
            column = pa.chunked_array([pa.nulls(table.num_rows)])
        elif column.type != field.type:
            column = column.cast(field.type)
        columns.append(column)
    return pa.table(columns, schema=wanted)
