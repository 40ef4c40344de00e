"""The types of columns and the shape of a collection.

Types are Arrow's, cut down to a closed set that means the same on every platform. What enters is cast to it once
(:mod:`jupyter_wayang.plan.rows`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from jupyter_wayang.errors import ColumnError, OperatorError, closest

__all__ = ["NUMERIC", "Column", "DataType", "Schema", "common_type"]

DataType = Literal["bool", "int64", "float64", "string", "date", "timestamp", "null"]
NUMERIC: frozenset[DataType] = frozenset({"int64", "float64"})

_WIDTH_BYTES: dict[str, int] = {"bool": 1, "int64": 8, "float64": 8, "string": 16, "date": 4, "timestamp": 8, "null": 1}


class Column(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named column and its type."""

    name: str
    type: DataType


class Schema(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Columns in order. Names are exact in case and unique.

    Examples
    --------
    >>> schema = Schema.of(age="int64", name="string")
    >>> schema.names
    ('age', 'name')
    >>> schema["age"].type
    'int64'
    """

    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for column in self.columns:
            if column.name in seen:
                raise OperatorError(f'the column "{column.name}" would be there twice', hint="rename one of the two")
            seen.add(column.name)

    @classmethod
    def of(cls, **types: DataType) -> Schema:
        """Make a schema from names and types."""
        return cls(columns=tuple(Column(name=name, type=type_) for name, type_ in types.items()))

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[str, DataType]]) -> Schema:
        """Make a schema from (name, type) pairs."""
        return cls(columns=tuple(Column(name=name, type=type_) for name, type_ in pairs))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns in order."""
        return tuple(column.name for column in self.columns)

    @property
    def row_bytes(self) -> int:
        """Bytes that a row takes in memory, roughly."""
        return sum(_WIDTH_BYTES[column.type] for column in self.columns)

    def __contains__(self, name: object) -> bool:
        return any(column.name == name for column in self.columns)

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        guess = closest(name, self.names)
        raise ColumnError(
            f'there is no column "{name}".' + (f" Did you mean {guess}?" if guess else ""),
            found=name,
            expected=self.names,
            hint="columns: " + ", ".join(self.names),
        )


def common_type(first: DataType, second: DataType) -> DataType | None:
    """Return the type that holds both, or None where there is none.

    Examples
    --------
    >>> common_type("int64", "float64")
    'float64'
    >>> common_type("int64", "string") is None
    True
    """
    if second in {first, "null"}:
        return first
    if first == "null":
        return second
    if {first, second} <= NUMERIC:
        return "float64"
    if {first, second} == {"date", "timestamp"}:
        return "timestamp"
    return None
