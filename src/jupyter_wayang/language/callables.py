"""Functions of the notebook, looked at but not called: what they are called, what they take, what their hints say."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import inspect
import types
import typing
from collections import abc
from collections.abc import Callable, Mapping
from typing import Any

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language.unknown import a_kind
from jupyter_wayang.plan.operators.functions import VALUE, Given
from jupyter_wayang.plan.schema import DataType, Schema
from jupyter_wayang.plan.types import list_type

__all__ = ["called", "check_arity", "checked", "columns_said", "given_of"]

_TYPES: dict[object, DataType] = {
    bool: "bool",
    int: "int64",
    float: "float64",
    str: "string",
    dt.date: "date",
    dt.datetime: "timestamp",
}
_SEVERAL = (list, tuple, set, frozenset, abc.Iterable, abc.Iterator, abc.Generator, abc.Sequence, abc.Collection)
_UNSAID = (inspect.Parameter.empty, Any, object, dict, list, tuple, Mapping, abc.Mapping)


def called(function: Callable[..., Any]) -> str:
    """Return what a function is called.

    Examples
    --------
    >>> called(len), called(functools.partial(int, base=2))
    ('len', 'int')
    """
    if isinstance(function, functools.partial):
        return called(function.func)
    return str(getattr(function, "__name__", type(function).__name__))


def checked(value: object, verb: str, example: str) -> Callable[..., Any]:
    """Return a value that is a function.

    Raises
    ------
    OperatorError
        If it is none, or one that cannot be called here.
    """
    if not callable(value):
        raise OperatorError(f"{verb}() takes a function of the notebook, not {a_kind(value)}", hint=f"as in {example}")
    if inspect.iscoroutinefunction(value):
        raise OperatorError(f"{called(value)} is an async function, and {verb}() waits for none")
    if inspect.isgeneratorfunction(value) and verb not in ("flat_map", "co_group"):
        raise OperatorError(
            f"{called(value)} makes several rows of one, and {verb}() needs one answer",
            hint=f"flat_map({called(value)})",
        )
    return value


def check_arity(function: Callable[..., Any], verb: str, arguments: tuple[str, ...]) -> None:
    """Raise an error if a function cannot be called with so many arguments.

    Raises
    ------
    OperatorError
        With what it is given.
    """
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):  # of some functions that are written in C nothing is known
        return
    try:
        signature.bind(*arguments)
    except TypeError as error:
        raise OperatorError(
            f"{called(function)} is called by {verb}() with {' and '.join(arguments)}, and it takes {signature}",
            found=called(function),
        ) from error


def given_of(function: Callable[..., Any], schema: Schema) -> Given:
    """Return whether a function is given rows or values: values of the only column, if its parameters say their type.

    Examples
    --------
    >>> def length(line: str) -> int:
    ...     return len(line)
    >>> given_of(length, Schema.of(line="string")), given_of(length, Schema.of(a="string", b="string"))
    ('value', 'row')
    """
    if len(schema) != 1:
        return "row"
    hints = _annotations(function)
    said = [hint for name, hint in hints.items() if name != "return"]
    return "value" if said and _type_of(said[0]) is not None else "row"


def columns_said(function: Callable[..., Any], *, several: bool) -> Schema | None:
    """Return the columns that the hint of a function says it makes, or None if it says none.

    Parameters
    ----------
    function
        The function.
    several
        Whether it makes several rows: then the hint may be of one row, or of a list or iterator of rows.

    Raises
    ------
    OperatorError
        If the hint is of something that no column can hold.

    Examples
    --------
    >>> def words(line) -> dict(word=str, n=int): ...
    >>> columns_said(words, several=True).names
    ('word', 'n')
    """
    hint = _annotations(function).get("return", inspect.Parameter.empty)
    if several and typing.get_origin(hint) in _SEVERAL:
        hint = typing.get_args(hint)[0]
    if any(hint is unsaid for unsaid in _UNSAID) or hint is None or isinstance(hint, str):
        return None
    return _columns(hint, called(function))


def _annotations(function: Callable[..., Any]) -> dict[str, Any]:
    if isinstance(function, functools.partial):
        return {name: hint for name, hint in _annotations(function.func).items() if name == "return"}
    plain = inspect.isroutine(function) or isinstance(function, type)
    target = function if plain else type(function).__call__
    try:
        return dict(inspect.get_annotations(target, eval_str=True))
    except (NameError, SyntaxError, TypeError, AttributeError):
        # A hint as text that means nothing here says nothing.
        return {}


def _columns(hint: object, name: str) -> Schema:
    type_ = _type_of(hint)
    if type_ is not None:
        return Schema.of(**{VALUE: type_})
    fields = _fields(hint)
    if fields is not None:
        return Schema.from_pairs((str(column), _column(column, one, name)) for column, one in fields.items())
    if type(hint).__module__.startswith("pyarrow") and type(hint).__name__ == "Schema":
        from jupyter_wayang.plan.rows import schema_of

        return schema_of(hint)
    if getattr(hint, "__module__", "").startswith("pyarrow"):
        return Schema(columns=())
    raise OperatorError(
        f"the hint of {name} says {_written(hint)}, of which no columns can be made",
        hint="as in def f(row) -> dict(word=str, n=int), or -> str for a single column",
    )


def _column(column: object, hint: object, name: str) -> DataType:
    type_ = _type_of(hint)
    if type_ is None:
        raise OperatorError(
            f"the hint of {name} says {_written(hint)} for {column}, of which no column can be made",
            hint="columns hold bool, int, float, str, date, datetime, and lists of them; each may be None",
        )
    return type_


def _fields(hint: object) -> Mapping[str, object] | None:
    if isinstance(hint, Mapping):
        return hint
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return typing.get_type_hints(hint)
    if typing.is_typeddict(hint) or (isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields")):
        return typing.get_type_hints(hint)
    return None


def _type_of(hint: object) -> DataType | None:
    try:
        if hint in _TYPES:
            return _TYPES[hint]
    except TypeError:  # a dict that says columns
        return None
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        said = [one for one in arguments if one is not type(None)]
        return _type_of(said[0]) if len(said) == 1 else None
    if origin is list and len(arguments) == 1:
        item = _type_of(arguments[0])
        return list_type(item) if item else None
    return None


def _written(hint: object) -> str:
    return str(getattr(hint, "__name__", None) or hint)
