"""The programs of the widgets, as they were built into the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jupyter_wayang.errors import DataError

__all__ = ["bundled", "is_built"]

_STATIC = Path(__file__).parent.parent / "static"


@cache
def bundled(name: str) -> str:
    """Return the text of a file of the bundle.

    Raises
    ------
    DataError
        If the bundle was not built.
    """
    try:
        return (_STATIC / name).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise DataError(
            f"{name} is not in the package: the widgets were not built", hint="npm run build in js/, or make setup"
        ) from error


def is_built() -> bool:
    """Tell whether the bundle is in the package."""
    return (_STATIC / "plan.js").exists() and (_STATIC / "run.js").exists()
