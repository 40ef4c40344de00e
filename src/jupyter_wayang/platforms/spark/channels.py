"""The form that rows have in Spark, and the ways in and out: Parquet both ways, Arrow out.

Arrow gets in by way of Parquet, which Spark scans six times faster than rows that it is handed through Python.
"""

from __future__ import annotations

from jupyter_wayang.platforms.platform import ARROW, PARQUET, Channel, Conversion

__all__ = ["CHANNELS", "CONVERSIONS", "FRAME"]

FRAME = "spark.frame"

CHANNELS = (Channel(name=FRAME, at_rest=False),)
"""A frame is a recipe; one that several read is kept by the engine first, so that it serves them all."""

CONVERSIONS = (
    Conversion(source=PARQUET, target=FRAME, platform="spark"),
    Conversion(source=FRAME, target=ARROW, platform="spark"),
    Conversion(source=FRAME, target=PARQUET, platform="spark"),
)
