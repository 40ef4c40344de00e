"""What rules share that bear sites whose updates are wrong, by mistake or on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.federation.strategies.local_steps import LocalSteps, moved
from jupyter_wayang.federation.strategies.state import Client, GlobalModel, State
from jupyter_wayang.federation.strategies.vectors import stacked
from jupyter_wayang.plan.tasks import LocalTask, Update

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Robust", "distances"]


class Robust(LocalSteps, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Local steps, and a server that combines what came back so that some of it may be wrong.

    Every site counts the same: a site that lies may lie about its rows too. A number of sites that the rule cannot
    protect is refused: when a task is planned, and of a round before it is trained and after it.
    """

    def fewest(self) -> int:
        """Return the fewest sites that the rule can protect."""
        raise NotImplementedError

    def combined(self, points: np.ndarray) -> np.ndarray:
        """Return the global parameters of those of the sites: floats of shape (sites, parameters)."""
        raise NotImplementedError

    def init(self, start: GlobalModel, sites: tuple[str, ...]) -> State:
        """Return the state before the first round.

        Raises
        ------
        OperatorError
            If there are fewer sites than the rule can protect.
        """
        self._enough(len(sites))
        return super().init(start, sites)

    def task(self, state: State, client: Client) -> LocalTask:
        """Return the task of a round, the same for every site.

        Raises
        ------
        OperatorError
            If there are fewer sites than the rule can protect.
        """
        self._enough(len(client.sites))
        return super().task(state, client)

    def apply(self, state: State, updates: tuple[tuple[str, Update], ...]) -> tuple[State, dict[str, float]]:
        """Return the state with what the rule makes of the updates.

        Raises
        ------
        OperatorError
            If there are fewer updates than the rule can protect.
        """
        self._enough(len(updates))
        now, about = moved(state, self.combined(stacked(updates)), updates)
        return msgspec.structs.replace(state, current=now), about

    def _enough(self, sites: int) -> None:
        if sites < self.fewest():
            raise OperatorError(
                f"{self.word}() protects {self.fewest()} sites or more as it is set, and there are {sites}",
                found=str(sites),
                hint="tolerate fewer wrong sites, or take fedavg(), which tolerates none",
            )


def distances(points: np.ndarray) -> np.ndarray:
    """Return the squared distances between points, shape (sites, sites).

    They are made of differences: by products of points, near ones would come out below 0.

    Examples
    --------
    >>> import numpy as np
    >>> distances(np.array([[0.0, 0.0], [3.0, 4.0]]))
    array([[ 0., 25.],
           [25.,  0.]])
    """
    import numpy as np

    apart: np.ndarray = np.stack([((points - point) ** 2).sum(axis=1) for point in points])
    return apart
