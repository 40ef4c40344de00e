from __future__ import annotations

import csv
import sys
import tomllib

import duckdb
import pyarrow.parquet as pq
import pytest

from jupyter_wayang.datasets import COLUMNS, heart_disease, hospitals, postgres
from jupyter_wayang.errors import PlatformError


@pytest.fixture
def declaration(tmp_path):
    return hospitals(tmp_path / "federation")


def declared(path):
    return tomllib.loads(path.read_text(encoding="utf-8"))


def state(folder):
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()}


def test_declares_four_sites_on_their_platforms(declaration):
    content = declared(declaration)
    assert content["federation"] == {"name": "hospitals"}
    assert {site: entry["platforms"] for site, entry in content["sites"].items()} == {
        "cleveland": ["duckdb", "numpy"],
        "hungary": ["polars", "numpy"],
        "switzerland": ["spark", "numpy"],
        "va": ["pandas", "sklearn"],
    }


def test_every_named_file_is_there(declaration):
    for site in declared(declaration)["sites"].values():
        patients = site["tables"]["patients"]
        assert (declaration.parent / patients.get("path", patients.get("database"))).is_file()
        policy = tomllib.loads((declaration.parent / site["policy"]).read_text())
        assert policy == {
            "tables": ["patients"],
            "operators": ["aggregate", "learn", "fit", "evaluate"],
            "minimum_rows": 10,
            "minimum_cell": 3,
            "minimum_level": 1,
        }


def test_every_key_of_a_policy_is_explained(declaration):
    for path in (declaration.parent / "policies").iterdir():
        lines = path.read_text().splitlines()
        keys = [number for number, line in enumerate(lines) if " = " in line and not line.startswith("#")]
        assert all(lines[number - 1].startswith("#") for number in keys)


def test_the_rows_are_those_of_the_hospitals(declaration):
    tables, folder = heart_disease(), declaration.parent
    with duckdb.connect(str(folder / "cleveland.duckdb"), read_only=True) as connection:
        assert connection.sql("SELECT * FROM patients").to_arrow_table().equals(tables["cleveland"])
    assert pq.read_table(folder / "hungary.parquet").equals(tables["hungary"])
    assert pq.read_table(folder / "switzerland.parquet").equals(tables["switzerland"])
    entry = declared(declaration)["sites"]["va"]["tables"]["patients"]
    assert (entry["header"], tuple(entry["names"]), entry["nulls"]) == (False, COLUMNS, ["?"])
    with (folder / "va.csv").open() as file:
        rows = [[None if field == "?" else float(field) for field in row] for row in csv.reader(file)]
    assert rows == [list(row.values()) for row in tables["va"].to_pylist()]


def test_a_second_call_writes_nothing(declaration):
    before = state(declaration.parent)
    assert hospitals(declaration.parent) == declaration
    assert state(declaration.parent) == before


def test_what_was_edited_stays(declaration):
    policy = declaration.parent / "policies" / "va.toml"
    policy.write_text("minimum_rows = 50\n")
    declaration.write_text(declaration.read_text().replace("VA Long Beach", "Long Beach"))
    (declaration.parent / "va.csv").write_text("1,2\n")
    before = state(declaration.parent)
    hospitals(declaration.parent, java=False)
    assert state(declaration.parent) == before


def test_what_was_removed_comes_back(declaration):
    (declaration.parent / "hungary.parquet").unlink()
    hospitals(declaration.parent)
    assert pq.read_table(declaration.parent / "hungary.parquet").num_rows == 294


def test_without_java_switzerland_may_use_pandas_and_back(tmp_path):
    platforms = [
        declared(hospitals(tmp_path, java=java))["sites"]["switzerland"]["platforms"] for java in (True, False, True)
    ]
    assert platforms == [["spark", "numpy"], ["spark", "pandas", "numpy"], ["spark", "numpy"]]


def test_without_a_server_cleveland_stays_in_duckdb_and_one_line_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(postgres, "missing", lambda: "no wheel")
    declaration = hospitals(tmp_path, postgres=True)
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "DuckDB file" in said
    assert "no wheel" in said
    cleveland = tomllib.loads(declaration.read_text(encoding="utf-8"))["sites"]["cleveland"]
    assert cleveland["platforms"] == ["duckdb", "numpy"]
    assert cleveland["tables"]["patients"] == {"database": "cleveland.duckdb", "table": "patients"}


def test_an_interrupted_write_leaves_nothing_behind(tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(pq, "write_table", interrupted)
    with pytest.raises(KeyboardInterrupt):
        hospitals(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"cleveland.duckdb", "policies"}


def test_without_duckdb_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(PlatformError, match="DuckDB is not installed"):
        hospitals(tmp_path)


def test_the_line_for_a_fifth_site_works(declaration):
    text = declaration.read_text()
    line = next(line for line in text.splitlines() if line.startswith("# sites.porto"))
    declaration.write_text(text.replace(line, line.removeprefix("# ")))
    assert list(declared(declaration)["sites"]) == ["porto", "cleveland", "hungary", "switzerland", "va"]
