"""Fair federated averaging: a site where the model does badly counts for more."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from jupyter_wayang.errors import SiteError
from jupyter_wayang.federation.strategies.local_steps import LocalSteps, moved
from jupyter_wayang.federation.strategies.state import Client, State
from jupyter_wayang.federation.strategies.vectors import stacked, vector
from jupyter_wayang.plan.tasks import LocalTask, Update

__all__ = ["QFedAvg"]

_LEAST = 1e-10


class QFedAvg(LocalSteps, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""Federated averaging that weighs a site by its loss to the power q (Li et al., Algorithm 2).

    Site k says :math:`F_k(w_t)`, its loss at the parameters that it was sent. With :math:`L = 1 / \eta` and
    :math:`\Delta w_k = L (w_t - w^k_{t+1})`,

    .. math:: \Delta_k = F_k^q \Delta w_k, \qquad
              h_k = q F_k^{q-1} \lVert \Delta w_k \rVert^2 + L F_k^q, \qquad
              w_{t+1} = w_t - \frac{\sum_k \Delta_k}{\sum_k h_k}.

    With ``q=0`` it is FedAvg with ``weights="uniform"``; the larger q is, the nearer are the sites' losses to each other.

    Parameters
    ----------
    learning_rate, local_epochs, batch, seed
        As in :class:`~jupyter_wayang.federation.strategies.local_steps.LocalSteps`.
    q
        How much fairness counts, 0 or more.

    References
    ----------
    Li, T., Sanjabi, M., Beirami, A., & Smith, V. (2020). Fair Resource Allocation in Federated Learning. ICLR.
    https://arxiv.org/abs/1905.10497

    Examples
    --------
    The losses are 3 and 1, both sites moved by 1, one up and one down: Δw = -1 and 1, Δ = -3 and 1, h = 1 + 3 and
    1 + 1. The first, where the model does badly, has its way: 0 + 2 / 6.

    >>> import numpy as np
    >>> from jupyter_wayang.federation.strategies.state import GlobalModel
    >>> from jupyter_wayang.plan.models import LogisticRegression, array, named_array
    >>> def parameters(weight):
    ...     return (named_array("weights", np.array([weight])), named_array("intercept", np.array([0.0])))
    >>> start = GlobalModel(model=LogisticRegression(), features=("age",), parameters=parameters(0.0))
    >>> strategy = QFedAvg(learning_rate=1.0, q=1.0)
    >>> up = Update(parameters=parameters(1.0), rows=3, loss=3.0)
    >>> down = Update(parameters=parameters(-1.0), rows=3, loss=1.0)
    >>> state, _ = strategy.apply(strategy.init(start, ("a", "b")), (("a", up), ("b", down)))
    >>> array(state.current.parameters[0]).round(6)
    array([0.333333])
    """

    word: ClassVar[str] = "qfedavg"

    q: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        self.between("q", self.q, 0, 100)

    def task(self, state: State, client: Client) -> LocalTask:
        """Return the task of a round, which asks for the loss at the parameters sent."""
        return msgspec.structs.replace(super().task(state, client), loss=True)

    def apply(self, state: State, updates: tuple[tuple[str, Update], ...]) -> tuple[State, dict[str, float]]:
        """Return the state after the step of the server.

        Raises
        ------
        SiteError
            If a site did not say its loss.
        """
        import numpy as np

        w, lipschitz = vector(state.current.parameters), 1 / self.learning_rate
        # Of a loss of 0 there is no power below 1.
        losses = np.maximum([_loss(site, update) for site, update in updates], _LEAST)
        steps = lipschitz * (w - stacked(updates))
        power = losses**self.q
        h = self.q * losses ** (self.q - 1) * (steps**2).sum(axis=1) + lipschitz * power
        now, about = moved(state, w - power @ steps / h.sum(), updates)
        return msgspec.structs.replace(state, current=now), about


def _loss(site: str, update: Update) -> float:
    if update.loss is None:
        raise SiteError(f"{site} did not say its loss, by which qfedavg() weighs it")
    return update.loss
