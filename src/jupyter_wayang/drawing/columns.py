"""The column of every operator: Graphviz's ranks where it is there, else the longest path.

Lanes share their columns. A column is two ranks wide: sites stand on even ones and the kernel between them, so that a
step at the kernel falls into the column of the site's step that it serves.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

from jupyter_wayang.plan.execution import ExecutionPlan

__all__ = ["columns", "graphviz_ranks", "longest_path_ranks"]

# Graphviz keeps state of its own between calls.
_GRAPHVIZ = Lock()
_POINTS_PER_RANK = 72


class Step(NamedTuple):
    """The target lies at least ``length`` ranks to the right of the source."""

    source: str
    target: str
    length: int
    weight: int


def columns(plan: ExecutionPlan) -> tuple[dict[str, int], bool]:
    """Return the column of every operator, and whether Graphviz ranked them."""
    steps = _steps(plan)
    ids = tuple(_ordered(plan))
    ranks = _ranks(ids, steps)
    ranked = ranks or longest_path_ranks(ids, steps)
    ranked = _aligned(plan, ranked, steps)
    # Facts serve the step that uses them; an aggregate of updates stands above the step that sends them.
    ahead = {edge.source.node for edge in plan.edges if edge.kind == "facts" and not edge.back}
    kernels = {lane.id for lane in plan.lanes if lane.kind == "kernel"}
    found = {
        op.id: ranked[op.id] // 2 + (op.lane in kernels and op.id in ahead and ranked[op.id] % 2)
        for op in plan.operators
    }
    return _dense(_loop_alone(plan, found)), ranks is not None


@lru_cache(maxsize=32)
def _ranks(ids: tuple[str, ...], steps: tuple[Step, ...]) -> dict[str, int] | None:
    """Return Graphviz's ranks, found once for the picture, the data and the live view of one plan."""
    return graphviz_ranks(ids, steps)


def _ordered(plan: ExecutionPlan) -> list[str]:
    """Return the operators so that inputs come first, as far as there is no cycle."""
    inputs: dict[str, set[str]] = {operator.id: set() for operator in plan.operators}
    readers: dict[str, list[str]] = defaultdict(list)
    for edge in plan.edges:
        if not edge.back:
            inputs[edge.target].add(edge.source.node)
            readers[edge.source.node].append(edge.target)
    ready = deque(id_ for id_ in inputs if not inputs[id_])
    found: dict[str, bool] = {}
    while len(found) < len(inputs):
        # In a cycle the first operator that is left goes ahead.
        id_ = ready.popleft() if ready else next(id_ for id_ in inputs if id_ not in found)
        if id_ in found:
            continue
        found[id_] = True
        for reader in readers[id_]:
            inputs[reader].discard(id_)
            if not inputs[reader]:
                ready.append(reader)
    return list(found)


def _steps(plan: ExecutionPlan) -> tuple[Step, ...]:
    place = {id_: index for index, id_ in enumerate(_ordered(plan))}
    lanes = {operator.id: operator.lane for operator in plan.operators}
    loop = set(plan.loop.operators) if plan.loop else set()
    found = []
    for edge in plan.edges:
        source, target = edge.source.node, edge.target
        if edge.back or place[source] >= place[target]:
            continue
        within = lanes[source] == lanes[target]
        # Rows hold together most; a fact is pulled to where it is used, not to where it comes from.
        weight = 8 if edge.kind == "rows" else (3 if target in loop or edge.kind == "facts" else 1)
        found.append(Step(source, target, 2 if within else 1, weight))
    return tuple(found)


def graphviz_ranks(ids: Iterable[str], steps: Iterable[Step]) -> dict[str, int] | None:
    """Return ranks by Graphviz's network simplex, or None where pygraphviz is not there."""
    try:
        import pygraphviz
    except ImportError:
        return None
    names = {id_: f"n{index}" for index, id_ in enumerate(ids)}
    # Empty labels: no font is looked for, so nothing is said on the user's stderr.
    graph = pygraphviz.AGraph(directed=True, strict=False, rankdir="LR", splines="false", ranksep="0", nslimit="2")
    for name in names.values():
        graph.add_node(name, label="", shape="box", width="1", height="0.5", fixedsize="true")
    for step in steps:
        graph.add_edge(names[step.source], names[step.target], minlen=str(step.length), weight=str(step.weight))
    with _GRAPHVIZ:
        graph.layout("dot")
    places = {id_: float(str(graph.get_node(name).attr["pos"]).split(",")[0]) for id_, name in names.items()}
    graph.close()
    least = min(places.values(), default=0.0)
    return {id_: round((x - least) / _POINTS_PER_RANK) for id_, x in places.items()}


def longest_path_ranks(ids: Iterable[str], steps: Iterable[Step]) -> dict[str, int]:
    """Return ranks without Graphviz: as far left as inputs allow, then as near to the reader as it goes.

    Parameters
    ----------
    ids
        Operators in an order in which inputs come first.
    steps
        What lies to the right of what.
    """
    order = list(ids)
    into: dict[str, list[Step]] = defaultdict(list)
    out: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        into[step.target].append(step)
        out[step.source].append(step)
    ranks: dict[str, int] = {}
    for id_ in order:
        ranks[id_] = max((ranks[step.source] + step.length for step in into[id_]), default=0)
    for id_ in reversed(order):
        pulled_in, pulled_out = sum(s.weight for s in into[id_]), sum(s.weight for s in out[id_])
        if out[id_] and pulled_out >= pulled_in:
            ranks[id_] = max(ranks[id_], min(ranks[step.target] - step.length for step in out[id_]))
    return ranks


def _aligned(plan: ExecutionPlan, ranks: dict[str, int], steps: tuple[Step, ...]) -> dict[str, int]:
    """Put the same step at all sites into one column, where one's inputs allow it."""
    sites = {lane.id for lane in plan.lanes if lane.kind == "site"}
    groups: dict[tuple[str, str, int], list[str]] = defaultdict(list)
    seen: dict[tuple[str, str, str], int] = defaultdict(int)
    for op in plan.operators:
        if op.lane in sites:
            ordinal = seen[op.lane, op.logical, op.verb]
            seen[op.lane, op.logical, op.verb] += 1
            groups[op.logical, op.verb, ordinal].append(op.id)
    moved = dict(ranks)
    # Each pass can only push to the right; two lanes with opposite orders would do so for ever.
    for _ in range(12):
        before = dict(moved)
        for group in groups.values():
            rightmost = max(moved[id_] for id_ in group)
            moved.update(dict.fromkeys(group, rightmost))
        for step in sorted(steps, key=lambda step: moved[step.source]):
            moved[step.target] = max(moved[step.target], moved[step.source] + step.length)
        if moved == before:
            break
    return moved if _holds(moved, steps) else dict(ranks)


def _holds(ranks: dict[str, int], steps: Iterable[Step]) -> bool:
    return all(ranks[step.target] >= ranks[step.source] + step.length for step in steps)


def _loop_alone(plan: ExecutionPlan, found: dict[str, int]) -> dict[str, int]:
    """Keep the columns of the loop free of all that is not in it, as its frame goes through all lanes."""
    loop = {id_ for id_ in plan.loop.operators if id_ in found} if plan.loop else set()
    if not loop:
        return found
    before = set(_ancestors(plan, loop)) - loop
    first = min(found[id_] for id_ in loop)
    last_before = max((found[id_] for id_ in before), default=-1)
    if last_before >= first:
        push = last_before + 1 - first
        found = {id_: column if id_ in before else column + push for id_, column in found.items()}
        first += push
    last = max(found[id_] for id_ in loop)
    after = [id_ for id_ in found if id_ not in loop and id_ not in before and found[id_] >= first]
    nearest = min((found[id_] for id_ in after), default=last + 1)
    push = max(0, last + 1 - nearest)
    return {**found, **{id_: found[id_] + push for id_ in after}}


def _ancestors(plan: ExecutionPlan, of: set[str]) -> Iterator[str]:
    sources: dict[str, list[str]] = defaultdict(list)
    for edge in plan.edges:
        if not edge.back:
            sources[edge.target].append(edge.source.node)
    waiting, seen = list(of), set(of)
    while waiting:
        for source in sources[waiting.pop()]:
            if source not in seen:
                seen.add(source)
                waiting.append(source)
                yield source


def _dense(found: dict[str, int]) -> dict[str, int]:
    """Leave no column empty."""
    order = {column: index for index, column in enumerate(sorted(set(found.values())))}
    return {id_: order[column] for id_, column in found.items()}
