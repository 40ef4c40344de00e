"""The engine: one statement per stage, ways in and out, and company in the same process."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_wayang.errors import PlanError, PlatformError
from jupyter_wayang.plan.expressions import Aggregate, Binary, Cast, ColumnRef, Literal, Named
from jupyter_wayang.plan.operators import Filter, GroupBy, Limit, ReadFile, ReadFrame, ReadTable, Select, Sort
from jupyter_wayang.plan.operators.rows import SortKey
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms import channels
from jupyter_wayang.platforms.relational.sql import to_sql
from jupyter_wayang.platforms.spark import PLATFORM

pytestmark = [pytest.mark.spark, pytest.mark.slow]

TABLE = pa.table(
    {
        "k": ["a", None, "b"],
        "n": pa.array([1, 2, None], pa.int64()),
        "K": [0.5, None, 1.5],
        "yes": [True, None, False],
        "day": [dt.date(2020, 2, 29), None, dt.date(1600, 1, 1)],
        "moment": pa.array([1577840523000456, None, -11676096000000000], pa.timestamp("us")),
        "a.b `c`": [1, 2, 3],
        "none": pa.nulls(3),
    }
)


def n(op, value):
    return Binary(op=op, left=ColumnRef(name="n"), right=Literal.of(value))


def total(name, of):
    return GroupBy(aggregates=(Named(name=name, expression=Aggregate(function="sum", arg=ColumnRef(name=of))),))


@pytest.mark.parametrize("table", [TABLE, TABLE.slice(0, 0)], ids=["rows", "no rows"])
def test_rows_come_out_as_they_went_in(table, entered, collected, engine):
    payload = entered(table)
    assert collected(payload).equals(table)
    path = engine.convert(payload, "spark.frame", "parquet.file", payload.schema)
    assert Path(path).is_file()
    assert channels.convert(path, "parquet.file", "arrow.table", Path()).equals(table)
    again = engine.convert(path, "parquet.file", "spark.frame", payload.schema)
    assert collected(again).equals(table)


def test_a_file_written_by_spark_keeps_order_and_has_no_company(entered, engine, applied):
    table = pa.table({"x": list(range(2000, 0, -1))})
    payload = applied(Sort(keys=(SortKey(expression=ColumnRef(name="x")),)), entered(table))
    path = engine.convert(payload, "spark.frame", "parquet.file", payload.schema)
    assert pq.read_table(path)["x"].to_pylist() == list(range(1, 2001))


def test_a_chain_is_one_statement(entered, applied, collected):
    payload = applied(Filter(condition=n(">", 0)), entered(TABLE))
    payload = applied(total("s", "n"), payload)
    payload = applied(Limit(rows=1), payload)
    text = to_sql(payload.source, "spark")
    assert "WHERE" in text
    assert "SUM(" in text
    assert "LIMIT 1" in text
    assert len(payload.views) == 1
    assert collected(payload)["s"].to_pylist() == [3]


def test_no_views_are_left(entered, applied, collected, engine):
    collected(applied(Filter(condition=n(">", 0)), entered(TABLE)))
    assert engine.session.catalog.listTables() == []


def test_what_is_kept_stays_when_the_file_changes(engine, collected, tmp_path):
    path = tmp_path / "a.csv"
    read = ReadFile(path=str(path), format="csv", schema=Schema.of(x="int64"))
    seen = []
    for content in ("x\n1\n", "x\n1\n2\n"):
        path.write_text(content)
        seen.append(engine.keep(engine.apply(read, (), (), {}, "here")[0]))
    assert [collected(payload)["x"].to_pylist() for payload in seen] == [[1], [1, 2]]
    assert [engine.count(payload) for payload in seen] == [1, 2]


@pytest.mark.parametrize(
    ("operator", "words"),
    [
        (Select(columns=(Named(name="m", expression=n("*", 2**62)),)), ["select()", "64-bit", "m = n"]),
        (
            Select(columns=(Named(name="m", expression=Cast(arg=ColumnRef(name="k"), to="int64")),)),
            ["select()", "m = CAST(k"],
        ),
        (Filter(condition=Binary(op=">", left=n("+", 2**63 - 1), right=Literal.of(0))), ["filter()", "64-bit", "n +"]),
    ],
)
def test_a_failure_names_operator_and_column_but_no_value(operator, words, entered, applied, engine):
    payload = applied(Limit(rows=9), applied(operator, applied(Filter(condition=n("!=", 99)), entered(TABLE))))
    with pytest.raises(PlatformError) as caught:
        engine.keep(payload)
    assert all(word in caught.value.message for word in words)
    assert "'a'" not in caught.value.message
    assert "\tat " not in caught.value.render()
    assert "spark.sql" not in caught.value.render()


def test_pyspark_does_not_log_our_failures_and_goes_on_logging_those_of_others(entered, applied, engine):
    from pyspark.errors import PySparkException
    from pyspark.logger import PySparkLogger

    logger, heard = PySparkLogger.getLogger("SQLQueryContextLogger"), []
    handler = logging.Handler()
    handler.emit = heard.append  # type: ignore[method-assign]
    logger.addHandler(handler)
    try:
        with pytest.raises(PlatformError):
            engine.keep(applied(Select(columns=(Named(name="m", expression=n("*", 2**62)),)), entered(TABLE)))
        assert heard == []
        with pytest.raises(PySparkException):
            engine.session.sql("SELECT there_is_no_such_column")
        assert len(heard) == 1
    finally:
        logger.removeHandler(handler)


def test_a_sum_that_overflows_names_its_operator(entered, applied, engine):
    table = pa.table({"x": [2**62, 2**62]})
    with pytest.raises(PlatformError, match=r"agg\(\) failed on spark: .* in total"):
        engine.keep(applied(total("total", "x"), entered(table)))


def test_what_is_not_declared_is_refused(engine, entered):
    with pytest.raises(PlanError, match=r"arrow\.table to duckdb"):
        engine.convert(None, "arrow.table", "duckdb.relation", Schema.of(x="int64"))
    with pytest.raises(PlanError, match=r"spark\.frame"):
        engine.keep(TABLE)
    with pytest.raises(PlanError, match="not written as SQL"):
        engine.apply(ReadTable(database="a", table="t", schema=Schema.of(x="int64")), (), (), {}, "")
    with pytest.raises(PlatformError, match="mine did not come"):
        engine.apply(ReadFrame(key="k", label="mine", schema=Schema.of(x="int64")), (), (), {}, "")


def test_engines_in_threads_do_not_disturb_each_other(engine, entered, collected, tmp_path):
    shared = entered(pa.table({"n": list(range(10))}))
    found, failed = {}, []

    def work(number, own, payload):
        try:
            for _ in range(4):
                kept = own.keep(own.apply(Filter(condition=n(">=", number)), (payload,), (payload.schema,), {}, "")[0])
                found.setdefault(number, []).append(own.count(kept))
        except Exception as error:  # noqa: BLE001 - told to the test
            failed.append(error)

    other = PLATFORM.open(tmp_path)
    read = ReadFrame(key="k", label="k", schema=shared.schema)
    theirs = other.apply(read, (), (), {"k": pa.table({"n": list(range(10))})}, "")[0]
    jobs = [(1, engine, shared), (2, engine, shared), (3, other, theirs)]
    threads = [threading.Thread(target=work, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert found == {1: [9] * 4, 2: [8] * 4, 3: [7] * 4}
    other.close()
    with pytest.raises(PlatformError, match="closed"):
        other.count(theirs)
    assert collected(shared).num_rows == 10, "closing one engine ended the Spark of another"


def test_the_sessions_of_others_keep_their_settings(engine):
    from pyspark.sql import SparkSession

    mine, others = engine.session, SparkSession.builder.getOrCreate()
    assert mine.conf.get("spark.sql.caseSensitive") == "true"
    assert others.conf.get("spark.sql.caseSensitive") == "false"
    assert others.sparkContext is mine.sparkContext
