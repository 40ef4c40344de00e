"""Python takes Arrow tables: it adds no form of its own."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import ARROW, Channel, Conversion

__all__ = ["CHANNEL", "CHANNELS", "CONVERSIONS"]

CHANNEL = ARROW
CHANNELS: tuple[Channel, ...] = ()
CONVERSIONS: tuple[Conversion, ...] = ()
