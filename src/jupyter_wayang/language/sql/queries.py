"""Queries of SQL: from sqlglot's tree to rows of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlglot import exp

from jupyter_wayang.language.sql.correlation import Correlation, correlation
from jupyter_wayang.language.sql.froms import From, home, read_from
from jupyter_wayang.language.sql.grouping import aggregates_in, is_bare
from jupyter_wayang.language.sql.joins import filtered, joined
from jupyter_wayang.language.sql.page import SqlPage
from jupyter_wayang.language.sql.places import Place, columns_in, conjuncts, sub_queries
from jupyter_wayang.language.sql.relations import Relation, same_name
from jupyter_wayang.language.sql.scalars import Scalars
from jupyter_wayang.language.sql.selects import Projection
from jupyter_wayang.language.sql.setops import combined
from jupyter_wayang.language.sql.sources import Tables
from jupyter_wayang.language.sql.subqueries import Answer, AnyPlace, SubQueries, Wanted
from jupyter_wayang.plan.expressions import AnyExpression

__all__ = ["Queries"]

_SELECT = {"expressions", "from_", "joins", "where", "group", "having", "order", "limit", "offset", "distinct", "with_"}
_BARE = {"where", "expressions", "joins"}


@dataclass(frozen=True, eq=False)
class _Around:
    """Where a query stands: the place, what it reads of it, and what is wanted of it."""

    place: AnyPlace | None = None
    wanted: Wanted = "rows"
    columns: tuple[AnyExpression, ...] = ()


_NOWHERE = _Around()


class Queries:
    """Reads the queries of one text.

    Parameters
    ----------
    page
        The text.
    """

    def __init__(self, page: SqlPage) -> None:
        self.page = page
        self._froms: dict[int, From] = {}
        self._tables: dict[int, Tables] = {}

    def read(self, node: exp.Query, tables: Tables) -> Relation:
        """Return the rows of a whole query, its fields as their only columns.

        Raises
        ------
        WayangError
            With the place in the SQL.
        """
        return self._answer(node, tables, _NOWHERE).relation.exactly()

    def _answer(self, node: exp.Query, tables: Tables, around: _Around) -> Answer:
        if isinstance(node, exp.Subquery):
            self.page.only(node, {"this", "alias"}, "after a query in brackets")
            return self._answer(node.this, tables, around)
        tables = self._with(node, tables)
        if isinstance(node, exp.Select):
            with self.page.at(node):
                return self._select(node, tables, around)
        if isinstance(node, exp.SetOperation):
            rows = replace(around, wanted="rows")
            sides = [self._answer(side, tables, rows) for side in (node.this, node.expression)]
            return combined(self.page, node, sides[0], sides[1])
        raise self.page.unsupported(node, node.key.upper(), "a query is SELECT …, or several of them with UNION")

    def _with(self, node: exp.Expr, tables: Tables) -> Tables:
        clause = node.args.get("with_")
        if clause is None:
            return tables
        if id(node) not in self._tables:
            if clause.args.get("recursive"):
                raise self.page.unsupported(clause, "WITH RECURSIVE", "a loop goes into a Python cell")
            for part in clause.expressions:
                columns = [column.name for column in part.args["alias"].columns]
                relation = self._answer(part.this, tables, _NOWHERE).relation.called(part.alias, columns)
                tables = tables.with_part(part.alias, relation)
            self._tables[id(node)] = tables
        return self._tables[id(node)]

    def _from(self, node: exp.Select, tables: Tables) -> From:
        if id(node) not in self._froms:
            self._froms[id(node)] = read_from(
                node, tables, lambda query, inner: self._answer(query, inner, _NOWHERE).relation
            )
        return self._froms[id(node)]

    # What a query reads of the rows around it.

    def _free(self, node: exp.Query, tables: Tables) -> Iterator[exp.Column]:
        """Yield the names in a query that are of no table of its own."""
        inner = node.unnest()
        tables = self._with(inner, tables)
        if isinstance(inner, exp.SetOperation):
            yield from self._free(inner.this, tables)
            yield from self._free(inner.expression, tables)
        if not isinstance(inner, exp.Select):
            return
        items = self._from(inner, tables).items
        aliases = [one.alias for one in inner.expressions if isinstance(one, exp.Alias)]
        for name, part in _clauses(inner):
            found = [*columns_in(part), *(c for query in sub_queries(part) for c in self._free(query, tables))]
            for column in found:
                named = not column.table and name not in _BARE and any(same_name(a, column.name) for a in aliases)
                if not named and not any(item.find(column.name, column.table or None) for item in items):
                    yield column

    def _select(self, node: exp.Select, tables: Tables, around: _Around) -> Answer:
        self.page.only(node, _SELECT, "in SELECT")
        place, link, carried = self._rows(node, tables, around)
        subs = SubQueries(
            self.page, lambda query, at, wanted: self._answer(query, tables, self._around(query, tables, at, wanted))
        )
        return Projection(self.page, subs, node, around.wanted, link, carried).answer(place)

    def _around(self, query: exp.Query, tables: Tables, place: AnyPlace, wanted: Wanted) -> _Around:
        columns: dict[AnyExpression, None] = {}
        for column in self._free(query, tables):
            with self.page.at(column):
                columns[place.column(column)] = None
        return _Around(place, wanted, tuple(columns))

    def _rows(
        self, node: exp.Select, tables: Tables, around: _Around
    ) -> tuple[Place, Correlation, dict[AnyExpression, str]]:
        """Return the rows that SELECT starts from, after FROM and WHERE without its sub-queries."""
        source = self._from(node, tables)
        where = node.args.get("where")
        conditions = [*source.conditions, *(conjuncts(where.this) if where is not None else [])]
        link = correlation(
            around.columns,
            conditions,
            source.items,
            around.place,
            conditional=around.wanted == "exists" and is_bare(node),
        )
        items = [*source.items, *([link.values] if link.values is not None else [])]

        def reads(relation: Relation) -> Scalars:
            return Scalars(self.page, self._place(relation, around, link))

        def homes(part: exp.Expr) -> frozenset[int] | None:
            return self._homes(part, items, around, link)

        relation, rest = joined(items, list(link.conditions), homes, reads)
        place = self._place(relation, around, link)
        equal = {outer: reads(relation).read(part) for outer, part in link.equal.items()}
        place = replace(place, carried={**place.carried, **equal})
        plain = [part for part in rest if not sub_queries(part)]
        for part in plain:
            if next(aggregates_in(part), None) is not None:
                raise self.page.unsupported(part, "an aggregate in WHERE", "HAVING is for conditions on groups")
        scalars = Scalars(self.page, place)
        place = replace(place, relation=filtered(relation, [scalars.read(part) for part in plain]))
        subs = SubQueries(
            self.page, lambda query, at, wanted: self._answer(query, tables, self._around(query, tables, at, wanted))
        )
        for part in rest:
            if sub_queries(part):
                place = subs.filter(place, part, {})  # type: ignore[assignment]
        columns: dict[AnyExpression, str] = {}
        # In the order in which they are wanted: the queries of a UNION carry theirs alike.
        for outer in (outer for outer in link.wanted if outer in place.carried):
            made, columns[outer] = place.relation.with_column(place.carried[outer], "carried")
            place = replace(place, relation=made)
        return place, link, columns

    def _place(self, relation: Relation, around: _Around, link: Correlation) -> Place:
        return Place(relation, around.place, link.carried(relation))

    def _homes(
        self, part: exp.Expr, items: list[Relation], around: _Around, link: Correlation
    ) -> frozenset[int] | None:
        """Return the items that a part reads; the values of the rows around are the last item."""
        if sub_queries(part):
            return None
        found: set[int] = set()
        for column in columns_in(part):
            here = home(column, items)
            if here is not None:
                found |= here
            elif link.values is not None and around.place is not None and _unknown(column, items):
                found.add(len(items) - 1)
            else:
                return None
        return frozenset(found)


def _unknown(column: exp.Column, items: list[Relation]) -> bool:
    return not any(item.find(column.name, column.table or None) for item in items)


def _clauses(node: exp.Select) -> Iterator[tuple[str, exp.Expr]]:
    """Yield all parts of a SELECT that read columns, and the names of their clauses."""
    for name in ("expressions", "where", "group", "having", "order"):
        value = node.args.get(name)
        for part in value if isinstance(value, list) else [value] if value is not None else []:
            yield name, part
    for join in node.args.get("joins") or ():
        if join.args.get("on") is not None:
            yield "joins", join.args["on"]
