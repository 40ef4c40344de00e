"""Correlated queries without correlation: a query carries the columns that it reads of the query around it.

A query that reads columns of the rows around it is made to give its rows for all their values at once, with those values
as columns of its own; a join on them brings the two together. Where the query says itself which of its columns is equal
to each of them, those columns serve. Else the different values of the rows around stand in FROM as one more table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from jupyter_wayang.language.sql.places import Grouped, Place, columns_in, sub_queries
from jupyter_wayang.language.sql.relations import Field, Relation, free_name
from jupyter_wayang.plan.expressions import AnyExpression, ColumnRef, Named
from jupyter_wayang.plan.operators import Distinct, Select

__all__ = ["AROUND", "Correlation", "correlation"]

AROUND = "the query around"
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)


@dataclass(frozen=True, eq=False)
class Correlation:
    """What a query reads of the rows around it.

    Parameters
    ----------
    wanted
        The columns of the place around.
    equal
        By each of them, the part of this query that is equal to it.
    values
        Their different values as a table, where they are not all in ``equal``.
    conditions
        The conditions that are left to be met.
    strict
        Those of which a null gives no rows.
    over
        Conditions that are to be met where the two are joined.
    """

    wanted: tuple[AnyExpression, ...] = ()
    equal: Mapping[AnyExpression, exp.Expr] = field(default_factory=dict)
    values: Relation | None = None
    conditions: tuple[exp.Expr, ...] = ()
    strict: frozenset[AnyExpression] = frozenset()
    over: tuple[exp.Expr, ...] = ()

    def carried(self, relation: Relation) -> dict[AnyExpression, AnyExpression]:
        """Return what carries each value in rows that the table of values is a part of."""
        if self.values is None:
            return {}
        columns = [one.column for one in relation.fields if one.table == AROUND]
        return {wanted: ColumnRef(name=column) for wanted, column in zip(self.wanted, columns, strict=False)}


def correlation(
    wanted: Sequence[AnyExpression],
    conditions: list[exp.Expr],
    items: tuple[Relation, ...],
    around: Place | Grouped | None,
    *,
    conditional: bool,
) -> Correlation:
    """Find what carries the columns of the place around.

    Parameters
    ----------
    wanted
        Those columns.
    conditions
        The conditions of the query.
    items
        The tables of its FROM.
    around
        The place around.
    conditional
        Whether conditions can wait for the join.
    """
    if around is None or not wanted:
        return Correlation(conditions=tuple(conditions))
    equal: dict[AnyExpression, exp.Expr] = {}
    rest = []
    strict: set[AnyExpression] = set()
    for condition in conditions:
        found = _equality(condition, items, around)
        if found is not None and found[0] in wanted and found[0] not in equal:
            equal[found[0]] = found[1]
        else:
            rest.append(condition)
        if isinstance(condition, _COMPARISONS) and not sub_queries(condition):
            strict |= {around.column(column) for column in columns_in(condition) if _is_outer(column, items)}
    if len(equal) == len(wanted):
        return Correlation(tuple(wanted), equal, None, tuple(rest), frozenset(wanted))
    if conditional and not any(sub_queries(condition) for condition in rest):
        over = tuple(c for c in rest if any(_is_outer(column, items) for column in columns_in(c)))
        inside = tuple(condition for condition in rest if condition not in over)
        return Correlation(tuple(wanted), equal, None, inside, frozenset(wanted), over)
    return Correlation(tuple(wanted), {}, _values(wanted, items, around), tuple(conditions), frozenset(strict))


def _is_outer(column: exp.Column, items: Sequence[Relation]) -> bool:
    return not any(item.find(column.name, column.table or None) for item in items)


def _equality(
    condition: exp.Expr, items: Sequence[Relation], around: Place | Grouped
) -> tuple[AnyExpression, exp.Expr] | None:
    """Return (column around, part here) of an equality between them."""
    if not isinstance(condition, exp.EQ) or sub_queries(condition):
        return None
    for outer, inner in ((condition.this, condition.expression), (condition.expression, condition.this)):
        columns = columns_in(inner)
        here = bool(columns) and not any(_is_outer(column, items) for column in columns)
        if here and isinstance(outer, exp.Column) and _is_outer(outer, items):
            return around.column(outer), inner
    return None


def _values(wanted: Sequence[AnyExpression], items: Sequence[Relation], around: Place | Grouped) -> Relation:
    taken = [name for item in items for name in item.schema.names]
    names: list[str] = []
    for expression in wanted:
        wish = f"outer_{expression.name}" if isinstance(expression, ColumnRef) else "outer"
        names.append(free_name(wish, taken, names))
    columns = tuple(Named(name=name, expression=expression) for name, expression in zip(names, wanted, strict=True))
    made = around.relation.then(Select(columns=columns)).then(Distinct())
    return Relation(made.port, tuple(Field(AROUND, name, name) for name in names))
