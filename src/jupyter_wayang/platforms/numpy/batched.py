"""Training of many clients at once: rows of clients of about one size stand in one array, and a step is two products.

A client's rows are padded with zeros to the most rows of its block. The last column of ``X`` is 1 for a row and 0 for
padding, so that the intercept is a weight like any other, and padding adds nothing to any gradient. What a client
comes to is what :func:`~jupyter_wayang.platforms.numpy.learning.gradient` makes of its rows alone, to rounding.

Parameters are arrays of shape (features + 1, outputs), the intercept last: one output for a yes or no, by the
logistic function; one for each class where there are more, by the softmax.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.models import NamedArray, array
from jupyter_wayang.plan.tasks import LocalTask
from jupyter_wayang.platforms.numpy.learning import beyond_numbers, logistic, sigmoid

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Block", "blocks", "outputs", "parameters", "probabilities", "train"]

_BLOCK_BYTES = 2**21
"""A block and what is computed over it stay in the cache of a processor while a client takes its steps."""
_PADDED = 1.25
"""A client may be padded to so many times its rows."""


@dataclass(frozen=True)
class Block:
    """Clients of about one size.

    Parameters
    ----------
    clients
        Their numbers, ascending: shape (c,).
    X
        Their rows, shape (c, most rows, features + 1); the last column is 1, in padding all are 0.
    y
        The class of every row, from 0: shape (c, most rows); 0 in padding.
    rows
        How many rows each has: shape (c,).
    """

    clients: np.ndarray
    X: np.ndarray
    y: np.ndarray
    rows: np.ndarray

    def only(self, kept: np.ndarray) -> Block:
        """Return the block of some of its clients, by a mask."""
        if kept.all():
            return self
        return Block(self.clients[kept], self.X[kept], self.y[kept], self.rows[kept])


def outputs(classes: int) -> int:
    """Return how many numbers a model makes of a row: one for two classes, else one for each."""
    return 1 if classes == 2 else classes


def blocks(columns: Sequence[np.ndarray], y: np.ndarray, members: Sequence[np.ndarray]) -> tuple[Block, ...]:
    """Put the rows of every client side by side, clients of about one size in one block.

    Parameters
    ----------
    columns, y
        The features, each of shape (rows,), and the class of every row, from 0.
    members
        For every client the numbers of its rows; a client may have none, and is in no block then.

    Examples
    --------
    >>> import numpy as np
    >>> (block,) = blocks([np.array([1.0, 2.0, 3.0])], np.array([0, 1, 1]), [np.array([0, 2]), np.array([1])])
    >>> block.clients.tolist(), block.rows.tolist()
    ([0, 1], [2, 1])
    >>> block.X.tolist()
    [[[1.0, 1.0], [3.0, 1.0]], [[2.0, 1.0], [0.0, 0.0]]]
    """
    import numpy as np

    sizes = np.array([len(rows) for rows in members])
    made = []
    for clients in _alike(sizes, (len(columns) + 1) * 8):
        there = np.arange(sizes[clients].max()) < sizes[clients][:, None]
        rows = np.zeros(there.shape, dtype=np.int64)
        rows[there] = np.concatenate([members[client] for client in clients.tolist()])
        X = np.empty((*there.shape, len(columns) + 1), dtype=columns[0].dtype)
        for at, column in enumerate(columns):
            X[..., at] = column[rows]
        X[..., -1] = 1
        X[~there] = 0
        made.append(Block(clients, X, np.where(there, y[rows], 0), sizes[clients]))
    return tuple(made)


def _alike(sizes: np.ndarray, row_bytes: int) -> Iterator[np.ndarray]:
    """Yield the clients of every block, ascending: the largest sets of clients that are padded little and fit."""
    import numpy as np

    order = np.argsort(sizes, kind="stable")
    order = order[sizes[order] > 0]
    ascending, start = sizes[order], 0
    while start < len(order):
        least = int(ascending[start])
        # Of a client with few rows a step takes as long whether it is padded by some or not.
        most = max(_PADDED * least, least + 4)
        alike = int(np.searchsorted(ascending, most, side="right"))
        fits = max(1, _BLOCK_BYTES // (int(ascending[alike - 1]) * row_bytes))
        end = min(alike, start + fits)
        yield np.sort(order[start:end])
        start = end


def parameters(named: tuple[NamedArray, ...]) -> np.ndarray:
    """Return ``weights`` and ``intercept`` as one array of shape (features + 1, outputs)."""
    import numpy as np

    arrays = {one.name: array(one) for one in named}
    if set(arrays) != {"weights", "intercept"}:
        raise OperatorError(
            f"clients are trained as one batch on weights and intercept, not on {', '.join(arrays) or 'nothing'}"
        )
    weights, intercept = arrays["weights"], arrays["intercept"]
    return np.vstack([weights.reshape(-1, len(intercept)), intercept])


def train(made: tuple[Block, ...], who: np.ndarray, tasks: Sequence[LocalTask]) -> np.ndarray:
    """Train clients side by side.

    Parameters
    ----------
    made
        The blocks of all clients.
    who
        The numbers of the clients that train, ascending; each has rows.
    tasks
        What each of them is asked to do. Those that ask for equal steps of one model take them together, whether they
        start at the same parameters or not.

    Returns
    -------
    numpy.ndarray
        The parameters of each client after its steps, of shape (clients, (features + 1) · outputs).

    Raises
    ------
    OperatorError
        If a task is none of gradient steps, or if training diverges.
    """
    import numpy as np

    groups: dict[tuple[object, ...], list[int]] = {}
    for at, task in enumerate(tasks):
        if task.solver != "gradient":
            raise OperatorError(f"simulated clients take gradient steps, and the task asks for {task.solver}")
        groups.setdefault((task.model, task.epochs, task.learning_rate), []).append(at)
    first = parameters(tasks[0].parameters)
    moved = np.empty((len(tasks), first.size))
    place = np.full(int(max(block.clients[-1] for block in made)) + 1, -1)
    for members in groups.values():
        place[:] = -1
        place[who[members]] = members
        task = tasks[members[0]]
        starts = _starts(tasks, members, first)
        for block in made:
            chosen = block.only(place[block.clients] >= 0)
            if len(chosen.clients):
                at = place[chosen.clients]
                W = np.repeat(starts, len(at), axis=0) if len(starts) == 1 else starts[at]
                _descend(chosen, W, task)
                moved[at] = W.reshape(len(at), -1)
    if not np.isfinite(moved).all():
        raise beyond_numbers()
    return moved


def _starts(tasks: Sequence[LocalTask], members: Sequence[int], first: np.ndarray) -> np.ndarray:
    """Return where clients start: shape (1, …) if all at one point, else by their place among all tasks."""
    import numpy as np

    shared = tasks[members[0]].parameters
    if all(tasks[at].parameters is shared for at in members):
        return parameters(shared)[None]
    starts = np.empty((len(tasks), *first.shape))
    for at in members:
        starts[at] = parameters(tasks[at].parameters)
    return starts


def _descend(block: Block, W: np.ndarray, task: LocalTask) -> None:
    """Take the steps of a task, each client with its own rows and parameters, in place."""
    import numpy as np

    X = block.X.astype(np.float64, copy=False)
    across, count = X.transpose(0, 2, 1), block.rows[:, None, None]
    labels = _Labels(block.y, W.shape[-1])
    penalty = np.full((W.shape[1], 1), logistic(task.model).l2)
    if not logistic(task.model).penalize_intercept:
        penalty[-1] = 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(task.epochs):
            residual = probabilities(X @ W)
            labels.subtract(residual)
            slope = across @ residual
            slope /= count
            slope += penalty * W
            slope *= task.learning_rate
            W -= slope


class _Labels:
    """The classes of a block's rows, to be taken from probabilities."""

    def __init__(self, y: np.ndarray, count: int) -> None:
        import numpy as np

        self.y = y[..., None]
        self.at = None if count == 1 else np.arange(y.size) * count + y.ravel()

    def subtract(self, made: np.ndarray) -> None:
        """Take 1 from the probability of every row's class, in place; with one output, the class itself."""
        if self.at is None:
            made -= self.y
        else:
            made.reshape(-1)[self.at] -= 1.0


def probabilities(z: np.ndarray) -> np.ndarray:
    """Return the probabilities of linear predictors along the last axis: of class 1, or of each class; may reuse ``z``.

    Examples
    --------
    >>> import numpy as np
    >>> probabilities(np.array([[0.0]])).tolist(), probabilities(np.array([[800.0, 800.0]])).tolist()
    ([[0.5]], [[0.5, 0.5]])
    """
    import numpy as np

    if z.shape[-1] == 1:
        return sigmoid(z)
    z -= z.max(axis=-1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=-1, keepdims=True)
    return z
