"""The catalog: schemas and statistics of files, and declarations of federations."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_wayang import catalog as catalog_module
from jupyter_wayang.catalog import Catalog, TableSpec, federation_of, read_federation
from jupyter_wayang.errors import DataError, OperatorError
from jupyter_wayang.plan.operators import ReadFile, ReadTable
from jupyter_wayang.plan.schema import Schema


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path)


def source(catalog: Catalog, **spec: object) -> ReadFile:
    operator = catalog.source(TableSpec(**spec))  # type: ignore[arg-type]
    assert isinstance(operator, ReadFile)
    return operator


def test_a_csv_file_gives_its_types(catalog: Catalog) -> None:
    (catalog.folder / "a.csv").write_text(
        "n,x,word,day,flag,nothing\n1,1.5,é,2024-01-31,true,\n2,,b,2024-02-01,false,\n"
    )
    assert source(catalog, path="a.csv").schema == Schema.of(
        n="int64", x="float64", word="string", day="date", flag="bool", nothing="null"
    )


def test_header_names_nulls_types_and_delimiter_are_taken(catalog: Catalog) -> None:
    (catalog.folder / "a.data").write_text("1;?\n2;7\n")
    operator = source(
        catalog, path="a.data", header=False, names=("a", "b"), nulls=("?",), delimiter=";", types={"a": "float64"}
    )
    assert operator.schema == Schema.of(a="float64", b="int64")
    assert (operator.header, operator.nulls, operator.delimiter) == (False, ("?",), ";")


def test_names_are_for_files_without_a_header(catalog: Catalog) -> None:
    (catalog.folder / "a.csv").write_text("x,y\n1,2\n")
    with pytest.raises(OperatorError, match="without a header"):
        source(catalog, path="a.csv", names=("a", "b"))


def test_parquet_and_json_lines(catalog: Catalog) -> None:
    pq.write_table(
        pa.table({"a": pa.array([1], pa.int8()), "t": pa.array([None], pa.timestamp("ns"))}),
        catalog.folder / "a.parquet",
    )
    (catalog.folder / "a.jsonl").write_text('{"a": 1, "b": "x"}\n')
    assert source(catalog, path="a.parquet").schema == Schema.of(a="int64", t="timestamp")
    assert source(catalog, path="a.jsonl").schema == Schema.of(a="int64", b="string")


def test_statistics_come_from_footer_and_count(catalog: Catalog) -> None:
    pq.write_table(pa.table({"a": list(range(10))}), catalog.folder / "a.parquet")
    (catalog.folder / "a.csv").write_text("a\n1\n2\n3")
    footer = catalog.statistics(source(catalog, path="a.parquet"))
    counted = catalog.statistics(source(catalog, path="a.csv"))
    assert (footer.rows.low, footer.rows.high, footer.origin) == (10, 10, "Parquet footer")
    assert (counted.rows.low, counted.rows.high, counted.origin) == (3, 3, "lines counted")


def test_a_large_file_is_sampled(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog_module, "_COUNTED_BYTES", 1_000)
    (catalog.folder / "a.csv").write_text("a\n" + "12345\n" * 2_000)
    found = catalog.statistics(source(catalog, path="a.csv"))
    assert found.rows.low < 2_000 < found.rows.high
    assert found.rows.confidence < 1
    assert found.origin == "lines sampled"


def test_a_column_without_values_is_text_where_values_may_follow(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    (catalog.folder / "a.csv").write_text("a,b\n" + "12345,\n" * 2_000)
    assert source(catalog, path="a.csv").schema == Schema.of(a="int64", b="null")
    monkeypatch.setattr(catalog_module, "_COUNTED_BYTES", 1_000)
    assert source(Catalog(catalog.folder), path="a.csv").schema == Schema.of(a="int64", b="string")


def test_a_changed_file_is_looked_at_again(catalog: Catalog) -> None:
    path = catalog.folder / "a.csv"
    path.write_text("a\n1\n")
    first = source(catalog, path="a.csv")
    assert source(catalog, path="a.csv") is first
    path.write_text("b\nx\n")
    os.utime(path, (1, 1))
    assert source(catalog, path="a.csv").schema == Schema.of(b="string")


def test_statistics_are_those_of_the_file_as_it_is(catalog: Catalog) -> None:
    path = catalog.folder / "a.csv"
    path.write_text("a\n")
    before = source(catalog, path="a.csv")
    assert catalog.statistics(before).rows.high == 0
    path.write_text("a\n" + "1\n" * 500)
    after = source(catalog, path="a.csv")
    assert after.schema == Schema.of(a="int64")
    assert catalog.statistics(before).rows.high == catalog.statistics(after).rows.high == 500


def test_statistics_notice_a_change_within_a_tick(catalog: Catalog) -> None:
    path = catalog.folder / "a.csv"
    path.write_text("a\n1\n")
    stamp = path.stat()
    assert catalog.statistics(source(catalog, path="a.csv")).rows.high == 1
    path.write_text("a\n1\n2\n")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert catalog.statistics(source(catalog, path="a.csv")).rows.high == 2
    path.write_text("a\n1\nx\n")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 1))
    assert source(catalog, path="a.csv").schema == Schema.of(a="string")


def test_a_table_that_has_grown_is_counted_again(catalog: Catalog) -> None:
    with duckdb.connect(str(catalog.folder / "a.duckdb")) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS n")
    operator = catalog.source(TableSpec(database="a.duckdb", table="t"))
    with duckdb.connect(str(catalog.folder / "a.duckdb")) as connection:
        connection.execute("INSERT INTO t SELECT * FROM range(100)")
    assert catalog.statistics(operator).rows.high == 101


def test_a_file_that_has_gone_is_said(catalog: Catalog) -> None:
    (catalog.folder / "a.csv").write_text("a\n1\n")
    operator = source(catalog, path="a.csv")
    (catalog.folder / "a.csv").unlink()
    with pytest.raises(DataError, match="any more"):
        catalog.statistics(operator)


def test_a_table_of_a_database(catalog: Catalog) -> None:
    with duckdb.connect(str(catalog.folder / "a.duckdb")) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1::INTEGER AS n, 'x' AS w")
    operator = catalog.source(TableSpec(database="a.duckdb", table="t"))
    assert isinstance(operator, ReadTable)
    assert operator.schema == Schema.of(n="int64", w="string")
    assert catalog.statistics(operator).rows.high == 1
    with pytest.raises(DataError, match="ta"):
        catalog.source(TableSpec(database="a.duckdb", table="ta"))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b"", "is empty"),
        ("a.parquet", b"PAR1", "cannot be read as parquet"),
        ("a.csv", b"a,b\n1,2,3\n", "cannot be read as csv"),
        ("a.jsonl", b"{", "cannot be read as jsonl"),
        ("a.xyz", b"1", "which format"),
        ("a.csv", "größe,n\n1,2\n".encode("latin-1"), "is not UTF-8"),
        ("a.csv", "n,word\n1,größe\n".encode("latin-1"), "is not UTF-8"),
        ("a.csv", b"a,b,a\n1,2,3\n", "two columns"),
    ],
)
def test_what_cannot_be_read_is_said(catalog: Catalog, name: str, content: bytes, says: str) -> None:
    (catalog.folder / name).write_bytes(content)
    with pytest.raises(DataError, match=says):
        source(catalog, path=name)


def test_a_missing_file_is_said_with_the_nearest_name(catalog: Catalog) -> None:
    (catalog.folder / "visits.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match=r'^there is no file "vists\.csv"$') as caught:
        source(catalog, path="vists.csv")
    assert caught.value.hint == "Did you mean visits.csv?"
    catalog.tables["patients"] = TableSpec(path="visits.csv")
    with pytest.raises(DataError, match=r"^there is no table patient$") as caught:
        catalog.named("patient")
    assert caught.value.hint == "Did you mean patients?"


ROWS = b"name,age\nJones,44\n"


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("a.csv", ROWS + b"Jones,44,HIV positive\n", {}),
        ("a.csv", ROWS, {"types": {"name": "int64"}}),
        ("a.csv", b"Jones,44,Jones\n", {}),
        ("a.csv", ROWS, {"header": False, "names": ("n",)}),
        ("a.jsonl", b'{"name": "Jones"}\n{"name": 44}\n', {}),
        ("a.jsonl", b'{"name": Jones}\n', {}),
        ("a.parquet", b"Jones", {}),
    ],
)
def test_a_message_quotes_no_row(catalog: Catalog, name: str, content: bytes, options: dict[str, object]) -> None:
    (catalog.folder / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        source(catalog, path=name, **options)
    assert not any(word in caught.value.message + (caught.value.hint or "") for word in ("Jones", "44", "HIV"))
    assert [label for label, _ in caught.value.facts] in (["reader"], ["column"])


@pytest.mark.parametrize("delimiter", [";;", "", "é", '"', "\n"])
def test_a_delimiter_is_one_character(delimiter: str) -> None:
    with pytest.raises(OperatorError, match="the delimiter is one character"):
        TableSpec(path="a.csv", delimiter=delimiter)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("folder.csv", '"folder.csv" is a folder, not a file'),
        ("a" * 5_000, "File name too long"),
        ("ab/" * 2_000, "File name too long"),
        ("a\0b.csv", "there is no file"),
    ],
)
def test_paths_that_are_no_files(catalog: Catalog, path: str, says: str) -> None:
    (catalog.folder / "folder.csv").mkdir()
    with pytest.raises(DataError, match=f"(?i){says}") as caught:
        source(catalog, path=path)
    assert len(caught.value.message) < 400
    with pytest.raises(DataError):
        read_federation(catalog.folder / path)


def test_lists_and_structs_are_refused(catalog: Catalog) -> None:
    pq.write_table(pa.table({"tags": [{"a": "b"}]}), catalog.folder / "a.parquet")
    with pytest.raises(OperatorError, match="tags"):
        source(catalog, path="a.parquet")


FEDERATION = """
[federation]
name = "wards"
[sites.north]
platforms = ["pandas", "numpy"]
policy = "north.toml"
tables.patients = { path = "north.csv", nulls = ["?"] }
[sites.south]
title = "The South"
tables.patients = { database = "south.duckdb", table = "patients" }
"""


def test_a_federation_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "wards.toml").write_text(FEDERATION)
    found = read_federation(tmp_path / "wards.toml")
    assert (found.name, list(found.sites), Path(found.folder)) == ("wards", ["north", "south"], tmp_path)
    assert found.sites["north"].tables["patients"].nulls == ("?",)
    assert found.sites["south"].policy is None
    assert read_federation(tmp_path / "wards.toml", "other").name == "other"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"north": {"tabels": {}}}, "tabels"),
        ({"north": {"tables": {"t": {"path": "a", "database": "b"}}}}, "a path, a database or a connection"),
        ({"north": {"tables": {"t": {"database": "b"}}}}, "which table"),
        ({"north": {"tables": {"t": {"path": "a", "format": "xlsx"}}}}, "xlsx"),
        ({}, "no sites"),
    ],
)
def test_a_declaration_that_is_wrong_says_where(changed: dict[str, object], says: str, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=says):
        federation_of("f", changed, tmp_path)


def test_a_file_that_is_no_declaration(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file"):
        read_federation(tmp_path / "none.toml")
    (tmp_path / "a.toml").mkdir()
    with pytest.raises(DataError, match="is a folder"):
        read_federation(tmp_path / "a.toml")
    (tmp_path / "a.toml").rmdir()
    (tmp_path / "a.toml").write_text("= 3")
    with pytest.raises(DataError, match="cannot be read"):
        read_federation(tmp_path / "a.toml")
    (tmp_path / "a.toml").write_text("x = 3")
    with pytest.raises(OperatorError, match="declares no sites"):
        read_federation(tmp_path / "a.toml")
