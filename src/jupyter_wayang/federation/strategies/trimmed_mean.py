"""The mean of every parameter without the largest and the smallest."""

from __future__ import annotations

from itertools import count
from math import floor
from typing import TYPE_CHECKING, ClassVar

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.federation.strategies.robust import Robust

if TYPE_CHECKING:
    import numpy as np

__all__ = ["TrimmedMean"]


class TrimmedMean(Robust, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""Every parameter becomes the mean of the sites' without the largest and the smallest (Yin et al., Definition 2).

    Of n sites the ⌊βn⌋ largest and as many smallest values are left out, and so many sites may send anything.

    Parameters
    ----------
    learning_rate, local_epochs, batch, seed
        As in :class:`~jupyter_wayang.federation.strategies.local_steps.LocalSteps`.
    beta
        The part of the sites that is left out at each end, above 0 and below 1/2.

    References
    ----------
    Yin, D., Chen, Y., Ramchandran, K., & Bartlett, P. (2018). Byzantine-Robust Distributed Learning: Towards Optimal
    Statistical Rates. ICML. https://arxiv.org/abs/1803.01498

    Examples
    --------
    >>> import numpy as np
    >>> TrimmedMean(learning_rate=0.5, beta=0.25).combined(np.array([[1.0], [2.0], [4.0], [1e9]]))
    array([3.])
    """

    word: ClassVar[str] = "trimmed_mean"

    beta: float = 0.25

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.beta < 0.5:
            raise OperatorError("trimmed_mean(): beta must be above 0 and below 0.5", found=str(self.beta))

    def fewest(self) -> int:
        """Return the fewest sites of which one is left out at each end."""
        return next(sites for sites in count(3) if self._cut(sites) > 0)

    def combined(self, points: np.ndarray) -> np.ndarray:
        """Return the mean of what is left of every column."""
        import numpy as np

        cut = self._cut(len(points))
        mean: np.ndarray = np.sort(points, axis=0)[cut : len(points) - cut].mean(axis=0)
        return mean

    def _cut(self, sites: int) -> int:
        # 0.29 * 100 is a little under 29 in floats.
        return floor(self.beta * sites + 1e-9)
