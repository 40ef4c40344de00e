"""Scalar and aggregate expressions: frozen values whose types are inferred, never declared."""

from __future__ import annotations

import json
import keyword
import math
import unicodedata
from collections.abc import Callable, Iterator
from functools import singledispatch
from typing import Literal as Choice

import msgspec

from jupyter_wayang.errors import ExpressionTypeError, NameUnknownError, OperatorError, closest
from jupyter_wayang.plan.schema import NUMERIC, DataType, Schema, common_type

__all__ = [
    "AGGREGATES",
    "FUNCTIONS",
    "MAX_DEPTH",
    "Aggregate",
    "Binary",
    "Call",
    "Case",
    "Cast",
    "ColumnRef",
    "Expression",
    "IsIn",
    "IsNull",
    "Literal",
    "Named",
    "Negate",
    "Not",
    "children",
    "columns_of",
    "conjuncts",
    "substitute",
    "text",
    "type_of",
    "walk",
]

MAX_DEPTH = 200
BinaryOp = Choice["+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "and", "or"]
_ARITHMETIC = {"+", "-", "*", "/", "//", "%", "**"}
_COMPARISON = {"==", "!=", "<", "<=", ">", ">="}


class Expression(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="tag"):
    """What all expressions share; see the subclasses."""

    def __post_init__(self) -> None:
        deepest = max((_depth(child) for child in children(self)), default=0)
        if deepest >= MAX_DEPTH:
            raise OperatorError(
                f"the expression is nested deeper than {MAX_DEPTH} levels",
                hint="name a part of it with with_columns() first",
            )


class ColumnRef(Expression, frozen=True, kw_only=True, tag="column"):
    """The value of a column."""

    name: str


class Literal(Expression, frozen=True, kw_only=True, tag="literal"):
    """A constant. Dates and timestamps are ISO text with their type; a null has type ``null`` or the type asked for."""

    value: bool | int | float | str | None
    type: DataType

    @classmethod
    def of(cls, value: bool | float | str | None) -> Literal:
        """Make a literal from a Python value.

        Examples
        --------
        >>> Literal.of(3).type
        'int64'
        """
        kinds: dict[type, DataType] = {bool: "bool", int: "int64", float: "float64", str: "string", type(None): "null"}
        kind = kinds.get(type(value))
        if kind is None:
            raise ExpressionTypeError(f"a {type(value).__name__} cannot stand in an expression")
        if kind == "int64" and not -(2**63) <= int(value or 0) < 2**63:
            shown = value if abs(int(value or 0)) < 10**40 else "the number"
            raise ExpressionTypeError(f"{shown} does not fit into a 64-bit integer")
        if isinstance(value, str) and not value.isascii() and any("\ud800" <= sign <= "\udfff" for sign in value):
            raise ExpressionTypeError("a text has a character that no text can hold")
        if isinstance(value, float) and math.isnan(value):  # NaN is null from the moment it enters
            return cls(value=None, type="float64")
        return cls(value=value, type=kind)


class Not(Expression, frozen=True, kw_only=True, tag="not"):
    """Three-valued negation: not null is null."""

    arg: AnyExpression


class Negate(Expression, frozen=True, kw_only=True, tag="negate"):
    """Minus a number."""

    arg: AnyExpression


class Binary(Expression, frozen=True, kw_only=True, tag="binary"):
    """An arithmetic, comparing or boolean operation of two operands."""

    op: BinaryOp
    left: AnyExpression
    right: AnyExpression


class IsNull(Expression, frozen=True, kw_only=True, tag="is_null"):
    """Whether the operand is null; never null itself."""

    arg: AnyExpression


class IsIn(Expression, frozen=True, kw_only=True, tag="is_in"):
    """Whether the operand equals one of some constants; null if the operand is null."""

    arg: AnyExpression
    values: tuple[Literal, ...]


class Case(Expression, frozen=True, kw_only=True, tag="case"):
    """``then`` where the condition is true, else ``otherwise`` (also where the condition is null)."""

    condition: AnyExpression
    then: AnyExpression
    otherwise: AnyExpression


class Cast(Expression, frozen=True, kw_only=True, tag="cast"):
    """The operand as another type; float to int truncates; what cannot be read is an error."""

    arg: AnyExpression
    to: DataType


class Call(Expression, frozen=True, kw_only=True, tag="call"):
    """A function from :data:`FUNCTIONS`."""

    function: str
    args: tuple[AnyExpression, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        signature = FUNCTIONS.get(self.function)
        if signature is None:
            guess = closest(self.function, [*FUNCTIONS, *AGGREGATES])
            raise NameUnknownError(
                f'there is no function "{self.function}".' + (f" Did you mean {guess}?" if guess else ""),
                found=self.function,
                expected=tuple(FUNCTIONS),
            )
        if not signature.least <= len(self.args) <= signature.most:
            wanted = str(signature.least) if signature.least == signature.most else f"{signature.least} or more"
            raise OperatorError(f"{self.function}() takes {wanted} arguments, not {len(self.args)}")


class Aggregate(Expression, frozen=True, kw_only=True, tag="aggregate"):
    """One value for a group of rows. Nulls are left out; of no values it is null, and a count is 0."""

    function: str
    arg: AnyExpression | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.function not in AGGREGATES:
            raise NameUnknownError(f'there is no aggregate "{self.function}"', expected=tuple(AGGREGATES))
        if self.arg is None and self.function != "count":
            raise OperatorError(f"{self.function}() needs an expression, as in {self.function}(age)")
        if self.arg is not None and any(isinstance(inner, Aggregate) for inner in walk(self.arg)):
            raise OperatorError("an aggregate of an aggregate needs a group_by().agg() of its own for the inner one")


AnyExpression = ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Call | Aggregate


class Named(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An expression and the name of the column that it makes."""

    name: str
    expression: AnyExpression


class _Signature(msgspec.Struct, frozen=True):
    least: int
    most: int
    types: Callable[[tuple[DataType, ...]], DataType | None]


def _all(wanted: frozenset[str], result: DataType | None = None) -> Callable[[tuple[DataType, ...]], DataType | None]:
    def check(types: tuple[DataType, ...]) -> DataType | None:
        if not all(t in wanted or t == "null" for t in types):
            return None
        return result or types[0]

    return check


def _first_then_int(types: tuple[DataType, ...]) -> DataType | None:
    return "float64" if types[0] in NUMERIC | {"null"} and set(types[1:]) <= {"int64"} else None


def _common(types: tuple[DataType, ...]) -> DataType | None:
    found: DataType | None = "null"
    for type_ in types:
        found = common_type(found, type_) if found is not None else None
    return found


_TEXT: frozenset[str] = frozenset({"string"})
_MOMENT: frozenset[str] = frozenset({"date", "timestamp"})

FUNCTIONS: dict[str, _Signature] = {
    "upper": _Signature(1, 1, _all(_TEXT, "string")),
    "lower": _Signature(1, 1, _all(_TEXT, "string")),
    "strip": _Signature(1, 1, _all(_TEXT, "string")),
    "length": _Signature(1, 1, _all(_TEXT, "int64")),
    "contains": _Signature(2, 2, _all(_TEXT, "bool")),
    "starts_with": _Signature(2, 2, _all(_TEXT, "bool")),
    "ends_with": _Signature(2, 2, _all(_TEXT, "bool")),
    "replace": _Signature(3, 3, _all(_TEXT, "string")),
    "concat": _Signature(2, 20, _all(_TEXT, "string")),
    "year": _Signature(1, 1, _all(_MOMENT, "int64")),
    "month": _Signature(1, 1, _all(_MOMENT, "int64")),
    "day": _Signature(1, 1, _all(_MOMENT, "int64")),
    "abs": _Signature(1, 1, _all(NUMERIC)),
    "sign": _Signature(1, 1, _all(NUMERIC, "float64")),
    "floor": _Signature(1, 1, _all(NUMERIC, "float64")),
    "ceil": _Signature(1, 1, _all(NUMERIC, "float64")),
    "round": _Signature(1, 2, _first_then_int),
    "sqrt": _Signature(1, 1, _all(NUMERIC, "float64")),
    "exp": _Signature(1, 1, _all(NUMERIC, "float64")),
    "log": _Signature(1, 1, _all(NUMERIC, "float64")),
    "coalesce": _Signature(1, 20, _common),
}
"""Functions that mean the same on every relational platform: least and most arguments, and the type of the result."""

AGGREGATES: dict[str, Callable[[DataType], DataType | None]] = {
    "count": lambda _: "int64",
    "sum": lambda t: t if t in NUMERIC else None,
    "mean": lambda t: "float64" if t in NUMERIC else None,
    "min": lambda t: t if t != "bool" else None,
    "max": lambda t: t if t != "bool" else None,
    "var": lambda t: "float64" if t in NUMERIC else None,
    "std": lambda t: "float64" if t in NUMERIC else None,
    "n_unique": lambda _: "int64",
    "any": lambda t: "bool" if t == "bool" else None,
    "all": lambda t: "bool" if t == "bool" else None,
}
"""Aggregates and the type that they make of a type. ``var`` and ``std`` divide by n - 1; ``n_unique`` leaves out null."""


def children(expression: Expression) -> tuple[Expression, ...]:
    """Return the operands of an expression, in order."""
    found: list[Expression] = []
    for name in expression.__struct_fields__:
        value = getattr(expression, name)
        if isinstance(value, Expression):
            found.append(value)
        elif isinstance(value, tuple):
            found += [item for item in value if isinstance(item, Expression)]
    return tuple(found)


def walk(expression: Expression) -> Iterator[Expression]:
    """Yield the expression and all that it is made of."""
    stack = [expression]
    while stack:
        current = stack.pop()
        yield current
        stack += children(current)


def _depth(expression: Expression) -> int:
    deepest, level = 0, [expression]
    while level:
        deepest += 1
        level = [child for item in level for child in children(item)]
    return deepest


def columns_of(expression: Expression) -> tuple[str, ...]:
    """Return the names of the columns that an expression reads, each once, in order of first use.

    Examples
    --------
    >>> columns_of(Binary(op=">", left=ColumnRef(name="age"), right=Literal.of(18)))
    ('age',)
    """
    return tuple(dict.fromkeys(_columns(expression)))


def _columns(expression: Expression) -> Iterator[str]:
    if isinstance(expression, ColumnRef):
        yield expression.name
    for child in children(expression):
        yield from _columns(child)


def conjuncts(expression: AnyExpression) -> tuple[AnyExpression, ...]:
    """Split a condition at its outer ``and``."""
    if isinstance(expression, Binary) and expression.op == "and":
        return conjuncts(expression.left) + conjuncts(expression.right)
    return (expression,)


def substitute(expression: AnyExpression, columns: dict[str, AnyExpression]) -> AnyExpression:
    """Replace references to columns by expressions.

    Examples
    --------
    >>> text(substitute(ColumnRef(name="a"), {"a": Literal.of(1)}))
    '1'
    """
    if isinstance(expression, ColumnRef):
        return columns.get(expression.name, expression)
    changed: dict[str, object] = {}
    for name in expression.__struct_fields__:
        value = getattr(expression, name)
        if isinstance(value, Expression):
            changed[name] = substitute(value, columns)  # type: ignore[arg-type]
        elif isinstance(value, tuple):
            changed[name] = tuple(substitute(v, columns) if isinstance(v, Expression) else v for v in value)  # type: ignore[arg-type]
    return msgspec.structs.replace(expression, **changed) if changed else expression


def type_of(expression: Expression, schema: Schema) -> DataType:
    """Infer the type of an expression over the columns of a schema.

    Raises
    ------
    ColumnError
        If a column is not there.
    ExpressionTypeError
        If the types do not go together; the message shows the part that fails.

    Examples
    --------
    >>> type_of(Binary(op="/", left=ColumnRef(name="a"), right=Literal.of(2)), Schema.of(a="int64"))
    'float64'
    """
    return _type_of(expression, schema)


@singledispatch
def _type_of(expression: Expression, schema: Schema) -> DataType:
    raise ExpressionTypeError(f"{type(expression).__name__} is not an expression")


@_type_of.register
def _(expression: ColumnRef, schema: Schema) -> DataType:
    return schema[expression.name].type


@_type_of.register
def _(expression: Literal, schema: Schema) -> DataType:
    return expression.type


@_type_of.register
def _(expression: Not, schema: Schema) -> DataType:
    _expect(expression.arg, schema, {"bool"}, "not")
    return "bool"


@_type_of.register
def _(expression: Negate, schema: Schema) -> DataType:
    return _expect(expression.arg, schema, set(NUMERIC), "-")


@_type_of.register
def _(expression: Binary, schema: Schema) -> DataType:
    op = expression.op
    if op in ("and", "or"):
        _expect(expression.left, schema, {"bool"}, op)
        _expect(expression.right, schema, {"bool"}, op)
        return "bool"
    left, right = type_of(expression.left, schema), type_of(expression.right, schema)
    common = common_type(left, right)
    if op in _COMPARISON:
        if common is None:
            raise _mixed(expression, left, right)
        return "bool"
    if common not in NUMERIC | {"null"}:
        raise _mixed(expression, left, right)
    return "float64" if op in ("/", "**") or common == "null" else common


@_type_of.register
def _(expression: IsNull, schema: Schema) -> DataType:
    type_of(expression.arg, schema)
    return "bool"


@_type_of.register
def _(expression: IsIn, schema: Schema) -> DataType:
    left = type_of(expression.arg, schema)
    for value in expression.values:
        if common_type(left, value.type) is None:
            raise ExpressionTypeError(
                f"{text(expression.arg)} is {left} and cannot be one of {text(value)}, a {value.type}"
            )
    return "bool"


@_type_of.register
def _(expression: Case, schema: Schema) -> DataType:
    _expect(expression.condition, schema, {"bool"}, "if")
    then, otherwise = type_of(expression.then, schema), type_of(expression.otherwise, schema)
    common = common_type(then, otherwise)
    if common is None:
        raise ExpressionTypeError(f"{text(expression)} would be {then} in one case and {otherwise} in the other")
    return common


@_type_of.register
def _(expression: Cast, schema: Schema) -> DataType:
    type_of(expression.arg, schema)
    return expression.to


@_type_of.register
def _(expression: Call, schema: Schema) -> DataType:
    types = tuple(type_of(arg, schema) for arg in expression.args)
    result = FUNCTIONS[expression.function].types(types)
    if result is None:
        raise ExpressionTypeError(f"{expression.function}() does not take {', '.join(types)} in {text(expression)}")
    return result


@_type_of.register
def _(expression: Aggregate, schema: Schema) -> DataType:
    inner = "int64" if expression.arg is None else type_of(expression.arg, schema)
    result = AGGREGATES[expression.function](inner)
    if result is None:
        raise ExpressionTypeError(f"{expression.function}() does not take {inner} in {text(expression)}")
    return result


def _expect(expression: AnyExpression, schema: Schema, wanted: set[str], where: str) -> DataType:
    found = type_of(expression, schema)
    if found not in wanted and found != "null":
        raise ExpressionTypeError(
            f"{where} needs {' or '.join(sorted(wanted))}, but {text(expression)} is {found}",
            found=found,
            expected=sorted(wanted),
        )
    return found


def _mixed(expression: Binary, left: str, right: str) -> ExpressionTypeError:
    return ExpressionTypeError(
        f"{expression.op} does not go between {text(expression.left)} ({left}) and {text(expression.right)} ({right})",
        found=f"{left} {expression.op} {right}",
        hint="make both one type with cast(…, …)",
    )


_CONSTANTS = frozenset({"true", "false", "null"})
_BINDS = {
    "or": 1,
    "and": 2,
    "==": 4,
    "!=": 4,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "//": 6,
    "%": 6,
    "**": 8,
}


def text(expression: Expression) -> str:
    """Write an expression as it would stand in a cell.

    Examples
    --------
    >>> text(Binary(op="and", left=Not(arg=ColumnRef(name="a")), right=Binary(op=">", left=ColumnRef(name="n"), right=Literal.of(0))))
    'not a and n > 0'
    """
    return _text(expression)[0]


def _inner(expression: Expression, binds: int) -> str:
    inner, own = _text(expression)
    return inner if own > binds else f"({inner})"


def _text(expression: Expression) -> tuple[str, int]:
    match expression:
        case ColumnRef(name=name):
            return (name if _plain(name) else f"col[{_quoted(name)}]"), 10
        case Literal(value=value, type=type_):
            if type_ in ("date", "timestamp") and value is not None:
                return f'{type_}("{value}")', 10
            if value is None or isinstance(value, bool):
                return {True: "true", False: "false", None: "null"}[value], 10
            return _quoted(value), 7 if not isinstance(value, str) and value < 0 else 10
        case Not(arg=IsNull(arg=arg)):
            return f"{_inner(arg, 4)} is not None", 4
        case Not(arg=arg):
            return f"not {_inner(arg, 2)}", 3
        case Negate(arg=arg):
            return f"-{_inner(arg, 6)}", 7
        case Binary(op=op, left=left, right=right):
            binds = _BINDS[op]
            loose = binds if op == "**" or binds == 4 else binds - 1
            return f"{_inner(left, loose)} {op} {_inner(right, binds if op != '**' else binds - 1)}", binds
        case IsNull(arg=arg):
            return f"{_inner(arg, 4)} is None", 4
        case IsIn(arg=arg, values=values):
            return f"{_inner(arg, 4)} in [{', '.join(text(value) for value in values)}]", 4
        case Case(condition=condition, then=then, otherwise=otherwise):
            return f"{_inner(then, 1)} if {_inner(condition, 1)} else {_inner(otherwise, 0)}", 0
        case Cast(arg=arg, to=to):
            return f"cast({text(arg)}, {to})", 10
        case Call(function=function, args=args):
            return f"{function}({', '.join(text(arg) for arg in args)})", 10
        case Aggregate(function=function, arg=arg):
            return f"{function}({text(arg) if arg is not None else ''})", 10
    raise ExpressionTypeError(f"{type(expression).__name__} is not an expression")


def _plain(name: str) -> bool:
    """Tell whether a name can stand for a column as it is."""
    folded = unicodedata.normalize("NFKC", name) == name
    return name.isidentifier() and folded and not keyword.iskeyword(name) and name not in _CONSTANTS


def _quoted(value: float | str) -> str:
    if isinstance(value, str):
        # JSON's escapes are Python's too.
        return json.dumps(value, ensure_ascii=False)
    if value in (math.inf, -math.inf):
        return "1e999" if value > 0 else "-1e999"
    return repr(value)
