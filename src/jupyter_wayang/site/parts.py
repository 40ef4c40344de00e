"""What a site holds for a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jupyter_wayang.errors import PlanError
from jupyter_wayang.execution.scheduler import LaneExecutor
from jupyter_wayang.plan.expressions import Named
from jupyter_wayang.plan.logical import LogicalPlan, Port
from jupyter_wayang.plan.operators import AnyOperator, Prepare, ReadFederated
from jupyter_wayang.site.disclosure.lineage import RowSet, trace
from jupyter_wayang.transport import messages

__all__ = ["Part"]


@dataclass
class Part:
    """What a site holds for a run: whose it is, its part of the plan, the executor of it, and where its results are.

    ``local`` is the plan over the site's own tables, before rules change it, and ``whence`` its result for a port;
    ``passed`` has the nodes, and features, whose rows were checked: rounds do not change them. ``running`` is the plan
    as rules have made it, and ``counted`` its nodes whose rows may be told: tables, and what was checked.
    """

    run: str
    analyst: str
    plan: LogicalPlan
    local: LogicalPlan
    whence: Mapping[Port, Port]
    running: LogicalPlan
    executor: LaneExecutor
    ports: Mapping[Port, Port]
    replanned: list[messages.Replanned]
    progress: list[messages.Progress] = field(default_factory=list)
    printed: list[messages.Printed] = field(default_factory=list)
    learned: dict[str, tuple[Named, ...]] = field(default_factory=dict)
    passed: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)
    counted: set[str] = field(default_factory=set)

    def rows(self, port: Port) -> RowSet:
        """Return which rows of its table a port has."""
        return trace(self.local, self.whence.get(port, port), self.table, self.learned)

    def entering(self, node: str) -> RowSet:
        """Return which rows of its table enter a node."""
        return trace(self.local, self.local[node].inputs[0], self.table, self.learned)

    @property
    def table(self) -> str:
        """The name of the table that is read."""
        return next(node.operator.table for node in self.plan.nodes if isinstance(node.operator, ReadFederated))

    def readers(self, port: Port) -> tuple[AnyOperator, ...]:
        """Return the operators that read a port."""
        return tuple(node.operator for node in self.plan.nodes if port in node.inputs)

    def prepared(self, node: str) -> None:
        """Refuse a node that prepares no rows."""
        if not any(one.id == node and isinstance(one.operator, Prepare) for one in self.plan.nodes):
            raise PlanError(f"{node} prepares no rows")

    def port(self, asked: Port) -> Port:
        """Return where a result is; only what was announced as one can be asked for."""
        if asked not in self.ports:
            raise PlanError(f"{asked.node} is no result of the plan")
        return self.ports[asked]
