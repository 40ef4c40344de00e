"""What networkx runs: graph operators, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jupyter_wayang.plan.operators import AnyOperator
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.platform import GRAPH_OPERATORS, Engine

__all__ = ["NEEDS", "OPERATORS", "engine", "refuses"]

OPERATORS = frozenset(GRAPH_OPERATORS)
# scipy comes with scikit-learn; the steps of a walk are products of its sparse matrices.
NEEDS = (("networkx", "networkx"), ("scipy", "scipy"), ("pyarrow", "pyarrow"))


def refuses(operator: AnyOperator, inputs: tuple[Schema, ...]) -> str | None:
    """Return None: every graph operator that can be written can be run."""
    return None


def engine() -> Callable[[Path], Engine]:
    """Import the engine."""
    from jupyter_wayang.platforms.networkx.engine import NetworkxEngine

    return NetworkxEngine
