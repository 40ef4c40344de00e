"""The end of a query: its columns, DISTINCT, ORDER BY, LIMIT and OFFSET."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language.sql.joins import filtered
from jupyter_wayang.language.sql.page import SqlPage
from jupyter_wayang.language.sql.relations import Field, Relation, free_name, same_name
from jupyter_wayang.language.sql.scalars import Scalars
from jupyter_wayang.plan.expressions import AnyExpression, Binary, ColumnRef, IsNull, Literal, Named, Window
from jupyter_wayang.plan.operators import Drop, Limit, Select, Sort, SortKey, WithColumns

__all__ = ["Output", "finished", "limit_of", "sorted_by"]


@dataclass(frozen=True, eq=False)
class Output:
    """A column of SELECT: its name and its expression over the rows before."""

    name: str
    expression: AnyExpression


@dataclass(frozen=True, eq=False)
class _Key:
    """A part of ORDER BY: over the rows before, and over the columns of SELECT if that is possible."""

    before: AnyExpression
    after: AnyExpression | None
    node: exp.Ordered


def finished(
    node: exp.Select, relation: Relation, outputs: Sequence[Output], carried: Mapping[str, str], scalars: Scalars
) -> Relation:
    """Return the rows of a SELECT: its columns as fields, and beside them the columns that are carried.

    Parameters
    ----------
    node
        The SELECT.
    relation
        The rows before.
    outputs
        What SELECT makes.
    carried
        Columns that stay beside, and what they are called then; DISTINCT and LIMIT are for each of their values.
    scalars
        Reads expressions over the rows before.
    """
    page = scalars.page
    distinct, limit, skipped = node.args.get("distinct"), limit_of(page, node), _offset_of(page, node)
    if distinct is not None and distinct.args.get("on") is not None:
        raise page.unsupported(distinct, "DISTINCT ON", "ROW_NUMBER() OVER (…) = 1 in a query around it")
    order = node.args.get("order") or exp.Order(expressions=[])
    keys = [_key(part, outputs, scalars) for part in order.expressions]
    after = [key.after for key in keys if key.after is not None]
    if distinct is not None and len(after) < len(keys):
        raise page.unsupported(order, "ORDER BY of what SELECT DISTINCT leaves out", "order by a column of SELECT")
    if carried and skipped:
        raise page.unsupported(
            node.args["offset"], "OFFSET in a correlated query", "ROW_NUMBER() OVER (…) says which rows"
        )
    if carried and limit is not None:
        if distinct is not None:
            raise page.unsupported(
                distinct, "DISTINCT and LIMIT in a correlated query", "GROUP BY in place of DISTINCT"
            )
        return selected(_each(relation, keys, carried, limit, page, node), outputs, carried)
    if len(after) < len(keys):
        parts = _sort_keys(keys, [key.before for key in keys])
        return selected(_in_order(relation, parts, page, node), outputs, carried)
    made = selected(relation, outputs, carried)
    made = made.distinct() if distinct is not None else made
    return _in_order(made, _sort_keys(keys, after), page, node)


def sorted_by(page: SqlPage, node: exp.Query, relation: Relation) -> Relation:
    """Return the rows of several queries in the order, and up to the number, that is written after them."""
    order = node.args.get("order") or exp.Order(expressions=[])
    outputs = [Output(field.name, ColumnRef(name=field.column)) for field in relation.fields]
    scalars = Scalars(page, _Columns(page, relation))
    keys = [_key(part, outputs, scalars) for part in order.expressions]
    return _in_order(relation, _sort_keys(keys, [key.before for key in keys]), page, node)


class _Columns:
    """The columns of several queries put together: they are of no table."""

    def __init__(self, page: SqlPage, relation: Relation) -> None:
        self.page, self.relation, self.schema = page, relation, relation.schema

    def column(self, node: exp.Column) -> AnyExpression:
        """Return the column of a name."""
        found = self.relation.find(node.name, None)
        if len(found) != 1:
            raise self.relation.missing(node.name, None)
        return ColumnRef(name=found[0].column)


def limit_of(page: SqlPage, node: exp.Query) -> int | None:
    """Return the number after LIMIT, or None.

    Raises
    ------
    OperatorError
        If it is no whole number.
    """
    limit = node.args.get("limit")
    if limit is None:
        return None
    count = limit.args.get("expression") or limit.args.get("count")
    if not isinstance(count, exp.Literal) or count.is_string or not count.name.isdecimal() or limit.args.get("offset"):
        raise page.unsupported(limit, f"LIMIT {page.text(count) if count is not None else ''}", "as in LIMIT 10")
    return int(count.name)


def _offset_of(page: SqlPage, node: exp.Query) -> int:
    """Return the number after OFFSET."""
    offset = node.args.get("offset")
    if offset is None:
        return 0
    count = offset.expression
    if not isinstance(count, exp.Literal) or count.is_string or not count.name.isdecimal():
        raise page.unsupported(offset, f"OFFSET {page.text(count)}", "as in OFFSET 10")
    return int(count.name)


def _in_order(relation: Relation, parts: tuple[SortKey, ...], page: SqlPage, node: exp.Query) -> Relation:
    """Return the rows in an order, those between OFFSET and LIMIT."""
    limit, skipped = limit_of(page, node), _offset_of(page, node)
    order = node.args.get("order") or node
    if not skipped:
        made = relation.then(Sort(keys=parts), span=page.span(order)) if parts else relation
        return made if limit is None else made.then(Limit(rows=limit))
    if not parts:
        raise page.unsupported(node.args["offset"], "OFFSET without ORDER BY", "say which rows come first")
    numbered, place = _numbered(relation, parts, ())
    kept = filtered(numbered, _between(place, skipped, limit))
    # The number is one order for equal keys too, so that it is what the rows are in.
    return kept.then(Sort(keys=(SortKey(expression=place),)), span=page.span(order)).then(Drop(columns=(place.name,)))


def _numbered(relation: Relation, parts: Sequence[SortKey], within: Iterable[str]) -> tuple[Relation, ColumnRef]:
    """Return rows with their number in an order as one more column, and that column."""
    place = Window(
        function="row_number",
        partition=tuple(ColumnRef(name=name) for name in within),
        order=tuple(part.expression for part in parts),
        descending=tuple(part.descending for part in parts),
    )
    name = free_name("place", relation.schema.names)
    return relation.then(WithColumns(columns=(Named(name=name, expression=place),))), ColumnRef(name=name)


def _between(place: ColumnRef, skipped: int, limit: int | None) -> list[AnyExpression]:
    after = [Binary(op=">", left=place, right=Literal.of(skipped))] if skipped else []
    upto = [] if limit is None else [Binary(op="<=", left=place, right=Literal.of(skipped + limit))]
    return [*after, *upto]


def _key(node: exp.Ordered, outputs: Sequence[Output], scalars: Scalars) -> _Key:
    inner = node.this
    if isinstance(inner, exp.Literal) and not inner.is_string:
        index = int(inner.name) - 1 if inner.name.isdecimal() else -1
        if not 0 <= index < len(outputs):
            raise OperatorError(
                f"ORDER BY {inner.name}: SELECT has {len(outputs)} columns",
                span=scalars.page.span(inner),
                source=scalars.page.source,
            )
        return _Key(outputs[index].expression, ColumnRef(name=outputs[index].name), node)
    if isinstance(inner, exp.Column) and not inner.table:
        for output in outputs:
            if same_name(output.name, inner.name):
                return _Key(output.expression, ColumnRef(name=output.name), node)
    expression = scalars.read(inner)
    same = next((output.name for output in outputs if output.expression == expression), None)
    return _Key(expression, ColumnRef(name=same) if same is not None else None, node)


def _sort_keys(keys: Sequence[_Key], expressions: Sequence[AnyExpression]) -> tuple[SortKey, ...]:
    made: list[SortKey] = []
    for key, expression in zip(keys, expressions, strict=True):
        if key.node.args.get("nulls_first"):
            made.append(SortKey(expression=IsNull(arg=expression), descending=True))
        made.append(SortKey(expression=expression, descending=bool(key.node.args.get("desc"))))
    return tuple(made)


def _each(
    relation: Relation, keys: Sequence[_Key], carried: Iterable[str], limit: int, page: SqlPage, node: exp.Select
) -> Relation:
    """Return the first rows for each of the values that are carried."""
    if not keys:
        raise page.unsupported(
            node.args["limit"], "LIMIT without ORDER BY in a correlated query", "say which row it is"
        )
    numbered, place = _numbered(relation, _sort_keys(keys, [key.before for key in keys]), carried)
    return filtered(numbered, _between(place, 0, limit))


def selected(relation: Relation, outputs: Sequence[Output], carried: Mapping[str, str]) -> Relation:
    """Return rows with the columns of SELECT, and those that are carried beside them."""
    columns = [Named(name=output.name, expression=output.expression) for output in outputs]
    fields = [Field(None, output.name, output.name) for output in outputs]
    shown = {output.name: output.expression for output in outputs}
    columns += [
        Named(name=new, expression=ColumnRef(name=old))
        for old, new in carried.items()
        if shown.get(new) != ColumnRef(name=old)
    ]
    same = [column.expression == ColumnRef(name=column.name) for column in columns]
    if [column.name for column in columns] == list(relation.schema.names) and all(same):
        return Relation(relation.port, tuple(fields))
    return Relation(relation.then(Select(columns=tuple(columns))).port, tuple(fields))
