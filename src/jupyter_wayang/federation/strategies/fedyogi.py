"""Yogi at the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from jupyter_wayang.federation.strategies.adaptive import Adaptive

if TYPE_CHECKING:
    import numpy as np

__all__ = ["FedYogi"]


class FedYogi(Adaptive, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""Yogi at the server: as Adam, but the scale follows by steps that do not depend on how far it is off.

    .. math:: v \leftarrow v - (1 - \beta_2) \Delta^2 \operatorname{sign}(v - \Delta^2)

    The rest is Algorithm 2, in :class:`~jupyter_wayang.federation.strategies.adaptive.Adaptive`.

    Parameters
    ----------
    beta_2
        How much of the second moment is kept, from 0 to below 1.

    References
    ----------
    Reddi, S., Charles, Z., Zaheer, M., Garrett, Z., Rush, K., Konečný, J., Kumar, S., & McMahan, H. B. (2021).
    Adaptive Federated Optimization. ICLR. Algorithm 2. https://arxiv.org/abs/2003.00295

    Examples
    --------
    One site moves the weight by 1. With v = Δ² = 1 the scale stays, and with m = 0.1 it is 0.1 · 0.1 / (1 + 1).

    >>> import numpy as np
    >>> from jupyter_wayang.federation.strategies.state import GlobalModel
    >>> from jupyter_wayang.plan.models import LogisticRegression, array, named_array
    >>> from jupyter_wayang.plan.tasks import Update
    >>> def parameters(weight):
    ...     return (named_array("weights", np.array([weight])), named_array("intercept", np.array([0.0])))
    >>> strategy = FedYogi(learning_rate=0.5, server_learning_rate=0.1, tau=1.0)
    >>> start = GlobalModel(model=LogisticRegression(), features=("age",), parameters=parameters(0.0))
    >>> state, _ = strategy.apply(strategy.init(start, ("a",)), (("a", Update(parameters=parameters(1.0), rows=3)),))
    >>> array(state.current.parameters[0]).round(6)
    array([0.005])
    """

    word: ClassVar[str] = "fedyogi"

    beta_2: float = 0.99

    def __post_init__(self) -> None:
        super().__post_init__()
        self.below_one("beta_2", self.beta_2)

    def grown(self, second: np.ndarray, squares: np.ndarray) -> np.ndarray:
        """Return v - (1 - β₂) Δ² sign(v - Δ²)."""
        import numpy as np

        grown: np.ndarray = second - (1 - self.beta_2) * squares * np.sign(second - squares)
        return grown
