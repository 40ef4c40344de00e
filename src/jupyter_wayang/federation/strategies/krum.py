"""The update nearest to its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from jupyter_wayang.federation.strategies.robust import Robust, distances

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Krum", "ranked"]


class Krum(Robust, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""The parameters of one site: of that which is nearest to its neighbours (Blanchard et al., section 4).

    The score of a site is the sum of its squared distances to the n - f - 2 sites nearest to it,

    .. math:: s(i) = \sum_{i \to j} \lVert w^i - w^j \rVert^2,

    and the lowest wins; of equals, that whose parameters are smaller, the first one first, so that the order of sites
    decides nothing. It takes n ≥ 2f + 3 sites, of which f may send anything.

    Parameters
    ----------
    learning_rate, local_epochs, batch, seed
        As in :class:`~jupyter_wayang.federation.strategies.local_steps.LocalSteps`.
    f
        How many sites may be wrong, 1 or more.

    References
    ----------
    Blanchard, P., El Mhamdi, E. M., Guerraoui, R., & Stainer, J. (2017). Machine Learning with Adversaries: Byzantine
    Tolerant Gradient Descent. NeurIPS. Section 4 and, of Multi-Krum, section 6. https://arxiv.org/abs/1703.02757

    Examples
    --------
    With five sites, one of them wrong, two neighbours count: those of 2 are at 1 and 1, those of the others farther.

    >>> import numpy as np
    >>> Krum(learning_rate=0.5, f=1).combined(np.array([[1.0], [2.0], [3.0], [5.0], [1e9]]))
    array([2.])
    """

    word: ClassVar[str] = "krum"

    f: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        self.between("f", self.f, 1, 10_000)

    def fewest(self) -> int:
        """Return 2f + 3."""
        return 2 * self.f + 3

    def combined(self, points: np.ndarray) -> np.ndarray:
        """Return the point with the lowest score."""
        best: np.ndarray = points[ranked(points, self.f)[0]]
        return best


def ranked(points: np.ndarray, f: int) -> np.ndarray:
    """Return the places of points, the lowest score of Krum first; of equal scores, the smaller point first.

    Examples
    --------
    >>> import numpy as np
    >>> ranked(np.array([[1.0], [2.0], [3.0], [5.0], [1e9]]), 1)
    array([1, 0, 2, 3, 4])
    """
    import numpy as np

    apart = distances(points)
    np.fill_diagonal(apart, np.inf)
    scores = np.sort(apart, axis=1)[:, : len(points) - f - 2].sum(axis=1)
    return np.lexsort((*points.T[::-1], scores))
