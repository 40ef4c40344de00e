from __future__ import annotations

import getpass
import io
import json
import re
import tempfile
from pathlib import Path

import nbformat
import pytest

from jupyter_wayang.demo import notebooks
from jupyter_wayang.demo.__main__ import main
from jupyter_wayang.demo.storing import NOTEBOOKS

FOLDER = Path(__file__).parents[2] / "notebooks"
SITES = ("cleveland", "hungary", "switzerland", "va")


def stored(name):
    return nbformat.read(FOLDER / name, as_version=4)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_stored_notebooks_have_their_outputs(name):
    cells = [cell for cell in stored(name).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    failed = {cell.id for cell in cells if any(output.output_type == "error" for output in cell.outputs)}
    expected = {cell.id for cell in cells if "raises-exception" in cell.metadata.get("tags", [])}
    assert failed == expected


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_stored_notebooks_name_no_place_of_a_machine(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    places = [str(FOLDER.parent), str(Path.home()), tempfile.gettempdir() + "/", "wayang-notebook-"]
    assert not [place for place in places if len(place) > 2 and place in text]
    assert not re.search(rf"/(home|Users)/|\b{re.escape(getpass.getuser())}@", text)


@pytest.mark.notebook
def test_the_quickstart_runs_and_shows_what_is_stored(tmp_path):
    executed = notebooks.execute(FOLDER / "00-quickstart.ipynb", tmp_path, io.StringIO())
    assert [tables(cell) for cell in executed.cells] == [tables(cell) for cell in stored("00-quickstart.ipynb").cells]


def tables(cell):
    """Return the results of a cell that are rows: they are the same on every machine."""
    outputs = [output for output in cell.get("outputs", []) if output.output_type == "execute_result"]
    return [output.data["text/plain"] for output in outputs if re.search(r"\d rows?, \d", output.data["text/plain"])]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    assert main(["--folder", str(folder)]) == 0
    return folder


@pytest.mark.notebook
@pytest.mark.spark
@pytest.mark.slow
def test_the_demo_writes_its_summary(demo):
    summary = json.loads((demo / "summary.json").read_text(encoding="utf-8"))
    assert summary["rounds"] == 30
    assert summary["rows_moved_between_sites"] == 0
    assert tuple(summary["sites"]) == SITES
    assert summary["global"]["rows"] == 185
    assert summary["bytes"]["up"] == sum(site["bytes"]["up"] for site in summary["sites"].values())
    assert summary["sites"]["switzerland"]["auc"] is None
    assert summary["sites"]["switzerland"]["note"] == "class 0 has under 3 rows"
    used = {name: set(site["platforms"].values()) for name, site in summary["sites"].items()}
    assert used["cleveland"] & {"postgres", "duckdb"}
    assert "polars" in used["hungary"]
    assert "spark" in used["switzerland"]
    assert used["va"] <= {"pandas", "sklearn"}


@pytest.mark.notebook
@pytest.mark.spark
@pytest.mark.slow
def test_the_report_opens_without_a_server(demo):
    html = (demo / "heart.html").read_text(encoding="utf-8")
    assert html.count("<svg") >= 2
    assert "Switzerland" in html
    assert not re.search(r"""(src|href)=["']?(https?:|//)|<script [^>]*src|@import|url\(["']?http""", html)


@pytest.mark.notebook
@pytest.mark.spark
@pytest.mark.slow
def test_the_hospitals_show_what_is_stored(demo):
    executed = nbformat.read(demo / "01-hospitals.ipynb", as_version=4)
    assert [tables(cell) for cell in executed.cells] == [tables(cell) for cell in stored("01-hospitals.ipynb").cells]
