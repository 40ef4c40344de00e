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

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, product
from typing import Any

from jupyter_wayang.optimizer.conversions import CostedGraph, Demand

__all__ = ["Assignment", "Enumeration", "Output", "Problem", "cheapest", "enumerate_plans"]

Assignment = tuple[str, ...]
"""A platform for every operator, in order."""

_INFINITE = float("inf")
_Key = tuple[Any, ...]
"""Platforms of the boundary; while the readers of an output are gathered also what they are, as one entry."""

_GATHERED = 3
"""From so many tables of readers on they are gathered one by one."""


@dataclass(frozen=True)
class Output:
    """What one operator makes for some others.

    ``cost`` of moving it is given the platforms at both ends. Consumers of one kind may change places without changing
    the cost; by default each is of its own kind. With few kinds an output may have many consumers.
    """

    producer: int
    consumers: tuple[int, ...]
    cost: Callable[[str, Assignment], float]
    kinds: tuple[Hashable, ...] = ()

    @classmethod
    def across(
        cls,
        producer: int,
        consumers: tuple[int, ...],
        graph: CostedGraph,
        channels: Mapping[str, str],
        production: Mapping[str, float] | None = None,
    ) -> Output:
        """Make an output whose rows change their form along the cheapest tree of conversions.

        Parameters
        ----------
        producer, consumers
            Indices of operators.
        graph
            Channels, conversions and what these cost for the rows of this output.
        channels
            The channel that each platform makes and takes.
        production
            What it costs to make the rows once more, by platform: paid for every reader beyond the first that is served
            from a channel that is not reusable. Default: nothing.

        Examples
        --------
        >>> graph = CostedGraph.of({"rows": True, "table": True}, {("rows", "table"): 2.0})
        >>> output = Output.across(0, (1, 2), graph, {"a": "rows", "b": "table"})
        >>> output.cost("a", ("a", "b")), output.cost("a", ("b", "b")), output.cost("b", ("a", "b"))
        (2.0, 2.0, inf)
        """
        again = production or {}

        def cost(source: str, targets: Assignment) -> float:
            demands = tuple(Demand(channels[target]) for target in targets)
            return graph.cost_s(channels[source], demands, frozenset((source, *targets)), again.get(source, 0.0))

        return cls(producer, consumers, cost, (0,) * len(consumers))

    def kind(self, position: int) -> int:
        """Return the number of the kind of a consumer."""
        return self.kinds.index(self.kinds[position]) if self.kinds else position

    def gathered_cost(self, source: str, readers: tuple[tuple[int, str], ...]) -> float:
        """Return the cost for sorted pairs of kind and platform."""
        order = sorted(range(len(self.consumers)), key=self.kind)
        targets = [""] * len(order)
        for position, (_, platform) in zip(order, readers, strict=True):
            targets[position] = platform
        return self.cost(source, tuple(targets))


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Operators, what flows between them, and what platforms cost.

    Parameters
    ----------
    operators
        For every operator the platforms that can run it, with the cost; of two that cost the same the first is taken.
    outputs
        What flows; an operator may have several outputs, and an output several consumers or none.
    start_up
        Paid once for each platform that is used.
    """

    operators: tuple[Mapping[str, float], ...]
    outputs: tuple[Output, ...] = ()
    start_up: Mapping[str, float] = field(default_factory=dict)

    def cost(self, assignment: Assignment) -> float:
        """Return what a complete plan costs."""
        compute = sum(costs[platform] for costs, platform in zip(self.operators, assignment, strict=True))
        moves = sum(o.cost(assignment[o.producer], tuple(assignment[c] for c in o.consumers)) for o in self.outputs)
        return compute + moves + sum(self.start_up.get(platform, 0.0) for platform in set(assignment))


@dataclass(frozen=True)
class Enumeration:
    """The best plan, and the best with any one choice; None where that choice makes no plan at all."""

    problem: Problem
    best: Assignment
    _found: Mapping[tuple[int, str], tuple[float, _Pass]]

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
        cost, run = found
        return cost, run.assignment(operator, platform)


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
    joins = _joins(problem)
    memo: dict[tuple[int, _Key], float] = {}
    everything = frozenset(platform for costs in problem.operators for platform in costs)
    paid = [p for p in sorted(everything) if problem.start_up.get(p, 0.0) > 0]
    bound = _run(problem, joins, everything, memo)
    if bound is None:
        return None
    least = bound.totals()
    found: dict[tuple[int, str], tuple[float, _Pass]] = dict.fromkeys(least, (_INFINITE, bound))
    for set_, price in _sets(paid, problem.start_up):
        allowed = everything - (set(paid) - set_)
        # Without any start-up a plan costs at least this much; a set that cannot improve on anything is left out.
        if not any(price + least[choice] < cost for choice, (cost, _) in found.items() if choice[1] in allowed):
            continue
        run = bound if allowed == everything else _run(problem, joins, allowed, memo)
        if run is None:
            continue
        for choice, cost in run.totals().items():
            if price + cost < found[choice][0]:
                found[choice] = price + cost, run
    first = min((choice for choice in found if choice[0] == 0), key=lambda choice: found[choice][0])
    return Enumeration(problem, found[first][1].assignment(*first), found)


def cheapest(problem: Problem) -> Assignment | None:
    """Return the best plan alone, in a fraction of the time; None if there is no plan of finite cost.

    Examples
    --------
    >>> cheapest(Problem(operators=({"a": 3, "b": 1}, {"a": 1, "b": 2}), start_up={"b": 4}))
    ('a', 'a')
    """
    if not problem.operators:
        return ()
    joins = _joins(problem)
    memo: dict[tuple[int, _Key], float] = {}
    everything = frozenset(platform for costs in problem.operators for platform in costs)
    paid = [p for p in sorted(everything) if problem.start_up.get(p, 0.0) > 0]
    bound = _run(problem, joins, everything, memo)
    if bound is None:
        return None
    best: tuple[float, _Pass] | None = None
    for set_, price in _sets(paid, problem.start_up):
        if best is not None and price + bound.least >= best[0]:
            break  # the sets that follow are as dear or dearer
        allowed = everything - (set(paid) - set_)
        run = bound if allowed == everything else _run(problem, joins, allowed, memo)
        if run is not None and (best is None or price + run.least < best[0]):
            best = price + run.least, run
    return best[1].best() if best is not None else None


def _sets(platforms: list[str], start_up: Mapping[str, float]) -> list[tuple[frozenset[str], float]]:
    """Return all sets of platforms that start-up may be paid for, the cheapest first."""
    sets = (frozenset(some) for size in range(len(platforms) + 1) for some in combinations(platforms, size))
    return sorted(((set_, sum(start_up[p] for p in set_)) for set_ in sets), key=lambda item: item[1])


@dataclass(frozen=True, kw_only=True)
class _Join:
    """Tables that become one.

    Positions are those in the keys of the tables, one after the other. ``readers`` says where consumers of the output
    are, with their kinds; ``gathered`` where those are that were gathered before; ``producer`` where the producer is, in
    the join that has all of them and adds the cost.
    """

    tables: tuple[int, ...]
    kept: tuple[int, ...] = ()
    output: int | None = None
    readers: tuple[tuple[int, int], ...] = ()
    gathered: int | None = None
    producer: int | None = None


def _joins(problem: Problem) -> tuple[_Join, ...]:
    """Plan the joins: tables are numbered, first one per operator, then one per join; small joins come first."""
    tables = _Tables(problem)
    waiting = set(range(len(problem.outputs)))
    while waiting:
        index = min(waiting, key=lambda index: (tables.size(index), index))
        waiting.remove(index)
        tables.join(index)
    return tables.closed()


class _Tables:
    """The tables while the joins are planned, and which operators each still has in its keys."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._open = [0] * len(problem.operators)
        for output in problem.outputs:
            for operator in _scope(output):
                self._open[operator] += 1
        self._boundary: list[tuple[int, ...]] = [(i,) for i in range(len(problem.operators))]
        self._table_of = list(range(len(problem.operators)))
        self._joins: list[_Join] = []

    def size(self, index: int) -> int:
        """Return how many pairs a join of all tables of an output would look at."""
        pairs = 1
        for table in {self._table_of[i] for i in _scope(self._problem.outputs[index])}:
            for operator in self._boundary[table]:
                pairs *= len(self._problem.operators[operator])
        return pairs

    def join(self, index: int) -> None:
        """Join all tables of an output."""
        output = self._problem.outputs[index]
        for operator in _scope(output):
            self._open[operator] -= 1
        own = self._table_of[output.producer]
        others = sorted({self._table_of[i] for i in output.consumers} - {own})
        gathered: int | None = None
        if len(others) >= _GATHERED:
            for table in others:
                gathered = self._add(index, (table,), gathered, last=False)
            others = []
        self._add(index, (own, *others), gathered, last=True)

    def _add(self, index: int, tables: tuple[int, ...], gathered: int | None, *, last: bool) -> int:
        output = self._problem.outputs[index]
        operators = [i for table in tables for i in self._boundary[table]]
        before = self._boundary[gathered] if gathered is not None else ()
        # What was gathered is the last entry of the key of its table.
        offset = len(before) + (gathered is not None)
        readers = tuple(
            (offset + operators.index(i), output.kind(position))
            for position, i in enumerate(output.consumers)
            if self._table_of[i] in tables
        )
        kept = [(position, i) for position, i in enumerate(before)]
        kept += [(offset + position, i) for position, i in enumerate(operators) if self._open[i]]
        self._joins.append(
            _Join(
                tables=tables if gathered is None else (gathered, *tables),
                kept=tuple(position for position, _ in kept),
                output=index,
                readers=readers,
                gathered=None if gathered is None else offset - 1,
                producer=offset + operators.index(output.producer) if last else None,
            )
        )
        self._boundary.append(tuple(i for _, i in kept))
        number = len(self._boundary) - 1
        joined = {*tables, gathered}
        self._table_of = [number if table in joined else table for table in self._table_of]
        return number

    def closed(self) -> tuple[_Join, ...]:
        """Return all joins, and last those that put together what is not connected."""
        rest = sorted(set(self._table_of))
        single = [_Join(tables=(table,)) for table in rest]  # an operator without any output is still open here
        numbers = range(len(self._boundary), len(self._boundary) + len(single))
        return (*self._joins, *single, _Join(tables=tuple(numbers)))


def _scope(output: Output) -> set[int]:
    return {output.producer, *output.consumers}


class _Pass:
    """The joins for one set of allowed platforms: cheapest partial plans forward, cheapest rest backward."""

    def __init__(self, joins: tuple[_Join, ...], inside: list[dict[_Key, float]], ways: list[list[_Way]]) -> None:
        self._joins = joins
        self._inside = inside
        self._ways = ways
        self._first = len(inside) - len(joins)
        self._best: list[dict[_Key, _Way]] = [_cheapest(one) for one in ways]

    @property
    def least(self) -> float:
        """What the best whole plan costs, without start-up."""
        return self._inside[-1][()]

    def best(self) -> Assignment:
        """Return the best whole plan."""
        chosen = [""] * self._first
        self._fill(len(self._inside) - 1, (), chosen)
        return tuple(chosen)

    @property
    def _outside(self) -> list[dict[_Key, float]]:
        return self._backward[0]

    @property
    def _over(self) -> list[dict[_Key, tuple[int, _Way]]]:
        return self._backward[1]

    @cached_property
    def _backward(self) -> tuple[list[dict[_Key, float]], list[dict[_Key, tuple[int, _Way]]]]:
        outside: list[dict[_Key, float]] = [{} for _ in self._inside]
        over: list[dict[_Key, tuple[int, _Way]]] = [{} for _ in self._inside]
        outside[-1][()] = 0.0
        for number in reversed(range(len(self._joins))):
            tables, above = self._joins[number].tables, outside[self._first + number]
            for way in self._ways[number]:
                if way.key not in above:
                    continue
                rest = above[way.key] + way.moved
                for position, table in enumerate(tables):
                    others = sum(
                        self._inside[t][k]
                        for i, (t, k) in enumerate(zip(tables, way.keys, strict=True))
                        if i != position
                    )
                    key = way.keys[position]
                    if rest + others < outside[table].get(key, _INFINITE):
                        outside[table][key] = rest + others
                        over[table][key] = (number, way)
        return outside, over

    def totals(self) -> dict[tuple[int, str], float]:
        """Return what the best whole plan costs with each operator on each platform, without start-up."""
        return {
            (operator, key[0]): cost + self._outside[operator][key]
            for operator in range(self._first)
            for key, cost in self._inside[operator].items()
            if key in self._outside[operator]
        }

    def assignment(self, operator: int, platform: str) -> Assignment:
        """Return the best whole plan with an operator on a platform."""
        chosen = [""] * self._first
        table: int = operator
        key: _Key = (platform,)
        chosen[operator] = platform
        while table != len(self._inside) - 1:
            number, way = self._over[table][key]
            for other, other_key in zip(self._joins[number].tables, way.keys, strict=True):
                if other != table:
                    self._fill(other, other_key, chosen)
            table, key = self._first + number, way.key
        return tuple(chosen)

    def _fill(self, table: int, key: _Key, chosen: list[str]) -> None:
        stack = [(table, key)]
        while stack:
            table, key = stack.pop()
            if table < self._first:
                chosen[table] = key[0]
            else:
                number = table - self._first
                stack += zip(self._joins[number].tables, self._best[number][key].keys, strict=True)


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to make a partial plan: the parts, the cost of moving rows between them, and of it all."""

    key: _Key
    keys: tuple[_Key, ...]
    moved: float
    cost: float


def _cheapest(ways: Iterable[_Way]) -> dict[_Key, _Way]:
    best: dict[_Key, _Way] = {}
    for way in ways:
        if way.key not in best or way.cost < best[way.key].cost:
            best[way.key] = way
    return best


def _run(
    problem: Problem, joins: tuple[_Join, ...], allowed: frozenset[str], memo: dict[tuple[int, _Key], float]
) -> _Pass | None:
    inside: list[dict[_Key, float]] = [
        {(platform,): cost for platform, cost in costs.items() if platform in allowed} for costs in problem.operators
    ]
    ways: list[list[_Way]] = []
    for join in joins:
        made = _ways(problem, join, [inside[table] for table in join.tables], memo)
        if not made:
            return None
        ways.append(made)
        inside.append({key: way.cost for key, way in _cheapest(made).items()})
    return _Pass(joins, inside, ways)


def _ways(
    problem: Problem, join: _Join, tables: list[dict[_Key, float]], memo: dict[tuple[int, _Key], float]
) -> list[_Way]:
    made = []
    for keys in product(*tables):
        entries: _Key = keys[0] if len(keys) == 1 else tuple(entry for key in keys for entry in key)
        moved, key = 0.0, tuple(entries[position] for position in join.kept)
        if join.output is not None:
            before = entries[join.gathered] if join.gathered is not None else ()
            readers = tuple(sorted((*before, *((kind, entries[position]) for position, kind in join.readers))))
            if join.producer is None:
                key = (*key, readers)
            else:
                ends = (entries[join.producer], readers)
                known = memo.get((join.output, ends))
                if known is None:
                    known = memo[join.output, ends] = problem.outputs[join.output].gathered_cost(*ends)
                moved = known
        if moved < _INFINITE:
            cost = moved + sum(table[key_] for table, key_ in zip(tables, keys, strict=True))
            made.append(_Way(key, keys, moved, cost))
    return made
