"""Lets the tests of the notebook import the session that the tests of the language use."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from language.desk import FakeDesk


@pytest.fixture
def desk():
    return FakeDesk()
