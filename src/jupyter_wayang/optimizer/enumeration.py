"""Enumeration: the cheapest choice of a platform for every operator, and the cheapest with any one choice made.

Knows nothing of operators, only an abstract :class:`Problem` with given costs, over any graph of channels
(:meth:`Output.across`). As in RHEEMix, partial plans start as single
operators; an output joins those of its producer and its consumers and adds the cost of moving the rows; of partial
plans that agree in what the rest can notice, the cheapest is kept. The rest can notice the platforms that are used
(start-up is paid once) and the implementations of operators that still have an output to be joined.

The set of platforms comes first here: for each set that start-up is paid for, plans are joined with only the boundary
as key. This finds the same plans, and far fewer pairs are looked at, because partial plans of different sets never meet.
A pass back over the joins gives, for every operator and platform, the best whole plan with that choice.

References
----------
S. Kruse et al., "RHEEMix in the data jungle", VLDB Journal 29 (2020), section 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, islice

from jupyter_wayang.optimizer.elimination import Costs, Pass
from jupyter_wayang.optimizer.problem import Assignment, Output, Problem
from jupyter_wayang.optimizer.tables import Tables

__all__ = ["Assignment", "Enumeration", "Output", "Problem", "cheapest", "enumerate_plans"]

_INFINITE = float("inf")
_MOST_SETS = 16
_MOST_ENTRIES = 4_000_000
"""Of the tables of all sets that are looked at together."""


@dataclass(frozen=True)
class Enumeration:
    """The best plan, and the best with any one choice; None where that choice makes no plan at all."""

    problem: Problem
    best: Assignment
    _found: Mapping[tuple[int, str], _Found]

    @cached_property
    def cost(self) -> float:
        """What the best plan costs."""
        return self.problem.cost(self.best)

    def best_with(self, operator: int, platform: str) -> tuple[float, Assignment] | None:
        """Return the cheapest whole plan that runs an operator on a platform, and its cost."""
        found = self._found.get((operator, platform))
        if found is None:
            return None
        if self.best[operator] == platform:
            return self.cost, self.best
        return found.cost, found.plan(operator)


def enumerate_plans(problem: Problem) -> Enumeration | None:
    """Find the cheapest plan.

    Parameters
    ----------
    problem
        What is to be planned.

    Returns
    -------
    Enumeration or None
        None if there is no plan of finite cost.

    Examples
    --------
    >>> moved = Output(0, (1,), lambda source, targets: 0.0 if targets == (source,) else 5.0)
    >>> problem = Problem(operators=({"a": 3, "b": 1}, {"a": 1, "b": 2}), outputs=(moved,), start_up={"b": 4})
    >>> found = enumerate_plans(problem)
    >>> found.best, found.cost
    (('a', 'a'), 4.0)
    >>> found.best_with(0, "b")
    (7.0, ('b', 'b'))
    """
    if not problem.operators:
        return Enumeration(problem, (), {})
    search = _Search.of(problem)
    if search is None:
        return None
    # Without any start-up a plan costs at least this much; a set that cannot improve on anything is left out.
    least = [search.bound.totals(operator)[0] for operator in range(len(problem.operators))]
    found: dict[tuple[int, str], _Found] = {}

    def improves(set_: frozenset[str], price: float) -> bool:
        return any(
            price + least[operator][choice] < _cost(found.get((operator, platform)))
            for operator, platforms in enumerate(search.platforms)
            for choice, platform in enumerate(platforms)
            if platform in set_
        )

    for made, prices in search.passes(improves):
        for operator, platforms in enumerate(search.platforms):
            totals = made.totals(operator) + prices[:, None]
            for choice, (platform, set_) in enumerate(zip(platforms, totals.argmin(axis=0), strict=True)):
                cost = float(totals[set_, choice])
                if cost < _cost(found.get((operator, platform))):
                    found[operator, platform] = _Found(cost, search, made, int(set_), choice)
    first = min((one for (operator, _), one in found.items() if operator == 0), key=lambda one: one.cost)
    return Enumeration(problem, first.plan(0), found)


def cheapest(problem: Problem) -> Assignment | None:
    """Return the best plan alone, in a fraction of the time; None if there is no plan of finite cost.

    Examples
    --------
    >>> cheapest(Problem(operators=({"a": 3, "b": 1}, {"a": 1, "b": 2}), start_up={"b": 4}))
    ('a', 'a')
    """
    if not problem.operators:
        return ()
    search = _Search.of(problem)
    if search is None:
        return None
    least = float(search.bound.least[0])
    best: tuple[float, Pass, int] | None = None

    def improves(_: frozenset[str], price: float) -> bool:
        return best is None or price + least < best[0]

    for made, prices in search.passes(improves):
        totals = made.least + prices
        first = int(totals.argmin())
        if totals[first] < (_INFINITE if best is None else best[0]):
            best = float(totals[first]), made, first
    return None if best is None else search.named(best[1].best(best[2]))


@dataclass(frozen=True)
class _Found:
    """The best whole plan with a choice: what it costs, and where it stands."""

    cost: float
    search: _Search
    made: Pass
    set_: int
    choice: int

    def plan(self, operator: int) -> Assignment:
        return self.search.named(self.made.best_with(self.set_, operator, self.choice))


def _cost(found: _Found | None) -> float:
    return _INFINITE if found is None else found.cost


class _Search:
    """A problem as tables, and passes over them for the sets of platforms that start-up may be paid for.

    ``bound`` is the pass in which all platforms are there and nothing has to be started.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._tables = Tables(problem)
        self.platforms = self._tables.platforms
        self._everything = frozenset(platform for platforms in self.platforms for platform in platforms)
        self._together = max(1, min(_MOST_SETS, _MOST_ENTRIES // self._tables.widest))
        self.bound = self._pass([self._everything])

    @classmethod
    def of(cls, problem: Problem) -> _Search | None:
        """Return the search, or None if no plan has a finite cost."""
        made = cls(problem) if all(problem.operators) else None
        return made if made is not None and made.bound.least[0] < _INFINITE else None

    def passes(self, improves: Callable[[frozenset[str], float], bool]) -> Iterator[tuple[Pass, Costs]]:
        """Yield passes and what their sets cost to start, the cheapest first, as far as they can improve anything."""
        import numpy as np

        start_up = self._problem.start_up
        paid = [platform for platform in sorted(self._everything) if start_up.get(platform, 0.0) > 0]
        free = self._everything - set(paid)
        waiting = iter(_sets(paid, start_up))
        while True:
            # What a set can improve on is asked when it is its turn.
            some = ((free | set_, price) for set_, price in waiting if improves(free | set_, price))
            taken = list(islice(some, self._together))
            if not taken:
                return
            yield self._pass([set_ for set_, _ in taken]), np.array([price for _, price in taken])

    def named(self, choices: list[int]) -> Assignment:
        """Return the platforms that were chosen."""
        return tuple(platforms[choice] for platforms, choice in zip(self.platforms, choices, strict=True))

    def _pass(self, sets: list[frozenset[str]]) -> Pass:
        import numpy as np

        operators = [
            np.array([[cost if platform in set_ else _INFINITE for platform, cost in costs.items()] for set_ in sets])
            for costs in self._problem.operators
        ]
        return Pass(self._tables.lengths, self._tables.joins, operators)


def _sets(platforms: list[str], start_up: Mapping[str, float]) -> list[tuple[frozenset[str], float]]:
    """Return all sets of platforms that start-up may be paid for, the cheapest first."""
    sets = (frozenset(some) for size in range(len(platforms) + 1) for some in combinations(platforms, size))
    return sorted(((set_, sum(start_up[p] for p in set_)) for set_ in sets), key=lambda item: item[1])
