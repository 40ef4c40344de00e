"""Plans as files."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

import jupyter_wayang as wy
from jupyter_wayang.errors import NameUnknownError, OperatorError
from jupyter_wayang.language.expressions import col
from jupyter_wayang.notebook.commands import exported
from jupyter_wayang.session import exporting


@pytest.fixture
def session(tmp_path):
    session = wy.Session(tmp_path)
    yield session
    session.close()


@pytest.fixture
def plan(session):
    rows = session.read(pa.table({"x": [1, 2], "y": ["a", "b"]}))
    return rows.filter(col.y == 'b "[1]"').plan(name="a test")


@pytest.mark.parametrize(
    ("format", "start"),
    [
        ("svg", b"<svg"),
        ("png", b"\x89PNG\r\n"),
        ("html", b"<!doctype html>"),
        ("dot", b"digraph"),
        ("mermaid", b"flowchart LR\n  subgraph l0"),
        ("json", b"{"),
        ("wayang-json", b"{"),
    ],
)
def test_every_format(session, plan, tmp_path, format, start):
    path, _ = session.export(plan, format)
    assert path.parent == tmp_path
    assert path.name == f"a-test.{exporting.ENDINGS[format]}"
    assert path.read_bytes().startswith(start)


def test_a_file_of_ones_choice(session, plan, tmp_path):
    path, _ = session.export(plan, "wayang-json", "made/it.json")
    assert path == tmp_path / "made" / "it.json"
    assert json.loads(path.read_text())["context"]["configuration"] == {}


def test_where_nothing_draws_it_is_said(session, plan, monkeypatch):
    monkeypatch.setattr(exporting, "find_spec", lambda name: None)
    monkeypatch.setattr(exporting.shutil, "which", lambda name: None)
    with pytest.raises(OperatorError, match="nothing here can draw a PNG"):
        session.export(plan, "png")


def test_mermaid_reads_no_signs_of_a_condition(session, plan):
    path, _ = session.export(plan, "mermaid")
    inner = path.read_text(encoding="utf-8").split("filter", 1)[1].split("<br/>")[0]
    assert '"' not in inner
    assert "[" not in inner


def test_the_command(session, plan, tmp_path):
    assert str(tmp_path / "b.svg") in repr(exported(session, lambda: plan, "--format svg --to b.svg"))
    with pytest.raises(NameUnknownError, match="Did you mean mermaid"):
        exported(session, lambda: plan, "--format mermaids")
    with pytest.raises(OperatorError, match="in which format"):
        exported(session, lambda: plan, "")
    with pytest.raises(OperatorError, match="takes no"):
        exported(session, lambda: plan, "--from x")
    with pytest.raises(NameUnknownError, match="nothing"):
        exported(session, lambda: plan, "nothing --format svg")
