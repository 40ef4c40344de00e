"""How good a model is on rows that are all at hand: exact figures, with NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_wayang.plan.tasks import InferTask
from jupyter_wayang.platforms.numpy.inference import infer
from jupyter_wayang.platforms.numpy.learning import no_rows

if TYPE_CHECKING:
    import numpy as np

__all__ = ["auc", "measure", "silhouette"]

Figures = tuple[tuple[str, float | None], ...]

_AT_ONCE = 1_000_000


def measure(X: np.ndarray, y: np.ndarray, task: InferTask) -> Figures:
    """Return the number of rows as ``rows``, and the figures of a model; None where one cannot be computed.

    Parameters
    ----------
    X, y
        Features and target.
    task
        The model.
    """
    import numpy as np

    if not len(y):
        raise no_rows("evaluate")
    said = infer(X, task)
    rows = ("rows", float(len(y)))
    if task.makes == "number":
        errors, spread = said - y, float(((y - y.mean()) ** 2).sum())
        squares = float((errors**2).sum())
        r2 = 1.0 - squares / spread if spread > 0 else None
        return (rows, ("rmse", (squares / len(y)) ** 0.5), ("mae", float(np.abs(errors).mean())), ("r2", r2))
    if task.makes == "cluster":
        centres = np.array([X[said == k].mean(axis=0) for k in np.unique(said)])
        inside = np.unique(said, return_inverse=True)[1]
        inertia = float(((X - centres[inside]) ** 2).sum())
        return (rows, ("inertia", inertia), ("silhouette", silhouette(X, inside)))
    clipped = np.clip(said, 1e-15, 1 - 1e-15)
    loss = float(-np.log(np.where(y == 1, clipped, 1.0 - clipped)).mean())
    right = float(((said >= 0.5) == (y == 1)).mean())
    return (rows, ("auc", auc(said, y)), ("log_loss", loss), ("accuracy", right))


def auc(scores: np.ndarray, targets: np.ndarray) -> float | None:
    """Return the probability that a row of class 1 scores above one of class 0, ties counting ½; None of one class.

    Examples
    --------
    >>> import numpy as np
    >>> auc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([0, 0, 1, 1]))
    0.875
    """
    import numpy as np

    ones = int((targets == 1).sum())
    zeros = len(targets) - ones
    if not ones or not zeros:
        return None
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[targets == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def silhouette(X: np.ndarray, clusters: np.ndarray) -> float | None:
    """Return the mean silhouette: how much nearer rows are to their own cluster than to the next; None of one cluster.

    Parameters
    ----------
    X
        Features.
    clusters
        The number of each row's cluster, from 0 without gaps. A cluster of one row counts 0.
    """
    import numpy as np

    count = int(clusters.max()) + 1
    if count < 2 or count >= len(X):
        return None
    sizes, total = np.bincount(clusters, minlength=count), 0.0
    member = np.eye(count)[clusters]
    step = max(1, _AT_ONCE // len(X))
    for start in range(0, len(X), step):
        part, own = X[start : start + step], clusters[start : start + step]
        squares = (part**2).sum(axis=1)[:, None] + (X**2).sum(axis=1)[None] - 2 * part @ X.T
        far = np.sqrt(np.maximum(squares, 0.0))
        far[np.arange(len(part)), np.arange(start, start + len(part))] = 0.0
        sums, rows = far @ member, np.arange(len(part))
        within = sums[rows, own] / np.maximum(sizes[own] - 1, 1)
        means = sums / sizes
        means[rows, own] = np.inf
        nearest = means.min(axis=1)
        scale = np.maximum(within, nearest)
        total += float(
            np.where((sizes[own] > 1) & (scale > 0), (nearest - within) / np.where(scale > 0, scale, 1), 0.0).sum()
        )
    return total / len(X)
