"""The form of rows in polars: a frame, or the plan of one that keep() computes."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import ARROW, PARQUET, Channel, Conversion

__all__ = ["CHANNEL", "CHANNELS", "CONVERSIONS"]

CHANNEL = "polars.frame"
CHANNELS = (Channel(name=CHANNEL),)
CONVERSIONS = (
    Conversion(source=ARROW, target=CHANNEL, platform="polars"),
    Conversion(source=CHANNEL, target=ARROW, platform="polars"),
    Conversion(source=PARQUET, target=CHANNEL, platform="polars"),
)
