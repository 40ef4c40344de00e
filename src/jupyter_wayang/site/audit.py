"""The audit of a site: what was asked and what left, one line each, kept at the site."""

from __future__ import annotations

import json
import time
from pathlib import Path
from threading import Lock

__all__ = ["Audit"]


class Audit:
    """Appends to a file of JSON lines; without a path it keeps nothing.

    Parameters
    ----------
    path
        The file, made with its folder at the first entry.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = Lock()

    def record(self, *, site: str, run: str, asked: str, answered: str, bytes_out: int) -> None:
        """Write one line: when, for which run, what was asked, what was answered, how many bytes left."""
        if self._path is None:
            return
        line = {
            "at_s": round(time.time(), 3),
            "site": site,
            "run": run,
            "asked": asked,
            "answered": answered,
            "bytes_out": bytes_out,
        }
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
