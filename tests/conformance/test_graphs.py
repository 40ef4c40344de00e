"""Graph operators give the same rows by networkx and as loops of joins, and those of a plain program."""

from __future__ import annotations

import datetime as dt
import random
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jupyter_wayang.errors import ExpressionTypeError, OperatorError
from jupyter_wayang.plan.expressions import Literal
from jupyter_wayang.plan.operators import ConnectedComponents, PageRank, ShortestPaths
from jupyter_wayang.plan.operators.graph import GraphOperator
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.networkx import PLATFORM as NETWORKX
from jupyter_wayang.platforms.registry import installed
from jupyter_wayang.platforms.relational import graphs
from jupyter_wayang.testing.runner import Bench, Table

Edges = list[tuple[Any, Any]]


def _random(nodes: int, edges: int, seed: int) -> Edges:
    r = random.Random(seed)  # noqa: S311 - a graph is no secret
    return [(r.randrange(nodes), r.randrange(nodes)) for _ in range(edges)]


DAYS = [dt.date(2024, 1, day) for day in range(1, 6)]
GRAPHS: dict[str, tuple[str, Edges]] = {
    "no edges": ("int64", []),
    "nulls only": ("int64", [(None, 1), (2, None), (None, None)]),
    "an edge to itself": ("int64", [(7, 7)]),
    "twice and both ways": ("int64", [(1, 2), (1, 2), (2, 1), (2, 3), (None, 4), (5, None)]),
    "ends of integers": ("int64", [(2**63 - 1, -(2**63)), (0, 2**63 - 1)]),
    "texts": ("string", [("é", "a"), ("a", "B"), ("", "é"), ("it's", '"q"')]),
    "dates": ("date", [(DAYS[0], DAYS[1]), (DAYS[1], DAYS[2]), (DAYS[4], DAYS[3])]),
    "a long chain": ("int64", [(n + 1, n) for n in range(30)]),
    "some parts": ("int64", _random(60, 50, seed=1)),
    "dense": ("int64", _random(20, 120, seed=2)),
}


def _clean(edges: Edges) -> Edges:
    return list(dict.fromkeys((a, b) for a, b in edges if a is not None and b is not None))


def _nodes(edges: Edges) -> list[Any]:
    return sorted({end for edge in edges for end in edge})


def pagerank(edges: Edges, damping: float, steps: int) -> dict[Any, float]:
    """The walk as its definition has it."""
    nodes = _nodes(edges)
    out = {node: [b for a, b in edges if a == node] for node in nodes}
    rank = {node: 1 / len(nodes) for node in nodes}
    for _ in range(steps):
        came = dict.fromkeys(nodes, 0.0)
        for node in nodes:
            for target in out[node] or nodes:
                came[target] += rank[node] / len(out[node] or nodes)
        rank = {node: damping * came[node] + (1 - damping) / len(nodes) for node in nodes}
    return rank


def reached(edges: Edges, start: Any) -> dict[Any, int]:
    """Breadth first, one node after the other."""
    found = {start: 0} if start in _nodes(edges) else {}
    queue = deque(found)
    while queue:
        here = queue.popleft()
        for a, b in edges:
            if a == here and b not in found:
                found[b] = found[here] + 1
                queue.append(b)
    return found


def components(edges: Edges) -> dict[Any, Any]:
    """The least node that can be reached, whichever way the edges go."""
    both = edges + [(b, a) for a, b in edges]
    return {node: min(reached(both, node)) for node in _nodes(edges)}


def _table(type_: str, edges: Edges) -> Table:
    return Table.of({"odd name": type_, "dst": type_, "weight": "float64"}, *((a, b, 1.5) for a, b in edges))


def _run(bench: Bench, operator: GraphOperator, table: Table) -> dict[Any, Any]:
    (schema,) = operator.outputs((table.schema,))
    assert isinstance(schema, Schema)
    if operator.verb in bench.platform.operators:
        (found,) = bench.engine.apply(operator, (table.arrow(),), (table.schema,), {}, "here")
    else:
        found = bench.collect(graphs.run(bench.engine, operator, bench.read(table), table.schema), schema)
    assert found.column_names == list(schema.names)
    pairs = [tuple(row.values()) for row in found.to_pylist()]
    assert len(dict(pairs)) == len(pairs), "a node is there twice"
    return dict(pairs)


def _able() -> list[object]:
    slow = {"spark": (pytest.mark.spark, pytest.mark.slow)}
    able = [n for n, p in installed().items() if "pagerank" in p.operators or p.operators >= graphs.NEEDED]
    return [pytest.param(name, marks=slow.get(name, ())) for name in able]


@pytest.fixture(scope="module", params=_able())
def computing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A platform that runs graph operators: its own, or as loops of joins."""
    platform = installed()[request.param]
    reason = platform.missing()
    if reason is not None:
        pytest.skip(f"{request.param} cannot be used on this machine: {reason}")
    made = Bench.opened(platform, tmp_path_factory.mktemp(request.param))
    yield made
    made.engine.close()


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize(("damping", "steps"), [(0.85, 20), (1.0, 2), (0.5, 0)])
def test_ranks_are_those_of_the_walk(computing: Bench, name: str, damping: float, steps: int) -> None:
    type_, edges = GRAPHS[name]
    found = _run(
        computing, PageRank(src="odd name", dst="dst", damping=damping, iterations=steps), _table(type_, edges)
    )
    wanted = pagerank(_clean(edges), damping, steps) if _clean(edges) else {}
    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", GRAPHS)
def test_components_are_called_by_their_least_node(computing: Bench, name: str) -> None:
    type_, edges = GRAPHS[name]
    found = _run(computing, ConnectedComponents(src="odd name", dst="dst"), _table(type_, edges))
    assert found == components(_clean(edges))


@pytest.mark.parametrize("name", [name for name in GRAPHS if _clean(GRAPHS[name][1])])
def test_distances_are_the_fewest_edges(computing: Bench, name: str) -> None:
    type_, edges = GRAPHS[name]
    clean = _clean(edges)
    start = clean[0][0]
    literal = Literal(value=start.isoformat() if isinstance(start, dt.date) else start, type=type_)  # type: ignore[arg-type]
    found = _run(computing, ShortestPaths(src="odd name", dst="dst", start=literal), _table(type_, edges))
    assert found == reached(clean, start)


def test_from_a_node_that_is_not_there_nothing_is_reached(computing: Bench) -> None:
    operator = ShortestPaths(src="odd name", dst="dst", start=Literal.of(99))
    assert _run(computing, operator, _table("int64", [(1, 2)])) == {}


def test_what_is_no_graph_is_refused() -> None:
    with pytest.raises(ExpressionTypeError, match="a is int64 and b is string"):
        ConnectedComponents(src="a", dst="b").outputs((Schema.of(a="int64", b="string"),))
    with pytest.raises(ExpressionTypeError, match="named by an integer, a text or a date"):
        PageRank(src="a", dst="a").outputs((Schema.of(a="float64"),))
    with pytest.raises(ExpressionTypeError, match='the start "x" is string'):
        ShortestPaths(src="a", dst="a", start=Literal.of("x")).outputs((Schema.of(a="int64"),))
    with pytest.raises(OperatorError, match="damping"):
        PageRank(src="a", dst="b", damping=1.5)


def test_an_arrow_table_of_networkx_has_the_types_of_the_plan(tmp_path: Path) -> None:
    bench = Bench.opened(NETWORKX, tmp_path)
    table = _table("int64", [(1, 2)])
    (found,) = bench.engine.apply(PageRank(src="odd name", dst="dst"), (table.arrow(),), (table.schema,), {}, "here")
    assert found.schema == pa.schema([("node", pa.int64()), ("rank", pa.float64())])
