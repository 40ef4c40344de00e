"""The engine of NumPy, and what it shares with others that train on arrays."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_wayang.errors import PlanError, PlatformError
from jupyter_wayang.plan.operators import AnyOperator
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.tasks import LocalTask, ScoreCell, ScoreTask, Update
from jupyter_wayang.platforms.numpy import learning
from jupyter_wayang.platforms.numpy.statistics import rows_in
from jupyter_wayang.platforms.platform import Payload

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
        return self.train(*self._matrix(rows, task.features, "fit"), task)

    def score(self, rows: pa.Table, task: ScoreTask) -> tuple[ScoreCell, ...]:
        """Score rows with NumPy."""
        return learning.score(*self._matrix(rows, task.features, "evaluate"), task)

    def close(self) -> None:
        """Free the arrays."""
        self._arrays.clear()

    def _matrix(self, rows: pa.Table, features: tuple[str, ...], verb: str) -> tuple[np.ndarray, np.ndarray]:
        key = (id(rows), features)
        if key not in self._arrays:
            if len(self._arrays) >= _KEPT:
                self._arrays.pop(next(iter(self._arrays)))
            self._arrays[key] = (rows, *learning.matrix(rows, features, verb))
        return self._arrays[key][1:]


class NumPyEngine(ArrayEngine):
    """Trains with NumPy."""

    name = "numpy"

    def train(self, X: np.ndarray, y: np.ndarray, task: LocalTask) -> Update:
        """Take gradient steps, or train to convergence."""
        return learning.exact(X, y, task) if task.solver == "exact" else learning.gradient(X, y, task)
