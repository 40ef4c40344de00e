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
        n="int64", x="float64", word="string", day="date", flag="bool", nothing="string"
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


def test_a_changed_file_is_looked_at_again(catalog: Catalog) -> None:
    path = catalog.folder / "a.csv"
    path.write_text("a\n1\n")
    first = source(catalog, path="a.csv")
    assert source(catalog, path="a.csv") is first
    path.write_text("b\nx\n")
    os.utime(path, (1, 1))
    assert source(catalog, path="a.csv").schema == Schema.of(b="string")


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
    ],
)
def test_what_cannot_be_read_is_said(catalog: Catalog, name: str, content: bytes, says: str) -> None:
    (catalog.folder / name).write_bytes(content)
    with pytest.raises(DataError, match=says):
        source(catalog, path=name)


def test_a_missing_file_is_said_with_the_nearest_name(catalog: Catalog) -> None:
    (catalog.folder / "visits.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match=r"Did you mean visits\.csv"):
        source(catalog, path="vists.csv")


def test_lists_and_structs_are_refused(catalog: Catalog) -> None:
    pq.write_table(pa.table({"tags": [["a", "b"]]}), catalog.folder / "a.parquet")
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
        ({"north": {"tables": {"t": {"path": "a", "database": "b"}}}}, "either a path or a database"),
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
    (tmp_path / "a.toml").write_text("= 3")
    with pytest.raises(DataError, match="cannot be read"):
        read_federation(tmp_path / "a.toml")
    (tmp_path / "a.toml").write_text("x = 3")
    with pytest.raises(OperatorError, match="declares no sites"):
        read_federation(tmp_path / "a.toml")
