"""What differs between the SQL dialects: types, and a few functions whose native meaning is not ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from jupyter_wayang.errors import PlatformError
from jupyter_wayang.plan.schema import DataType, Schema
from jupyter_wayang.plan.types import decimal_of, item_of

__all__ = ["DIALECTS", "Dialect", "DialectName", "dialect_named", "physical_names"]

DialectName = Literal["duckdb", "spark", "sqlite", "postgres"]


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """A dialect of sqlglot, and where it departs from the meaning of the project's operators.

    ``types`` are sqlglot's names of the column types. ``floor_keeps_double``: FLOOR and CEIL of a double are doubles, of
    whatever size. ``cast_truncates``: a cast from double to integer truncates. ``narrow_integers``: LENGTH and EXTRACT
    make 32-bit integers. ``lenient_integers``: a cast from text to integer rounds fractions and takes exponents.
    ``position`` numbers rows in their order. ``functions`` are the functions and aggregates that each engine writes in
    its own way, over ``__0``, ``__1`` …; what is not there, the engine does not have. Among them may be casts
    (``"bool_to_string"``), ``strip``, and ``exact``: the test that a result is an integer where sums of integers may
    become floats. ``compares_exactly``: an integer beside a float is not made a float first. ``text_end`` is the end of
    a text in a pattern. ``joins_by_hash``: neither EXISTS nor a join over equal
    keys looks through all rows for each.
    """

    name: DialectName
    types: Mapping[DataType, str]
    floor_keeps_double: bool
    cast_truncates: bool
    narrow_integers: bool
    lenient_integers: bool
    position: str
    functions: Mapping[str, str]
    compares_exactly: bool = False
    text_end: str = r"\z"
    joins_by_hash: bool = True

    def type_name(self, type_: DataType) -> str:
        """Return sqlglot's name of a column type.

        Examples
        --------
        >>> DIALECTS["duckdb"].type_name("list(decimal(15, 2))")
        'ARRAY<DECIMAL(15, 2)>'
        """
        item = item_of(type_)
        if item:
            return f"ARRAY<{self.type_name(item)}>"
        return type_.upper() if decimal_of(type_) else self.types[type_]


WHITE = "".join(chr(code) for code in (*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B)))
WHITE += "".join(chr(code) for code in (0x2028, 0x2029, 0x202F, 0x205F, 0x3000))
"""Every white space of Unicode."""

_TYPES: dict[DataType, str] = {
    "bool": "BOOLEAN",
    "int64": "BIGINT",
    "float64": "DOUBLE",
    "string": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "null": "INT",
}


def _weighted_quantile(low: str, high: str) -> str:
    """Write a quantile as two values beside each other, weighted: engines take their difference, which infinities lack."""
    rest = f"({_PLACE} - FLOOR({_PLACE}))"
    return f"{low} * (1 - {rest}) + CASE WHEN {rest} > 0 THEN {high} * {rest} ELSE 0 END"


_PLACE = "((COUNT(__0) - 1) * __1)"
_IN_POSTGRES = "(ARRAY_AGG(__0 ORDER BY __0) FILTER(WHERE NOT __0 IS NULL))[CAST({}(" + _PLACE + ") AS INT) + 1]"
_IN_SPARK = "GET(SORT_ARRAY(COLLECT_LIST(__0)), CAST({}(" + _PLACE + ") AS INT))"

DIALECTS: dict[str, Dialect] = {
    "duckdb": Dialect(
        name="duckdb",
        types=_TYPES,
        floor_keeps_double=True,
        cast_truncates=False,
        narrow_integers=False,
        lenient_integers=True,
        position="ROW_NUMBER() OVER ()",
        functions={
            "weekday": "ISODOW(__0)",
            "days_between": "DATE_DIFF('day', __1, __0)",
            "microseconds_between": "EPOCH_US(__0) - EPOCH_US(__1)",
            "split": "STRING_SPLIT(__0, __1)",
            "regex_match": "REGEXP_MATCHES(__0, __1)",
            "regex_extract": "REGEXP_EXTRACT(__0, __1, __2)",
            "length_of_list": "LEN(__0)",
            "log10": "LOG10(__0)",
            "quantile": "QUANTILE_CONT(__0, __1)",
            "arg_min": "STRUCT_EXTRACT(MIN(CASE WHEN __2 THEN STRUCT_PACK(k := __1, v := __0) END), 'v')",
            "arg_max": "STRUCT_EXTRACT(MAX(CASE WHEN __2 THEN STRUCT_PACK(k := __1, v := __0) END), 'v')",
            "collect": "LIST(__0 ORDER BY __0) FILTER(WHERE NOT __0 IS NULL)",
            "corr": "CORR(__0, __1)",
            "cov": "COVAR_SAMP(__0, __1)",
        },
    ),
    "spark": Dialect(
        name="spark",
        types={**_TYPES, "string": "TEXT", "timestamp": "TIMESTAMPNTZ", "null": "NULL"},
        floor_keeps_double=False,
        cast_truncates=True,
        narrow_integers=True,
        lenient_integers=False,
        position="MONOTONICALLY_INCREASING_ID()",
        functions={
            "weekday": "WEEKDAY(__0) + 1",
            "days_between": "DATEDIFF(__0, __1)",
            "microseconds_between": "UNIX_MICROS(CAST(__0 AS TIMESTAMP)) - UNIX_MICROS(CAST(__1 AS TIMESTAMP))",
            "split": "SPLIT(__0, __1)",
            "regex_match": "__0 RLIKE __1",
            "regex_extract": "REGEXP_EXTRACT(__0, __1, __2)",
            "length_of_list": "SIZE(__0)",
            "log10": "LOG10(__0)",
            "quantile": _weighted_quantile(*map(_IN_SPARK.format, ("FLOOR", "CEIL"))),
            "arg_min": "MIN(CASE WHEN __2 THEN NAMED_STRUCT('k', __1, 'v', __0) END).v",
            "arg_max": "MAX(CASE WHEN __2 THEN NAMED_STRUCT('k', __1, 'v', __0) END).v",
            "collect": "CASE WHEN COUNT(__0) > 0 THEN SORT_ARRAY(COLLECT_LIST(__0)) END",
            "corr": "CORR(__0, __1)",
            "cov": "COVAR_SAMP(__0, __1)",
        },
    ),
    "sqlite": Dialect(
        name="sqlite",
        types={**_TYPES, "string": "TEXT"},
        floor_keeps_double=True,
        cast_truncates=True,
        narrow_integers=False,
        lenient_integers=False,
        position="ROW_NUMBER() OVER ()",
        functions={
            "exact": "EXACT(__0)",
            "bool_to_string": "CASE __0 WHEN 1 THEN 'true' WHEN 0 THEN 'false' END",
            "strip": "STRIP(__0)",
            "weekday": "WEEKDAY(__0)",
            "truncate": "DATE_TRUNC(__1, __0)",
            "days_between": "DAYS_BETWEEN(__0, __1)",
            "microseconds_between": "MICROSECONDS_BETWEEN(__0, __1)",
            "regex_match": "REGEXP_MATCHES(__0, __1)",
            "regex_extract": "REGEXP_EXTRACT(__0, __1, __2)",
            "log10": "LOG10(__0)",
            "quantile": "QUANTILE(__0, __1)",
            "arg_min": "ARG_MIN(__0, __1)",
            "arg_max": "ARG_MAX(__0, __1)",
            "corr": "CORR(__0, __1)",
            "cov": "COVAR_SAMP(__0, __1)",
        },
        compares_exactly=True,
        text_end=r"\Z",
        joins_by_hash=False,
    ),
    "postgres": Dialect(
        name="postgres",
        text_end=r"\Z",
        types={**_TYPES, "string": "TEXT", "null": "TEXT"},
        floor_keeps_double=True,
        cast_truncates=False,
        narrow_integers=True,
        lenient_integers=False,
        position="ROW_NUMBER() OVER ()",
        functions={
            "bool_to_int64": "CAST(CAST(__0 AS INT) AS BIGINT)",
            "bool_to_float64": "CAST(CAST(__0 AS INT) AS DOUBLE PRECISION)",
            "int64_to_bool": "__0 <> 0",
            "float64_to_bool": "__0 <> 0",
            "strip": f"BTRIM(__0, '{WHITE}')",
            "weekday": "EXTRACT(ISODOW FROM __0)",
            "truncate": "DATE_TRUNC(__1, __0)",
            "days_between": "__0 - __1",
            "microseconds_between": "EXTRACT(EPOCH FROM __0 - __1) * 1000000",
            "split": "CASE WHEN __0 = '' THEN CAST(ARRAY[''] AS TEXT[]) ELSE STRING_TO_ARRAY(__0, __1) END",
            "regex_match": "__0 ~ __1",
            "regex_extract": "SUBSTRING(__0 FROM __1)",
            "length_of_list": "CARDINALITY(__0)",
            "log10": "LOG(__0)",
            "quantile": _weighted_quantile(*map(_IN_POSTGRES.format, ("FLOOR", "CEIL"))),
            # It would take 'NaN' for a number.
            "string_to_decimal": "CASE WHEN __0 ~ '^[[:space:]]*[+-]?[.0-9]' THEN __0 ELSE 'no number: ' || __0 END",
            "arg_min": "(ARRAY_AGG(__0 ORDER BY __1, __0) FILTER(WHERE __2))[1]",
            "arg_max": "(ARRAY_AGG(__0 ORDER BY __1 DESC, __0 DESC) FILTER(WHERE __2))[1]",
            "collect": "ARRAY_AGG(__0 ORDER BY __0) FILTER(WHERE NOT __0 IS NULL)",
            "corr": "CORR(__0, __1)",
            "cov": "COVAR_SAMP(__0, __1)",
        },
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
