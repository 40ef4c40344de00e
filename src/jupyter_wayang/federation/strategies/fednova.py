"""Federated averaging of steps, whatever number of them a site took."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from jupyter_wayang.federation.strategies.local_steps import Averaging, moved
from jupyter_wayang.federation.strategies.state import State
from jupyter_wayang.federation.strategies.vectors import shares_of, stacked, vector
from jupyter_wayang.plan.tasks import Update

__all__ = ["FedNova"]


class FedNova(Averaging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""Normalized averaging: sites that take more steps do not pull harder (Wang et al., equations 11 and 12).

    With ``batch``, a site of n rows takes :math:`\tau = E \lceil n / B \rceil` steps in a round, and the mean of their
    parameters would lean to those with many. The server averages the mean step of each instead,

    .. math:: w_{t+1} = w_t - \Big(\sum_k p_k \tau_k\Big) \sum_k p_k \frac{w_t - w^k_{t+1}}{\tau_k}.

    Where all sites take as many steps, as without ``batch``, it is FedAvg.

    Parameters
    ----------
    learning_rate, local_epochs, batch, seed, weights
        As in :class:`~jupyter_wayang.federation.strategies.local_steps.Averaging`; the paper weighs by rows.

    References
    ----------
    Wang, J., Liu, Q., Liang, H., Joshi, G., & Poor, H. V. (2020). Tackling the Objective Inconsistency Problem in
    Heterogeneous Federated Optimization. NeurIPS. https://arxiv.org/abs/2007.07481

    Examples
    --------
    Site a takes 3 steps over its 30 rows, to 3; b takes 1, to -1. FedAvg leans to a: 0.75 · 3 - 0.25 · 1 = 2. The mean
    step is 0.75 · 1 - 0.25 · 1 = 0.5, and there are 0.75 · 3 + 0.25 · 1 = 2.5 of them: 1.25.

    >>> import numpy as np
    >>> from jupyter_wayang.federation.strategies.state import GlobalModel
    >>> from jupyter_wayang.plan.models import LogisticRegression, array, named_array
    >>> def parameters(weight):
    ...     return (named_array("weights", np.array([weight])), named_array("intercept", np.array([0.0])))
    >>> start = GlobalModel(model=LogisticRegression(), features=("age",), parameters=parameters(0.0))
    >>> strategy = FedNova(learning_rate=0.5, batch=10)
    >>> updates = (("a", Update(parameters=parameters(3.0), rows=30)), ("b", Update(parameters=parameters(-1.0), rows=10)))
    >>> state, _ = strategy.apply(strategy.init(start, ("a", "b")), updates)
    >>> array(state.current.parameters[0])
    array([1.25])
    """

    word: ClassVar[str] = "fednova"

    def apply(self, state: State, updates: tuple[tuple[str, Update], ...]) -> tuple[State, dict[str, float]]:
        """Return the state after as many mean steps as a site takes in the mean."""
        import numpy as np

        w, shares = vector(state.current.parameters), shares_of(updates, self.weights)
        taken = np.array([float(self.taken(update.rows)) for _, update in updates])
        step = (shares / taken) @ (w - stacked(updates))
        now, about = moved(state, w - (shares @ taken) * step, updates)
        return msgspec.structs.replace(state, current=now), about
