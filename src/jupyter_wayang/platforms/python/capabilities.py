"""What Python runs: functions of the notebook, and the sources before them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jupyter_wayang.plan.operators import AnyOperator
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.platform import FUNCTION_TAGS, Engine

__all__ = ["NEEDS", "OPERATORS", "engine", "refuses"]

OPERATORS = frozenset({"read_file", "read_frame", *FUNCTION_TAGS})
NEEDS = (("pyarrow", "pyarrow"), ("cloudpickle", "cloudpickle"))


def refuses(operator: AnyOperator, inputs: tuple[Schema, ...]) -> str | None:
    """Return None: every function can be called."""
    return None


def engine() -> Callable[[Path], Engine]:
    """Import the engine."""
    from jupyter_wayang.platforms.python.engine import PythonEngine

    return PythonEngine
