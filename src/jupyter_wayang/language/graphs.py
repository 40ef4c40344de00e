"""The words of graphs: a collection of edges is asked for its nodes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language import arguments as given
from jupyter_wayang.language.expressions import lift
from jupyter_wayang.language.words import WORDS, worded
from jupyter_wayang.plan.expressions import Literal
from jupyter_wayang.plan.operators import ConnectedComponents, PageRank, ShortestPaths

if TYPE_CHECKING:
    from jupyter_wayang.language.builder import Collection
    from jupyter_wayang.plan.logical import VertexPort
    from jupyter_wayang.plan.operators import AnyOperator

__all__ = ["GraphWords"]


class GraphWords(ABC):
    """Edges in two columns: ``src`` and ``dst`` name the nodes that an edge goes from and to.

    An edge with a null end is left out, and edges that are there twice count once.
    """

    @abstractmethod
    def _then(self, operator: AnyOperator, *more: VertexPort) -> Collection:
        """Apply an operator."""

    @worded
    def pagerank(self, src: object, dst: object, damping: float = 0.85, iterations: int = 20) -> Collection:
        """Rank the nodes by a random walk: columns ``node`` and ``rank``.

        Parameters
        ----------
        src, dst
            The columns of the edges.
        damping
            The probability that the walk follows an edge; otherwise, and where there is none, it goes to any node.
        iterations
            How many steps are taken from equal ranks.
        """
        word = WORDS[".pagerank"]
        operator = PageRank(
            src=given.column_name(src, word),
            dst=given.column_name(dst, word),
            damping=given.number("damping", damping, word),
            iterations=given.whole("iterations", iterations, word),
        )
        return self._then(operator)

    @worded
    def connected_components(self, src: object, dst: object) -> Collection:
        """Call every node by the least node that edges connect it with: columns ``node`` and ``component``."""
        word = WORDS[".connected_components"]
        return self._then(ConnectedComponents(src=given.column_name(src, word), dst=given.column_name(dst, word)))

    @worded
    def shortest_paths(self, src: object, dst: object, start: object) -> Collection:
        """Count the edges from a node to all that it reaches: columns ``node`` and ``distance``.

        Parameters
        ----------
        src, dst
            The columns of the edges.
        start
            The node to start from: a number, a text or a date.
        """
        word = WORDS[".shortest_paths"]
        where = lift(start)
        if not isinstance(where, Literal) or where.value is None:
            raise OperatorError("shortest_paths() starts from one node, a number, a text or a date", hint=word.example)
        ends = {"src": given.column_name(src, word), "dst": given.column_name(dst, word)}
        return self._then(ShortestPaths(**ends, start=where))
