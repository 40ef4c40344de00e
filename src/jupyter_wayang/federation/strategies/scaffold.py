"""Stochastic controlled averaging: what sites differ by is known, and taken out of their steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from jupyter_wayang.federation.strategies.local_steps import LocalSteps, moved
from jupyter_wayang.federation.strategies.state import Client, GlobalModel, State
from jupyter_wayang.federation.strategies.vectors import arrays_like, vector
from jupyter_wayang.plan.models import NamedArray
from jupyter_wayang.plan.tasks import LocalTask, Update

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Controlled", "Scaffold"]


class Controlled(State, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The global model, the server's control variate, that of every site that took part, and the number of all sites."""

    control: tuple[NamedArray, ...]
    controls: dict[str, tuple[NamedArray, ...]]
    total: int

    def of(self, site: str) -> np.ndarray:
        """Return the control variate of a site: 0 until it has taken part."""
        return vector(self.controls[site]) if site in self.controls else 0.0 * vector(self.control)


class Scaffold(LocalSteps, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""Every step of a site is corrected by how it differs from the others (Karimireddy et al., Algorithm 1).

    Site i starts at x, takes K steps :math:`y \leftarrow y - \eta_l (g_i(y) - c_i + c)`, and its control variate becomes
    (option II)

    .. math:: c_i^+ = c_i - c + \frac{x - y_i}{K \eta_l}.

    Over the sites S of the round, of N in all,

    .. math:: x \leftarrow x + \frac{\eta_g}{|S|} \sum_{i \in S} (y_i - x), \qquad
              c \leftarrow c + \frac{1}{N} \sum_{i \in S} (c_i^+ - c_i).

    All of them begin at 0. The control variate of a site follows from what it sends, so it is kept at the server, and
    a site remembers nothing. Where all sites take one step a round it is FedAvg with ``weights="uniform"``.

    Parameters
    ----------
    learning_rate, local_epochs, batch, seed
        As in :class:`~jupyter_wayang.federation.strategies.local_steps.LocalSteps`.
    server_learning_rate
        The step of the server :math:`\eta_g`, above 0.

    References
    ----------
    Karimireddy, S. P., Kale, S., Mohri, M., Reddi, S. J., Stich, S. U., & Suresh, A. T. (2020). SCAFFOLD: Stochastic
    Controlled Averaging for Federated Learning. ICML. https://arxiv.org/abs/1910.06378

    Examples
    --------
    One step of 0.5 took site a from 0 to 1 and left b at 0: they see the gradients -2 and 0, whose mean is -1. The next
    steps of a get c - c_a = 1 added to their gradient, those of b get -1.

    >>> import numpy as np
    >>> from jupyter_wayang.federation.strategies.state import GlobalModel
    >>> from jupyter_wayang.plan.models import LogisticRegression, array, named_array
    >>> def parameters(weight):
    ...     return (named_array("weights", np.array([weight])), named_array("intercept", np.array([0.0])))
    >>> start = GlobalModel(model=LogisticRegression(), features=("age",), parameters=parameters(0.0))
    >>> strategy = Scaffold(learning_rate=0.5)
    >>> updates = (("a", Update(parameters=parameters(1.0), rows=3)), ("b", Update(parameters=parameters(0.0), rows=9)))
    >>> state, _ = strategy.apply(strategy.init(start, ("a", "b")), updates)
    >>> array(state.current.parameters[0])
    array([0.5])
    >>> [
    ...     float(array(strategy.task(state, Client(site=site, round=2, sites=("a", "b"), total=2)).linear[0])[0])
    ...     for site in ("a", "b")
    ... ]
    [1.0, -1.0]
    """

    word: ClassVar[str] = "scaffold"

    server_learning_rate: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.positive("server_learning_rate", self.server_learning_rate)

    def init(self, start: GlobalModel, sites: tuple[str, ...]) -> State:
        """Return the state before the first round: no site differs from the others yet."""
        zero = arrays_like(0.0 * vector(start.parameters), start.parameters)
        return Controlled(current=start, control=zero, controls={}, total=len(sites))

    def task(self, state: Controlled, client: Client) -> LocalTask:  # type: ignore[override]
        """Return the task of a round, with c - c_i added to every gradient of site i."""
        linear = arrays_like(vector(state.control) - state.of(client.site), state.control)
        return msgspec.structs.replace(super().task(state, client), linear=linear)

    def apply(self, state: Controlled, updates: tuple[tuple[str, Update], ...]) -> tuple[State, dict[str, float]]:
        """Return the state after the step of the server, with the control variates of those who took part."""
        x, c, like = vector(state.current.parameters), vector(state.control), state.control
        step, drift = 0.0 * x, 0.0 * c
        controls = dict(state.controls)
        for site, update in updates:
            y, own = vector(update.parameters), state.of(site)
            following = own - c + (x - y) / (self.taken(update.rows) * self.learning_rate)
            step, drift = step + (y - x), drift + (following - own)
            controls[site] = arrays_like(following, like)
        now, about = moved(state, x + self.server_learning_rate * step / len(updates), updates)
        control = arrays_like(c + drift / state.total, like)
        return Controlled(current=now, control=control, controls=controls, total=state.total), about
