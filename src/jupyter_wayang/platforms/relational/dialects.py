"""What differs between the SQL dialects: types, and a few functions whose native meaning is not ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from jupyter_wayang.errors import PlatformError
from jupyter_wayang.plan.schema import DataType, Schema

__all__ = ["DIALECTS", "Dialect", "DialectName", "dialect_named", "physical_names"]

DialectName = Literal["duckdb", "spark"]


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """A dialect of sqlglot, and where it departs from the meaning of the project's operators.

    ``types`` are sqlglot's names of the column types. ``floor_keeps_double``: FLOOR and CEIL of a double are doubles, of
    whatever size. ``cast_truncates``: a cast from double to integer truncates. ``narrow_integers``: LENGTH and EXTRACT
    make 32-bit integers. ``lenient_integers``: a cast from text to integer rounds fractions and takes exponents.
    ``position`` numbers rows in their order.
    """

    name: DialectName
    types: Mapping[DataType, str]
    floor_keeps_double: bool
    cast_truncates: bool
    narrow_integers: bool
    lenient_integers: bool
    position: str


_TYPES: dict[DataType, str] = {
    "bool": "BOOLEAN",
    "int64": "BIGINT",
    "float64": "DOUBLE",
    "string": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "null": "INT",
}

DIALECTS: dict[str, Dialect] = {
    "duckdb": Dialect(
        name="duckdb",
        types=_TYPES,
        floor_keeps_double=True,
        cast_truncates=False,
        narrow_integers=False,
        lenient_integers=True,
        position="ROW_NUMBER() OVER ()",
    ),
    "spark": Dialect(
        name="spark",
        types={**_TYPES, "string": "TEXT", "timestamp": "TIMESTAMPNTZ", "null": "NULL"},
        floor_keeps_double=False,
        cast_truncates=True,
        narrow_integers=True,
        lenient_integers=False,
        position="MONOTONICALLY_INCREASING_ID()",
    ),
}


def dialect_named(name: str) -> Dialect:
    """Return a dialect by name.

    Raises
    ------
    PlatformError
        If there is none of that name.
    """
    if name not in DIALECTS:
        raise PlatformError(f'operators are not written in the SQL dialect "{name}"', expected=tuple(DIALECTS))
    return DIALECTS[name]


def physical_names(schema: Schema) -> tuple[str, ...]:
    """Return the names that columns bear inside a SQL engine.

    They are the names themselves, unless two differ only in case, which SQL engines do not tell apart: the later ones
    get a number. A column without a name gets one. Sources of a statement must have these names; what comes out of it
    is renamed by position.

    Examples
    --------
    >>> physical_names(Schema.of(age="int64", Age="int64", sex="string"))
    ('age', 'Age#2', 'sex')
    """
    taken = {name.casefold() for name in schema.names}
    seen: set[str] = set()
    made = []
    for name in schema.names:
        physical, number = name, 1
        while not physical or physical.casefold() in seen or (number > 1 and physical.casefold() in taken):
            number += 1
            physical = f"{name}#{number}"
        seen.add(physical.casefold())
        made.append(physical)
    return tuple(made)
