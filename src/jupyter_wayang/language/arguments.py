"""Arguments of words as the plan wants them: names, expressions, numbers and text, each checked."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from typing import cast

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language.expressions import E, lift, unboxed
from jupyter_wayang.language.unknown import a_kind, unknown
from jupyter_wayang.language.words import Word
from jupyter_wayang.plan.expressions import AGGREGATES, AnyExpression, ColumnRef, Literal, Named
from jupyter_wayang.plan.expressions import text as spelled
from jupyter_wayang.plan.operators import SinkFormat
from jupyter_wayang.plan.schema import NUMERIC, DataType, Schema
from jupyter_wayang.plan.tasks import TARGET

__all__ = [
    "check_features",
    "choice",
    "column_name",
    "column_names",
    "features",
    "fill",
    "flag",
    "join_key",
    "join_keys",
    "key",
    "levels",
    "mapping",
    "named_columns",
    "number",
    "path",
    "platforms",
    "real",
    "reducer",
    "shown",
    "sink",
    "text",
    "texts",
    "whole",
    "written",
]


def key(value: object) -> AnyExpression:
    """Return an expression; text is the name of a column.

    Examples
    --------
    >>> key("age")
    ColumnRef(name='age')
    """
    return ColumnRef(name=value) if isinstance(value, str) else lift(value)


def column_name(value: object, word: Word) -> str:
    """Return the name of a column that stands as text or as ``col.name``."""
    if isinstance(value, str):
        return value
    if isinstance(value, E) and isinstance(value.expression, ColumnRef):
        return value.expression.name
    raise OperatorError(f"{word.name}() takes columns, and {shown(value)} is none", hint=f"as in {word.example}")


def column_names(values: Iterable[object], word: Word, least: int = 1) -> tuple[str, ...]:
    """Return the names of columns, at least so many, each once."""
    names = tuple(dict.fromkeys(column_name(value, word) for value in values))
    if len(names) < least:
        raise OperatorError(f"{word.name}() needs at least one column, as in {word.example}")
    return names


def named_columns(columns: Iterable[object], named: Mapping[str, object], word: Word) -> tuple[Named, ...]:
    """Return columns with their names: those by position must be plain columns."""
    found = []
    for value in columns:
        expression = key(value)
        if not isinstance(expression, ColumnRef):
            raise OperatorError(
                f"the column {spelled(expression)} of {word.name}() needs a name",
                hint=f"as in {word.name}(name={spelled(expression)})",
            )
        found.append(Named(name=expression.name, expression=expression))
    return (*found, *(Named(name=name, expression=lift(value)) for name, value in named.items()))


def join_keys(on: object) -> tuple[tuple[str, str], ...]:
    """Return pairs of (column here, column there).

    Examples
    --------
    >>> join_keys(["id", ("ward", "name")])
    (('id', 'id'), ('ward', 'name'))
    """
    listed = on if isinstance(on, list) or (isinstance(on, tuple) and not _is_pair(on)) else [on]
    return tuple(_pair(item) for item in listed)


def join_key(on: object) -> tuple[str, str]:
    """Return one pair of (column here, column there).

    Examples
    --------
    >>> join_key("day"), join_key(("asked", "known"))
    (('day', 'day'), ('asked', 'known'))
    """
    pairs = join_keys(on)
    if len(pairs) != 1:
        raise OperatorError("as_of= takes one column, or one pair of columns", hint="as in as_of=(asked, known)")
    return pairs[0]


def _is_pair(value: tuple[object, ...]) -> bool:
    return len(value) == 2 and all(_named(item) is not None for item in value)


def _named(value: object) -> str | None:
    if isinstance(value, E):
        return value.expression.name if isinstance(value.expression, ColumnRef) else None
    return value if isinstance(value, str) else None


def _pair(item: object) -> tuple[str, str]:
    sides = item if isinstance(item, tuple) and len(item) == 2 else (item, item)
    left, right = _named(sides[0]), _named(sides[1])
    if left is None or right is None:
        raise OperatorError(
            f"on= takes columns and pairs of columns, and {shown(item)} is neither",
            hint="as in on=ward, or on=[(ward, ward_id)] where the names differ",
        )
    return (left, right)


def reducer(value: object, word: Word) -> str:
    """Return the name of an aggregate: the aggregate itself, or text.

    Examples
    --------
    >>> from jupyter_wayang.language.words import WORDS
    >>> reducer("sum", WORDS[".pivot"])
    'sum'
    """
    name = getattr(value, "__name__", None) if callable(value) else value
    if name not in AGGREGATES:
        raise OperatorError(
            f"agg of {word.name}() is an aggregate, not {shown(value)}",
            expected=tuple(AGGREGATES),
            hint=f"as in {word.example}",
        )
    return str(name)


def levels(value: object, column: str, type_: DataType, word: Word) -> tuple[Literal, ...]:
    """Return the levels of a column, which are known for truth values only."""
    if value is None and type_ == "bool":
        value = [False, True]
    listed = unboxed(value)
    if not isinstance(listed, list | tuple) or not listed:
        raise OperatorError(
            f"{word.name}() needs the levels of {column}: what columns there are is known before a plan runs",
            hint=f"as in levels=[1, 2, 3]; distinct({column}) shows which there are",
        )
    found = tuple(lift(item) for item in listed)
    if not all(isinstance(item, Literal) for item in found):
        raise OperatorError(f"levels= takes a list of values, not {shown(value)}")
    return cast("tuple[Literal, ...]", found)


def sink(value: object) -> tuple[str, SinkFormat, str]:
    """Return where to write, in which format, and what stands between columns."""
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if not isinstance(value, str) or not value:
        raise OperatorError(
            f"write() takes the name of a file in quotes, not {shown(value)}", hint='as in write("adults.parquet")'
        )
    ending = os.path.splitext(value)[1].lower()  # noqa: PTH122 - text, not a path of this system
    known: dict[str, tuple[SinkFormat, str]] = {
        ".csv": ("csv", ","),
        ".tsv": ("csv", "\t"),
        ".parquet": ("parquet", ","),
    }
    if ending not in known:
        raise OperatorError(
            f'write() does not know the format of "{value}"', found=value, hint=f"a name ends in {', '.join(known)}"
        )
    return os.path.expanduser(written("the name", value)), *known[ending]  # noqa: PTH111


def fill(how: object) -> float | None:
    """Return the constant that ``impute()`` puts, or None for the mean."""
    word = getattr(how, "__name__", how) if callable(how) else unboxed(how)
    if isinstance(word, str) and word == "mean":
        return None
    if isinstance(word, str) and word in ("median", "most_frequent"):
        raise OperatorError(f"impute({word}) is not in this version", hint="impute(mean), or a number")
    if isinstance(word, bool) or not isinstance(word, int | float):
        raise OperatorError(
            f"impute() takes mean or a number first, not {shown(how)}",
            hint="as in impute(mean), or impute(mean, chol)",
        )
    value = real(word)
    if value is None or not math.isfinite(value):
        raise OperatorError(
            "impute() puts a number, and this one is none that a column can hold", hint="as in impute(0)"
        )
    return value


def features(value: object) -> tuple[str, ...]:
    """Return the names of features."""
    listed = unboxed(value)
    if not isinstance(listed, list | tuple):
        listed = [listed]
    names = tuple(name for item in listed if (name := _named(item)) is not None)
    if len(names) != len(listed) or not names:
        raise OperatorError(f"features= takes a list of columns, not {shown(value)}", hint="as in features=[age, chol]")
    twice = next((name for index, name in enumerate(names) if name in names[:index]), None)
    if twice is not None:
        raise OperatorError(f"features= names {twice} twice", found=twice)
    return names


def check_features(raw: Schema, schema: Schema, names: tuple[str, ...] | None, target: tuple[str, ...]) -> None:
    """Raise an error if a feature is not there, is no number, or is what the target reads.

    Parameters
    ----------
    raw
        The columns before the preprocessing steps: features are named as they are there.
    schema
        The columns after the steps; those that ``one_hot()`` makes are numbers, and not known yet.
    names
        The features; None: every column that the target does not read.
    target
        The columns that the target reads.
    """
    for name in names or ():
        if name in target:
            raise OperatorError(f"the feature {name} is what the target reads: the model would learn nothing else")
        raw[name]
    if TARGET in (raw.names if names is None else names):
        raise OperatorError(f"no feature can be called {TARGET}", hint=f'rename({TARGET}="…") gives it another name')
    for column in schema:
        if column.name in target or (names is not None and column.name not in names):
            continue
        if column.type == "string":
            raise OperatorError(
                f"the feature {column.name} is text, and a model works on numbers",
                hint=f"make numbers of it with one_hot({column.name}) before fit(), or leave it out with drop({column.name})",
            )
        if column.type not in NUMERIC | {"bool", "null"}:
            raise OperatorError(
                f"the feature {column.name} is a {column.type}, and a model works on numbers",
                hint=f"leave it out with drop({column.name}), or take a part of it, as in year({column.name})",
            )


def whole(name: str, value: object, word: Word) -> int:
    """Return a whole number."""
    found = unboxed(value)
    if isinstance(found, bool) or not isinstance(found, int):
        raise OperatorError(
            f"{name} of {word.name}() is a whole number, not {shown(value)}", hint=f"as in {word.example}"
        )
    if not _fits(found):
        raise OperatorError(f"{name} of {word.name}() does not fit into a 64-bit integer", hint=f"as in {word.example}")
    return found


def _fits(value: int) -> bool:
    return -(2**63) <= value < 2**63


def real(value: object) -> float | None:
    """Return a number as a float, or None if it is none, or larger than any.

    Examples
    --------
    >>> real(3), real(True), real(10**400)
    (3.0, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def number(name: str, value: object, word: Word) -> float:
    """Return a number."""
    found = real(unboxed(value))
    if found is None:
        raise OperatorError(f"{name} of {word.name}() is a number, not {shown(value)}", hint=f"as in {word.example}")
    return found


def flag(name: str, value: object, word: Word) -> bool:
    """Return true or false."""
    found = unboxed(value)
    if not isinstance(found, bool):
        raise OperatorError(f"{name}= of {word.name}() is True or False, not {shown(value)}")
    return found


def text(name: str, value: object, word: Word) -> str:
    """Return text."""
    if not isinstance(value, str) or not value:
        raise OperatorError(
            f"{name} of {word.name}() is text in quotes, not {shown(value)}", hint=f"as in {word.example}"
        )
    return written(name, value)


def written(name: str, value: str) -> str:
    """Return text that can be written down: without half a character."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise OperatorError(f"{name} has a character that no text can hold", found=ascii(value)[:40]) from error
    return value


def choice(name: str, value: object, word: Word, known: Iterable[str]) -> str:
    """Return one of some texts."""
    found, names = text(name, value, word), tuple(known)
    if found not in names:
        raise unknown(name, found, names)
    return found


def platforms(value: object) -> tuple[str, ...] | None:
    """Return names of platforms: one, several with commas between, or a list of them; None: all.

    Examples
    --------
    >>> platforms("pandas, duckdb"), platforms(["pandas"]), platforms(None)
    (('pandas', 'duckdb'), ('pandas',), None)
    """
    if value is None:
        return None
    listed = value.split(",") if isinstance(value, str) else unboxed(value)
    if isinstance(listed, set | frozenset):
        listed = sorted(listed, key=str)
    if not isinstance(listed, list | tuple) or not all(isinstance(item, str) for item in listed):
        raise OperatorError(
            f"platforms= takes names of platforms, not {shown(value)}", hint='as in platforms=["pandas", "duckdb"]'
        )
    names = tuple(dict.fromkeys(item.strip() for item in listed if item.strip()))
    if not names:
        raise OperatorError("platforms= names no platform", hint="leave it out to allow all")
    return names


def texts(name: str, value: object, word: Word) -> tuple[str, ...]:
    """Return one or several texts."""
    listed = [value] if isinstance(value, str) else unboxed(value)
    if not isinstance(listed, list | tuple) or not all(isinstance(item, str) for item in listed):
        raise OperatorError(f"{name}= of {word.name}() is text or a list of texts, not {shown(value)}")
    return tuple(written(name, item) for item in listed)


def mapping(name: str, value: object, word: Word) -> dict[str, object]:
    """Return what belongs to each column."""
    if not isinstance(value, Mapping) or not all(isinstance(item, str) for item in value):
        raise OperatorError(
            f"{name}= of {word.name}() is a dict by column, not {shown(value)}", hint='as in {"age": "int"}'
        )
    return dict(value)


def path(value: object) -> str:
    """Return where to read from: text, or a path object."""
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if not isinstance(value, str) or not value:
        raise OperatorError(
            f"read() takes the name of a file or table in quotes, not {shown(value)}", hint='as in read("visits.csv")'
        )
    return written("the name", value)


_LONG = "…" * 41


def shown(value: object) -> str:
    """Return a value as a message shows it: in whole if it is short, else its kind."""
    try:
        found = repr(value)
    except ValueError:  # Python does not write down integers of thousands of digits.
        found = _LONG
    if len(found) > 40 and isinstance(value, int):
        return "one so large"
    return found if len(found) <= 40 else a_kind(value)
