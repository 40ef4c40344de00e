"""A federation in memory on which strategies are tried: eight sites, a logistic regression, no kernel and no wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from jupyter_wayang.federation.strategy import Client, GlobalModel, State, Strategy, used_at
from jupyter_wayang.plan.model_specs import LogisticRegression
from jupyter_wayang.plan.models import named_array
from jupyter_wayang.plan.tasks import LocalTask, Update
from jupyter_wayang.platforms.numpy.learning import gradient, log_loss

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Trial", "assert_same_rounds", "packed"]

_WIDTH = 3


@dataclass(frozen=True)
class Trial:
    """Sites with their rows: features of shape (n, 3), and classes."""

    rows: Mapping[str, tuple[np.ndarray, np.ndarray]]

    @classmethod
    def of(cls, sites: int, seed: int = 0) -> Trial:
        """Make sites whose sizes, and whose rows, differ.

        Examples
        --------
        >>> list(Trial.of(3).rows)
        ['s0', 's1', 's2']
        """
        import numpy as np

        generator = np.random.default_rng(seed)
        made = {}
        for number in range(sites):
            X = generator.normal(loc=number / 4, size=(12 + 5 * number, _WIDTH))
            made[f"s{number}"] = (X, (X @ [1.0, -2.0, 0.5] + generator.normal(size=len(X)) > 0).astype(float))
        return cls(made)

    @property
    def sites(self) -> tuple[str, ...]:
        """Their names, in order."""
        return tuple(self.rows)

    @property
    def start(self) -> GlobalModel:
        """The model before the first round."""
        import numpy as np

        arrays = (named_array("weights", np.zeros(_WIDTH)), named_array("intercept", np.zeros(1)))
        features = tuple(f"x{index}" for index in range(_WIDTH))
        return GlobalModel(model=LogisticRegression(l2=0.01), features=features, parameters=arrays)

    def answer(self, site: str, task: LocalTask) -> Update:
        """Return what a site sends."""
        update, second = gradient(*self.rows[site], task), task.second()
        if second is None:
            return update
        return msgspec.structs.replace(update, personal=gradient(*self.rows[site], second).parameters)

    def tasks(self, strategy: Strategy, state: State, number: int, absent: int | None = None) -> dict[str, LocalTask]:
        """Return the tasks of a round; ``absent`` is the place of a site that does not take part."""
        taking = tuple(site for index, site in enumerate(self.sites) if index != absent)
        clients = [Client(site=site, round=number, sites=taking, total=len(self.sites)) for site in taking]
        return {client.site: strategy.task(state, client) for client in clients}

    def rounds(
        self,
        strategy: Strategy,
        number: int,
        *,
        absent: Callable[[int], int] | None = None,
        between: Callable[[State], State] = lambda state: state,
    ) -> Iterator[State]:
        """Yield the state after each of some rounds.

        Parameters
        ----------
        strategy
            What is tried.
        number
            How many rounds.
        absent
            The place of the site that does not take part in a round; None: all do.
        between
            What is done to the state after a round, before the next.
        """
        state = strategy.init(self.start, self.sites)
        for one in range(1, number + 1):
            tasks = self.tasks(strategy, state, one, absent(one) if absent else None)
            state, _ = strategy.apply(state, tuple((site, self.answer(site, task)) for site, task in tasks.items()))
            yield state
            state = between(state)

    def loss(self, strategy: Strategy, state: State) -> float:
        """Return the mean over the sites of the loss of the parameters that each uses."""
        now = state.current
        losses = []
        for site, rows in self.rows.items():
            used = used_at(strategy, state, site)
            losses.append(log_loss(*rows, LocalTask(model=now.model, features=now.features, parameters=used)))
        return sum(losses) / len(losses)


def packed(state: object) -> bytes:
    """Return a state, an update or a task as bytes: equal ones have equal bytes."""
    return msgspec.json.encode(state)


def assert_same_rounds(strategy: Strategy, other: Strategy, rounds: int = 5) -> None:
    """Say whether the global model is the same after every round, to 1e-9: for settings that make one another.

    Examples
    --------
    >>> from jupyter_wayang.federation.strategies.fedavg import FedAvg
    >>> from jupyter_wayang.federation.strategies.fedprox import FedProx
    >>> assert_same_rounds(FedProx(learning_rate=0.5, mu=0.0), FedAvg(learning_rate=0.5))
    """
    import numpy as np

    from jupyter_wayang.federation.strategies.vectors import vector

    trial = Trial.of(8)
    pairs = zip(trial.rounds(strategy, rounds), trial.rounds(other, rounds), strict=True)
    for number, (first, second) in enumerate(pairs, start=1):
        points = vector(first.current.parameters), vector(second.current.parameters)
        assert np.allclose(*points, rtol=1e-9, atol=1e-12), f"round {number}: {points[0]} and {points[1]}"
