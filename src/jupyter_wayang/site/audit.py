"""The audit of a site: what was asked and what left, one line each, kept at the site."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
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

    def record(
        self,
        *,
        site: str,
        analyst: str,
        run: str,
        asked: str,
        detail: str,
        answered: str,
        held: str | None,
        bytes_out: int,
    ) -> None:
        """Write down who asked what in which run, what was answered and held back, and how many bytes left."""
        line = {"site": site, "analyst": analyst, "run": run, "asked": asked, "detail": detail, "answered": answered}
        self._append({**line, "held": held, "bytes_out": bytes_out})

    def failed(self, *, site: str, run: str, text: str) -> None:
        """Keep the traceback of an error that nobody foresaw."""
        self._append({"site": site, "run": run, "failed": text})

    def _append(self, line: Mapping[str, object]) -> None:
        if self._path is None:
            return
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"at_s": round(time.time(), 3), **line}) + "\n")
