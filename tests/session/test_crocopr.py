"""PageRank across communities: links that two files share are ranked, whichever platform does what."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import pytest

import jupyter_wayang as wy


@pytest.fixture
def session(tmp_path: Path) -> Iterator[wy.Session]:
    made = wy.Session(tmp_path / "session")
    yield made
    made.close()


def links(seed: int) -> list[tuple[str, str]]:
    r = random.Random(seed)  # noqa: S311 - a graph is no secret
    shared = random.Random(0)  # noqa: S311
    both = [(f"page {shared.randrange(40)}", f"page {shared.randrange(60)}") for _ in range(150)]
    return both + [(f"page {r.randrange(40)}", f"page {r.randrange(60)}") for _ in range(100)]


@pytest.mark.parametrize("platforms", [None, ["pandas"], ["polars"], ["duckdb"], ["networkx", "duckdb"]])
def test_links_of_two_communities_are_ranked(session: wy.Session, tmp_path: Path, platforms: list[str] | None) -> None:
    communities = [links(1), links(2)]
    for name, edges in zip("ab", communities, strict=True):
        (tmp_path / f"{name}.csv").write_text("\n".join(["src,dst", *(f"{a},{b}" for a, b in edges)]))
    ours, theirs = (session.read(str(tmp_path / f"{name}.csv")) for name in "ab")
    both = ours.join(theirs, on=["src", "dst"], how="semi")
    top = both.pagerank("src", "dst", iterations=60).sort("rank", "node", descending=[True, False]).limit(10)
    result = top.run(platforms=platforms)
    graph = nx.DiGraph(sorted(set(communities[0]) & set(communities[1])))
    wanted = nx.pagerank(graph, max_iter=1000, tol=1e-14)
    first = sorted(wanted.items(), key=lambda item: (-item[1], item[0]))[:10]
    found = [(row["node"], row["rank"]) for row in result.to_arrow().to_pylist()]
    assert [node for node, _ in found] == [node for node, _ in first]
    assert [rank for _, rank in found] == pytest.approx([rank for _, rank in first], rel=1e-9)
    ran = {operator.verb: operator.decision.platform for operator in result.run.plan().execution.operators}
    if platforms == ["networkx", "duckdb"]:
        assert ran["join"] == "duckdb"
        assert ran["pagerank"] == "networkx", "it is 100 times as fast on so few edges"
