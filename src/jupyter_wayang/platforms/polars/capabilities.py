"""What polars runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jupyter_wayang.platforms.platform import Engine
from jupyter_wayang.platforms.relational.capabilities import FRAME_OPERATORS, frames_refuse

__all__ = ["NEEDS", "OPERATORS", "engine", "refuses"]

OPERATORS = FRAME_OPERATORS
NEEDS = (("polars", "jupyter-wayang[polars]"), ("pyarrow", "pyarrow"), ("narwhals", "narwhals"))
refuses = frames_refuse


def engine() -> Callable[[Path], Engine]:
    """Import the engine."""
    from jupyter_wayang.platforms.polars.engine import PolarsEngine

    return PolarsEngine
