"""Files as Arrow tables: the one meaning of a CSV, JSON lines or Parquet file for all engines that read through Arrow.

A text in ``nulls`` is null, quoted or not, in a column of any type; the empty text is an empty string unless it is one
of them. NaN is null. A value that cannot be read as its column's type is an error that names the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from jupyter_wayang.errors import DataError, closest
from jupyter_wayang.plan.operators import ReadFile
from jupyter_wayang.plan.rows import arrow_schema, normalize
from jupyter_wayang.plan.schema import Schema

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["as_schema", "failing_with", "from_text", "present", "read", "read_parquet"]


def read(operator: ReadFile) -> pa.Table:
    """Read the columns of ``operator.schema`` of a file.

    Raises
    ------
    DataError
        If the file is missing, empty or no file of its format, or if a column or value is not as the schema says.
    """
    path = present(operator.path)
    readers: dict[str, Callable[[ReadFile, Path], pa.Table]] = {
        "csv": _csv,
        "jsonl": _json_lines,
        "parquet": lambda o, p: read_parquet(p, o.schema),
        "text": _text,
    }
    with failing_with(path, operator.format):
        return as_schema(readers[operator.format](operator, path), operator.schema, path.name)


def present(path: str) -> Path:
    """Return the path of a file that is there and not empty.

    Raises
    ------
    DataError
        If it is not.
    """
    found = Path(path)
    if not found.is_file():
        here = [entry.name for entry in found.parent.iterdir()] if found.parent.is_dir() else []
        guess = closest(found.name, here)
        raise DataError(f"there is no file {found.name}", found=path, hint=f"Did you mean {guess}?" if guess else None)
    if not found.stat().st_size:
        raise DataError(f"the file {found.name} is empty", found=path)
    return found


@contextmanager
def failing_with(path: Path, format_: str, *others: type[Exception]) -> Iterator[None]:
    """Turn what a reader raises into an error that names the file."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, UnicodeError, *others) as error:
        kind = {"csv": "CSV", "jsonl": "JSON lines", "parquet": "Parquet", "text": "text"}[format_]
        raise DataError(
            f"{path.name} cannot be read as {kind} with the columns of the plan",
            facts=(("reader", str(error).splitlines()[0][:200]),),
            hint="name the columns, their types and the null markers: read(…, header=, names=, nulls=, delimiter=)",
        ) from error


def as_schema(table: pa.Table, schema: Schema, name: str) -> pa.Table:
    """Return the columns of a schema, in its order and types; NaN becomes null.

    Raises
    ------
    DataError
        If a column is missing or cannot be cast.
    """
    import pyarrow as pa

    missing = [column for column in schema.names if column not in table.column_names]
    if missing:
        raise DataError(
            f'{name} has no column "{missing[0]}"',
            expected=table.column_names,
            hint=f"columns: {', '.join(table.column_names)}",
        )
    entered = normalize(table.select(list(schema.names)))
    wanted = arrow_schema(schema)
    columns = [
        pa.chunked_array([pa.nulls(entered.num_rows)]) if pa.types.is_null(field.type) else _cast(column, field.type)
        for field, column in zip(wanted, entered.columns, strict=True)
    ]
    return pa.table(columns, schema=wanted)


def _cast(column: pa.ChunkedArray, to: pa.DataType) -> pa.ChunkedArray:
    import pyarrow as pa

    if pa.types.is_decimal(to) and pa.types.is_string(column.type):
        from jupyter_wayang.platforms.relational.arrow_functions import decimal_cast

        return decimal_cast(column, "string", f"decimal({to.precision}, {to.scale})")
    return column.cast(to)


def read_parquet(path: Path, schema: Schema) -> pa.Table:
    """Read columns of a Parquet file, or of a folder of them, as they are in it."""
    import pyarrow.parquet as pq

    return pq.read_table(path, columns=list(schema.names), partitioning=None)


def _csv(operator: ReadFile, path: Path) -> pa.Table:
    return from_text(operator, path)


def from_text(operator: ReadFile, text: Path | IO[bytes]) -> pa.Table:
    """Read the text of a CSV file."""
    import pyarrow as pa
    from pyarrow import csv

    types = dict(zip(operator.schema.names, arrow_schema(operator.schema).types, strict=True))
    # Arrow refuses a decimal with more digits than its type has, where a cast rounds it.
    types = {name: pa.string() if pa.types.is_decimal(type_) else type_ for name, type_ in types.items()}
    return csv.read_csv(
        text,
        read_options=csv.ReadOptions(column_names=None if operator.header else list(operator.schema.names)),
        parse_options=csv.ParseOptions(delimiter=operator.delimiter, newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=types,
            null_values=list(operator.nulls),
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            include_columns=list(operator.schema.names) if operator.header else None,
        ),
    )


def _text(operator: ReadFile, path: Path) -> pa.Table:
    import pyarrow as pa

    with path.open(encoding="utf-8-sig") as file:
        return pa.table({"line": pa.array((line.removesuffix("\n") for line in file), pa.string())})


def _json_lines(operator: ReadFile, path: Path) -> pa.Table:
    from pyarrow import json

    options = json.ParseOptions(explicit_schema=arrow_schema(operator.schema), unexpected_field_behavior="ignore")
    return json.read_json(path, parse_options=options)
