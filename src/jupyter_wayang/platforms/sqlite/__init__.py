"""SQLite: base operators as one SQL statement a stage, with functions in Python where SQLite's own mean something else."""

from jupyter_wayang.platforms.sqlite.capabilities import SQLitePlatform

__all__ = ["PLATFORM"]

PLATFORM = SQLitePlatform()
