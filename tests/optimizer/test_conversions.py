from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
from optimizer.fakes import platform, seeded

from jupyter_wayang.optimizer.conversions import ChannelGraph, CostedGraph, Demand, Step
from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.platforms.platform import ARROW, PARQUET, Conversion

INFINITE = float("inf")
ENGINES = frozenset({"e"})


def step(source: str, target: str, cost: float, engine: str | None = None) -> Step:
    return Step(source, target, engine, Interval.exact(cost), cost)


def paths(steps: list[Step], source: str, target: str, reusable: dict[str, bool]) -> Iterator[tuple[Step, ...]]:
    """Yield all ways on which a channel comes once, or twice if it is not reusable (before and after a store)."""
    stack: list[tuple[str, tuple[Step, ...]]] = [(source, ())]
    while stack:
        channel, path = stack.pop()
        if channel == target:
            yield path
        seen = [source, *(s.target for s in path)]
        stack += [
            (s.target, (*path, s))
            for s in steps
            if s.source == channel and seen.count(s.target) < (1 if reusable[s.target] else 2)
        ]


def price(
    routes: tuple[tuple[Step, ...], ...],
    demands: tuple[Demand, ...],
    source: str,
    reusable: dict[str, bool],
    again: float,
) -> float:
    """Run routes with a store per reusable channel that was reached: what is stored is not made again."""
    stored: set[tuple[Step, ...]] = set()
    spent, productions = 0.0, 0
    for route, demand in zip(routes, demands, strict=True):
        for _ in range(demand.times):
            known = [n for n in range(len(route) + 1) if route[:n] in stored]
            start = max(known, default=0)
            if not known:
                productions += 1
                if reusable[source]:
                    stored.add(())
            for n in range(start, len(route)):
                spent += route[n].mean_s
                if reusable[route[n].target]:
                    stored.add(route[: n + 1])
    return spent + (productions - 1) * again


def brute_force(
    steps: list[Step], source: str, demands: tuple[Demand, ...], reusable: dict[str, bool], again: float
) -> float:
    choices = [list(paths(steps, source, demand.channel, reusable)) for demand in demands]
    return min((price(routes, demands, source, reusable, again) for routes in product(*choices)), default=INFINITE)


@pytest.mark.parametrize("seed", range(150))
def test_trees_equal_brute_force(seed):
    rng = seeded(seed)
    channels = "abcd"[: rng.randint(2, 4)]
    reusable = {channel: rng.random() < 0.6 for channel in channels}
    steps = [step(a, b, rng.randint(1, 9)) for a in channels for b in channels if a != b and rng.random() < 0.5]
    demands = tuple(
        Demand(rng.choice(channels), rng.choice((1, 1, 1, 4)))
        for _ in range(rng.randint(1, 3 if len(channels) < 4 else 2))
    )
    again = rng.choice((0, 2, 7))
    found = CostedGraph(reusable, tuple(steps)).tree("a", demands, ENGINES, Interval.exact(again))
    best = brute_force(steps, "a", demands, reusable, again)
    if found is None:
        assert best == INFINITE
        return
    assert found.mean_s == pytest.approx(best)
    assert sum(route.cost.mean for route in found.routes) == pytest.approx(best)
    pairs = {(s.source, s.target) for s in steps}
    for route, demand in zip(found.routes, demands, strict=True):
        assert (route.channels[0], route.channels[-1]) == ("a", demand.channel)
        assert set(zip(route.channels, route.channels[1:], strict=False)) <= pairs


def test_some_of_the_random_trees_branch_and_some_do_not_exist():
    rng = seeded(0)
    channels = "abcd"
    shared = missing = 0
    for _ in range(100):
        steps = [step(a, b, rng.randint(1, 9)) for a in channels for b in channels if a != b and rng.random() < 0.4]
        tree = CostedGraph(dict.fromkeys(channels, True), tuple(steps)).tree("a", (Demand("c"), Demand("d")), ENGINES)
        missing += tree is None
        shared += (
            tree is not None
            and len(tree.routes[0].channels) > 2
            and tree.routes[0].channels[:2] == tree.routes[1].channels[:2]
        )
    assert shared > 5
    assert missing > 5


def test_a_shared_step_is_paid_once_and_by_the_first_reader():
    graph = CostedGraph(dict.fromkeys("abc", True), (step("a", "b", 5), step("b", "c", 1)))
    tree = graph.tree("a", (Demand("b"), Demand("c"), Demand("b")), ENGINES)
    assert tree is not None
    assert tree.mean_s == 6
    assert [route.cost.mean for route in tree.routes] == [5, 1, 0]
    assert tree.routes[1].channels == ("a", "b", "c")


def test_rows_that_are_not_reusable_are_made_again_or_stored_first():
    steps = (step("lazy", "table", 3), step("table", "lazy", 1))
    graph = CostedGraph({"lazy": False, "table": True}, steps)
    twice = (Demand("lazy"), Demand("lazy"))
    cheap = graph.tree("lazy", twice, ENGINES, Interval.exact(2))
    assert cheap is not None
    assert [route.channels for route in cheap.routes] == [("lazy",), ("lazy",)]
    assert [route.cost.mean for route in cheap.routes] == [0, 2]
    dear = graph.tree("lazy", twice, ENGINES, Interval.exact(20))
    assert dear is not None
    assert [route.channels for route in dear.routes] == [("lazy", "table", "lazy")] * 2
    assert dear.mean_s == 3 + 1 + 1


def test_a_reader_that_runs_often_moves_reusable_rows_once():
    graph = CostedGraph({"a": True, "kept": True, "lazy": False}, (step("a", "kept", 5), step("a", "lazy", 2)))
    often = graph.tree("a", (Demand("kept", 30),), ENGINES)
    assert often is not None
    assert often.mean_s == 5
    again = graph.tree("a", (Demand("lazy", 30),), ENGINES)
    assert again is not None
    assert again.mean_s == 60


def test_only_engines_at_the_ends_convert():
    steps = (step("a", "b", 1, "other"), step("a", "b", 4, "e"))
    tree = CostedGraph(dict.fromkeys("ab", True), steps).tree("a", (Demand("b"),), ENGINES)
    assert tree is not None
    assert tree.mean_s == 4


def test_between_platforms_rows_go_through_arrow_or_parquet():
    first, second = platform("first"), platform("second")
    graph = ChannelGraph((first, second)).costed(Interval.exact(10), Interval.exact(1000))
    tree = graph.tree(first.channel, (Demand(second.channel),), frozenset({"first", "second"}))
    assert tree is not None
    assert tree.routes[0].channels == (first.channel, ARROW, second.channel)
    from_file = replace(
        second,
        conversions=(Conversion(source=PARQUET, target=second.channel, platform="second"),),
        costs=replace(second.costs, conversions={f"{PARQUET}>{second.channel}": second.costs.operators["filter"]}),
    )
    graph = ChannelGraph((first, from_file)).costed(Interval.exact(10), Interval.exact(1000))
    tree = graph.tree(first.channel, (Demand(second.channel),), frozenset({"first", "second"}))
    assert tree is not None
    assert tree.routes[0].channels == (first.channel, ARROW, PARQUET, second.channel)
