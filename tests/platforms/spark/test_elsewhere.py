"""Spark that is not here: a server of Spark Connect and a cluster, both started from the jars of the wheel."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import jupyter_wayang as wy
from jupyter_wayang.errors import DataError, PlatformError
from jupyter_wayang.plan.expressions import Aggregate, Binary, ColumnRef, Literal, Named
from jupyter_wayang.plan.model_specs import LinearRegression
from jupyter_wayang.plan.models import LogisticRegression, array, named_array
from jupyter_wayang.plan.operators import (
    Filter,
    GroupBy,
    Join,
    LocalUpdate,
    ReadFile,
    ReadFrame,
    ReadTable,
    Select,
)
from jupyter_wayang.plan.operators.functions import FunctionRef, Map
from jupyter_wayang.plan.rows import schema_of
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.tasks import TARGET, LocalTask, ScoreTask
from jupyter_wayang.platforms import connections
from jupyter_wayang.platforms.numpy import learning
from jupyter_wayang.platforms.spark import PLATFORM, places
from jupyter_wayang.platforms.spark.statistics import described

sys.path.insert(0, str(Path(__file__).parent))

import servers

pytestmark = [pytest.mark.spark, pytest.mark.slow]

TABLE = pa.table(
    {
        "id": [1, 2, None, 3],
        "k": ["a", None, "b", "a"],
        "price": pa.array([Decimal("1.50"), None, Decimal("2.00"), Decimal("0.25")], pa.decimal128(10, 2)),
        "day": [dt.date(2020, 2, 29), None, dt.date(1600, 1, 1), dt.date(2020, 2, 29)],
        "moment": pa.array([1577840523000456, None, 0, -11676096000000000], pa.timestamp("us")),
        "a.b `c`": [0.5, 1.5, None, 2.5],
        "none": pa.nulls(4),
    }
)
MADE = (
    """CREATE TABLE visits AS SELECT id, concat('n', id % 10) AS name, CAST(id AS DECIMAL(10, 2)) AS price,
    timestamp_ltz'2024-01-02 03:04:05+02:00' AS seen, float('NaN') AS f, CAST(id AS INT) AS small FROM range(1000)""",
    "CREATE DATABASE wards",
    "CREATE TABLE wards.floors AS SELECT 1L AS id, 'first' AS floor",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    if PLATFORM.missing():
        pytest.skip(PLATFORM.missing())
    if places.without_connect():
        pytest.skip(places.NO_CONNECT)
    with servers.connect(tmp_path_factory.mktemp("connect")) as address:
        yield address


@pytest.fixture(scope="module")
def tables(server):
    from jupyter_wayang.platforms.spark.start import new_session

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(connections, "_KNOWN", {})
        connections.connect("lake", server)
        session = new_session("lake")
        for statement in MADE:
            session.sql(statement).collect()
        session.stop()


@pytest.fixture
def lake(server, tables, monkeypatch):
    monkeypatch.setattr(connections, "_KNOWN", {})
    return connections.connect("lake", server).name


@pytest.fixture
def engine(lake, tmp_path):
    made = PLATFORM.open(tmp_path / "work")
    yield made
    made.close()


def entered(engine, table):
    return engine.apply(ReadFrame(key="r", label="r", schema=schema_of(table.schema)), (), (), {"r": table}, "here")[0]


def applied(engine, operator, *payloads):
    return engine.apply(operator, payloads, tuple(payload.schema for payload in payloads), {}, "here")[0]


def arrow(engine, payload):
    return engine.convert(payload, "spark.frame", "arrow.table", payload.schema)


@pytest.mark.parametrize("table", [TABLE, TABLE.slice(0, 0), TABLE.select(["none"])], ids=["rows", "no rows", "null"])
def test_rows_come_out_as_they_went_in(engine, table, tmp_path):
    payload = entered(engine, table)
    assert payload.place == "lake"
    assert arrow(engine, payload).equals(table)
    assert not (tmp_path / "work").exists(), "a server elsewhere does not see this machine's disk"
    path = engine.convert(payload, "spark.frame", "parquet.file", payload.schema)
    assert pq.read_table(path).equals(table)
    assert arrow(engine, engine.convert(path, "parquet.file", "spark.frame", payload.schema)).equals(table)


def test_a_file_of_this_machine_is_read_here_and_sent(engine, tmp_path):
    (tmp_path / "a.csv").write_text("x,w\n1,a\n?,b\n")
    read = ReadFile(path=str(tmp_path / "a.csv"), format="csv", nulls=("?",), schema=Schema.of(x="int64", w="string"))
    (payload,) = engine.apply(read, (), (), {}, "here")
    assert arrow(engine, payload).to_pylist() == [{"x": 1, "w": "a"}, {"x": None, "w": "b"}]


def test_statements_run_there_also_after_they_were_kept(engine):
    kept = engine.keep(entered(engine, TABLE))
    some = applied(engine, Filter(condition=Binary(op=">=", left=ColumnRef(name="id"), right=Literal.of(1))), kept)
    total = GroupBy(
        keys=(Named(name="k", expression=ColumnRef(name="k")),),
        aggregates=(Named(name="s", expression=Aggregate(function="sum", arg=ColumnRef(name="price"))),),
    )
    summed = applied(engine, total, some)
    joined = applied(engine, Join(on=(("k", "k"),), how="inner"), some, summed)
    assert engine.count(some) == engine.count(some) == 3
    found = sorted(arrow(engine, joined).to_pylist(), key=lambda row: row["id"])
    assert [(row["id"], row["s"]) for row in found] == [(1, Decimal("1.75")), (3, Decimal("1.75"))]


def test_tables_and_queries_in_the_types_of_everywhere(engine):
    schema, known = described("lake", "visits")
    assert [column.type for column in schema] == [
        "int64", "string", "decimal(10, 2)", "timestamp", "float64", "int64",
    ]  # fmt: skip
    assert (known.rows.low, known.rows.high, known.origin) == (1000, 1000, "counted by the database")
    read = ReadTable(platform="spark", database="lake", table="default.visits", schema=schema)
    (payload,) = engine.apply(read, (), (), {}, "here")
    assert sorted(arrow(engine, payload).to_pylist(), key=lambda row: row["id"])[7] == {
        "id": 7, "name": "n7", "price": Decimal(7), "seen": dt.datetime(2024, 1, 2, 1, 4, 5),  # noqa: DTZ001
        "f": None, "small": 7,
    }  # fmt: skip
    query = "SELECT name, count(*) AS n FROM visits GROUP BY name ORDER BY name LIMIT 1"
    schema, _ = described("lake", "", query)
    read = ReadTable(platform="spark", database="lake", query=query, schema=schema)
    assert arrow(engine, engine.apply(read, (), (), {}, "here")[0]).to_pylist() == [{"name": "n0", "n": 100}]


def test_rows_of_two_sparks_meet_where_the_first_are(engine, lake):
    schema, _ = described("spark", "", "SELECT 7L AS id, 'here' AS word")
    read = ReadTable(platform="spark", database="spark", query="SELECT 7L AS id, 'here' AS word", schema=schema)
    (ours,) = engine.apply(read, (), (), {}, "here")
    visits, _ = described("lake", "visits")
    theirs = engine.apply(ReadTable(platform="spark", database="lake", table="visits", schema=visits), (), (), {}, "")[
        0
    ]
    assert (ours.place, theirs.place) == ("spark", "lake")
    assert entered(engine, TABLE).place == "lake", "new rows go to the one that was named"
    joined = applied(engine, Join(on=(("id", "id"),), how="inner"), theirs, ours)
    assert joined.place == "lake"
    ((row,),) = [arrow(engine, joined).to_pylist()]
    assert (row["name"], row["word"]) == ("n7", "here")


def test_a_session_plans_for_it(lake, tmp_path):
    (tmp_path / "names.csv").write_text("name,word\nn1,one\nn2,two\n")
    session = wy.Session(tmp_path)
    session.connect("lake", connections.connection("lake").address)
    floors = session.table("lake", "wards.floors")
    assert floors.run().to_arrow().to_pylist() == [{"id": 1, "floor": "first"}]
    words = session.read("names.csv")
    found = session.table("lake", "visits").join(words, on="name").group_by("word").agg(n=wy.count()).sort("word")
    run = found.run(platforms=["spark"])
    assert run.to_arrow().to_pylist() == [{"word": "one", "n": 100}, {"word": "two", "n": 100}]
    assert "sc://" not in str(found.plan())
    session.close()


def test_a_failure_names_the_operator_and_what_is_missing_the_tables(engine, lake):
    big = Select(
        columns=(Named(name="m", expression=Binary(op="*", left=ColumnRef(name="id"), right=Literal.of(2**62))),)
    )
    with pytest.raises(PlatformError, match=r"select\(\) failed on spark: .* 64-bit"):
        engine.keep(applied(engine, big, entered(engine, TABLE)))
    with pytest.raises(DataError) as caught:
        described("lake", "vists")
    assert "Did you mean visits?" in caught.value.render()


def test_training_there_is_training_here(engine):
    random = np.random.default_rng(5)
    X = random.normal(size=(200, 2))
    y = (X @ [1.0, -2.0] + random.normal(size=200) > 0).astype(float)
    start = (named_array("weights", np.array([0.1, 0.2])), named_array("intercept", np.array([0.4])))
    kept = engine.keep(entered(engine, pa.table({"a": X[:, 0], "b": X[:, 1], TARGET: y})))
    for options in ({"epochs": 5, "learning_rate": 0.5}, {"solver": "exact"}):
        task = LocalTask(model=LogisticRegression(l2=0.1), features=("a", "b"), parameters=start, **options)
        there = engine.update(kept, task)
        here = (learning.exact if task.solver == "exact" else learning.gradient)(X, y, task)
        assert there.rows == 200
        for ours, theirs in zip(there.parameters, here.parameters, strict=True):
            assert array(ours) == pytest.approx(array(theirs), rel=1e-9)
    cells = engine.score(kept, ScoreTask(model=task.model, features=("a", "b"), parameters=there.parameters, bins=10))
    assert sum(cell.n for cell in cells) == 200


def test_what_stays_on_this_machine_is_not_declared_elsewhere(lake):
    schema = Schema.of(x="float64")
    call = Map(function=FunctionRef(name="f", key="k", digest="d"), output=schema)
    assert "stay on this machine" in PLATFORM.refuses(call, (schema,))
    line = LocalUpdate(model=LinearRegression(l2=0.1), rounds=1, epochs=0)
    assert "not by Spark Connect" in PLATFORM.refuses(line, (schema,))


def test_no_java_is_needed_but_grpc_is(monkeypatch):
    pytest.importorskip("pyspark")
    monkeypatch.setattr(connections, "_KNOWN", {})
    connections.connect("lake", "sc://localhost")
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "grpc" else found(name))
    assert PLATFORM.missing() == "Spark Connect needs grpcio, grpcio-status and zstandard (extra `spark-connect`)"


@pytest.mark.parametrize("scheme", ["sc", "spark"])
def test_a_server_that_is_not_there_is_said_at_once_and_no_token_with_it(scheme, monkeypatch):
    if scheme == "sc" and places.without_connect():
        pytest.skip(places.NO_CONNECT)
    monkeypatch.setattr(connections, "_KNOWN", {})
    made = connections.connect("gone", f"{scheme}://127.0.0.1:1/;token=s3cr%2Bt")
    monkeypatch.setattr("jupyter_wayang.platforms.spark.start._running", lambda: None)
    with pytest.raises(PlatformError) as caught:
        described("gone", "visits")
    assert "gone cannot be reached: nobody answers at" in caught.value.message
    assert "s3cr" not in caught.value.render() + repr(made) + made.shown()
    assert set(made.secrets()) == {"s3cr%2Bt", "s3cr+t"}


_CLUSTER = """
import json, pathlib, sys
import pyarrow as pa
import jupyter_wayang as wy
from jupyter_wayang.errors import PlatformError
from jupyter_wayang.platforms.spark import PLATFORM

folder, address = pathlib.Path(sys.argv[1]), sys.argv[2]
(folder / "visits.csv").write_text("id,ward\\n" + "".join(f"{n},{'AB'[n % 2]}\\n" for n in range(1000)))
session = wy.Session(folder)
session.connect("cluster", address)
found = session.read("visits.csv").group_by("ward").agg(n=wy.count()).sort("ward")
rows = found.run(platforms=["spark"]).to_arrow().to_pylist()

from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.range(5).createOrReplaceTempView("mine")
seen = session.table("spark", "mine").agg(n=wy.count()).run(platforms=["spark"]).to_arrow().to_pylist()
session.connect("other", "spark://127.0.0.1:1")
try:
    session.table("other", "t")
    other = ""
except PlatformError as error:
    other = error.message
print(json.dumps([rows, seen, spark.sparkContext.master, other]))
"""


def test_a_cluster_runs_what_is_read_here(tmp_path):
    if PLATFORM.missing():
        pytest.skip(PLATFORM.missing())
    with servers.cluster(tmp_path) as address:
        done = subprocess.run(
            [sys.executable, "-c", _CLUSTER, str(tmp_path), address],
            capture_output=True, text=True, check=False, timeout=250,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows, seen, master, other = json.loads(done.stdout.splitlines()[-1])
    assert rows == [{"ward": "A", "n": 500}, {"ward": "B", "n": 500}]
    assert seen == [{"n": 5}]
    assert master == address
    assert other == f"other is spark://127.0.0.1:1, and the Spark of this process runs at {address}"
