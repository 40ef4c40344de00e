"""What every engine shares that runs statements over tables of its own: one statement for a whole chain of operators."""

from __future__ import annotations

import weakref
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, cast

import pyarrow as pa
from sqlglot import exp

from jupyter_wayang.errors import PlanError, PlatformError
from jupyter_wayang.plan.operators import AnyOperator, OverArrow, ReadFile, ReadFrame, ReadTable
from jupyter_wayang.plan.rows import arrow_schema
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.tasks import LocalTask, ScoreCell, ScoreTask, Update
from jupyter_wayang.platforms.holding import Holding
from jupyter_wayang.platforms.platform import ARROW, Payload
from jupyter_wayang.platforms.relational import files, learning
from jupyter_wayang.platforms.relational.over_arrow import over_arrow
from jupyter_wayang.platforms.relational.relation import Held, Relation
from jupyter_wayang.platforms.relational.sql import physical_names, source, statement

__all__ = ["SqlEngine", "in_types"]


class SqlEngine(ABC):
    """A SQL engine whose payloads are :class:`~jupyter_wayang.platforms.relational.relation.Relation`.

    Statements run when their rows are asked for. Calls may come from several threads; they run one after the other.
    """

    channel: str
    name: ClassVar[str]
    """The platform's name, which is also that of its dialect."""

    def __init__(self) -> None:
        self._lock = Holding()
        self._number = 0
        self._unused: deque[tuple[str, str]] = deque()

    # -- what an engine does in its own way ---------------------------------------------------------------------------

    @abstractmethod
    def _table(self, operator: ReadTable) -> Relation:
        """Return a table or query of a database."""

    @abstractmethod
    def _upload(self, name: str, table: pa.Table, schema: Schema) -> None:
        """Make a temporary table of an Arrow table, in the place where new rows go."""

    @abstractmethod
    def _create(self, name: str, relation: Relation) -> None:
        """Make a temporary table of the rows of a statement."""

    @abstractmethod
    def _fetch(self, relation: Relation) -> pa.Table:
        """Return the rows of a statement as an Arrow table of any types; names do not matter."""

    @abstractmethod
    def _count(self, relation: Relation) -> int:
        """Return the number of rows of a statement."""

    @abstractmethod
    def _drop(self, name: str, place: str) -> None:
        """Drop a temporary table."""

    @abstractmethod
    def interrupt(self, thread: int | None = None) -> None:
        """Stop what a thread runs, or whoever it is; it raises RunStoppedError there."""

    @abstractmethod
    def close(self) -> None:
        """Free what the engine holds."""

    def _home(self) -> str:
        """Return the place where new rows go."""
        return ""

    def _together(self, inputs: tuple[Relation, ...]) -> tuple[Relation, ...]:
        """Bring relations to one place."""
        return inputs

    # -- the seam -----------------------------------------------------------------------------------------------------

    def apply(
        self,
        operator: AnyOperator,
        inputs: tuple[Payload, ...],
        schemas: tuple[Schema, ...],
        frames: Mapping[str, pa.Table],
        salt: str,
    ) -> tuple[Payload, ...]:
        """Add a base operator to the statement that will run; a split runs at once."""
        match operator:
            case ReadFile():
                return (self._entered(files.read(operator), operator.schema, Path(operator.path).stem),)
            case ReadTable():
                return (self._table(operator),)
            case ReadFrame(key=key):
                if key not in frames:
                    raise PlatformError(f"the rows of {operator.label} were not handed to the run")
                table = files.as_schema(frames[key], operator.schema, operator.label)
                return (self._entered(table, operator.schema, operator.label),)
            case OverArrow():
                parts = over_arrow(operator, self._arrow(inputs[0], inputs[0].schema), salt)
                shapes = operator.outputs((inputs[0].schema,))
                return tuple(
                    self._entered(part, cast("Schema", one), "part") for part, one in zip(parts, shapes, strict=True)
                )
        relations = self._together(inputs)
        made = statement(operator, tuple((each.select, each.schema) for each in relations), self.name)
        (schema,) = operator.outputs(tuple(each.schema for each in relations))
        if not isinstance(schema, Schema):
            raise PlanError(f"{operator.verb}() makes no rows")
        holds = tuple(dict.fromkeys(held for each in relations for held in each.holds))
        place = relations[0].place if relations else self._home()
        return (Relation(select=made, schema=schema, holds=holds, operator=operator, inputs=relations, place=place),)

    def keep(self, payload: Payload) -> Payload:
        """Compute a relation into a temporary table."""
        relation: Relation = payload
        if relation.kept:
            return relation
        name = self._named("kept")
        with self._lock:
            self._sweep()
            self._create(name, relation)
        return self._whole(name, relation.schema, relation.place)

    def count(self, payload: Payload) -> int:
        """Return the number of rows of a relation."""
        with self._lock:
            return self._count(payload)

    def convert(self, payload: Payload, source: str, target: str, schema: Schema) -> Payload:
        """Fetch rows as an Arrow table, or take an Arrow table in."""
        if (source, target) == (self.channel, ARROW):
            return self._arrow(payload, schema)
        if (source, target) == (ARROW, self.channel):
            return self._entered(payload, schema, "rows")
        raise PlanError(f"{self.name} has no conversion from {source} to {target}")

    def update(self, rows: Payload, task: LocalTask) -> Update:
        """Train on rows, an aggregation per step."""
        return learning.update(self, rows, task)

    def score(self, rows: Payload, task: ScoreTask) -> tuple[ScoreCell, ...]:
        """Score rows in one aggregation."""
        return learning.score(self, rows, task)

    # -- tables of the engine -----------------------------------------------------------------------------------------

    def _arrow(self, relation: Relation, schema: Schema) -> pa.Table:
        with self._lock:
            self._sweep()
            table = self._fetch(relation)
        return in_types(table, relation.schema, schema)

    def _entered(self, table: pa.Table, schema: Schema, label: str) -> Relation:
        name = self._named(label)
        with self._lock:
            self._sweep()
            self._upload(name, table.select(list(schema.names)).rename_columns(list(physical_names(schema))), schema)
        return self._whole(name, schema, self._home())

    def _whole(self, name: str, schema: Schema, place: str) -> Relation:
        held = Held(name)
        weakref.finalize(held, self._unused.append, (name, place)).atexit = False
        select = exp.Select(expressions=[exp.Star()], from_=exp.From(this=source(name)))
        return Relation(select=select, schema=schema, holds=(held,), kept=True, place=place)

    def _named(self, label: str) -> str:
        with self._lock:
            self._number += 1
            plain = "".join(sign if sign.isascii() and sign.isalnum() else "_" for sign in label)
            return f"t{self._number}_{plain[:40]}"

    def _sweep(self) -> None:
        """Drop what no relation reads any more; a finalizer may not, because it can run in the middle of a query."""
        while self._unused:
            self._drop(*self._unused.popleft())


def in_types(table: pa.Table, held: Schema, wanted: Schema) -> pa.Table:
    """Return the columns of ``wanted`` in its order and types, of a table whose columns are those of ``held`` in order."""
    table = table.rename_columns(list(held.names)).select(list(wanted.names))
    columns = [
        pa.chunked_array([pa.nulls(table.num_rows)]) if pa.types.is_null(field.type) else column.cast(field.type)
        for field, column in zip(arrow_schema(wanted), table.columns, strict=True)
    ]
    return pa.table(columns, schema=arrow_schema(wanted))
