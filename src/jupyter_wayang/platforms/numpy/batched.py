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
from jupyter_wayang.platforms.numpy.learning import beyond_numbers, penalties, sigmoid, steps

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Block", "Trained", "blocks", "outputs", "parameters", "probabilities", "train"]

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


@dataclass(frozen=True)
class Trained:
    """What clients came to.

    Parameters
    ----------
    points
        Their parameters, of shape (clients, (features + 1) · outputs).
    losses
        The loss of the parameters that each began with, on its rows; None if nobody was asked for it.
    personal
        The parameters of their personal models, shaped as ``points``; None if nobody was asked for one.
    """

    points: np.ndarray
    losses: np.ndarray | None = None
    personal: np.ndarray | None = None


def train(made: tuple[Block, ...], who: np.ndarray, tasks: Sequence[LocalTask]) -> Trained:
    """Train clients side by side.

    Parameters
    ----------
    made
        The blocks of all clients.
    who
        The numbers of the clients that train, ascending; each has rows.
    tasks
        What each of them is asked to do. Those that ask for equal steps take them together, whether they start at the
        same parameters, and are drawn to the same ones, or not; steps over batches of rows are each client's own.

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
        own = None if task.batch is None else at
        groups.setdefault((task.model, task.epochs, task.learning_rate, task.proximal, own), []).append(at)
    points = np.empty((len(tasks), parameters(tasks[0].parameters).size))
    losses = np.empty(len(tasks)) if any(task.loss for task in tasks) else None
    place = np.full(int(max(block.clients[-1] for block in made)) + 1, -1)
    for members in groups.values():
        place[:] = -1
        place[who[members]] = members
        for block in made:
            chosen = block.only(place[block.clients] >= 0)
            if len(chosen.clients):
                at = place[chosen.clients]
                some = [tasks[one] for one in at.tolist()]
                W, shift = _starts(some), _shifts(some)
                if losses is not None:
                    losses[at] = _losses(chosen, W, some[0])
                _descend(chosen, W, shift, some[0])
                points[at] = W.reshape(len(at), -1)
    if not np.isfinite(points).all():
        raise beyond_numbers()
    return Trained(points, losses, _personal(made, who, tasks))


def _personal(made: tuple[Block, ...], who: np.ndarray, tasks: Sequence[LocalTask]) -> np.ndarray | None:
    second = [again for again in (task.second() for task in tasks) if again is not None]
    return train(made, who, second).points if len(second) == len(tasks) else None


def _starts(tasks: Sequence[LocalTask]) -> np.ndarray:
    """Return where clients start, shape (clients, features + 1, outputs)."""
    import numpy as np

    shared = tasks[0].parameters
    if all(task.parameters is shared for task in tasks):
        return np.repeat(parameters(shared)[None], len(tasks), axis=0)
    return np.stack([parameters(task.parameters) for task in tasks])


def _shifts(tasks: Sequence[LocalTask]) -> np.ndarray | None:
    """Return what the objectives of clients add to every gradient, wherever it is taken; None for nothing.

    Of ρ/2 ‖w − a‖² + ⟨g, w⟩ that is g − ρa.
    """
    import numpy as np

    if not any(task.proximal or task.linear for task in tasks):
        return None
    shifts = []
    for task in tasks:
        shift = -task.proximal * parameters(task.anchor or task.parameters)
        shifts.append(shift + parameters(task.linear) if task.linear else shift)
    return np.stack(shifts)


def _descend(block: Block, W: np.ndarray, shift: np.ndarray | None, task: LocalTask) -> None:
    """Take the steps of a task, each client with its own rows and parameters, in place."""
    import numpy as np

    scale = (penalties(task.model, W.shape[1] - 1) + task.proximal)[:, None]
    with np.errstate(over="ignore", invalid="ignore"):
        for rows in _passes(block, W.shape[-1], task):
            residual = probabilities(rows.X @ W)
            rows.subtract(residual)
            slope = rows.X.transpose(0, 2, 1) @ residual
            slope /= rows.count
            slope += scale * W
            if shift is not None:
                slope += shift
            slope *= task.learning_rate
            W -= slope


def _losses(block: Block, W: np.ndarray, task: LocalTask) -> np.ndarray:
    """Return the mean log loss of each client's parameters on its rows, and the model's penalty."""
    import numpy as np

    z = block.X.astype(np.float64, copy=False) @ W
    if z.shape[-1] == 1:
        z = np.concatenate([np.zeros_like(z), z], axis=-1)
    highest = z.max(axis=-1)
    each = highest + np.log(np.exp(z - highest[..., None]).sum(axis=-1))
    each -= np.take_along_axis(z, block.y[..., None], axis=-1)[..., 0]
    there = np.arange(block.y.shape[1]) < block.rows[:, None]
    penalty = (penalties(task.model, W.shape[1] - 1)[:, None] * W**2).sum(axis=(1, 2)) / 2
    found: np.ndarray = (each * there).sum(axis=1) / block.rows + penalty
    return found


def _passes(block: Block, count: int, task: LocalTask) -> Iterator[_Rows]:
    """Yield the rows of every step: all of them, or batches of those of the one client that a block has then."""
    import numpy as np

    if task.batch is None:
        rows = _Rows(block.X.astype(np.float64, copy=False), block.y, block.rows, count)
        for _ in range(task.epochs):
            yield rows
        return
    size = int(block.rows[0])
    own, classes = block.X[0, :size, :-1].astype(np.float64, copy=False), block.y[0, :size]
    for X, y in steps(own, classes, task):
        yield _Rows(np.column_stack([X, np.ones(len(y))])[None], y[None], np.array([len(y)]), count)


class _Rows:
    """Rows that a step is taken over, of every client of a block, and how many each has."""

    def __init__(self, X: np.ndarray, y: np.ndarray, sizes: np.ndarray, count: int) -> None:
        import numpy as np

        self.X, self.count = X, sizes[:, None, None]
        self._y = y[..., None]
        self._at = None if count == 1 else np.arange(y.size) * count + y.ravel()

    def subtract(self, made: np.ndarray) -> None:
        """Take 1 from the probability of every row's class, in place; with one output, the class itself."""
        if self._at is None:
            made -= self._y
        else:
            made.reshape(-1)[self._at] -= 1.0


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
