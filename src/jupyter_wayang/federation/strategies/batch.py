"""Updates of many simulated clients as one array: a sequence of updates that are made only where somebody looks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

from jupyter_wayang.plan.models import NamedArray, named_array
from jupyter_wayang.plan.tasks import Update

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Batch", "Updates"]


@dataclass(frozen=True, eq=False)
class Batch(Sequence[tuple[str, Update]]):
    """What clients of a round came to, as ``apply`` takes it: a sequence of (client, update).

    The rules of :mod:`~jupyter_wayang.federation.strategies.vectors` take its arrays as they are; a strategy that goes
    through the updates one by one gets each of them.

    Parameters
    ----------
    names
        The clients.
    points
        Their parameters, of shape (clients, parameters).
    rows
        How many rows each was trained on.
    like
        Arrays with the names and shapes of the parameters.
    losses, personal
        What clients say beside that, if they were asked: of shape (clients,) and (clients, parameters).

    Examples
    --------
    >>> import numpy as np
    >>> from jupyter_wayang.plan.models import array
    >>> like = (named_array("weights", np.zeros(1)), named_array("intercept", np.zeros(1)))
    >>> batch = Batch(("a", "b"), np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5, 6]), like)
    >>> len(batch), batch[1][0], batch[1][1].rows, array(batch[1][1].parameters[1]).tolist()
    (2, 'b', 6, [4.0])
    """

    names: Sequence[str]
    points: np.ndarray
    rows: np.ndarray
    like: tuple[NamedArray, ...]
    losses: np.ndarray | None = None
    personal: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[tuple[str, Update]]:
        return (self._update(at) for at in range(len(self)))

    @overload
    def __getitem__(self, at: int) -> tuple[str, Update]: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[tuple[str, Update], ...]: ...

    def __getitem__(self, at: int | slice) -> tuple[str, Update] | tuple[tuple[str, Update], ...]:
        if isinstance(at, slice):
            return tuple(self._update(one) for one in range(*at.indices(len(self))))
        return self._update(at)

    def _update(self, at: int) -> tuple[str, Update]:
        made = Update(
            parameters=self._arrays(self.points[at]),
            rows=int(self.rows[at]),
            loss=None if self.losses is None else float(self.losses[at]),
            personal=() if self.personal is None else self._arrays(self.personal[at]),
        )
        return self.names[at], made

    def _arrays(self, point: np.ndarray) -> tuple[NamedArray, ...]:
        made, start = [], 0
        for one in self.like:
            size = math.prod(one.shape)
            made.append(named_array(one.name, point[start : start + size].reshape(one.shape)))
            start += size
        return tuple(made)


Updates = Batch | tuple[tuple[str, Update], ...]
"""What the sites of a round came to, one by one or as a batch."""
