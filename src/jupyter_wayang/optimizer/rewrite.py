"""Rewriting: the rules in a row, again and again until none of them changes the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jupyter_wayang.optimizer.rules.fold_constants import fold_constants
from jupyter_wayang.optimizer.rules.merge_maps import merge_maps
from jupyter_wayang.optimizer.rules.order_joins import order_joins
from jupyter_wayang.optimizer.rules.push_aggregates import push_aggregates
from jupyter_wayang.optimizer.rules.push_filters import push_filters
from jupyter_wayang.optimizer.rules.push_into_groups import push_into_groups
from jupyter_wayang.optimizer.rules.push_into_sets import push_into_sets
from jupyter_wayang.optimizer.rules.push_limits import push_limits
from jupyter_wayang.optimizer.rules.push_projections import push_projections
from jupyter_wayang.plan.logical import LogicalPlan
from jupyter_wayang.plan.statistics import SourceStatistics

__all__ = ["RULES", "SIZED_RULES", "Rule", "SizedRule", "rewrite"]

Rule = Callable[[LogicalPlan], LogicalPlan]
SizedRule = Callable[[LogicalPlan, Mapping[str, SourceStatistics]], LogicalPlan]

RULES: tuple[Rule, ...] = (
    fold_constants,
    push_filters,
    push_into_groups,
    push_into_sets,
    push_limits,
    merge_maps,
    push_projections,
)
"""In this order: projections come last, because where filters end up decides which columns are read."""

_PASSES = 10


SIZED_RULES: tuple[SizedRule, ...] = (order_joins, push_aggregates)
"""Rules that look at sizes: they run when the others are through, once, and the others once more."""


def rewrite(
    plan: LogicalPlan,
    statistics: Mapping[str, SourceStatistics] | None = None,
    *,
    rules: tuple[Rule, ...] = RULES,
    sized: tuple[SizedRule, ...] = SIZED_RULES,
) -> LogicalPlan:
    """Apply rules until the plan stays the same; a plan that is rewritten already is returned as it is.

    Results stay in their order, with their rows and schemas. Nodes keep their ids; what is merged has that of the last.

    Parameters
    ----------
    plan
        A logical plan.
    statistics
        Of the sources, by id of the node. Without any, the rules that look at sizes change nothing.
    rules, sized
        What to apply, in order.

    Returns
    -------
    LogicalPlan
        The rewritten plan; the same object if no rule applies.
    """
    settled = _settled(plan, rules)
    current = settled
    for rule in sized:
        current = rule(current, statistics or {})
    return settled if current is settled else _settled(current, rules)


def _settled(plan: LogicalPlan, rules: tuple[Rule, ...]) -> LogicalPlan:
    current = plan
    for _ in range(_PASSES):
        before = current
        for rule in rules:
            current = rule(current)
        if current is before:
            break
    return current
