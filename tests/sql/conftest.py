"""Small tables with nulls and repeated rows, in a session and in a database that runs the text itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

import jupyter_wayang as wy

TABLES = {
    "visits": pa.table(
        {
            "id": [1, 2, 3, 4, 5, 6, 7, 8],
            "ward": ["a", "b", "a", None, "c", "b", "a", "d"],
            "age": [17, 42, 66, 30, None, 42, 80, 5],
            "bmi": [20.5, 31.0, None, 25.0, 19.0, 22.5, 27.0, 15.5],
            "cost": pa.array(
                [Decimal("10.50"), Decimal("3.25"), None, Decimal("7.00"), *[Decimal("1.10")] * 4], pa.decimal128(9, 2)
            ),
            "day": pa.array([dt.date(2024, 1, 31), dt.date(2024, 2, 29), None, *[dt.date(2023, 12, 1)] * 5]),
            "urgent": [True, False, None, True, False, False, True, None],
        }
    ),
    "wards": pa.table(
        {
            "ward": ["a", "b", None, "e", "c"],
            "floor": [1, 2, 3, None, 2],
            "bmi": [24.0, 30.0, 18.0, None, 19.0],
        }
    ),
    "empty": pa.table({"ward": pa.array([], pa.string()), "floor": pa.array([], pa.int64())}),
}


@pytest.fixture(scope="session")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a database that has the tables, and runs a text itself."""
    with duckdb.connect() as made:
        for name, table in TABLES.items():
            made.register(name, table)
        yield made


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[wy.Session]:
    """Return a session that all tests share: starting platforms takes longer than a query."""
    made = wy.Session(tmp_path_factory.mktemp("sql"))
    yield made
    made.close()


@pytest.fixture
def rows(session: wy.Session) -> Callable[..., list[tuple[object, ...]]]:
    """Return the rows of a text on one platform."""

    def run(text: str, platform: str) -> list[tuple[object, ...]]:
        made = session.sql(text, TABLES).run(platforms=platform).to_arrow()
        return list(zip(*(column.to_pylist() for column in made.columns), strict=True))

    return run
