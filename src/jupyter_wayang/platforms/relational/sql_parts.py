"""How statements are put together: what an operator is folded into, and the named parts of a WITH clause."""

from __future__ import annotations

from sqlglot import exp

__all__ = ["Source", "Statement", "as_branch", "as_table", "named", "opened", "source", "wrapped"]

Statement = exp.Select | exp.SetOperation
"""A statement that makes rows."""

Source = exp.Table | Statement
"""A table by name, or a statement. Its columns are named by ``physical_names`` of its schema."""


def source(name: str) -> exp.Table:
    """Make a source of the name of a table or view."""
    return exp.Table(this=exp.to_identifier(name, quoted=True))


def opened(before: Source) -> exp.Select:
    """Return a SELECT to fold an operator into: the source's own if it only filters and narrows, else one over it."""
    return before.copy() if isinstance(before, exp.Select) and _folds(before) else wrapped(before)


def _folds(select: exp.Select) -> bool:
    if any(select.args.get(clause) for clause in ("group", "having", "order", "limit", "joins", "distinct")):
        return False
    return all(
        isinstance(shown, exp.Star) or (isinstance(shown, exp.Column) and not shown.table)
        for shown in select.expressions
    )


def wrapped(before: Source) -> exp.Select:
    """Return a SELECT of all columns of a source."""
    parts: list[exp.CTE] = []
    table = as_table(before, parts, None)
    made = exp.Select(expressions=[exp.Star()], from_=exp.From(this=table))
    if parts:
        made.set("with_", exp.With(expressions=parts))
    return made


def as_table(before: Source, parts: list[exp.CTE], alias: str | None) -> exp.Table:
    """Return a source as a table of a FROM clause; a statement becomes a part of the WITH clause."""
    if isinstance(before, exp.Table):
        table = before.copy()
    else:
        table = before.args["from_"].this.copy() if _is_bare(before) else _hoisted(before, parts)
    if alias:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
    return table


def _is_bare(select: Statement) -> bool:
    """Tell whether a statement is ``SELECT * FROM "table"`` of a table by name and no more."""
    clauses = {clause for clause, held in select.args.items() if held}
    return (
        clauses == {"expressions", "from_"}
        and [type(shown) for shown in select.expressions] == [exp.Star]
        and isinstance(select.args["from_"].this, exp.Table)
        and isinstance(select.args["from_"].this.this, exp.Identifier)
    )


def _hoisted(statement: Statement, parts: list[exp.CTE]) -> exp.Table:
    name = str(statement.meta.get("part", "source"))
    renamed: dict[str, str] = {}
    _add(as_branch(statement, parts), name, parts, renamed)
    return source(renamed.get(name, name))


def as_branch(statement: exp.Query, parts: list[exp.CTE]) -> exp.Query:
    """Return a statement without its WITH clause; the parts of that are added to those of the statement around it."""
    inner = statement.copy()
    with_ = inner.args.get("with_")
    inner.set("with_", None)
    renamed: dict[str, str] = {}
    for part in with_.expressions if with_ is not None else ():
        _use(part.this, renamed)
        _add(part.this, part.alias, parts, renamed)
    _use(inner, renamed)
    return inner


def _add(select: exp.Expr, name: str, parts: list[exp.CTE], renamed: dict[str, str]) -> None:
    """Add a named part; one that is there already is shared, another of its name gets a number."""
    taken = {part.alias: part.this for part in parts}
    free, number = name, 1
    while free in taken and taken[free] != select:
        number += 1
        free = f"{name}_{number}"
    if free != name:
        renamed[name] = free
    if free not in taken:
        alias = exp.TableAlias(this=exp.to_identifier(free, quoted=True))
        parts.append(exp.CTE(this=select, alias=alias))


def _use(select: exp.Expr, renamed: dict[str, str]) -> None:
    """Point references to parts at their new names."""
    for table in select.find_all(exp.Table):
        if table.name in renamed and not table.db:
            table.set("this", exp.to_identifier(renamed[table.name], quoted=True))


def named(column: exp.Expr, name: str) -> exp.Expr:
    """Return a column of a SELECT under a name."""
    if isinstance(column, exp.Column) and column.name == name:
        return column
    return exp.Alias(this=column, alias=exp.to_identifier(name, quoted=True))
