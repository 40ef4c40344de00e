"""What NumPy runs: training and scoring."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jupyter_wayang.plan.operators import AnyOperator
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.platform import LEARNING_OPERATORS, Engine

__all__ = ["NEEDS", "OPERATORS", "engine", "refuses"]

OPERATORS = frozenset((*LEARNING_OPERATORS, "fit_linear_regression", "minibatch_update", "infer", "measure"))
NEEDS = (("numpy", "numpy"), ("pyarrow", "pyarrow"))


def refuses(operator: AnyOperator, inputs: tuple[Schema, ...]) -> str | None:
    """Return None: every model that can be written can be trained."""
    return None


def engine() -> Callable[[Path], Engine]:
    """Import the engine."""
    from jupyter_wayang.platforms.numpy.engine import NumPyEngine

    return NumPyEngine
