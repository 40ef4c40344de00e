from __future__ import annotations

import io

import nbformat
import pytest
from nbformat import v4

from jupyter_wayang.datasets import postgres
from jupyter_wayang.demo import notebooks, storing
from jupyter_wayang.demo.__main__ import main
from jupyter_wayang.errors import DataError, WayangError


def written(path, *cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(v4.new_notebook(cells=list(cells)), path)
    return path


@pytest.mark.notebook
def test_a_failing_cell_ends_the_demo_with_one_line(tmp_path, monkeypatch, capfd):
    written(tmp_path / "notebooks" / "01-hospitals.ipynb", v4.new_code_cell("raise ValueError('two\\nlines')"))
    monkeypatch.chdir(tmp_path)
    assert main([]) == 1
    _, error = capfd.readouterr()
    assert error == "make demo: a cell of 01-hospitals.ipynb failed: ValueError: two lines\n"


def test_a_missing_server_is_told_before_anything_runs(tmp_path, monkeypatch, capfd):
    def stop(*_: object) -> None:
        raise WayangError("far enough")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(postgres, "missing", lambda: "no wheel")
    monkeypatch.setattr(notebooks, "execute", stop)
    assert main([]) == 1
    assert (
        "No PostgreSQL server here (no wheel): Cleveland's records stay in a DuckDB file.\n" in capfd.readouterr().out
    )


def test_a_missing_notebook_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(notebooks, "__file__", str(tmp_path / "a" / "b" / "c" / "d.py"))
    with pytest.raises(DataError, match=r"no notebooks/01-hospitals\.ipynb"):
        notebooks.find("01-hospitals.ipynb")


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path, capfd):
    (tmp_path / "taken").write_text("")
    assert main(["--folder", str(tmp_path / "taken" / "demo")]) == 1
    assert capfd.readouterr().err.count("\n") == 1


@pytest.mark.notebook
def test_cells_are_shown_as_they_end_and_rounds_as_they_come(tmp_path):
    program = (
        "import jupyter_wayang as wy\n"
        "from jupyter_wayang.datasets import heart_disease\n"
        "session = wy.default_session()\n"
        "rows = session.read(heart_disease()['va'].select(['age', 'num']))\n"
        "model = rows.fit(wy.logistic_regression(), target=wy.col.num > 0, rounds=10,\n"
        "                 strategy=wy.fedavg(local_epochs=1, learning_rate=0.001))\n"
        "model.evaluate(rows).run(name='small');"
    )
    path = written(tmp_path / "some.ipynb", v4.new_markdown_cell("Hello"), v4.new_code_cell(program))
    folder, out = tmp_path / "work", io.StringIO()
    folder.mkdir()
    executed = notebooks.execute(path, folder, out)
    lines = out.getvalue().splitlines()
    assert executed.cells[1].execution_count == 1
    assert lines[-1].startswith("cell  1/1  import jupyter_wayang as wy")
    assert [line.split("small: ")[1].split("  log")[0] for line in lines[:-1]] == [
        "round  1/10",
        "round  5/10",
        "round 10/10",
    ]
    assert notebooks.journalled(folder / ".wayang", "small")[-1].state == "done"
    with pytest.raises(WayangError, match="no finished run other"):
        notebooks.journalled(folder / ".wayang", "other")


def test_stored_notebooks_hold_no_progress_bars_and_no_times(tmp_path):
    bar = v4.new_output("display_data", data={"application/vnd.jupyter.widget-view+json": {}, "text/plain": "0%"})
    rows = v4.new_output("execute_result", data={"text/plain": "1"}, execution_count=1)
    cell = v4.new_code_cell("1", outputs=[bar, rows], metadata={"execution": {"iopub.status.idle": "now"}})
    storing.write(v4.new_notebook(cells=[cell], metadata={"widgets": {}}), tmp_path / "a.ipynb")
    stored = nbformat.read(tmp_path / "a.ipynb", as_version=4)
    assert [output.output_type for output in stored.cells[0].outputs] == ["execute_result"]
    assert "execution" not in stored.cells[0].metadata
    assert "widgets" not in stored.metadata
