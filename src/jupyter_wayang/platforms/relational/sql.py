"""Base operators as SQL statements that a person can read, one for a whole chain of them.

A statement is built operator by operator: each is folded into the SELECT before it where that reads well, and else the
SELECT before it becomes a named part of the WITH clause.
"""

from __future__ import annotations

from functools import singledispatch

import sqlglot
from sqlglot import exp

from jupyter_wayang.errors import OperatorError, PlanError
from jupyter_wayang.plan.expressions import Aggregate, AnyExpression, ColumnRef, Literal, Named, walk
from jupyter_wayang.plan.operators import (
    AnyOperator,
    Except,
    Explode,
    Filter,
    GroupBy,
    Intersect,
    Join,
    Limit,
    Operator,
    Select,
    SetOperation,
    Sort,
    Union,
    Unpivot,
)
from jupyter_wayang.plan.operators.operator import rows_in
from jupyter_wayang.plan.schema import DataType, Schema
from jupyter_wayang.platforms.relational import sql_aggregates as _aggregates  # noqa: F401 (registers aggregates and windows)
from jupyter_wayang.platforms.relational.dialects import Dialect, dialect_named, physical_names
from jupyter_wayang.platforms.relational.sql_expressions import coerced, value
from jupyter_wayang.platforms.relational.sql_functions import FUNCTIONS
from jupyter_wayang.platforms.relational.sql_joins import joined
from jupyter_wayang.platforms.relational.sql_parts import (
    Source,
    Statement,
    as_branch,
    named,
    opened,
    source,
    wrapped,
)

__all__ = [
    "FUNCTIONS",
    "WRITTEN",
    "Source",
    "Statement",
    "expression",
    "physical_names",
    "source",
    "statement",
    "to_sql",
    "type_name",
]

_PARTS = {
    "filter": "filtered",
    "select": "selected",
    "group_by": "grouped",
    "join": "joined",
    "sort": "sorted",
    "limit": "limited",
    "union": "united",
    "intersect": "common",
    "except_": "remaining",
    "unpivot": "unpivoted",
    "explode": "exploded",
}

WRITTEN = frozenset(_PARTS)
"""Tags of the operators that :func:`statement` writes."""


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


def type_name(type_: DataType, dialect: str) -> str:
    """Return the name of a column type in a dialect.

    Examples
    --------
    >>> type_name("timestamp", "spark")
    'TIMESTAMP_NTZ'
    """
    return exp.DataType.build(dialect_named(dialect).type_name(type_)).sql(dialect=dialect)


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


def statement(operator: AnyOperator, inputs: tuple[tuple[Source, Schema], ...], dialect: str) -> Statement:
    """Write a base operator over its inputs as a statement.

    Parameters
    ----------
    operator
        filter, select, group_by, join, sort, limit, union, intersect or except.
    inputs
        A source and its schema per input. The sources are not changed.
    dialect
        ``duckdb`` or ``spark``.

    Returns
    -------
    Statement
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
        raise OperatorError(
            f"{operator.verb}() is nested too deeply to be written as SQL",
            hint="name a part of it with with_columns() first",
        ) from error
    made.meta["part"] = _PARTS[str(type(operator).__struct_config__.tag)]
    return made


@singledispatch
def _statement(operator: Operator, inputs: tuple[tuple[Source, Schema], ...], dialect: Dialect) -> Statement:
    raise PlanError(f"{operator.verb}() is not written as SQL", expected=tuple(_PARTS))


@_statement.register
def _(operator: Filter, inputs: tuple[tuple[Source, Schema], ...], dialect: Dialect) -> Statement:
    made, schema = opened(inputs[0][0]), inputs[0][1]
    condition = coerced(operator.condition, schema, dialect, "bool")
    before = made.args.get("where")
    if before is not None:
        sides = (exp.Paren(this=side) if isinstance(side, exp.Or) else side for side in (before.this, condition))
        condition = exp.And(**dict(zip(("this", "expression"), sides, strict=True)))
    made.set("where", exp.Where(this=condition))
    return made


@_statement.register
def _(operator: Select, inputs: tuple[tuple[Source, Schema], ...], dialect: Dialect) -> Statement:
    made, schema = opened(inputs[0][0]), inputs[0][1]
    made.set("expressions", _projection(operator.columns, _made(operator, schema), schema, dialect))
    return made


@_statement.register
def _(operator: GroupBy, inputs: tuple[tuple[Source, Schema], ...], dialect: Dialect) -> Statement:
    made, schema = opened(inputs[0][0]), inputs[0][1]
    columns = operator.keys + operator.aggregates
    made.set("expressions", _projection(columns, _made(operator, schema), schema, dialect))
    if operator.keys and not operator.aggregates:
        made.set("distinct", exp.Distinct())
    elif operator.keys:
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
    return [
        named(value(column.expression, schema, dialect), physical)
        for column, physical in zip(columns, physical_names(made), strict=True)
    ]


@_statement.register
def _(operator: Sort, inputs: tuple[tuple[Source, Schema], ...], dialect: Dialect) -> Statement:
    made, schema = opened(inputs[0][0]), inputs[0][1]
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
def _(operator: Limit, inputs: tuple[tuple[Source, Schema], ...], dialect: Dialect) -> Statement:
    before = inputs[0][0]
    free = isinstance(before, exp.Select) and before.args.get("limit") is None
    made = before.copy() if isinstance(before, exp.Select) and free else wrapped(before)
    made.set("limit", exp.Limit(expression=exp.Literal.number(str(operator.rows))))
    return made


@_statement.register
def _(operator: Unpivot, inputs: tuple[tuple[Source, Schema], ...], dialect: Dialect) -> Statement:
    first, *rest = (_statement(part, inputs, dialect) for part in operator.parts(inputs[0][1]))
    made: Statement = first
    parts: list[exp.CTE] = []
    for other in rest:
        made = exp.Union(this=as_branch(made, parts), expression=as_branch(other, parts), distinct=False)
    if parts:
        made.set("with_", exp.With(expressions=parts))
    return made


@_statement.register
def _(operator: Explode, inputs: tuple[tuple[Source, Schema], ...], dialect: Dialect) -> Statement:
    made, schema = opened(inputs[0][0]), inputs[0][1]
    function = "EXPLODE" if dialect.name == "spark" else "UNNEST"
    shown = []
    for column, physical in zip(schema, physical_names(schema), strict=True):
        held = value(ColumnRef(name=column.name), schema, dialect)
        if column.name == operator.column:
            held = exp.Anonymous(this=function, expressions=[held])
        shown.append(named(held, physical))
    made.set("expressions", shown)
    return made


_SET_OPERATIONS: dict[type[SetOperation], type[exp.SetOperation]] = {
    Union: exp.Union,
    Intersect: exp.Intersect,
    Except: exp.Except,
}


@_statement.register
def _(operator: SetOperation, inputs: tuple[tuple[Source, Schema], ...], dialect: Dialect) -> Statement:
    made = _made(operator, *(schema for _, schema in inputs))
    parts: list[exp.CTE] = []
    left, right = (as_branch(_branch(before, schema, made, dialect), parts) for before, schema in inputs)
    combined = _SET_OPERATIONS[type(operator)](this=left, expression=right, distinct=False)
    if parts:
        combined.set("with_", exp.With(expressions=parts))
    return combined


def _branch(before: Source, schema: Schema, made: Schema, dialect: Dialect) -> exp.Select:
    """Return a SELECT of the columns of one side of a set operation, in the order and types of the result."""
    select = opened(before)
    columns = tuple(Named(name=c.name, expression=ColumnRef(name=c.name)) for c in made)
    shown = [coerced(column.expression, schema, dialect, made[column.name].type) for column in columns]
    select.set("expressions", [named(s, p) for s, p in zip(shown, physical_names(made), strict=True)])
    return select


@_statement.register
def _(operator: Join, inputs: tuple[tuple[Source, Schema], ...], dialect: Dialect) -> Statement:
    return joined(operator, inputs[0], inputs[1], dialect)
