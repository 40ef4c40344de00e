"""DuckDB: base operators as one SQL statement a stage, over files, DuckDB files and Arrow tables."""

from jupyter_wayang.platforms.duckdb.capabilities import DuckDBPlatform

__all__ = ["PLATFORM"]

PLATFORM = DuckDBPlatform()
