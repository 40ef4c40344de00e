r"""Gradient steps that tell little about any row: gradients of rows are clipped, and their sum gets noise (DP-SGD).

With lots :math:`L_t` into which each of n rows comes with the chance q (Abadi et al., Algorithm 1):

.. math:: \tilde g_t = \frac{1}{q n} \Big( \sum_{i \in L_t} g_i \min(1, C / \|g_i\|) + N(0, (z C)^2 I) \Big),
   \qquad w_{t+1} = w_t - \eta (\tilde g_t + \lambda w_t).

The gradient of a row of a linear model is :math:`g_i = r_i \cdot (x_i, 1)`, with the norm :math:`|r_i| \|(x_i, 1)\|`: all are
clipped and added up by one product of matrices. What else the objective has (the penalty, a proximal or a linear term)
knows no row of the site, and is neither clipped nor covered by noise.

References
----------
Abadi, M., Chu, A., Goodfellow, I., McMahan, H. B., Mironov, I., Talwar, K., & Zhang, L. (2016). Deep Learning with
Differential Privacy. CCS. https://arxiv.org/abs/1607.00133
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_wayang.plan.privacy import RecordNoise
from jupyter_wayang.plan.tasks import LocalTask, Update
from jupyter_wayang.platforms.numpy.learning import added, no_rows, parameters, sigmoid, updated
from jupyter_wayang.platforms.numpy.noise import noisy, uniform
from jupyter_wayang.platforms.randomness import Entropy

if TYPE_CHECKING:
    import numpy as np

__all__ = ["clipped_sum", "private_gradient"]


def clipped_sum(rows: np.ndarray, residual: np.ndarray, lengths: np.ndarray, clip: float) -> np.ndarray:
    """Return the sum of the gradients of rows, each no longer than ``clip``.

    Parameters
    ----------
    rows
        Features with a column of ones, shape (n, d + 1).
    residual
        Prediction minus target, shape (n,).
    lengths
        The norm of each row of ``rows``, shape (n,).
    clip
        The norm that no gradient is longer than.

    Examples
    --------
    The gradients (3, 4) and (0.3, 0.4): the first is brought to length 1.

    >>> import numpy as np
    >>> clipped_sum(np.array([[3.0, 4.0], [3.0, 4.0]]), np.array([1.0, 0.1]), np.array([5.0, 5.0]), 1.0).round(9).tolist()
    [0.9, 1.2]
    """
    import numpy as np

    # Of a row whose gradient is 0 any factor will do.
    longest = np.maximum(np.abs(residual) * lengths, clip)
    made: np.ndarray = rows.T @ (residual * (clip / longest))
    return made


def private_gradient(X: np.ndarray, y: np.ndarray, task: LocalTask, noise: RecordNoise, entropy: Entropy) -> Update:
    """Take ``task.epochs`` steps with noise, each over the rows that are drawn for it.

    Parameters
    ----------
    X, y
        Features (n, d) and target (n,), 0 or 1.
    task
        What to train.
    noise
        C, z and q.
    entropy
        Where noise and lots come from.

    Raises
    ------
    OperatorError
        If there are no rows, or the parameters have grown beyond all numbers.
    """
    import numpy as np

    if not len(y):
        raise no_rows("fit")
    w, more = parameters(task), added(task)
    rows = np.hstack([X, np.ones((len(y), 1))])
    lengths = np.linalg.norm(rows, axis=1)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(task.epochs):
            lot = slice(None) if noise.sample == 1.0 else uniform(len(y), entropy) < noise.sample
            residual = sigmoid(rows[lot] @ w) - y[lot]
            steep = clipped_sum(rows[lot], residual, lengths[lot], noise.clip)
            slope = noisy(steep, noise.noise_multiplier * noise.clip, entropy) / (noise.sample * len(y))
            w = w - task.learning_rate * (slope + more.slope(w))
    return updated(w, len(y))
