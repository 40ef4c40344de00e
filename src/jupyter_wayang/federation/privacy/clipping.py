"""How much one may change: vectors are shortened to a norm, and the norm follows the vectors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Adaptive", "clipped"]


def clipped(change: np.ndarray, norm: float) -> tuple[np.ndarray, bool]:
    r"""Return a vector no longer than a norm, and whether it was not longer before.

    .. math:: \Delta \cdot \min(1, C / \|\Delta\|)

    Examples
    --------
    >>> import numpy as np
    >>> clipped(np.array([3.0, 4.0]), 1.0)
    (array([0.6, 0.8]), False)
    >>> clipped(np.array([0.3, 0.4]), 1.0)
    (array([0.3, 0.4]), True)
    """
    import numpy as np

    length = float(np.linalg.norm(change))
    return (change, True) if length <= norm else (change * (norm / length), False)


class Adaptive(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""A norm that follows the quantile of the lengths of updates, told by one noisy bit of each.

    Each of n sites says whether its update was no longer than C, as b = ±½. The noisy fraction and the next norm are

    .. math:: \tilde b = \frac{1}{n} \Big( \sum_i b_i + N(0, \sigma_b^2) \Big) + \frac{1}{2}, \qquad
       C \leftarrow C \cdot \exp(-\eta_C (\tilde b - \gamma)),

    so that C falls while more than the quantile γ are below it, and rises while fewer are.

    Parameters
    ----------
    norm
        C of this round: updates are clipped at it, and its noise fits it.
    quantile, rate
        γ and η_C.

    References
    ----------
    Andrew, G., Thakkar, O., McMahan, H. B., & Ramaswamy, S. (2021). Differentially Private Learning with Adaptive
    Clipping. NeurIPS, Algorithm 1. https://arxiv.org/abs/1905.03871

    Examples
    --------
    All of four sites were below, which is more than half: the norm falls by exp(-0.2 · (1 - 0.5)).

    >>> Adaptive(norm=1.0, quantile=0.5, rate=0.2).after(within=2.0, sites=4).norm == math.exp(-0.1)
    True
    """

    norm: float
    quantile: float
    rate: float

    def after(self, within: float, sites: int) -> Adaptive:
        """Return the norm of the next round.

        Parameters
        ----------
        within
            The sum of the bits, with noise.
        sites
            How many sites were asked.
        """
        fraction = within / sites + 0.5
        # Noise may say more than all or fewer than none; with few sites the norm would then leap.
        step = -self.rate * (min(max(fraction, 0.0), 1.0) - self.quantile)
        return msgspec.structs.replace(self, norm=self.norm * math.exp(step))

    @staticmethod
    def bit_noise(noise_multiplier: float, sites: int) -> float:
        """Return σ_b: a twentieth of the sites as in the paper, and of few sites so much that the updates' noise bears it.

        Then the updates' noise grows by at most 1 / √(1 - 1/4), 15 %.
        """
        return max(sites / 20, noise_multiplier)

    @staticmethod
    def update_noise(noise_multiplier: float, bit_noise: float) -> float:
        r"""Return the noise multiplier of the updates, when bits are told too and both together spend the first.

        .. math:: z_\Delta = (z^{-2} - (2 \sigma_b)^{-2})^{-1/2}

        Examples
        --------
        >>> round(Adaptive.update_noise(1.0, bit_noise=1.0), 4)
        1.1547
        """
        return float((noise_multiplier**-2 - (2.0 * bit_noise) ** -2) ** -0.5)
