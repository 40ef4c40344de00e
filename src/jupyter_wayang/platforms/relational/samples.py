"""Samples of files: some rows, without reading the rest."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_wayang.errors import DataError
from jupyter_wayang.plan.operators import ReadFile
from jupyter_wayang.plan.sampled import SAMPLE_ROWS
from jupyter_wayang.platforms.relational.files import failing_with, from_text

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["sample_of"]

_HEAD_BYTES = 2**20
_PLACES = 4


def sample_of(operator: ReadFile) -> pa.Table | None:
    """Return some rows of a file: of Parquet from several places, of CSV the first ones; None of what is no table.

    A file that cannot be read gives None too: who reads all of it says what is wrong.
    """
    path = Path(operator.path)
    try:
        with failing_with(path, operator.format):
            if operator.format == "parquet":
                return _parquet(path, operator)
            if operator.format == "csv":
                with path.open("rb") as file:
                    head = file.read(_HEAD_BYTES)
                whole = head if len(head) < _HEAD_BYTES else head[: head.rfind(b"\n") + 1]
                return from_text(operator, BytesIO(whole))
    except DataError:
        return None
    return None


def _parquet(path: Path, operator: ReadFile) -> pa.Table:
    """Return rows of the start of several row groups."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        groups = sorted({number * file.num_row_groups // _PLACES for number in range(_PLACES)})
        columns = list(operator.schema.names)
        size = SAMPLE_ROWS // max(1, len(groups))
        found = [
            batch
            for group in groups
            for batch in (next(file.iter_batches(size, row_groups=[group], columns=columns), None),)
            if batch is not None
        ]
        return pa.Table.from_batches(found, schema=None if found else file.schema_arrow)
