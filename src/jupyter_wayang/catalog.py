"""The catalog: from the name of a file or table to a source operator with its schema, and its statistics, cached."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from jupyter_wayang.errors import DataError, OperatorError, closest
from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.operators import AnyOperator, ReadFile, ReadFrame, ReadTable
from jupyter_wayang.plan.operators.sources import FileFormat
from jupyter_wayang.plan.rows import arrow_type, schema_of
from jupyter_wayang.plan.sampled import distinct_values, quantiles
from jupyter_wayang.plan.schema import Column, DataType, Schema
from jupyter_wayang.plan.statistics import SourceStatistics
from jupyter_wayang.platforms.connections import file_platform, without_password
from jupyter_wayang.platforms.databases import SERVERS, located, looked_up, statistics_of
from jupyter_wayang.platforms.relational.samples import sample_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Catalog", "FederationSpec", "SiteSpec", "TableSpec", "federation_of", "read_federation"]

_FORMATS: dict[str, FileFormat] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".data": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_COUNTED_BYTES = 64 * 2**20
_DELIMITER = re.compile(r'(?!["\n\r])[\x01-\x7f]')
_LONG = 200


class TableSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a table is and how it is read.

    A file (``path``), or a ``table`` or ``query`` of a ``database`` file of DuckDB or SQLite or of a ``connection``: a
    name that was declared, or an address as in ``postgresql://host/database``.
    """

    path: str | None = None
    database: str | None = None
    connection: str | None = None
    table: str | None = None
    query: str | None = None
    format: FileFormat | None = None
    header: bool = True
    names: tuple[str, ...] | None = None
    nulls: tuple[str, ...] = ("",)
    types: dict[str, DataType] | None = None
    delimiter: str | None = None

    def __post_init__(self) -> None:
        places = [one for one in (self.path, self.database, self.connection) if one is not None]
        if len(places) != 1:
            raise OperatorError(
                "a table has a path, a database or a connection",
                hint='as in { path = "a.csv" } or { database = "a.duckdb", table = "t" }',
            )
        if self.path is None and (self.table is None) == (self.query is None):
            raise OperatorError(f"which table of {without_password(places[0])}?", hint='add table = "…" or query = "…"')
        if self.delimiter is not None and not _DELIMITER.fullmatch(self.delimiter):
            raise OperatorError(
                f"the delimiter is one character, not {self.delimiter!r}",
                hint='as in delimiter=";", or "\\t" for a tab',
            )


class SiteSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A site: its tables, the platforms it has, and its policy file. No policy: it answers nothing."""

    tables: dict[str, TableSpec]
    platforms: tuple[str, ...] = ("pandas", "numpy")
    policy: str | None = None
    title: str | None = None


class FederationSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A federation: its name, its sites in order, and the folder that relative paths start from."""

    name: str
    sites: dict[str, SiteSpec]
    folder: str = "."


def federation_of(name: str, sites: Mapping[str, object], folder: Path) -> FederationSpec:
    """Read a federation from nested mappings.

    Parameters
    ----------
    name
        The name that ``--sites`` uses.
    sites
        Site → ``tables``, ``platforms``, ``policy``, ``title``.
    folder
        Where relative paths start.

    Raises
    ------
    OperatorError
        If a key is unknown or of the wrong type; the message names the place.
    """
    try:
        read = msgspec.convert(dict(sites), dict[str, SiteSpec])
    except msgspec.ValidationError as error:
        raise OperatorError(
            f"the federation {name} cannot be read: {error}", hint="a site has tables, platforms, policy and title"
        ) from error
    if not read:
        raise OperatorError(f"the federation {name} has no sites")
    return FederationSpec(name=name, sites=read, folder=str(folder.resolve()))


def read_federation(path: Path, name: str | None = None) -> FederationSpec:
    """Read a federation from a TOML file.

    Raises
    ------
    DataError
        If the file is missing, cannot be opened, or is no TOML.
    OperatorError
        If it does not describe a federation.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"there is no file {path}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path.name} cannot be read as TOML", facts=(("reader", str(error)),)) from error
    except (OSError, ValueError) as error:
        raise _closed(path, error) from error
    declared = values.get("federation", {})
    found = name or (declared.get("name") if isinstance(declared, dict) else None) or path.stem
    sites = values.get("sites")
    if not isinstance(sites, dict):
        raise OperatorError(f"{path.name} declares no sites", hint="a site starts with [sites.NAME]")
    return federation_of(str(found), sites, path.parent)


class Catalog:
    """Finds schemas and statistics of sources, and remembers them as long as the file does not change.

    Parameters
    ----------
    folder
        Where relative paths start.
    tables
        Tables by name.
    """

    def __init__(self, folder: Path, tables: Mapping[str, TableSpec] | None = None) -> None:
        self.folder = folder
        self.tables = dict(tables or {})
        # With the state of the file that was looked at: another state is another file.
        self._sources: dict[tuple[bytes, str], tuple[_State, AnyOperator]] = {}
        self._statistics: dict[AnyOperator, tuple[_State, SourceStatistics]] = {}

    def source(self, where: TableSpec) -> AnyOperator:
        """Return the source operator of a table, with the schema that its data has.

        Raises
        ------
        DataError
            If the file or table is missing, empty, or cannot be read.
        """
        if where.connection is not None and not self._is_file(where.connection):
            return self._remote(where, where.connection)
        path = self._path(where)
        key, state = (msgspec.json.encode(where), str(path)), _state(path)
        known = self._sources.get(key)
        if known is None or known[0] != state:
            made = self._file(where, path) if where.path is not None else self._table(where, path, state)
            self._sources[key] = known = (state, made)
        return known[1]

    def place(self, where: str | os.PathLike[str]) -> str:
        """Return an address as it is, and the path of a file from the folder of the catalog."""
        address = os.fspath(where)
        return address if "://" in address else str(self.folder / address)

    def matching(self, pattern: str) -> tuple[str, ...]:
        """Return the files that a pattern matches, in the order of their names; a file of just that name is itself.

        Raises
        ------
        DataError
            If there are none.
        """
        if pattern in self.tables or (self.folder / pattern).is_file():
            return (pattern,)
        # Path.glob takes no absolute pattern.
        found = sorted(path for path in glob(str(self.folder / pattern), recursive=True) if Path(path).is_file())  # noqa: PTH207
        if not found:
            raise DataError(f'no file matches "{_short(pattern)}"', found=pattern)
        return tuple(found)

    def named(self, table: str) -> AnyOperator:
        """Return the source operator of a table by name.

        Raises
        ------
        DataError
            If there is no table of this name.
        """
        if table not in self.tables:
            guess = closest(table, self.tables)
            raise DataError(
                f"there is no table {table}",
                expected=tuple(self.tables),
                hint=f"Did you mean {guess}?" if guess else None,
            )
        return self.source(self.tables[table])

    def statistics(self, operator: AnyOperator) -> SourceStatistics:
        """Return what is known of the rows of a source operator, without reading them where that can be avoided."""
        state = _state(_file_of(operator))
        known = self._statistics.get(operator)
        if known is None or known[0] != state:
            self._statistics[operator] = known = (state, _statistics(operator))
        return known[1]

    def _path(self, where: TableSpec) -> Path:
        asked = where.path or where.database or where.connection or ""
        path = self.folder / asked
        try:
            there, folder = path.is_file(), path.is_dir()
            beside = [] if there or not path.parent.is_dir() else [sibling.name for sibling in path.parent.iterdir()]
        except OSError as error:
            raise _closed(path, error) from error
        if folder:
            raise _folder(path)
        if not there:
            guess = closest(path.name, beside)
            # What lies beside a file is for the person at this machine: a hint can be held back, a message is told.
            raise DataError(
                f'there is no file "{_short(asked)}"',
                found=str(path),
                hint=f"Did you mean {guess}?" if guess else None,
            )
        if path.stat().st_size == 0:
            raise DataError(f'the file "{path.name}" is empty')
        return path

    def _table(self, where: TableSpec, path: Path, state: _State) -> ReadTable:
        platform = file_platform(path) or "duckdb"
        operator, known = looked_up(platform, str(path), where.table or "", where.query or "")
        self._statistics[operator] = (state, known)
        return operator

    def _is_file(self, connection: str) -> bool:
        return "://" not in connection and (self.folder / connection).is_file()

    def _remote(self, where: TableSpec, connection: str) -> AnyOperator:
        platform, database = located(connection)
        if platform not in SERVERS:
            return self.source(msgspec.structs.replace(where, connection=None, database=database))
        # What a server holds may change at any time: it is asked anew.
        operator, known = looked_up(platform, database, where.table or "", where.query or "")
        self._statistics[operator] = (_state(None), known)
        return operator

    def _file(self, where: TableSpec, path: Path) -> ReadFile:
        format_ = where.format or _FORMATS.get(path.suffix.lower())
        if format_ is None:
            raise DataError(
                f'which format has "{path.name}"?',
                expected=("csv", "parquet", "jsonl", "text"),
                hint='say it: format="csv"',
            )
        if where.names is not None and where.header and format_ == "csv":
            raise OperatorError(
                f"names= is for a file without a header, and {path.name} is read as one with a header",
                hint="say header=False if its first line is data; rename(old=new) gives columns other names",
            )
        delimiter = where.delimiter or ("\t" if path.suffix.lower() == ".tsv" else ",")
        found = _file_schema(where, path, format_, delimiter)
        if format_ == "csv" and path.stat().st_size > _COUNTED_BYTES:
            found = _may_follow(found)
        schema = _with_types(found, where.types or {})
        return ReadFile(
            path=str(path), format=format_, schema=schema, header=where.header, nulls=where.nulls, delimiter=delimiter
        )


_State = tuple[int, int]
"""When a file was changed last, to the nanosecond, and its size."""


def _state(path: Path | None) -> _State:
    if path is None:
        return (0, 0)
    try:
        found = path.stat()
    except OSError as error:
        raise DataError(f'there is no file "{path.name}" any more', found=str(path)) from error
    return (found.st_mtime_ns, found.st_size)


def _file_of(operator: AnyOperator) -> Path | None:
    if isinstance(operator, ReadFile):
        return Path(operator.path)
    return Path(operator.database) if isinstance(operator, ReadTable) and operator.platform not in SERVERS else None


def _short(name: str) -> str:
    return name if len(name) <= _LONG else f"{name[:40]}…"


def _folder(path: Path) -> DataError:
    return DataError(f'"{_short(path.name)}" is a folder, not a file', hint="name a file in it")


def _closed(path: Path, error: Exception) -> DataError:
    """Return the error for a path that cannot be opened."""
    if isinstance(error, IsADirectoryError):
        return _folder(path)
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "this is no name of a file"
    return DataError(f'the file "{_short(path.name)}" cannot be opened: {reason.lower()}')


def _file_schema(where: TableSpec, path: Path, format_: FileFormat, delimiter: str) -> Schema:
    import pyarrow as pa

    try:
        found = _arrow_schema(where, path, format_, delimiter)
        names = found.names
    except UnicodeError as error:
        raise _not_text(path) from error
    except (pa.ArrowException, OSError) as error:
        # The reader's own words quote rows: they are facts for who has the file, never a part of the message.
        raise DataError(
            f'"{path.name}" cannot be read as {format_}',
            facts=(("reader", str(error).splitlines()[0][:_LONG]),),
            hint="header, names, nulls, types and delimiter say how to read it",
        ) from error
    if format_ == "csv" and any(pa.types.is_binary(field.type) for field in found):
        raise _not_text(path)
    _check_names(names, path)
    return schema_of(found)


def _arrow_schema(where: TableSpec, path: Path, format_: FileFormat, delimiter: str) -> pa.Schema:
    import pyarrow as pa

    if format_ == "parquet":
        import pyarrow.parquet as pq

        return pq.read_schema(path)
    if format_ == "text":
        return pa.schema([("line", pa.string())])
    if format_ == "jsonl":
        import pyarrow.json

        return pyarrow.json.read_json(path).schema
    return _csv_table(where, path, delimiter).schema


def _not_text(path: Path) -> DataError:
    return DataError(f'"{path.name}" is not UTF-8', hint="write it anew as UTF-8, then read that file")


def _check_names(names: list[str], path: Path) -> None:
    twice = next((name for index, name in enumerate(names) if name in names[:index]), None)
    if twice is not None:
        # Without a header these are values of the first row.
        raise DataError(
            f'two columns of "{path.name}" have the same name',
            facts=(("column", twice),),
            hint="say header=False if its first line is data, and names=[…] for names of your own",
        )


def _csv_table(where: TableSpec, path: Path, delimiter: str) -> pa.Table:
    from pyarrow import csv

    names = list(where.names) if where.names is not None else None
    convert = csv.ConvertOptions(
        null_values=list(where.nulls),
        strings_can_be_null=True,
        column_types={name: arrow_type(type_) for name, type_ in (where.types or {}).items()},
    )
    read = csv.ReadOptions(
        column_names=names,
        autogenerate_column_names=names is None and not where.header,
    )
    parse = csv.ParseOptions(delimiter=delimiter)
    if path.stat().st_size <= _COUNTED_BYTES:
        return csv.read_csv(path, read_options=read, convert_options=convert, parse_options=parse)
    with csv.open_csv(path, read_options=read, convert_options=convert, parse_options=parse) as reader:
        batch = reader.read_next_batch()
        import pyarrow as pa

        return pa.Table.from_batches([batch])


def _with_types(schema: Schema, types: Mapping[str, DataType]) -> Schema:
    for name in types:
        schema[name]
    return Schema(columns=tuple(Column(name=c.name, type=types.get(c.name, c.type)) for c in schema))


def _may_follow(schema: Schema) -> Schema:
    # Of a file that was not read to its end: a column without a value so far may get any, and text holds all.
    return Schema.from_pairs((c.name, "string" if c.type == "null" else c.type) for c in schema)


def _statistics(operator: AnyOperator) -> SourceStatistics:
    if isinstance(operator, ReadFile):
        path = Path(operator.path)
        size = Interval.exact(path.stat().st_size)
        if operator.format == "parquet":
            import pyarrow.parquet as pq

            rows, origin = Interval.exact(pq.read_metadata(path).num_rows), "Parquet footer"
        else:
            rows, origin = _lines(path, header=operator.format == "csv" and operator.header), _origin(path)
        sampled = sample_of(operator)
        if sampled is None:
            return SourceStatistics(rows=rows, bytes=size, origin=origin)
        distinct = distinct_values(sampled, max(rows.high, sampled.num_rows))
        return SourceStatistics(rows=rows, bytes=size, origin=origin, distinct=distinct, quantiles=quantiles(sampled))
    if isinstance(operator, ReadTable):
        return statistics_of(operator)
    if isinstance(operator, ReadFrame):
        return SourceStatistics(rows=Interval(low=1, high=1e6, confidence=0.1), origin="unknown")
    raise OperatorError(f"{operator.verb} is no source")


def _origin(path: Path) -> str:
    return "lines counted" if path.stat().st_size <= _COUNTED_BYTES else "lines sampled"


def _lines(path: Path, *, header: bool) -> Interval:
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_COUNTED_BYTES)
    lines = head.count(b"\n") + (0 if head.endswith(b"\n") else 1)
    if size <= _COUNTED_BYTES:
        return Interval.exact(max(lines - header, 0))
    estimate = lines * size / len(head)
    return Interval(low=estimate * 0.95, high=estimate * 1.05, confidence=0.95)
