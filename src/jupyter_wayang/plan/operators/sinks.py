"""Where rows go, other than into the notebook."""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal

from jupyter_wayang.plan.operators.operator import Output, OverArrow, rows_in
from jupyter_wayang.plan.schema import Schema

__all__ = ["SinkFormat", "WriteFile", "WriteMode"]

SinkFormat = Literal["csv", "parquet"]
WriteMode = Literal["error", "overwrite", "append"]


class WriteFile(OverArrow, frozen=True, kw_only=True, tag="write_file"):
    """Writes rows into a file, and makes one row that says where and how many.

    The file is there in whole or not at all: it is written beside its place and then put there. ``mode`` says what
    becomes of a file that is there already: it is an error, it is replaced, or the rows are added to it.
    """

    path: str
    format: SinkFormat
    mode: WriteMode = "error"
    delimiter: str = ","

    @property
    def verb(self) -> str:
        """The word of the cell language."""
        return "write"

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the columns ``path`` and ``rows``."""
        rows_in(self, inputs)
        return (Schema.of(path="string", rows="int64"),)

    def describe(self) -> str:
        """Return the name of the file."""
        return PurePath(self.path).name
