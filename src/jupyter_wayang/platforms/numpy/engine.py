"""The engine of NumPy, and what it shares with others that train on arrays."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_wayang.errors import PlanError, PlatformError
from jupyter_wayang.plan.model_specs import LinearRegression
from jupyter_wayang.plan.operators import AnyOperator
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.tasks import InferTask, LocalTask, ScoreCell, ScoreTask, Update
from jupyter_wayang.platforms.numpy import inference, learning, least_squares, measures
from jupyter_wayang.platforms.numpy.private_gradient import private_gradient
from jupyter_wayang.platforms.numpy.statistics import rows_in
from jupyter_wayang.platforms.platform import Payload
from jupyter_wayang.platforms.randomness import chosen

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

__all__ = ["ArrayEngine", "NumPyEngine"]

_KEPT = 4


class ArrayEngine(ABC):
    """Trains and scores on arrays made of Arrow tables.

    Parameters
    ----------
    workspace
        Where a platform may put files; arrays need none.
    """

    name: str

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        # A table is asked for every round: its arrays are made once. The table is held, so its id stays its own.
        self._arrays: dict[tuple[int, tuple[str, ...]], tuple[pa.Table, np.ndarray, np.ndarray]] = {}

    @abstractmethod
    def train(self, X: np.ndarray, y: np.ndarray, task: LocalTask) -> Update:
        """Train on features and target."""

    def apply(
        self,
        operator: AnyOperator,
        inputs: tuple[Payload, ...],
        schemas: tuple[Schema, ...],
        frames: Mapping[str, pa.Table],
        salt: str,
    ) -> tuple[Payload, ...]:
        """Refuse: only training and scoring are run here."""
        raise PlatformError(f"{self.name} does not run {operator.verb}()", hint="it trains and scores")

    def keep(self, payload: pa.Table) -> pa.Table:
        """Return the table: it is computed."""
        return payload

    def count(self, payload: pa.Table) -> int:
        """Return the number of rows."""
        return rows_in(payload)

    def convert(self, payload: Payload, source: str, target: str, schema: Schema) -> Payload:
        """Refuse: there are no conversions here."""
        raise PlanError(f"{self.name} has no conversion from {source} to {target}")

    def update(self, rows: pa.Table, task: LocalTask) -> Update:
        """Train on rows."""
        return self.train(*self._matrix(rows, task.features, "fit", classes=task.makes == "probability"), task)

    def score(self, rows: pa.Table, task: ScoreTask) -> tuple[ScoreCell, ...]:
        """Score rows with NumPy."""
        return learning.score(*self._matrix(rows, task.features, "evaluate"), task)

    def infer(self, rows: pa.Table, task: InferTask) -> pa.Table:
        """Add what a model says, with NumPy."""
        return inference.add(rows, task)

    def measure(self, rows: pa.Table, task: InferTask) -> tuple[tuple[str, float | None], ...]:
        """Measure a model on rows, with NumPy."""
        X, y = self._matrix(rows, task.features, "evaluate", classes=task.makes == "probability")
        return measures.measure(X, y, task)

    def close(self) -> None:
        """Free the arrays."""
        self._arrays.clear()

    def _matrix(
        self, rows: pa.Table, features: tuple[str, ...], verb: str, *, classes: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        key = (id(rows), features)
        if key not in self._arrays:
            if len(self._arrays) >= _KEPT:
                self._arrays.pop(next(iter(self._arrays)))
            self._arrays[key] = (rows, *learning.matrix(rows, features, verb, classes=classes))
        return self._arrays[key][1:]


class NumPyEngine(ArrayEngine):
    """Trains with NumPy."""

    name = "numpy"

    def train(self, X: np.ndarray, y: np.ndarray, task: LocalTask) -> Update:
        """Take gradient steps, with noise if the task says so, or train to convergence."""
        if isinstance(task.model, LinearRegression):
            return least_squares.fit(X, y, task.model)
        if task.noise is not None:
            return private_gradient(X, y, task, task.noise, chosen(task.noise.seed))
        return learning.exact(X, y, task) if task.solver == "exact" else learning.gradient(X, y, task)
