"""A platform as somebody else would write one: a few operators over pyarrow's compute functions, and no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jupyter_wayang.errors import PlatformError
from jupyter_wayang.plan.expressions import (
    Binary,
    Case,
    ColumnRef,
    Expression,
    IsNull,
    Literal,
    Negate,
    Not,
    type_of,
    walk,
)
from jupyter_wayang.plan.operators import AnyOperator, Filter, Limit, ReadFrame, Select, Sort, Union
from jupyter_wayang.plan.rows import arrow_schema, arrow_type
from jupyter_wayang.plan.schema import Schema, common_type
from jupyter_wayang.plan.types import SIMPLE_TYPES
from jupyter_wayang.platforms.declaration import Declaration
from jupyter_wayang.platforms.platform import ARROW, Coefficient, CostTable

_OPERATORS = ("read_frame", "filter", "select", "sort", "limit", "union")
_EXPRESSIONS = (ColumnRef, Literal, Binary, Case, IsNull, Negate, Not)
_COMPARISONS: dict[str, Callable[..., Any]] = {
    "==": pc.equal, "!=": pc.not_equal, "<": pc.less, "<=": pc.less_equal, ">": pc.greater, ">=": pc.greater_equal,
}  # fmt: skip
_ARITHMETIC: dict[str, Callable[..., Any]] = {
    "+": pc.add_checked, "-": pc.subtract_checked, "*": pc.multiply_checked,
}  # fmt: skip


def refuses(operator: AnyOperator, inputs: tuple[Schema, ...]) -> str | None:
    """Return what of an operator is not written here."""
    if not isinstance(operator, ReadFrame | Filter | Select | Sort | Limit | Union):
        return f"{operator.verb}() is not written for pyarrow compute"
    for column in (column for schema in inputs for column in schema):
        if column.type not in SIMPLE_TYPES:
            return f"{column.name} is a {column.type}, which is not written for pyarrow compute"
    for expression in expressions(operator):
        for part in walk(expression):
            if not isinstance(part, _EXPRESSIONS) or (isinstance(part, Literal) and part.type not in SIMPLE_TYPES):
                return f"{type(part).__name__} is not written for pyarrow compute"
            if isinstance(part, Binary) and part.op in ("/", "//", "%", "**"):
                return f"{part.op} is not written for pyarrow compute"
    return None


def expressions(operator: AnyOperator) -> list[Expression]:
    """Return the expressions of an operator."""
    match operator:
        case Filter(condition=condition):
            return [condition]
        case Select(columns=columns):
            return [column.expression for column in columns]
        case Sort(keys=keys):
            return [key.expression for key in keys]
    return []


def evaluate(expression: Expression, table: pa.Table, schema: Schema) -> pa.ChunkedArray | pa.Array:
    """Compute an expression over a table, in the type that it has in the plan."""
    to = arrow_type(type_of(expression, schema))
    made = _value(expression, table, schema)
    if isinstance(made, pa.Scalar):
        made = pa.repeat(made, table.num_rows)
    made = made.cast(to, safe=False) if made.type != to else made
    if pa.types.is_floating(to):
        made = pc.if_else(pc.is_nan(made), pa.scalar(None, to), made)
    return made


def _value(expression: Expression, table: pa.Table, schema: Schema) -> Any:
    def both(left: Expression, right: Expression, to: str) -> list[Any]:
        wanted = arrow_type(to)
        return [evaluate(side, table, schema).cast(wanted, safe=False) for side in (left, right)]

    match expression:
        case ColumnRef(name=name):
            return table[name]
        case Literal(value=held, type=type_):
            written = pa.scalar(held) if type_ in ("date", "timestamp") else pa.scalar(held, arrow_type(type_))
            return written.cast(arrow_type(type_))
        case IsNull(arg=arg):
            return pc.is_null(evaluate(arg, table, schema))
        case Not(arg=arg):
            return pc.invert(evaluate(arg, table, schema).cast(pa.bool_()))
        case Negate(arg=arg):
            return pc.negate_checked(evaluate(arg, table, schema))
        case Case(condition=condition, then=then, otherwise=otherwise):
            test = pc.fill_null(evaluate(condition, table, schema).cast(pa.bool_()), False)
            return pc.if_else(test, *both(then, otherwise, type_of(expression, schema)))
        case Binary(op=("and" | "or") as op, left=left, right=right):
            return (pc.and_kleene if op == "and" else pc.or_kleene)(*both(left, right, "bool"))
        case Binary(op=op, left=left, right=right) if op in _COMPARISONS:
            common = common_type(type_of(left, schema), type_of(right, schema)) or "null"
            sides = both(left, right, common)
            return _COMPARISONS[op](*sides) if common != "null" else pa.nulls(table.num_rows, pa.bool_())
        case Binary(op=op, left=left, right=right):
            return _ARITHMETIC[op](*both(left, right, type_of(expression, schema)))
    raise PlatformError(f"{type(expression).__name__} is not written for pyarrow compute")


class ArrowEngine:
    """Operators over Arrow tables."""

    channel = ARROW

    def __init__(self, workspace: Path) -> None:
        self.closed = False

    def apply(
        self,
        operator: AnyOperator,
        inputs: tuple[pa.Table, ...],
        schemas: tuple[Schema, ...],
        frames: Mapping[str, pa.Table],
        salt: str,
    ) -> tuple[pa.Table, ...]:
        """Run an operator at once."""
        try:
            return (self._run(operator, inputs, schemas, frames),)
        except pa.ArrowException as error:
            named = operator.columns if isinstance(operator, Select) else ()
            columns = ", ".join(column.name for column in named)
            raise PlatformError(
                f"{operator.verb}() failed on arrow: {columns}", facts=(("arrow", str(error)),)
            ) from error

    def _run(self, operator: AnyOperator, inputs: Any, schemas: tuple[Schema, ...], frames: Any) -> pa.Table:
        match operator:
            case ReadFrame(key=key, schema=schema):
                return frames[key].select(list(schema.names))
            case Filter(condition=condition):
                return inputs[0].filter(evaluate(condition, inputs[0], schemas[0]).cast(pa.bool_()))
            case Limit(rows=rows):
                return inputs[0].slice(0, rows)
            case Union():
                (made,) = operator.outputs(schemas)
                wanted = arrow_schema(made)
                return pa.concat_tables(one.select(list(made.names)).cast(wanted, safe=False) for one in inputs)
            case Select(columns=columns):
                (made,) = operator.outputs(schemas)
                arrays = [evaluate(column.expression, inputs[0], schemas[0]) for column in columns]
                return pa.table(arrays, schema=arrow_schema(made))
            case Sort():
                return self._sorted(operator, inputs[0], schemas[0])
        raise PlatformError(f"{operator.verb}() is not written for pyarrow compute")

    def _sorted(self, operator: Sort, table: pa.Table, schema: Schema) -> pa.Table:
        held = pa.table({f"k{n}": evaluate(key.expression, table, schema) for n, key in enumerate(operator.keys)})
        held = held.append_column(
            "place", pa.array(range(table.num_rows), pa.int64())
        )  # rows of equal keys stay in order
        order = [
            (f"k{n}", "descending" if key.descending else "ascending")
            for n, key in enumerate(operator.keys)
            if not pa.types.is_null(held.schema.field(n).type)
        ]
        return table.take(pc.sort_indices(held, sort_keys=[*order, ("place", "ascending")]))

    def keep(self, payload: pa.Table) -> pa.Table:
        """Return the rows: they are there."""
        return payload

    def count(self, payload: pa.Table) -> int:
        """Return the number of rows."""
        return payload.num_rows

    def close(self) -> None:
        """Hold nothing."""
        self.closed = True


PLATFORM = Declaration(
    name="arrow",
    title="Arrow",
    badge="Ar",
    channel=ARROW,
    channels=(),
    conversions=(),
    operators=frozenset(_OPERATORS),
    costs=CostTable(start_up_s=0.0, operators={tag: Coefficient(fixed_s=1e-4, byte_s=1e-9) for tag in _OPERATORS}),
    needs=(("pyarrow", "pyarrow"),),
    refusal=refuses,
    engine=lambda: ArrowEngine,
)
