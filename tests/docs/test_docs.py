from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_wayang.language.functions import NAMES
from jupyter_wayang.language.words import WORDS
from jupyter_wayang.site.policy import OPERATORS, Policy

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_platforms_is_what_they_declare():
    spec = importlib.util.spec_from_file_location("write_platforms", DOCS / "write_platforms.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    stored = (DOCS / "platforms.md").read_text(encoding="utf-8")
    assert stored == module.page(), "stale: run python docs/write_platforms.py"


def test_the_page_of_the_language_has_every_word():
    page = (DOCS / "language.md").read_text(encoding="utf-8")
    said = set(re.findall(r"`(\w+)[(`]", page))
    assert not {word.name for word in WORDS.values()} - said
    assert not set(NAMES) - said


@pytest.mark.parametrize("word", [w for w in WORDS.values() if w.name not in {*NAMES, "fedavg"}], ids=lambda w: w.name)
def test_the_page_of_the_language_has_the_signatures(word):
    page = (DOCS / "language.md").read_text(encoding="utf-8")
    assert f"`{word.signature}`" in page


def test_the_page_of_privacy_has_the_keys_of_a_policy():
    page = (DOCS / "privacy.md").read_text(encoding="utf-8")
    for name in (*Policy.__struct_fields__, *(word for word in OPERATORS if word != "rows")):
        assert f"`{name}`" in page, name


def test_the_rooms_are_those_of_the_contract():
    rules = (DOCS.parent / "pyproject.toml").read_text(encoding="utf-8")
    rooms = set(re.findall(r"\((\w+)\)", rules.split('id = "rooms"')[1].split("[[")[0])) - {"testing"}
    drawn = (DOCS / "architecture.md").read_text(encoding="utf-8").split("## The rooms")[1].split("```")[1]
    assert rooms <= set(re.findall(r"\w+", drawn))


@pytest.mark.slow
def test_the_documentation_builds_without_a_warning(tmp_path):
    pytest.importorskip("sphinx")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", str(DOCS), str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
