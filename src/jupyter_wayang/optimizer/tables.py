"""The order in which the partial plans of a problem are joined, and what the arithmetic of that needs to know.

Tables are numbered, first one per operator, then one per join. The smallest join comes first. An output with many
consumers gathers these one by one: what they are, as a sorted list of kinds and platforms, is all that matters of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from math import prod

from jupyter_wayang.optimizer.elimination import Axis, Costs, Join, Regroup
from jupyter_wayang.optimizer.problem import Output, Problem, Readers

__all__ = ["Tables"]

_GATHERED = 3
"""From so many tables of consumers on they are gathered one by one."""


class Tables:
    """The joins of a problem.

    Parameters
    ----------
    problem
        The problem; every operator can run somewhere.
    """

    def __init__(self, problem: Problem) -> None:
        self._outputs = problem.outputs
        self.platforms = tuple(tuple(costs) for costs in problem.operators)
        self.lengths: dict[Axis, int] = {index: len(some) for index, some in enumerate(self.platforms)}
        self.joins: list[Join] = []
        self._states: dict[Axis, tuple[Readers, ...]] = {}
        self._open = [0] * len(self.platforms)
        for output in problem.outputs:
            for operator in _scope(output):
                self._open[operator] += 1
        self._boundary: list[tuple[Axis, ...]] = [(index,) for index in range(len(self.platforms))]
        self._table_of = list(range(len(self.platforms)))
        self._plan()

    @property
    def widest(self) -> int:
        """The number of entries of the largest join."""
        return max(prod(self.lengths[axis] for axis in join.axes) for join in self.joins)

    def _plan(self) -> None:
        waiting = set(range(len(self._outputs)))
        while waiting:
            index = min(waiting, key=lambda index: (self._size(index), index))
            waiting.remove(index)
            self._join(index)
        ends = []
        for table in sorted(set(self._table_of)):  # an operator without any output is still open here
            ends.append(len(self._boundary))
            self._append(Join(tables=(table,), axes=self._boundary[table], kept=()))
        self._append(Join(tables=tuple(ends), axes=(), kept=()))

    def _size(self, index: int) -> int:
        tables = {self._table_of[operator] for operator in _scope(self._outputs[index])}
        return prod(self.lengths[axis] for table in tables for axis in self._boundary[table])

    def _join(self, index: int) -> None:
        """Join all tables of an output."""
        output = self._outputs[index]
        for operator in _scope(output):
            self._open[operator] -= 1
        own = self._table_of[output.producer]
        others = sorted({self._table_of[operator] for operator in output.consumers} - {own})
        tables: tuple[int, ...] = (own, *others)
        gathered: int | None = None
        if len(others) >= _GATHERED:
            for table in others:
                gathered = self._gather(output, table, gathered)
            tables = (own,)
        readers = self._readers(output, tables)
        axes = _axes(None if gathered is None else self._boundary[gathered][0], readers)
        ends = axes if output.producer in axes else (*axes, output.producer)
        known: dict[tuple[str, Readers], float] = {}

        def cost(choice: dict[Axis, int]) -> float:
            key = self.platforms[output.producer][choice[output.producer]], self._made(readers, choice)
            if key not in known:
                known[key] = output.gathered_cost(*key)
            return known[key]

        if gathered is not None:
            tables = (gathered, own)
        whole = tuple(axis for table in tables for axis in self._boundary[table])
        self._append(
            Join(
                tables=tables,
                axes=whole,
                kept=tuple(axis for axis in whole if axis >= 0 and self._open[axis]),
                moved=self._filled(ends, cost),
                moved_axes=ends,
            )
        )

    def _gather(self, output: Output, table: int, gathered: int | None) -> int:
        """Join the tables of some more consumers, and return the number of what comes of it."""
        import numpy as np

        tables = (table,) if gathered is None else (gathered, table)
        whole = tuple(axis for one in tables for axis in self._boundary[one])
        readers = self._readers(output, (table,))
        axes = _axes(None if gathered is None else self._boundary[gathered][0], readers)
        kept = tuple(axis for axis in axes if axis >= 0 and self._open[axis])
        made = [(self._made(readers, choice), choice) for choice in self._choices(axes)]
        states = tuple(dict.fromkeys(state for state, _ in made))
        number = {state: index for index, state in enumerate(states)}
        axis = -1 - len(self._states)
        self._states[axis], self.lengths[axis] = states, len(states)
        places = [[number[state], *(choice[one] for one in kept)] for state, choice in made]
        targets = np.ravel_multi_index(tuple(np.array(places).T), [len(states), *(self.lengths[one] for one in kept)])
        still = tuple(one for one in whole if one >= 0 and self._open[one])
        return self._append(Join(tables=tables, axes=whole, kept=(axis, *still), regroup=Regroup(axes, kept, targets)))

    def _readers(self, output: Output, tables: tuple[int, ...]) -> tuple[tuple[Axis, int], ...]:
        """Return the consumers in some tables, each with its kind."""
        return tuple(
            (operator, output.kind(position))
            for position, operator in enumerate(output.consumers)
            if self._table_of[operator] in tables
        )

    def _made(self, readers: tuple[tuple[Axis, int], ...], choice: dict[Axis, int]) -> Readers:
        """Return what the readers are, those that were gathered too."""
        before = next((self._states[axis][value] for axis, value in choice.items() if axis < 0), ())
        return tuple(sorted((*before, *((kind, self.platforms[axis][choice[axis]]) for axis, kind in readers))))

    def _choices(self, axes: tuple[Axis, ...]) -> Iterator[dict[Axis, int]]:
        for values in product(*(range(self.lengths[axis]) for axis in axes)):
            yield dict(zip(axes, values, strict=True))

    def _filled(self, axes: tuple[Axis, ...], cost: Callable[[dict[Axis, int]], float]) -> Costs:
        import numpy as np

        lengths = [self.lengths[axis] for axis in axes]
        return np.array([cost(choice) for choice in self._choices(axes)]).reshape(lengths)

    def _append(self, join: Join) -> int:
        self.joins.append(join)
        self._boundary.append(join.kept)
        number = len(self._boundary) - 1
        self._table_of = [number if table in join.tables else table for table in self._table_of]
        return number


def _scope(output: Output) -> set[int]:
    return {output.producer, *output.consumers}


def _axes(gathered: Axis | None, readers: tuple[tuple[Axis, int], ...]) -> tuple[Axis, ...]:
    """Return the axes that decide what the readers are, each once."""
    before = () if gathered is None else (gathered,)
    return tuple(dict.fromkeys((*before, *(axis for axis, _ in readers))))
