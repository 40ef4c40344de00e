"""Storing executed notebooks with their outputs, and the pictures of the README, which come from the same run."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from jupyter_wayang.demo import notebooks
from jupyter_wayang.demo.summary import final_plan
from jupyter_wayang.notebook.mime import MIME_TYPE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbformat import NotebookNode

    from jupyter_wayang.events import AnyEvent

__all__ = ["HOSPITALS", "NOTEBOOKS", "cleaned", "store", "write"]

HOSPITALS = "01-hospitals.ipynb"
NOTEBOOKS = ("00-quickstart.ipynb", HOSPITALS)

_WIDGET = "application/vnd.jupyter.widget-view+json"


def store(out: TextIO) -> None:
    """Execute all notebooks, each in a folder of its own that goes away; store them, and the pictures of the docs."""
    for name in NOTEBOOKS:
        path = notebooks.find(name)
        out.write(f"{name}\n")
        with tempfile.TemporaryDirectory(prefix="wayang-notebook-") as folder:
            write(notebooks.execute(path, Path(folder), out), path)
            if name == HOSPITALS:
                _draw(notebooks.journalled(Path(folder) / ".wayang", "heart"), path.parents[1] / "docs" / "pictures")


def _draw(events: Sequence[AnyEvent], folder: Path) -> None:
    from jupyter_wayang.drawing.cards import State
    from jupyter_wayang.drawing.curves import curves_svg
    from jupyter_wayang.drawing.svg import plan_svg

    plan = final_plan(events)
    folder.mkdir(parents=True, exist_ok=True)
    done: dict[str, State] = dict.fromkeys((one.id for one in plan.operators), "done")
    (folder / "heart-plan.svg").write_text(plan_svg(plan, states=done), encoding="utf-8")
    curves = curves_svg(events, titles={lane.id: lane.title for lane in plan.lanes})
    (folder / "heart-curves.svg").write_text(curves, encoding="utf-8")


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook; a reader never sees half of it."""
    import nbformat

    unfinished = path.with_suffix(".part")
    nbformat.write(cleaned(notebook), unfinished)  # type: ignore[no-untyped-call]
    unfinished.replace(path)


def cleaned(notebook: NotebookNode) -> NotebookNode:
    """Leave out times, and live progress bars, which a reopened notebook cannot show.

    Examples
    --------
    >>> import nbformat.v4 as v4
    >>> bar = v4.new_output("display_data", data={"application/vnd.jupyter.widget-view+json": {}, "text/plain": "0%"})
    >>> made = cleaned(v4.new_notebook(cells=[v4.new_code_cell("1", outputs=[bar])]))
    >>> made.cells[0].outputs
    []
    """
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if _WIDGET not in output.get("data", {})]
            for output in cell.outputs:
                # Plan and journal as data take two megabytes; picture and text beside them say the same.
                output.get("data", {}).pop(MIME_TYPE, None)
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook
