"""Federated averaging with momentum at the server."""

from __future__ import annotations

from typing import ClassVar

from jupyter_wayang.federation.strategies.local_steps import Averaging, moved
from jupyter_wayang.federation.strategies.state import GlobalModel, State
from jupyter_wayang.federation.strategies.vectors import arrays_like, mean_of, vector
from jupyter_wayang.plan.models import NamedArray
from jupyter_wayang.plan.tasks import Update

__all__ = ["FedAvgM"]


class _Rolling(State, frozen=True, kw_only=True, forbid_unknown_fields=True):
    velocity: tuple[NamedArray, ...]


class FedAvgM(Averaging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""Federated averaging whose server goes on in the direction in which it was going.

    With :math:`g = w_t - \sum_k p_k w^k_{t+1}` (Hsu et al., section 4.3):

    .. math:: v \leftarrow \beta v + g, \qquad w_{t+1} = w_t - \eta_s v,

    where v begins at 0. With ``momentum=0`` and ``server_learning_rate=1`` it is FedAvg.

    Parameters
    ----------
    learning_rate, local_epochs, batch, seed, weights
        As in :class:`~jupyter_wayang.federation.strategies.local_steps.Averaging`.
    momentum
        The paper's :math:`\beta`, from 0 to below 1.
    server_learning_rate
        The step of the server :math:`\eta_s`, above 0.

    References
    ----------
    Hsu, T.-M. H., Qi, H., & Brown, M. (2019). Measuring the Effects of Non-Identical Data Distribution for Federated
    Visual Classification. https://arxiv.org/abs/1909.06335

    Examples
    --------
    The mean of the sites is 1 in both rounds: g = -1, then 0. So v = -1 and w = 1, then v = -0.5 and w = 1.5.

    >>> import numpy as np
    >>> from jupyter_wayang.plan.models import LogisticRegression, array, named_array
    >>> def parameters(weight):
    ...     return (named_array("weights", np.array([weight])), named_array("intercept", np.array([0.0])))
    >>> strategy = FedAvgM(learning_rate=0.5, momentum=0.5)
    >>> start = GlobalModel(model=LogisticRegression(), features=("age",), parameters=parameters(0.0))
    >>> updates = (("a", Update(parameters=parameters(1.0), rows=3)),)
    >>> state, _ = strategy.apply(strategy.init(start, ("a", "b")), updates)
    >>> state, _ = strategy.apply(state, updates)
    >>> array(state.current.parameters[0])
    array([1.5])
    """

    word: ClassVar[str] = "fedavgm"

    momentum: float = 0.9
    server_learning_rate: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.below_one("momentum", self.momentum)
        self.positive("server_learning_rate", self.server_learning_rate)

    def init(self, start: GlobalModel, sites: tuple[str, ...]) -> State:
        """Return the state before the first round: nothing moves yet."""
        return _Rolling(current=start, velocity=arrays_like(0 * vector(start.parameters), start.parameters))

    def apply(self, state: _Rolling, updates: tuple[tuple[str, Update], ...]) -> tuple[State, dict[str, float]]:
        """Return the state after a step along the velocity."""
        old = vector(state.current.parameters)
        velocity = self.momentum * vector(state.velocity) + (old - mean_of(updates, self.weights))
        now, about = moved(state, old - self.server_learning_rate * velocity, updates)
        return _Rolling(current=now, velocity=arrays_like(velocity, state.velocity)), about
