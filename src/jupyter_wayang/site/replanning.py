"""Planning again while a plan runs: what was counted takes the place of estimates, and the rest is planned anew."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from jupyter_wayang.optimizer.checkpoints import met
from jupyter_wayang.optimizer.context import PlanningContext
from jupyter_wayang.optimizer.pipeline import Optimized, replan
from jupyter_wayang.plan.execution import ExecutionPlan, Interval
from jupyter_wayang.plan.logical import Port
from jupyter_wayang.transport.messages import Replanned

__all__ = ["Replanning"]


@dataclass
class Replanning:
    """The plan of a run as it is now; asked at every checkpoint of its executor.

    Parameters
    ----------
    made
        The plan.
    context
        What it was planned from.
    running
        Returns the platforms that are started.
    shown
        Returns a plan as it may leave.
    minimum
        Plans leave a site, and every estimate in them follows from what was counted: where this is not 0, counts are
        rounded, and none is under it.
    """

    made: Optimized
    context: PlanningContext
    running: Callable[[], frozenset[str]]
    shown: Callable[[ExecutionPlan], ExecutionPlan]
    minimum: int = 0
    told: list[Replanned] = field(default_factory=list)

    def __call__(
        self, node: str, counted: Mapping[Port, int], ran: frozenset[str]
    ) -> tuple[ExecutionPlan, frozenset[str]] | None:
        """Return another plan for what has not run, and its checkpoints, or None if rows are as expected."""
        port = Port(node=node)
        expected = self.made.checkpoints[node]
        if met(expected, counted[port]):
            return None
        before = self.made.execution
        rounded = {one: self._rounded(rows) for one, rows in counted.items()}
        done = {operator.id: operator for operator in before.operators if operator.id in ran}
        self.context = replace(self.context, done=done, counted=rounded, running=self.running())
        self.made = replan(self.made, self.context)
        after = self.made.execution
        moved = _moved(before, after, self._titles())
        if moved:
            text = f"{_amount(node, expected, rounded[port], self.minimum)}: {moved}"
            self.told.append(Replanned(node=node, text=text, plan=self.shown(after)))
        return after, frozenset(self.made.checkpoints)

    def _rounded(self, rows: int) -> int:
        if self.minimum == 0:
            return rows
        return max(self.minimum, round(rows, -int(math.log10(rows))) if rows > 0 else 0)

    def _titles(self) -> Mapping[str, str]:
        return {platform.name: platform.title for platform in self.context.platforms}


def _amount(node: str, expected: Interval, counted: int, minimum: int) -> str:
    about = "about " if minimum else ""
    low, high = round(expected.low), round(expected.high)
    wanted = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    return f"{node} made {about}{counted:,} rows, and {wanted} were expected"


def _moved(before: ExecutionPlan, after: ExecutionPlan, titles: Mapping[str, str]) -> str:
    """Say which operators go elsewhere, those of one way together; nothing if none does."""
    was = {operator.id: operator.decision.platform for operator in before.operators}
    ways: dict[tuple[str, str], list[str]] = {}
    for operator in after.operators:
        way = (was[operator.id], operator.decision.platform)
        if way[0] != way[1]:
            ways.setdefault(way, []).append(operator.id)
    said = [
        f"{', '.join(ids)} {'moves' if len(ids) == 1 else 'move'} from {titles[old]} to {titles[new]}"
        for (old, new), ids in ways.items()
    ]
    return "; ".join(said)
