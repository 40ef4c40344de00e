"""Taking the turns of loops: carried values, the condition, and what is made anew in every turn."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from jupyter_wayang.errors import PlanError
from jupyter_wayang.plan.logical import LogicalPlan, Port
from jupyter_wayang.plan.loops import FEEDBACK, Circle, circles
from jupyter_wayang.plan.operators.loops import Repeat
from jupyter_wayang.platforms.platform import Payload

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Lane", "Turns"]

_OVER = -1


class Lane(Protocol):
    """What the turns ask of the executor that they belong to."""

    def compute(self, node: str) -> None:
        """Compute a node and what it needs."""
        ...

    def entering(self, port: Port, node: str, index: int) -> Payload:
        """Return the rows of a computed port as they enter an input of a node, kept."""
        ...

    def put(self, port: Port, payload: Payload, like: Port) -> None:
        """Say what the rows of a port are; its columns are those of another."""
        ...

    def forget(self, nodes: frozenset[str]) -> None:
        """Forget what was computed of nodes."""
        ...

    def table(self, port: Port) -> pa.Table:
        """Return the rows of a port as an Arrow table."""
        ...

    def told(self, node: str, seconds: float) -> None:
        """Say that a node ran."""
        ...


class Turns:
    """The loops of a plan while it runs.

    Parameters
    ----------
    plan
        The logical plan.
    lane
        The executor.
    """

    def __init__(self, plan: LogicalPlan, lane: Lane) -> None:
        self._plan = plan
        self._lane = lane
        self._circles = {circle.node.id: circle for circle in circles(plan)}
        self._open: set[str] = set()
        self._taken: dict[str, int] = {}
        self._seconds: dict[str, float] = {}

    def __contains__(self, node: str) -> bool:
        return node in self._circles

    def hidden(self, node: str) -> bool:
        """Tell whether a node runs in the turns of a loop that is not in one now."""
        return any(node in circle.body and id_ not in self._open for id_, circle in self._circles.items())

    def forget(self, nodes: frozenset[str] | set[str]) -> None:
        """Forget how far loops are, of which something is to be computed again."""
        for id_, circle in self._circles.items():
            if id_ in nodes or circle.body & nodes:
                self._taken.pop(id_, None)

    def run(self, loop: str) -> None:
        """Take all turns."""
        more = self.begin(loop)
        while more:
            more = self.take(loop)

    def begin(self, loop: str) -> bool:
        """Bring a loop before its first turn, and tell whether there is one."""
        circle = self._circles[loop]
        with self._opened(loop):
            self._begin(circle)
            return self._goes_on(circle)

    def take(self, loop: str) -> bool:
        """Take the next turn of a loop, and tell whether there is another.

        Raises
        ------
        PlanError
            If there would be more turns than the loop may take, or if its condition is no single truth value.
        """
        circle = self._circles[loop]
        with self._opened(loop):
            if loop not in self._taken:
                raise PlanError(f"{loop} has not begun")
            self._turn(circle)
            return self._goes_on(circle)

    @contextmanager
    def _opened(self, loop: str) -> Iterator[None]:
        began = time.perf_counter()
        self._open.add(loop)
        try:
            yield
        finally:
            self._open.discard(loop)
            self._seconds[loop] = self._seconds.get(loop, 0.0) + time.perf_counter() - began
        if self._taken.get(loop) == _OVER:
            self._lane.told(loop, self._seconds.pop(loop))

    def _goes_on(self, circle: Circle) -> bool:
        """Tell whether there is another turn; if not, hand out what the loop holds."""
        operator, taken = self._operator(circle.node.id), self._taken[circle.node.id]
        if operator.turns is not None:
            more = taken < operator.turns
        else:
            more = circle.condition is not None and self._true(circle.condition)
            if more and taken >= operator.limit:
                raise PlanError(
                    f"the condition of the loop is still true after {taken:,} turns",
                    span=circle.node.span,
                    hint="limit= lets it take more: while loop(condition, limit=5000)",
                )
        if not more:
            self._end(circle)
        return more

    def _operator(self, loop: str) -> Repeat:
        operator = self._circles[loop].node.operator
        if not isinstance(operator, Repeat):
            raise PlanError(f"{loop} is no loop")
        return operator

    def _begin(self, circle: Circle) -> None:
        self._taken[circle.node.id] = 0
        self._seconds[circle.node.id] = 0.0
        self._forget(circle)
        for carry in circle.carries:
            (first,) = self._plan[carry].inputs
            self._lane.compute(first.node)
            self._lane.put(Port(node=carry), self._lane.entering(first, carry, 0), first)

    def _true(self, port: Port) -> bool:
        table = self._lane.table(port)
        if table.num_rows != 1:
            raise PlanError(
                f"the condition of a loop is one row, and {port.node} made {table.num_rows:,}",
                hint="agg(…) makes one row of many: agg(go=max(error) > 1e-6)",
            )
        return table.column(0)[0].as_py() is True

    def _turn(self, circle: Circle) -> None:
        after: list[Payload] = []
        for carry, port in zip(circle.carries, circle.made, strict=True):
            self._lane.compute(port.node)
            after.append(self._lane.entering(port, carry, FEEDBACK))
        self._forget(circle)
        for carry, payload in zip(circle.carries, after, strict=True):
            (first,) = self._plan[carry].inputs
            self._lane.put(Port(node=carry), payload, first)
        self._taken[circle.node.id] += 1

    def _end(self, circle: Circle) -> None:
        self._taken[circle.node.id] = _OVER
        for index, carry in enumerate(circle.carries):
            port = Port(node=carry)
            payload = self._lane.entering(port, circle.node.id, index)
            self._lane.put(Port(node=circle.node.id, port=index), payload, port)
        self._forget(circle)

    def _forget(self, circle: Circle) -> None:
        self._lane.forget(circle.body)
        for id_, inner in self._circles.items():
            if id_ != circle.node.id and id_ in circle.body:
                self._taken.pop(id_, None)
                self._lane.forget(frozenset({id_}) | inner.body)
