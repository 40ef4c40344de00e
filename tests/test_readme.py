from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")

PROGRAM = """
import json, sys
from pathlib import Path
import pandas as pd
from IPython.core.interactiveshell import InteractiveShell

pd.DataFrame({"age": [17, 42, 65], "country": ["NL"] * 3, "ward": ["A", "A", "B"], "bmi": [20.0, 25.0, None]}).to_csv(
    "visits.csv", index=False
)
Path("notes.txt").write_text("a b a")
shell = InteractiveShell.instance()
shell.run_cell("def words(line: str) -> list[str]: return line.split()")
for number, cell in enumerate(json.loads(sys.stdin.read())):
    if "--sites" in cell:
        import jupyter_wayang as wy
        from jupyter_wayang.datasets import hospitals
        wy.federation("hospitals", hospitals("hospitals", java=False))
    done = shell.run_cell(cell)
    if not done.success:
        sys.exit(f"cell {number} failed")
print(shell.user_ns["by_ward"].run().to_arrow().to_pylist(), shell.user_ns["heart"].state)
"""


def blocks(kind):
    return re.findall(rf"```{kind}\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.slow
def test_the_cells_run(tmp_path):
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(blocks("python")),
        cwd=tmp_path,
        env={**os.environ, "IPYTHONDIR": str(tmp_path / "ipython"), "PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    last = result.stdout.splitlines()[-1]
    assert last == "[{'ward': 'A', 'n': 1, 'bmi': 25.0}, {'ward': 'B', 'n': 1, 'bmi': None}] done"


def test_the_commands_are_there():
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    used = set(re.findall(r"\bmake (\w+)", README)) - {"alone"}
    assert {"demo", "test", "lab"} <= used
    assert used <= targets


def test_the_install_lines_name_extras_and_a_notebook_that_exist():
    (install, _) = blocks("sh")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    (named,) = re.findall(r"\.\[([\w,]+)\]", install)
    assert set(named.split(",")) <= set(extras)
    assert len(install.splitlines()) == 3
    (notebook,) = re.findall(r"notebooks/\S+", install)
    assert (ROOT / notebook).is_file()


def test_links_and_pictures_lead_to_files():
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).is_file(), target


def test_the_figures_are_those_of_the_stored_notebook():
    cells = nbformat.read(ROOT / "notebooks" / "01-hospitals.ipynb", as_version=4).cells
    shown = "".join(json.dumps(cell.get("outputs", [])) for cell in cells if "compare(" in cell.source)
    claimed = README.split("Over ten splits")[1].split("\n")[0]
    figures = re.findall(r"0\.\d{3}", claimed)
    assert len(figures) == 4
    assert all(figure in shown for figure in figures)
    assert re.search(r"VA Long Beach \(\d+ rows to learn from\) gains: AUC 0\.769 with the others, 0\.697 alone", shown)
    for title, outcome in (("Cleveland", "sees no clear"), ("Hungary", "sees no clear"), ("Switzerland", "loses")):
        assert re.search(rf"{title} \(\d+ rows to learn from\) {outcome}", shown)


def test_it_says_that_there_is_no_telemetry():
    assert "no telemetry" in README
