"""The form that rows take in PostgreSQL: a statement that is not yet run."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import ARROW, Channel, Conversion

__all__ = ["CHANNELS", "CONVERSIONS", "RELATION"]

RELATION = "postgres.relation"

# A statement that several read is kept by the engine first, so that it serves them all.
CHANNELS = (Channel(name=RELATION, at_rest=False),)
CONVERSIONS = (
    Conversion(source=RELATION, target=ARROW, platform="postgres"),
    Conversion(source=ARROW, target=RELATION, platform="postgres"),
)
