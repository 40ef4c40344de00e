"""Aggregations over a federation: a partial one at every site, and their combination at the execution kernel."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING

import msgspec

from jupyter_wayang.errors import DisclosureError
from jupyter_wayang.federation.learning import ROWS, Learning, describe, learn
from jupyter_wayang.federation.quantiles import Found, Group, Quantile, checked_part, groups_of, search, within
from jupyter_wayang.plan.expressions import (
    Aggregate,
    AnyExpression,
    Binary,
    Call,
    Case,
    Cast,
    ColumnRef,
    Expression,
    IsNull,
    Literal,
    Named,
    Not,
    text,
    type_of,
)
from jupyter_wayang.plan.operators import GroupBy, Select
from jupyter_wayang.plan.operators.operator import rows_in
from jupyter_wayang.plan.schema import DataType, Schema

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "ROWS",
    "Aggregating",
    "Decomposition",
    "Learning",
    "aggregate",
    "decompose",
    "describe",
    "gathered",
    "learn",
]

Aggregating = Generator[GroupBy, "Mapping[str, pa.Table]", "tuple[pa.Table, str]"]
"""Yields what every site is to aggregate, takes the tables by site, returns a table and bounds in words."""

_ALLOWED = ("count", "sum", "mean", "var", "std", "any", "all", "corr", "cov", "median", "quantile")


class Decomposition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A grouped aggregation in three parts.

    ``partial`` runs at every site, ``merge`` over the tables of all sites put under each other
    (:func:`gathered`), ``finish`` over that. ``partial`` has, beside what it needs, the size of every group in
    :data:`~jupyter_wayang.federation.learning.ROWS`, so that a site can withhold small groups. ``means`` has the
    columns (n, sum, mean) of everything that is squared; ``quantiles`` are looked for once the sites have answered.
    ``together`` has the columns that make one number: of a site that withholds one of them, none counts.
    """

    partial: GroupBy
    merge: GroupBy
    finish: Select
    means: tuple[tuple[str, str, str], ...] = ()
    quantiles: tuple[Quantile, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()


_Number = tuple[AnyExpression, ...]
"""The values that a number is about, which it is told apart by from others of the same values."""


class _Parts:
    """Collects what sites must compute; what a number needs twice is computed once.

    A mean takes no count from elsewhere: a site may tell how many values it has, and withhold their sum.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.partial: list[Named] = []
        self.merge: list[Named] = []
        self.means: list[tuple[str, str, str]] = []
        self.quantiles: list[Quantile] = []
        self.together: dict[_Number, list[str]] = {}
        self._made: dict[tuple[object, ...], str] = {}

    def _named(self, word: str, key: tuple[object, ...], number: _Number) -> str:
        name = self._made[key] = f"__{word}_{len(self._made)}"
        if number:
            self.together.setdefault(number, []).append(name)
        return name

    def added(self, function: str, arg: AnyExpression | None, number: _Number = ()) -> ColumnRef:
        """Return the merged column of an aggregate whose merged value is the sum of the sites' values."""
        key = (function, arg, number)
        if key not in self._made:
            name = self._named(function, key, number)
            self.partial.append(Named(name=name, expression=Aggregate(function=function, arg=arg)))
            self.merge.append(Named(name=name, expression=Aggregate(function="sum", arg=ColumnRef(name=name))))
        return ColumnRef(name=self._made[key])

    def count(self, arg: AnyExpression | None) -> AnyExpression:
        """Return the merged number of values: every site that answers tells one, so null means that none may tell."""
        return self.added("count", arg)

    def fewer(self, value: AnyExpression, number: _Number) -> AnyExpression:
        """Return n - 1, and 0 of no value: x / 0 is null, which is what the variance of one value is, and of none."""
        return Call(function="max2", args=(_minus(self.added("count", value, number), Literal.of(1)), Literal.of(0)))

    def squares(self, value: AnyExpression, number: _Number) -> AnyExpression:
        """Return the merged sum of squared deviations from the mean."""
        return self.products(value, value, number)

    def products(self, x: AnyExpression, y: AnyExpression, number: _Number) -> AnyExpression:
        """Return the merged sum of products of the deviations from the means; both are null in the same rows.

        A site sends n, the sums s and t of x and y, and the sum q of products about its own means. With the means c and d
        of the rows of all sites it is Σ q + n (s/n - c)(t/n - d) (Chan, Golub & LeVeque, 1979). A site sends means of 0;
        :func:`gathered` puts those of the group in their place, so that nothing cancels.
        """
        n, key = self.added("count", x, number), ("products", x, y, number)
        left, right = self.apart(x, number), self.apart(y, number)
        if key not in self._made:
            name = self._named("products", key, number)
            between = _times(n, _times(left, right))
            about = Binary(op="+", left=ColumnRef(name=name), right=_or_zero(between))
            self.partial.append(Named(name=name, expression=self.within(x, y)))
            self.merge.append(Named(name=name, expression=Aggregate(function="sum", arg=about)))
        return ColumnRef(name=self._made[key])

    def within(self, x: AnyExpression, y: AnyExpression) -> AnyExpression:
        """Return what a site sends: the sum of products about its own means, 0 of one pair and of none."""
        spread = Aggregate(function="var", arg=x) if x == y else Aggregate(function="cov", arg=x, other=y)
        return _or_zero(_times(spread, _minus(Aggregate(function="count", arg=x), Literal.of(1))))

    def apart(self, value: AnyExpression, number: _Number) -> AnyExpression:
        """Return how far the mean of a site is from that of all."""
        n, total = self.added("count", value, number), self.added("sum", value, number)
        key = ("mean", value, number)
        if key not in self._made:
            name = self._named("mean", key, ())
            self.partial.append(Named(name=name, expression=_nothing(value)))
            self.means.append((n.name, total.name, name))
        return _minus(_over(total, n), ColumnRef(name=self._made[key]))

    def quantile(self, value: AnyExpression, part: float, shown: str) -> ColumnRef:
        """Return the column of a quantile, which :func:`~jupyter_wayang.federation.quantiles.search` looks for."""
        key, number = ("quantile", value, part), (value,)
        if key not in self._made:
            self.squares(value, number)
            name = self._named("quantile", key, ())
            self.partial.append(Named(name=name, expression=_nothing(value)))
            self.merge.append(Named(name=name, expression=Aggregate(function="max", arg=ColumnRef(name=name))))
            self.quantiles.append(
                Quantile(
                    name=name,
                    value=value,
                    part=part,
                    shown=shown,
                    count=self._made["count", value, number],
                    total=self._made["sum", value, number],
                    squares=self._made["products", value, value, number],
                )
            )
        return ColumnRef(name=self._made[key])


def decompose(operator: GroupBy, schema: Schema) -> Decomposition:
    """Split an aggregation over a federated collection into what sites do and what the kernel does.

    A mean is a sum over a count; variances, covariances and correlations are combined from counts, means and products
    about the means, and equal those of the pooled rows to 1e-9 (relative). A quantile is looked for afterwards, in
    histograms. What is asked of the sites are counts, sums, variances and covariances only.

    Parameters
    ----------
    operator
        The aggregation.
    schema
        The columns of the collection.

    Raises
    ------
    DisclosureError
        If an aggregate shows values of single rows: min, max, n_unique, a quantile near the ends.

    Examples
    --------
    >>> age = ColumnRef(name="age")
    >>> parts = decompose(
    ...     GroupBy(aggregates=(Named(name="mean", expression=Aggregate(function="mean", arg=age)),)),
    ...     Schema.of(age="float64"),
    ... )
    >>> parts.partial.describe()
    '__sum_0=sum(age), __count_1=count(age), __rows=count()'
    >>> parts.merge.describe()
    '__sum_0=sum(__sum_0), __count_1=sum(__count_1)'
    >>> text(parts.finish.columns[0].expression)
    '__sum_0 / __count_1'
    """
    wanted = _schema(operator, schema)
    parts = _Parts(schema)
    finished = [_finished(column.expression, parts) for column in operator.aggregates]
    rows = Named(name=ROWS, expression=Aggregate(function="count"))
    partial = GroupBy(keys=operator.keys, aggregates=(*parts.partial, rows))
    keys = tuple(Named(name=key.name, expression=ColumnRef(name=key.name)) for key in operator.keys)
    # A constant needs no aggregate of its own, but a group must still come out of the merge.
    merge = GroupBy(keys=keys, aggregates=tuple(parts.merge) or (_summed(ROWS),))
    merged = _schema(merge, _schema(partial, schema))
    columns = tuple(
        Named(name=column.name, expression=_as(expression, wanted[column.name].type, merged))
        for column, expression in zip(operator.aggregates, finished, strict=True)
    )
    return Decomposition(
        partial=partial,
        merge=merge,
        finish=Select(columns=keys + columns),
        means=tuple(parts.means),
        quantiles=tuple(parts.quantiles),
        together=tuple(map(tuple, parts.together.values())),
    )


def _schema(operator: GroupBy, schema: Schema) -> Schema:
    return rows_in(operator, operator.outputs((schema,)))


def _finished(expression: AnyExpression, parts: _Parts) -> AnyExpression:
    """Return an expression over merged columns that equals an expression over aggregates."""
    if isinstance(expression, Aggregate):
        return _aggregate(expression, parts)
    changed: dict[str, object] = {}
    for name in expression.__struct_fields__:
        value = getattr(expression, name)
        if isinstance(value, Expression):
            changed[name] = _finished(value, parts)  # type: ignore[arg-type]
        elif isinstance(value, tuple):
            changed[name] = tuple(_finished(v, parts) if isinstance(v, Expression) else v for v in value)  # type: ignore[arg-type]
    return msgspec.structs.replace(expression, **changed)


def _aggregate(aggregate: Aggregate, parts: _Parts) -> AnyExpression:
    function, arg = aggregate.function, aggregate.arg
    if function == "count":
        return parts.count(arg)
    if function not in _ALLOWED or arg is None:
        raise DisclosureError(
            f"{text(aggregate)} would show the value of a single row.",
            found=function,
            expected=_ALLOWED,
            hint="over a federation: " + ", ".join(f"{name}()" for name in _ALLOWED),
        )
    if function == "sum":
        return parts.added("sum", arg)
    if function in ("any", "all"):
        return _truth(function, arg, parts)
    if function in ("corr", "cov") and aggregate.other is not None:
        return _together(function, arg, aggregate.other, parts)
    value = _as_float(arg, parts.schema)
    if function in ("median", "quantile"):
        return parts.quantile(value, checked_part(aggregate), text(aggregate))
    if function == "mean":
        return _over(parts.added("sum", value, (value,)), parts.added("count", value, (value,)))
    variance = _over(parts.squares(value, (value,)), parts.fewer(value, (value,)))
    return variance if function == "var" else _root(variance)


def _together(function: str, one: AnyExpression, other: AnyExpression, parts: _Parts) -> AnyExpression:
    """Return a covariance or correlation, of the rows where both are known."""
    x, y = (_known_with(a, b, parts.schema) for a, b in ((one, other), (other, one)))
    if function == "cov":
        return _over(parts.products(x, y, (x, y)), parts.fewer(x, (x, y)))
    deviations = _times(_root(parts.squares(x, (x, y))), _root(parts.squares(y, (x, y))))
    bounds = (Literal.of(-1.0), Literal.of(1.0))
    return Call(function="clip", args=(_over(parts.products(x, y, (x, y)), deviations), *bounds))


def _known_with(value: AnyExpression, other: AnyExpression, schema: Schema) -> AnyExpression:
    nothing = Literal(value=None, type="float64")
    return Case(condition=IsNull(arg=other), then=nothing, otherwise=_as_float(value, schema))


def _as_float(value: AnyExpression, schema: Schema) -> AnyExpression:
    return value if type_of(value, schema) == "float64" else Cast(arg=value, to="float64")


def _root(value: AnyExpression) -> Call:
    return Call(function="sqrt", args=(value,))


def _nothing(value: AnyExpression) -> AnyExpression:
    """Return what sites send where the execution kernel puts a number of its own: null where they withhold the others."""
    return _times(Aggregate(function="count", arg=value), Literal.of(0.0))


def _or_zero(value: AnyExpression) -> Call:
    return Call(function="coalesce", args=(value, Literal.of(0.0)))


def _truth(function: str, arg: AnyExpression, parts: _Parts) -> AnyExpression:
    """Return ``any`` or ``all`` as a count of those that are true: a sum is what every site's policy knows."""
    one = Case(condition=arg, then=Literal.of(1), otherwise=Literal.of(0))
    known = Case(condition=Not(arg=IsNull(arg=arg)), then=one, otherwise=Literal(value=None, type="int64"))
    true, n = parts.added("sum", known, (known,)), parts.added("count", known, (known,))
    if function == "any":
        return Binary(op=">", left=true, right=Literal.of(0))
    return Binary(op="==", left=true, right=n)


def _summed(name: str) -> Named:
    return Named(name=name, expression=Aggregate(function="sum", arg=ColumnRef(name=name)))


def _as(expression: AnyExpression, wanted: DataType, schema: Schema) -> AnyExpression:
    return expression if type_of(expression, schema) == wanted else Cast(arg=expression, to=wanted)


def _minus(left: AnyExpression, right: AnyExpression) -> Binary:
    return Binary(op="-", left=left, right=right)


def _times(left: AnyExpression, right: AnyExpression) -> Binary:
    return Binary(op="*", left=left, right=right)


def _over(left: AnyExpression, right: AnyExpression) -> Binary:
    return Binary(op="/", left=left, right=right)


def aggregate(parts: Decomposition, schema: Schema) -> Aggregating:
    """Ask for all that an aggregation needs.

    Parameters
    ----------
    parts
        What is wanted.
    schema
        The columns of the rows.

    Returns
    -------
    Generator
        It yields an aggregation for every site to run; send it the answers by site, in the order of the sites. It returns
        the table for ``parts.merge``, and how exactly quantiles are known, in words.
    """
    answers = {site: _told_together(parts, table) for site, table in (yield parts.partial).items()}
    found = yield from search(parts.partial, parts.quantiles, schema, answers)
    return gathered(parts, answers, found), within(parts.quantiles, found)


def gathered(
    parts: Decomposition, tables: Mapping[str, pa.Table], found: Mapping[str, Found] | None = None
) -> pa.Table:
    """Put the partial tables of the sites under each other, ready for ``parts.merge``.

    Parameters
    ----------
    parts
        What was asked.
    tables
        The answers by site, in the order of the sites (sums of floats depend on it).
    found
        The quantiles that were looked for, by their column.

    Returns
    -------
    pyarrow.Table
        The rows of all tables, each mean being that of its group over all sites, each quantile that of its group.
    """
    import pyarrow as pa

    table = pa.concat_tables(list(tables.values()))
    groups = groups_of(parts.partial, table)
    for n_name, sum_name, mean_name in parts.means:
        counts, sums = table[n_name].to_pylist(), table[sum_name].to_pylist()
        pairs: dict[Group, list[tuple[float, float]]] = {}
        for group, n, total in zip(groups, counts, sums, strict=True):
            pairs.setdefault(group, []).append((n or 0, total or 0.0))
        means = {group: _mean(some) for group, some in pairs.items()}
        table = _filled(table, mean_name, [means[group] for group in groups])
    for name, bounds in (found or {}).items():
        table = _filled(table, name, [bounds[group].middle if group in bounds else None for group in groups])
    return table


def _told_together(parts: Decomposition, table: pa.Table) -> pa.Table:
    """Take out of a site's answer what belongs to a number of which another part was withheld."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for names in parts.together:
        told = reduce(pc.and_, (pc.is_valid(table[name]) for name in names))
        for name in names:
            index = table.schema.get_field_index(name)
            field = table.schema.field(index)
            table = table.set_column(index, field, pc.if_else(told, table[name], pa.scalar(None, field.type)))
    return table


def _filled(table: pa.Table, name: str, values: Sequence[float | None]) -> pa.Table:
    import pyarrow as pa

    index = table.schema.get_field_index(name)
    return table.set_column(index, table.schema.field(index), [pa.array(values, pa.float64())])


def _mean(pairs: list[tuple[float, float]]) -> float:
    rows = sum(n for n, _ in pairs)
    return math.fsum(total for _, total in pairs) / rows if rows else 0.0
