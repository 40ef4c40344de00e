"""What is SQLite's own: files with loose types, queries, what it says when a file is none, and stopping."""

# ruff: noqa: DTZ001 - the timestamps of the project have no time zone
from __future__ import annotations

import datetime as dt
import sqlite3
import threading

import pyarrow as pa
import pytest

from jupyter_wayang.errors import DataError, OperatorError, RunStoppedError
from jupyter_wayang.plan.expressions import Aggregate, Call, ColumnRef, Named
from jupyter_wayang.plan.operators import GroupBy, Join, Limit, ReadFrame, ReadTable, Select
from jupyter_wayang.plan.rows import arrow_schema
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.platform import ARROW
from jupyter_wayang.platforms.sqlite import PLATFORM
from jupyter_wayang.platforms.sqlite.channels import RELATION
from jupyter_wayang.platforms.sqlite.statistics import described

VISITS = """
CREATE TABLE visits (id INTEGER, name TEXT, price NUMERIC, born DATE, seen DATETIME, ok BOOLEAN, mixed, "odd name" REAL);
INSERT INTO visits VALUES
    (1, 'a', 2, '2024-01-02', '2024-01-02 03:04:05', 1, 1, 0.5),
    (2, NULL, 2.5, NULL, NULL, 0, 'x', NULL);
CREATE VIEW twice AS SELECT id, id * 2 AS double FROM visits;
"""


@pytest.fixture
def path(tmp_path):
    connection = sqlite3.connect(tmp_path / "visits.db")
    connection.executescript(VISITS)
    connection.close()
    return tmp_path / "visits.db"


@pytest.fixture
def engine(tmp_path):
    made = PLATFORM.open(tmp_path / "workspace")
    yield made
    made.close()


def rows(engine, operator):
    (payload,) = engine.apply(operator, (), (), {}, "here")
    return engine.convert(payload, RELATION, ARROW, operator.schema).to_pylist()


def test_types_are_those_that_the_values_have(path):
    schema, known = described(str(path), "visits")
    assert [column.type for column in schema] == [
        "int64", "string", "float64", "date", "timestamp", "bool", "string", "float64",
    ]  # fmt: skip
    assert known.rows.low == known.rows.high == 2
    assert known.distinct["price"] == 2
    assert known.distinct["name"] == 1


def test_rows_of_a_table_a_view_and_a_query(path, engine):
    schema, _ = described(str(path), "visits")
    found = rows(engine, ReadTable(platform="sqlite", database=str(path), table="visits", schema=schema))
    assert found[0] == {
        "id": 1, "name": "a", "price": 2.0, "born": dt.date(2024, 1, 2), "seen": dt.datetime(2024, 1, 2, 3, 4, 5),
        "ok": True, "mixed": "1", "odd name": 0.5,
    }  # fmt: skip
    schema, _ = described(str(path), "twice")
    assert (
        rows(engine, ReadTable(platform="sqlite", database=str(path), table="twice", schema=schema))[1]["double"] == 4
    )
    query = "WITH few AS (SELECT id FROM visits WHERE id > 1) SELECT COUNT(*) AS n FROM few"
    schema, _ = described(str(path), "", query)
    assert rows(engine, ReadTable(platform="sqlite", database=str(path), query=query, schema=schema)) == [{"n": 1}]


def test_a_table_that_is_not_there_says_which_are(path):
    with pytest.raises(DataError) as caught:
        described(str(path), "visit")
    assert "Did you mean visits?" in caught.value.render()


def test_bytes_are_refused(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE pictures (id INTEGER, png BLOB)")
    connection.execute("INSERT INTO pictures VALUES (1, x'00')")
    connection.commit()
    connection.close()
    with pytest.raises(OperatorError, match='"png" of pictures holds bytes'):
        described(str(path), "pictures")


@pytest.mark.parametrize("query", ["DELETE FROM visits", "SELECT 1; SELECT 2", "SELEC 1 FRM", "DROP TABLE visits"])
def test_a_query_only_reads(path, query):
    with pytest.raises(OperatorError):
        described(str(path), "", query)


def test_a_file_that_is_none(tmp_path):
    (tmp_path / "no.sqlite").write_text("hello")
    with pytest.raises(DataError, match=r"cannot read no.sqlite as a SQLite file"):
        described(str(tmp_path / "no.sqlite"), "t")


def test_decimals_are_refused_with_the_reason():
    schema = Schema.of(price="decimal(15, 2)")
    assert PLATFORM.refuses(Limit(rows=1), (schema,)) == "SQLite has no decimals, and price is a decimal(15, 2)"


def test_a_table_of_another_database_is_refused():
    operator = ReadTable(platform="duckdb", database="a.duckdb", table="t", schema=Schema.of(a="int64"))
    assert "lives in duckdb" in (PLATFORM.refuses(operator, ()) or "")


def test_what_runs_is_stopped(engine):
    schema = Schema.of(t="string")
    table = arrow_schema(schema).empty_table().from_pylist([{"t": "x"}] * 200_000, arrow_schema(schema))
    (payload,) = engine.apply(ReadFrame(key="r", label="r", schema=schema), (), (), {"r": table}, "")
    slow = Select(columns=(Named(name="u", expression=Call(function="upper", args=(ColumnRef(name="t"),))),))
    (made,) = engine.apply(slow, (payload,), (schema,), {}, "")
    stopping = threading.Event()

    def stop():
        while not stopping.is_set():
            engine.interrupt()

    thread = threading.Thread(target=stop)
    thread.start()
    try:
        with pytest.raises(RunStoppedError):
            engine.count(engine.keep(made))
    finally:
        stopping.set()
        thread.join()


def test_rows_that_cannot_enter_leave_the_engine_as_it_was(engine):
    schema = Schema.of(d="date")
    far = pa.table({"d": pa.array([5_000_000], pa.int32()).cast(pa.date32())})
    read = ReadFrame(key="r", label="r", schema=schema)
    with pytest.raises(DataError, match="years 1 to 9999"):
        engine.apply(read, (), (), {"r": far}, "")
    near = pa.table({"d": pa.array([5], pa.int32()).cast(pa.date32())})
    (payload,) = engine.apply(read, (), (), {"r": near}, "")
    assert engine.count(payload) == 1


@pytest.mark.parametrize("grouped_first", [True, False])
def test_a_join_looks_up_in_what_is_grouped(engine, grouped_first):
    # SQLite takes a group_by for 100 rows: with it first, every row of the other side would be looked at for each.
    schema = Schema.of(k="int64")
    many = pa.table({"k": list(range(50))})
    (rows,) = engine.apply(ReadFrame(key="rows", label="rows", schema=schema), (), (), {"rows": many}, "here")
    key = Named(name="k", expression=ColumnRef(name="k"))
    largest = Named(name="m", expression=Aggregate(function="max", arg=ColumnRef(name="k")))
    group = GroupBy(keys=(key,), aggregates=(largest,))
    (grouped,) = engine.apply(group, (rows,), (schema,), {}, "here")
    sides = [(grouped, Schema.of(k="int64", m="int64")), (rows, schema)]
    (left, ours), (right, theirs) = sides if grouped_first else sides[::-1]
    (made,) = engine.apply(Join(on=(("k", "k"),)), (left, right), (ours, theirs), {}, "here")
    text = made.select.sql(dialect="sqlite")
    assert 'CROSS JOIN "grouped" AS' in text
    assert engine.count(made) == 50
