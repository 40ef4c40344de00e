"""The shape of a collection: named columns and their types (:mod:`jupyter_wayang.plan.types`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from jupyter_wayang.errors import ColumnError, OperatorError, closest
from jupyter_wayang.plan.types import NUMERIC, DataType, checked_type, common_type, width_bytes

__all__ = ["NUMERIC", "Column", "DataType", "Schema", "common_type", "unused"]


class Column(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named column and its type."""

    name: str
    type: DataType

    def __post_init__(self) -> None:
        checked_type(self.type)


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
        return sum(width_bytes(column.type) for column in self.columns)

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


def unused(name: str, *schemas: Schema) -> str:
    """Return a name that no column of some schemas bears, in any case.

    Examples
    --------
    >>> unused("id", Schema.of(ID="int64"))
    'id_2'
    """
    taken = {known.casefold() for schema in schemas for known in schema.names}
    number, free = 1, name
    while free.casefold() in taken:
        number += 1
        free = f"{name}_{number}"
    return free
