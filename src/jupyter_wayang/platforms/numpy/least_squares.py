"""Linear regression with NumPy, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_wayang.plan.model_specs import LinearRegression
from jupyter_wayang.plan.tasks import Update
from jupyter_wayang.platforms.numpy.learning import no_rows, updated

if TYPE_CHECKING:
    import numpy as np

__all__ = ["fit"]


def fit(X: np.ndarray, y: np.ndarray, model: LinearRegression) -> Update:
    """Minimize half of the mean squared error plus ``l2 / 2`` times the squared norm of the weights.

    Of several minima (features that depend on each other, without ``l2``) it is the one of the least weights.

    Examples
    --------
    >>> import numpy as np
    >>> from jupyter_wayang.plan.models import array
    >>> made = fit(np.array([[0.0], [1.0], [2.0]]), np.array([1.0, 3.0, 5.0]), LinearRegression())
    >>> [array(named).round(9).tolist() for named in made.parameters]
    [[2.0], [1.0]]
    """
    import numpy as np

    if not len(y):
        raise no_rows("fit")
    middle, level = X.mean(axis=0), y.mean()
    # The penalty as rows of data: the normal equations would square the condition number.
    penalty = np.sqrt(model.l2 * len(y)) * np.eye(X.shape[1])
    rows, wanted = (X - middle, y - level)
    if model.l2 > 0:
        rows, wanted = np.vstack([rows, penalty]), np.append(wanted, np.zeros(X.shape[1]))
    weights = np.linalg.lstsq(rows, wanted, rcond=None)[0]
    return updated(np.append(weights, level - middle @ weights), len(y))
