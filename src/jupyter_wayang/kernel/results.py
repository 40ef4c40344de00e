"""Results of runs: Arrow tables in memory and, so that they outlive the process, as Arrow files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_wayang.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Results"]


class Results:
    """Stores one table per run.

    Parameters
    ----------
    folder
        The folder of the Arrow files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, run: str) -> Path:
        """Return where the result of a run is."""
        return self._folder / f"{run}.arrow"

    def store(self, run: str, table: pa.Table) -> None:
        """Write a result; a reader never sees half of it."""
        import pyarrow as pa

        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / f"{run}.part"
        with pa.OSFile(str(unfinished), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        unfinished.replace(self.path(run))

    def load(self, run: str) -> pa.Table:
        """Read a result.

        Raises
        ------
        DataError
            If the run left none.
        """
        import pyarrow as pa

        path = self.path(run)
        if not path.exists():
            raise DataError(f"the run {run} left no result")
        with pa.memory_map(str(path)) as source:
            return pa.ipc.open_file(source).read_all()

    def forget(self, keep: frozenset[str]) -> None:
        """Remove results of runs that the journal has forgotten."""
        for path in self._folder.glob("*.arrow"):
            if path.stem not in keep:
                path.unlink(missing_ok=True)
