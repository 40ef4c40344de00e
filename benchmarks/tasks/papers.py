"""The tasks that are measured, with the data that they are measured on.

The data are drawn with a seed and stored as files, which is where a session finds them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import jupyter_wayang as wy
from jupyter_wayang.datasets import postgres as server
from tasks import simwords, word2nvec, word_count
from tasks.corpus import corpus
from tasks.kmeans import kmeans
from tasks.sgd import sgd

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.tpch.generate import generate

if TYPE_CHECKING:
    from jupyter_wayang.language.builder import Collection

__all__ = ["TASKS", "Task"]

_QUERIES = Path(__file__).parents[1] / "tpch" / "queries"
_LINEITEMS = 6_000_000  # at scale 1


@dataclass(frozen=True)
class Task:
    """A task: numbers of rows that it is measured at, and what makes its data and the collection to run.

    ``beside`` are platforms that a platform alone is helped by, for reading what only they can read, or for what no
    other runs.
    """

    name: str
    sizes: tuple[int, int, int]
    make: Callable[[wy.Session, Path, int], Collection]
    beside: tuple[str, ...] = ()


def _lines(of: Callable[[Collection], Collection]) -> Callable[[wy.Session, Path, int], Collection]:
    def make(session: wy.Session, folder: Path, rows: int) -> Collection:
        pq.write_table(corpus(rows), folder / "lines.parquet")
        return of(session.read(str(folder / "lines.parquet")))

    return make


def _query(number: int) -> Callable[[wy.Session, Path, int], Collection]:
    def make(session: wy.Session, folder: Path, rows: int) -> Collection:
        files = generate(folder, rows / _LINEITEMS)
        text = (_QUERIES / f"q{number:02}.sql").read_text(encoding="utf-8")
        return session.sql(text, tables={name: str(path) for name, path in files.items()})

    return make


def _kmeans(session: wy.Session, folder: Path, rows: int) -> Collection:
    random = np.random.default_rng(4)
    points = random.normal(size=(rows, 2)) + random.integers(0, 5, size=(rows, 1)) * 4.0
    starts = points[:5]
    _store(folder / "points.parquet", id=np.arange(rows), x=points[:, 0], y=points[:, 1])
    _store(folder / "centres.parquet", centre=np.arange(5), cx=starts[:, 0], cy=starts[:, 1])
    return kmeans(session.read(str(folder / "points.parquet")), session.read(str(folder / "centres.parquet")), 10)


def _sgd(session: wy.Session, folder: Path, rows: int) -> Collection:
    random = np.random.default_rng(5)
    x = random.normal(size=rows)
    _store(folder / "rows.parquet", id=np.arange(rows), x=x, y=3 * x - 1 + random.normal(size=rows) / 10)
    _store(folder / "start.parquet", w=np.zeros(1), b=np.zeros(1), turn=np.zeros(1, dtype=np.int64))
    read = session.read
    return sgd(read(str(folder / "rows.parquet")), read(str(folder / "start.parquet")), 20, rate=0.1, parts=10)


def _crocopr(session: wy.Session, folder: Path, rows: int) -> Collection:
    """Rank the pages that two communities link alike."""
    random = np.random.default_rng(6)
    pages = max(rows // 10, 10)
    shared = random.integers(0, pages, size=(rows // 2, 2))
    sides = []
    for name in ("one", "other"):
        own = np.vstack([shared, random.integers(0, pages, size=(rows - rows // 2, 2))])
        _store(folder / f"{name}.parquet", src=own[:, 0], dst=own[:, 1])
        sides.append(session.read(str(folder / f"{name}.parquet")).distinct())
    one, other = sides
    both = one.intersect(other)
    return both.pagerank("src", "dst", iterations=10).top_k(100, by=wy.col.rank)


def _polystore(session: wy.Session, folder: Path, rows: int) -> Collection:
    """What was sold in a region: customers and orders in PostgreSQL, the rest in files."""
    from adbc_driver_postgresql import dbapi

    files = generate(folder, rows / _LINEITEMS)
    session.connect("shop", server.address())
    tables: dict[str, object] = {name: str(path) for name, path in files.items()}
    with dbapi.connect(server.address()) as connection, connection.cursor() as cursor:
        for name in ("customer", "orders"):
            cursor.adbc_ingest(f"{name}_{rows}", _floats(pq.read_table(files[name])), mode="replace")
            connection.commit()
            cursor.execute(f"ANALYZE {name}_{rows}")
            connection.commit()
            tables[name] = session.table("shop", f"public.{name}_{rows}")
    text = (_QUERIES / "q05.sql").read_text(encoding="utf-8")
    return session.sql(text, tables=tables)


def _floats(table: pa.Table) -> pa.Table:
    """Return a table without decimals, which ADBC does not write."""
    for index, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            table = table.set_column(index, field.name, table[field.name].cast(pa.float64()))
    return table


def _store(path: Path, **columns: np.ndarray) -> None:
    pq.write_table(pa.table(columns), path)


TASKS = (
    Task("WordCount", (300, 10_000, 200_000), _lines(word_count.word_count), beside=("python",)),
    Task("Word2NVec", (300, 3_000, 30_000), _lines(word2nvec.word2nvec), beside=("python",)),
    Task("SimWords", (100, 1_000, 10_000), _lines(simwords.simwords), beside=("python",)),
    Task("TPC-H Q1", (6_000, 60_000, 1_200_000), _query(1)),
    Task("TPC-H Q3", (6_000, 60_000, 1_200_000), _query(3)),
    Task("TPC-H Q5", (6_000, 60_000, 1_200_000), _query(5)),
    Task("K-means", (300, 10_000, 200_000), _kmeans),
    Task("SGD", (1_000, 30_000, 300_000), _sgd),
    Task("CrocoPR", (1_000, 30_000, 300_000), _crocopr),
    Task("Polystore", (6_000, 60_000, 1_200_000), _polystore, beside=("postgres",)),
)
