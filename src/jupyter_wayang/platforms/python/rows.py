"""Rows as functions of the notebook see them, and what they return as Arrow columns.

Only processes that run such functions import this module.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import numbers
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from decimal import Decimal
from operator import itemgetter
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from jupyter_wayang.plan.operators.functions import VALUE
from jupyter_wayang.plan.rows import arrow_type
from jupyter_wayang.plan.schema import Column, DataType, Schema
from jupyter_wayang.plan.types import decimal_of, item_of, list_type

__all__ = ["Row", "WrongShapeError", "columns_of", "given", "learned", "pieces", "row_class", "shape", "shown"]

_LONGEST = 80
_SHOWN = 8


class WrongShapeError(Exception):
    """A function returned what the operator cannot take: ``index`` of the call, what was found, what is expected."""

    def __init__(self, index: int, wrong: str, expected: str) -> None:
        super().__init__(wrong)
        self.index = index
        self.wrong = wrong
        self.expected = expected


class Row(tuple[Any, ...]):
    """A row: ``row.age``, ``row["age"]``, ``dict(row)``; unpacked, its values in the order of the columns."""

    __slots__ = ()
    _columns: ClassVar[dict[str, int]] = {}

    def __getitem__(self, name: Any) -> Any:
        """Return a value by the name of its column, or by its position."""
        if not isinstance(name, str):
            return tuple.__getitem__(self, name)
        if name not in self._columns:
            raise KeyError(f"the row has no column {name}: {', '.join(self._columns)}")
        return tuple.__getitem__(self, self._columns[name])

    def __getattr__(self, name: str) -> Any:
        if name in self._columns:
            return tuple.__getitem__(self, self._columns[name])
        # Copying and pickling ask for methods that are not there: they need no advice.
        hint = (
            "; a parameter with a type, as in def f(text: str), is given the value" if len(self._columns) == 1 else ""
        )
        raise AttributeError(f"the row has no column {name}: {', '.join(self._columns)}{hint}")

    def keys(self) -> Iterable[str]:
        """Return the names of the columns."""
        return self._columns.keys()

    def __repr__(self) -> str:
        return f"Row({shown(self)})"


def row_class(names: Sequence[str]) -> type[Row]:
    """Return the class of rows with these columns, made by its ``_make``.

    Examples
    --------
    >>> row = row_class(["age", "odd name"])._make((42, "x"))
    >>> row.age, row["odd name"], {**row}
    (42, 'x', {'age': 42, 'odd name': 'x'})
    """
    # A named tuple reads its fields faster than any property; names that are no identifiers it leaves to __getattr__.
    fields = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # noqa: PYI024 - its fields are known at run time only
    own = {"__slots__": (), "_columns": {name: index for index, name in enumerate(names)}}
    return type("Row", (Row, fields), own)


def given(table: pa.Table, names: Sequence[str], *, by_value: bool) -> Iterator[Any]:
    """Yield what a function is given of each row of a table."""
    make: Callable[[tuple[Any, ...]], Any] = row_class(names)._make  # type: ignore[attr-defined]
    for batch in table.to_batches(max_chunksize=65_536):
        columns = [column.to_pylist() for column in batch.columns]
        if by_value:
            yield from columns[0]
        else:
            yield from map(make, zip(*columns, strict=True))


def shown(row: Any) -> str:
    """Return a row as a message shows it: long values cut, and no more than a few."""
    if not isinstance(row, Row):
        return _short(row)
    pairs = [f"{name}={_short(value)}" for name, value in zip(Row.keys(row), tuple(row), strict=True)]
    return ", ".join(pairs[:_SHOWN]) + (", …" if len(pairs) > _SHOWN else "")


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 - a __repr__ of somebody else
        text = f"<{type(value).__name__} whose repr raised {type(error).__name__}>"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def shape(schema: Schema) -> str:
    """Return how a function says in a hint that it makes these columns.

    Examples
    --------
    >>> shape(Schema.of(word="string", n="int64"))
    'dict(word=str, n=int)'
    """
    return "dict(" + ", ".join(f"{column.name}={_written(column.type)}" for column in schema) + ")"


_WRITTEN: dict[str, str] = {
    "bool": "bool",
    "int64": "int",
    "float64": "float",
    "string": "str",
    "date": "date",
    "timestamp": "datetime",
    "null": "None",
}


def _written(type_: DataType) -> str:
    item = item_of(type_)
    return f"list[{_written(item)}]" if item else _WRITTEN.get(type_, "Decimal")


def _as_mapping(value: Any) -> Mapping[str, Any] | None:
    """Return what a function made as a mapping by column, or None if it is a single value."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, Row):
        return dict(zip(Row.keys(value), tuple(value), strict=True))
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        made: Mapping[str, Any] = value._asdict()
        return made
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return None


def columns_of(made: Sequence[Any], schema: Schema, indexes: Sequence[int] | None = None) -> pa.Table:
    """Return what a function made as columns of a schema; NaN becomes null.

    Parameters
    ----------
    made
        What each call returned, or each row of what it returned.
    schema
        The columns that are expected.
    indexes
        Of which call each is; None: one of each.

    Raises
    ------
    WrongShapeError
        If a value does not fit, with the number of the call.
    """
    where = indexes if indexes is not None else range(len(made))
    columns = _plain(made, schema)
    if columns is None:
        rows = [pieces(value, schema, where[at]) for at, value in enumerate(made)]
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [_column(values, column, schema, where) for values, column in zip(columns, schema, strict=True)]
    return pa.table(arrays, names=list(schema.names))


def _plain(made: Sequence[Any], schema: Schema) -> list[Sequence[Any]] | None:
    """Return the values of each column of what is nothing but dicts, or no rows at all; else None: a quicker way."""
    kinds = set(map(type, made))
    if len(schema) == 1 and not any(issubclass(kind, Mapping | tuple) or is_dataclass(kind) for kind in kinds):
        return [made]
    if kinds != {dict} or set(map(len, made)) != {len(schema)}:
        return None
    try:
        return [list(map(itemgetter(column.name), made)) for column in schema]
    except KeyError:
        return None


def pieces(value: Any, schema: Schema, index: int) -> tuple[Any, ...]:
    """Return the values of what a function made, in the order of the columns.

    Raises
    ------
    WrongShapeError
        If it has not these columns.
    """
    found = _as_mapping(value)
    if found is None:
        if len(schema) == 1:
            return (value,)
        raise WrongShapeError(index, f"returned {_short(value)}, {_kind(value)}", shape(schema))
    names = schema.names
    missing = [name for name in names if name not in found]
    if missing:
        raise WrongShapeError(index, f"returned a row without {', '.join(missing)}", shape(schema))
    extra = [str(name) for name in found if name not in names]
    if extra:
        raise WrongShapeError(index, f"returned a row with {', '.join(extra)} too", shape(schema))
    return tuple(found[name] for name in names)


def _kind(value: Any) -> str:
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {name}"


def _column(values: Sequence[Any], column: Column, schema: Schema, where: Sequence[int]) -> pa.Array:
    wrong = {kind for kind in set(map(type, values)) if kind is not type(None) and not _fits(kind, column.type)}
    if not wrong:
        try:
            return _array(values, column.type)
        except (pa.ArrowException, OverflowError, ValueError, TypeError) as error:
            index = next(i for i, value in enumerate(values) if not _alone(value, column.type))
            reason = "which does not fit into 64 bits" if column.type == "int64" else str(error).splitlines()[0]
            text = f"returned {column.name}={_short(values[index])}, {reason}"
            raise WrongShapeError(where[index], text, shape(schema)) from error
    index, value = next((i, value) for i, value in enumerate(values) if type(value) in wrong)
    raise WrongShapeError(where[index], f"returned {column.name}={_short(value)}, {_kind(value)}", shape(schema))


def _array(values: Sequence[Any], type_: DataType) -> pa.Array:
    if type_ == "float64":
        # Of Python's integers Arrow takes only those that a float holds exactly.
        made = pa.array(values if int not in map(type, values) else [_real(value) for value in values], pa.float64())
        return pc.if_else(pc.is_nan(made), pa.scalar(None, pa.float64()), made)
    if type_ == "timestamp":
        values = [None if value is None else _without_zone(value) for value in values]
    return pa.array(values, arrow_type(type_))


def _real(value: Any) -> float | None:
    return None if value is None else float(value)


def _alone(value: Any, type_: DataType) -> bool:
    try:
        _array([value], type_)
    except (pa.ArrowException, OverflowError, ValueError, TypeError):
        return False
    return True


def _without_zone(value: dt.datetime) -> dt.datetime:
    return value if value.tzinfo is None else value.astimezone(dt.UTC).replace(tzinfo=None)


def _boolean(kind: type) -> bool:
    return kind.__name__ in ("bool", "bool_")


_FITS: dict[DataType, Callable[[type], bool]] = {
    "bool": _boolean,
    "int64": lambda kind: issubclass(kind, numbers.Integral) and not _boolean(kind),
    "float64": lambda kind: issubclass(kind, numbers.Real) and not _boolean(kind),
    "string": lambda kind: issubclass(kind, str),
    "date": lambda kind: issubclass(kind, dt.date) and not issubclass(kind, dt.datetime),
    "timestamp": lambda kind: issubclass(kind, dt.datetime),
    "null": lambda kind: kind is type(None),
}


def _fits(kind: type, type_: DataType) -> bool:
    if item_of(type_):
        return issubclass(kind, list | tuple)
    if decimal_of(type_):
        return issubclass(kind, Decimal) or _FITS["int64"](kind)
    return _FITS[type_](kind)


_ORDER: tuple[DataType, ...] = ("bool", "int64", "float64", "string", "timestamp", "date")


def learned(made: Sequence[Any], indexes: Sequence[int]) -> Schema:
    """Return the columns of what a function made of a sample: those of its first row, with the types of all.

    Raises
    ------
    WrongShapeError
        If the rows have not all the same columns, or if values of a column have no common type.
    """
    if not made:
        return Schema(columns=())
    first = _as_mapping(made[0])
    names = [VALUE] if first is None else [str(name) for name in first]
    types: dict[str, DataType] = {}
    for value, index in zip(made, indexes, strict=True):
        found = _as_mapping(value)
        row: Mapping[Any, Any] = {VALUE: value} if found is None else found
        if list(map(str, row)) != names and sorted(map(str, row)) != sorted(names):
            raise WrongShapeError(index, f"returned {_short(value)}", f"a row with {', '.join(names)}, as before")
        for name, one in row.items():
            types[name] = _joined(types.get(name, "null"), one, str(name), index)
    return Schema.from_pairs((name, types[name]) for name in names)


def _joined(known: DataType, value: Any, name: str, index: int) -> DataType:
    if value is None:
        return known
    kind = type(value)
    if issubclass(kind, list | tuple) and not hasattr(value, "_asdict"):
        item: DataType = item_of(known) or "null"
        for one in value:
            item = _joined(item, one, name, index)
        if known == "null" or item_of(known):
            return list_type(item)
    found: DataType | None = next((type_ for type_ in _ORDER if _fits(kind, type_)), None)
    if found is None:
        text = f"returned {name}={_short(value)}, {_kind(value)}, of which no column can be made"
        raise WrongShapeError(index, text, "numbers, text, dates, True and False, None")
    if known in ("null", found):
        return found
    if {known, found} == {"int64", "float64"}:
        return "float64"
    raise WrongShapeError(index, f"returned {name}={_short(value)}", f"{_written(known)} for {name}, as before")
