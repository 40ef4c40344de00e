"""The form of rows in pandas: a frame of Arrow types, so that integers with nulls stay integers."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import ARROW, PARQUET, Channel, Conversion

__all__ = ["CHANNEL", "CHANNELS", "CONVERSIONS"]

CHANNEL = "pandas.frame"
CHANNELS = (Channel(name=CHANNEL, held=1.5),)
CONVERSIONS = (
    Conversion(source=ARROW, target=CHANNEL, platform="pandas"),
    Conversion(source=CHANNEL, target=ARROW, platform="pandas"),
    Conversion(source=PARQUET, target=CHANNEL, platform="pandas"),
)
