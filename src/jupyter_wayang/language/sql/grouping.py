"""GROUP BY: keys, aggregates, and what the columns of a grouped query are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from jupyter_wayang.language.sql.functions import AGGREGATES
from jupyter_wayang.language.sql.page import SqlPage
from jupyter_wayang.language.sql.places import Grouped, Place, own
from jupyter_wayang.language.sql.relations import Relation, free_name, same_name
from jupyter_wayang.language.sql.scalars import Scalars
from jupyter_wayang.plan.expressions import Aggregate, AnyExpression, ColumnRef, Named
from jupyter_wayang.plan.operators import GroupBy

__all__ = ["Groups", "Item", "aggregates_in", "grouped", "is_bare", "is_one_row", "is_total", "needs_all"]


@dataclass(frozen=True, eq=False)
class Item:
    """An expression of SELECT and the name of its column."""

    name: str
    node: exp.Expr

    @property
    def inner(self) -> exp.Expr:
        """The expression without its alias."""
        return self.node.this if isinstance(self.node, exp.Alias) else self.node


@dataclass
class Groups:
    """What a grouped query is made of.

    Parameters
    ----------
    keys, aggregates
        Columns of the groups.
    key_of
        By what a key is before the rows are grouped, its column.
    done
        By ``id`` of sqlglot's node, the column that has its value.
    """

    keys: list[Named] = field(default_factory=list)
    aggregates: list[Named] = field(default_factory=list)
    key_of: dict[AnyExpression, str] = field(default_factory=dict)
    done: dict[int, AnyExpression] = field(default_factory=dict)


def aggregates_in(node: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the aggregates of groups in a part: not those over a window, nor those of sub-queries."""
    if isinstance(node, exp.Query):
        return
    if isinstance(node, exp.Window):
        inner = node.this.args.values()
        parts = [part for value in inner for part in (value if isinstance(value, list) else [value])]
        parts += [part for name, value in node.args.items() if name != "this" for part in _parts(value)]
    elif type(node) in AGGREGATES or (isinstance(node, exp.Filter) and type(node.this) in AGGREGATES):
        yield node
        return
    else:
        parts = [part for value in node.args.values() for part in _parts(value)]
    for part in parts:
        if isinstance(part, exp.Expr):
            yield from aggregates_in(part)


def _parts(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


class _Grouper:
    def __init__(self, page: SqlPage, place: Place, items: Sequence[Item], done: dict[int, AnyExpression]) -> None:
        self.page, self.place, self.items = page, place, items
        self.groups = Groups(done=dict(done))
        self.scalars = Scalars(page, place, done)
        self.nodes: list[tuple[exp.Expr, str]] = []

    def add_keys(self, group: exp.Group | None, others: Sequence[exp.Expr]) -> None:
        """Read GROUP BY."""
        if group is None:
            return
        self.page.only(group, {"expressions", "all"}, "in GROUP BY")
        nodes = [self._meant(node) for node in group.expressions]
        if group.args.get("all"):
            nodes = [item.inner for item in self.items if next(aggregates_in(item.inner), None) is None]
        for node in nodes:
            expression = self.scalars.read(node)
            if expression not in self.groups.key_of:
                self.groups.key_of[expression] = name = self._key_name(node, expression)
                self.groups.keys.append(Named(name=name, expression=expression))
            self.nodes.append((node, self.groups.key_of[expression]))

    def _meant(self, node: exp.Expr) -> exp.Expr:
        """Return what a part of GROUP BY means: a place in SELECT, or the name of one there, or itself."""
        if isinstance(node, exp.Literal) and not node.is_string:
            index = int(node.name) - 1 if node.name.isdecimal() else -1
            if not 0 <= index < len(self.items):
                raise self.page.unsupported(node, f"GROUP BY {node.name}", f"SELECT has {len(self.items)} columns")
            return self.items[index].inner
        if isinstance(node, exp.Column) and not node.table and not self.place.relation.find(node.name, None):
            for item in self.items:
                if isinstance(item.node, exp.Alias) and same_name(item.name, node.name):
                    return item.inner
        return node

    def _key_name(self, node: exp.Expr, expression: AnyExpression) -> str:
        taken = [key.name for key in self.groups.keys]
        for item in self.items:
            if item.inner == node or (
                isinstance(item.inner, exp.Column)
                and isinstance(node, exp.Column)
                and self._same(item.inner, expression)
            ):
                return free_name(item.name, taken)
        return free_name(expression.name if isinstance(expression, ColumnRef) else "key", taken)

    def _same(self, node: exp.Column, expression: AnyExpression) -> bool:
        return self.scalars.read(node) == expression

    def add_aggregates(self, others: Sequence[exp.Expr], *, whole: bool) -> None:
        """Read the aggregates of SELECT, HAVING and ORDER BY."""
        for item in self.items:
            if whole and self._is_whole(item.inner):
                self._add(item.inner, item.name)
        for part in (*(item.inner for item in self.items), *others):
            if id(part) in self.groups.done:
                continue
            for node in aggregates_in(part):
                self._add(node, None)
            for node in own(part):
                for key, name in self.nodes:
                    if node == key and not isinstance(node, exp.Column):
                        self.groups.done[id(node)] = ColumnRef(name=name)

    def _is_whole(self, node: exp.Expr) -> bool:
        """Tell whether a part is made of aggregates and constants only, so that the groups have it as a column."""
        inside = {id(part) for aggregate in aggregates_in(node) for part in aggregate.walk()}
        outside = [part for part in own(node) if id(part) not in inside]
        return bool(inside) and not any(isinstance(part, exp.Column | exp.Window | exp.Query) for part in outside)

    def _add(self, node: exp.Expr, name: str | None) -> None:
        expression = self.scalars.read(node)
        known = next((one.name for one in self.groups.aggregates if one.expression == expression), None)
        if known is None:
            taken = [one.name for one in (*self.groups.keys, *self.groups.aggregates)]
            wish = name or (expression.function if isinstance(expression, Aggregate) else "value")
            known = free_name(wish, taken, [item.name for item in self.items] if name is None else ())
            self.groups.aggregates.append(Named(name=known, expression=expression))
        self.groups.done[id(node)] = ColumnRef(name=known)


def grouped(
    page: SqlPage,
    place: Place,
    node: exp.Select,
    items: Sequence[Item],
    others: Sequence[exp.Expr],
    carried: Sequence[str],
    done: dict[int, AnyExpression],
    *,
    whole: bool,
) -> tuple[Grouped, Groups]:
    """Group the rows of a place.

    Parameters
    ----------
    page
        The text.
    place
        The rows, and what is around them.
    node
        The SELECT.
    items
        Its columns.
    others
        What else may have aggregates in it: HAVING and ORDER BY.
    carried
        Columns that are keys beside those of GROUP BY.
    done
        Values of sub-queries by ``id`` of sqlglot's node.
    whole
        Whether an expression over aggregates may be one column of the groups.
    """
    grouper = _Grouper(page, place, items, done)
    groups = grouper.groups
    for name in carried:
        groups.keys.append(Named(name=name, expression=ColumnRef(name=name)))
        groups.key_of[ColumnRef(name=name)] = name
    grouper.add_keys(node.args.get("group"), others)
    grouper.add_aggregates(others, whole=whole)
    with page.at(node.args.get("group") or node.expressions[0]):
        made = place.relation.then(
            GroupBy(keys=tuple(groups.keys), aggregates=tuple(groups.aggregates)),
            span=page.span(node.args.get("group") or node.expressions[0]),
        )
    return Grouped(place, Relation(made.port, ()), groups.key_of), groups


def is_total(node: exp.Select) -> bool:
    """Tell whether a SELECT aggregates all its rows into one."""
    parts = [*node.expressions, *([node.args["having"]] if node.args.get("having") is not None else [])]
    return node.args.get("group") is None and any(next(aggregates_in(part), None) is not None for part in parts)


def is_bare(node: exp.Select) -> bool:
    """Tell whether a SELECT has rows exactly where its FROM and WHERE have some."""
    return node.args.get("group") is None and not is_total(node)


def needs_all(node: exp.Select) -> bool:
    """Tell whether the value of a query is not null where it has no rows: a count is 0 then."""
    if not is_total(node):
        return False
    through = (exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Alias, exp.Paren, exp.Neg, exp.Literal, exp.Cast, exp.DataType)
    arithmetic = (exp.Add, exp.Sub, exp.Mul, exp.Div)
    item = node.expressions[0]
    inside = {id(part) for aggregate in aggregates_in(item) for part in aggregate.walk() if part is not aggregate}
    strict = all(
        isinstance(part, (*through, *arithmetic, exp.Identifier)) for part in item.walk() if id(part) not in inside
    )
    return not strict or next(aggregates_in(item), None) is None


def is_one_row(node: exp.In) -> bool:
    """Tell whether IN has the one row of an aggregate after it: it is an equality then, also where there is nothing."""
    query = node.args["query"].unnest() if node.args.get("query") is not None else None
    return isinstance(query, exp.Select) and is_total(query) and not isinstance(node.this, exp.Tuple)
