"""What every expression and base operator means, in plain Python over lists of dicts: the judge of all platforms.

Written from the text of the design, not from any platform's code. It favours being obvious over being quick.
"""

from __future__ import annotations

import datetime as dt
import math
import statistics
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from jupyter_wayang.plan.expressions import (
    Aggregate,
    Binary,
    Call,
    Case,
    Cast,
    ColumnRef,
    Expression,
    IsIn,
    IsNull,
    Literal,
    Negate,
    Not,
    Shift,
    Window,
    type_of,
)
from jupyter_wayang.plan.operators import (
    AnyOperator,
    Explode,
    Filter,
    GroupBy,
    Intersect,
    Join,
    Limit,
    Select,
    SetOperation,
    Sort,
    Union,
    Unpivot,
)
from jupyter_wayang.plan.schema import Schema, common_type
from jupyter_wayang.plan.types import decimal_of
from jupyter_wayang.testing import reference_functions as functions
from jupyter_wayang.testing import reference_windows as windows
from jupyter_wayang.testing.reference_functions import Refused

__all__ = ["Row", "Rows", "apply", "evaluate", "moment"]

Row = dict[str, Any]
Rows = list[Row]

LEAST, MOST = -(2**63), 2**63 - 1
WHOLE = 2.0**52


def _int(made: int) -> int:
    if not LEAST <= made <= MOST:
        raise Refused(f"{made} is no 64-bit integer")
    return made


def _float(made: float) -> float | None:
    return None if math.isnan(made) else made


def moment(held: Any, type_: str) -> Any:
    """Widen a date to a timestamp, a number to a float or a decimal with more digits."""
    if held is None:
        return None
    if type_ == "timestamp" and not isinstance(held, dt.datetime):
        return dt.datetime(held.year, held.month, held.day)  # noqa: DTZ001
    if decimal_of(type_):
        return functions.fitted(Decimal(held), type_)
    return float(held) if type_ == "float64" else held


def evaluate(expression: Expression, row: Row, schema: Schema, group: Rows | None = None) -> Any:
    """Evaluate an expression over a row, an aggregate over a group of rows, and a window over all of them."""
    ev = lambda part: evaluate(part, row, schema, group)  # noqa: E731
    match expression:
        case ColumnRef(name=name):
            return row[name]
        case Literal(value=held, type=type_):
            if held is not None and type_ == "date":
                return dt.date.fromisoformat(str(held))
            if held is not None and type_ == "timestamp":
                return dt.datetime.fromisoformat(str(held))
            return moment(held, type_)
        case Not(arg=arg):
            held = ev(arg)
            return None if held is None else not held
        case Negate(arg=arg):
            held = ev(arg)
            if isinstance(held, Decimal):
                return functions.EXACT.minus(held)
            return None if held is None else _int(-held) if isinstance(held, int) else -held
        case Shift(arg=arg, months=months, days=days, microseconds=microseconds):
            held = ev(arg)
            return None if held is None else functions.shifted(held, months, days, microseconds)
        case Window(args=args):
            assert group is not None
            types = [type_of(arg, schema) for arg in args]
            made = windows.windowed(
                expression,
                row,
                group,
                lambda part, each: evaluate(part, each, schema),
                lambda function, kept: _aggregate(function, kept, types[0]),
            )
            return moment(made, type_of(expression, schema)) if expression.function in ("lag", "lead") else made
        case IsNull(arg=arg):
            return ev(arg) is None
        case IsIn(arg=arg, values=values):
            held = ev(arg)
            known = [ev(value) for value in values if value.value is not None]
            return None if held is None else any(_same(held, value) for value in known)
        case Case(condition=condition, then=then, otherwise=otherwise):
            return moment(ev(then if ev(condition) is True else otherwise), type_of(expression, schema))
        case Cast(arg=arg, to=to):
            return _cast(ev(arg), type_of(arg, schema), to)
        case Call(function=function, args=args):
            return _call(function, [ev(arg) for arg in args], type_of(expression, schema))
        case Aggregate(function=function, arg=arg, other=other):
            assert group is not None
            if arg is None:
                return len(group)
            if other is not None or function in ("median", "collect"):
                return _of_several(expression, group, schema)
            kept = [held for held in (evaluate(arg, each, schema) for each in group) if held is not None]
            return _aggregate(function, kept, type_of(arg, schema))
        case Binary(op=op, left=left, right=right):
            a, b, to = ev(left), ev(right), type_of(expression, schema)
            if decimal_of(to):
                return None if a is None or b is None else functions.exact(op, a, b, to)
            return _binary(op, a, b, type_of(left, schema), type_of(right, schema))
    raise AssertionError(expression)


def _of_several(aggregate: Aggregate, group: Rows, schema: Schema) -> Any:
    """Evaluate an aggregate that looks at several values at once, or at pairs of them."""
    assert aggregate.arg is not None
    args = (aggregate.arg,) if isinstance(aggregate.other, Literal) else aggregate.args
    pairs = [tuple(evaluate(arg, each, schema) for arg in args) for each in group]
    pairs = [pair for pair in pairs if None not in pair]
    function = aggregate.function
    if function in ("median", "quantile"):
        part = aggregate.other.value if isinstance(aggregate.other, Literal) else 0.5
        return windows.quantile([float(value) for (value,) in pairs], float(part or 0))
    if function == "collect":
        return sorted(value for (value,) in pairs) or None
    if function in ("first", "last", "arg_min", "arg_max"):
        return windows.extreme(pairs, greatest=function in ("last", "arg_max"))  # type: ignore[arg-type]
    floats = [(float(a), float(b)) for a, b in pairs]
    return (windows.correlation if function == "corr" else windows.covariance)(floats)


def _same(first: Any, second: Any) -> bool:
    if isinstance(first, dt.date) and isinstance(second, dt.date):
        return bool(moment(first, "timestamp") == moment(second, "timestamp"))
    return bool(first == second)


def _binary(op: str, a: Any, b: Any, left: str, right: str) -> Any:
    if op == "and":
        return False if a is False or b is False else None if a is None or b is None else True
    if op == "or":
        return True if a is True or b is True else None if a is None or b is None else False
    if a is None or b is None:
        return None
    common = common_type(left, right) or "null"  # type: ignore[arg-type]
    if op in ("==", "!=", "<", "<=", ">", ">="):
        a, b = moment(a, common), moment(b, common)
        compare: dict[str, Callable[[Any, Any], bool]] = {
            "==": lambda x, y: x == y,
            "!=": lambda x, y: x != y,
            "<": lambda x, y: x < y,
            "<=": lambda x, y: x <= y,
            ">": lambda x, y: x > y,
            ">=": lambda x, y: x >= y,
        }
        return compare[op](a, b)
    if op in ("/", "**") or common == "float64":
        return _floats(op, float(a), float(b))
    if op in ("//", "%") and b == 0:
        return None
    made = {"+": a + b, "-": a - b, "*": a * b, "//": a // b if b else 0, "%": a % b if b else 0}[op]
    return _int(made)


def _floats(op: str, a: float, b: float) -> float | None:
    if op == "**":
        return _power(a, b)
    if op in ("/", "//", "%") and b == 0:
        return None
    if op in ("+", "-", "*"):
        return _float({"+": a + b, "-": a - b, "*": a * b}[op])
    quotient = _float(a / b)
    if op == "/" or quotient is None:
        return quotient
    floored = _floor(quotient)
    return floored if op == "//" else _float(a - b * floored)


def _power(a: float, b: float) -> float | None:
    try:
        made = math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    except ValueError:  # zero to a negative power, or a root of a negative number
        return math.inf if a == 0 else None
    return _float(made)


def _floor(x: float) -> float:
    return float(math.floor(x)) if abs(x) < WHOLE else x


def _round(x: float, digits: int) -> float:
    scale = 10.0 ** abs(digits)
    limit = WHOLE / scale if digits >= 0 else WHOLE * scale
    if not abs(x) < limit:
        return x
    whole = math.floor((abs(x) * scale if digits >= 0 else abs(x) / scale) + 0.5)
    return math.copysign(whole / scale if digits >= 0 else whole * scale, x)


def _cast(held: Any, found: str, to: str) -> Any:
    if held is None or found == to:
        return held
    if decimal_of(to):
        return functions.to_decimal(held, found, to)
    if decimal_of(found):
        return functions.from_decimal(held, to)
    if to == "string":
        return {True: "true", False: "false"}[held] if found == "bool" else str(held)
    if to == "bool":
        return {"true": True, "false": False}[held.lower()] if found == "string" else held != 0
    if to == "int64":
        try:
            return _int(int(held))
        except (ValueError, OverflowError) as error:
            raise Refused(str(error)) from error
    if to == "float64":
        try:
            return _float(float(held))
        except ValueError as error:
            raise Refused(str(error)) from error
    return _cast_moment(held, found, to)


def _cast_moment(held: Any, found: str, to: str) -> Any:
    if found == "string":
        try:
            held = dt.datetime.fromisoformat(held) if to == "timestamp" else dt.date.fromisoformat(held)
        except ValueError as error:
            raise Refused(str(error)) from error
    if to == "date":
        return held.date() if isinstance(held, dt.datetime) else held
    return moment(held, "timestamp")


def _call(function: str, args: list[Any], type_: str) -> Any:
    if function == "coalesce":
        return next((moment(arg, type_) for arg in args if arg is not None), None)
    if any(arg is None for arg in args):
        return None
    return moment(_CALLS[function](*args), type_)


def _signum(x: float) -> float:
    return float((x > 0) - (x < 0))


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


_CALLS: dict[str, Callable[..., Any]] = {
    **functions.FUNCTIONS,
    "upper": str.upper,
    "lower": str.lower,
    "strip": str.strip,
    "length": len,
    "contains": lambda text, part: part in text,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "replace": lambda text, old, new: text.replace(old, new) if old else text,
    "concat": lambda *parts: "".join(parts),
    "year": lambda when: when.year,
    "month": lambda when: when.month,
    "day": lambda when: when.day,
    "abs": lambda x: _int(abs(x)) if isinstance(x, int) else x.copy_abs() if isinstance(x, Decimal) else abs(x),
    "sign": _signum,
    "floor": lambda x: _floor(float(x)),
    "ceil": lambda x: -_floor(-float(x)),
    "round": lambda x, digits=0: _round(float(x), digits),
    "sqrt": lambda x: math.sqrt(x) if x >= 0 else None,
    "exp": _exp,
    "log": lambda x: math.log(x) if x > 0 else None,
}


def _aggregate(function: str, kept: list[Any], type_: str) -> Any:
    if function == "count":
        return len(kept)
    if function == "n_unique":
        return len(set(kept))
    if not kept or (function in ("var", "std") and len(kept) < 2):
        return None
    if function == "sum":
        if decimal_of(type_):
            return functions.fitted(functions.total(kept), f"decimal(38, {decimal_of(type_).scale})")  # type: ignore[union-attr]
        return (
            _int(sum(kept))
            if type_ == "int64"
            else _float(math.fsum(kept) if all(map(math.isfinite, kept)) else sum(kept))
        )
    if function == "mean":
        return _float(float(functions.total(kept) if decimal_of(type_) else sum(kept)) / len(kept))
    kept = [float(held) for held in kept] if decimal_of(type_) and function in ("var", "std") else kept
    if function in ("var", "std"):
        if not all(map(math.isfinite, kept)):
            return None
        return float({"var": statistics.variance, "std": statistics.stdev}[function](map(float, kept)))
    return {"min": min, "max": max, "any": any, "all": all}[function](kept)


def apply(operator: AnyOperator, inputs: list[tuple[Rows, Schema]]) -> Rows:
    """Run a base operator, or the base operators that another is lowered to."""
    first, *rest = operator.lowered(tuple(schema for _, schema in inputs))
    if rest or first is not operator:
        made = apply(first, inputs)  # type: ignore[arg-type]
        for later in rest:
            (schema,) = first.outputs(tuple(schema for _, schema in inputs))
            inputs, first = [(made, schema)], later  # type: ignore[list-item]
            made = apply(later, inputs)  # type: ignore[arg-type]
        return made
    rows, schema = inputs[0]
    match operator:
        case Filter(condition=condition):
            return [row for row in rows if evaluate(condition, row, schema) is True]
        case Select(columns=columns):
            return [{column.name: evaluate(column.expression, row, schema, rows) for column in columns} for row in rows]
        case Limit(rows=most):
            return rows[:most]
        case Sort():
            return _sorted(operator, rows, schema)
        case GroupBy():
            return _grouped(operator, rows, schema)
        case Join():
            return _joined(operator, inputs[0], inputs[1])
        case Explode(column=name):
            return [{**row, name: item} for row in rows for item in row[name] or ()]
        case Unpivot():
            return [
                {column.name: evaluate(column.expression, row, schema) for column in part.columns}
                for part in operator.parts(schema)
                for row in rows
            ]
        case SetOperation():
            return _combined(operator, inputs[0], inputs[1])
    raise AssertionError(operator)


def _sorted(operator: Sort, rows: Rows, schema: Schema) -> Rows:
    made = list(rows)
    for key in reversed(operator.keys):  # a stable sort by the last key first
        held = [(evaluate(key.expression, row, schema), row) for row in made]
        known = sorted((pair for pair in held if pair[0] is not None), key=lambda pair: pair[0], reverse=key.descending)
        made = [row for _, row in known] + [row for value, row in held if value is None]
    return made


def _grouped(operator: GroupBy, rows: Rows, schema: Schema) -> Rows:
    groups: dict[tuple[Any, ...], Rows] = {} if operator.keys else {(): []}
    for row in rows:
        groups.setdefault(tuple(evaluate(key.expression, row, schema) for key in operator.keys), []).append(row)
    return [
        {
            **dict(zip((key.name for key in operator.keys), held, strict=True)),
            **{column.name: evaluate(column.expression, {}, schema, group) for column in operator.aggregates},
        }
        for held, group in groups.items()
    ]


def _joined(operator: Join, left: tuple[Rows, Schema], right: tuple[Rows, Schema]) -> Rows:
    (ours, left_schema), (theirs, right_schema) = left, right
    names = operator.right_names(left_schema, right_schema)
    sides, matched = operator.sides(left_schema, right_schema), operator.matched(left_schema, right_schema)

    def near(a: Row, b: Row) -> bool:
        if not all(a[x] is not None and b[y] is not None and _same(a[x], b[y]) for x, y in operator.on):
            return False
        return (
            operator.where is None
            or evaluate(operator.where, {**a, **{new: b[old] for old, new in sides}}, matched) is True
        )

    def match(a: Row, b: Row) -> bool:
        return near(a, b) and (operator.as_of is None or b is _as_of(operator, a, theirs, near, right_schema))

    if operator.how in ("semi", "anti"):
        return [a for a in ours if any(match(a, b) for b in theirs) == (operator.how == "semi")]
    pairs = [(a, b) for a in ours for b in theirs if match(a, b)]
    made = [{**a, **{new: b[old] for old, new in names}} for a, b in pairs]
    if operator.how in ("left", "full"):
        made += [{**a, **{new: None for _, new in names}} for a in ours if not any(match(a, b) for b in theirs)]
    if operator.how == "full":
        keys, (full,) = dict(operator.on), operator.outputs((left_schema, right_schema))
        made = [{**row, **{key: moment(row[key], full[key].type) for key in keys}} for row in made]
        for b in theirs:
            if not any(match(a, b) for a in ours):
                row = {
                    name: moment(b[keys[name]], full[name].type) if name in keys else None for name in left_schema.names
                }
                made.append({**row, **{new: b[old] for old, new in names}})
    return made


def _as_of(operator: Join, a: Row, theirs: Rows, near: Callable[[Row, Row], bool], schema: Schema) -> Row | None:
    mine, its = operator.as_of or ("", "")
    if a[mine] is None:
        return None
    before = [b for b in theirs if b[its] is not None and near(a, b) and not _later(b[its], a[mine])]
    order = [its, *schema.names]
    return max(before, key=lambda b: [(b[name] is None, b[name] or 0) for name in order], default=None)


def _later(a: Any, b: Any) -> bool:
    kind = "timestamp" if isinstance(a, dt.date) else ""
    return bool(moment(a, kind) > moment(b, kind))


def _combined(operator: SetOperation, left: tuple[Rows, Schema], right: tuple[Rows, Schema]) -> Rows:
    (made,) = operator.outputs((left[1], right[1]))
    ours, theirs = ([{c.name: moment(row[c.name], c.type) for c in made} for row in rows] for rows, _ in (left, right))
    if isinstance(operator, Union):
        return ours + theirs
    kept: Rows = []
    for row in ours:
        there = row in theirs
        if there:
            theirs.remove(row)
        if there == isinstance(operator, Intersect):
            kept.append(row)
    return kept
