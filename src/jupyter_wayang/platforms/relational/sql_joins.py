"""Joins as SQL."""

from __future__ import annotations

from itertools import count

from sqlglot import exp

from jupyter_wayang.plan.expressions import ColumnRef
from jupyter_wayang.plan.operators import Join
from jupyter_wayang.plan.operators.operator import rows_in
from jupyter_wayang.plan.schema import Schema, common_type, unused
from jupyter_wayang.plan.types import DataType, item_of
from jupyter_wayang.platforms.relational.dialects import Dialect, physical_names
from jupyter_wayang.platforms.relational.sql_expressions import cast, coerced
from jupyter_wayang.platforms.relational.sql_parts import Source, Statement, as_table, named, wrapped

__all__ = ["joined"]

_JOINS = {"left": {"side": "LEFT"}, "full": {"side": "FULL"}, "cross": {"kind": "CROSS"}}


def joined(operator: Join, left: tuple[Source, Schema], right: tuple[Source, Schema], dialect: Dialect) -> Statement:
    """Write a join of two sources."""
    ours = _Side("l", left[1], right[1], schema=left[1])
    theirs = _Side("r", left[1], right[1], schema=right[1])
    parts: list[exp.CTE] = []
    first = as_table(left[0], parts, ours.alias)
    after = None
    if operator.as_of is not None:
        after = unused("after", left[1], right[1])
        second = as_table(_until_next(operator, *right, after, dialect), parts, theirs.alias)
    else:
        second = as_table(right[0], parts, theirs.alias)
    on = _conditions(operator, ours, theirs, after, dialect)
    if operator.how in ("semi", "anti") and not dialect.joins_by_hash:
        made = _by_place(operator, left, second, _all(on), ours, parts)
    elif operator.how in ("semi", "anti"):
        inner = exp.Select(
            expressions=[exp.Literal.number("1")], from_=exp.From(this=second), where=exp.Where(this=_all(on))
        )
        made = exp.Select(expressions=[exp.Star()], from_=exp.From(this=first))
        made.set("where", _kept(exp.Exists(this=inner), operator))
    else:
        kind = _JOINS.get(operator.how, {})
        if operator.how == "inner" and not dialect.joins_by_hash:
            kind = _JOINS["cross"]  # SQLite looks up in what stands second, in this order
            first, second = (second, first) if _grouped(left[0]) else (first, second)
        join = exp.Join(this=second, **kind, **({"on": _all(on)} if on else {}))
        made = exp.Select(expressions=_shown(operator, ours, theirs, dialect), from_=exp.From(this=first), joins=[join])
    if operator.broadcast and dialect.name == "spark" and operator.how not in ("semi", "anti"):
        asked = exp.Anonymous(this="BROADCAST", expressions=[exp.to_identifier(theirs.alias)])
        made.set("hint", exp.Hint(expressions=[asked]))
    if parts:
        made.set("with_", exp.With(expressions=parts))
    return made


def _grouped(side: Source) -> bool:
    """Tell whether SQLite takes a side for at most 100 rows, and would look through all of the other for each."""
    return side.find(exp.Group) is not None


def _kept(found: exp.Expr, operator: Join) -> exp.Where:
    return exp.Where(this=exp.Not(this=found) if operator.how == "anti" else found)


def _by_place(
    operator: Join,
    left: tuple[Source, Schema],
    second: exp.Table,
    condition: exp.Expr,
    ours: _Side,
    parts: list[exp.CTE],
) -> exp.Select:
    """Write a semi or anti join over numbered rows: the numbers that a join finds are looked up, once for all rows."""
    place = unused("place", left[1])
    number = exp.Window(this=exp.RowNumber())
    numbered = exp.Select(
        expressions=[exp.Star(), named(number, place)], from_=exp.From(this=as_table(left[0], parts, None))
    )
    numbered.meta["part"] = "numbered"
    first = as_table(numbered, parts, ours.alias)
    found = exp.Select(
        expressions=[exp.column(place, table=ours.alias, quoted=True)],
        from_=exp.From(this=first),
        joins=[exp.Join(this=second, on=condition)],
    )
    member = exp.In(this=exp.column(place, quoted=True), query=exp.Subquery(this=found))
    columns: list[exp.Expr] = [exp.column(name, quoted=True) for name in physical_names(left[1])]
    again = exp.Table(this=first.this.copy())
    return exp.Select(expressions=columns, from_=exp.From(this=again), where=_kept(member, operator))


class _Side:
    """One input of a join, under an alias that no column bears: engines would take it for the column."""

    def __init__(self, alias: str, *schemas: Schema, schema: Schema) -> None:
        taken = {name.casefold() for each in schemas for name in each.names}
        self.alias = (
            alias if alias not in taken else next(f"{alias}{n}" for n in count(1) if f"{alias}{n}" not in taken)
        )
        self.schema = schema

    def __getitem__(self, name: str) -> exp.Column:
        physical = physical_names(self.schema)[self.schema.names.index(name)]
        return exp.column(physical, table=self.alias, quoted=True)

    def typed(self, name: str, wanted: DataType, dialect: Dialect) -> exp.Expr:
        """Return a column as a value of a type."""
        return self[name] if self.schema[name].type == wanted else cast(self[name], wanted, dialect)


def _pair(ours: _Side, theirs: _Side, pair: tuple[str, str], dialect: Dialect) -> tuple[exp.Expr, exp.Expr]:
    """Return a column of each side in the type that holds both."""
    first, second = ours.schema[pair[0]].type, theirs.schema[pair[1]].type
    common = common_type(first, second) or first
    return ours.typed(pair[0], common, dialect), theirs.typed(pair[1], common, dialect)


def _conditions(operator: Join, ours: _Side, theirs: _Side, after: str | None, dialect: Dialect) -> list[exp.Expr]:
    found: list[exp.Expr] = []
    for pair in operator.on:
        first, second = _pair(ours, theirs, pair, dialect)
        found.append(exp.EQ(this=first, expression=second))
    if operator.as_of is not None and after is not None:
        first, second = _pair(ours, theirs, operator.as_of, dialect)
        found.append(exp.GTE(this=first, expression=second))
        next_ = exp.column(after, table=theirs.alias, quoted=True)
        common = common_type(ours.schema[operator.as_of[0]].type, theirs.schema[operator.as_of[1]].type)
        end = next_ if common in (None, theirs.schema[operator.as_of[1]].type) else cast(next_, common, dialect)
        last = exp.Is(this=next_.copy(), expression=exp.Null())
        found.append(exp.Paren(this=exp.Or(this=exp.LT(this=first.copy(), expression=end), expression=last)))
    if operator.where is not None:
        found.append(_qualified(operator, ours, theirs, dialect))
    return found


def _qualified(operator: Join, ours: _Side, theirs: _Side, dialect: Dialect) -> exp.Expr:
    """Return the condition, each column with the side that it is of."""
    matched = operator.matched(ours.schema, theirs.schema)
    right = [old for old, _ in operator.sides(ours.schema, theirs.schema)]
    sources = [*(ours[name] for name in ours.schema.names), *(theirs[name] for name in right)]
    columns = dict(zip(physical_names(matched), sources, strict=True))
    condition = coerced(operator.where or ColumnRef(name=""), matched, dialect, "bool")

    def side(node: exp.Expr) -> exp.Expr:
        return columns[node.name].copy() if isinstance(node, exp.Column) and not node.table else node

    made = condition.transform(side)
    return exp.Paren(this=made) if isinstance(made, exp.Or) else made


def _until_next(operator: Join, before: Source, schema: Schema, after: str, dialect: Dialect) -> exp.Select:
    """Return the right rows with the value of the next one, up to which each holds; of equal ones the last holds."""
    _, moment = operator.as_of or ("", "")
    side = _Side("", schema, schema=schema)

    def column(name: str) -> exp.Column:
        return exp.column(side[name].name, quoted=True)

    order = [column(moment), *(column(c.name) for c in schema if c.name != moment and not item_of(c.type))]
    window = exp.Window(
        this=exp.Lead(this=column(moment)),
        partition_by=[column(theirs) for _, theirs in operator.on],
        order=exp.Order(expressions=[exp.Ordered(this=one, nulls_first=False) for one in order]),
    )
    select = wrapped(before)
    select.set("expressions", [exp.Star(), exp.Alias(this=window, alias=exp.to_identifier(after, quoted=True))])
    null = exp.Is(this=column(moment), expression=exp.Null())
    select.set("where", exp.Where(this=exp.Not(this=null)))
    select.meta["part"] = "lasting"
    return select


def _shown(operator: Join, ours: _Side, theirs: _Side, dialect: Dialect) -> list[exp.Expr]:
    """Return the columns of a join; in a full one the key comes from whichever side has the row."""
    left, right = ours.schema, theirs.schema
    made = rows_in(operator, operator.outputs((left, right)))
    columns: dict[str, exp.Expr] = {name: ours[name] for name in left.names}
    if operator.how == "full":
        for pair in operator.on:
            first, second = _pair(ours, theirs, pair, dialect)
            columns[pair[0]] = exp.Coalesce(this=first, expressions=[second])
    shown = [*columns.values(), *(theirs[name] for name, _ in operator.right_names(left, right))]
    return [named(column, physical) for column, physical in zip(shown, physical_names(made), strict=True)]


def _all(conditions: list[exp.Expr]) -> exp.Expr:
    first, *rest = conditions
    for condition in rest:
        first = exp.And(this=first, expression=condition)
    return first
