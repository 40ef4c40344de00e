"""Rewriting: the rules in a row, again and again until none of them changes the plan."""

from __future__ import annotations

from collections.abc import Callable

from jupyter_wayang.optimizer.rules.fold_constants import fold_constants
from jupyter_wayang.optimizer.rules.push_filters import push_filters
from jupyter_wayang.optimizer.rules.push_limits import push_limits
from jupyter_wayang.optimizer.rules.push_projections import push_projections
from jupyter_wayang.plan.logical import LogicalPlan

__all__ = ["RULES", "Rule", "rewrite"]

Rule = Callable[[LogicalPlan], LogicalPlan]

RULES: tuple[Rule, ...] = (fold_constants, push_filters, push_limits, push_projections)
"""In this order: projections come last, because where filters end up decides which columns are read."""

_PASSES = 10


def rewrite(plan: LogicalPlan, rules: tuple[Rule, ...] = RULES) -> LogicalPlan:
    """Apply rules until the plan stays the same; a plan that is rewritten already is returned as it is.

    Results stay in their order, with their rows and schemas; ids of nodes stay.

    Parameters
    ----------
    plan
        A logical plan.
    rules
        What to apply, in order.

    Returns
    -------
    LogicalPlan
        The rewritten plan; the same object if no rule applies.
    """
    current = plan
    for _ in range(_PASSES):
        before = current
        for rule in rules:
            current = rule(current)
        if current is before:
            break
    return current
