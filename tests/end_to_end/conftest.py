"""Sessions over the four hospitals, on platforms of the test's choice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import jupyter_wayang as wy
from jupyter_wayang.datasets import heart_disease, postgres
from jupyter_wayang.platforms import connections

POLICY = """
tables = ["patients"]
operators = ["aggregate", "learn", "fit", "evaluate"]
minimum_rows = 10
minimum_cell = 3
minimum_level = 1
"""

SITES = ("cleveland", "hungary", "switzerland", "va")

Opened = Callable[[Mapping[str, tuple[str, ...]]], wy.Session]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Open a session with the federation ``hospitals``, given the platforms of every site."""
    sessions: list[wy.Session] = []

    def make(platforms: Mapping[str, tuple[str, ...]]) -> wy.Session:
        (tmp_path / "policy.toml").write_text(POLICY)
        sites = {}
        for site, table in heart_disease().items():
            pq.write_table(table, tmp_path / f"{site}.parquet")
            sites[site] = {
                "tables": {"patients": {"path": f"{site}.parquet"}},
                "platforms": platforms[site],
                "policy": "policy.toml",
            }
        if any("postgres" in held for held in platforms.values()):
            connections.connect("end_to_end", postgres.address())
        session = wy.Session(tmp_path)
        sessions.append(session)
        session.federation("hospitals", sites)
        return session

    yield make
    for session in sessions:
        session.close()
