"""Graphs: a collection of edges in two columns, and what is computed of its nodes.

One meaning for all three: an edge goes from ``src`` to ``dst``; an edge with a null end is left out; edges that are
there twice count once; an edge from a node to itself is an edge. The nodes are the ends of edges. A result has one row
for each of its nodes, in no order.
"""

from __future__ import annotations

import math

from jupyter_wayang.errors import ExpressionTypeError, OperatorError
from jupyter_wayang.plan.expressions import Literal, text
from jupyter_wayang.plan.operators.operator import Operator, Output, rows_in
from jupyter_wayang.plan.schema import DataType, Schema, common_type

__all__ = ["NODE", "ConnectedComponents", "GraphOperator", "PageRank", "ShortestPaths"]

NODE = "node"
"""The column of a result that holds the node."""

_MOST = 1000
_NODES: tuple[DataType, ...] = ("int64", "string", "date", "timestamp")


class GraphOperator(Operator, frozen=True, kw_only=True):
    """What all share: the columns of the edges."""

    src: str
    dst: str

    def node_type(self, schema: Schema) -> DataType:
        """Return the type of the nodes.

        Raises
        ------
        ExpressionTypeError
            If the two columns have no type in common, or one that is no key.
        """
        first, second = schema[self.src].type, schema[self.dst].type
        if first == second and first in _NODES:
            return first
        if common_type(first, second) is None or first in _NODES or second in _NODES:
            raise ExpressionTypeError(
                f"{self.verb}(): {self.src} is {first} and {self.dst} is {second}, and both name nodes of one graph",
                hint="make both one type with cast()",
            )
        raise ExpressionTypeError(
            f"{self.verb}(): {self.src} is {first}, and a node is named by an integer, a text or a date",
            found=first,
            expected=_NODES,
            hint=f"as in with_columns({self.src}=cast({self.src}, int))",
        )

    def describe(self) -> str:
        """Return the edge."""
        return f"{self.src} → {self.dst}"


class PageRank(GraphOperator, frozen=True, kw_only=True, tag="pagerank"):
    """Ranks nodes by a random walk along the edges.

    With probability ``damping`` the walk follows an edge of its node, all alike; otherwise, and where there is none, it
    goes to any node. Exactly ``iterations`` steps are taken from equal ranks; the ranks add up to 1.
    """

    damping: float = 0.85
    iterations: int = 20

    def __post_init__(self) -> None:
        if not (math.isfinite(self.damping) and 0 <= self.damping <= 1):
            raise OperatorError("damping is a probability between 0 and 1", found=str(self.damping))
        if not 0 <= self.iterations <= _MOST:
            raise OperatorError(f"iterations is a number between 0 and {_MOST:,}", found=str(self.iterations))

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return node and rank."""
        return (Schema.from_pairs([(NODE, self.node_type(rows_in(self, inputs))), ("rank", "float64")]),)

    def describe(self) -> str:
        """Return the edge and the number of steps."""
        return f"{self.src} → {self.dst}, {self.iterations} steps"


class ConnectedComponents(GraphOperator, frozen=True, kw_only=True, tag="connected_components"):
    """Puts together the nodes that edges connect, whichever way they go; a component is called by its least node."""

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return node and component."""
        type_ = self.node_type(rows_in(self, inputs))
        return (Schema.from_pairs([(NODE, type_), ("component", type_)]),)


class ShortestPaths(GraphOperator, frozen=True, kw_only=True, tag="shortest_paths"):
    """Counts the edges of the shortest way from ``start`` to every node that can be reached, the start itself among them.

    Without the start in the graph nothing is reached.
    """

    start: Literal

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return node and distance."""
        type_ = self.node_type(rows_in(self, inputs))
        if self.start.type != type_:
            raise ExpressionTypeError(
                f"the start {text(self.start)} is {self.start.type}, and the nodes are {type_}",
                found=self.start.type,
                expected=(type_,),
            )
        return (Schema.from_pairs([(NODE, type_), ("distance", "int64")]),)

    def describe(self) -> str:
        """Return edge and start."""
        return f"{self.src} → {self.dst}, from {text(self.start)}"
