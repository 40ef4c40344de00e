"""Every relational platform that is installed and usable here, opened once for all tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from conformance.runner import Bench

from jupyter_wayang.platforms.registry import GROUP

_SLOW = {"spark": (pytest.mark.spark, pytest.mark.slow)}
_NOT_RELATIONAL = {"networkx", "numpy", "sklearn"}


def _names() -> list[object]:
    names = sorted(entry.name for entry in entry_points(group=GROUP))
    return [pytest.param(name, marks=_SLOW.get(name, ())) for name in names if name not in _NOT_RELATIONAL]


@pytest.fixture(scope="session", params=_names())
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """An open engine of each relational platform."""
    (entry,) = (entry for entry in entry_points(group=GROUP) if entry.name == request.param)
    platform = entry.load()
    reason = platform.missing()
    if reason is not None:
        pytest.skip(f"{request.param} cannot be used on this machine: {reason}")
    made = Bench.opened(platform, tmp_path_factory.mktemp(request.param))
    yield made
    made.engine.close()
