"""Federated averaging of some arrays, while every site keeps its own others."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from jupyter_wayang.errors import OperatorError, closest
from jupyter_wayang.federation.strategies.local_steps import Averaging, moved
from jupyter_wayang.federation.strategies.personalized import Personalized
from jupyter_wayang.federation.strategies.state import Client, GlobalModel, State
from jupyter_wayang.federation.strategies.vectors import mean_of
from jupyter_wayang.plan.models import NamedArray
from jupyter_wayang.plan.tasks import LocalTask, Update

__all__ = ["PersonalLayers"]


class PersonalLayers(Averaging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""Federated averaging of all arrays but those named, of which every site has its own (Arivazhagan et al.).

    The parameters of site k are the shared :math:`w` and its own :math:`v_k`. It trains both,

    .. math:: (w^k_{t+1}, v^k_{t+1}) = \text{steps on } F_k \text{ from } (w_t, v^k_t), \qquad
              w_{t+1} = \sum_k p_k w^k_{t+1},

    and the others never see :math:`v_k`. FedBN is the same idea with the arrays of batch normalization. Of a logistic
    regression, an ``intercept`` of its own lets every site have its own prevalence while the weights are shared. The
    global model has the mean of what sites keep, so that it can be used where there was no training.

    Parameters
    ----------
    learning_rate, local_epochs, batch, seed, weights
        As in :class:`~jupyter_wayang.federation.strategies.local_steps.Averaging`.
    layers
        The names of the arrays that are a site's own, with commas between them.

    References
    ----------
    Arivazhagan, M. G., Aggarwal, V., Singh, A. K., & Choudhary, S. (2019). Federated Learning with Personalization
    Layers. https://arxiv.org/abs/1912.00818

    Li, X., Jiang, M., Zhang, X., Kamp, M., & Dou, Q. (2021). FedBN: Federated Learning on Non-IID Features via Local
    Batch Normalization. ICLR. https://arxiv.org/abs/2102.07623

    Examples
    --------
    >>> import numpy as np
    >>> from jupyter_wayang.federation.strategies.state import GlobalModel
    >>> from jupyter_wayang.plan.models import LogisticRegression, array, named_array
    >>> def parameters(weight, intercept):
    ...     return (named_array("weights", np.array([weight])), named_array("intercept", np.array([intercept])))
    >>> strategy = PersonalLayers(learning_rate=0.5, layers="intercept")
    >>> start = GlobalModel(model=LogisticRegression(), features=("age",), parameters=parameters(0.0, 0.0))
    >>> updates = tuple((site, Update(parameters=parameters(w, w), rows=3)) for site, w in (("a", 1.0), ("b", 3.0)))
    >>> state, _ = strategy.apply(strategy.init(start, ("a", "b")), updates)
    >>> [array(one).tolist() for one in strategy.personal(state, "a")]
    [[2.0], [1.0]]
    """

    word: ClassVar[str] = "personal"

    layers: str = "intercept"

    def init(self, start: GlobalModel, sites: tuple[str, ...]) -> State:
        """Return the state before the first round.

        Raises
        ------
        OperatorError
            If the model has no such array, or no other.
        """
        names, known = self._names(), tuple(one.name for one in start.parameters)
        for name in names:
            if name not in known:
                guess = closest(name, known)
                raise OperatorError(
                    f'personal(): the model has no array "{name}".' + (f" Did you mean {guess}?" if guess else ""),
                    found=name,
                    expected=known,
                )
        if set(names) >= set(known):
            raise OperatorError("personal(): if every array is a site's own, nothing is shared", found=self.layers)
        return Personalized(current=start, start=self._own(start.parameters), kept={})

    def task(self, state: Personalized, client: Client) -> LocalTask:  # type: ignore[override]
        """Return the task of a round, which starts at the shared arrays and the site's own."""
        return msgspec.structs.replace(super().task(state, client), parameters=self.personal(state, client.site))

    def apply(self, state: Personalized, updates: tuple[tuple[str, Update], ...]) -> tuple[State, dict[str, float]]:
        """Return the state with the mean of the updates, and the arrays of the sites that took part."""
        now, about = moved(state, mean_of(updates, self.weights), updates)
        kept = {**state.kept, **{site: self._own(update.parameters) for site, update in updates}}
        return msgspec.structs.replace(state, current=now, kept=kept), about

    def personal(self, state: Personalized, site: str) -> tuple[NamedArray, ...]:
        """Return the shared arrays and the site's own."""
        own = {one.name: one for one in state.of(site)}
        return tuple(own.get(one.name, one) for one in state.current.parameters)

    def _names(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in self.layers.split(","))

    def _own(self, parameters: tuple[NamedArray, ...]) -> tuple[NamedArray, ...]:
        return tuple(one for one in parameters if one.name in self._names())
