"""What a SELECT makes of its rows: groups, columns, order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language.sql.correlation import AROUND, Correlation
from jupyter_wayang.language.sql.grouping import Groups, Item, aggregates_in, grouped
from jupyter_wayang.language.sql.joins import Pair, filtered, joined_by, null_safe
from jupyter_wayang.language.sql.ordering import Output, finished, limit_of
from jupyter_wayang.language.sql.page import SqlPage
from jupyter_wayang.language.sql.places import Grouped, Place, conjuncts, sub_queries
from jupyter_wayang.language.sql.relations import Field, Relation, free_name, same_name
from jupyter_wayang.language.sql.scalars import Scalars
from jupyter_wayang.language.sql.subqueries import Answer, AnyPlace, SubQueries, Wanted
from jupyter_wayang.plan.expressions import Aggregate, AnyExpression, Case, ColumnRef, IsNull, Literal, Named
from jupyter_wayang.plan.operators import GroupBy, Select

__all__ = ["Projection", "is_bare", "needs_all"]


def _is_total(node: exp.Select) -> bool:
    """Tell whether a SELECT aggregates all its rows into one."""
    parts = [*node.expressions, *([node.args["having"]] if node.args.get("having") is not None else [])]
    return node.args.get("group") is None and any(next(aggregates_in(part), None) is not None for part in parts)


def is_bare(node: exp.Select) -> bool:
    """Tell whether a SELECT has rows exactly where its FROM and WHERE have some."""
    return node.args.get("group") is None and not _is_total(node)


def needs_all(node: exp.Select) -> bool:
    """Tell whether the value of a query is not null where it has no rows: a count is 0 then."""
    if not _is_total(node):
        return False
    through = (exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Alias, exp.Paren, exp.Neg, exp.Literal, exp.Cast, exp.DataType)
    arithmetic = (exp.Add, exp.Sub, exp.Mul, exp.Div)
    item = node.expressions[0]
    inside = {id(part) for aggregate in aggregates_in(item) for part in aggregate.walk() if part is not aggregate}
    strict = all(
        isinstance(part, (*through, *arithmetic, exp.Identifier)) for part in item.walk() if id(part) not in inside
    )
    return not strict or node.args.get("having") is not None


class Projection:
    """What a SELECT makes of its rows.

    Parameters
    ----------
    page
        The text.
    subs
        What turns its sub-queries into joins.
    node
        The SELECT.
    wanted
        What is wanted of it.
    link
        What it reads of the rows around it.
    carried
        By each column around, the column of its rows that carries it.
    """

    def __init__(
        self,
        page: SqlPage,
        subs: SubQueries,
        node: exp.Select,
        wanted: Wanted,
        link: Correlation,
        carried: dict[AnyExpression, str],
    ) -> None:
        self.page, self.subs, self.node, self.wanted = page, subs, node, wanted
        self.link, self.carried = link, carried
        self.filled = False

    def answer(self, place: Place) -> Answer:
        """Return the rows of the query."""
        node, names = self.node, tuple(self.carried.values())
        total = _is_total(node)
        if self.wanted == "exists" and is_bare(node):
            return self._bare(place, names)
        items = self._items(place)
        done: dict[int, AnyExpression] = {}
        at: AnyPlace = place
        if total or node.args.get("group") is not None:
            at, done = self._groups(place, items, names)
        at, done = self.subs.values([item.inner for item in items], at, done)
        scalars = Scalars(self.page, at, done)
        outputs = [Output(item.name, scalars.read(item.inner)) for item in items]
        relation = finished(node, at.relation, outputs, names, scalars)
        limit = limit_of(self.page, node)
        if self.wanted == "value" and limit == 1 and not total and not names and len(outputs) == 1:
            relation, limit = _one_row(relation), 1
        return self._answered(relation, single=total or limit == 1)

    def _answered(self, relation: Relation, *, single: bool) -> Answer:
        strict = self.link.strict if not self.filled else frozenset()
        carried = tuple((outer, name, outer in strict) for outer, name in self.carried.items())
        return Answer(relation, carried, single)

    def _bare(self, place: Place, names: tuple[str, ...]) -> Answer:
        """Return what carries the columns around, and no more: whether there are rows is all that is asked for."""
        limit = self.node.args.get("limit")
        if limit is not None and limit.expression.name == "0":
            raise self.page.unsupported(limit, "LIMIT 0 in EXISTS")
        if self.link.over:
            return replace(self._answered(place.relation, single=False), over=self.link.over, reads=self.link.wanted)
        relation = replace(place.relation, fields=())
        if names and set(relation.schema.names) != set(names):
            columns = tuple(Named(name=name, expression=ColumnRef(name=name)) for name in dict.fromkeys(names))
            relation = relation.then(Select(columns=columns))
        return self._answered(relation, single=False)

    def _items(self, place: Place) -> list[Item]:
        items: list[Item] = []
        for node in self.node.expressions:
            if isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star)):
                items += self._star(node, place, [item.name for item in items])
            else:
                taken = [item.name for item in items]
                items.append(Item(free_name(_name_of(node, place), taken), node))
        return items

    def _star(self, node: exp.Star | exp.Column, place: Place, taken: list[str]) -> list[Item]:
        star = node if isinstance(node, exp.Star) else node.this
        self.page.only(star, (), "after *")
        table = node.table if isinstance(node, exp.Column) else None
        found = [f for f in place.relation.fields if f.table != AROUND and (not table or same_name(f.table, table))]
        if not found:
            raise OperatorError(
                f"there is no table {table} in FROM",
                span=self.page.span(node),
                source=self.page.source,
                hint="tables: " + ", ".join(place.relation.tables),
            )
        items = []
        for one in found:
            name = free_name(one.name, taken)
            taken.append(name)
            identifier = exp.to_identifier(one.name, quoted=True)
            items.append(Item(name, exp.Column(this=identifier, table=exp.to_identifier(one.table, quoted=True))))
        return items

    def _groups(
        self, place: Place, items: Sequence[Item], names: tuple[str, ...]
    ) -> tuple[Grouped, dict[int, AnyExpression]]:
        node = self.node
        having, order = node.args.get("having"), node.args.get("order")
        others = [*([having.this] if having is not None else []), *(order.expressions if order is not None else [])]
        fill = self.link.values is not None and _is_total(node) and self.wanted == "value" and bool(names)
        inside = [a for part in (*(i.inner for i in items), *others) for a in aggregates_in(part)]
        inner, done = self.subs.values(inside, place, {})
        whole = not fill
        made, groups = grouped(self.page, inner, node, items, others, names, done, whole=whole)  # type: ignore[arg-type]
        if fill:
            made = self._filled(made, groups)
        at: AnyPlace = made
        known = dict(groups.done)
        for part in conjuncts(having.this) if having is not None else []:
            if sub_queries(part):
                at = self.subs.filter(at, part, known)
            else:
                test = Scalars(self.page, at, known).read(part)
                at = replace(at, relation=filtered(at.relation, [test]))
        return at, known  # type: ignore[return-value]

    def _filled(self, made: Grouped, groups: Groups) -> Grouped:
        """Give every value around its row: where there was none to aggregate, a count is 0 and the rest is null."""
        values = self.link.values
        assert values is not None  # noqa: S101 -- the caller has looked
        pairs = []
        columns = list(self.carried.values())
        for field, name in zip(values.fields, columns, strict=True):
            left, right = (
                null_safe(values, ColumnRef(name=field.column)),
                null_safe(made.relation, ColumnRef(name=name)),
            )
            pairs += [Pair(*sides) for sides in zip(left, right, strict=True)]
        shown = replace(made.relation, fields=tuple(Field(None, one.name, one.name) for one in groups.aggregates))
        both = joined_by(values, shown, pairs, "left")
        place = dict(zip([one.name for one in groups.aggregates], both.fields[len(values.fields) :], strict=True))
        outer = [
            Named(name=n, expression=ColumnRef(name=f.column)) for n, f in zip(columns, values.fields, strict=True)
        ]
        counted = [
            Named(name=one.name, expression=_counted(one.expression, ColumnRef(name=place[one.name].column)))
            for one in groups.aggregates
        ]
        self.filled = True
        relation = Relation(both.then(Select(columns=(*outer, *counted))).port, ())
        return replace(made, relation=relation)


def _counted(aggregate: AnyExpression, column: ColumnRef) -> AnyExpression:
    if isinstance(aggregate, Aggregate) and aggregate.function in ("count", "n_unique"):
        return Case(condition=IsNull(arg=column), then=Literal.of(0), otherwise=column)
    return column


def _name_of(node: exp.Expr, place: Place) -> str:
    """Return what SELECT calls the column of an expression: a column as its table does, also where case differs."""
    if isinstance(node, exp.Column):
        found = place.relation.find(node.name, node.table or None)
        return found[0].name if found else node.name
    if isinstance(node, exp.Alias):
        return str(node.output_name)
    return node.key if isinstance(node, exp.Func) else "value"


def _one_row(relation: Relation) -> Relation:
    """Return the one value of at most one row as exactly one row: null where there was none."""
    field = relation.fields[0]
    function = "any" if relation.schema[field.column].type == "bool" else "max"
    value = Aggregate(function=function, arg=ColumnRef(name=field.column))
    return relation.then(GroupBy(aggregates=(Named(name=field.column, expression=value),)))
