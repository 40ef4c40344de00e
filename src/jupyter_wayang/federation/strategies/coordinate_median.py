"""The median of every parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from jupyter_wayang.federation.strategies.robust import Robust

if TYPE_CHECKING:
    import numpy as np

__all__ = ["CoordinateMedian"]


class CoordinateMedian(Robust, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""Every parameter becomes the median of the sites' (Yin et al., Definition 1).

    Less than half of the sites may send anything.

    Parameters
    ----------
    learning_rate, local_epochs, batch, seed
        As in :class:`~jupyter_wayang.federation.strategies.local_steps.LocalSteps`.

    References
    ----------
    Yin, D., Chen, Y., Ramchandran, K., & Bartlett, P. (2018). Byzantine-Robust Distributed Learning: Towards Optimal
    Statistical Rates. ICML. https://arxiv.org/abs/1803.01498

    Examples
    --------
    >>> import numpy as np
    >>> CoordinateMedian(learning_rate=0.5).combined(np.array([[1.0, 9.0], [2.0, 8.0], [1e9, -1e9]]))
    array([2., 8.])
    """

    word: ClassVar[str] = "coordinate_median"

    def fewest(self) -> int:
        """Return 3: of two sites none is in the middle."""
        return 3

    def combined(self, points: np.ndarray) -> np.ndarray:
        """Return the median of every column."""
        import numpy as np

        median: np.ndarray = np.median(points, axis=0)
        return median
