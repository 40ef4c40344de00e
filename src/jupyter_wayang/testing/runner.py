"""Runs an operator on a platform, through the platform's own channel, and compares rows with the reference's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from jupyter_wayang.optimizer.inflation import base_tag
from jupyter_wayang.plan.operators import AnyOperator, ReadFrame
from jupyter_wayang.plan.rows import arrow_schema
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms import channels
from jupyter_wayang.platforms.platform import ARROW, Conversion, Engine, Payload, Platform

__all__ = ["Bench", "Row", "Table", "assert_rows", "close"]

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows and their schema."""

    schema: Schema
    rows: list[Row]

    @classmethod
    def of(cls, types: dict[str, str], *rows: Sequence[Any]) -> Table:
        """Make a table of tuples."""
        schema = Schema.from_pairs(types.items())
        return cls(schema=schema, rows=[dict(zip(schema.names, row, strict=True)) for row in rows])

    def arrow(self) -> pa.Table:
        """Return the table as an Arrow table."""
        return pa.Table.from_pylist(self.rows, schema=arrow_schema(self.schema))


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A platform and its open engine."""

    platform: Platform
    engine: Engine
    workspace: Path

    @classmethod
    def opened(cls, platform: Platform, workspace: Path) -> Bench:
        """Open a platform."""
        return cls(platform=platform, engine=platform.open(workspace), workspace=workspace)

    def refusal(self, operator: AnyOperator, tables: Sequence[Table]) -> str | None:
        """Return why the platform declares that it does not run an operator, or None."""
        return self.refused(operator, tuple(table.schema for table in tables))

    def refused(self, operator: AnyOperator, schemas: tuple[Schema, ...]) -> str | None:
        """Return why the platform declares that it does not run an operator over inputs of these columns, or None."""
        tag = base_tag(operator)
        if tag not in self.platform.operators:
            return f"{self.platform.title} does not declare {tag}"
        return self.platform.refuses(operator, schemas)

    def read(self, table: Table) -> Payload:
        """Hand a table to the platform."""
        operator = ReadFrame(key="rows", label="rows", schema=table.schema)
        (payload,) = self.engine.apply(operator, (), (), {"rows": table.arrow()}, "here")
        return payload

    def run(self, operator: AnyOperator, *tables: Table) -> pa.Table:
        """Run an operator with one output on tables."""
        (made,) = self.apply(operator, *tables)
        return made

    def apply(self, operator: AnyOperator, *tables: Table) -> tuple[pa.Table, ...]:
        """Run an operator on tables."""
        schemas = tuple(table.schema for table in tables)
        payloads = self.engine.apply(operator, tuple(self.read(table) for table in tables), schemas, {}, "here")
        return tuple(
            self.collect(payload, schema)
            for payload, schema in zip(payloads, operator.outputs(schemas), strict=True)
            if isinstance(schema, Schema)
        )

    def chain(self, table: Table, *operators: AnyOperator) -> pa.Table:
        """Run operators one after the other, without looking in between."""
        payload, schema = self.read(table), table.schema
        for operator in operators:
            (payload,) = self.engine.apply(operator, (payload,), (schema,), {}, "here")
            (made,) = operator.outputs((schema,))
            assert isinstance(made, Schema)
            schema = made
        return self.collect(payload, schema)

    def collect(self, payload: Payload, schema: Schema) -> pa.Table:
        """Bring a payload to Arrow by the platform's conversions and the shared ones."""
        for step in self._path(self.platform.channel, ARROW):
            if step.platform is None:
                payload = channels.convert(payload, step.source, step.target, self.workspace)
            else:
                payload = self.engine.convert(payload, step.source, step.target, schema)
        assert isinstance(payload, pa.Table)
        return payload

    def _path(self, source: str, target: str) -> tuple[Conversion, ...]:
        paths: list[tuple[str, tuple[Conversion, ...]]] = [(source, ())]
        known = (*self.platform.conversions, *channels.CONVERSIONS)
        for here, path in paths:
            if here == target:
                return path
            seen = {end for end, _ in paths}
            paths += [(step.target, (*path, step)) for step in known if step.source == here and step.target not in seen]
        raise AssertionError(f"{self.platform.name} has no way from {source} to {target}")


def _weight(value: Any) -> tuple[int, str]:
    if value is None:
        return (1, "")
    return (0, f"{value + 0.0:.6e}" if isinstance(value, float) else repr(value))  # minus zero is zero


def close(found: Any, wanted: Any) -> bool:
    """Tell whether two values are equal, floats to 1e-12."""
    if isinstance(found, float) and isinstance(wanted, float):
        return math.isclose(found, wanted, rel_tol=1e-12, abs_tol=1e-12)
    return type(found) is type(wanted) and bool(found == wanted)


def assert_rows(found: pa.Table, wanted: list[Row], schema: Schema, *, ordered: bool) -> None:
    """Compare a table with rows: names, types, values; and the order if it matters."""
    assert found.schema.remove_metadata() == arrow_schema(schema)
    got = found.to_pylist() if len(set(schema.names)) == len(schema) else []
    if not ordered:
        key = lambda row: [_weight(row[name]) for name in schema.names]  # noqa: E731
        got, wanted = sorted(got, key=key), sorted(wanted, key=key)
    assert len(got) == len(wanted), (got, wanted)
    wrong = [
        (name, a[name], b[name])
        for a, b in zip(got, wanted, strict=True)
        for name in schema.names
        if not close(a[name], b[name])
    ]
    assert not wrong, f"(column, found, wanted): {wrong[:10]}"
