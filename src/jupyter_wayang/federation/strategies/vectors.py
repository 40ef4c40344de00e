"""Named arrays as one vector, and back: rules of servers are written over vectors, as in their papers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_wayang.federation.strategies.batch import Batch, Updates
from jupyter_wayang.plan.models import NamedArray, array, named_array

if TYPE_CHECKING:
    import numpy as np

__all__ = ["arrays_like", "mean_of", "rows_of", "shares_of", "stacked", "vector"]


def vector(parameters: tuple[NamedArray, ...]) -> np.ndarray:
    """Return all parameters one after the other: floats of shape (parameters,).

    Examples
    --------
    >>> import numpy as np
    >>> vector((named_array("w", np.array([1.0, 2.0])), named_array("b", np.array([3.0]))))
    array([1., 2., 3.])
    """
    import numpy as np

    return np.concatenate([np.ravel(array(one)).astype(float) for one in parameters])


def arrays_like(values: np.ndarray, like: tuple[NamedArray, ...]) -> tuple[NamedArray, ...]:
    """Return a vector as arrays with the names and shapes of others.

    Examples
    --------
    >>> import numpy as np
    >>> like = (named_array("w", np.zeros((1, 2))), named_array("b", np.zeros(1)))
    >>> [array(one).tolist() for one in arrays_like(np.array([1.0, 2.0, 3.0]), like)]
    [[[1.0, 2.0]], [3.0]]
    """
    made, start = [], 0
    for one in like:
        old = array(one)
        made.append(named_array(one.name, values[start : start + old.size].reshape(old.shape)))
        start += old.size
    return tuple(made)


def stacked(updates: Updates) -> np.ndarray:
    """Return the parameters of every update, shape (sites, parameters), in the order given."""
    import numpy as np

    if isinstance(updates, Batch):
        return updates.points
    return np.stack([vector(update.parameters) for _, update in updates])


def rows_of(updates: Updates) -> float:
    """Return how many rows the updates were trained on, all together."""
    if isinstance(updates, Batch):
        return float(updates.rows.sum())
    return float(sum(update.rows for _, update in updates))


def mean_of(updates: Updates, weights: str) -> np.ndarray:
    """Return the mean of the updates: by their ``rows``, or ``uniform``.

    Examples
    --------
    >>> import numpy as np
    >>> from jupyter_wayang.plan.tasks import Update
    >>> def update(value, rows):
    ...     return Update(parameters=(named_array("w", np.array([value])),), rows=rows)
    >>> updates = (("a", update(1.0, 3)), ("b", update(5.0, 1)))
    >>> mean_of(updates, "rows"), mean_of(updates, "uniform")
    (array([2.]), array([3.]))
    """
    mean: np.ndarray = shares_of(updates, weights) @ stacked(updates)
    return mean


def shares_of(updates: Updates, weights: str) -> np.ndarray:
    """Return what part of the whole every update counts for, by their ``rows`` or ``uniform``: shape (sites,), sum 1."""
    import numpy as np

    if isinstance(updates, Batch):
        counts = updates.rows.astype(float) if weights == "rows" else np.ones(len(updates))
    else:
        counts = np.array([float(update.rows) if weights == "rows" else 1.0 for _, update in updates])
    shares: np.ndarray = counts / counts.sum()
    return shares
