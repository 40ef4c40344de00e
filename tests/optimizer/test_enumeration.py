from __future__ import annotations

import doctest
import random
from itertools import product
from pathlib import Path

import pytest
from optimizer.brute_force import brute_force as every_choice
from optimizer.brute_force import random_problem as over_channels
from optimizer.fakes import seeded

from jupyter_wayang.optimizer.enumeration import Assignment, Output, Problem, cheapest, enumerate_plans

PLATFORMS = ("pandas", "polars", "duckdb", "spark")
INFINITE = float("inf")


def brute_force(problem: Problem, fixed: tuple[int, str] | None = None) -> float:
    """The least cost over all assignments."""
    choices = [list(costs) for costs in problem.operators]
    if fixed is not None:
        choices[fixed[0]] = [fixed[1]]
    return min(problem.cost(assignment) for assignment in product(*choices))


def flow(rng: random.Random, producer: int, consumers: tuple[int, ...]) -> Output:
    """Moving is like a conversion tree: a price per pair, shared by consumers on one platform if it is reusable."""
    prices = {(a, b): 0.0 if a == b else rng.choice((1, 2, 4, 8, INFINITE)) for a in PLATFORMS for b in PLATFORMS}
    reusable = {name: rng.random() < 0.7 for name in PLATFORMS}
    again = rng.choice((1, 5))

    def cost(source: str, targets: Assignment) -> float:
        if reusable[source]:
            return sum(prices[source, target] for target in set(targets))
        return sum(prices[source, target] for target in targets) + again * max(0, len(targets) - 1)

    return Output(producer, consumers, cost)


def random_problem(rng: random.Random) -> Problem:
    """A chain, a tree or a plan with shared outputs, of 2 to 7 operators on 2 to 4 platforms."""
    size, platforms = rng.randint(2, 7), PLATFORMS[: rng.randint(2, 4)]
    if size == 7:
        platforms = platforms[:3]
    shape = rng.choice(("chain", "tree", "shared"))
    readers: dict[tuple[int, int], list[int]] = {}
    for consumer in range(1, size):
        if shape == "chain":
            sources = [consumer - 1]
        elif shape == "tree":
            free = [i for i in range(consumer) if (i, 0) not in readers]
            sources = rng.sample(free, min(len(free), rng.choice((1, 2))))
        else:
            sources = [rng.randrange(consumer) for _ in range(rng.choice((1, 2)))]
        for source in sources:
            readers.setdefault((source, rng.choice((0, 0, 1)) if shape == "shared" else 0), []).append(consumer)
    operators = []
    for _ in range(size):
        able = rng.sample(platforms, rng.randint(1, len(platforms)))
        operators.append({name: rng.randint(1, 12) for name in able})
    outputs = tuple(flow(rng, producer, tuple(consumers)) for (producer, _), consumers in readers.items())
    start_up = {name: rng.choice((0, 0, 3, 9, 30)) for name in platforms}
    return Problem(operators=tuple(operators), outputs=outputs, start_up=start_up)


@pytest.mark.parametrize("seed", range(300))
def test_equals_brute_force_on_random_plans(seed):
    problem = random_problem(seeded(seed))
    found, best = enumerate_plans(problem), brute_force(problem)
    if found is None:
        assert best == INFINITE
        return
    assert found.cost == pytest.approx(best)
    assert problem.cost(found.best) == found.cost
    for operator, costs in enumerate(problem.operators):
        for name in costs:
            expected = brute_force(problem, (operator, name))
            with_ = found.best_with(operator, name)
            if with_ is None:
                assert expected == INFINITE
            else:
                assert with_[0] == pytest.approx(expected)
                assert with_[1][operator] == name


def test_most_of_the_random_plans_can_be_planned_and_mix_platforms():
    problems = [random_problem(seeded(seed)) for seed in range(300)]
    found = [plan for problem in problems if (plan := enumerate_plans(problem)) is not None]
    assert len(found) > 150
    assert sum(len(set(plan.best)) > 1 for plan in found) > 100
    assert sum(any(len(output.consumers) > 1 for output in problem.outputs) for problem in problems) > 60
    assert {len(problem.operators) for problem in problems} == set(range(2, 8))


def random_star(rng: random.Random) -> Problem:
    """One output with 3 to 5 readers of two kinds, some of which go on, also into a common join."""
    readers, platforms = rng.randint(3, 5), PLATFORMS[:3]
    kinds = tuple(rng.choice((1, 10)) for _ in range(readers))
    prices = {(a, b): 0.0 if a == b else rng.randint(1, 6) for a in platforms for b in platforms}

    def cost(source: str, targets: Assignment) -> float:
        # Readers of one platform and kind share, so that the cost depends on who is of which kind.
        return sum(prices[source, target] * kind for target, kind in set(zip(targets, kinds, strict=True)))

    size = readers + 2
    operators = tuple({name: rng.randint(1, 12) for name in rng.sample(platforms, 3)} for _ in range(size))
    consumers = tuple(range(1, readers + 1))
    outputs = [Output(0, consumers, cost, kinds)]
    outputs += [flow(rng, i, (size - 1,)) for i in rng.sample(consumers, rng.randint(0, 2))]
    if rng.random() < 0.3:
        outputs[0] = Output(0, (*consumers[:-1], size - 1), cost, kinds)
    return Problem(operators=operators, outputs=tuple(outputs), start_up={"polars": rng.choice((0, 5)), "duckdb": 3})


@pytest.mark.parametrize("seed", range(60))
def test_equals_brute_force_where_many_read_one_output(seed):
    problem = random_star(seeded(seed))
    found = enumerate_plans(problem)
    if found is None:
        assert brute_force(problem) == INFINITE
        return
    assert found.cost == pytest.approx(brute_force(problem))
    for operator in (0, 1, len(problem.operators) - 1):
        for name in problem.operators[operator]:
            with_ = found.best_with(operator, name)
            cost = with_[0] if with_ is not None else INFINITE
            assert cost == pytest.approx(brute_force(problem, (operator, name)))


def test_many_readers_are_not_tried_in_all_combinations():
    asked = 0

    def cost(source: str, targets: Assignment) -> float:
        nonlocal asked
        asked += 1
        return float(len(set(targets)))

    costs = dict.fromkeys(PLATFORMS, 1.0)
    star = Problem(operators=(costs,) * 11, outputs=(Output(0, tuple(range(1, 11)), cost, (1,) * 10),))
    found = enumerate_plans(star)
    assert found is not None
    assert found.cost == 12
    assert asked < 3000  # of 4 ** 11


def nearly_free(source: str, targets: Assignment) -> float:
    return 0.0


def test_the_set_of_platforms_belongs_to_the_key():
    # Up to the second operator {a} costs 10, and {a, b} 5 and the start-up of b, 6; the third runs on b only.
    problem = Problem(
        operators=({"a": 1}, {"a": 9, "b": 4}, {"b": 1}),
        outputs=(Output(0, (1,), nearly_free), Output(1, (2,), nearly_free)),
        start_up={"b": 6},
    )
    found = enumerate_plans(problem)
    assert found is not None
    assert (found.best, found.cost) == (("a", "b", "b"), 12.0)
    # Who charges start-up while joining but forgets which platforms a partial plan has keeps {a} for its 10.
    greedy = min((("a", "a"), 10), (("a", "b"), 5 + 6), key=lambda partial: partial[1])[0]
    assert problem.cost((*greedy, "b")) == 17.0

    # Who charges it only at the end starts b for a saving that it does not earn back.
    problem = Problem(
        operators=({"a": 2, "b": 1}, {"a": 2, "b": 1}), outputs=(Output(0, (1,), nearly_free),), start_up={"b": 6}
    )
    late = enumerate_plans(Problem(operators=problem.operators, outputs=problem.outputs))
    found = enumerate_plans(problem)
    assert late is not None
    assert found is not None
    assert problem.cost(late.best) == 8
    assert found.cost == 4


def test_start_up_is_paid_once():
    problem = Problem(
        operators=({"a": 5, "b": 1},) * 3,
        outputs=(Output(0, (1,), nearly_free), Output(1, (2,), nearly_free)),
        start_up={"b": 10},
    )
    found = enumerate_plans(problem)
    assert found is not None
    assert (found.best, found.cost) == (("b", "b", "b"), 13)


def test_no_plan():
    assert enumerate_plans(Problem(operators=({},))) is None
    blocked = Output(0, (1,), lambda source, targets: INFINITE)
    assert enumerate_plans(Problem(operators=({"a": 1}, {"a": 1}), outputs=(blocked,))) is None


def test_operators_without_any_output_are_planned_too():
    found = enumerate_plans(Problem(operators=({"a": 2, "b": 1},) * 40))
    assert found is not None
    assert set(found.best) == {"b"}
    assert found.best_with(7, "a") == (41, ("b",) * 7 + ("a",) + ("b",) * 32)


def test_a_choice_that_makes_no_plan_has_no_cost():
    stuck = Output(0, (1,), lambda source, targets: INFINITE if source == "b" else 0.0)
    found = enumerate_plans(Problem(operators=({"a": 1, "b": 1}, {"a": 1}), outputs=(stuck,)))
    assert found is not None
    assert found.best_with(0, "b") is None


def test_of_equal_plans_the_first_platforms_are_taken():
    problem = Problem(operators=({"b": 1, "a": 1}, {"b": 1, "a": 1}), outputs=(Output(0, (1,), nearly_free),))
    found = enumerate_plans(problem)
    assert found is not None
    assert found.best == ("b", "b")


@pytest.mark.parametrize("block", range(20))
def test_equals_brute_force_over_random_channel_graphs(block):
    for seed in range(50 * block, 50 * block + 50):
        problem = over_channels(seeded(seed))
        found, best = enumerate_plans(problem), every_choice(problem)
        if found is None:
            assert min(best.values()) == INFINITE, seed
            assert cheapest(problem) is None
            continue
        assert found.cost == pytest.approx(min(best.values())), seed
        assert problem.cost(found.best) == found.cost
        alone = cheapest(problem)
        assert alone is not None
        assert problem.cost(alone) == pytest.approx(found.cost)
        for choice, expected in best.items():
            with_ = found.best_with(*choice)
            assert (with_[0] if with_ is not None else INFINITE) == pytest.approx(expected), (seed, choice)
            if with_ is not None:
                assert with_[1][choice[0]] == choice[1]
                assert problem.cost(with_[1]) == pytest.approx(with_[0])


def test_the_thousand_problems_have_all_that_they_should_have():
    problems = [over_channels(seeded(seed)) for seed in range(1000)]
    found = [plan for problem in problems if (plan := enumerate_plans(problem)) is not None]
    assert len(found) > 500
    assert sum(len(set(plan.best)) > 1 for plan in found) > 250
    assert sum(any(len(output.consumers) > 1 for output in problem.outputs) for problem in problems) > 200
    assert {len(problem.operators) for problem in problems} == set(range(2, 9))
    assert {len(problem.start_up) for problem in problems} == {2, 3, 4}
    late = [enumerate_plans(Problem(operators=plan.problem.operators, outputs=plan.problem.outputs)) for plan in found]
    # Who forgets start-up while platforms are chosen loses on a good part of them.
    assert sum(plan.cost < plan.problem.cost(one.best) for plan, one in zip(found, late, strict=True) if one) > 100


def test_the_page_of_the_documentation_runs():
    page = Path(__file__).parents[2] / "docs" / "enumeration.md"
    result = doctest.testfile(str(page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert result.attempted > 5
    assert result.failed == 0
