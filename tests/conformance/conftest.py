"""Every relational platform that is installed and usable here, opened once for all tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from jupyter_wayang.datasets import postgres
from jupyter_wayang.platforms import connections
from jupyter_wayang.platforms.registry import installed
from jupyter_wayang.testing.runner import Bench

_SLOW = {"spark": (pytest.mark.spark, pytest.mark.slow)}


def _names() -> list[object]:
    names = [name for name, platform in installed().items() if "select" in platform.operators]
    return [pytest.param(name, marks=_SLOW.get(name, ())) for name in names]


@pytest.fixture(scope="session", params=_names())
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """An open engine of each relational platform."""
    platform = installed()[request.param]
    # An engine works in the database that was named first: what other tests named is not meant.
    known = dict(connections._KNOWN)
    if request.param == "postgres":
        connections._KNOWN.clear()
        connections.connect("conformance", postgres.address())
    reason = platform.missing()
    if reason is not None:
        pytest.skip(f"{request.param} cannot be used on this machine: {reason}")
    made = Bench.opened(platform, tmp_path_factory.mktemp(request.param))
    yield made
    made.engine.close()
    connections._KNOWN.update(known)
