"""A model for every site, held near the global one."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from jupyter_wayang.errors import SiteError
from jupyter_wayang.federation.strategies.local_steps import Averaging, moved
from jupyter_wayang.federation.strategies.personalized import Personalized
from jupyter_wayang.federation.strategies.state import Client, GlobalModel, State
from jupyter_wayang.federation.strategies.vectors import mean_of
from jupyter_wayang.plan.models import NamedArray
from jupyter_wayang.plan.tasks import LocalTask, PersonalTask, Update

__all__ = ["Ditto"]


class Ditto(Averaging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""Federated averaging, and beside it a model of every site's own (Li et al., Algorithm 1).

    The global model is that of FedAvg. In every round in which site k takes part, its own parameters :math:`v_k` take as
    many steps as its local ones, held near the global ones that it was sent:

    .. math:: v_k \leftarrow v_k - \eta \big(\nabla F_k(v_k) + \lambda (v_k - w_t)\big).

    With ``lam=0`` every site learns by itself; the larger λ, the nearer to the global model. They are kept at the server
    and sent to their site only.

    Parameters
    ----------
    learning_rate, local_epochs, batch, seed, weights
        As in :class:`~jupyter_wayang.federation.strategies.local_steps.Averaging`.
    lam
        How much the way from the global model costs, :math:`\lambda`, 0 or more; λη is best kept below 1.

    References
    ----------
    Li, T., Hu, S., Beirami, A., & Smith, V. (2021). Ditto: Fair and Robust Federated Learning Through Personalization.
    ICML. https://arxiv.org/abs/2012.04221

    Examples
    --------
    >>> import numpy as np
    >>> from jupyter_wayang.federation.strategies.state import GlobalModel
    >>> from jupyter_wayang.plan.models import LogisticRegression, array, named_array
    >>> def parameters(weight):
    ...     return (named_array("weights", np.array([weight])), named_array("intercept", np.array([0.0])))
    >>> start = GlobalModel(model=LogisticRegression(), features=("age",), parameters=parameters(0.0))
    >>> strategy = Ditto(learning_rate=0.5, lam=0.2)
    >>> update = Update(parameters=parameters(1.0), rows=3, personal=parameters(2.0))
    >>> state, _ = strategy.apply(strategy.init(start, ("a", "b")), (("a", update),))
    >>> [float(array(arrays[0])[0]) for arrays in (state.current.parameters, strategy.personal(state, "a"))]
    [1.0, 2.0]
    """

    word: ClassVar[str] = "ditto"

    lam: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        self.not_negative("lam", self.lam)

    def init(self, start: GlobalModel, sites: tuple[str, ...]) -> State:
        """Return the state before the first round: every site's model is the one that all begin with."""
        return Personalized(current=start, start=start.parameters, kept={})

    def task(self, state: Personalized, client: Client) -> LocalTask:  # type: ignore[override]
        """Return the task of a round, and the training of the site's own model."""
        own = PersonalTask(parameters=state.of(client.site), proximal=self.lam, epochs=self.local_epochs)
        return msgspec.structs.replace(super().task(state, client), personal=own)

    def apply(self, state: Personalized, updates: tuple[tuple[str, Update], ...]) -> tuple[State, dict[str, float]]:
        """Return the state with the mean of the updates, and the models of the sites that took part.

        Raises
        ------
        SiteError
            If a site did not send its model.
        """
        for site, update in updates:
            if not update.personal:
                raise SiteError(f"{site} did not send the model of its own, which ditto() asked for")
        now, about = moved(state, mean_of(updates, self.weights), updates)
        kept = {**state.kept, **{site: update.personal for site, update in updates}}
        return msgspec.structs.replace(state, current=now, kept=kept), about

    def personal(self, state: Personalized, site: str) -> tuple[NamedArray, ...]:
        """Return the parameters of a site's own model."""
        return state.of(site)
