"""Repeated Krum, then a mean near the median."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from jupyter_wayang.federation.strategies.krum import Krum, ranked

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Bulyan"]


class Bulyan(Krum, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""Picks by Krum, again and again, then averages near the median of every parameter (El Mhamdi et al., section 4).

    t = n - 2f sites are picked, each by Krum among those that are left; then every parameter becomes the mean of the
    t - 2f values nearest to the median of the picked. It takes n ≥ 4f + 3 sites, of which f may send anything.

    Parameters
    ----------
    learning_rate, local_epochs, batch, seed
        As in :class:`~jupyter_wayang.federation.strategies.local_steps.LocalSteps`.
    f
        How many sites may be wrong, 1 or more.

    References
    ----------
    El Mhamdi, E. M., Guerraoui, R., & Rouault, S. (2018). The Hidden Vulnerability of Distributed Learning in
    Byzantium. ICML. https://arxiv.org/abs/1802.07927

    Examples
    --------
    >>> import numpy as np
    >>> sites = np.array([[1.0], [2.0], [3.0], [4.0], [5.0], [6.0], [1e9]])
    >>> float(Bulyan(learning_rate=0.5, f=1).combined(sites)[0]) < 6
    True
    """

    word: ClassVar[str] = "bulyan"

    def fewest(self) -> int:
        """Return 4f + 3."""
        return 4 * self.f + 3

    def combined(self, points: np.ndarray) -> np.ndarray:
        """Return the mean, near the median, of what Krum picked."""
        import numpy as np

        left, picked = points, []
        for _ in range(len(points) - 2 * self.f):
            best = int(ranked(left, self.f)[0])
            picked.append(left[best])
            left = np.delete(left, best, axis=0)
        chosen = np.stack(picked)
        off = np.abs(chosen - np.median(chosen, axis=0))
        nearest = np.argsort(off, axis=0, kind="stable")[: len(chosen) - 2 * self.f]
        mean: np.ndarray = np.take_along_axis(chosen, nearest, axis=0).mean(axis=0)
        return mean
