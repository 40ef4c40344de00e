"""Training with scikit-learn: gradient steps by its perceptron without a hidden layer, fits by its logistic regression."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from jupyter_wayang.plan.tasks import LocalTask, Update
from jupyter_wayang.platforms.numpy.learning import (
    added,
    beyond_numbers,
    log_loss,
    logistic,
    no_rows,
    parameters,
    penalties,
    steps,
    updated,
)
from jupyter_wayang.platforms.numpy.learning import exact as polished

if TYPE_CHECKING:
    import numpy as np

__all__ = ["exact", "gradient"]


def gradient(X: np.ndarray, y: np.ndarray, task: LocalTask) -> Update:
    """Take gradient steps with ``MLPClassifier``.

    Without a hidden layer, with the rows of a step in one batch and without momentum its epoch is a plain gradient
    step. It penalizes weights only, so a penalized intercept is the weight of a column of ones. Its own penalty is over
    the number of rows, hence ``alpha = l2 * n``. Both classes are named, so rows of one class train too. What a round
    adds to the objective has a gradient that needs no rows, and is taken beside each step.
    """
    import numpy as np
    from sklearn.neural_network import MLPClassifier

    if not len(y):
        raise no_rows("fit")
    model = logistic(task.model)
    values, as_weight = parameters(task), model.penalize_intercept
    more, own = added(task), penalties(task.model, len(task.features))
    loss = log_loss(X, y, task) if task.loss else None
    if as_weight:
        X = np.hstack([X, np.ones((len(y), 1))])
    if not X.shape[1]:
        # A perceptron needs a feature; one of zeros has the gradient 0.
        X = np.zeros((len(y), 1))
    classes = y.astype(np.int64)
    network = MLPClassifier(
        hidden_layer_sizes=(),
        solver="sgd",
        batch_size=len(y),
        learning_rate_init=task.learning_rate,
        momentum=0.0,
        nesterovs_momentum=False,
        shuffle=False,
    )
    with np.errstate(over="ignore", invalid="ignore"):
        # The first call makes the layers; what it learned is overwritten, and of zeros it learns next to nothing.
        network.partial_fit(np.zeros_like(X), classes, classes=np.array([0, 1]))
        weights, intercept = network.coefs_[0], network.intercepts_[0]
        weights[:, 0] = 0.0
        for rows, targets in steps(X, classes, task):
            network.batch_size, network.alpha = len(targets), model.l2 * len(targets)
            given = values if as_weight else values[:-1]
            weights[: len(given), 0] = given
            intercept[:] = 0.0 if as_weight else values[-1:]
            beside = more.slope(values) - own * values
            try:
                network.partial_fit(rows, targets)
            except ValueError as error:
                raise beyond_numbers() from error
            values = np.append(weights[: len(task.features), 0], weights[-1, 0] if as_weight else intercept[0])
            values -= task.learning_rate * beside
    return updated(values, len(y), loss)


def exact(X: np.ndarray, y: np.ndarray, task: LocalTask) -> Update:
    """Fit with ``LogisticRegression``, then take the Newton steps that are left to the gradient's bound.

    Rows of one class, which scikit-learn refuses, are left to the Newton steps: they say where there is no minimum.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    if not len(y):
        raise no_rows("fit")
    if len(np.unique(y)) < 2 or not X.shape[1]:
        return polished(X, y, task)
    model = logistic(task.model)
    as_weight = model.penalize_intercept
    columns = np.hstack([X, np.ones((len(y), 1))]) if as_weight else X
    strength = 1.0 / (model.l2 * len(y)) if model.l2 > 0 else np.inf
    regression = LogisticRegression(C=strength, fit_intercept=not as_weight, tol=1e-8, max_iter=1000)
    with warnings.catch_warnings():
        # Whether it has converged is judged by the gradient afterwards.
        warnings.simplefilter("ignore")
        regression.fit(columns, y)
    found = regression.coef_[0]
    return polished(X, y, task, found if as_weight else np.append(found, regression.intercept_))
