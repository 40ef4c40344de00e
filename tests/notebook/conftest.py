"""A notebook's shell without a notebook, in a folder of its own."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

import jupyter_wayang as wy
from jupyter_wayang.notebook.magics import WayangMagics, cleaned

sys.path.insert(0, str(Path(__file__).parents[1]))

from language.desk import FakeDesk


@pytest.fixture
def desk() -> FakeDesk:
    """Return a session that is none."""
    return FakeDesk()


class Cells:
    """Runs cells and returns what a person would read."""

    def __init__(self, shell: InteractiveShell, session: wy.Session, capture: pytest.CaptureFixture[str]) -> None:
        self.shell = shell
        self.session = session
        self._capture = capture

    def __call__(self, cell: str) -> str:
        self._capture.readouterr()
        self.shell.run_cell(cell)
        shown = self._capture.readouterr()
        return re.sub(r"\x1b\[[0-9;]*m", "", shown.out + shown.err)


@pytest.fixture
def cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Cells]:
    """Return a function that runs a cell in a shell with the magics."""
    monkeypatch.chdir(tmp_path)
    shell = InteractiveShell()
    session = wy.Session(tmp_path)
    shell.register_magics(WayangMagics(shell, session))
    shell.input_transformers_cleanup.append(cleaned)
    (tmp_path / "visits.csv").write_text("age,ward,class\n17,a,1\n42,b,2\n60,b,3\n", encoding="utf-8")
    yield Cells(shell, session, capsys)
    session.close()
