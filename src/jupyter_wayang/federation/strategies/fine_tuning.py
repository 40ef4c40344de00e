"""Federated averaging, and then every site goes on alone."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from jupyter_wayang.federation.strategies.local_steps import Averaging, moved
from jupyter_wayang.federation.strategies.state import Client, GlobalModel, State
from jupyter_wayang.federation.strategies.vectors import mean_of, vector
from jupyter_wayang.plan.models import NamedArray
from jupyter_wayang.plan.tasks import LocalTask, Update

__all__ = ["FineTuning"]


class _Tuned(State, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kept: dict[str, tuple[NamedArray, ...]]
    rounds: int = 0


class FineTuning(Averaging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""Federated averaging for some rounds; in those after them every site fits the global model to its own rows.

    .. math:: v^k_T = w_T, \qquad v^k_{t+1} = \text{steps on } F_k \text{ from } v^k_t \quad (t \ge T).

    The curves of the sites show after round T whom it helps. With as many ``global_rounds`` as rounds it is FedAvg.

    Parameters
    ----------
    learning_rate, local_epochs, batch, seed, weights
        As in :class:`~jupyter_wayang.federation.strategies.local_steps.Averaging`.
    global_rounds
        How many rounds are federated averaging, T.

    References
    ----------
    Yu, T., Bagdasaryan, E., & Shmatikov, V. (2020). Salvaging Federated Learning by Local Adaptation.
    https://arxiv.org/abs/2002.04758

    Cheng, G., Chadha, K., & Duchi, J. (2021). Fine-tuning is Fine in Federated Learning.
    https://arxiv.org/abs/2108.07313

    Examples
    --------
    >>> import numpy as np
    >>> from jupyter_wayang.federation.strategies.state import GlobalModel
    >>> from jupyter_wayang.plan.models import LogisticRegression, array, named_array
    >>> def parameters(weight):
    ...     return (named_array("weights", np.array([weight])), named_array("intercept", np.array([0.0])))
    >>> start = GlobalModel(model=LogisticRegression(), features=("age",), parameters=parameters(0.0))
    >>> strategy = FineTuning(learning_rate=0.5, global_rounds=1)
    >>> state = strategy.init(start, ("a", "b"))
    >>> for first, second in ((1.0, 3.0), (0.5, 4.0)):
    ...     updates = tuple((s, Update(parameters=parameters(w), rows=3)) for s, w in (("a", first), ("b", second)))
    ...     state, _ = strategy.apply(state, updates)
    >>> [float(array(arrays[0])[0]) for arrays in (state.current.parameters, strategy.personal(state, "a"))]
    [2.0, 0.5]
    """

    word: ClassVar[str] = "fine_tuning"

    global_rounds: int

    def __post_init__(self) -> None:
        super().__post_init__()
        self.between("global_rounds", self.global_rounds, 1, 10_000)

    def init(self, start: GlobalModel, sites: tuple[str, ...]) -> State:
        """Return the state before the first round."""
        return _Tuned(current=start, kept={})

    def task(self, state: _Tuned, client: Client) -> LocalTask:  # type: ignore[override]
        """Return the task of a round, which starts at the global model, or where the site is."""
        return msgspec.structs.replace(super().task(state, client), parameters=self.personal(state, client.site))

    def apply(self, state: _Tuned, updates: tuple[tuple[str, Update], ...]) -> tuple[State, dict[str, float]]:
        """Return the state with the mean of the updates, or with each of them for its site."""
        state = msgspec.structs.replace(state, rounds=state.rounds + 1)
        if state.rounds <= self.global_rounds:
            now, about = moved(state, mean_of(updates, self.weights), updates)
            return msgspec.structs.replace(state, current=now), about
        _, about = moved(state, vector(state.current.parameters), updates)
        kept = {**state.kept, **{site: update.parameters for site, update in updates}}
        return msgspec.structs.replace(state, kept=kept), about

    def personal(self, state: _Tuned, site: str) -> tuple[NamedArray, ...]:
        """Return where a site is: at the global model, until it goes on alone."""
        return state.kept.get(site, state.current.parameters)
