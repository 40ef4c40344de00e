"""Tables side by side: comma joins and conditions become joins on equal keys, in the order of the text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from jupyter_wayang.language.sql.relations import Relation, free_name
from jupyter_wayang.language.sql.scalars import Scalars
from jupyter_wayang.plan.expressions import AnyExpression, Binary, Call, ColumnRef, IsNull, Literal
from jupyter_wayang.plan.operators import Filter, Join, JoinHow

__all__ = ["Homes", "Pair", "Reads", "all_of", "filtered", "joined", "joined_by", "links", "null_safe", "read_pair"]

_DEFAULTS = {
    "bool": Literal.of(False),
    "int64": Literal.of(0),
    "float64": Literal.of(0.0),
    "string": Literal.of(""),
    "date": Literal(value="1970-01-01", type="date"),
    "timestamp": Literal(value="1970-01-01T00:00:00", type="timestamp"),
}


@dataclass(frozen=True)
class Pair:
    """Two expressions that are equal in a join, one over each side's rows."""

    left: AnyExpression
    right: AnyExpression


Reads = Callable[[Relation], Scalars]
"""What reads expressions over some rows."""
Homes = Callable[[exp.Expr], frozenset[int] | None]
"""The items that a condition is about; None if it cannot be a condition of a join."""


def all_of(conditions: Sequence[AnyExpression]) -> AnyExpression:
    """Return the condition that all of them are true."""
    first, *rest = conditions
    for condition in rest:
        first = Binary(op="and", left=first, right=condition)
    return first


def joined(
    items: list[Relation], conditions: list[exp.Expr], homes: Homes, reads: Reads
) -> tuple[Relation, list[exp.Expr]]:
    """Join all items, each to those before it by its equalities.

    Returns
    -------
    tuple
        The rows of all, and the conditions that are still to be met.
    """
    done, rest, todo = {0}, list(conditions), list(range(1, len(items)))
    relation = items[0]
    while todo:
        index = next((i for i in todo if links(rest, done, i, homes)), todo[0])
        pairs: list[Pair] = []
        for link in links(rest, done, index, homes):
            pair = read_pair(link, relation, items[index], index, homes, reads)
            if isinstance(pair.right, ColumnRef) and pair.right in [other.right for other in pairs]:
                continue
            pairs.append(pair)
            rest = [condition for condition in rest if condition is not link]
        relation = joined_by(relation, items[index], pairs, "inner" if pairs else "cross")
        done.add(index)
        todo.remove(index)
    return relation, rest


def links(conditions: list[exp.Expr], done: set[int], index: int, homes: Homes) -> list[exp.EQ]:
    """Return the equalities between some items and one more."""
    found = []
    for condition in conditions:
        if isinstance(condition, exp.EQ):
            left, right = homes(condition.this), homes(condition.expression)
            for first, second in ((left, right), (right, left)):
                if first and second == frozenset({index}) and first <= done:
                    found.append(condition)
                    break
    return found


def read_pair(link: exp.EQ, left: Relation, right: Relation, index: int, homes: Homes, reads: Reads) -> Pair:
    """Return the two sides of an equality, that of the joined rows first."""
    first, second = link.this, link.expression
    if homes(first) == frozenset({index}):
        first, second = second, first
    return Pair(reads(left).read(first), reads(right).read(second))


def joined_by(
    left: Relation,
    right: Relation,
    pairs: Sequence[Pair],
    how: JoinHow,
    where: Callable[[Relation], AnyExpression | None] = lambda _: None,
    lost: Collection[str] = (),
) -> Relation:
    """Join two relations on equal expressions; every field of both can still be read.

    A join leaves the right key out of its result. In an inner join it is the left one, else a copy serves as the key.

    Parameters
    ----------
    left, right
        The relations.
    pairs
        What is equal.
    how
        Which rows come out.
    where
        Makes, of the two side by side, a condition more for rows to match.
    lost
        Right columns that are not read again, so that they need no copy.
    """
    on: list[tuple[str, str]] = []
    same: dict[str, str] = {}
    for pair in pairs:
        left, ours = _key(left, pair.left, keep=how == "full")
        types = left.schema[ours].type == right.type_of(pair.right)
        read_again = not isinstance(pair.right, ColumnRef) or pair.right.name not in lost
        right, theirs = _key(right, pair.right, keep=read_again and (how in ("left", "full") or not types))
        on.append((ours, theirs))
        same[theirs] = ours
    keys = {theirs for _, theirs in on}
    taken = [name for name in right.schema.names if name in left.schema and name not in keys]
    renamed: dict[str, str] = {}
    for name in taken:
        renamed[name] = free_name(_new_name(right, name), left.schema.names, right.schema.names, renamed.values())
    # A semi join has no right columns, but its condition may read them.
    right = right.renamed(renamed) if how not in ("semi", "anti") or right.fields else right
    fields = tuple(replace(field, column=same.get(field.column, field.column)) for field in right.fields)
    side_by_side = left.then(Join(on=tuple(on), how="inner" if on else "cross"), right.port)
    condition = where(replace(side_by_side, fields=left.fields + fields))
    made = left.then(Join(on=tuple(on), how=how, where=condition), right.port)
    return made if how in ("semi", "anti") else replace(made, fields=left.fields + fields)


def _new_name(relation: Relation, column: str) -> str:
    table = next((f.table for f in relation.fields if f.column == column), None)
    return f"{table}_{column}" if table else f"{column}_2"


def _key(relation: Relation, key: AnyExpression, *, keep: bool) -> tuple[Relation, str]:
    """Return rows that have a key as a column; a copy of it if the column itself must stay readable."""
    name = f"{key.name}_key" if isinstance(key, ColumnRef) else "key"
    return relation.with_column(key, name, copy=keep)


def null_safe(relation: Relation, expression: AnyExpression) -> tuple[AnyExpression, ...]:
    """Return expressions that are equal where the expression is the same, null too."""
    type_ = relation.type_of(expression)
    default = _DEFAULTS.get(type_, Literal.of(0))
    filled = Call(function="coalesce", args=(expression, default))
    return filled, IsNull(arg=expression)


def filtered(relation: Relation, conditions: Sequence[AnyExpression]) -> Relation:
    """Return the rows where all conditions are true."""
    return relation.then(Filter(condition=all_of(conditions))) if conditions else relation
