"""Base operators as SQL statements that a person can read, one for a whole chain of them.

A statement is built operator by operator: each is folded into the SELECT before it where that reads well, and else the
SELECT before it becomes a named part of the WITH clause.
"""

from __future__ import annotations

from functools import singledispatch

import sqlglot
from sqlglot import exp

from jupyter_wayang.errors import ExpressionTypeError, OperatorError, PlanError
from jupyter_wayang.plan.expressions import Aggregate, AnyExpression, Literal, Named, walk
from jupyter_wayang.plan.operators import AnyOperator, Filter, GroupBy, Join, Limit, Operator, Select, Sort
from jupyter_wayang.plan.operators.operator import rows_in
from jupyter_wayang.plan.schema import DataType, Schema, common_type
from jupyter_wayang.platforms.relational.dialects import Dialect, dialect_named, physical_names
from jupyter_wayang.platforms.relational.sql_expressions import coerced, value
from jupyter_wayang.platforms.relational.sql_functions import FUNCTIONS

__all__ = ["FUNCTIONS", "Source", "expression", "physical_names", "source", "statement", "to_sql", "type_name"]

Source = exp.Table | exp.Select
"""A table by name, or a statement. Its columns are named by :func:`physical_names` of its schema."""

_PARTS = {
    "filter": "filtered",
    "select": "selected",
    "group_by": "grouped",
    "join": "joined",
    "sort": "sorted",
    "limit": "limited",
}


def expression(expr: AnyExpression, schema: Schema, dialect: str) -> exp.Expr:
    """Render an expression over the columns of a schema, with exactly the type that it has in the plan.

    Parameters
    ----------
    expr
        A scalar expression, or an aggregate.
    schema
        The columns that it reads.
    dialect
        ``duckdb`` or ``spark``.

    Raises
    ------
    ExpressionTypeError
        If a cast is not possible between two types.
    OperatorError
        If the text would be too long.

    Examples
    --------
    >>> from jupyter_wayang.plan.expressions import Binary, ColumnRef
    >>> half = Binary(op="/", left=ColumnRef(name="age"), right=Literal.of(2))
    >>> expression(half, Schema.of(age="int64"), "duckdb").sql("duckdb")
    'CAST("age" AS DOUBLE) / 2.0e0'
    """
    return value(expr, schema, dialect_named(dialect))


def source(name: str) -> exp.Table:
    """Make a source of the name of a table or view."""
    return exp.Table(this=exp.to_identifier(name, quoted=True))


def type_name(type_: DataType, dialect: str) -> str:
    """Return the name of a column type in a dialect.

    Examples
    --------
    >>> type_name("timestamp", "spark")
    'TIMESTAMP_NTZ'
    """
    return exp.DataType.build(dialect_named(dialect).types[type_]).sql(dialect=dialect)


def to_sql(node: exp.Expr, dialect: str, *, pretty: bool = False) -> str:
    """Write a statement as text.

    Raises
    ------
    OperatorError
        If it is nested too deeply.
    """
    try:
        return node.sql(dialect=dialect, pretty=pretty)
    except RecursionError as error:
        raise OperatorError(
            "the expression is nested too deeply to be written as SQL",
            hint="name a part of it with with_columns() first",
        ) from error


def statement(operator: AnyOperator, inputs: tuple[tuple[Source, Schema], ...], dialect: str) -> exp.Select:
    """Write a base operator over its inputs as a statement.

    Parameters
    ----------
    operator
        filter, select, group_by, join, sort or limit.
    inputs
        A source and its schema per input. The sources are not changed.
    dialect
        ``duckdb`` or ``spark``.

    Returns
    -------
    sqlglot.exp.Select
        A statement with the columns of ``operator.outputs``, in order and type, named by :func:`physical_names`.

    Raises
    ------
    PlanError
        If the operator is none that SQL writes.
    ExpressionTypeError
        If the operator's types do not go together.

    Examples
    --------
    >>> from jupyter_wayang.plan.expressions import Binary, ColumnRef
    >>> adults = Filter(condition=Binary(op=">=", left=ColumnRef(name="age"), right=Literal.of(18)))
    >>> to_sql(statement(adults, ((source("visits"), Schema.of(age="int64")),), "duckdb"), "duckdb")
    'SELECT * FROM "visits" WHERE "age" >= 18'
    """
    operator.outputs(tuple(schema for _, schema in inputs))
    try:
        made = _statement(operator, inputs, dialect_named(dialect))
    except RecursionError as error:
        raise OperatorError(f"{operator.verb}() is nested too deeply to be written as SQL") from error
    made.meta["part"] = _PARTS[str(type(operator).__struct_config__.tag)]
    return made


@singledispatch
def _statement(operator: Operator, inputs: tuple[tuple[Source, Schema], ...], dialect: Dialect) -> exp.Select:
    raise PlanError(f"{operator.verb}() is not written as SQL", expected=tuple(_PARTS))


@_statement.register
def _(operator: Filter, inputs: tuple[tuple[Source, Schema], ...], dialect: Dialect) -> exp.Select:
    made, schema = _opened(inputs[0][0]), inputs[0][1]
    condition = coerced(operator.condition, schema, dialect, "bool")
    before = made.args.get("where")
    if before is not None:
        sides = (exp.Paren(this=side) if isinstance(side, exp.Or) else side for side in (before.this, condition))
        condition = exp.And(**dict(zip(("this", "expression"), sides, strict=True)))
    made.set("where", exp.Where(this=condition))
    return made


@_statement.register
def _(operator: Select, inputs: tuple[tuple[Source, Schema], ...], dialect: Dialect) -> exp.Select:
    made, schema = _opened(inputs[0][0]), inputs[0][1]
    made.set("expressions", _projection(operator.columns, _made(operator, schema), schema, dialect))
    return made


@_statement.register
def _(operator: GroupBy, inputs: tuple[tuple[Source, Schema], ...], dialect: Dialect) -> exp.Select:
    made, schema = _opened(inputs[0][0]), inputs[0][1]
    columns = operator.keys + operator.aggregates
    made.set("expressions", _projection(columns, _made(operator, schema), schema, dialect))
    if operator.keys:
        places = [exp.Literal.number(str(place)) for place in range(1, len(operator.keys) + 1)]
        made.set("group", exp.Group(expressions=places))
    elif not any(isinstance(part, Aggregate) for column in columns for part in walk(column.expression)):
        # Constants alone would make a row per row; asking for a count makes it one.
        made.set(
            "having", exp.Having(this=exp.GTE(this=exp.Count(this=exp.Star()), expression=exp.Literal.number("0")))
        )
    return made


def _made(operator: Operator, *inputs: Schema) -> Schema:
    return rows_in(operator, operator.outputs(inputs))


def _projection(columns: tuple[Named, ...], made: Schema, schema: Schema, dialect: Dialect) -> list[exp.Expr]:
    shown = []
    for column, physical in zip(columns, physical_names(made), strict=True):
        rendered = value(column.expression, schema, dialect)
        named = isinstance(rendered, exp.Column) and rendered.name == physical
        shown.append(rendered if named else exp.Alias(this=rendered, alias=exp.to_identifier(physical, quoted=True)))
    return shown


@_statement.register
def _(operator: Sort, inputs: tuple[tuple[Source, Schema], ...], dialect: Dialect) -> exp.Select:
    made, schema = _opened(inputs[0][0]), inputs[0][1]
    keys = [
        exp.Ordered(this=value(key.expression, schema, dialect), desc=key.descending, nulls_first=False)
        for key in operator.keys
        if not isinstance(key.expression, Literal)
    ]
    # Rows of equal keys stay in their order.
    position = exp.Ordered(this=sqlglot.parse_one(dialect.position, read=dialect.name), nulls_first=False)
    made.set("order", exp.Order(expressions=[*keys, position]))
    return made


@_statement.register
def _(operator: Limit, inputs: tuple[tuple[Source, Schema], ...], dialect: Dialect) -> exp.Select:
    before = inputs[0][0]
    free = isinstance(before, exp.Select) and before.args.get("limit") is None
    made = before.copy() if isinstance(before, exp.Select) and free else _wrapped(before)
    made.set("limit", exp.Limit(expression=exp.Literal.number(str(operator.rows))))
    return made


@_statement.register
def _(operator: Join, inputs: tuple[tuple[Source, Schema], ...], dialect: Dialect) -> exp.Select:
    (left, left_schema), (right, right_schema) = inputs
    refusal = refused(operator, left_schema, right_schema)
    if refusal:
        raise ExpressionTypeError(refusal, hint="make both one type with cast() first")
    parts: list[exp.CTE] = []
    first, second = _part(left, parts, "l"), _part(right, parts, "r")
    keys = [_equal(pair, left_schema, right_schema, dialect) for pair in operator.on]
    if operator.how in ("semi", "anti"):
        inner = exp.Select(
            expressions=[exp.Literal.number("1")], from_=exp.From(this=second), where=exp.Where(this=_all(keys))
        )
        exists: exp.Expr = exp.Exists(this=inner)
        exists = exp.Not(this=exists) if operator.how == "anti" else exists
        made = exp.Select(expressions=[exp.Star()], from_=exp.From(this=first), where=exp.Where(this=exists))
    else:
        side = {"left": {"side": "LEFT"}, "full": {"side": "FULL"}, "cross": {"kind": "CROSS"}}.get(operator.how, {})
        on = {"on": _all(keys)} if keys else {}
        columns = _joined(operator, left_schema, right_schema, dialect)
        made = exp.Select(expressions=columns, from_=exp.From(this=first), joins=[exp.Join(this=second, **side, **on)])
    if parts:
        made.set("with_", exp.With(expressions=parts))
    return made


def refused(operator: Join, left: Schema, right: Schema) -> str | None:
    """Return why two collections cannot be joined so, or None."""
    if operator.how != "full":
        return None
    for ours, theirs in operator.on:
        first, second = left[ours].type, right[theirs].type
        if first != second and "null" not in (first, second):
            return f"a full join makes one key of {ours}, a {first}, and {theirs}, a {second}: they need one type"
    return None


def _joined(operator: Join, left: Schema, right: Schema, dialect: Dialect) -> list[exp.Expr]:
    """Return the columns of a join; in a full one the key comes from whichever side has the row."""
    made = _made(operator, left, right)
    columns: list[exp.Expr] = [_side("l", name, left) for name in left.names]
    if operator.how == "full":
        for ours, theirs in operator.on:
            place = left.names.index(ours)
            other = _side("r", theirs, right)
            both = (
                _typed(side, left[ours].type, to, dialect)
                for side, to in ((columns[place], left[ours].type), (other, right[theirs].type))
            )
            columns[place] = exp.Coalesce(this=next(both), expressions=list(both))
    columns += [_side("r", name, right) for name, _ in operator.right_names(left, right)]
    return [
        column
        if isinstance(column, exp.Column) and column.name == physical
        else exp.Alias(this=column, alias=exp.to_identifier(physical, quoted=True))
        for column, physical in zip(columns, physical_names(made), strict=True)
    ]


def _side(alias: str, name: str, schema: Schema) -> exp.Column:
    return exp.column(physical_names(schema)[schema.names.index(name)], table=alias, quoted=True)


def _typed(node: exp.Expr, wanted: DataType, found: DataType, dialect: Dialect) -> exp.Expr:
    return node if wanted == found else exp.Cast(this=node, to=exp.DataType.build(dialect.types[wanted]))


def _equal(pair: tuple[str, str], left: Schema, right: Schema, dialect: Dialect) -> exp.Expr:
    first, second = left[pair[0]].type, right[pair[1]].type
    common = common_type(first, second) or first
    return exp.EQ(
        this=_typed(_side("l", pair[0], left), common, first, dialect),
        expression=_typed(_side("r", pair[1], right), common, second, dialect),
    )


def _all(conditions: list[exp.Expr]) -> exp.Expr:
    first, *rest = conditions
    for condition in rest:
        first = exp.And(this=first, expression=condition)
    return first


def _opened(before: Source) -> exp.Select:
    """Return a SELECT to fold an operator into: the source's own if it only filters and narrows, else one over it."""
    return before.copy() if isinstance(before, exp.Select) and _folds(before) else _wrapped(before)


def _folds(select: exp.Select) -> bool:
    if any(select.args.get(clause) for clause in ("group", "having", "order", "limit", "joins", "distinct")):
        return False
    return all(
        isinstance(shown, exp.Star) or (isinstance(shown, exp.Column) and not shown.table)
        for shown in select.expressions
    )


def _wrapped(before: Source) -> exp.Select:
    parts: list[exp.CTE] = []
    table = _part(before, parts, None)
    made = exp.Select(expressions=[exp.Star()], from_=exp.From(this=table))
    if parts:
        made.set("with_", exp.With(expressions=parts))
    return made


def _part(before: Source, parts: list[exp.CTE], alias: str | None) -> exp.Table:
    """Return a source as a table of a FROM clause; a statement becomes a part of the WITH clause."""
    if isinstance(before, exp.Select):
        bare = _is_bare(before)
        table = before.args["from_"].this.copy() if bare else _hoisted(before, parts)
    else:
        table = before.copy()
    if alias:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
    return table


def _is_bare(select: exp.Select) -> bool:
    """Tell whether a statement is ``SELECT * FROM "table"`` of a table by name and no more."""
    clauses = {clause for clause, held in select.args.items() if held}
    return (
        clauses == {"expressions", "from_"}
        and [type(shown) for shown in select.expressions] == [exp.Star]
        and isinstance(select.args["from_"].this, exp.Table)
        and isinstance(select.args["from_"].this.this, exp.Identifier)
    )


def _hoisted(select: exp.Select, parts: list[exp.CTE]) -> exp.Table:
    inner = select.copy()
    with_ = inner.args.get("with_")
    inner.set("with_", None)
    renamed: dict[str, str] = {}
    for part in with_.expressions if with_ is not None else ():
        _use(part.this, renamed)
        _add(part.this, part.alias, parts, renamed)
    _use(inner, renamed)
    name = str(select.meta.get("part", "source"))
    final: dict[str, str] = {}
    _add(inner, name, parts, final)
    return source(final.get(name, name))


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
