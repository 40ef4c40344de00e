"""Executing a notebook without a display, and following the runs that it starts."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self, TextIO

from jupyter_wayang.errors import DataError, PlatformError, WayangError
from jupyter_wayang.events import AnyEvent, MetricsMeasured, RoundFinished, RunStarted
from jupyter_wayang.kernel.journal import Journal

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["Progress", "execute", "find", "journalled"]

_PATIENCE_S = 600


def find(name: str) -> Path:
    """Return a notebook of the working directory's ``notebooks`` folder, or of the source tree.

    Raises
    ------
    DataError
        If it is in neither.
    """
    places = (Path.cwd() / "notebooks", Path(__file__).resolve().parents[3] / "notebooks")
    for place in places:
        if (place / name).is_file():
            return place / name
    raise DataError(f"there is no notebooks/{name} here", hint="run this in a clone of the repository")


def execute(path: Path, folder: Path, out: TextIO, *, progress: bool = True) -> NotebookNode:
    """Execute a notebook from start to end.

    Parameters
    ----------
    path
        The notebook, which stays as it is.
    folder
        The working directory of its kernel.
    out
        Where progress is written.
    progress
        Whether it is.

    Returns
    -------
    NotebookNode
        The notebook with outputs.

    Raises
    ------
    PlatformError
        If what executes notebooks is not installed.
    WayangError
        If a cell fails that is not expected to.
    """
    # A kernel specification of the user's would start another Python than this one.
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    except ImportError as error:
        raise PlatformError(
            "notebooks are executed by nbclient, and it is not installed", hint="pip install 'jupyter-wayang[lab]'"
        ) from error
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    shown = Progress(
        sum(cell.cell_type == "code" for cell in notebook.cells), folder / ".wayang", out if progress else None
    )
    client = NotebookClient(
        notebook,
        timeout=_PATIENCE_S,
        resources={"metadata": {"path": str(folder)}},
        on_cell_execute=shown.began,
        on_cell_executed=shown.ended,
    )
    # What Spark's JVM says goes to a file: the cells' own output is in the notebook.
    with (folder / "kernel.log").open("w", encoding="utf-8") as log, shown:
        try:
            executed: NotebookNode = client.execute(stdout=log, stderr=log)
        except CellExecutionError as error:
            raise WayangError(f"a cell of {path.name} failed: {error.ename}: {_plain(error.evalue)}") from error
        except (CellTimeoutError, DeadKernelError) as error:
            raise WayangError(
                f"{path.name} did not come to its end: {_plain(str(error))}", hint=f"see {folder.name}/kernel.log"
            ) from error
    return executed


def _plain(text: str) -> str:
    return " ".join(text.split())[:300]


class Progress:
    """Writes a line for each cell, and the rounds of its runs as they appear in the journal.

    Parameters
    ----------
    cells
        The number of code cells.
    journal
        The folder of the journal, which the notebook's kernel makes.
    out
        Where to write; None: nowhere.
    """

    def __init__(self, cells: int, journal: Path, out: TextIO | None) -> None:
        self._cells = cells
        self._journal = journal
        self._out = out
        self._number = 0
        self._since = time.time()
        self._cell_since = self._since
        self._opened: Journal | None = None
        self._told: dict[str, int] = {}
        self._tellers: dict[str, Callable[[AnyEvent], None]] = {}
        self._over = threading.Event()
        self._writing, self._looking = threading.Lock(), threading.Lock()
        self._thread = threading.Thread(target=self._follow, name="wayang-demo-rounds", daemon=True)

    def __enter__(self) -> Self:
        if self._out is not None:
            self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def began(self, cell: NotebookNode, cell_index: int) -> None:
        """Note that a cell starts."""
        self._cell_since = time.time()

    def ended(self, cell: NotebookNode, cell_index: int, execute_reply: object = None) -> None:
        """Write a line for a cell that ended."""
        if cell.cell_type != "code":
            return
        self._look()
        self._number += 1
        first = next((line for line in cell.source.splitlines() if line.strip()), "")
        seconds = time.time() - self._cell_since
        self._write(f"cell {self._number:>2}/{self._cells}  {_short(first, 66):<66} {seconds:6.1f} s")

    def _write(self, line: str) -> None:
        if self._out is not None:
            with self._writing:
                self._out.write(line + "\n")
                self._out.flush()

    def _follow(self) -> None:
        while not self._over.wait(0.2):
            self._look()
        if self._opened is not None:
            self._opened.close()

    def _look(self) -> None:
        """Tell what the journal has that was not told yet."""
        if self._out is None or not (self._journal / "journal.sqlite").exists():
            return  # it is the kernel that makes the journal: made here at the same time, one of the two would fail
        with self._looking, suppress(sqlite3.OperationalError, WayangError):  # the kernel is just writing
            self._opened = self._opened or Journal(self._journal)
            for run in reversed([one for one in self._opened.runs() if one.started_s >= self._since]):
                for event in self._opened.events(run.run, self._told.get(run.run, 0)):
                    self._told[run.run] = event.seq
                    self._tellers.setdefault(run.run, self._teller())(event)

    def _teller(self) -> Callable[[AnyEvent], None]:
        """Return what writes a line for every fifth round of a run."""
        name, rounds, figures = "", 0, ""

        def tell(event: AnyEvent) -> None:
            nonlocal name, rounds, figures
            if isinstance(event, RunStarted):
                name, rounds = event.name or event.run, event.rounds
            elif isinstance(event, RoundFinished) and rounds > 1 and (event.round % 5 == 0 or event.round == 1):
                figures = f"            {name}: round {event.round:>2}/{rounds}"
            elif (
                isinstance(event, MetricsMeasured) and event.site == "global" and figures and event.log_loss is not None
            ):
                auc = "" if event.auc is None else f"  AUC {event.auc:.3f}"
                self._write(f"{figures}  log loss {event.log_loss:.4f}{auc}")
                figures = ""

        return tell


def _short(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"


def journalled(folder: Path, name: str) -> tuple[AnyEvent, ...]:
    """Return the events of the newest run of a name.

    Raises
    ------
    DataError
        If there is none.
    """
    journal = Journal(folder)
    try:
        for run in journal.runs():
            if run.name == name and run.state == "done":
                return journal.events(run.run)
    finally:
        journal.close()
    raise DataError(f"the journal has no finished run {name}")
