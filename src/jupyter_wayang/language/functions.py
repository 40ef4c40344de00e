"""Functions and aggregates as Python functions: ``mean(col.chol)``, ``upper(col.name)``, ``count()``.

They are made from the tables of the plan, so that there is one list of them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language import expressions
from jupyter_wayang.language.expressions import E, lift
from jupyter_wayang.language.unknown import unknown
from jupyter_wayang.plan.expressions import AGGREGATES, FUNCTIONS, Aggregate, Call

_OTHERS: dict[str, Callable[..., E]] = {
    "cast": expressions.cast,
    "date": expressions.date,
    "timestamp": expressions.timestamp,
    "where": expressions.where,
}

_ARITY = {"count": (0, 1), "cast": (2, 2), "date": (1, 1), "timestamp": (1, 1), "where": (3, 3)}

__all__ = ["NAMES", "arity", "named", *FUNCTIONS, *AGGREGATES, *_OTHERS]  # noqa: PLE0604 -- names, all of them

NAMES: tuple[str, ...] = (*FUNCTIONS, *AGGREGATES, *_OTHERS)
"""All functions of the language."""


@cache
def named(name: str) -> Callable[..., E]:
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
        if len(args) > 1:
            raise OperatorError(f"{name}() takes one expression, not {len(args)}", hint=f"as in {name}(age)")
        return E(Aggregate(function=name, arg=lift(args[0]) if args else None))

    made = aggregate if name in AGGREGATES else function
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
    if name in FUNCTIONS:
        return FUNCTIONS[name].least, FUNCTIONS[name].most
    return (1, 1) if name in AGGREGATES and name != "count" else _ARITY[name]


def __getattr__(name: str) -> Callable[..., E]:
    if name in NAMES:
        return named(name)
    raise AttributeError(name)
