"""The mean of the updates nearest to their neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from jupyter_wayang.federation.strategies.krum import Krum, ranked

if TYPE_CHECKING:
    import numpy as np

__all__ = ["MultiKrum"]


class MultiKrum(Krum, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""The mean of the m sites with the lowest scores of Krum (Blanchard et al., section 6).

    With m = 1 it is Krum.

    Parameters
    ----------
    learning_rate, local_epochs, batch, seed
        As in :class:`~jupyter_wayang.federation.strategies.local_steps.LocalSteps`.
    f
        How many sites may be wrong, 1 or more.
    m
        How many sites make the mean; null for n - f, all that may be right.

    References
    ----------
    Blanchard, P., El Mhamdi, E. M., Guerraoui, R., & Stainer, J. (2017). Machine Learning with Adversaries: Byzantine
    Tolerant Gradient Descent. NeurIPS. Section 4 and, of Multi-Krum, section 6. https://arxiv.org/abs/1703.02757

    Examples
    --------
    >>> import numpy as np
    >>> MultiKrum(learning_rate=0.5, f=1, m=3).combined(np.array([[1.0], [2.0], [3.0], [5.0], [1e9]]))
    array([2.])
    """

    word: ClassVar[str] = "multi_krum"

    m: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.m is not None:
            self.between("m", self.m, 1, 10_000)

    def fewest(self) -> int:
        """Return 2f + 3, or more where m asks for more."""
        return max(super().fewest(), (self.m or 0) + self.f)

    def combined(self, points: np.ndarray) -> np.ndarray:
        """Return the mean of the points with the lowest scores."""
        chosen = ranked(points, self.f)[: self.m or len(points) - self.f]
        mean: np.ndarray = points[chosen].mean(axis=0)
        return mean
