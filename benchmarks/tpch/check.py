"""Run the queries of TPC-H on each platform alone and freely planned, and compare with DuckDB, which runs the text itself.

    python -m benchmarks.tpch.check [--platforms duckdb,free] [--queries 1,21] [--store]

``--store`` keeps what was seen in ``results.json``, from which the page of the platforms is made.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

from .generate import generate

if TYPE_CHECKING:
    import pyarrow as pa

    import jupyter_wayang as wy

__all__ = ["FREE", "INEXACT", "PLATFORMS", "RESULTS", "answer", "difference", "queries", "reference", "scratch"]

FREE = "free"
PLATFORMS = ("duckdb", "polars", "pandas", "spark", "sqlite", "postgres", FREE)
INEXACT = frozenset({"sqlite"})
"""Platforms without decimals: they are given the same tables with floats for money."""
RESULTS = Path(__file__).with_name("results.json")
_QUERIES = Path(__file__).with_name("queries")


def queries() -> dict[int, str]:
    """Return the text of every query by its number."""
    return {int(file.stem[1:]): file.read_text(encoding="utf-8") for file in sorted(_QUERIES.glob("q*.sql"))}


def reference(files: Mapping[str, Path], wanted: Iterable[int] | None = None) -> dict[int, pa.Table]:
    """Return the rows that DuckDB makes of each text, by itself."""
    import duckdb

    texts = queries()
    with duckdb.connect() as database:
        for name, file in files.items():
            database.read_parquet(str(file)).create(name)
        return {number: database.sql(texts[number]).to_arrow_table() for number in wanted or texts}


def answer(session: wy.Session, text: str, tables: Mapping[str, object], platform: str) -> pa.Table:
    """Return the rows of a query on one platform alone, or on all that there are."""
    return session.sql(text, tables).run(platforms=None if platform == FREE else platform).to_arrow()


def difference(found: pa.Table, wanted: pa.Table) -> str | None:
    """Return where two tables differ in values or order, or None: decimals and floats are equal to 1e-9 of their size."""
    if found.num_columns != wanted.num_columns or found.num_rows != wanted.num_rows:
        return (
            f"{found.num_rows} rows of {found.num_columns} columns, and not {wanted.num_rows} of {wanted.num_columns}"
        )
    for place, (ours, theirs) in enumerate(zip(_rows(found), _rows(wanted), strict=True)):
        for name, one, other in zip(wanted.column_names, ours, theirs, strict=True):
            if not _same(one, other):
                return f"row {place + 1}, {name}: {one!r}, and not {other!r}"
    return None


def _rows(table: pa.Table) -> list[tuple[object, ...]]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _same(one: object, other: object) -> bool:
    numbers = (int, float, Decimal)
    if isinstance(one, numbers) and isinstance(other, numbers):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return one == other


def into_postgres(files: Mapping[str, Path], address: str) -> None:
    """Write the tables into a server, each under its name."""
    import pyarrow.parquet as pq
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(address) as database, database.cursor() as cursor:
        for name, file in files.items():
            cursor.adbc_ingest(name, pq.read_table(file), mode="create")
        database.commit()


def tables_of(session: wy.Session, platform: str, files: Mapping[str, Path], address: str | None) -> dict[str, object]:
    """Return the tables of a platform by name: those of a server, or files."""
    if platform != "postgres":
        return {name: str(file) for name, file in files.items()}
    assert address is not None
    into_postgres(files, address)
    session.connect("tpch", address)
    return {name: session.table("tpch", name) for name in files}


def scratch(folder: Path) -> dict[bool, dict[str, Path]]:
    """Write the tables twice, with decimals (True) and with floats (False), and return their files by name."""
    return {exact: generate(folder / ("exact" if exact else "floats"), exact=exact) for exact in (True, False)}


def _platforms(given: str | None) -> tuple[str, ...]:
    return tuple(given.split(",")) if given else PLATFORMS


def main() -> None:
    """Compare, print, and keep what was seen."""
    import jupyter_wayang as wy
    from jupyter_wayang.datasets import postgres as server

    parser = argparse.ArgumentParser(description="Compare TPC-H on every platform with DuckDB by itself.")
    parser.add_argument("--platforms", help="with commas between; all of them if left out")
    parser.add_argument("--queries", help="numbers with commas between; all of them if left out")
    parser.add_argument("--store", action="store_true", help="keep what was seen")
    options = parser.parse_args()
    wanted = [int(number) for number in options.queries.split(",")] if options.queries else list(queries())
    texts, seen = queries(), {}
    with TemporaryDirectory() as folder:
        files = scratch(Path(folder))
        references = {exact: reference(files[exact], wanted) for exact in files}
        session = wy.Session(Path(folder) / "session")
        for platform in _platforms(options.platforms):
            exact = platform not in INEXACT
            tables = tables_of(session, platform, files[exact], server.address() if platform == "postgres" else None)
            seen[platform] = {}
            for number in wanted:
                began = perf_counter()
                try:
                    differs = difference(answer(session, texts[number], tables, platform), references[exact][number])
                except wy.WayangError as error:
                    differs = error.message
                seen[platform][number] = differs
                shown = "the same rows" if differs is None else differs
                print(f"{platform:<9} q{number:02} {perf_counter() - began:6.2f} s  {shown}", flush=True)
        session.close()
    if options.store:
        store(seen)
    sys.exit(any(differs is not None for found in seen.values() for differs in found.values()))


def store(seen: Mapping[str, Mapping[int, str | None]]) -> None:
    """Keep, for each platform that was looked at, which queries gave the same rows."""
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    known |= {
        platform: sorted(n for n, differs in found.items() if differs is None) for platform, found in seen.items()
    }
    ordered = {platform: known[platform] for platform in PLATFORMS if platform in known}
    lines = ",\n".join(f'  "{platform}": {json.dumps(numbers)}' for platform, numbers in ordered.items())
    RESULTS.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
