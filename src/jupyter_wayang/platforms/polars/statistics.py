"""What polars knows of a frame; of the plan of one it counts without keeping the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

__all__ = ["rows_in"]


def rows_in(frame: pl.DataFrame | pl.LazyFrame) -> int:
    """Return the number of rows; of a Parquet file that is not filtered it stands in the file's footer.

    Examples
    --------
    >>> import polars as pl
    >>> rows_in(pl.LazyFrame({"a": [1, 2]}))
    2
    """
    import polars as pl

    if isinstance(frame, pl.DataFrame):
        return frame.height
    return int(frame.select(pl.len()).collect().item())
