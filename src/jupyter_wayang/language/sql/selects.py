"""What a SELECT makes of its rows: groups, columns, order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language.sql.correlation import AROUND, Correlation
from jupyter_wayang.language.sql.grouping import Item, aggregates_in, grouped, is_bare, is_total, needs_all
from jupyter_wayang.language.sql.joins import filtered
from jupyter_wayang.language.sql.ordering import Output, finished, limit_of
from jupyter_wayang.language.sql.page import SqlPage
from jupyter_wayang.language.sql.places import Grouped, Place, conjuncts, sub_queries
from jupyter_wayang.language.sql.relations import Field, Relation, free_name, same_name
from jupyter_wayang.language.sql.scalars import Scalars
from jupyter_wayang.language.sql.subqueries import Answer, AnyPlace, SubQueries, Wanted
from jupyter_wayang.plan.expressions import Aggregate, AnyExpression, Case, ColumnRef, Literal, Named
from jupyter_wayang.plan.operators import GroupBy, Select

__all__ = ["Projection"]


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

    def answer(self, place: Place) -> Answer:
        """Return the rows of the query."""
        node, names = self.node, tuple(self.carried.values())
        total = is_total(node)
        if self.wanted in ("exists", "count") and is_bare(node):
            return self._bare(place, names)
        items = self._items(place)
        done: dict[int, AnyExpression] = {}
        at: AnyPlace = place
        # Where there is no row to aggregate, a count is 0: that is known only where the two are joined.
        late = self.wanted == "value" and total and bool(names) and needs_all(node)
        if total or node.args.get("group") is not None:
            at, done = self._groups(place, items, names, late=late)
        if late:
            return self._late(at, items, done)
        at, done = self.subs.values([item.inner for item in items], at, done)
        scalars = Scalars(self.page, at, done)
        outputs = [Output(item.name, scalars.read(item.inner)) for item in items]
        called = _called(names, outputs)
        relation = finished(node, at.relation, outputs, called, scalars)
        self.carried = {outer: called[name] for outer, name in self.carried.items()}
        limit = limit_of(self.page, node)
        if self.wanted == "value" and limit == 1 and not total and not names and len(outputs) == 1:
            relation, limit = _one_row(relation), 1
        return self._answered(relation, single=total or limit == 1)

    def _answered(self, relation: Relation, *, single: bool) -> Answer:
        carried = tuple((outer, name, outer in self.link.strict) for outer, name in self.carried.items())
        return Answer(relation, carried, single)

    def _late(self, at: AnyPlace, items: Sequence[Item], done: dict[int, AnyExpression]) -> Answer:
        """Return the groups, and the one value as an expression over their columns."""
        having = self.node.args.get("having")
        for part in [*(item.inner for item in items), *([having.this] if having is not None else [])]:
            if sub_queries(part):
                hint = "WITH gives it a name; then join it"
                raise self.page.unsupported(part, "a sub-query beside a count in a correlated one", hint)
        scalars = Scalars(self.page, at, done)
        value = scalars.read(items[0].inner)
        if having is not None:
            null = Literal(value=None, type=scalars.type_of(value))
            value = Case(condition=scalars.read(having.this), then=value, otherwise=null)
        return replace(self._answered(at.relation, single=True), value=value, columns=len(items))

    def _bare(self, place: Place, names: tuple[str, ...]) -> Answer:
        """Return what carries the columns around, and no more: whether there are rows is all that is asked for."""
        limit = self.node.args.get("limit")
        if limit is not None and limit.expression.name == "0":
            raise self.page.unsupported(limit, "LIMIT 0 in EXISTS")
        if self.node.args.get("offset") is not None:
            raise self.page.unsupported(self.node.args["offset"], "OFFSET in EXISTS", "COUNT(*) > 2 in place of it")
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
        self, place: Place, items: Sequence[Item], names: tuple[str, ...], *, late: bool
    ) -> tuple[Grouped, dict[int, AnyExpression]]:
        node = self.node
        having, order = node.args.get("having"), node.args.get("order")
        others = [*([having.this] if having is not None else []), *(order.expressions if order is not None else [])]
        inside = [a for part in (*(i.inner for i in items), *others) for a in aggregates_in(part)]
        inner, done = self.subs.values(inside, place, {})
        made, groups = grouped(self.page, inner, node, items, others, names, done, whole=not late)  # type: ignore[arg-type]
        if late:
            shown = tuple(Field(None, one.name, one.name) for one in groups.aggregates)
            return replace(made, relation=replace(made.relation, fields=shown)), groups.done
        at: AnyPlace = made
        known = dict(groups.done)
        for part in conjuncts(having.this) if having is not None else []:
            if sub_queries(part):
                at = self.subs.filter(at, part, known)
            else:
                test = Scalars(self.page, at, known).read(part)
                at = replace(at, relation=filtered(at.relation, [test]))
        return at, known  # type: ignore[return-value]


def _called(names: Sequence[str], outputs: Sequence[Output]) -> dict[str, str]:
    """Return what carried columns are called beside those of SELECT: a column that is both is there once."""
    shown = {output.name: output.expression for output in outputs}
    called: dict[str, str] = {}
    for name in names:
        same = shown.get(name, ColumnRef(name=name)) == ColumnRef(name=name)
        called[name] = name if same else free_name(name, shown, names, called.values())
    return called


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
