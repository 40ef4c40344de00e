"""FROM and JOIN: which rows stand side by side, and on what conditions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sqlglot import exp

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language.sql.joins import Pair, all_of, filtered, joined, joined_by, links, read_pair
from jupyter_wayang.language.sql.page import SqlPage
from jupyter_wayang.language.sql.places import Place, columns_in, conjuncts, sub_queries
from jupyter_wayang.language.sql.relations import Field, Relation
from jupyter_wayang.language.sql.scalars import Scalars
from jupyter_wayang.language.sql.sources import Tables
from jupyter_wayang.plan.expressions import AnyExpression
from jupyter_wayang.plan.operators import JoinHow

__all__ = ["From", "home", "read_from"]

Derived = Callable[[exp.Query, Tables], Relation]
"""What reads a query in FROM."""

_TABLE = {"this", "alias", "db", "catalog"}
_JOIN = {"this", "on", "using", "side", "kind", "method"}
_COMMA = "comma"


@dataclass(frozen=True, eq=False)
class From:
    """Items that stand side by side, and conditions between them that were written in JOIN … ON."""

    items: tuple[Relation, ...]
    conditions: tuple[exp.Expr, ...] = ()


@dataclass
class _Pending:
    """The items of one comma-separated part of FROM, before they are joined."""

    items: list[Relation]
    conditions: list[exp.Expr] = field(default_factory=list)


def read_from(node: exp.Select, tables: Tables, derived: Derived) -> From:
    """Return what stands in FROM; inner joins are items and conditions like those of a comma and WHERE.

    Raises
    ------
    WayangError
        With the place in the SQL.
    """
    page = tables.page
    first = node.args.get("from_")
    if first is None:
        raise page.unsupported(node, "a SELECT without FROM", "constants go beside the columns of a table")
    reader = _Reader(page, tables, derived, node.root())
    parts = [_Pending([reader.item(first.this)])]
    for join in node.args.get("joins") or ():
        how = reader.kind(join)
        right = reader.item(join.this)
        if how == _COMMA:
            parts.append(_Pending([right]))
        else:
            reader.add(parts[-1], right, join, how)
    return From(
        tuple(item for part in parts for item in part.items),
        tuple(condition for part in parts for condition in part.conditions),
    )


class _Reader:
    def __init__(self, page: SqlPage, tables: Tables, derived: Derived, root: exp.Expr) -> None:
        self.page, self.tables, self.derived = page, tables, derived
        parts = list(root.walk())
        self.reads = Counter(part.name.casefold() for part in parts if isinstance(part, exp.Column))
        self.starred = any(isinstance(part, exp.Star) and not isinstance(part.parent, exp.Count) for part in parts)

    def item(self, node: exp.Expr) -> Relation:
        """Return a table, or the rows of a query in brackets."""
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            if node.args.get("joins"):
                raise self.page.unsupported(node, "a join in brackets", "join one after the other, or WITH")
            self.page.only(node, _TABLE, "in FROM")
            return self.tables.named(node)
        if isinstance(node, exp.Subquery):
            self.page.only(node, {"this", "alias"}, "in FROM")
            rows = self.derived(node.this, self.tables)
            alias = node.args.get("alias")
            return rows.called(node.alias or "sub-query", [c.name for c in alias.columns] if alias is not None else [])
        hint = "WITH name AS (SELECT …) names rows that are read twice" if isinstance(node, exp.Lateral) else None
        raise self.page.unsupported(node, f"{node.key.upper()} in FROM", hint)

    def kind(self, join: exp.Join) -> str:
        """Return how a join joins; a comma is one too."""
        self.page.only(join, _JOIN, "in FROM")
        side, kind, method = (str(join.args.get(part) or "").upper() for part in ("side", "kind", "method"))
        if side in ("SEMI", "ANTI") or kind in ("SEMI", "ANTI"):
            raise self.page.unsupported(
                join, f"{kind or side} JOIN", "WHERE EXISTS (…) or NOT EXISTS (…) does the same"
            )
        if method and method != "NATURAL":
            raise self.page.unsupported(join, f"{method} JOIN")
        conditional = join.args.get("on") is not None or bool(join.args.get("using")) or bool(method)
        if not side and not kind and not conditional:
            return _COMMA
        if not conditional and kind != "CROSS":
            raise OperatorError("a join needs ON or USING", span=self.page.span(join), source=self.page.source)
        return side.lower() or ("cross" if kind == "CROSS" else "inner")

    def add(self, part: _Pending, right: Relation, join: exp.Join, how: str) -> None:
        """Join one more item to a part."""
        names = self._using(part, right, join)
        if names and how == "full":
            raise self.page.unsupported(join, "FULL JOIN … USING", "ON a.x = b.x, and COALESCE(a.x, b.x)")
        conditions = conjuncts(join.args.get("on"))
        if how in ("inner", "cross") and not names:
            part.items.append(right)
            part.conditions += conditions
            return
        left = self._settled(part)
        if how == "right":
            made = self._outer(right, left, conditions, names, "left", join)
            count = len(right.fields)
            made = replace(made, fields=made.fields[count:] + made.fields[:count])
        else:
            made = self._outer(left, right, conditions, names, "inner" if how == "cross" else how, join)
        part.items, part.conditions = [_merged(made, left, names, how)], []

    def _settled(self, part: _Pending) -> Relation:
        """Return the rows of a part so far."""
        relation, rest = joined(part.items, part.conditions, lambda node: home(node, part.items), self._scalars)
        part.conditions = []
        return filtered(relation, [self._scalars(relation).read(condition) for condition in rest])

    def _scalars(self, relation: Relation) -> Scalars:
        return Scalars(self.page, Place(relation))

    def _using(self, part: _Pending, right: Relation, join: exp.Join) -> list[str]:
        names = [name.name for name in join.args.get("using") or ()]
        if str(join.args.get("method") or "").upper() == "NATURAL":
            ours = {field.name for item in part.items for field in item.fields}
            names = [field.name for field in right.fields if field.name in ours]
        return names

    def _lost(self, right: Relation, names: list[str]) -> set[str]:
        """Return the columns on the right of an outer join that nothing else in the text can read."""
        if self.starred and not names:
            return set()
        return {
            one.column
            for one in right.fields
            if one.name in names or (not self.starred and self.reads[one.name.casefold()] <= 1)
        }

    def _outer(
        self, left: Relation, right: Relation, conditions: list[exp.Expr], names: list[str], how: str, join: exp.Join
    ) -> Relation:
        sides = [left, right]
        equal = links(conditions, {0}, 1, lambda node: home(node, sides))
        pairs = [read_pair(link, left, right, 1, lambda node: home(node, sides), self._scalars) for link in equal]
        for name in names:
            column = exp.column(name)
            with self.page.at(join):
                pairs.append(Pair(self._scalars(left).read(column), self._scalars(right).read(column)))
        rest = [condition for condition in conditions if condition not in equal]
        about_right = [c for c in rest if how == "left" and home(c, sides) == frozenset({1})]
        right = filtered(right, [self._scalars(right).read(condition) for condition in about_right])
        residual = [condition for condition in rest if condition not in about_right]

        def where(both: Relation) -> AnyExpression | None:
            return all_of([self._scalars(both).read(condition) for condition in residual]) if residual else None

        return joined_by(left, right, pairs, _how(how), where, self._lost(right, names) if how == "left" else ())


def _how(how: str) -> JoinHow:
    return "left" if how == "left" else "full" if how == "full" else "inner"


def _merged(made: Relation, left: Relation, names: list[str], how: str) -> Relation:
    """Leave one field for every column of USING: the left one, and in a right join the right one."""
    count = len(left.fields)
    fields: list[Field] = []
    for index, one in enumerate(made.fields):
        given_up = index >= count if how != "right" else index < count
        if one.name in names and given_up:
            continue
        fields.append(one)
    return replace(made, fields=tuple(fields))


def home(node: exp.Expr, items: list[Relation] | tuple[Relation, ...]) -> frozenset[int] | None:
    """Return which items a part reads columns of; None if that is not clear, or if there is a query in it."""
    if sub_queries(node):
        return None
    found: set[int] = set()
    for column in columns_in(node):
        homes = [index for index, item in enumerate(items) if item.find(column.name, column.table or None)]
        if len(homes) != 1:
            return None
        found.add(homes[0])
    return frozenset(found)
