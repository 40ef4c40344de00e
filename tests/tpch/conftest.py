"""The tables of TPC-H, made once, and the rows that DuckDB makes of each text by itself."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

import jupyter_wayang as wy
from jupyter_wayang.datasets import postgres as server

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.tpch import check

if TYPE_CHECKING:
    import pyarrow as pa


class Tpch(NamedTuple):
    """Files by table, and rows by query: with decimals (True) and with floats (False)."""

    files: dict[bool, dict[str, Path]]
    wanted: dict[bool, dict[int, pa.Table]]


@pytest.fixture(scope="session")
def tpch(tmp_path_factory: pytest.TempPathFactory) -> Tpch:
    files = check.scratch(tmp_path_factory.mktemp("tpch"))
    return Tpch(files, {exact: check.reference(files[exact]) for exact in files})


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[wy.Session]:
    made = wy.Session(tmp_path_factory.mktemp("session"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def tables(tpch: Tpch, session: wy.Session) -> Callable[[str], dict[str, object]]:
    """Return the tables of a platform by name."""
    made: dict[str, dict[str, object]] = {}

    def of(platform: str) -> dict[str, object]:
        if platform not in made:
            address = None
            if platform == "postgres":
                if server.missing() is not None:
                    pytest.skip(str(server.missing()))
                address = server.address()
            made[platform] = check.tables_of(session, platform, tpch.files[platform not in check.INEXACT], address)
        return made[platform]

    return of
