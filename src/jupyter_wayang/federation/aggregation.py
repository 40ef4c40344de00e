"""Aggregations over a federation: a partial one at every site, and their combination at the execution kernel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from jupyter_wayang.errors import DisclosureError
from jupyter_wayang.federation.learning import ROWS, Learning, describe, learn
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

__all__ = ["ROWS", "Decomposition", "Learning", "decompose", "describe", "gathered", "learn"]

_ALLOWED = ("count", "sum", "mean", "var", "std", "any", "all")


class Decomposition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A grouped aggregation in three parts.

    ``partial`` runs at every site, ``merge`` over the tables of all sites put under each other
    (:func:`gathered`), ``finish`` over that. ``partial`` has, beside what it needs, the size of every group in
    :data:`~jupyter_wayang.federation.learning.ROWS`, so that a site can withhold small groups. ``spreads`` has the
    columns (n, sum, shift) of every variance.
    """

    partial: GroupBy
    merge: GroupBy
    finish: Select
    spreads: tuple[tuple[str, str, str], ...] = ()


class _Parts:
    """Collects what sites must compute; what is needed twice is computed once."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.partial: list[Named] = []
        self.merge: list[Named] = []
        self.spreads: list[tuple[str, str, str]] = []
        self._made: dict[tuple[str, AnyExpression | None], str] = {}

    def added(self, function: str, arg: AnyExpression | None) -> ColumnRef:
        """Return the merged column of an aggregate whose merged value is the sum of the sites' values."""
        key = (function, arg)
        if key not in self._made:
            name = self._made[key] = f"__{function}_{len(self._made)}"
            self.partial.append(Named(name=name, expression=Aggregate(function=function, arg=arg)))
            self.merge.append(Named(name=name, expression=Aggregate(function="sum", arg=ColumnRef(name=name))))
        return ColumnRef(name=self._made[key])

    def count(self, arg: AnyExpression | None) -> AnyExpression:
        """Return the merged number of values: every site that answers tells one, so null means that none may tell."""
        return self.added("count", arg)

    def squares(self, value: AnyExpression) -> AnyExpression:
        """Return the merged sum of squared deviations from the mean.

        A site sends n, sum s and the sum q of squares about its own mean. About a shift c that all sites share
        (Chan, Golub & LeVeque, 1979), Q = Σ q + n (s/n - c)² and D = Σ s - n c, and what is wanted is Q - D²/N. A site
        sends c = 0; :func:`gathered` puts the group's mean in its place, so that nothing cancels.
        """
        n, total = self.added("count", value), self.added("sum", value)
        key = ("var", value)
        if key not in self._made:
            name = self._made[key] = f"__var_{len(self._made)}"
            within, shift = ColumnRef(name=f"{name}_q"), ColumnRef(name=f"{name}_c")
            spread = Aggregate(function="var", arg=value)
            fewer = _minus(Aggregate(function="count", arg=value), Literal.of(1))
            nothing = _times(Aggregate(function="count", arg=value), Literal.of(0.0))
            # The variance of one value is null, its squares are 0; so are those of no value.
            squares = Call(function="coalesce", args=(_times(spread, fewer), Literal.of(0.0)))
            self.partial += [
                Named(name=within.name, expression=squares),
                Named(name=shift.name, expression=nothing),
            ]
            apart = _minus(_over(total, n), shift)
            between = _times(n, _times(apart, apart))
            about = Binary(op="+", left=within, right=Call(function="coalesce", args=(between, Literal.of(0.0))))
            moved = _minus(total, _times(n, shift))
            self.merge += [
                Named(name=f"{name}_q", expression=Aggregate(function="sum", arg=about)),
                Named(name=f"{name}_d", expression=Aggregate(function="sum", arg=moved)),
            ]
            self.spreads.append((n.name, total.name, shift.name))
        name = self._made[key]
        off = ColumnRef(name=f"{name}_d")
        return _minus(ColumnRef(name=f"{name}_q"), _over(_times(off, off), n))


def decompose(operator: GroupBy, schema: Schema) -> Decomposition:
    """Split an aggregation over a federated collection into what sites do and what the kernel does.

    A mean is a sum over a count; a variance is combined from counts, means and squares about the means, and equals
    that of the pooled rows to 1e-9 (relative). What is asked of the sites are counts, sums and variances only.

    Parameters
    ----------
    operator
        The aggregation.
    schema
        The columns of the collection.

    Raises
    ------
    DisclosureError
        If an aggregate shows values of single rows: min, max, n_unique.

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
        partial=partial, merge=merge, finish=Select(columns=keys + columns), spreads=tuple(parts.spreads)
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
    value = arg if type_of(arg, parts.schema) == "float64" else Cast(arg=arg, to="float64")
    if function == "mean":
        return _over(parts.added("sum", value), parts.added("count", value))
    n = parts.added("count", value)
    fewer = _minus(n, Literal.of(1))
    # x / 0 is null, which is what the variance of one value is.
    variance = _over(parts.squares(value), fewer)
    positive = Case(
        condition=Binary(op="<", left=variance, right=Literal.of(0.0)), then=Literal.of(0.0), otherwise=variance
    )
    return positive if function == "var" else Call(function="sqrt", args=(positive,))


def _truth(function: str, arg: AnyExpression, parts: _Parts) -> AnyExpression:
    """Return ``any`` or ``all`` as a count of those that are true: a sum is what every site's policy knows."""
    one = Case(condition=arg, then=Literal.of(1), otherwise=Literal.of(0))
    known = Case(condition=Not(arg=IsNull(arg=arg)), then=one, otherwise=Literal(value=None, type="int64"))
    true, n = parts.added("sum", known), parts.added("count", known)
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


def gathered(parts: Decomposition, tables: Mapping[str, pa.Table]) -> pa.Table:
    """Put the partial tables of the sites under each other, ready for ``parts.merge``.

    Parameters
    ----------
    parts
        What was asked.
    tables
        The answers by site, in the order of the sites (sums of floats depend on it).

    Returns
    -------
    pyarrow.Table
        The rows of all tables, each shift of a variance being the mean of its group over all sites.
    """
    import pyarrow as pa

    table = pa.concat_tables(list(tables.values()))
    groups = list(zip(*(table[key.name].to_pylist() for key in parts.partial.keys), strict=True))
    groups = groups or [()] * table.num_rows
    for n_name, sum_name, shift_name in parts.spreads:
        counts, sums = table[n_name].to_pylist(), table[sum_name].to_pylist()
        pairs: dict[tuple[object, ...], list[tuple[float, float]]] = {}
        for group, n, total in zip(groups, counts, sums, strict=True):
            pairs.setdefault(group, []).append((n or 0, total or 0.0))
        means = {group: _mean(found) for group, found in pairs.items()}
        index = table.schema.get_field_index(shift_name)
        shifts = pa.array([means[group] for group in groups], pa.float64())
        table = table.set_column(index, table.schema.field(index), [shifts])
    return table


def _mean(pairs: list[tuple[float, float]]) -> float:
    rows = sum(n for n, _ in pairs)
    return math.fsum(total for _, total in pairs) / rows if rows else 0.0
