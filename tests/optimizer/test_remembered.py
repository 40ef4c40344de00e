from __future__ import annotations

from dataclasses import replace

import pytest
from optimizer.fakes import col, context, op, platform, read, where

from jupyter_wayang.optimizer import remembered
from jupyter_wayang.optimizer.remembered import Remembered
from jupyter_wayang.plan.logical import LogicalPlan


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[LogicalPlan]:
    """Return what was really planned, in order."""
    seen: list[LogicalPlan] = []
    optimize = remembered.optimize

    def noted(plan: LogicalPlan, *rest: object) -> object:
        seen.append(plan)
        return optimize(plan, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(remembered, "optimize", noted)
    return seen


def plan(least: int) -> LogicalPlan:
    return LogicalPlan.of((where(read(age="int64"), op(col("age"), ">", least)),))


def test_the_same_task_is_planned_once(planned: list[LogicalPlan]) -> None:
    plans, told = Remembered(), context(platform("a"), platform("b"))
    assert plans.optimize(plan(18), told) is plans.optimize(plan(18), replace(told))
    assert len(planned) == 1


def test_another_task_and_other_statistics_are_planned(planned: list[LogicalPlan]) -> None:
    plans, a, b = Remembered(), platform("a"), platform("b")
    for least, told in ((18, context(a, b)), (19, context(a, b)), (18, context(a, b, rows=7)), (18, context(a))):
        plans.optimize(plan(least), told)
    assert len(planned) == 4


def test_costs_that_were_learned_are_planned_with(planned: list[LogicalPlan]) -> None:
    plans, slow = Remembered(), platform("a", row_s=1e-3)
    told = context(slow)
    before = plans.optimize(plan(18), told)
    object.__setattr__(slow, "costs", platform("a", row_s=1e-6).costs)
    assert plans.optimize(plan(18), told).execution.cost_s.mean < before.execution.cost_s.mean
    assert len(planned) == 2
