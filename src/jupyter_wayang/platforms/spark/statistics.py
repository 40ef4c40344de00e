"""What is known of a frame: only what a job counts, because Spark computes nothing before it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["rows_in"]


def rows_in(frame: DataFrame) -> int:
    """Return the number of rows, by a job."""
    return int(frame.count())
