from __future__ import annotations

import networkx as nx
import pygraphviz
from drawing import plans

from jupyter_wayang.drawing.graphs import dot, to_graphviz, to_networkx


def test_the_networkx_graph_has_what_the_plan_says() -> None:
    plan = plans.federated(run=True)
    graph = to_networkx(plan)
    assert len(graph) == len(plan.operators)
    assert graph.number_of_edges() == len(plan.edges)
    assert graph.nodes["va/read"] | {"platform": "pandas", "counted": 200, "lane": "va"} == graph.nodes["va/read"]
    forward = nx.MultiDiGraph([(a, b) for a, b, back in graph.edges(data="back") if not back])
    assert nx.is_directed_acyclic_graph(forward)
    channels = graph["va/one_hot"]["va/update"][0]["channels"]
    assert channels == ("pandas.relation", "arrow.table", "sklearn.array")


def test_the_dot_text_is_valid_with_a_cluster_per_lane() -> None:
    plan = plans.federated()
    graph = pygraphviz.AGraph(string=to_graphviz(plan).source)
    assert len(graph.nodes()) == len(plan.operators)
    assert len(graph.edges()) == len({(e.source.node, e.target) for e in plan.edges})
    assert [str(sub.graph_attr["label"]) for sub in graph.subgraphs()] == [lane.title for lane in plan.lanes]


def test_quotes_and_backslashes_do_not_break_the_dot_text() -> None:
    plan = plans.local()
    text = dot(plan)
    assert r"age >= 18 and country == \"NL\"" in text
    graph = pygraphviz.AGraph(string=text)
    labels = [str(node.attr["label"]) for node in graph.nodes()]
    assert any('country == "NL"' in label.replace("\\", "") for label in labels)
