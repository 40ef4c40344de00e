"""Every relational platform reads the same rows from the same file."""

from __future__ import annotations

import datetime as dt
import decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_wayang.errors import DataError
from jupyter_wayang.plan.operators import ReadFile
from jupyter_wayang.plan.rows import arrow_schema
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.testing.build import cast, select

TYPED = Schema.of(i="int64", x="float64", s="string", p="bool", d="date", m="timestamp")


def rows(bench, operator):
    if "read_file" not in bench.platform.operators:
        return None
    (payload,) = bench.engine.apply(operator, (), (), {}, "here")
    table = bench.collect(payload, operator.schema)
    assert table.schema.remove_metadata() == arrow_schema(operator.schema)
    return [tuple(row.values()) for row in table.to_pylist()]


def written(tmp_path, text, name="data.csv"):
    path = tmp_path / name
    path.write_bytes(text.encode())
    return str(path)


def test_types_of_csv(bench, tmp_path):
    path = written(
        tmp_path,
        "i,x,s,p,d,m\n"
        "1,1.5,é,true,2024-02-29,2024-02-29 01:02:03\n"
        "-9223372036854775808,-1e-3,a b,false,1969-12-31,1969-12-31 23:59:59.123456\n"
        ",,,,,\n",
    )
    assert rows(bench, ReadFile(path=path, format="csv", schema=TYPED)) == [
        (1, 1.5, "é", True, dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 1, 2, 3)),  # noqa: DTZ001
        (-(2**63), -1e-3, "a b", False, dt.date(1969, 12, 31), dt.datetime(1969, 12, 31, 23, 59, 59, 123456)),  # noqa: DTZ001
        (None,) * 6,
    ]


@pytest.mark.parametrize(
    ("nulls", "wanted"),
    [
        (("",), [(1.0, "a"), (2.0, None), (3.0, None), (4.0, "?"), (5.0, "NA")]),
        (("?",), [(1.0, "a"), (2.0, ""), (3.0, ""), (4.0, None), (5.0, "NA")]),
        (("", "?", "NA"), [(1.0, "a"), (2.0, None), (3.0, None), (4.0, None), (5.0, None)]),
        ((), [(1.0, "a"), (2.0, ""), (3.0, ""), (4.0, "?"), (5.0, "NA")]),
    ],
)
def test_null_markers(bench, tmp_path, nulls, wanted):
    path = written(tmp_path, 'x,s\n1,a\n2,\n3,""\n4,?\n5,NA\n')
    operator = ReadFile(path=path, format="csv", schema=Schema.of(x="float64", s="string"), nulls=nulls)
    assert rows(bench, operator) == wanted


def test_a_file_without_a_header(bench, tmp_path):
    path = written(tmp_path, "63.0,?,1\n-1.5,2,?\n", "processed.data")
    schema = Schema.of(age="float64", ca="float64", num="int64")
    operator = ReadFile(path=path, format="csv", schema=schema, header=False, nulls=("?",))
    assert rows(bench, operator) == [(63.0, None, 1), (-1.5, 2.0, None)]


def test_some_columns_in_another_order(bench, tmp_path):
    path = written(tmp_path, "a,b,c\n1,x,2.5\n2,y,3.5\n")
    operator = ReadFile(path=path, format="csv", schema=Schema.of(c="float64", a="int64"))
    assert rows(bench, operator) == [(2.5, 1), (3.5, 2)]


def test_quotes_and_delimiters(bench, tmp_path):
    path = written(tmp_path, 's;n\r\n"a;b";1\r\n"say ""hi""";2\r\n"two\nlines";3\r\n', "data.txt")
    operator = ReadFile(path=path, format="csv", schema=Schema.of(s="string", n="int64"), delimiter=";")
    assert rows(bench, operator) == [("a;b", 1), ('say "hi"', 2), ("two\nlines", 3)]


def test_a_column_without_a_name(bench, tmp_path):
    path = written(tmp_path, ",a\n0,x\n1,y\n")
    operator = ReadFile(path=path, format="csv", schema=Schema.from_pairs([("", "int64"), ("a", "string")]))
    assert rows(bench, operator) in ([(0, "x"), (1, "y")], None)


def test_tabs_and_a_byte_order_mark(bench, tmp_path):
    path = written(tmp_path, "\ufeffs\tn\na\t1\n", "data.tsv")
    operator = ReadFile(path=path, format="csv", schema=Schema.of(s="string", n="int64"), delimiter="\t")
    assert rows(bench, operator) == [("a", 1)]


def test_nan_is_null(bench, tmp_path):
    path = written(tmp_path, "x,s\nNaN,NaN\n1,nan\n")
    operator = ReadFile(path=path, format="csv", schema=Schema.of(x="float64", s="string"))
    assert rows(bench, operator) == [(None, "NaN"), (1.0, "nan")]


def test_a_header_alone_has_no_rows(bench, tmp_path):
    path = written(tmp_path, "x,s\n")
    assert rows(bench, ReadFile(path=path, format="csv", schema=Schema.of(x="float64", s="string"))) in ([], None)


def test_json_lines(bench, tmp_path):
    path = written(
        tmp_path, '{"a": 1, "s": "x", "x": 1.5, "p": true}\n{"s": "", "x": 2, "z": 0}\n{"a": null}\n', "d.jsonl"
    )
    operator = ReadFile(path=path, format="jsonl", schema=Schema.of(x="float64", a="int64", s="string", p="bool"))
    assert rows(bench, operator) == [(1.5, 1, "x", True), (2.0, None, "", None), (None, None, None, None)]


NOTHING = pa.table({"a": [1, 2], "n": pa.nulls(2)})
UNTYPED = {
    "rows.csv": b"a,n\n1,\n2,\n",
    "header.csv": b"a,n\n",
    "rows.jsonl": b'{"a": 1, "n": null}\n{"a": 2}\n',
    "rows.parquet": None,
}


@pytest.mark.parametrize("name", UNTYPED)
def test_a_column_without_a_type_becomes_any(bench, tmp_path, name):
    if "read_file" not in bench.platform.operators:
        return
    content, path = UNTYPED[name], tmp_path / name
    path.write_bytes(content) if content is not None else pq.write_table(NOTHING, path)
    operator = ReadFile(path=str(path), format=name.rpartition(".")[2], schema=Schema.of(a="int64", n="null"))
    if name == "header.csv":
        operator = ReadFile(path=str(path), format="csv", schema=Schema.of(a="null", n="null"))
    count = 0 if name == "header.csv" else 2
    (payload,) = bench.engine.apply(operator, (), (), {}, "here")
    assert bench.collect(payload, operator.schema)["n"].to_pylist() == [None] * count
    types = ("bool", "int64", "float64", "string", "date", "timestamp")
    casts = select(**{type_: cast("n", type_) for type_ in types})
    (schema,) = casts.outputs((operator.schema,))
    (made,) = bench.engine.apply(casts, (payload,), (operator.schema,), {}, "here")
    table = bench.collect(made, schema)
    assert table.schema.remove_metadata() == arrow_schema(Schema.of(**{type_: type_ for type_ in types}))
    assert table.to_pylist() == [dict.fromkeys(types)] * count


def test_foreign_types_of_parquet(bench, tmp_path):
    moment = dt.datetime(2024, 1, 31, 5, 6, 7, 8)  # noqa: DTZ001
    table = pa.table(
        {
            "small": pa.array([1, None], pa.int32()),
            "narrow": pa.array([1.5, float("nan")], pa.float32()),
            "wide": pa.array(["a", None], pa.large_string()),
            "money": pa.array([decimal.Decimal("1.25"), None]),
            "level": pa.array(["x", "y"]).dictionary_encode(),
            "zoned": pa.array([moment, None], pa.timestamp("us", "Europe/Berlin")),
            "left": pa.array([1, 2]),
        }
    )
    path = tmp_path / "foreign.parquet"
    pq.write_table(table, path)
    schema = Schema.of(
        narrow="float64", small="int64", wide="string", money="float64", level="string", zoned="timestamp"
    )
    assert rows(bench, ReadFile(path=str(path), format="parquet", schema=schema)) == [
        (1.5, 1, "a", 1.25, "x", moment),
        (None, None, None, None, "y", None),
    ]


@pytest.mark.parametrize(
    ("name", "text", "schema"),
    [
        ("words.csv", "i\n1\nx\n", Schema.of(i="int64")),
        ("fractions.csv", "i\n1\n1.5\n", Schema.of(i="int64")),
        ("other.csv", "a,b\n1,2\n", Schema.of(a="int64", c="int64")),
        ("empty.csv", "", Schema.of(a="int64")),
        ("broken.parquet", "this is no Parquet file", Schema.of(a="int64")),
        ("empty.parquet", "", Schema.of(a="int64")),
        ("broken.jsonl", '{"a": 1}\n{"a": \n', Schema.of(a="int64")),
    ],
)
def test_what_cannot_be_read_names_the_file(bench, tmp_path, name, text, schema):
    operator = ReadFile(path=written(tmp_path, text, name), format=name.rpartition(".")[2], schema=schema)
    with pytest.raises(DataError, match=name):
        rows(bench, operator)


@pytest.mark.parametrize("format_", ["csv", "parquet", "jsonl"])
def test_a_missing_file_is_named(bench, tmp_path, format_):
    operator = ReadFile(path=str(tmp_path / f"gone.{format_}"), format=format_, schema=Schema.of(a="int64"))
    with pytest.raises(DataError, match="gone"):
        rows(bench, operator)


def test_frames_of_parquet_files_of_ours(bench, tmp_path):
    steps = [step for step in bench.platform.conversions if step.source == "parquet.file"]
    schema = Schema.of(a="int64", s="string", n="null")
    table = pa.table({"a": [1, None], "s": ["x", None], "n": pa.nulls(2)}, schema=arrow_schema(schema))
    path = tmp_path / "part.parquet"
    pq.write_table(table, path)
    for step in steps:
        payload = bench.engine.convert(path, step.source, step.target, schema)
        assert bench.collect(payload, schema).to_pylist() == table.to_pylist()
