"""The engine of scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_wayang.plan.model_specs import LogisticRegression
from jupyter_wayang.plan.tasks import LocalTask, Update
from jupyter_wayang.platforms.numpy.engine import ArrayEngine
from jupyter_wayang.platforms.sklearn import fitting, learning

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SklearnEngine"]


class SklearnEngine(ArrayEngine):
    """Trains with scikit-learn, scores with NumPy."""

    name = "sklearn"

    def train(self, X: np.ndarray, y: np.ndarray, task: LocalTask) -> Update:
        """Take gradient steps, or train to convergence."""
        if not isinstance(task.model, LogisticRegression):
            return fitting.fit(X, y, task)
        return learning.exact(X, y, task) if task.solver == "exact" else learning.gradient(X, y, task)
