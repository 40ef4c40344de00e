"""What the names of columns mean at a place of the text: the rows there, and the rows of the query around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from jupyter_wayang.errors import ColumnError
from jupyter_wayang.language.sql.relations import Relation
from jupyter_wayang.plan.expressions import AnyExpression, ColumnRef
from jupyter_wayang.plan.schema import Schema

__all__ = ["Grouped", "Place", "columns_in", "conjuncts", "found_in", "own", "shown", "sub_queries"]


@dataclass(frozen=True, eq=False)
class Place:
    """Rows, and around them the rows of the query that this one stands in.

    Parameters
    ----------
    relation
        The rows whose columns are meant first.
    around
        The place that this query stands at, or None.
    carried
        By what a column of the place around is there, what it is here: a correlated query carries it.
    """

    relation: Relation
    around: Place | Grouped | None = None
    carried: Mapping[AnyExpression, AnyExpression] = field(default_factory=dict)

    @property
    def schema(self) -> Schema:
        """The columns of the plan."""
        return self.relation.schema

    def column(self, node: exp.Column) -> AnyExpression:
        """Return what a name stands for.

        Raises
        ------
        ColumnError
            If there is no such column, or if it may be one of several.
        """
        found = found_in(self.relation, node)
        if found is not None:
            return found
        if self.around is not None:
            try:
                outer = self.around.column(node)
            except ColumnError as error:
                if error.found == shown(node) and not error.message.startswith("which"):
                    raise self.relation.missing(node.name, node.table or None) from error
                raise
            if outer in self.carried:
                return self.carried[outer]
        raise self.relation.missing(node.name, node.table or None)


@dataclass(frozen=True, eq=False)
class Grouped:
    """Groups of rows: a column is a key of the groups, or it is nothing.

    Parameters
    ----------
    before
        The place before the rows were grouped.
    relation
        The groups.
    keys
        By what a key was before, the column that it is now.
    """

    before: Place
    relation: Relation
    keys: Mapping[AnyExpression, str]

    @property
    def schema(self) -> Schema:
        """The columns of the plan."""
        return self.relation.schema

    def column(self, node: exp.Column) -> AnyExpression:
        """Return the key that a name stands for.

        Raises
        ------
        ColumnError
            If it is none.
        """
        meant = self.before.column(node)
        if meant in self.keys:
            return ColumnRef(name=self.keys[meant])
        if not isinstance(meant, ColumnRef):
            return meant
        raise ColumnError(
            f"{shown(node)} is neither in GROUP BY nor inside of an aggregate",
            found=shown(node),
            hint=f"group by it too, or aggregate it: max({shown(node)})",
        )


def found_in(relation: Relation, node: exp.Column) -> AnyExpression | None:
    """Return the column of some rows that a name means, or None.

    Raises
    ------
    ColumnError
        If it may be one of several.
    """
    name, table = node.name, node.table or None
    found = relation.find(name, table, exact=bool(node.this.args.get("quoted")))
    columns = tuple(dict.fromkeys(field.column for field in found))
    if len(columns) > 1:
        options = [f"{field.table}.{field.name}" if field.table else field.name for field in found]
        raise ColumnError(
            f"which {shown(node)}? {' or '.join(options)}",
            found=shown(node),
            expected=options,
            hint=f"write it with its table, as in {options[0]}",
        )
    return ColumnRef(name=columns[0]) if columns else None


def shown(node: exp.Column) -> str:
    """Return a name as it was written."""
    return f"{node.table}.{node.name}" if node.table else node.name


def own(node: exp.Expr) -> Iterator[exp.Expr]:
    """Yield a part and all that it is made of, but not what sub-queries are made of."""
    yield from node.walk(prune=lambda part: isinstance(part, exp.Query))


def sub_queries(node: exp.Expr) -> list[exp.Query]:
    """Return the queries in a part, not those in them."""
    return [part for part in own(node) if isinstance(part, exp.Query)]


def columns_in(node: exp.Expr) -> list[exp.Column]:
    """Return the names of columns in a part, not those in its sub-queries; a star is none."""
    return [part for part in own(node) if isinstance(part, exp.Column) and not isinstance(part.this, exp.Star)]


def conjuncts(node: exp.Expr | None) -> list[exp.Expr]:
    """Split a condition at its outer ``AND``; what all branches of an ``OR`` have in common is taken out of it.

    Examples
    --------
    >>> import sqlglot
    >>> [part.sql() for part in conjuncts(sqlglot.parse_one("(a = 1 AND b = 2) OR (a = 1 AND b = 3)"))]
    ['a = 1', 'b = 2 OR b = 3']
    """
    if node is None:
        return []
    if isinstance(node, exp.Paren):
        return conjuncts(node.this)
    if isinstance(node, exp.And):
        return conjuncts(node.this) + conjuncts(node.expression)
    return _factored(node) if isinstance(node, exp.Or) else [node]


def _factored(node: exp.Or) -> list[exp.Expr]:
    branches = [conjuncts(branch) for branch in _branches(node)]
    common = [part for part in branches[0] if all(part in branch for branch in branches[1:])]
    if not common:
        return [node]
    rest = [[part for part in branch if part not in common] for branch in branches]
    if not all(rest):
        return common
    return [*common, exp.or_(*(exp.and_(*parts, copy=False) for parts in rest), copy=False)]


def _branches(node: exp.Expr) -> list[exp.Expr]:
    inner = node.unnest()
    return _branches(inner.this) + _branches(inner.expression) if isinstance(inner, exp.Or) else [inner]
