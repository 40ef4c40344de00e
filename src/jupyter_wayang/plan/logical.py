"""Logical plans: a directed acyclic graph of operators, platform-agnostic, as an immutable value with stable ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from jupyter_wayang.errors import PlanError, Span
from jupyter_wayang.plan.operators import AnyOperator
from jupyter_wayang.plan.operators.operator import Output

__all__ = ["Hints", "LogicalPlan", "Node", "Pin", "Port", "Vertex", "VertexPort", "identified"]


class Port(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An output of a node."""

    node: str
    port: int = 0


class Pin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A platform that an operator must run on, everywhere or at one site."""

    platform: str
    site: str | None = None


class Hints(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person told the optimizer about an operator.

    ``selectivity`` and ``rows`` win over all estimates. ``cache``: what it makes is computed once and held, also where
    one operator reads it only. ``broadcast``: a join sends it whole to wherever the other side is. ``name`` is what its
    first output is called in the plan.
    """

    pins: tuple[Pin, ...] = ()
    selectivity: float | None = None
    rows: int | None = None
    cache: bool = False
    broadcast: bool = False
    name: str | None = None

    def pinned(self, site: str | None) -> str | None:
        """Return the platform pinned at a site (a pin for the site wins over one for everywhere)."""
        everywhere = None
        for pin in self.pins:
            if pin.site is not None and pin.site == site:
                return pin.platform
            if pin.site is None:
                everywhere = pin.platform
        return everywhere


class Node(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An operator in a plan: its id, its inputs, its hints, the names of its outputs and its place in the cell."""

    id: str
    operator: AnyOperator
    inputs: tuple[Port, ...] = ()
    hints: Hints = Hints()
    names: tuple[str | None, ...] = ()
    span: Span | None = None


class LogicalPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nodes in an order in which inputs come first, and the ports whose rows are asked for.

    Raises
    ------
    PlanError
        If an input is not there or comes later, or if an id is there twice.
    """

    nodes: tuple[Node, ...]
    results: tuple[Port, ...]

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for node in self.nodes:
            for port in node.inputs:
                if port.node not in seen:
                    raise PlanError(f"the input {port.node} of {node.id} does not come before it")
            if node.id in seen:
                raise PlanError(f"the id {node.id} is there twice")
            seen.add(node.id)
        for port in self.results:
            if port.node not in seen:
                raise PlanError(f"the result {port.node} is not in the plan")

    @classmethod
    def of(
        cls,
        results: Iterable[VertexPort],
        names: Mapping[VertexPort, str] | None = None,
        settled: Mapping[Vertex, AnyOperator] | None = None,
    ) -> LogicalPlan:
        """Make a plan of all that some outputs need, with ids made of verb and ordinal.

        Parameters
        ----------
        results
            The outputs that are asked for.
        names
            The names of collections, by output.
        settled
            Vertices that need not run again, and the source that stands for each.
        """
        wanted, done, named = tuple(results), settled or {}, names or {}
        ids = identified(wanted, done)
        nodes = tuple(
            Node(
                id=id_,
                operator=done.get(vertex, vertex.operator),
                inputs=() if vertex in done else tuple(Port(node=ids[p.vertex], port=p.port) for p in vertex.inputs),
                # A name is no reason for a rule to leave an operator alone.
                hints=msgspec.structs.replace(vertex.hints, name=None),
                names=_names(vertex, named),
                span=vertex.span,
            )
            for vertex, id_ in ids.items()
        )
        return cls(nodes=nodes, results=tuple(Port(node=ids[p.vertex], port=p.port) for p in wanted))

    def __getitem__(self, id_: str) -> Node:
        for node in self.nodes:
            if node.id == id_:
                return node
        raise PlanError(f"there is no operator {id_} in the plan", expected=tuple(node.id for node in self.nodes))

    def outputs(self) -> dict[Port, Output]:
        """Return what leaves every port: schemas are derived, never stored."""
        found: dict[Port, Output] = {}
        for node in self.nodes:
            made = node.operator.outputs(tuple(found[port] for port in node.inputs))
            found.update({Port(node=node.id, port=index): output for index, output in enumerate(made)})
        return found

    def consumers(self) -> dict[Port, tuple[tuple[str, int], ...]]:
        """Return, for every port that is read, who reads it: (node id, index of the input)."""
        found: dict[Port, list[tuple[str, int]]] = {}
        for node in self.nodes:
            for index, port in enumerate(node.inputs):
                found.setdefault(port, []).append((node.id, index))
        return {port: tuple(readers) for port, readers in found.items()}


@dataclass(frozen=True, eq=False)
class Vertex:
    """An operator while a plan is being written: inputs are vertices, identity is what makes an output shared."""

    operator: AnyOperator
    inputs: tuple[VertexPort, ...] = ()
    hints: Hints = Hints()  # noqa: RUF009 - frozen
    span: Span | None = None
    outputs: tuple[Output, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "outputs", self.operator.outputs(tuple(port.output for port in self.inputs)))


@dataclass(frozen=True)
class VertexPort:
    """An output of a vertex."""

    vertex: Vertex
    port: int = 0

    @property
    def output(self) -> Output:
        """What leaves it."""
        return self.vertex.outputs[self.port]


def _names(vertex: Vertex, named: Mapping[VertexPort, str]) -> tuple[str | None, ...]:
    given = tuple(named.get(VertexPort(vertex, index)) for index in range(len(vertex.outputs)))
    return (given[0] or vertex.hints.name, *given[1:])


def identified(results: Iterable[VertexPort], settled: Mapping[Vertex, AnyOperator] | None = None) -> dict[Vertex, str]:
    """Return the vertices that a plan of these outputs has, inputs first, and their ids in it."""
    done = settled or {}
    ids: dict[Vertex, str] = {}
    counts: dict[str, int] = {}
    for vertex in _topological(tuple(port.vertex for port in results), done):
        verb = done.get(vertex, vertex.operator).verb
        counts[verb] = counts.get(verb, 0) + 1
        ids[vertex] = verb if counts[verb] == 1 else f"{verb}_{counts[verb]}"
    return ids


def _topological(roots: tuple[Vertex, ...], settled: Mapping[Vertex, AnyOperator]) -> list[Vertex]:
    order: list[Vertex] = []
    state: dict[Vertex, bool] = {}
    stack: list[tuple[Vertex, bool]] = [(root, False) for root in reversed(roots)]
    while stack:
        vertex, done = stack.pop()
        if done:
            order.append(vertex)
            continue
        if vertex in state:
            continue
        state[vertex] = True
        stack.append((vertex, True))
        if vertex not in settled:
            stack += [(port.vertex, False) for port in reversed(vertex.inputs)]
    return order
