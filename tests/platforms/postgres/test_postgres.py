"""What is PostgreSQL's own: a server, its types and statistics, two databases at once, passwords, floats beyond all."""

# ruff: noqa: DTZ001 - the timestamps of the project have no time zone
from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal

import pytest

from jupyter_wayang.datasets import postgres
from jupyter_wayang.errors import DataError, RunStoppedError
from jupyter_wayang.plan.expressions import Binary, ColumnRef, Literal, Named
from jupyter_wayang.plan.operators import Join, ReadFrame, ReadTable, Select
from jupyter_wayang.plan.rows import arrow_schema
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms import connections
from jupyter_wayang.platforms.platform import ARROW
from jupyter_wayang.platforms.postgres import PLATFORM
from jupyter_wayang.platforms.postgres.channels import RELATION
from jupyter_wayang.platforms.postgres.session import Session
from jupyter_wayang.platforms.postgres.statistics import described

VISITS = (
    "DROP TABLE IF EXISTS visits",
    "CREATE TABLE visits (id bigint, name text, price numeric(10, 2), born date, seen timestamptz, ok bool, x numeric, f real)",
    "INSERT INTO visits SELECT i, 'n' || i % 10, i, DATE '2024-01-02', TIMESTAMPTZ '2024-01-02 03:04:05+02', true, 0.5, 'NaN' FROM generate_series(1, 1000) i",
    "ANALYZE visits",
)


@pytest.fixture(scope="module")
def server():
    connections.connect("first", postgres.address())
    session = Session(connections.connection("first"))
    for statement in VISITS:
        session.execute(statement)
    session.close()
    connections.connect("second", postgres.address().replace("/postgres?", "/template1?"))
    return "first"


@pytest.fixture(autouse=True)
def _own_connections(server, monkeypatch):
    monkeypatch.setattr(connections, "_KNOWN", dict(connections._KNOWN))


@pytest.fixture
def engine(server):
    made = PLATFORM.open(None)
    yield made
    made.close()


def fetched(engine, payload, schema):
    return engine.convert(payload, RELATION, ARROW, schema).to_pylist()


def entered(engine, rows, schema):
    table = arrow_schema(schema).empty_table().from_pylist(rows, arrow_schema(schema))
    (payload,) = engine.apply(ReadFrame(key="r", label="r", schema=schema), (), (), {"r": table}, "")
    return payload


def test_types_and_statistics_are_those_of_the_server(server):
    schema, known = described(server, "visits")
    assert [column.type for column in schema] == [
        "int64", "string", "decimal(10, 2)", "date", "timestamp", "bool", "float64", "float64",
    ]  # fmt: skip
    assert known.rows.low == known.rows.high == 1000
    assert known.distinct["name"] == 10
    assert known.distinct["id"] == 1000
    assert known.bytes is not None


def test_rows_of_a_table_and_of_a_query(server, engine):
    schema, _ = described(server, "public.visits")
    operator = ReadTable(platform="postgres", database=server, table="public.visits", schema=schema)
    (payload,) = engine.apply(operator, (), (), {}, "")
    assert fetched(engine, payload, schema)[0] == {
        "id": 1, "name": "n1", "price": Decimal("1.00"), "born": dt.date(2024, 1, 2),
        "seen": dt.datetime(2024, 1, 2, 1, 4, 5), "ok": True, "x": 0.5, "f": None,
    }  # fmt: skip
    query = "SELECT name, count(*) AS n FROM visits GROUP BY name ORDER BY name LIMIT 1"
    schema, known = described(server, "", query)
    assert known.rows.low <= 1 <= known.rows.high
    assert known.origin == "estimated by the database"
    (payload,) = engine.apply(
        ReadTable(platform="postgres", database=server, query=query, schema=schema), (), (), {}, ""
    )
    assert fetched(engine, payload, schema) == [{"name": "n0", "n": 100}]


def test_two_databases_are_joined_in_one(server, engine):
    schema, _ = described(server, "visits")
    (ours,) = engine.apply(
        ReadTable(platform="postgres", database=server, table="visits", schema=schema), (), (), {}, ""
    )
    query = "SELECT 7::bigint AS id, 'seven' AS word"
    other, _ = described("second", "", query)
    (theirs,) = engine.apply(
        ReadTable(platform="postgres", database="second", query=query, schema=other), (), (), {}, ""
    )
    assert ours.place != theirs.place
    join = Join(on=(("id", "id"),), how="inner")
    (made,) = engine.apply(join, (ours, theirs), (schema, other), {}, "")
    (joined,) = join.outputs((schema, other))
    (row,) = fetched(engine, made, joined)
    assert (row["name"], row["word"]) == ("n7", "seven")


def test_rows_that_enter_go_where_they_are_needed(server, engine, monkeypatch):
    known = {"closed": connections.connect("closed", "postgresql://localhost:1/nothing"), **connections._KNOWN}
    monkeypatch.setattr(connections, "_KNOWN", known)  # the one that was named first cannot be reached
    wanted = Schema.of(id="int64")
    few = entered(engine, [{"id": 3}], wanted)
    assert engine.count(few) == 1
    schema, _ = described(server, "visits")
    (ours,) = engine.apply(
        ReadTable(platform="postgres", database=server, table="visits", schema=schema), (), (), {}, ""
    )
    join = Join(on=(("id", "id"),), how="semi")
    (made,) = engine.apply(join, (ours, few), (schema, wanted), {}, "")
    assert [row["name"] for row in fetched(engine, made, schema)] == ["n3"]


def test_a_float_beyond_all_bounds_is_infinite(engine):
    schema = Schema.of(x="float64")
    payload = entered(engine, [{"x": 1e300}, {"x": -1e300}, {"x": 1e-300}, {"x": 2.0}], schema)
    square = Binary(op="*", left=ColumnRef(name="x"), right=ColumnRef(name="x"))
    tenth = Binary(op="/", left=ColumnRef(name="x"), right=Literal.of(1e-300))
    operator = Select(columns=(Named(name="s", expression=square), Named(name="d", expression=tenth)))
    (made,) = engine.apply(operator, (payload,), (schema,), {}, "")
    (out,) = operator.outputs((schema,))
    found = fetched(engine, made, out)
    inf = float("inf")
    assert [(row["s"], row["d"]) for row in found] == [(inf, inf), (inf, -inf), (0.0, 1.0), (4.0, pytest.approx(2e300))]


def test_a_table_that_is_not_there_says_which_are(server):
    with pytest.raises(DataError) as caught:
        described(server, "vists")
    assert "Did you mean visits?" in caught.value.render()


def test_no_message_has_the_password():
    made = connections.connect("closed", "postgresql://ada:s3cr%40t@localhost:1/visits")
    with pytest.raises(DataError) as caught:
        described("closed", "visits")
    shown = caught.value.render() + repr(made) + repr(caught.value) + made.shown()
    assert "s3cr" not in shown
    assert "closed cannot be reached" in shown


def test_a_password_may_stand_in_the_environment(monkeypatch):
    made = connections.connect("hidden", "postgresql://ada:${VISITS_PASSWORD}@localhost/visits")
    with pytest.raises(DataError, match="VISITS_PASSWORD"):
        made.opened()
    monkeypatch.setenv("VISITS_PASSWORD", "x")
    assert made.opened() == "postgresql://ada:x@localhost/visits"


def test_a_connection_may_stand_in_the_environment(monkeypatch):
    monkeypatch.setenv("WAYANG_CONNECTION_ARCHIVE", "postgresql://localhost/archive")
    assert connections.connection("archive").platform == "postgres"
    assert "archive" in [one.name for one in connections.connected("postgres")]


def test_what_runs_is_stopped(server, engine):
    query = "SELECT count(*) AS n FROM generate_series(1, 10000000000)"
    operator = ReadTable(platform="postgres", database=server, query=query, schema=Schema.of(n="int64"))
    (payload,) = engine.apply(operator, (), (), {}, "")
    ended = threading.Event()

    def stop():
        while not ended.wait(0.05):
            engine.interrupt()

    thread = threading.Thread(target=stop)
    thread.start()
    try:
        with pytest.raises(RunStoppedError):
            engine.count(payload)
    finally:
        ended.set()
        thread.join()
