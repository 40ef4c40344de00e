"""Grouping over frames: what is aggregated becomes a column first, so that a frame sees plain aggregates of columns.

Only engines import this module.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

import msgspec
import narwhals as nw

from jupyter_wayang.errors import PlatformError
from jupyter_wayang.plan.expressions import (
    Aggregate,
    AnyExpression,
    Binary,
    ColumnRef,
    Expression,
    Literal,
    Named,
    text,
    type_of,
    walk,
)
from jupyter_wayang.plan.expressions.derived import expanded_all
from jupyter_wayang.plan.operators import GroupBy
from jupyter_wayang.plan.rows import arrow_type
from jupyter_wayang.plan.schema import DataType, Schema
from jupyter_wayang.platforms.relational.frames_dialects import Dialect
from jupyter_wayang.platforms.relational.segments import Groups, aggregated

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Grouping", "Parts", "too_large"]

Parts = Mapping[str, nw.Expr]
"""Plain aggregates of one column, by the ending of their names."""

_Plain = Callable[[nw.Expr], Parts]


def _counted(**made: Callable[[nw.Expr], nw.Expr]) -> _Plain:
    return lambda column: {"n": column.count(), **{name: make(column) for name, make in made.items()}}


_PLAIN: dict[str, _Plain] = {
    "count": lambda column: {"v": column.count()},
    "sum": _counted(v=lambda c: c.sum()),
    "mean": _counted(v=lambda c: c.mean()),
    "min": lambda column: {"v": column.min()},
    "max": lambda column: {"v": column.max()},
    "var": _counted(v=lambda c: c.var(ddof=1)),
    "std": _counted(v=lambda c: c.std(ddof=1)),
    # A null counts as a value of its own here.
    "n_unique": lambda column: {"n": column.count(), "all": nw.len(), "v": column.n_unique()},
    "any": lambda column: {"v": column.max()},
    "all": lambda column: {"v": column.min()},
}
_LEAST = {"sum": 1, "mean": 1, "var": 2, "std": 2}
_ORDERED = frozenset({"quantile", "arg_min", "arg_max", "collect", "corr", "cov"})


class Grouping:
    """A group_by, cut into the columns before it, plain aggregates of these, and the columns made of the aggregates."""

    def __init__(self, operator: GroupBy, schema: Schema) -> None:
        self._schema = schema
        self._keys = operator.keys
        self._columns = tuple(
            Named(name=c.name, expression=expanded_all(c.expression, schema)) for c in operator.aggregates
        )
        found: Iterable[Aggregate] = (
            part for c in self._columns for part in _in_order(c.expression) if isinstance(part, Aggregate)
        )
        if not operator.keys or not operator.aggregates:
            # Constants beside no aggregate still make the one row, and keys alone the different rows.
            found = itertools.chain(found, [Aggregate(function="count")])
        self._aggregates = {aggregate: f"v{index}" for index, aggregate in enumerate(dict.fromkeys(found))}

    @property
    def keys(self) -> list[str]:
        """Names of the key columns before and after grouping."""
        return [f"k{index}" for index in range(len(self._keys))]

    def before(self) -> tuple[tuple[Named, DataType | None], ...]:
        """Return the columns to make before grouping, and the type that each is needed in, if not its own."""
        made: list[tuple[Named, DataType | None]] = [
            (Named(name=name, expression=self._one_zero(key.expression)), None)
            for name, key in zip(self.keys, self._keys, strict=True)
        ]
        for aggregate, name in self._aggregates.items():
            if aggregate.function in _ORDERED:
                made += [(named, None) for named in self._operands(aggregate, name)]
            elif aggregate.arg is not None:
                arg = self._one_zero(aggregate.arg) if aggregate.function == "n_unique" else aggregate.arg
                made.append((Named(name=name, expression=arg), self._needed(aggregate)))
                if self._wraps(aggregate):
                    made.append((Named(name=f"{name}f", expression=aggregate.arg), "float64"))
        return tuple(made)

    @staticmethod
    def _operands(aggregate: Aggregate, name: str) -> list[Named]:
        args = aggregate.args[:1] if aggregate.function == "quantile" else aggregate.args
        return [Named(name=f"{name}o{index}", expression=arg) for index, arg in enumerate(args)]

    @property
    def ordered(self) -> bool:
        """Whether an aggregate needs the values of a group in order, or twice."""
        return any(aggregate.function in _ORDERED for aggregate in self._aggregates)

    def of_groups(self, table: pa.Table, groups: Groups) -> dict[str, pa.Array]:
        """Return the aggregates that need their values in order, of a table of the columns of :meth:`before`."""
        made = {}
        for aggregate, name in self._aggregates.items():
            if aggregate.function in _ORDERED:
                args = [
                    table.column(named.name).cast(arrow_type(type_of(named.expression, self._schema)))
                    for named in self._operands(aggregate, name)
                ]
                made[f"{name}_v"] = aggregated(aggregate, groups, args)
        return made

    def plain(self) -> list[nw.Expr]:
        """Return the plain aggregates; one at least, so that there is a row."""
        made = []
        for aggregate, name in self._aggregates.items():
            if aggregate.function in _ORDERED:
                continue
            if aggregate.arg is None:
                made.append(nw.len().alias(f"{name}_v"))
                continue
            parts = _PLAIN[aggregate.function](nw.col(name))
            made += [part.alias(f"{name}_{ending}") for ending, part in parts.items()]
            if self._wraps(aggregate):
                made.append(nw.col(f"{name}f").sum().alias(f"{name}_f"))
        return made or [nw.len().alias("rows_n")]

    def one_row(self, row: Mapping[str, Any]) -> pa.Table:
        """Return the plain aggregates of all rows as a table: a frame does not know the type of a null among them."""
        import pyarrow as pa

        types = {name: self._type(aggregate) for aggregate, name in self._aggregates.items()}
        made = {}
        for name, held in row.items():
            stem, _, ending = name.partition("_")
            wanted: DataType = {"n": "int64", "all": "int64", "f": "float64"}.get(ending) or types[stem]
            made[name] = pa.array([held], arrow_type(wanted), from_pandas=True)
        return pa.table(made)

    def _type(self, aggregate: Aggregate) -> DataType:
        if aggregate.function in ("any", "all"):
            return "int64"
        return type_of(aggregate, self._schema)

    def values(self) -> list[nw.Expr]:
        """Return the aggregates, each under its own name, made of the plain ones."""
        return [self._value(aggregate, name) for aggregate, name in self._aggregates.items()]

    def _value(self, aggregate: Aggregate, name: str) -> nw.Expr:
        made = nw.col(f"{name}_v")
        if aggregate.function in ("count", "n_unique"):
            made = made.cast(nw.Int64())
        if aggregate.function == "n_unique":
            has_null = nw.col(f"{name}_n") < nw.col(f"{name}_all")
            made = nw.when(has_null).then(made - 1).otherwise(made)
        if aggregate.function in ("any", "all"):
            made = made == 1
        if aggregate.function in _LEAST:
            made = nw.when(nw.col(f"{name}_n") >= _LEAST[aggregate.function]).then(made)
            if self._type(aggregate) == "float64":
                made = nw.when(~made.is_nan()).then(made)
        return made.alias(name)

    def wrapped(self, dialect: Dialect) -> list[tuple[Aggregate, nw.Expr]]:
        """Return every sum of integers with the test for a group that does not fit."""
        return [
            (aggregate, (dialect.widen(nw.col(f"{name}_v")) - nw.col(f"{name}_f")).abs() > 2.0**62)
            for aggregate, name in self._aggregates.items()
            if self._wraps(aggregate)
        ]

    def after(self) -> tuple[tuple[Named, ...], Schema]:
        """Return the columns of the result over the aggregates and keys, and the schema of these."""
        key_types = [(name, type_of(k.expression, self._schema)) for name, k in zip(self.keys, self._keys, strict=True)]
        value_types = [(name, type_of(aggregate, self._schema)) for aggregate, name in self._aggregates.items()]
        named = [
            Named(name=key.name, expression=ColumnRef(name=name))
            for name, key in zip(self.keys, self._keys, strict=True)
        ]
        named += [Named(name=c.name, expression=self._replaced(c.expression)) for c in self._columns]
        return tuple(named), Schema.from_pairs([*key_types, *value_types])

    def _replaced(self, expression: AnyExpression) -> AnyExpression:
        if isinstance(expression, Aggregate):
            return ColumnRef(name=self._aggregates[expression])
        changed: dict[str, object] = {}
        for field in expression.__struct_fields__:
            found = getattr(expression, field)
            if isinstance(found, Expression):
                changed[field] = self._replaced(cast("AnyExpression", found))
            elif isinstance(found, tuple):
                changed[field] = tuple(
                    self._replaced(cast("AnyExpression", f)) if isinstance(f, Expression) else f for f in found
                )
        return msgspec.structs.replace(expression, **changed)

    def _one_zero(self, expression: AnyExpression) -> AnyExpression:
        """Make 0.0 of -0.0, which is the same value and not the same bytes."""
        if type_of(expression, self._schema) != "float64":
            return expression
        return Binary(op="+", left=expression, right=Literal.of(0.0))

    def _wraps(self, aggregate: Aggregate) -> bool:
        return aggregate.function == "sum" and type_of(aggregate, self._schema) == "int64"

    def _needed(self, aggregate: Aggregate) -> DataType | None:
        if aggregate.function in ("mean", "var", "std"):
            return "float64"
        if aggregate.function in ("any", "all"):
            return "int64"
        return None


def _in_order(expression: Expression) -> list[Expression]:
    return list(walk(expression))[::-1]


def too_large(aggregate: Aggregate, platform: str, verb: str) -> PlatformError:
    """Make the error for a sum that does not fit."""
    return PlatformError(
        f"{verb}() failed on {platform}: a result does not fit into a 64-bit integer in {text(aggregate)}",
        hint="sum floats: sum(cast(…, float))",
    )
