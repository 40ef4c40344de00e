"""Sources beside files by name: patterns, lines, rows that are made up, tables of databases; in cells and in Python."""

from __future__ import annotations

import sqlite3

import pytest

import jupyter_wayang as wy
from jupyter_wayang.datasets import postgres
from jupyter_wayang.errors import DataError, OperatorError
from jupyter_wayang.events import Planned
from jupyter_wayang.language.cell import read_cell
from jupyter_wayang.platforms import connections
from jupyter_wayang.platforms.postgres.session import Session as Server


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setattr(connections, "_KNOWN", {})
    (tmp_path / "visits-1.csv").write_text("id,ward\n1,A\n2,B\n")
    (tmp_path / "visits-2.csv").write_text("ward,id\nC,3\n")
    (tmp_path / "book.txt").write_text('one "two\n\nthree, four\r\n', newline="")
    connection = sqlite3.connect(tmp_path / "wards.db")
    connection.execute("CREATE TABLE wards (ward TEXT, floor INTEGER)")
    connection.executemany("INSERT INTO wards VALUES (?, ?)", [("A", 1), ("B", 2), ("C", 3)])
    connection.commit()
    connection.close()
    made = wy.Session(tmp_path)
    yield made
    made.close()


def rows(collection):
    return collection.run().to_arrow().to_pylist()


def test_a_pattern_reads_every_file_that_it_matches(session):
    found = session.read("visits-*.csv").sort("id")
    assert rows(found) == [{"id": 1, "ward": "A"}, {"id": 2, "ward": "B"}, {"id": 3, "ward": "C"}]
    with pytest.raises(DataError, match="no file matches"):
        session.read("nothing-*.csv")


def test_lines_are_what_stands_between_ends_of_lines(session):
    assert [row["line"] for row in rows(session.lines("book.txt"))] == ['one "two', "", "three, four"]


@pytest.mark.parametrize("platform", ["duckdb", "polars", "pandas", "sqlite"])
def test_lines_are_the_same_on_every_platform(session, platform):
    found = session.lines("book.txt").run(platforms=[platform]).to_arrow()
    assert found["line"].to_pylist() == ['one "two', "", "three, four"]


def test_rows_are_made_up(session):
    assert rows(session.range(3)) == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert session.range(0).run().to_arrow().num_rows == 0
    assert rows(session.values([{"a": 1, "b": "x"}, {"a": 2}])) == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
    assert rows(session.values([1.5, 2])) == [{"value": 1.5}, {"value": 2.0}]


@pytest.mark.parametrize("held", [[], "abc", [1, "a"], [{"a": 1}, 2]])
def test_values_that_are_no_rows(session, held):
    with pytest.raises(OperatorError):
        session.values(held)


@pytest.mark.parametrize("n", [-1, 2.5, 10**9])
def test_a_range_that_is_none(session, n):
    with pytest.raises(OperatorError):
        session.range(n)


def test_a_cell_says_the_same(session):
    cell = 'few = range(5)\ntexts = lines("book.txt")\nwards = table("wards.db", "wards")\nwards.filter(floor > 1)'
    made = read_cell(cell, session.scope, session)
    assert rows(made.results[0]) == [{"ward": "B", "floor": 2}, {"ward": "C", "floor": 3}]
    assert set(made.assigned) == {"few", "texts", "wards"}
    two = read_cell('query("wards.db", "SELECT max(floor) AS top FROM wards")', session.scope, session)
    assert rows(two.results[0]) == [{"top": 3}]
    assert rows(read_cell('values([{"a": 1}])', session.scope, session).results[0]) == [{"a": 1}]


def test_a_connection_that_is_not_there(session):
    session.connect("archive", "wards.db")
    with pytest.raises(DataError) as caught:
        session.table("archiv", "wards")
    assert "Did you mean archive?" in caught.value.render()
    assert rows(session.table("archive", "wards"))[0] == {"ward": "A", "floor": 1}


def test_a_statement_that_takes_for_ever_is_stopped(session):
    session.connect("slow", postgres.address())
    endless = session.query("slow", "SELECT count(*) AS n FROM generate_series(1, 1000000000000)")
    run = endless.run(wait=False)
    server = Server(connections.connection("slow"))
    busy = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%1000000000000%' AND pid <> pg_backend_pid()"
    while server.rows(busy) == [(0,)]:
        assert run.state == "running"
    run.stop()
    run.wait()
    assert run.state == "stopped"
    assert server.rows(busy) == [(0,)]
    server.close()


def test_to_stop_a_run_that_waits_for_another_does_not_stop_that_one(session):
    session.connect("slow", postgres.address())
    server = Server(connections.connection("slow"))
    server.execute("SELECT pg_advisory_lock(7)")
    first = session.query(
        "slow", "SELECT CASE WHEN pg_advisory_xact_lock_shared(7) IS NULL THEN 0 ELSE 1 END AS n"
    ).run(wait=False)
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    while server.rows(held) == [(0,)]:
        assert first.state == "running"
    second = session.query("slow", "SELECT 2 AS n").run(wait=False)
    while not any(isinstance(event, Planned) for event in second.events()):
        assert second.state == "running"
    second.stop()
    second.waited(1.0)
    assert server.rows(held) == [(1,)]
    server.execute("SELECT pg_advisory_unlock(7)")
    server.close()
    first.wait()
    second.wait()
    assert (first.state, second.state) == ("done", "stopped")


def test_what_can_runs_where_the_table_is(session):
    server = Server(connections.connect("visits", postgres.address()))
    server.execute("DROP TABLE IF EXISTS stays")
    server.execute(
        "CREATE TABLE stays AS SELECT i AS id, chr(65 + i % 3) AS ward, i * 0.5::float8 AS cost FROM generate_series(1, 50000) i"
    )
    server.execute("ANALYZE stays")
    server.close()
    tables = {"stays": session.table("visits", "stays"), "wards": session.table("wards.db", "wards")}
    text = "SELECT ward, sum(cost) AS total, count(*) AS n FROM stays JOIN wards USING (ward) WHERE floor > 1 GROUP BY ward ORDER BY ward"
    found = session.sql(text, tables)
    plan = found.plan()
    platforms = {one.decision.platform for one in plan.execution.operators}
    assert "postgres" in platforms
    assert "sqlite" in platforms
    assert [(row["ward"], row["n"]) for row in rows(found)] == [("B", 16667), ("C", 16667)]
    assert "postgresql://" not in str(plan)
