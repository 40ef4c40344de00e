"""What SQLite knows of a table: its columns and rows."""

from __future__ import annotations

from jupyter_wayang.platforms.sqlite.reading import described

__all__ = ["described"]
