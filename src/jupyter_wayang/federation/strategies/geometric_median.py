"""The point whose distances to all updates are least in sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from jupyter_wayang.federation.strategies.local_steps import Averaging, moved
from jupyter_wayang.federation.strategies.state import State
from jupyter_wayang.federation.strategies.vectors import shares_of, stacked
from jupyter_wayang.plan.tasks import Update

if TYPE_CHECKING:
    import numpy as np

__all__ = ["GeometricMedian", "geometric_median"]


class GeometricMedian(Averaging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""The geometric median of the sites' parameters, smoothed (Pillutla et al., Algorithm 2).

    From the mean, ``steps`` times (Weiszfeld's):

    .. math:: z \leftarrow \frac{\sum_k \beta_k w^k}{\sum_k \beta_k}, \qquad
              \beta_k = \frac{p_k}{\max(\nu, \lVert z - w^k \rVert)}.

    Sites that have less than half of the weight may send anything, and move it little.

    Parameters
    ----------
    learning_rate, local_epochs, batch, seed, weights
        As in :class:`~jupyter_wayang.federation.strategies.local_steps.Averaging`; a site that lies may lie about its
        rows too, and ``uniform`` does not ask for them.
    steps
        How often it is repeated.
    nu
        The smoothing :math:`\nu`, above 0.

    References
    ----------
    Pillutla, K., Kakade, S. M., & Harchaoui, Z. (2022). Robust Aggregation for Federated Learning. IEEE Transactions
    on Signal Processing. https://arxiv.org/abs/1912.13445

    Examples
    --------
    >>> import numpy as np
    >>> geometric_median(np.array([[0.0], [1.0], [2.0]]), np.full(3, 1 / 3), steps=10, nu=1e-6)
    array([1.])
    """

    word: ClassVar[str] = "geometric_median"

    steps: int = 10
    nu: float = 1e-6

    def __post_init__(self) -> None:
        super().__post_init__()
        self.between("steps", self.steps, 1, 10_000)
        self.positive("nu", self.nu)

    def apply(self, state: State, updates: tuple[tuple[str, Update], ...]) -> tuple[State, dict[str, float]]:
        """Return the state at the geometric median of the updates."""
        shares = shares_of(updates, self.weights)
        now, about = moved(state, geometric_median(stacked(updates), shares, self.steps, self.nu), updates)
        return msgspec.structs.replace(state, current=now), about


def geometric_median(points: np.ndarray, shares: np.ndarray, steps: int, nu: float) -> np.ndarray:
    """Return the smoothed geometric median of points of shape (sites, parameters), by shares of shape (sites,), sum 1."""
    import numpy as np

    z: np.ndarray = shares @ points
    for _ in range(steps):
        beta = shares / np.maximum(nu, np.linalg.norm(points - z, axis=1))
        z = beta @ points / beta.sum()
    return z
