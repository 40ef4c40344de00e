"""A strategy with privacy around it: sites are told how to protect their updates, and noise is added to what comes.

It is a strategy itself, so that rounds and their checkpoints need to know nothing of privacy.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import msgspec

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.events import PrivacySpent
from jupyter_wayang.federation.privacy import central_dp, local_dp, record_dp
from jupyter_wayang.federation.privacy.central_dp import CentralNoise
from jupyter_wayang.federation.privacy.noise_state import SiteNoise, Training
from jupyter_wayang.federation.privacy.secure_session import check_threshold
from jupyter_wayang.federation.strategies.state import Client, GlobalModel, State
from jupyter_wayang.federation.strategy import Personal, Strategy
from jupyter_wayang.plan.privacy import CentralDP, LocalDP, Mechanism, RecordDP, SecureAggregation
from jupyter_wayang.plan.tasks import LocalTask, Update

__all__ = ["Protected", "ProtectedState", "budget", "protected"]

_HALVES: dict[type, Any] = {CentralDP: central_dp, LocalDP: local_dp, RecordDP: record_dp}


class ProtectedState(State, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The state of the strategy within, and of the noise around it."""

    inner: State
    noise: CentralNoise | SiteNoise


@cache
def _state_around(inner: type[State]) -> type[ProtectedState]:
    """Return the class of the state around a state of a class, so that what is read back is of that class again."""
    made = msgspec.defstruct(
        f"Protected{inner.__name__}",
        [("inner", inner)],
        bases=(ProtectedState,),
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    )
    return cast("type[ProtectedState]", made)


class Protected(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A strategy, and a mechanism that adds noise.

    Parameters
    ----------
    inner
        The strategy.
    mechanism
        What is asked for.
    rounds
        How many rounds there are at most: the budget is for all of them.
    sites
        How many sites are asked in a round.
    """

    inner: Any
    mechanism: CentralDP | LocalDP | RecordDP
    rounds: int
    sites: int

    @property
    def weights(self) -> str:
        """What a site counts for, as the strategy says."""
        return str(getattr(self.inner, "weights", "uniform"))

    def init(self, start: GlobalModel, sites: tuple[str, ...]) -> ProtectedState:
        """Return the state before the first round: noise enough for all rounds.

        Raises
        ------
        OperatorError
            If no noise is enough for the budget, or a task asks a site for more than the mechanism covers.
        """
        inner: State = self.inner.init(start, sites)
        clients = [Client(site=site, round=1, sites=sites, total=len(sites)) for site in sites]
        tasks = [self.inner.task(inner, client) for client in clients]
        for task in tasks:
            self._covers(task)
        training = Training(rounds=self.rounds, sites=self.sites, steps=max(task.epochs for task in tasks))
        noise = _HALVES[type(self.mechanism)].begin(self.mechanism, training)
        return _state_around(type(inner))(current=inner.current, inner=inner, noise=noise)

    def _covers(self, task: LocalTask) -> None:
        """Refuse what would leave a site without noise, or be trained without it."""
        word = self.mechanism.__struct_config__.tag
        if task.loss or isinstance(self.inner, Personal):
            what = "tells the loss of its rows" if task.loss else "has a model of its own"
            raise OperatorError(
                f"with this strategy every site {what}, which {word}() does not cover",
                found=str(word),
                hint="fedavg(), fedprox() and fedadam() are among those that go with it",
            )
        if isinstance(self.mechanism, RecordDP) and task.batch is not None:
            raise OperatorError(
                "record_dp() draws the rows of a step by itself, and takes no batch=",
                found="batch",
                hint="as in record_dp(…, sample=0.1)",
            )

    def task(self, state: ProtectedState, client: Client) -> LocalTask:
        """Return the task of the strategy, with what the site does for privacy."""
        task = self.inner.task(state.inner, client)
        made: LocalTask = _HALVES[type(self.mechanism)].asked(self.mechanism, state.noise, task, client)
        return made

    def apply(
        self, state: ProtectedState, updates: tuple[tuple[str, Update], ...]
    ) -> tuple[ProtectedState, dict[str, float]]:
        """Return the state after a round: noise is added, what it spent is accounted for, and the strategy applied.

        Raises
        ------
        DisclosureError
            If the budget is spent.
        """
        half = _HALVES[type(self.mechanism)]
        noise, updates = half.received(self.mechanism, state.noise, state.current.parameters, updates)
        inner, about = self.inner.apply(state.inner, updates)
        after = msgspec.structs.replace(state, current=inner.current, inner=inner, noise=noise)
        return after, {**about, "epsilon": noise.account.spent}


def budget(strategy: Strategy, state: State, number: int) -> tuple[PrivacySpent, ...]:
    """Return what is to be told of the budget after a round; without one, nothing."""
    if not isinstance(strategy, Protected) or not isinstance(state, ProtectedState):
        return ()
    account = state.noise.account
    return (
        PrivacySpent(
            round=number,
            mechanism=str(strategy.mechanism.__struct_config__.tag),
            unit=account.unit,
            epsilon=account.spent,
            budget=account.epsilon,
            delta=account.delta,
            repeatable=strategy.mechanism.seed is not None,
        ),
    )


def protected(strategy: Strategy, privacy: tuple[Mechanism, ...], rounds: int, sites: int) -> Strategy:
    """Return a strategy with mechanisms around it; without any, itself.

    Raises
    ------
    OperatorError
        If the mechanisms do not go with the strategy.

    Examples
    --------
    >>> from jupyter_wayang.federation.strategies.fedavg import FedAvg
    >>> strategy = FedAvg(learning_rate=0.1, weights="uniform")
    >>> protected(strategy, (CentralDP(epsilon=1.0, delta=1e-5),), rounds=3, sites=5).sites
    5
    """
    made = strategy
    for one in privacy:
        if isinstance(one, SecureAggregation | CentralDP):
            _averages(strategy, str(one.__struct_config__.tag))
        if isinstance(one, CentralDP) and getattr(strategy, "weights", "") != "uniform":
            raise OperatorError(
                "with central_dp() every site counts the same: of one that counts by its rows, the noise would not hide all",
                found="weights",
                hint='as in fedavg(…, weights="uniform")',
            )
        if isinstance(one, SecureAggregation):
            check_threshold(one.threshold, sites)
        else:
            made = Protected(inner=strategy, mechanism=one, rounds=rounds, sites=sites)
    return made


def _averages(strategy: object, word: str) -> None:
    """Refuse a strategy that looks at single updates where only their sum is known."""
    if not getattr(strategy, "by_mean", False):
        name = str(getattr(strategy, "word", type(strategy).__name__.lower()))
        raise OperatorError(
            f"{name}() looks at the update of each site, and {word}() shows only their sum",
            found=name,
            hint="strategies that begin with the mean of all go with it, as fedavg(), fedprox() and fedadam()",
        )
