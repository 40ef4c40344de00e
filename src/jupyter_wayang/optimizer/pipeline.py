"""The pipeline: rewrite → inflate → estimate → cost → enumerate → explain, for the part of a plan in one lane."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from jupyter_wayang.errors import PlanError
from jupyter_wayang.optimizer.checkpoints import at_bound, behind, uncertain
from jupyter_wayang.optimizer.context import PlanningContext
from jupyter_wayang.optimizer.enumeration import Assignment, Output, Problem, cheapest, enumerate_plans
from jupyter_wayang.optimizer.lane import Lane
from jupyter_wayang.optimizer.peak import with_room
from jupyter_wayang.optimizer.rewrite import rewrite
from jupyter_wayang.plan.execution import ExecutionPlan, Interval
from jupyter_wayang.plan.logical import LogicalPlan, Port

__all__ = ["Optimized", "optimize", "plan_lane", "replan"]


_MANY = 150
"""Of a plan with more operators every uncertain estimate is taken for one that matters: finding out costs more."""

_WORTH_S = 0.25
"""A plan that takes no longer even where all is as large as it may be is not worth looking at twice."""


class Optimized(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rewritten logical plan, and where each of its nodes runs: operators have the ids of its nodes.

    ``checkpoints`` says, by id of a node, how many rows it should make: its rows are counted when it has run, and
    :func:`replan` is called for if they are not as expected.
    """

    logical: LogicalPlan
    execution: ExecutionPlan
    checkpoints: dict[str, Interval] = {}


def plan_lane(plan: LogicalPlan, context: PlanningContext) -> ExecutionPlan:
    """Plan one lane; see :func:`optimize`, which also returns the rewritten logical plan."""
    return optimize(plan, context).execution


def optimize(plan: LogicalPlan, context: PlanningContext) -> Optimized:
    """Rewrite a plan and choose a platform for every operator.

    Parameters
    ----------
    plan
        What is to be done in this lane; only operators that run in a lane.
    context
        The lane, its platforms, and statistics of the sources.

    Returns
    -------
    Optimized
        Results of the rewritten plan are in the order of those of ``plan``.

    Raises
    ------
    PlanError
        If an operator can run nowhere, or not where it is pinned, or if rows cannot be moved as they would have to.
    """
    return _planned(rewrite(plan, context.statistics), context)


def replan(made: Optimized, context: PlanningContext) -> Optimized:
    """Plan again what has not run yet.

    Parameters
    ----------
    made
        The plan that is running; its logical plan stays.
    context
        As before, with what is ``done`` and the rows that were ``counted``.

    Returns
    -------
    Optimized
        Operators that are done are as they were, with their counts, and what was started is said to have been.
    """
    again = _planned(made.logical, context)
    started = tuple(dict([*made.execution.start_up_s, *again.execution.start_up_s]).items())
    return msgspec.structs.replace(again, execution=msgspec.structs.replace(again.execution, start_up_s=started))


def _planned(plan: LogicalPlan, context: PlanningContext) -> Optimized:
    lane = Lane.of(plan, context)
    found = enumerate_plans(lane.problem(pinned=True))
    if found is None:
        raise _unreachable(lane)
    lane, found = with_room(lane, found)
    checkpoints = _checkpoints(lane, found.best)
    return Optimized(
        logical=plan, execution=lane.execution(found, frozenset(checkpoints)), checkpoints=dict(checkpoints)
    )


def _checkpoints(lane: Lane, best: Assignment) -> Mapping[str, Interval]:
    """Return where rows are counted, and how many there should be."""
    nodes, done = lane.plan.nodes, lane.context.done
    doubtful = {
        node.id: known.rows
        for index, node in enumerate(nodes)
        if node.id not in done
        and lane.context.iterations.get(node.id, 1) == 1
        and (known := lane.estimates.get(Port(node=node.id))) is not None
        and uncertain(known.rows)
        and lane.at_rest(index, best)
    }
    if not doubtful or all(len(one.possible) == 1 for one in lane.candidates):
        return {}
    if len(nodes) > _MANY:
        return doubtful
    most = lane.settled(at_bound(high=True))
    if most.compute_s(best) < _WORTH_S:
        return {}
    changed: set[str] = set()
    for settled in (lane.settled(at_bound(high=False)), most):
        other = cheapest(settled.problem(pinned=True))
        if other is not None:
            changed |= {node.id for node, a, b in zip(nodes, best, other, strict=True) if a != b}
    dependent = behind(lane.plan, changed)
    return {id_: rows for id_, rows in doubtful.items() if dependent[id_]}


def _unreachable(lane: Lane) -> PlanError:
    problem = lane.problem(pinned=True)
    for flow, output in zip(lane.moves.flows, problem.outputs, strict=True):
        makers = problem.operators[output.producer]
        for reader in output.consumers:
            alone = Problem(
                operators=(makers, problem.operators[reader]),
                outputs=(Output(0, (1,), output.cost),) if len(output.consumers) == 1 else (),
            )
            if enumerate_plans(alone) is None:
                names = (lane.plan.nodes[output.producer].id, lane.plan.nodes[reader].id)
                return PlanError(
                    f"there is no way to move rows from {names[0]} ({', '.join(makers)}) "
                    f"to {names[1]} ({', '.join(problem.operators[reader])})",
                    span=lane.plan.nodes[reader].span,
                    hint="allow a platform that both can exchange rows with",
                )
        if flow.result and not output.consumers and all(output.cost(name, ()) == float("inf") for name in makers):
            return PlanError(f"there is no way to hand over the rows of {flow.port.node} as an Arrow table")
    return PlanError(
        "the platforms that are allowed cannot exchange rows as this plan needs", hint="allow another platform"
    )
