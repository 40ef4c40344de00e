"""Reading files so that Spark sees the rows that every other platform sees.

Spark alone would ask the file for its schema (a job), take one text for null, fold the case of names, keep NaN, and
turn what it cannot read into null. Here the schema is given, texts are read as texts and cast, and misfits are errors.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from jupyter_wayang.errors import DataError
from jupyter_wayang.plan.operators import ReadFile
from jupyter_wayang.plan.rows import arrow_schema, normalize
from jupyter_wayang.plan.schema import Column, DataType, Schema
from jupyter_wayang.plan.types import decimal_of, item_of
from jupyter_wayang.platforms.relational.files import failing_with, present, read

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["cast_to", "quoted", "read_arrow", "read_file", "read_parquet", "sql_type", "written"]

_TYPES: dict[DataType, str] = {
    "bool": "boolean",
    "int64": "bigint",
    "float64": "double",
    "string": "string",
    "date": "date",
    "timestamp": "timestamp_ntz",
    "null": "void",
}

# Spark takes some characters of a path for a pattern, and files with these beginnings for its own and hidden.
_PLAIN = re.compile(r"(?![._])[^{}\[\]*?\\:,]+")


def sql_type(type_: DataType) -> str:
    """Return Spark's name of a column type.

    Examples
    --------
    >>> sql_type("int64")
    'bigint'
    """
    item = item_of(type_)
    if item:
        return f"array<{sql_type(item)}>"
    return type_ if decimal_of(type_) else _TYPES[type_]


def quoted(name: str) -> str:
    """Return a name as it stands in SQL, whatever characters it has.

    Examples
    --------
    >>> quoted("cp=1")
    '`cp=1`'
    """
    return "`" + name.replace("`", "``") + "`"


def read_file(session: SparkSession, operator: ReadFile, workspace: Path) -> DataFrame:
    """Return the rows of a file, to be read when they are needed.

    Parameters
    ----------
    session
        Where they are read.
    operator
        The file, its format and its schema.
    workspace
        Where a file is put that Spark cannot read as it is.

    Raises
    ------
    DataError
        If the file is missing or empty, is no file of its format, or lacks a column of the schema.
    """
    path = present(operator.path)
    if operator.format == "csv":
        return _csv(session, operator, path, workspace)
    if operator.format == "jsonl":
        return _jsonl(session, operator, path, workspace)
    if operator.format == "text":
        return read_arrow(session, read(operator), operator.schema, workspace)
    return _foreign_parquet(session, operator, path, workspace)


def read_parquet(session: SparkSession, path: Path, schema: Schema, workspace: Path) -> DataFrame:
    """Return the rows of a Parquet file that a platform of ours wrote: names and types are those of ``schema``."""
    stored = [column for column in schema if column.type != "null"]
    if not stored:
        return _nothing_but_null(session, path, schema)
    declared = ", ".join(f"{quoted(column.name)} {sql_type(column.type)}" for column in stored)
    frame = session.read.schema(declared).parquet(_plain(path, workspace))
    if len(stored) == len(schema):
        return frame
    # Spark knows no column without a type in a file.
    return frame.selectExpr(*(quoted(c.name) if c.type != "null" else f"NULL AS {quoted(c.name)}" for c in schema))


def read_arrow(session: SparkSession, table: pa.Table, schema: Schema, workspace: Path) -> DataFrame:
    """Return the rows of an Arrow table. A Parquet file between the two is the fast way in."""
    normal = normalize(table.select(list(schema.names))).cast(arrow_schema(schema))
    return read_parquet(session, written(normal, workspace), schema, workspace)


def written(table: pa.Table, workspace: Path) -> Path:
    """Write an Arrow table as a Parquet file of the workspace, and return the file."""
    import pyarrow.parquet as pq

    workspace.mkdir(parents=True, exist_ok=True)
    path = workspace / f"{uuid4().hex}.parquet"
    pq.write_table(table, path)
    return path


def _nothing_but_null(session: SparkSession, path: Path, schema: Schema) -> DataFrame:
    import pyarrow.parquet as pq

    rows = pq.read_metadata(path).num_rows
    return session.range(rows).selectExpr(*(f"NULL AS {quoted(column.name)}" for column in schema))


def _csv(session: SparkSession, operator: ReadFile, path: Path, workspace: Path) -> DataFrame:
    first, schema = _first_record(operator, path), operator.schema
    if operator.header and not set(schema.names) <= set(first):
        raise _other_columns(path, schema, first)
    if not operator.header and len(first) != len(schema):
        raise DataError(f"{path.name} has {len(first)} columns, and the plan expects {len(schema)}", found=str(path))
    places = [first.index(name) for name in schema.names] if operator.header else list(range(len(first)))
    # Under its own name a column is named by what Spark says of a value that it cannot read.
    raw = {place: column.name for place, column in zip(places, schema, strict=True)}
    texts = [raw.get(place, f"unread {place}") for place in range(len(first))]
    frame = (
        session.read.schema(", ".join(f"{quoted(text)} string" for text in texts))
        .option("sep", operator.delimiter)
        .option("header", operator.header)
        .option("quote", '"')
        .option("escape", '"')
        .option("emptyValue", "")
        .option("multiLine", True)
        .option("mode", "FAILFAST")
        .csv(_plain(path, workspace))
    )
    return frame.selectExpr(*(_of_text(column, operator.nulls) for column in schema))


def _first_record(operator: ReadFile, path: Path) -> list[str]:
    import io

    import pyarrow as pa

    with failing_with(path, "csv", OSError, csv.Error), pa.input_stream(str(path), compression="detect") as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        for record in csv.reader(text, delimiter=operator.delimiter):
            if record:
                return record
    raise DataError(f"the file {path.name} is empty", found=str(path))


def _other_columns(path: Path, schema: Schema, found: list[str]) -> DataError:
    missing = next(name for name in schema.names if name not in found)
    return DataError(f'{path.name} has no column "{missing}"', expected=found, hint=f"columns: {', '.join(found)}")


def _of_text(column: Column, nulls: Iterable[str]) -> str:
    # Spark reads an empty field as null, whatever was asked for.
    value = f"coalesce({quoted(column.name)}, '')"
    marks = ", ".join(_literal(mark) for mark in nulls)
    if marks:
        value = f"CASE WHEN {value} IN ({marks}) THEN NULL ELSE {value} END"
    return f"{cast_to(value, column.type)} AS {quoted(column.name)}"


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def cast_to(value: str, type_: DataType, *, zoned: bool = True) -> str:
    """Return SQL for a value in a column type: NaN is null, and a moment with a zone is its moment in UTC.

    Examples
    --------
    >>> cast_to("x", "int64")
    'CAST(x AS bigint)'
    """
    if type_ == "null":
        return "NULL"
    if type_ == "string":
        return f"CAST({value} AS string)"
    if type_ == "float64":
        return f"nullif(CAST({value} AS double), double('NaN'))"
    if type_ == "timestamp" and zoned:
        # By way of the type with a zone, which moves what has another one to UTC.
        return f"CAST(CAST({value} AS timestamp_ltz) AS timestamp_ntz)"
    return f"CAST({value} AS {sql_type(type_)})"


def _jsonl(session: SparkSession, operator: ReadFile, path: Path, workspace: Path) -> DataFrame:
    kinds = {
        c.name: "string" if c.type in ("date", "timestamp", "null") or decimal_of(c.type) else sql_type(c.type)
        for c in operator.schema
    }
    declared = ", ".join(f"{quoted(name)} {kind}" for name, kind in kinds.items())
    frame = session.read.schema(declared).option("mode", "FAILFAST").json(_plain(path, workspace))
    return frame.selectExpr(*(f"{cast_to(quoted(c.name), c.type)} AS {quoted(c.name)}" for c in operator.schema))


def _foreign_parquet(session: SparkSession, operator: ReadFile, path: Path, workspace: Path) -> DataFrame:
    import pyarrow.parquet as pq

    with failing_with(path, "parquet"):
        found = pq.read_schema(path)
    schema = operator.schema
    if not set(schema.names) <= set(found.names):
        raise _other_columns(path, schema, list(found.names))
    fields = [found.field(column.name) for column in schema]
    kinds = [_foreign_type(field.type) for field in fields]
    if None in kinds:
        table = pq.read_table(path, columns=list(schema.names))
        return read_arrow(session, table, schema, workspace)
    stored = ", ".join(f"{quoted(field.name)} {kind}" for field, kind in zip(fields, kinds, strict=True))
    frame = session.read.schema(stored).parquet(_plain(path, workspace))
    return frame.selectExpr(*(f"{cast_to(quoted(c.name), c.type)} AS {quoted(c.name)}" for c in schema))


def _foreign_type(type_: pa.DataType) -> str | None:
    """Return the type by which Spark reads a column of a Parquet file as it was stored, or None where it cannot."""
    import pyarrow.types as kinds

    if kinds.is_dictionary(type_):
        return _foreign_type(type_.value_type)
    if kinds.is_timestamp(type_):
        return None if type_.unit == "ns" else "timestamp_ntz" if type_.tz is None else "timestamp_ltz"
    if kinds.is_decimal(type_):
        return f"decimal({type_.precision}, {type_.scale})" if type_.precision <= 38 else None
    simple = {
        "bool": "boolean",
        "int8": "tinyint",
        "int16": "smallint",
        "int32": "int",
        "int64": "bigint",
        "uint8": "smallint",
        "uint16": "int",
        "uint32": "bigint",
        "uint64": "decimal(20, 0)",
        "float": "float",
        "double": "double",
        "string": "string",
        "large_string": "string",
        "string_view": "string",
        "date32[day]": "date",
    }
    return simple.get(str(type_))


def _plain(path: Path, workspace: Path) -> str:
    """Return a path that Spark takes literally: the file's own, or that of a link to it."""
    where = path.resolve()
    if not _PLAIN.fullmatch(where.name) or not all(_PLAIN.fullmatch(part.lstrip("._")) for part in where.parts[1:-1]):
        workspace.mkdir(parents=True, exist_ok=True)
        link = workspace.resolve() / f"{uuid4().hex}{_suffixes(where)}"
        link.symlink_to(where, target_is_directory=where.is_dir())
        where = link
    return "file:" + where.as_posix()


def _suffixes(path: Path) -> str:
    # Spark tells compression by the end of the name.
    return "".join(suffix for suffix in path.suffixes[-2:] if suffix[1:].isalnum())
