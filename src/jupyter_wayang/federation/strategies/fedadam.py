"""Adam at the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from jupyter_wayang.federation.strategies.adaptive import Adaptive

if TYPE_CHECKING:
    import numpy as np

__all__ = ["FedAdam"]


class FedAdam(Adaptive, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""Adam at the server: the step of a parameter is scaled by the steps of late.

    .. math:: v \leftarrow \beta_2 v + (1 - \beta_2) \Delta^2

    The rest is Algorithm 2, in :class:`~jupyter_wayang.federation.strategies.adaptive.Adaptive`.

    Parameters
    ----------
    beta_2
        How much of the second moment is kept, from 0 to below 1.
    bias_correction
        False is the paper's form. True is Kingma & Ba's: v begins at 0, and in round t the step is made of
        :math:`m / (1 - \beta_1^t)` and :math:`v / (1 - \beta_2^t)`.

    References
    ----------
    Reddi, S., Charles, Z., Zaheer, M., Garrett, Z., Rush, K., Konečný, J., Kumar, S., & McMahan, H. B. (2021).
    Adaptive Federated Optimization. ICLR. Algorithm 2. https://arxiv.org/abs/2003.00295

    Examples
    --------
    One site moves the weight by 1. With v = 0.99 + 0.01 and m = 0.1 it is 0.1 · 0.1 / (1 + 1).

    >>> import numpy as np
    >>> from jupyter_wayang.federation.strategies.state import GlobalModel
    >>> from jupyter_wayang.plan.models import LogisticRegression, array, named_array
    >>> from jupyter_wayang.plan.tasks import Update
    >>> def parameters(weight):
    ...     return (named_array("weights", np.array([weight])), named_array("intercept", np.array([0.0])))
    >>> strategy = FedAdam(learning_rate=0.5, server_learning_rate=0.1, tau=1.0)
    >>> start = GlobalModel(model=LogisticRegression(), features=("age",), parameters=parameters(0.0))
    >>> state, _ = strategy.apply(strategy.init(start, ("a",)), (("a", Update(parameters=parameters(1.0), rows=3)),))
    >>> array(state.current.parameters[0]).round(6)
    array([0.005])
    """

    word: ClassVar[str] = "fedadam"

    beta_2: float = 0.99
    bias_correction: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.below_one("beta_2", self.beta_2)

    def begun(self) -> float:
        """Return 0 with bias correction, else τ²."""
        return 0.0 if self.bias_correction else super().begun()

    def grown(self, second: np.ndarray, squares: np.ndarray) -> np.ndarray:
        """Return β₂ v + (1 - β₂) Δ²."""
        return self.beta_2 * second + (1 - self.beta_2) * squares

    def corrected(self, first: np.ndarray, second: np.ndarray, rounds: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the moments, as if they had not begun at 0 if so asked."""
        if not self.bias_correction:
            return first, second
        return first / (1 - self.beta_1**rounds), second / (1 - self.beta_2**rounds)
