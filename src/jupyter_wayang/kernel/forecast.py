"""What a federated task takes of every site, said before it runs; a limit that it would break refuses it then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from jupyter_wayang.errors import PlanError
from jupyter_wayang.federation import aggregation
from jupyter_wayang.kernel.actions import AggregateRows, Learn, Measure, Train
from jupyter_wayang.kernel.program import Program
from jupyter_wayang.plan.execution import ExecutionPlan, Interval, Takes
from jupyter_wayang.plan.models import named_array
from jupyter_wayang.plan.operators import GroupBy, Impute, OneHot
from jupyter_wayang.plan.preferences import Preferences
from jupyter_wayang.plan.rows import arrow_schema
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.tasks import MergedCell, Update
from jupyter_wayang.transport import messages
from jupyter_wayang.transport.bodies import to_bytes

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["check", "takes"]

_RUN = "0" * 8
_ROWS = 2**40
"""Large numbers take more bytes: so many rows are thought of."""

_LEVELS = Interval(low=1, high=20, confidence=0.8)
_GROUPS = Interval(low=1, high=1000, confidence=0.8)
_LATER = 4 * 64
"""Requests for a quantile, and cells in each, at most."""


def takes(program: Program, parts: Mapping[str, ExecutionPlan]) -> tuple[Takes, ...]:
    """Say what a program takes of every site: time, memory, and the bytes that leave it.

    Messages are as long as their kind makes them, so that they are made and measured. What is not known before sites have
    answered makes intervals: how many levels a column has (1 to 20), how many groups (1 to 1,000), and how many cells of
    scores a site tells.

    Parameters
    ----------
    program
        What is done.
    parts
        What the sites have planned.
    """
    trained = [action for action in program.actions if isinstance(action, Train)]
    fit = trained[0] if trained else None
    each = _round(program, fit) if fit is not None else None
    found = []
    for site, part in parts.items():
        before = Interval.exact(len(messages.encode(messages.Planned(run=_RUN, plan=part))))
        reported = _reports(operator.id for operator in part.operators)
        whole = before + _asked(program) + Interval(low=0, high=reported)
        if fit is not None and each is not None:
            rounds = fit.fit.options.rounds
            # With a goal the first round may be the last.
            least = 1 if fit.fit.options.until is not None else rounds
            scored = _scored(fit.bins) if fit.bins is not None else Interval.exact(0)
            whole = whole + scored + Interval(low=each.low * least, high=each.high * rounds)
        held = [operator.bytes for operator in part.operators if operator.bytes is not None]
        memory = Interval(low=max((b.low for b in held), default=0), high=max((b.high for b in held), default=0))
        found.append(Takes(site=site, round_bytes=each, bytes=whole, seconds=part.cost_s, memory_bytes=memory))
    return tuple(found)


def check(plan: ExecutionPlan, preferences: Preferences) -> None:
    """Refuse a plan that may break a limit.

    Raises
    ------
    PlanError
        With what it takes, and what is allowed.
    """
    most = max(plan.takes, key=lambda one: one.bytes.high, default=None)
    allowed = preferences.max_bytes
    if most is not None and allowed is not None and most.bytes.high > allowed:
        titles = {lane.id: lane.title for lane in plan.lanes}
        raise PlanError(
            f"up to {most.bytes.high:,.0f} bytes would leave {titles.get(most.site, most.site)}, and {allowed:,.0f} may",
            found=f"{most.bytes.high:.0f}",
            hint="Refused before anything was asked of the rows. Fewer rounds or features send less; max_bytes allows more.",
        )
    limit = preferences.max_seconds
    if limit is not None and plan.cost_s.high > limit:
        raise PlanError(
            f"it would take up to {plan.cost_s.high:.3g} s, and {limit:.3g} s are allowed",
            found=f"{plan.cost_s.high:.3g}",
            hint="Refused before anything ran. Fewer rounds or rows take less; max_seconds allows more.",
        )


def _round(program: Program, action: Train) -> Interval:
    """Return the bytes that leave a site in a round: its update, and the scores of the model that came of it."""
    update = _features(program, action)
    sent = Interval(low=_trained(action, int(update.low)), high=_trained(action, int(update.high)))
    return sent + _scored(action.bins) if action.bins is not None else sent


def _features(program: Program, action: Train) -> Interval:
    steps = [program.site_plan[step].operator for step in action.steps]
    encoded = {name for step in steps if isinstance(step, OneHot) for name in step.columns}
    plain = sum(name not in encoded for name in action.features)
    return Interval.exact(plain) + _LEVELS.times(len(action.features) - plain)


def _trained(action: Train, features: int) -> int:
    import numpy as np

    arrays = (named_array("weights", np.zeros(features)), named_array("intercept", np.zeros(1)))
    reported = (messages.Progress(node=action.update, rows=None, seconds=0.1),)
    update = Update(parameters=arrays, rows=_ROWS)
    answer = messages.Trained(run=_RUN, round=action.fit.options.rounds, update=update, progress=reported)
    return len(messages.encode(answer))


def _scored(bins: int) -> Interval:
    """Return the bytes of score cells: two at least, and at most every bin of both classes."""
    cell = MergedCell(low_bin=bins, high_bin=bins, target=1, n=_ROWS, log_loss=0.1, correct=_ROWS)
    sizes = (
        len(messages.encode(messages.Scored(run=_RUN, round=1000, cells=(cell,) * number))) for number in (2, 2 * bins)
    )
    return Interval(low=next(sizes), high=next(sizes))


def _asked(program: Program) -> Interval:
    """Return the bytes of what sites answer before and after the rounds."""
    done = len(messages.encode(messages.Done(run=_RUN)))
    outputs = program.site_plan.outputs()
    whole = Interval.exact(done)
    for action in program.actions:
        whole = whole + Interval.exact(2 * done)
        schema = outputs[action.port] if isinstance(action, Learn | AggregateRows) else None
        if isinstance(action, Learn) and isinstance(schema, Schema):
            whole = whole + _learned(action, schema)
        elif isinstance(action, AggregateRows) and isinstance(schema, Schema):
            later = _LATER if action.parts.quantiles else 1
            groups = _GROUPS if action.parts.partial.keys else Interval.exact(1)
            whole = whole + _answers(action.parts.partial, schema, Interval(low=groups.low, high=groups.high * later))
        elif isinstance(action, Measure) and not action.watched:
            whole = whole + _scored(action.bins)
    return whole


def _learned(action: Learn, schema: Schema) -> Interval:
    operator = action.operator
    if isinstance(operator, Impute) and operator.how == "value":
        return Interval.exact(0)
    request = next(aggregation.learn(operator, schema))
    if isinstance(operator, OneHot):
        return _answers(request, schema, _LEVELS).times(len(operator.columns))
    return _answers(request, schema, Interval.exact(1)).times(1 if isinstance(operator, Impute) else 2)


def _answers(operator: GroupBy, schema: Schema, rows: Interval) -> Interval:
    (made,) = operator.outputs((schema,))
    if not isinstance(made, Schema):
        raise PlanError(f"{operator.verb} makes no rows")
    sizes = []
    for number in (int(rows.low), int(rows.high)):
        answer = messages.Aggregated(run=_RUN, body=to_bytes(_nulls(made, number)), note="x" * 60)
        sizes.append(len(messages.encode(answer)))
    return Interval(low=min(sizes) * 0.9, high=max(sizes) * 1.1, confidence=rows.confidence)


def _nulls(schema: Schema, rows: int) -> pa.Table:
    import pyarrow as pa

    return pa.table([pa.nulls(rows, field.type) for field in arrow_schema(schema)], schema=arrow_schema(schema))


def _reports(operators: Iterable[str]) -> int:
    """Return the bytes of the seconds that operators took, which every one tells with some answer."""
    told = tuple(messages.Progress(node=node, rows=_ROWS, seconds=0.1) for node in operators)
    empty = messages.Done(run=_RUN)
    return len(messages.encode(messages.Done(run=_RUN, progress=told))) - len(messages.encode(empty))
