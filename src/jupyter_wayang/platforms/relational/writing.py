"""Files that rows are written into: there in whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from jupyter_wayang.errors import DataError, OperatorError
from jupyter_wayang.plan.operators import WriteFile
from jupyter_wayang.plan.rows import schema_of
from jupyter_wayang.plan.types import item_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["write"]


def write(operator: WriteFile, table: pa.Table) -> pa.Table:
    """Write a table into a file, and return one row that says where and how many rows.

    Raises
    ------
    DataError
        If the file is there and may not be, if its columns are others, or if it cannot be written.
    OperatorError
        If the format cannot hold a column.

    Examples
    --------
    >>> import pyarrow as pa, tempfile
    >>> path = Path(tempfile.mkdtemp()) / "ages.csv"
    >>> write(WriteFile(path=str(path), format="csv"), pa.table({"age": [3, None]}))["rows"].to_pylist()
    [2]
    >>> path.read_text().split()
    ['"age"', '3']
    """
    import pyarrow as pa

    path = Path(operator.path)
    if operator.mode == "error" and path.exists():
        raise _taken(path)
    if not path.parent.is_dir():
        raise DataError(f"there is no folder {path.parent.name} to write {path.name} into")
    if operator.format == "csv":
        _flat(table, path)
    with _beside(path) as place:
        if operator.mode == "append" and path.exists():
            (_append_csv if operator.format == "csv" else _append_parquet)(operator, table, path, place)
        else:
            (_write_csv if operator.format == "csv" else _write_parquet)(operator, table, place)
        _put(place, path, replace=operator.mode != "error")
    return pa.table({"path": [operator.path], "rows": [table.num_rows]})


def _taken(path: Path) -> DataError:
    return DataError(
        f"{path.name} is there already", hint='mode="overwrite" replaces it, mode="append" adds the rows to it'
    )


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Give a place beside a file that is written into first, and is gone afterwards."""
    import pyarrow as pa

    place = path.with_name(f".{path.name}.{uuid4().hex[:8]}.part")
    try:
        yield place
    except (OSError, pa.ArrowException) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"{path.name} cannot be written: {getattr(error, 'strerror', None) or 'Arrow failed'}"
        ) from error
    finally:
        place.unlink(missing_ok=True)


def _put(place: Path, path: Path, *, replace: bool) -> None:
    if replace:
        place.replace(path)
        return
    try:
        os.link(place, path)  # unlike replace(), fails if somebody was quicker
    except FileExistsError as error:
        raise _taken(path) from error
    except OSError:  # a file system without links
        place.replace(path)


def _flat(table: pa.Table, path: Path) -> None:
    for column in schema_of(table.schema):
        if item_of(column.type):
            raise OperatorError(
                f"a CSV file holds no lists, and {column.name} is one",
                found=column.name,
                hint=f"write {path.stem}.parquet, or explode({column.name}) first",
            )


def _write_csv(operator: WriteFile, table: pa.Table, place: Path, *, header: bool = True) -> None:
    from pyarrow import csv

    options = csv.WriteOptions(include_header=header, delimiter=operator.delimiter)
    csv.write_csv(table, place, options)


def _append_csv(operator: WriteFile, table: pa.Table, path: Path, place: Path) -> None:
    from pyarrow import csv

    parsing = csv.ParseOptions(delimiter=operator.delimiter, newlines_in_values=True)
    with csv.open_csv(path, parse_options=parsing) as there:
        _same(path, there.schema.names, table.column_names)
    _write_csv(operator, table, place, header=False)
    added = place.read_bytes()
    before = path.read_bytes()
    place.write_bytes(before + (b"" if before.endswith(b"\n") else b"\n") + added)


def _write_parquet(operator: WriteFile, table: pa.Table, place: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(table, place)


def _append_parquet(operator: WriteFile, table: pa.Table, path: Path, place: Path) -> None:
    import pyarrow.parquet as pq

    there = pq.ParquetFile(path)
    schema = there.schema_arrow.remove_metadata()
    _same(path, schema.names, table.column_names)
    added = table.select(schema.names).cast(schema)
    with pq.ParquetWriter(place, schema) as writer:
        for group in range(there.num_row_groups):
            writer.write_table(there.read_row_group(group).replace_schema_metadata(None))
        writer.write_table(added)


def _same(path: Path, found: list[str], wanted: list[str]) -> None:
    if found != wanted:
        raise DataError(
            f"rows of other columns cannot be added to {path.name}",
            found=", ".join(wanted),
            expected=found,
            hint=f"{path.name} has: {', '.join(found)}",
        )
