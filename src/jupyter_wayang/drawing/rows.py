"""The row of every card within its lane: a chain keeps its row, a second input starts a row below."""

from __future__ import annotations

from collections import defaultdict

from jupyter_wayang.plan.execution import Edge, ExecutionPlan

__all__ = ["rows_in_lanes"]


class _Lane:
    """Rows of one lane: which columns each has taken."""

    def __init__(self, columns: dict[str, int], inputs: dict[str, list[str]]) -> None:
        self._columns = columns
        self._inputs = inputs
        self._taken: dict[int, set[int]] = defaultdict(set)
        self.rows: dict[str, int] = {}

    def place(self, id_: str, wanted: int) -> None:
        """Give a row to an operator and to all that leads to it, near the row that is wanted."""
        waiting = [(id_, wanted, self._columns[id_])]
        while waiting:
            current, row, until = waiting.pop()
            if current in self.rows:
                continue
            chain = self._chain(current)
            taken = range(self._columns[chain[-1]], until + 1)
            while self._taken[row].intersection(taken):
                row += 1
            # The way from the end of a chain to its reader is kept free as well.
            self._taken[row].update(taken)
            for member in chain:
                self.rows[member] = row
            for member in chain:
                beside = [source for source in reversed(self._inputs[member]) if source not in self.rows]
                waiting += [(source, row + 1, self._columns[member] - 1) for source in beside]

    def _chain(self, id_: str) -> list[str]:
        chain = [id_]
        while self._inputs[chain[-1]] and self._inputs[chain[-1]][0] not in self.rows:
            chain.append(self._inputs[chain[-1]][0])
        return chain


def rows_in_lanes(plan: ExecutionPlan, columns: dict[str, int]) -> dict[str, int]:
    """Return the row of every operator, from 0 at the top of its lane.

    Parameters
    ----------
    plan
        The plan.
    columns
        The column of every operator.
    """
    lane_of = {operator.id: operator.lane for operator in plan.operators}
    within = [
        edge for edge in plan.edges if lane_of[edge.source.node] == lane_of[edge.target] and _forward(edge, columns)
    ]
    inputs: dict[str, list[str]] = {operator.id: [] for operator in plan.operators}
    readers = {edge.source.node for edge in within}
    for edge in sorted(within, key=lambda edge: (edge.kind != "rows", edge.input)):
        if edge.source.node not in inputs[edge.target]:
            inputs[edge.target].append(edge.source.node)
    found: dict[str, int] = {}
    for lane in plan.lanes:
        members = [operator.id for operator in plan.operators if operator.lane == lane.id]
        placer = _Lane(columns, inputs)
        ends = [id_ for id_ in members if id_ not in readers]
        # The longest chain first: it becomes the lane's straight line.
        for end in sorted(ends, key=lambda id_: (-_depth(id_, inputs), columns[id_])):
            placer.place(end, 0)
        found.update(placer.rows)
    return found


def _forward(edge: Edge, columns: dict[str, int]) -> bool:
    return not edge.back and columns[edge.source.node] < columns[edge.target]


def _depth(id_: str, inputs: dict[str, list[str]]) -> int:
    depth = 1
    while inputs[id_]:
        id_, depth = inputs[id_][0], depth + 1
    return depth
