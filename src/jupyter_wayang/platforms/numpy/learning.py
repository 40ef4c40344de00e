"""Training and scoring with NumPy over an Arrow table: what the other platforms are compared with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.model_specs import LogisticRegression, tag_of
from jupyter_wayang.plan.models import ModelSpec, NamedArray, array, named_array
from jupyter_wayang.plan.tasks import TARGET, LocalTask, ScoreCell, ScoreTask, Update
from jupyter_wayang.platforms.numpy.newton import Point, minimize

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

__all__ = [
    "Quadratic",
    "added",
    "beyond_numbers",
    "cells",
    "exact",
    "gradient",
    "log_loss",
    "logistic",
    "matrix",
    "missing_values",
    "no_rows",
    "other_values",
    "parameters",
    "penalties",
    "score",
    "sigmoid",
    "steps",
    "updated",
]


def missing_values(verb: str, name: str) -> OperatorError:
    """Make the error for a column with nulls; it says no count, which need not leave a site."""
    if name == TARGET:
        return OperatorError(f"{verb}(): the target has missing values: filter() them out first")
    return OperatorError(f"{verb}(): {name} has missing values: impute(mean) first")


def other_values(verb: str) -> OperatorError:
    """Make the error for a target that is no class; it says neither the values nor how many."""
    return OperatorError(
        f"{verb}(): the target has values other than 0 and 1; make it a yes or no, as in target=num > 0"
    )


def no_rows(verb: str) -> OperatorError:
    """Make the error for a collection without rows."""
    return OperatorError(f"{verb}() needs rows, and there are none")


def beyond_numbers() -> OperatorError:
    """Make the error for training that diverged."""
    return OperatorError("the weights have grown beyond all numbers", hint="take a smaller learning_rate, or scale()")


def matrix(
    rows: pa.Table, features: tuple[str, ...], verb: str, *, classes: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Return features and target of prepared rows as arrays of shape (n, d) and (n,).

    Raises
    ------
    OperatorError
        If a value is missing, or the target is not 0 or 1 and ``classes`` asks for that.

    Examples
    --------
    >>> import pyarrow as pa
    >>> X, y = matrix(pa.table({"a": [1.0, 2.0], TARGET: [0.0, 1.0]}), ("a",), "fit")
    >>> X.tolist(), y.tolist()
    ([[1.0], [2.0]], [0.0, 1.0])
    """
    import numpy as np

    made = np.empty((rows.num_rows, len(features) + 1))
    for index, name in enumerate((*features, TARGET)):
        column = rows.column(name)
        if column.null_count:
            raise missing_values(verb, name)
        made[:, index] = column.to_numpy()
    if np.isnan(made).any():
        guilty = (*features, TARGET)[int(np.isnan(made).any(axis=0).argmax())]
        raise missing_values(verb, guilty)
    if classes and not np.isin(made[:, -1], (0.0, 1.0)).all():
        raise other_values(verb)
    return made[:, :-1], made[:, -1]


def parameters(task: LocalTask | ScoreTask) -> np.ndarray:
    """Return the parameters of a task as one array, the intercept last.

    Raises
    ------
    OperatorError
        If an array is missing or has another shape than the features ask for.
    """
    return _flat(task.parameters, task.features)


def _flat(arrays: tuple[NamedArray, ...], features: tuple[str, ...]) -> np.ndarray:
    import numpy as np

    named = {item.name: array(item) for item in arrays}
    found = {name: values.shape for name, values in named.items()}
    wanted = {"weights": (len(features),), "intercept": (1,)}
    if found != wanted:
        raise OperatorError(f"the parameters are {found}, and the features ask for {wanted}")
    return np.concatenate([named["weights"], named["intercept"]])


def updated(values: np.ndarray, rows: int, loss: float | None = None) -> Update:
    """Make an update of parameters, the intercept last; ``loss`` if it was asked for.

    Raises
    ------
    OperatorError
        If the parameters have grown beyond all numbers.
    """
    import numpy as np

    if not np.isfinite(values).all():
        raise beyond_numbers()
    made = (named_array("weights", values[:-1]), named_array("intercept", values[-1:]))
    return Update(parameters=made, rows=rows, loss=loss)


def logistic(model: ModelSpec) -> LogisticRegression:
    """Return a model that is fitted by gradient steps; no other is."""
    if not isinstance(model, LogisticRegression):
        raise OperatorError(f"{tag_of(model)}() is not fitted by gradient steps")
    return model


def penalties(model: ModelSpec, count: int) -> np.ndarray:
    """Return the penalty of every parameter, the intercept last."""
    import numpy as np

    regression = logistic(model)
    made = np.full(count + 1, regression.l2)
    if not regression.penalize_intercept:
        made[-1] = 0.0
    return made


@dataclass(frozen=True)
class Quadratic:
    """What an objective has beside its data loss: ½ Σ scale · w² + Σ shift · w."""

    scale: np.ndarray
    shift: np.ndarray

    def value(self, w: np.ndarray) -> float:
        """Return it at some parameters."""
        return float(self.scale @ (w * w)) / 2 + float(self.shift @ w)

    def slope(self, w: np.ndarray) -> np.ndarray:
        """Return its gradient at some parameters."""
        made: np.ndarray = self.scale * w + self.shift
        return made


def added(task: LocalTask) -> Quadratic:
    """Return what the objective of a task adds to the mean log loss, but for a constant.

    Examples
    --------
    >>> import numpy as np
    >>> from jupyter_wayang.plan.models import LogisticRegression
    >>> start = (named_array("weights", np.array([2.0])), named_array("intercept", np.zeros(1)))
    >>> made = added(LocalTask(model=LogisticRegression(l2=0.1), features=("a",), parameters=start, proximal=0.5))
    >>> made.scale.tolist(), made.shift.tolist()
    ([0.6, 0.5], [-1.0, 0.0])
    """
    anchor = _flat(task.anchor or task.parameters, task.features)
    shift = 0.0 - task.proximal * anchor
    if task.linear:
        shift = shift + _flat(task.linear, task.features)
    return Quadratic(penalties(task.model, len(task.features)) + task.proximal, shift)


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-z)) without overflow.

    Examples
    --------
    >>> import numpy as np
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    import numpy as np

    falling = np.exp(-np.abs(z))
    made: np.ndarray = np.where(z >= 0, 1.0, falling) / (1.0 + falling)
    return made


def gradient(X: np.ndarray, y: np.ndarray, task: LocalTask) -> Update:
    """Take gradient steps, over all rows or over batches of them.

    Examples
    --------
    >>> import numpy as np
    >>> from jupyter_wayang.plan.models import LogisticRegression
    >>> start = (named_array("weights", np.zeros(1)), named_array("intercept", np.zeros(1)))
    >>> task = LocalTask(model=LogisticRegression(), features=("a",), parameters=start, learning_rate=1.0)
    >>> made = gradient(np.array([[1.0], [-1.0]]), np.array([1.0, 0.0]), task)
    >>> array(made.parameters[0]).tolist()
    [0.5]
    """
    import numpy as np

    if not len(y):
        raise no_rows("fit")
    w, more = parameters(task), added(task)
    loss = log_loss(X, y, task) if task.loss else None
    with np.errstate(over="ignore", invalid="ignore"):
        for rows, classes in steps(X, y, task):
            residual = sigmoid(rows @ w[:-1] + w[-1]) - classes
            slope = np.append(rows.T @ residual / len(classes), residual.mean()) + more.slope(w)
            w = w - task.learning_rate * slope
    return updated(w, len(y), loss)


def steps(X: np.ndarray, y: np.ndarray, task: LocalTask) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield features and target of the rows of every step: all of them, or a batch."""
    import numpy as np

    if task.batch is None or task.batch >= len(y):
        for _ in range(task.epochs):
            yield X, y
        return
    # The order in which a platform hands rows over is its own affair: they are drawn from a sorted list.
    order = np.lexsort((y, *X.T[::-1]))
    generator = np.random.default_rng(task.seed)
    for _ in range(task.epochs):
        drawn = order[generator.permutation(len(y))]
        for start in range(0, len(y), task.batch):
            batch = drawn[start : start + task.batch]
            yield X[batch], y[batch]


def log_loss(X: np.ndarray, y: np.ndarray, task: LocalTask) -> float:
    """Return the mean log loss and the model's penalty at the parameters of a task.

    Examples
    --------
    >>> import numpy as np
    >>> from jupyter_wayang.plan.models import LogisticRegression
    >>> start = (named_array("weights", np.zeros(1)), named_array("intercept", np.zeros(1)))
    >>> task = LocalTask(model=LogisticRegression(), features=("a",), parameters=start)
    >>> round(log_loss(np.array([[1.0], [-1.0]]), np.array([1.0, 0.0]), task), 6)
    0.693147
    """
    import numpy as np

    w = parameters(task)
    z = X @ w[:-1] + w[-1]
    return float(np.mean(np.logaddexp(0.0, z) - y * z) + penalties(task.model, X.shape[1]) @ (w * w) / 2)


def exact(X: np.ndarray, y: np.ndarray, task: LocalTask, start: np.ndarray | None = None) -> Update:
    """Train to convergence, from the parameters of the task or from ``start``.

    Raises
    ------
    OperatorError
        If there are no rows, or if there is no minimum (see :func:`~jupyter_wayang.platforms.numpy.newton.minimize`).
    """
    import numpy as np

    if not len(y):
        raise no_rows("fit")
    more, ones = added(task), np.ones((len(y), 1))
    whole = np.hstack([X, ones])
    side = 2.0 * y - 1.0

    def objective(w: np.ndarray) -> Point:
        z = whole @ w
        p = sigmoid(z)
        return Point(
            parameters=w,
            loss=float(np.mean(np.logaddexp(0.0, z) - y * z)) + more.value(w),
            gradient=whole.T @ (p - y) / len(y) + more.slope(w),
            hessian=(whole.T * (p * (1.0 - p))) @ whole / len(y) + np.diag(more.scale),
            margin=float((side * z).min()),
            positives=float(y.mean()),
        )

    first = parameters(task) if start is None else start
    loss = log_loss(X, y, task) if task.loss else None
    return updated(minimize(objective, first, penalties=more.scale).parameters, len(y), loss)


def score(X: np.ndarray, y: np.ndarray, task: ScoreTask) -> tuple[ScoreCell, ...]:
    """Score rows and count them per class and bin."""
    w = parameters(task)
    return cells(sigmoid(X @ w[:-1] + w[-1]), y, task.bins)


def cells(scores: np.ndarray, targets: np.ndarray, bins: int) -> tuple[ScoreCell, ...]:
    """Count scores per class and bin, in the order of class and bin.

    Examples
    --------
    >>> import numpy as np
    >>> [(c.bin, c.target, c.n, c.correct) for c in cells(np.array([0.2, 0.9, 1.0]), np.array([1.0, 1.0, 1.0]), 10)]
    [(2, 1, 1, 0), (9, 1, 2, 2)]
    """
    import numpy as np

    target = (targets >= 0.5).astype(np.int64)
    bin_ = np.minimum(np.floor(scores * bins).astype(np.int64), bins - 1)
    clipped = np.clip(scores, 1e-15, 1 - 1e-15)
    losses = -np.log(np.where(target == 1, clipped, 1.0 - clipped))
    right = (scores >= 0.5) == (target == 1)
    keys, inverse, counts = np.unique(target * bins + bin_, return_inverse=True, return_counts=True)
    loss_sums = np.bincount(inverse, weights=losses, minlength=len(keys))
    right_sums = np.bincount(inverse, weights=right, minlength=len(keys))
    return tuple(
        ScoreCell(bin=int(key % bins), target=int(key // bins), n=int(n), log_loss=float(loss), correct=int(correct))
        for key, n, loss, correct in zip(keys, counts, loss_sums, right_sums, strict=True)
    )
