"""Federated averaging whose sites stay near the global model."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from jupyter_wayang.federation.strategies.fedavg import FedAvg
from jupyter_wayang.federation.strategies.state import Client, State
from jupyter_wayang.plan.tasks import LocalTask

__all__ = ["FedProx"]


class FedProx(FedAvg, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""Federated averaging whose sites pay for the way they go (Li et al., Algorithm 2).

    Site k takes its steps on

    .. math:: h_k(w; w_t) = F_k(w) + \frac{\mu}{2} \lVert w - w_t \rVert^2,

    and the server averages. With ``mu=0`` it is FedAvg.

    Parameters
    ----------
    learning_rate, local_epochs, batch, seed, weights
        As in :class:`~jupyter_wayang.federation.strategies.local_steps.Averaging`. The paper draws sites by their rows
        and averages uniformly; where all sites take part, that is a mean by rows.
    mu
        The weight of the proximal term :math:`\mu`, 0 or more. The paper tries 0.001, 0.01, 0.1 and 1.

    References
    ----------
    Li, T., Sahu, A. K., Zaheer, M., Sanjabi, M., Talwalkar, A., & Smith, V. (2020). Federated Optimization in
    Heterogeneous Networks. MLSys. https://arxiv.org/abs/1812.06127

    Examples
    --------
    Two steps over two rows from 0: the first has nothing to pay for, the second starts at 0.5 and pays 1 · (0.5 - 0).

    >>> import numpy as np
    >>> from jupyter_wayang.federation.strategies.state import GlobalModel
    >>> from jupyter_wayang.plan.models import LogisticRegression, array, named_array
    >>> from jupyter_wayang.platforms.numpy.learning import gradient
    >>> zero = (named_array("weights", np.zeros(1)), named_array("intercept", np.zeros(1)))
    >>> start = GlobalModel(model=LogisticRegression(), features=("age",), parameters=zero)
    >>> for mu in (0.0, 1.0):
    ...     strategy = FedProx(learning_rate=1.0, local_epochs=2, mu=mu)
    ...     task = strategy.task(strategy.init(start, ("a",)), Client(site="a", round=1, sites=("a",), total=1))
    ...     print(array(gradient(np.array([[1.0], [-1.0]]), np.array([1.0, 0.0]), task).parameters[0]).round(4))
    [0.8775]
    [0.3775]
    """

    word: ClassVar[str] = "fedprox"

    mu: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        self.not_negative("mu", self.mu)

    def task(self, state: State, client: Client) -> LocalTask:
        """Return the task of a round, with the proximal term; its anchor are the global parameters."""
        return msgspec.structs.replace(super().task(state, client), proximal=self.mu)
