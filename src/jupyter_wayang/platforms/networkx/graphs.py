"""Graph operators by networkx over an Arrow table of edges."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import singledispatch
from typing import TYPE_CHECKING, Any

import networkx as nx
import pyarrow as pa

from jupyter_wayang.errors import PlatformError
from jupyter_wayang.plan.operators.graph import ConnectedComponents, GraphOperator, PageRank, ShortestPaths
from jupyter_wayang.plan.operators.operator import Operator
from jupyter_wayang.plan.rows import arrow_schema
from jupyter_wayang.plan.schema import Schema

if TYPE_CHECKING:
    Graph = nx.DiGraph[Any]

__all__ = ["run"]


def run(operator: GraphOperator, edges: pa.Table, schema: Schema) -> pa.Table:
    """Compute a graph operator.

    Parameters
    ----------
    operator
        What to compute.
    edges, schema
        The edges, and their columns.

    Examples
    --------
    >>> edges = pa.table({"a": [1, 1, 2], "b": [2, 2, 3]})
    >>> run(ConnectedComponents(src="a", dst="b"), edges, Schema.of(a="int64", b="int64")).to_pylist()[-1]
    {'node': 3, 'component': 1}
    """
    with _uncollected():
        graph: Graph = nx.DiGraph()
        pairs = zip(edges[operator.src].to_pylist(), edges[operator.dst].to_pylist(), strict=True)
        graph.add_edges_from((a, b) for a, b in pairs if a is not None and b is not None)
        nodes, values = _run(operator, graph) if graph else ([], [])
    (made,) = operator.outputs((schema,))
    if not isinstance(made, Schema):
        raise PlatformError(f"{operator.verb}() makes no rows")
    return pa.table([nodes, values], schema=arrow_schema(made))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector from looking at every dictionary of a growing graph: a third of the time is left."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@singledispatch
def _run(operator: Operator, graph: Graph) -> tuple[list[Any], list[Any]]:
    raise PlatformError(f"networkx does not run {operator.verb}()")


@_run.register(PageRank)
def _(operator: PageRank, graph: Graph) -> tuple[list[Any], list[Any]]:
    import numpy as np

    # nx.pagerank() stops by a tolerance and refuses a walk that has not settled; here the number of steps is given.
    nodes, size = list(graph), len(graph)
    # Edges have no weights, so each counts 1.
    links = nx.to_scipy_sparse_array(graph, nodelist=nodes, format="csr").astype(float)
    degrees = np.asarray(links.sum(axis=1)).ravel()
    ends = degrees == 0
    back = links.T.tocsr()
    ranks = np.full(size, 1.0 / size)
    for _turn in range(operator.iterations):
        share = np.divide(ranks, degrees, out=np.zeros(size), where=~ends)
        followed = back @ share + ranks[ends].sum() / size
        ranks = operator.damping * followed + (1.0 - operator.damping) / size
    return nodes, ranks.tolist()


@_run.register(ConnectedComponents)
def _(operator: ConnectedComponents, graph: Graph) -> tuple[list[Any], list[Any]]:
    least = {node: first for part in nx.weakly_connected_components(graph) for first in (min(part),) for node in part}
    return list(least), list(least.values())


@_run.register(ShortestPaths)
def _(operator: ShortestPaths, graph: Graph) -> tuple[list[Any], list[Any]]:
    import datetime as dt

    start: Any = operator.start.value
    if operator.start.type == "date":
        start = dt.date.fromisoformat(start)
    elif operator.start.type == "timestamp":
        start = dt.datetime.fromisoformat(start)
    if start not in graph:
        return [], []
    found = nx.single_source_shortest_path_length(graph, start)
    return list(found), list(found.values())
