"""Federated averaging."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from jupyter_wayang.federation.strategies.local_steps import Averaging, moved
from jupyter_wayang.federation.strategies.state import State
from jupyter_wayang.federation.strategies.vectors import mean_of
from jupyter_wayang.plan.tasks import Update

__all__ = ["FedAvg"]


class FedAvg(Averaging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""Federated averaging: every site trains the global model on its own rows, and the server takes the mean.

    In round t each site k of the set S starts at the global parameters :math:`w_t`, takes ``local_epochs`` (the
    paper's E) steps of gradient descent over all its :math:`n_k` rows (B = ∞), and the server averages (McMahan et
    al., Algorithm 1):

    .. math:: w_{t+1} = \sum_{k \in S} \frac{n_k}{\sum_{j \in S} n_j} w^k_{t+1}.

    Parameters
    ----------
    learning_rate, local_epochs, batch, seed, weights
        As in :class:`~jupyter_wayang.federation.strategies.local_steps.Averaging`; the paper weighs by rows.

    References
    ----------
    McMahan, H. B., Moore, E., Ramage, D., Hampson, S., & Agüera y Arcas, B. (2017). Communication-Efficient Learning
    of Deep Networks from Decentralized Data. AISTATS. https://arxiv.org/abs/1602.05629

    Examples
    --------
    Two sites, of 3 rows and of 1, come back with the weights 1 and 5: (3 · 1 + 1 · 5) / 4 = 2.

    >>> import numpy as np
    >>> from jupyter_wayang.federation.strategies.state import GlobalModel
    >>> from jupyter_wayang.plan.models import LogisticRegression, array, named_array
    >>> def parameters(weight):
    ...     return (named_array("weights", np.array([weight])), named_array("intercept", np.array([0.0])))
    >>> strategy = FedAvg(learning_rate=0.5)
    >>> start = GlobalModel(model=LogisticRegression(), features=("age",), parameters=parameters(0.0))
    >>> updates = (("a", Update(parameters=parameters(1.0), rows=3)), ("b", Update(parameters=parameters(5.0), rows=1)))
    >>> state, about = strategy.apply(strategy.init(start, ("a", "b")), updates)
    >>> array(state.current.parameters[0])
    array([2.])
    """

    word: ClassVar[str] = "fedavg"

    def apply(self, state: State, updates: tuple[tuple[str, Update], ...]) -> tuple[State, dict[str, float]]:
        """Return the state with the mean of the updates, and how far the mean moved."""
        now, about = moved(state, mean_of(updates, self.weights), updates)
        return msgspec.structs.replace(state, current=now), about
