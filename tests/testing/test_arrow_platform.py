"""The suite on a platform that is not ours: it passes for all that the platform declares."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from arrow_platform import PLATFORM

from jupyter_wayang.testing.runner import Bench
from jupyter_wayang.testing.suite import *  # noqa: F403


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    made = Bench.opened(PLATFORM, tmp_path_factory.mktemp("arrow"))
    yield made
    made.engine.close()
    assert made.engine.closed


def test_it_declares_enough_to_be_a_test():
    assert {"filter", "select", "sort", "limit", "union"} <= PLATFORM.operators
