"""Files are written in whole or not at all, and what is there is kept unless a person says otherwise."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_wayang.errors import DataError, OperatorError
from jupyter_wayang.plan.operators import ReadFile, WriteFile
from jupyter_wayang.plan.rows import schema_of
from jupyter_wayang.platforms.relational import files
from jupyter_wayang.platforms.relational.writing import write

ROWS = pa.table(
    {
        "name": ['é, "x"', None, "a\nb"],
        "n": pa.array([1, None, 3], pa.int64()),
        "x": [0.5, None, -1e300],
        "day": [dt.date(2024, 2, 29), None, dt.date(1900, 1, 1)],
        "at": pa.array([dt.datetime(2024, 2, 29, 1, 2, 3, 4), None, None], pa.timestamp("us")),  # noqa: DTZ001
        "ok": [True, None, False],
    }
)


@pytest.fixture(params=["csv", "tsv", "parquet"])
def sink(request, tmp_path):
    return WriteFile(
        path=str(tmp_path / f"rows.{request.param}"),
        format="parquet" if request.param == "parquet" else "csv",
        delimiter="\t" if request.param == "tsv" else ",",
    )


def read(sink):
    operator = ReadFile(path=sink.path, format=sink.format, delimiter=sink.delimiter, schema=schema_of(ROWS.schema))
    return files.read(operator).to_pylist()


def mode(sink, how):
    return WriteFile(path=sink.path, format=sink.format, delimiter=sink.delimiter, mode=how)


def test_what_is_written_is_read_back(sink):
    assert write(sink, ROWS).to_pylist() == [{"path": sink.path, "rows": 3}]
    assert read(sink) == ROWS.to_pylist()


def test_a_file_that_is_there_is_kept(sink):
    write(sink, ROWS)
    with pytest.raises(DataError, match=r"is there already") as caught:
        write(sink, ROWS.slice(0, 1))
    assert 'mode="append"' in caught.value.hint
    assert read(sink) == ROWS.to_pylist()


def test_a_file_is_replaced(sink):
    write(sink, ROWS)
    write(mode(sink, "overwrite"), ROWS.slice(0, 1))
    assert read(sink) == ROWS.slice(0, 1).to_pylist()


def test_rows_are_added(sink):
    write(mode(sink, "append"), ROWS)
    write(mode(sink, "append"), ROWS.slice(0, 1))
    assert read(sink) == [*ROWS.to_pylist(), *ROWS.slice(0, 1).to_pylist()]


def test_rows_of_other_columns_are_not_added(sink, tmp_path):
    write(sink, ROWS)
    with pytest.raises(DataError, match="rows of other columns"):
        write(mode(sink, "append"), ROWS.select(["n", "name"]))
    assert read(sink) == ROWS.to_pylist()
    assert [path.name for path in tmp_path.iterdir()] == [sink.path.rpartition("/")[2]]


def test_nothing_is_left_where_writing_fails(sink, tmp_path, monkeypatch):
    write(sink, ROWS)
    failing = "pyarrow.parquet.write_table" if sink.format == "parquet" else "pyarrow.csv.write_csv"

    def fail(table, place, *rest, **named):
        place.write_bytes(b"half")
        raise OSError(28, "no space left")

    monkeypatch.setattr(failing, fail)
    with pytest.raises(DataError, match="cannot be written: no space left"):
        write(mode(sink, "overwrite"), ROWS.slice(0, 1))
    monkeypatch.undo()
    assert read(sink) == ROWS.to_pylist()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_must_be_there(tmp_path):
    with pytest.raises(DataError, match="there is no folder gone"):
        write(WriteFile(path=str(tmp_path / "gone" / "rows.csv"), format="csv"), ROWS)


def test_csv_holds_no_lists(tmp_path):
    sink = WriteFile(path=str(tmp_path / "rows.csv"), format="csv")
    with pytest.raises(OperatorError, match="holds no lists, and l is one"):
        write(sink, pa.table({"l": [[1, 2]]}))
    assert not list(tmp_path.iterdir())


def test_parquet_is_what_others_read(tmp_path):
    write(WriteFile(path=str(tmp_path / "rows.parquet"), format="parquet"), ROWS)
    assert pq.read_table(tmp_path / "rows.parquet").equals(ROWS)
