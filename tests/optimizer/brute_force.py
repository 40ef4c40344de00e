"""The least cost of a problem by trying every assignment, and random problems to try it on."""

from __future__ import annotations

import random

from jupyter_wayang.optimizer.conversions import CostedGraph
from jupyter_wayang.optimizer.enumeration import Assignment, Output, Problem

PLATFORMS = ("pandas", "polars", "duckdb", "spark")
INFINITE = float("inf")


def brute_force(problem: Problem) -> dict[tuple[int, str], float]:
    """Return the least cost with every choice; infinite where there is no plan with it."""
    size = len(problem.operators)
    ready: list[list[Output]] = [[] for _ in range(size)]
    for output in problem.outputs:
        ready[max(output.producer, *output.consumers, 0)].append(output)
    moved: dict[tuple[int, str, Assignment], float] = {}
    best = {(index, name): INFINITE for index, costs in enumerate(problem.operators) for name in costs}
    chosen: list[str] = []

    def visit(cost: float) -> None:
        index = len(chosen)
        if index == size:
            whole = cost + sum(problem.start_up.get(name, 0.0) for name in set(chosen))
            for choice in enumerate(chosen):
                best[choice] = min(best[choice], whole)
            return
        for name, own in problem.operators[index].items():
            chosen.append(name)
            more = own
            for output in ready[index]:
                key = (id(output), chosen[output.producer], tuple(chosen[c] for c in output.consumers))
                if key not in moved:
                    moved[key] = output.cost(*key[1:])
                more += moved[key]
            visit(cost + more)
            chosen.pop()

    visit(0.0)
    return best


def random_graph(rng: random.Random, platforms: tuple[str, ...]) -> tuple[CostedGraph, dict[str, str]]:
    """Make a graph in which some platforms share a channel, some cannot be reached, and some must do it themselves."""
    names = [f"c{number}" for number in range(rng.randint(2, 5))]
    conversions: dict[tuple[str, str] | tuple[str, str, str], float] = {}
    for one in names:
        for other in names:
            if one != other and rng.random() < 0.5:
                ends = (one, other, rng.choice(platforms)) if rng.random() < 0.4 else (one, other)
                conversions[ends] = rng.randint(1, 9)
    channels = {platform: rng.choice(names) for platform in platforms}
    return CostedGraph.of({name: rng.random() < 0.6 for name in names}, conversions), channels


def random_problem(rng: random.Random) -> Problem:
    """A chain, a tree or a plan with shared outputs, of 2 to 8 operators on 2 to 4 platforms, over a channel graph."""
    size, platforms = rng.randint(2, 8), PLATFORMS[: rng.randint(2, 4)]
    shape = rng.choice(("chain", "tree", "shared", "shared"))
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
    operators = tuple(
        {name: rng.randint(1, 12) for name in rng.sample(platforms, rng.randint(1, len(platforms)))}
        for _ in range(size)
    )
    graph, channels = random_graph(rng, platforms)
    production = {name: float(rng.randint(0, 6)) for name in platforms}
    outputs = tuple(
        Output.across(producer, tuple(consumers), graph, channels, production)
        for (producer, _), consumers in readers.items()
    )
    start_up = {name: rng.choice((0, 0, 3, 9, 30)) for name in platforms}
    return Problem(operators=operators, outputs=outputs, start_up=start_up)
