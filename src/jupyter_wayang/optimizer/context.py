"""What the optimizer is told: a lane, its platforms, and statistics of its sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jupyter_wayang.optimizer.objective import TIME, Objective
from jupyter_wayang.plan.execution import ExecutionOperator, Lane
from jupyter_wayang.plan.logical import Port
from jupyter_wayang.plan.statistics import FunctionStatistics, SourceStatistics
from jupyter_wayang.platforms.platform import Platform

__all__ = ["PlanningContext"]


@dataclass(frozen=True, kw_only=True)
class PlanningContext:
    """Where a part of a plan runs, and all that its planning needs to know.

    Parameters
    ----------
    lane
        The place.
    platforms
        Those that are allowed and can be used here; the first wins a tie.
    unusable
        Other platforms by name, and why each is not possible.
    statistics
        By id of the source's node.
    functions
        What functions of the notebook took before, by id of the node that calls one.
    running
        Names of platforms that are started already: they cost no start-up.
    iterations
        How often an operator runs, by id of its node; 1 where nothing is said.
    name
        The name of the plan.
    done
        Operators that have run, by id of their node, where a plan is made again while it runs.
    counted
        Rows that were counted meanwhile.
    objective
        What plans are compared by.
    memory_bytes
        How many bytes an operator may hold at once; None: no limit.
    """

    lane: Lane
    platforms: tuple[Platform, ...]
    unusable: Mapping[str, str] = field(default_factory=dict)
    statistics: Mapping[str, SourceStatistics] = field(default_factory=dict)
    functions: Mapping[str, FunctionStatistics] = field(default_factory=dict)
    running: frozenset[str] = frozenset()
    iterations: Mapping[str, int] = field(default_factory=dict)
    name: str = ""
    done: Mapping[str, ExecutionOperator] = field(default_factory=dict)
    counted: Mapping[Port, int] = field(default_factory=dict)
    objective: Objective = TIME
    memory_bytes: int | None = None
