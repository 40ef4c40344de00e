"""UNION, INTERSECT and EXCEPT."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from jupyter_wayang.language.sql.joins import filtered
from jupyter_wayang.language.sql.ordering import sorted_by
from jupyter_wayang.language.sql.page import SqlPage
from jupyter_wayang.language.sql.relations import Field, Relation, free_name
from jupyter_wayang.language.sql.subqueries import Answer
from jupyter_wayang.plan.expressions import ColumnRef, IsNull, Named, Not
from jupyter_wayang.plan.operators import Except, Intersect, Select, Union

__all__ = ["combined"]

_PARTS = {"this", "expression", "distinct", "order", "limit", "offset", "with_"}


def combined(page: SqlPage, node: exp.SetOperation, left: Answer, right: Answer) -> Answer:
    """Return the rows of two queries together: columns go together by place, and are called as in the first.

    Raises
    ------
    OperatorError
        If the two have not the same number of columns.
    """
    page.only(node, _PARTS, f"in {node.key.upper()}")
    cut = node.args.get("limit") or node.args.get("offset")
    if left.carried and cut is not None:
        raise page.unsupported(cut, f"{cut.key.upper()} after {node.key.upper()} in a correlated query")
    count, other = len(left.relation.fields), len(right.relation.fields)
    if count != other:
        what = f"{node.key.upper()} of {count} and {other} columns"
        raise page.unsupported(node.expression, what, "both have the same number of columns")
    names = [field.name for field in left.relation.fields]
    beside: list[str] = []
    for _, name, _ in left.carried:
        beside.append(free_name(name, names, beside))
    first, second = _called(_alike(left, right), names, beside), _called(_alike(right, left), names, beside)
    distinct = bool(node.args.get("distinct"))
    with page.at(node):
        if isinstance(node, exp.Union):
            made = first.then(Union(), second.port)
            made = made.distinct() if distinct else made
        elif isinstance(node, exp.Intersect):
            made = first.then(Intersect(), second.port)
            made = made.distinct() if distinct else made
        else:
            # Bags: of different rows every one that the other has goes, however often it is there.
            made = (first.distinct() if distinct else first).then(Except(), second.port)
    # Null means nothing there only if it means nothing in both.
    carried = tuple(
        (outer, name, ours and theirs)
        for (outer, _, ours), (_, _, theirs), name in zip(left.carried, right.carried, beside, strict=True)
    )
    return replace(left, relation=sorted_by(page, node, made), carried=carried, single=False)


def _alike(answer: Answer, other: Answer) -> Answer:
    """Leave out rows that carry a null that means nothing here, where it means something in the other query."""
    loose = [
        Not(arg=IsNull(arg=ColumnRef(name=name)))
        for (_, name, strict), (_, _, theirs) in zip(answer.carried, other.carried, strict=True)
        if strict and not theirs
    ]
    return replace(answer, relation=filtered(answer.relation, loose))


def _called(answer: Answer, names: list[str], beside: list[str]) -> Relation:
    """Return rows with columns of these names, and beside them those that are carried."""
    pairs = [(name, field.column) for name, field in zip(names, answer.relation.fields, strict=True)]
    pairs += [(name, column) for name, (_, column, _) in zip(beside, answer.carried, strict=True)]
    fields = tuple(Field(None, name, name) for name in names)
    if [column for _, column in pairs] == list(answer.relation.schema.names) == [name for name, _ in pairs]:
        return replace(answer.relation, fields=fields)
    columns = tuple(Named(name=name, expression=ColumnRef(name=column)) for name, column in pairs)
    return replace(answer.relation.then(Select(columns=columns)), fields=fields)
