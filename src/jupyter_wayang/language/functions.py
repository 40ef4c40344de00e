"""Functions and aggregates as Python functions: ``mean(col.chol)``, ``upper(col.name)``, ``count()``.

They are made from the tables of the plan, so that there is one list of them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from jupyter_wayang.language import expressions, intervals
from jupyter_wayang.language.expressions import E, lift
from jupyter_wayang.language.unknown import unknown
from jupyter_wayang.plan.expressions import AGGREGATES, FUNCTIONS, RANKS, Aggregate, Call, Window, count_arguments

_OTHERS: dict[str, Callable[..., Any]] = {
    "cast": expressions.cast,
    "date": expressions.date,
    "decimal": expressions.decimal,
    "interval": intervals.interval,
    "timestamp": expressions.timestamp,
    "where": expressions.where,
}

_ARITY = {
    "first": (1, 2),
    "last": (1, 2),
    "cast": (2, 2),
    "date": (1, 1),
    "decimal": (1, 1),
    "interval": (0, 0),
    "timestamp": (1, 1),
    "where": (3, 3),
}

_EXAMPLES = {
    "cast": "cast(age, int)",
    "where": "where(age > 60, 1, 0)",
    "date": 'date("2024-01-31")',
    "decimal": 'decimal("0.05")',
    "interval": "interval(months=3)",
    "timestamp": 'timestamp("2024-01-31 12:30")',
}

__all__ = ["NAMES", "arity", "example", "named", *FUNCTIONS, *AGGREGATES, *RANKS, *_OTHERS]  # noqa: PLE0604 -- names, all of them

NAMES: tuple[str, ...] = (*FUNCTIONS, *AGGREGATES, *RANKS, *_OTHERS)
"""All functions of the language."""


@cache
def named(name: str) -> Callable[..., Any]:
    """Return the function of a name.

    Raises
    ------
    NameUnknownError
        If there is none.

    Examples
    --------
    >>> from jupyter_wayang.language.expressions import col
    >>> named("mean")(col.chol)
    mean(chol)
    """
    if name in _OTHERS:
        return _OTHERS[name]
    if name not in NAMES:
        raise unknown("function", name, NAMES)

    def function(*args: object) -> E:
        return E(Call(function=name, args=tuple(lift(arg) for arg in args)))

    def aggregate(*args: object) -> E:
        if name in ("first", "last") and len(args) == 1:
            return over_rows(*args)
        count_arguments(name, AGGREGATES[name], len(args))
        arg, other = (*(lift(arg) for arg in args), None, None)[:2]
        return E(Aggregate(function=name, arg=arg, other=other))

    def over_rows(*args: object) -> E:
        # Its rows are not known before over().
        return E(Window(function=name, args=tuple(lift(arg) for arg in args)))

    made = aggregate if name in AGGREGATES else over_rows if name in RANKS else function
    made.__name__ = made.__qualname__ = name
    made.__doc__ = f"Return {name}() of expressions."
    return made


def arity(name: str) -> tuple[int, int]:
    """Return the least and the most arguments of a function.

    Examples
    --------
    >>> arity("round"), arity("count")
    ((1, 2), (0, 1))
    """
    if name in _ARITY:
        return _ARITY[name]
    signature = FUNCTIONS.get(name) or AGGREGATES.get(name) or RANKS[name]
    return signature.least, signature.most


def example(name: str) -> str:
    """Return how a function is used.

    Examples
    --------
    >>> example("quantile"), example("upper")
    ('quantile(age, 0.9)', 'upper(age)')
    """
    signature = FUNCTIONS.get(name) or AGGREGATES.get(name) or RANKS.get(name)
    return (signature.example if signature else _EXAMPLES.get(name, "")) or f"{name}(age)"


def __getattr__(name: str) -> Callable[..., Any]:
    if name in NAMES:
        return named(name)
    raise AttributeError(name)
