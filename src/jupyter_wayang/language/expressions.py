"""Expressions as Python writes them: ``col.age >= 18``, ``where(…)``, ``.is_in(…)``.

Every operator of a cell and every overloaded operator of Python ends in the functions of this module.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

from jupyter_wayang.errors import ExpressionTypeError, OperatorError
from jupyter_wayang.language.intervals import Interval, moved
from jupyter_wayang.language.unknown import unknown
from jupyter_wayang.plan.expressions import (
    RANKS,
    WINDOW_AGGREGATES,
    Aggregate,
    AnyExpression,
    Binary,
    BinaryOp,
    Case,
    Cast,
    ColumnRef,
    IsIn,
    IsNull,
    Literal,
    Negate,
    Not,
    Window,
    text,
)
from jupyter_wayang.plan.types import SIMPLE_TYPES, DataType, checked_type

__all__ = [
    "TYPE_NAMES",
    "Columns",
    "E",
    "binary",
    "cast",
    "col",
    "data_type",
    "date",
    "decimal",
    "lift",
    "lit",
    "literals",
    "negate",
    "over",
    "timestamp",
    "unboxed",
    "where",
]

# `18 <= age` and Python's reflected `age >= 18` are one expression: the constant stands right.
_MIRRORED: dict[str, BinaryOp] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}

TYPE_NAMES: dict[str, DataType] = {
    **{name: name for name in SIMPLE_TYPES if name != "null"},
    "int": "int64",
    "float": "float64",
    "str": "string",
}
"""Words for types, and the type that each means."""


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class E:
    """An expression over the columns of the collection that it is handed to.

    Parameters
    ----------
    expression
        The expression of the plan.

    Examples
    --------
    >>> (col.age >= 18) & ~col.country.is_in(["NL", "BE"])
    age >= 18 and not country in ["NL", "BE"]
    """

    expression: AnyExpression

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return text(self.expression)

    def __bool__(self) -> NoReturn:
        raise ExpressionTypeError(
            f"{self!r} has no truth value before it meets rows",
            hint="In Python write & for and, | for or, ~ for not (with brackets around comparisons),\n"
            ".is_in([…]) for in, where(condition, a, b) for if and else,\n"
            "and (18 <= col.age) & (col.age < 65) for a chain.",
        )

    def __add__(self, other: object) -> E:
        return binary("+", self, other)

    def __radd__(self, other: object) -> E:
        return binary("+", other, self)

    def __sub__(self, other: object) -> E:
        return binary("-", self, other)

    def __rsub__(self, other: object) -> E:
        return binary("-", other, self)

    def __mul__(self, other: object) -> E:
        return binary("*", self, other)

    def __rmul__(self, other: object) -> E:
        return binary("*", other, self)

    def __truediv__(self, other: object) -> E:
        return binary("/", self, other)

    def __rtruediv__(self, other: object) -> E:
        return binary("/", other, self)

    def __floordiv__(self, other: object) -> E:
        return binary("//", self, other)

    def __rfloordiv__(self, other: object) -> E:
        return binary("//", other, self)

    def __mod__(self, other: object) -> E:
        return binary("%", self, other)

    def __rmod__(self, other: object) -> E:
        return binary("%", other, self)

    def __pow__(self, other: object) -> E:
        return binary("**", self, other)

    def __rpow__(self, other: object) -> E:
        return binary("**", other, self)

    def __and__(self, other: object) -> E:
        return binary("and", self, other)

    def __rand__(self, other: object) -> E:
        return binary("and", other, self)

    def __or__(self, other: object) -> E:
        return binary("or", self, other)

    def __ror__(self, other: object) -> E:
        return binary("or", other, self)

    def __eq__(self, other: object) -> E:  # type: ignore[override]
        return binary("==", self, other)

    def __ne__(self, other: object) -> E:  # type: ignore[override]
        return binary("!=", self, other)

    def __lt__(self, other: object) -> E:
        return binary("<", self, other)

    def __le__(self, other: object) -> E:
        return binary("<=", self, other)

    def __gt__(self, other: object) -> E:
        return binary(">", self, other)

    def __ge__(self, other: object) -> E:
        return binary(">=", self, other)

    def __invert__(self) -> E:
        return E(Not(arg=self.expression))

    def __neg__(self) -> E:
        return E(Negate(arg=self.expression))

    def is_in(self, values: Iterable[object]) -> E:
        """Tell whether the value is one of some constants.

        Examples
        --------
        >>> col.cp.is_in([3, 4])
        cp in [3, 4]
        """
        return E(IsIn(arg=self.expression, values=literals(values)))

    def is_null(self) -> E:
        """Tell whether there is no value.

        Examples
        --------
        >>> col.chol.is_null()
        chol is None
        """
        return E(IsNull(arg=self.expression))

    def is_not_null(self) -> E:
        """Tell whether there is a value.

        Examples
        --------
        >>> col.chol.is_not_null()
        chol is not None
        """
        return E(Not(arg=IsNull(arg=self.expression)))

    def cast(self, to: object) -> E:
        """Return the value as another type.

        Examples
        --------
        >>> col.age.cast("float")
        cast(age, float64)
        """
        return cast(self, to)

    def over(self, *partition: object, order_by: object = None, descending: object = False) -> E:
        """Return an aggregate, or a function like rank(), of the rows that are with this one in a partition.

        Parameters
        ----------
        *partition
            What rows of a partition have in common; of all rows where nothing is given.
        order_by
            A column or expression, or a list of them: an aggregate is then of the rows up to this one.
        descending
            Whether the order goes from high to low; a list where each part has a way of its own.

        Examples
        --------
        >>> E(Aggregate(function="sum", arg=lift(col.price))).over(col.ward, order_by=col.day)
        sum(price).over(ward, order_by=day)
        """
        return over(self, partition, order_by, descending)


def over(value: E, partition: Iterable[object], order_by: object, descending: object) -> E:
    """Return an aggregate or rank over a window; see :meth:`E.over`.

    Raises
    ------
    OperatorError
        If it is none, or if ``descending`` does not fit the order.
    """
    function, args = _window_function(value.expression)
    order = order_by if isinstance(order_by, list | tuple) else [] if order_by is None else [order_by]
    flags = list(descending) if isinstance(descending, list | tuple) else [descending] * len(order)
    if len(flags) != len(order) or not all(isinstance(flag, bool) for flag in flags):
        raise OperatorError("descending= of over() takes True or False, or one of them for each part of the order")
    return E(
        Window(
            function=function,
            args=args,
            partition=tuple(_key(part) for part in partition),
            order=tuple(_key(part) for part in order),
            descending=tuple(bool(flag) for flag in flags),
        )
    )


def _window_function(expression: AnyExpression) -> tuple[str, tuple[AnyExpression, ...]]:
    if isinstance(expression, Aggregate) and expression.function in WINDOW_AGGREGATES:
        return expression.function, expression.args
    if isinstance(expression, Window) and not expression.partition and not expression.order:
        return expression.function, expression.args
    known = (*WINDOW_AGGREGATES, *RANKS)
    raise OperatorError(
        f"over() goes with an aggregate or a rank, not with {text(expression)}",
        found=text(expression),
        expected=known,
        hint="those are " + ", ".join(known),
    )


def _key(value: object) -> AnyExpression:
    return ColumnRef(name=value) if isinstance(value, str) else lift(value)


class Columns:
    """Columns by name: ``col.age``, or ``col["odd name"]`` for what Python cannot write.

    Examples
    --------
    >>> col["odd name"] > 0
    col["odd name"] > 0
    """

    def __getattr__(self, name: str) -> E:
        # What Python and IPython ask of every object is no column.
        if name.startswith(("__", "_repr_", "_ipython_")):
            raise AttributeError(name)
        return E(ColumnRef(name=name))

    def __getitem__(self, name: str) -> E:
        if not isinstance(name, str):
            raise OperatorError(f"the name of a column is text, not {name!r}", hint='as in col["odd name"]')
        return E(ColumnRef(name=name))


col = Columns()


def unboxed(value: object) -> object:
    """Return the Python value inside of a NumPy or pandas scalar, and a list for an array or a series."""
    if getattr(value, "dtype", None) is None:
        return value
    if getattr(value, "ndim", 0) == 0 and hasattr(value, "item"):
        return value.item()
    return value.tolist() if hasattr(value, "tolist") else value


def lit(value: object) -> E:
    """Return a constant as an expression.

    Examples
    --------
    >>> lit(1) / col.n
    1 / n
    """
    return E(_literal(value))


def lift(value: object) -> AnyExpression:
    """Return the plan's expression of an :class:`E`, or of a Python value as a constant.

    Raises
    ------
    ExpressionTypeError
        If it is neither.

    Examples
    --------
    >>> text(lift(dt.date(2024, 1, 31)))
    'date("2024-01-31")'
    """
    return value.expression if isinstance(value, E) else _literal(value)


def _literal(value: object) -> Literal:
    value = unboxed(value)
    if isinstance(value, dt.datetime):
        plain = value.to_pydatetime() if hasattr(value, "to_pydatetime") else value
        moment = plain.astimezone(dt.UTC).replace(tzinfo=None) if plain.tzinfo else plain
        return Literal(value=moment.isoformat(), type="timestamp")
    if isinstance(value, dt.date):
        return Literal(value=value.isoformat(), type="date")
    return Literal.of(value)  # type: ignore[arg-type]


def literals(values: object) -> tuple[Literal, ...]:
    """Return the constants of a list, each once, for ``in``.

    Raises
    ------
    OperatorError
        If it is no list, is empty, or has a null in it.
    """
    listed = unboxed(values)
    if isinstance(listed, set | frozenset):
        listed = sorted(listed, key=lambda item: (type(item).__name__, item))
    if not isinstance(listed, list | tuple | range):
        raise OperatorError(f"in takes a list of constants, not {values!r}", hint='as in country in ["NL", "BE"]')
    found = tuple(dict.fromkeys(_constant(item) for item in listed))
    if not found:
        raise OperatorError("the list is empty: no value can be in it")
    if any(item.value is None for item in found):
        raise OperatorError("null is in no list", hint="as in x in [1, 2] or x is None")
    return found


def _constant(value: object) -> Literal:
    lifted = lift(value)
    if not isinstance(lifted, Literal):
        raise OperatorError(f"in takes constants, and {text(lifted)} is none", hint="as in a == b or a == c")
    return lifted


def binary(op: BinaryOp, left: object, right: object) -> E:
    """Join two operands.

    Raises
    ------
    OperatorError
        If something is compared with null, which is never true.

    Examples
    --------
    >>> binary("<=", 18, col.age)
    age >= 18
    """
    if isinstance(right, Interval):
        return E(moved(op, lift(left), right))
    if isinstance(left, Interval):
        if op != "+":
            raise ExpressionTypeError("nothing is taken from an interval", hint="write it last: day - interval(days=3)")
        return E(moved(op, lift(right), left))
    first, second = lift(left), lift(right)
    if op in ("==", "!=") and any(isinstance(side, Literal) and side.value is None for side in (first, second)):
        other = text(second if isinstance(first, Literal) else first)
        asked = "is None" if op == "==" else "is not None"
        method = "is_null()" if op == "==" else "is_not_null()"
        raise OperatorError(f"{other} {op} null is never true", hint=f"write {other} {asked}; in Python .{method}")
    if op in _MIRRORED and isinstance(first, Literal) and not isinstance(second, Literal):
        return E(Binary(op=_MIRRORED[op], left=second, right=first))
    return E(Binary(op=op, left=first, right=second))


def negate(value: object) -> object:
    """Return minus a value: a number for a number, an expression for an expression."""
    if isinstance(value, Interval) or (isinstance(value, int | float) and not isinstance(value, bool)):
        return -value
    return E(Negate(arg=lift(value)))


def where(condition: object, then: object, otherwise: object) -> E:
    """Return ``then`` where the condition is true, else ``otherwise`` (also where it is null).

    Examples
    --------
    >>> where(col.chol > 240, "high", "normal")
    "high" if chol > 240 else "normal"
    """
    return E(Case(condition=lift(condition), then=lift(then), otherwise=lift(otherwise)))


def data_type(name: object) -> DataType:
    """Return the type that a word or a Python type stands for.

    Examples
    --------
    >>> data_type("int"), data_type(float)
    ('int64', 'float64')
    """
    word = name.__name__ if isinstance(name, type) else name
    if isinstance(word, str) and word in TYPE_NAMES:
        return TYPE_NAMES[word]
    if isinstance(word, str) and "(" in word:
        return checked_type(word)
    raise unknown("type", str(word), TYPE_NAMES)


def cast(value: object, to: object) -> E:
    """Return the value as another type; a float becomes an integer by truncation.

    Parameters
    ----------
    value
        An expression.
    to
        ``"int"``, ``"float"``, ``"str"``, ``"bool"``, ``"date"``, ``"timestamp"``, ``"decimal(15, 2)"``, or the Python
        type.

    Examples
    --------
    >>> cast(col.age / 10, int)
    cast(age / 10, int64)
    """
    return E(Cast(arg=lift(value), to=data_type(to)))


def decimal(value: str) -> E:
    """Return an exact number, with the digits that are written.

    Examples
    --------
    >>> col.discount >= decimal("0.05")
    discount >= decimal("0.05")
    """
    if not isinstance(value, str):
        raise OperatorError(f"decimal() takes the digits as text, not {value!r}", hint='as in decimal("0.05")')
    return E(Literal.decimal(value))


def date(value: str) -> E:
    """Return a date.

    Examples
    --------
    >>> col.born < date("2000-01-01")
    born < date("2000-01-01")
    """
    try:
        return lit(dt.date.fromisoformat(value))
    except (TypeError, ValueError) as error:
        raise OperatorError(f"{value!r} is no date", hint='as in date("2024-01-31")') from error


def timestamp(value: str) -> E:
    """Return a date with a time; a time zone is turned into UTC.

    Examples
    --------
    >>> timestamp("2024-01-31 12:30")
    timestamp("2024-01-31T12:30:00")
    """
    try:
        return lit(dt.datetime.fromisoformat(value))
    except (TypeError, ValueError) as error:
        raise OperatorError(f"{value!r} is no timestamp", hint='as in timestamp("2024-01-31 12:30")') from error
