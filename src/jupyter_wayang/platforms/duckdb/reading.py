"""Reading as SQL: every column in the type of the schema, NaN as null, integers without rounding."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlglot import exp

from jupyter_wayang.errors import DataError
from jupyter_wayang.plan.expressions import Cast, ColumnRef
from jupyter_wayang.plan.operators import ReadFile, ReadTable
from jupyter_wayang.plan.schema import Column, Schema
from jupyter_wayang.platforms.relational.sql import expression, type_name
from jupyter_wayang.platforms.relational.sql_queries import one_select

__all__ = ["header", "narrowed", "parquet", "rows_of", "table_of", "text_file"]


def header(operator: ReadFile) -> tuple[str, ...]:
    """Return the names of the columns of a CSV file, from its first line or else from the schema.

    Raises
    ------
    DataError
        If the file lacks a column of the schema, or cannot be read.
    """
    if operator.format != "csv" or not operator.header:
        return operator.schema.names
    path = Path(operator.path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            names = tuple(next(csv.reader(lines, delimiter=operator.delimiter), ()))
    except (OSError, UnicodeError, csv.Error) as error:
        raise DataError(f"{path.name} cannot be read as CSV", facts=(("reader", str(error)),)) from error
    missing = [name for name in operator.schema.names if name not in names]
    if missing:
        raise DataError(
            f'{path.name} has no column "{missing[0]}"', expected=names, hint=f"columns: {', '.join(names)}"
        )
    return names


def text_file(operator: ReadFile, names: Sequence[str]) -> exp.Select:
    """Read the columns of the schema from a CSV or JSON lines file whose columns are ``names``."""
    types = {column.name: column.type for column in operator.schema}
    # DuckDB would round fractions to integers: integers are read as text and cast strictly.
    read_as = {
        name: "VARCHAR"
        if types.get(name, "string") in ("int64", "null")
        else type_name(types.get(name, "string"), "duckdb")
        for name in names
    }
    if operator.format == "jsonl":
        options = {"format": _text("newline_delimited"), "columns": _types(read_as)}
        function = "READ_JSON"
    else:
        # By place, so that names that differ in case do not meet.
        by_place = {f"c{place}": read_as[name] for place, name in enumerate(names)}
        options = {
            "auto_detect": exp.false(),
            "header": exp.Boolean(this=operator.header),
            "delim": _text(operator.delimiter),
            "quote": _text('"'),
            "escape": _text('"'),
            "nullstr": exp.Array(expressions=[_text(mark) for mark in operator.nulls or (_NO_MARK,)]),
            "columns": _types(by_place if _collide(names) else read_as),
        }
        function = "READ_CSV"
    found = [f"c{place}" for place in range(len(names))] if function == "READ_CSV" and _collide(names) else list(names)
    held = {name: (found[names.index(name)], read_as[name]) for name in operator.schema.names}
    return narrowed(_called(function, operator.path, options), operator.schema, held)


_NO_MARK = "\x00"


def _collide(names: Sequence[str]) -> bool:
    return len({name.casefold() for name in names}) < len(names) or "" in names


def parquet(path: str | Path) -> exp.Table:
    """Return a Parquet file, or a folder of them, as a source."""
    return _called("READ_PARQUET", path, {})


def table_of(database: str, table: str) -> exp.Table:
    """Return a table of an attached database as a source; the name may begin with that of a schema."""
    schema, _, name = table.rpartition(".")
    parts = {"this": name, "db": schema or "main", "catalog": database}
    return exp.Table(**{part: exp.to_identifier(text, quoted=True) for part, text in parts.items()})


def rows_of(database: str, operator: ReadTable) -> exp.Table | exp.Subquery:
    """Return a table, or a query, of an attached database as a source."""
    if operator.query:
        return one_select(operator.query, "duckdb", db="main", catalog=database)
    return table_of(database, operator.table)


def narrowed(source: exp.Table | exp.Subquery, schema: Schema, held: Mapping[str, tuple[str, str]]) -> exp.Select:
    """Read the columns of a schema from a source.

    Parameters
    ----------
    source
        A table, or a call of a reading function.
    schema
        The columns that are wanted; no two of them differ only in case.
    held
        Per column its name and DuckDB type in the source, where they are not those of the schema.
    """
    from jupyter_wayang.platforms.relational.sql import physical_names

    columns: list[exp.Expr] = []
    for column, physical in zip(schema, physical_names(schema), strict=True):
        name, type_ = held.get(column.name, (column.name, type_name(column.type, "duckdb")))
        made = _as(column, exp.column(name, quoted=True), type_)
        plain = isinstance(made, exp.Column) and made.name == physical
        columns.append(made if plain else exp.Alias(this=made, alias=exp.to_identifier(physical, quoted=True)))
    return exp.Select(expressions=columns, from_=exp.From(this=source))


def _as(column: Column, read: exp.Column, type_: str) -> exp.Expr:
    wanted = type_name(column.type, "duckdb")
    if column.type == "null":
        return exp.Null()
    if column.type == "int64" and type_ in ("VARCHAR", "TEXT"):
        inner = Schema.from_pairs([(read.name, "string")])
        return expression(Cast(arg=ColumnRef(name=read.name), to="int64"), inner, "duckdb")
    made = read if type_ == wanted else exp.Cast(this=read, to=exp.DataType.build(wanted))
    if column.type == "float64":
        # Not by comparison: that is folded away by a Parquet file's statistics, which leave NaN out.
        known = exp.Not(this=exp.IsNan(this=read.copy()))
        return exp.Case().when(known, made)
    return made


def _text(text: str) -> exp.Literal:
    return exp.Literal.string(text)


def _types(types: Mapping[str, str]) -> exp.Struct:
    pairs = (exp.PropertyEQ(this=_text(name), expression=_text(type_)) for name, type_ in types.items())
    return exp.Struct(expressions=list(pairs))


def _called(function: str, path: str | Path, options: Mapping[str, exp.Expr]) -> exp.Table:
    # A path is no pattern: its own wildcards stand in brackets.
    shown = str(path) if not Path(path).is_dir() else str(Path(path) / "*.parquet")
    exact = "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))
    exact += "/*.parquet" if shown != str(path) else ""
    named = [exp.Kwarg(this=exp.var(name), expression=held) for name, held in options.items()]
    return exp.Table(this=exp.Anonymous(this=function, expressions=[_text(exact), *named]))
