"""Adagrad at the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from jupyter_wayang.federation.strategies.adaptive import Adaptive

if TYPE_CHECKING:
    import numpy as np

__all__ = ["FedAdagrad"]


class FedAdagrad(Adaptive, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""Adagrad at the server: a parameter that moved much moves less from then on.

    .. math:: v \leftarrow v + \Delta^2

    The rest is Algorithm 2, in :class:`~jupyter_wayang.federation.strategies.adaptive.Adaptive`.

    References
    ----------
    Reddi, S., Charles, Z., Zaheer, M., Garrett, Z., Rush, K., Konečný, J., Kumar, S., & McMahan, H. B. (2021).
    Adaptive Federated Optimization. ICLR. Algorithm 2. https://arxiv.org/abs/2003.00295

    Examples
    --------
    One site moves the weight by 1. With v = 1 + 1 and m = 0.1 it is 0.1 · 0.1 / (√2 + 1).

    >>> import numpy as np
    >>> from jupyter_wayang.federation.strategies.state import GlobalModel
    >>> from jupyter_wayang.plan.models import LogisticRegression, array, named_array
    >>> from jupyter_wayang.plan.tasks import Update
    >>> def parameters(weight):
    ...     return (named_array("weights", np.array([weight])), named_array("intercept", np.array([0.0])))
    >>> strategy = FedAdagrad(learning_rate=0.5, server_learning_rate=0.1, tau=1.0)
    >>> start = GlobalModel(model=LogisticRegression(), features=("age",), parameters=parameters(0.0))
    >>> state, _ = strategy.apply(strategy.init(start, ("a",)), (("a", Update(parameters=parameters(1.0), rows=3)),))
    >>> array(state.current.parameters[0]).round(6)
    array([0.004142])
    """

    word: ClassVar[str] = "fedadagrad"

    def grown(self, second: np.ndarray, squares: np.ndarray) -> np.ndarray:
        """Return v + Δ²."""
        grown: np.ndarray = second + squares
        return grown
