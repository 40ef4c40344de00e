"""What runs teach: the work of a stage with the rows that were counted, and nothing where too little is known."""

from __future__ import annotations

import msgspec
import pyarrow as pa
import pytest

from jupyter_wayang.app import Session
from jupyter_wayang.events import OperatorFinished, Planned, Replanned, RunFinished
from jupyter_wayang.kernel.observing import observations
from jupyter_wayang.language.expressions import col
from jupyter_wayang.plan import wire
from jupyter_wayang.plan.execution import ExecutionPlan, Interval
from jupyter_wayang.platforms.registry import installed

PLATFORMS = installed()


@pytest.fixture
def told(tmp_path):
    session = Session(tmp_path)
    rows = session.read(pa.table({"x": [float(i) for i in range(1_000)]}))
    kept = rows.filter(col.x >= 250)
    for _ in range(2):  # the first starts the platform
        result = session.run((kept.port,), names={}, platforms=["polars"], name="", captured=(), wait=None)
    yield result.run.events()
    session.close()


def changed(events, **changes):
    """Return events with the plan changed, and OperatorFinished as they were."""
    made = []
    for event in events:
        if isinstance(event, Planned):
            plan = wire.decode(event.plan, ExecutionPlan)
            plan = msgspec.structs.replace(plan, **changes)
            made.append(msgspec.structs.replace(event, plan=wire.encode(plan).decode()))
        else:
            made.append(event)
    return made


def test_a_stage_is_its_operators_with_counted_rows_and_all_their_seconds(told):
    (one,) = observations("a", told, PLATFORMS)
    parts = {part.tag: part for part in one.parts}
    assert (parts["read_frame"].rows, parts["filter"].rows, parts["filter"].out) == (1_000, 1_000, 750)
    assert {part.platform for part in one.parts} == {"polars"}
    assert one.seconds == pytest.approx(sum(e.seconds for e in told if isinstance(e, OperatorFinished)))
    assert one.group == "a"


def test_the_rows_of_a_result_are_handed_over_as_arrow(told):
    (one,) = observations("a", told, PLATFORMS)
    assert [(part.tag, part.out) for part in one.parts if ">" in part.tag] == [("polars.frame>arrow.table", 750)]


def test_what_had_to_be_started_teaches_nothing(told):
    assert observations("a", changed(told, start_up_s=(("polars", 0.3),)), PLATFORMS) == ()


def test_what_a_function_takes_is_its_own(told):
    plan = wire.decode(next(e.plan for e in told if isinstance(e, Planned)), ExecutionPlan)
    called = tuple(
        msgspec.structs.replace(one, work=msgspec.structs.replace(one.work, tag="map")) if one.verb == "filter" else one
        for one in plan.operators
    )
    assert observations("a", changed(told, operators=called), PLATFORMS) == ()


def test_a_run_that_failed_teaches_nothing(told):
    failed = [msgspec.structs.replace(e, state="failed") if isinstance(e, RunFinished) else e for e in told]
    assert observations("a", failed, PLATFORMS) == ()


def test_rows_that_nobody_counted_or_knew_teach_nothing(told):
    plan = wire.decode(next(e.plan for e in told if isinstance(e, Planned)), ExecutionPlan)
    loose = tuple(msgspec.structs.replace(operator, rows=Interval(low=1, high=1e6)) for operator in plan.operators)
    silent = [msgspec.structs.replace(e, rows=None) if isinstance(e, OperatorFinished) else e for e in told]
    assert observations("a", changed(silent, operators=loose), PLATFORMS) == ()


def test_after_a_change_of_plan_the_last_one_counts(told):
    planned = next(event for event in told if isinstance(event, Planned))
    place = told.index(planned) + 1
    again = Replanned(operator="read", text="more rows than expected", plan=planned.plan, seq=planned.seq)
    with_start = changed(told, start_up_s=(("polars", 0.3),))
    assert observations("a", [*told[:place], again, *told[place:]], PLATFORMS) == observations("a", told, PLATFORMS)
    # What the first plan started is started, whatever the last one says of it.
    assert observations("a", [*with_start[:place], again, *with_start[place:]], PLATFORMS) == ()
