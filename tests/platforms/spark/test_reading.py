"""Spark reads the rows that every other platform reads."""

from __future__ import annotations

import datetime as dt
import decimal
import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_wayang.errors import DataError, PlatformError
from jupyter_wayang.plan.operators import ReadFile
from jupyter_wayang.plan.rows import schema_of
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.relational import files

pytestmark = [pytest.mark.spark, pytest.mark.slow]

S = Schema.of

TEXTS = {
    "nulls of several texts": (
        "a.csv",
        "x,y,w\n1,2.5,hi\n?,nan,-9\n3,-9,?\n",
        S(x="int64", y="float64", w="string"),
        {"nulls": ("?", "-9")},
    ),
    "quotes and lines in a field": ("a.csv", 'x,w\n1,"a,""b"""\n2,"c\n\nd"\n3,\\\n', S(x="int64", w="string"), {}),
    "empty text is text where it is no null": ("a.csv", 'x,w\n1,\n2,""\n', S(x="int64", w="string"), {"nulls": ("?",)}),
    "empty text is null by default": ("a.csv", 'x,w\n1,\n2,""\n,a\n', S(x="int64", w="string"), {}),
    "quoted nulls": ("a.csv", 'x,w\n"?","?"\n', S(x="int64", w="string"), {"nulls": ("?",)}),
    "no header": ("a.data", "63.0,?\n4.5,-9\n", S(f0="float64", f1="float64"), {"header": False, "nulls": ("?", "-9")}),
    "a header alone": ("a.csv", "x,w\n", S(x="int64", w="string"), {}),
    "blank lines": ("a.csv", "x,w\n1,a\n\n\n2,b\n\n", S(x="int64", w="string"), {}),
    "tabs": ("a.tsv", "x\tw\n1\té\n", S(x="int64", w="string"), {"delimiter": "\t"}),
    "some columns in another order": ("a.csv", "x,y,w\n1,2,a\n", S(w="string", x="int64"), {}),
    "names that differ in case": ("a.csv", "x,X\n1,2\n", S(x="int64", X="int64"), {}),
    "names with signs": (
        "a.csv",
        "a b,c.d,e`f\n1,2,3\n",
        Schema.from_pairs((n, "int64") for n in ("a b", "c.d", "e`f")),
        {},
    ),
    "a mark of byte order, carriage returns": ("a.csv", "\ufeffx,w\r\n1,a\r\n", S(x="int64", w="string"), {}),
    "truth": ("a.csv", "b\ntrue\nFalse\n\n", S(b="bool"), {}),
    "days and moments": (
        "a.csv",
        "d,t\n2020-01-31,2020-01-31 10:00:00\n,\n1850-02-03,1850-02-03 10:00:00\n",
        S(d="date", t="timestamp"),
        {},
    ),
    "lines of json": (
        "a.jsonl",
        '{"x":1,"w":"a","X":2}\n{"w":null,"z":5,"y":1.5}\n',
        S(x="int64", y="float64", w="string", X="int64"),
        {"format": "jsonl"},
    ),
    "moments in json": (
        "a.jsonl",
        '{"t":"2020-01-01T10:00:00","b":true}\n{}\n',
        S(t="timestamp", b="bool"),
        {"format": "jsonl"},
    ),
    "a name that Spark takes for a pattern": ("[a]{b}? *.csv", "x\n1\n", S(x="int64"), {}),
    "a name that Spark takes for hidden": ("_a.csv", "x\n1\n", S(x="int64"), {}),
}


def _read(engine, collected, operator):
    return collected(engine.apply(operator, (), (), {}, "here")[0])


@pytest.mark.parametrize("case", TEXTS.values(), ids=TEXTS)
def test_text_is_read_as_elsewhere(case, engine, collected, tmp_path):
    name, text, schema, options = case
    path = tmp_path / name
    path.write_text(text, encoding="utf-8", newline="")
    operator = ReadFile(path=str(path), schema=schema, **{"format": "csv", **options})
    found = _read(engine, collected, operator)
    assert found.to_pylist() == files.read(operator).to_pylist()
    assert found.schema == files.read(operator).schema


def test_zones_are_moved_to_utc(engine, collected, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("t\n2020-01-31T10:00:00+02:00\n2020-01-31T10:00:00Z\n")
    found = _read(engine, collected, ReadFile(path=str(path), format="csv", schema=S(t="timestamp")))
    assert [moment.hour for moment in found["t"].to_pylist()] == [8, 10]


def test_compressed_text_is_read(engine, collected, tmp_path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"x\n1\n2\n"))
    assert _read(engine, collected, ReadFile(path=str(path), format="csv", schema=S(x="int64")))["x"].to_pylist() == [
        1,
        2,
    ]


def test_parquet_of_foreign_types_is_read_as_elsewhere(engine, collected, tmp_path):
    table = pa.table(
        {
            "small": pa.array([1, None, 3], pa.int8()),
            "unsigned": pa.array([1, 2, None], pa.uint32()),
            "half": pa.array([1.5, float("nan"), None], pa.float32()),
            "text": pa.array(["a", None, "c"]).dictionary_encode(),
            "exact": pa.array([decimal.Decimal("1.25"), None, None], pa.decimal128(10, 2)),
            "day": pa.array([dt.date(2020, 1, 1), None, dt.date(1850, 1, 1)]),
            "moment": pa.array([0, None, 1], pa.timestamp("ms", tz="Europe/Amsterdam")),
            "none": pa.nulls(3),
        }
    )
    # Spark refuses nanoseconds: these files go in by way of Arrow.
    fine = table.append_column("fine", pa.array([1000, 2000, None], pa.timestamp("ns")))
    for name, written in (("a", table), ("b", fine)):
        path = tmp_path / f"{name}.parquet"
        pq.write_table(written, path)
        operator = ReadFile(path=str(path), format="parquet", schema=schema_of(written.schema))
        assert _read(engine, collected, operator).equals(files.read(operator))


@pytest.mark.parametrize(
    ("name", "content", "options", "words"),
    [
        ("bad.csv", "x,y\n1,foo\n", {"format": "csv"}, ["bad.csv", "column y"]),
        ("short.csv", "x,y\n1\n", {"format": "csv"}, ["short.csv"]),
        ("long.csv", "x,y\n1,2,3\n", {"format": "csv"}, ["long.csv"]),
        ("part.csv", "x,z\n1,2\n", {"format": "csv"}, ["part.csv", '"y"']),
        ("wide.csv", "1,2,3\n", {"format": "csv", "header": False}, ["wide.csv", "3 columns"]),
        ("bad.jsonl", '{"x":1.5,"y":1}\n', {"format": "jsonl"}, ["bad.jsonl"]),
        ("cut.jsonl", '{"x":1,"y":\n', {"format": "jsonl"}, ["cut.jsonl"]),
        ("bad.parquet", "no parquet", {"format": "parquet"}, ["bad.parquet"]),
        ("empty.csv", "", {"format": "csv"}, ["empty.csv", "empty"]),
    ],
)
def test_what_cannot_be_read_is_one_clean_sentence_that_names_the_file(name, content, options, words, engine, tmp_path):
    path = tmp_path / name
    path.write_text(content)
    operator = ReadFile(path=str(path), schema=S(x="int64", y="int64"), **options)
    with pytest.raises(DataError) as caught:
        engine.keep(engine.apply(operator, (), (), {}, "here")[0])
    assert all(word in caught.value.message for word in words)
    assert "foo" not in caught.value.message, "a value stands in the message"
    assert "java" not in caught.value.render().lower()
    assert "\tat " not in caught.value.render()


def test_a_missing_file_is_named(engine, tmp_path):
    operator = ReadFile(path=str(tmp_path / "gone.csv"), format="csv", schema=S(x="int64"))
    with pytest.raises(DataError, match=r"gone\.csv"):
        engine.apply(operator, (), (), {}, "here")


def test_a_file_that_goes_away_later_is_named(engine, tmp_path):
    path = tmp_path / "soon.parquet"
    pq.write_table(pa.table({"x": [1]}), path)
    payload = engine.apply(ReadFile(path=str(path), format="parquet", schema=S(x="int64")), (), (), {}, "here")[0]
    path.unlink()
    with pytest.raises((DataError, PlatformError), match=r"soon\.parquet"):
        engine.keep(payload)
