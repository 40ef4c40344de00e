"""The form that rows take in DuckDB: a statement that is not yet run."""

from __future__ import annotations

from jupyter_wayang.platforms.platform import ARROW, PARQUET, Channel, Conversion

__all__ = ["CHANNELS", "CONVERSIONS", "RELATION"]

RELATION = "duckdb.relation"

# A statement that several read is kept by the engine first, so that it serves them all.
CHANNELS = (Channel(name=RELATION, at_rest=False),)
CONVERSIONS = (
    Conversion(source=RELATION, target=ARROW, platform="duckdb"),
    Conversion(source=ARROW, target=RELATION, platform="duckdb"),
    Conversion(source=PARQUET, target=RELATION, platform="duckdb"),
)
