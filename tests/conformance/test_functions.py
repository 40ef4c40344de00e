"""Functions of the notebook see the same rows, and make the same, on every platform that calls them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from jupyter_wayang.errors import WayangError
from jupyter_wayang.plan.operators import AnyOperator, ReadFrame
from jupyter_wayang.plan.operators.functions import Calling, FilterBy, FlatMap, FunctionRef, Map, MapBatches
from jupyter_wayang.plan.rows import arrow_schema, schema_of
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.functions import Call
from jupyter_wayang.platforms.platform import ARROW
from jupyter_wayang.platforms.registry import installed
from jupyter_wayang.session.functions import taken

REF = FunctionRef(name="f", key="f")
_SLOW = {"spark": (pytest.mark.spark, pytest.mark.slow)}
_TYPES = {
    "truth": "bool",
    "n": "int64",
    "odd name": "float64",
    "N": "string",
    "from": "date",
    "naïve": "timestamp",
    "exact": "decimal(38, 6)",
    "several": "list(string)",
    "_hidden": "int64",
    "count": "int64",
}
_ROWS: list[tuple[Any, ...]] = [
    (
        True,
        2**63 - 1,
        math.inf,
        "",
        dt.date(1, 1, 1),
        dt.datetime(2024, 2, 29, 1, 2, 3, 456789),  # noqa: DTZ001
        Decimal("1.5"),
        ["a"],
        1,
        2,
    ),
    (
        False,
        -(2**63),
        -0.0,
        "a\nb\x00c",
        dt.date(9999, 12, 31),
        dt.datetime(1900, 1, 1),  # noqa: DTZ001
        Decimal("-0.000001"),
        [],
        3,
        4,
    ),
    (None,) * 10,
    (True, 0, 5e-324, "żółć 🜁", dt.date(1970, 1, 1), dt.datetime(1970, 1, 1), Decimal(10**30), [None, ""], None, 5),  # noqa: DTZ001
]
_SCHEMA = Schema.from_pairs(_TYPES.items())
_TABLES = {
    "nasty": [dict(zip(_TYPES, row, strict=True)) for row in _ROWS],
    "one row": [dict(zip(_TYPES, _ROWS[0], strict=True))],
    "no rows": [],
}


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=_SLOW.get(name, ()))
        for name, platform in installed().items()
        if "map" in platform.operators
    ],
)
def caller(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Run an operator with a function on rows, on each platform that calls functions."""
    platform = installed()[request.param]
    reason = platform.missing()
    if reason is not None:
        pytest.skip(f"{request.param} cannot be used on this machine: {reason}")
    engine: Any = platform.open(tmp_path_factory.mktemp(request.param))

    def run(operator: Calling, function: Any, table: pa.Table) -> pa.Table:
        schema = schema_of(table.schema)
        source: AnyOperator = ReadFrame(key="rows", label="rows", schema=schema)
        (payload,) = engine.apply(source, (), (), {"rows": table}, "here")
        made = engine.call(operator, (payload,), (schema,), Call(function=taken(function)[1]))
        (wanted,) = operator.outputs((schema,))
        return made if platform.channel == ARROW else engine.convert(made, platform.channel, ARROW, wanted)

    yield run
    engine.close()


def table(name: str) -> pa.Table:
    return pa.Table.from_pylist(_TABLES[name], schema=arrow_schema(_SCHEMA))


IDENTITIES = {
    "map": (Map(function=REF, output=_SCHEMA), dict),
    "map of rows": (Map(function=REF, output=_SCHEMA), lambda row: row),
    "flat_map": (FlatMap(function=REF, output=_SCHEMA), lambda row: [row]),
    "filter": (FilterBy(function=REF), lambda row: True),
    "map_batches": (MapBatches(function=REF, output=_SCHEMA), lambda batch: batch),
}


@pytest.mark.parametrize("name", _TABLES)
@pytest.mark.parametrize(("operator", "function"), IDENTITIES.values(), ids=IDENTITIES)
def test_rows_go_through_as_they_are(caller: Any, operator: Calling, function: Any, name: str) -> None:
    found = caller(operator, function, table(name))
    assert found.schema.remove_metadata() == arrow_schema(_SCHEMA)
    assert found.to_pylist() == _TABLES[name]


def test_values_are_those_of_python(caller: Any) -> None:
    def kinds(row: Any) -> dict[str, str]:
        return {"kinds": " ".join(type(value).__name__ for value in row)}

    found = caller(Map(function=REF, output=Schema.of(kinds="string")), kinds, table("one row"))
    assert found["kinds"].to_pylist() == ["bool int float str date datetime Decimal list int int"]


def test_nan_becomes_null(caller: Any) -> None:
    operator = Map(function=REF, output=Schema.of(x="float64"))
    found = caller(operator, lambda row: {"x": math.nan if row.n else 1}, table("nasty"))
    assert found["x"].to_pylist() == [None, None, 1.0, 1.0]


@pytest.mark.parametrize("value", [2**63, 1.5, True, "1", [1]])
def test_what_is_no_integer_is_an_error(caller: Any, value: Any) -> None:
    with pytest.raises(WayangError, match=r"of map\(\) returned x=") as caught:
        caller(Map(function=REF, output=Schema.of(x="int64")), lambda row: {"x": value}, table("one row"))
    assert dict(caught.value.facts)["expected"] == "dict(x=int)"
