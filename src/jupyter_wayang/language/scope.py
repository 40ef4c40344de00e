"""The names that persist between the cells of a session."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any
from weakref import WeakSet

from jupyter_wayang.language.builder import Collection, FittedModel, Planned
from jupyter_wayang.language.recipe import Recipe, upstream
from jupyter_wayang.plan.logical import Vertex, VertexPort

__all__ = ["Scope"]


class Scope:
    """Collections and models by name, and the variables of the notebook.

    Parameters
    ----------
    variables
        The notebook's namespace; it is read, never written.

    Examples
    --------
    >>> scope = Scope({"limit": 18})
    >>> scope.collections, scope.variables["limit"]
    ({}, 18)
    """

    def __init__(self, variables: Mapping[str, object] | None = None) -> None:
        self.variables: Mapping[str, object] = {} if variables is None else variables
        self._named: dict[str, Collection | FittedModel] = {}
        self._settled: WeakSet[Vertex] = WeakSet()

    @property
    def collections(self) -> Mapping[str, Collection | FittedModel]:
        """Collections and models by name."""
        return dict(self._named)

    def keep(self, assigned: Mapping[str, Collection | FittedModel]) -> None:
        """Take over what a cell has assigned.

        Places in the text of that cell are dropped: in the text of the next one they would be wrong.
        """
        memo: dict[Vertex, Vertex] = {}
        for name, value in assigned.items():
            self._named[name] = self._without_places(value, memo)

    def forget(self, name: str) -> None:
        """Drop a name, if it is there."""
        self._named.pop(name, None)

    def copy(self) -> Scope:
        """Return a scope with the same names, which can be added to."""
        other = Scope(self.variables)
        other._named = dict(self._named)
        other._settled = self._settled.copy()
        return other

    def names_of(
        self, results: Iterable[VertexPort], assigned: Mapping[str, Collection | FittedModel] | None = None
    ) -> dict[VertexPort, str]:
        """Return the names of all outputs that some results need, for :meth:`LogicalPlan.of`.

        Parameters
        ----------
        results
            The outputs that are asked for.
        assigned
            Names that a cell has just assigned; they come before those of older cells.
        """
        needed = {vertex for port in results for vertex in upstream(port)}
        named = {**self._named, **(assigned or {})}
        return {port: name for name, value in named.items() for port in value.ports if port.vertex in needed}

    def _without_places(self, value: Planned, memo: dict[Vertex, Vertex]) -> Any:
        made = self._port(value.made, memo)
        if value.recipe is None:
            return dataclasses.replace(value, made=made)
        steps = tuple(dataclasses.replace(step, span=None) for step in value.recipe.steps)
        recipe = Recipe(base=made, steps=steps)
        # A model that was fitted on these steps keeps sharing them.
        recipe.made.update({target: self._port(port, memo) for target, port in value.recipe.made.items()})
        return dataclasses.replace(value, made=made, recipe=recipe)

    def _port(self, port: VertexPort, memo: dict[Vertex, Vertex]) -> VertexPort:
        return VertexPort(self._vertex(port.vertex, memo), port.port)

    def _vertex(self, vertex: Vertex, memo: dict[Vertex, Vertex]) -> Vertex:
        if vertex in self._settled:
            return vertex
        if vertex not in memo:
            inputs = tuple(self._port(port, memo) for port in vertex.inputs)
            memo[vertex] = dataclasses.replace(vertex, inputs=inputs, span=None)
            self._settled.add(memo[vertex])
        return memo[vertex]
