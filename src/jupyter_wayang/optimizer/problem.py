"""What is enumerated: operators and what flows between them, with what all of it costs, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field

from jupyter_wayang.optimizer.conversions import CostedGraph, Demand

__all__ = ["Assignment", "Output", "Problem", "Readers"]

Assignment = tuple[str, ...]
"""A platform for every operator, in order."""

Readers = tuple[tuple[int, str], ...]
"""Sorted pairs of a kind of consumer and a platform."""


@dataclass(frozen=True)
class Output:
    """What one operator makes for some others.

    ``cost`` of moving it is given the platforms at both ends. Consumers of one kind may change places without changing
    the cost; by default each is of its own kind. With few kinds an output may have many consumers.
    """

    producer: int
    consumers: tuple[int, ...]
    cost: Callable[[str, Assignment], float]
    kinds: tuple[Hashable, ...] = ()

    @classmethod
    def across(
        cls,
        producer: int,
        consumers: tuple[int, ...],
        graph: CostedGraph,
        channels: Mapping[str, str],
        production: Mapping[str, float] | None = None,
    ) -> Output:
        """Make an output whose rows change their form along the cheapest tree of conversions.

        Parameters
        ----------
        producer, consumers
            Indices of operators.
        graph
            Channels, conversions and what these cost for the rows of this output.
        channels
            The channel that each platform makes and takes.
        production
            What it costs to make the rows once more, by platform: paid for every reader beyond the first that is served
            from a channel that is not reusable. Default: nothing.

        Examples
        --------
        >>> graph = CostedGraph.of({"rows": True, "table": True}, {("rows", "table"): 2.0})
        >>> output = Output.across(0, (1, 2), graph, {"a": "rows", "b": "table"})
        >>> output.cost("a", ("a", "b")), output.cost("a", ("b", "b")), output.cost("b", ("a", "b"))
        (2.0, 2.0, inf)
        """
        again = production or {}

        def cost(source: str, targets: Assignment) -> float:
            demands = tuple(Demand(channels[target]) for target in targets)
            return graph.cost_s(channels[source], demands, frozenset((source, *targets)), again.get(source, 0.0))

        return cls(producer, consumers, cost, (0,) * len(consumers))

    def kind(self, position: int) -> int:
        """Return the number of the kind of a consumer."""
        return self.kinds.index(self.kinds[position]) if self.kinds else position

    def gathered_cost(self, source: str, readers: Readers) -> float:
        """Return the cost for sorted pairs of kind and platform."""
        order = sorted(range(len(self.consumers)), key=self.kind)
        targets = [""] * len(order)
        for position, (_, platform) in zip(order, readers, strict=True):
            targets[position] = platform
        return self.cost(source, tuple(targets))


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Operators, what flows between them, and what platforms cost.

    Parameters
    ----------
    operators
        For every operator the platforms that can run it, with the cost; of two that cost the same the first is taken.
    outputs
        What flows; an operator may have several outputs, and an output several consumers or none.
    start_up
        Paid once for each platform that is used.
    """

    operators: tuple[Mapping[str, float], ...]
    outputs: tuple[Output, ...] = ()
    start_up: Mapping[str, float] = field(default_factory=dict)

    def cost(self, assignment: Assignment) -> float:
        """Return what a complete plan costs."""
        compute = sum(costs[platform] for costs, platform in zip(self.operators, assignment, strict=True))
        moves = sum(o.cost(assignment[o.producer], tuple(assignment[c] for c in o.consumers)) for o in self.outputs)
        return compute + moves + sum(self.start_up.get(platform, 0.0) for platform in set(assignment))
