"""What strategies share whose sites take plain steps of gradient descent: the task, and its parameters' checks."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar, Literal

import msgspec

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.federation.strategies.state import Client, GlobalModel, State
from jupyter_wayang.federation.strategies.vectors import arrays_like, rows_of, vector
from jupyter_wayang.plan.tasks import LocalTask, Update, steps_of

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Averaging", "LocalSteps", "drawn", "moved"]


class LocalSteps(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""Every site starts at the global parameters and takes steps of gradient descent, ``local_epochs`` times over its rows.

    .. math:: w^k \leftarrow w^k - \eta \nabla F_k(w^k)

    Parameters
    ----------
    learning_rate
        The step :math:`\eta`, above 0.
    local_epochs
        Passes over a site's rows in a round.
    batch
        How many rows a step sees; None: all of the site, one step an epoch. Rows that a database, a frame or Spark holds
        have no order to draw batches from, so that a site trains by batches on NumPy or scikit-learn.
    seed
        What the order of the rows is drawn from, with the round and the site; without batches there is none.
    """

    word: ClassVar[str]

    learning_rate: float
    local_epochs: int = 1
    batch: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.batch is not None:
            self.between("batch", self.batch, 1, 1_000_000_000)
        self.between("local_epochs", self.local_epochs, 1, 100_000)
        self.positive("learning_rate", self.learning_rate)

    def positive(self, name: str, value: float) -> None:
        """Raise an :class:`OperatorError` unless a parameter is above 0 and finite."""
        if not 0 < value < float("inf"):
            raise OperatorError(f"{self.word}(): {name} must be above 0 and finite", found=str(value))

    def not_negative(self, name: str, value: float) -> None:
        """Raise an :class:`OperatorError` unless a parameter is 0 or more, and finite."""
        if not 0 <= value < float("inf"):
            raise OperatorError(f"{self.word}(): {name} must be 0 or more, and finite", found=str(value))

    def between(self, name: str, value: float, low: float, high: float) -> None:
        """Raise an :class:`OperatorError` unless a parameter is between two bounds, both inclusive."""
        if not low <= value <= high:
            raise OperatorError(f"{self.word}(): {name} must be between {low:,} and {high:,}", found=str(value))

    def below_one(self, name: str, value: float) -> None:
        """Raise an :class:`OperatorError` unless a parameter is 0 or more, and below 1."""
        if not 0 <= value < 1:
            raise OperatorError(f"{self.word}(): {name} must be 0 or more and below 1", found=str(value))

    def taken(self, rows: int) -> int:
        """Return how many steps a site with so many rows takes in a round."""
        return steps_of(self.local_epochs, self.batch, rows)

    def init(self, start: GlobalModel, sites: tuple[str, ...]) -> State:
        """Return the state before the first round: the model as it starts."""
        return State(current=start)

    def task(self, state: State, client: Client) -> LocalTask:
        """Return the task of a round: the same for every site, but for the order of rows."""
        now = state.current
        return LocalTask(
            model=now.model,
            features=now.features,
            parameters=now.parameters,
            epochs=self.local_epochs,
            learning_rate=self.learning_rate,
            batch=self.batch,
            seed=0 if self.batch is None else drawn(self.seed, client),
        )


class Averaging(LocalSteps, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Local steps, and a server that begins with a mean of what came back.

    Parameters
    ----------
    learning_rate, local_epochs, batch, seed
        As in :class:`LocalSteps`.
    weights
        ``rows`` weighs a site by its rows; ``uniform`` lets every site count the same.
    """

    weights: Literal["rows", "uniform"] = "rows"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weights not in ("rows", "uniform"):
            raise OperatorError(f"{self.word}(): weights must be 'rows' or 'uniform'", found=str(self.weights))


def drawn(seed: int, client: Client) -> int:
    """Return a seed for a site in a round, the same whatever happened before, below 2⁴⁸.

    Examples
    --------
    >>> drawn(7, Client(site="a", round=1, sites=("a", "b"), total=2))
    205457020974523
    """
    return int.from_bytes(sha256(f"{seed}/{client.round}/{client.site}".encode()).digest()[:6], "big")


def moved(
    state: State, to: np.ndarray, updates: tuple[tuple[str, Update], ...]
) -> tuple[GlobalModel, dict[str, float]]:
    """Return the global model at new parameters, and what is said of a round: its rows, and the step's length."""
    import numpy as np

    old = state.current.parameters
    about = {"rows": rows_of(updates), "step_norm": float(np.linalg.norm(to - vector(old)))}
    return msgspec.structs.replace(state.current, parameters=arrays_like(to, old)), about
