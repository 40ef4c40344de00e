"""The words of graphs and of loops."""

from __future__ import annotations

from jupyter_wayang.language.word import Parameter, Word, option

__all__ = ["GRAPHS", "LOOPS"]

GRAPHS = (
    Word(
        "pagerank",
        ("collection",),
        "ranks the nodes of a graph of edges by a random walk",
        "edges.pagerank(src, dst, damping=0.85, iterations=20)",
        (
            Parameter("src", "column"),
            Parameter("dst", "column"),
            option("damping", "0.85"),
            option("iterations", "20"),
        ),
    ),
    Word(
        "connected_components",
        ("collection",),
        "puts together the nodes that edges connect, whichever way they go",
        "edges.connected_components(src, dst)",
        (Parameter("src", "column"), Parameter("dst", "column")),
    ),
    Word(
        "shortest_paths",
        ("collection",),
        "counts the edges of the shortest way from a node to all that it reaches",
        'edges.shortest_paths(src, dst, "Ghent")',
        (Parameter("src", "column"), Parameter("dst", "column"), Parameter("start", "value")),
    ),
)

LOOPS = (
    Word(
        "repeat",
        ("loop",),
        "takes turns over names that were there before",
        "for _ in repeat(20): ranks = …",
        (
            Parameter("turns", "value"),
            option("limit", "1000", keyword=True),
        ),
    ),
    Word(
        "loop",
        ("loop",),
        "takes turns as long as a condition is true: one row and one column",
        "while loop(error.select(go=error > 1e-6), limit=5000): ranks = …",
        (
            Parameter("condition", "collection"),
            option("limit", "1000", keyword=True),
        ),
    ),
)
