"""What Python knows of rows in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["rows_in"]


def rows_in(table: pa.Table) -> int:
    """Return the number of rows."""
    return int(table.num_rows)
