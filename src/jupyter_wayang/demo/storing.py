"""Storing executed notebooks: with outputs, and without what differs for no reason from one execution to the next."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from jupyter_wayang.demo import notebooks

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["NOTEBOOKS", "cleaned", "store", "write"]

NOTEBOOKS = ("00-quickstart.ipynb", "01-hospitals.ipynb")

_WIDGET = "application/vnd.jupyter.widget-view+json"


def store(out: TextIO) -> None:
    """Execute all notebooks, each in a folder of its own that goes away, and store them with their outputs."""
    for name in NOTEBOOKS:
        path = notebooks.find(name)
        out.write(f"{name}\n")
        with tempfile.TemporaryDirectory(prefix="wayang-notebook-") as folder:
            write(notebooks.execute(path, Path(folder), out), path)


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
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook
