"""The plan view's Python half: wishes are noted, carried out in order, and answered once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

import jupyter_wayang as wy
from jupyter_wayang.notebook.widgets import bundle, display
from jupyter_wayang.notebook.widgets.plan import PlanView, pinnable
from jupyter_wayang.plan.execution import ExecutionPlan
from jupyter_wayang.session import Plan

ROOT = Path(__file__).parents[3]
WAIT_S = 30.0


@pytest.fixture(autouse=True)
def _no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test of Python needs no browser's program."""
    monkeypatch.setattr("jupyter_wayang.notebook.widgets.plan.bundled", lambda name: f"/* {name} */")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[wy.Session]:
    session = wy.Session(tmp_path)
    yield session
    session.close()


@pytest.fixture
def plan(session: wy.Session) -> Plan:
    ages = session.read(pa.table({"age": [17, 42, 63], "ward": ["a", "b", "a"]}))
    found: Plan = ages.filter(wy.col.age > 18).group_by("ward").agg(n=wy.count()).plan(["pandas", "polars"])
    return found


@pytest.fixture
def view(plan: Plan) -> Iterator[PlanView]:
    view = PlanView(plan)
    yield view
    view.close()


def other(plan: Plan) -> str:
    decision = plan.execution.operator("filter").decision
    return next(a.platform for a in decision.alternatives if a.impossible is None and a.platform != decision.platform)


def tell(view: PlanView, **content: Any) -> None:
    view._handle_custom_msg(content, [])
    assert view.settled(WAIT_S)


def test_the_display_is_the_plan_with_its_places(view: PlanView, plan: Plan) -> None:
    assert msgspec.convert(view.display["plan"], ExecutionPlan) == plan.execution
    assert {card["id"] for card in view.display["layout"]["cards"]} == {o.id for o in plan.execution.operators}
    assert json.loads(json.dumps(view.display))["kind"] == "plan"


def test_a_pin_is_carried_out_and_told(view: PlanView, plan: Plan) -> None:
    platform = other(plan)
    tell(view, type="pin", operator="filter", platform=platform, sites=None)
    assert view.plan.execution.operator("filter").decision.platform == platform
    assert view.changes["sentence"].startswith("filter now runs in ")
    assert view.undoable
    assert view.answered == 1


def test_the_handler_only_notes(view: PlanView, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    monkeypatch.setattr(PlanView, "_answer", lambda self, wish: threads.append(threading.current_thread().name))
    tell(view, type="pin", operator="filter", platform=other(plan), sites=None)
    assert threads == ["wayang-plan-view"]


def test_undo_goes_back_one_by_one_and_not_further(view: PlanView, plan: Plan) -> None:
    tell(view, type="pin", operator="filter", platform=other(plan), sites=None)
    tell(view, type="undo")
    assert view.plan is plan
    assert not view.undoable
    tell(view, type="undo")
    assert view.plan is plan


def test_what_cannot_be_done_is_said_and_nothing_changes(view: PlanView, plan: Plan) -> None:
    tell(view, type="pin", operator="filter", platform="panda", sites=None)
    assert view.notice["wrong"]
    assert "Did you mean pandas" in view.notice["text"]
    assert view.plan is plan
    tell(view, type="pin", operator="filter", platform=other(plan), sites=None)
    assert view.notice is None


@pytest.mark.parametrize("content", [{}, {"type": "pin"}, {"type": "other"}, {"type": "since", "seq": "x"}, [], None])
def test_messages_that_are_none_are_let_go(view: PlanView, content: Any) -> None:
    view._handle_custom_msg(content, [])
    assert view.settled(WAIT_S)
    assert view.answered == 0


def test_what_a_person_looks_at_can_be_read(view: PlanView) -> None:
    tell(view, type="inspect", operator="filter")
    assert view.selected == "filter"


def test_events_of_a_run_reach_the_pages_until_the_plan_is_another(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(PlanView, "send", lambda self, content, buffers=None: sent.append(content))
    run = plan.run(wait=False)
    assert isinstance(run, wy.Run)
    view = PlanView(plan, run)
    run.wait()
    deadline = threading.Event()
    while view._stream is not None and view._stream.alive:
        assert not deadline.wait(0.01)
    frames = [content for content in sent if content["type"] == "frame"]
    assert frames[0]["head"]["since"] == 0
    assert frames[-1]["head"]["seq"] == run.events()[-1].seq
    tell(view, type="pin", operator="filter", platform=other(plan), sites=None)
    assert view.notice["text"] == "The run in progress keeps its plan."
    del sent[:]
    tell(view, type="since", seq=0)
    view.close()
    assert not [content for content in sent if content["type"] == "frame"]


def test_no_thread_is_left(plan: Plan) -> None:
    view = PlanView(plan)
    tell(view, type="pin", operator="filter", platform=other(plan), sites=None)
    view.close()
    # Engines have threads of their own.
    assert not [thread.name for thread in threading.enumerate() if thread.name in ("wayang-plan-view", "wayang-stream")]


def test_a_plan_that_was_read_has_nothing_to_pin(plan: Plan) -> None:
    assert pinnable(Plan(plan.execution)) is None
    assert set(pinnable(plan) or ()) == {operator.id for operator in plan.execution.operators}


def test_the_schema_of_pictures_is_not_stale() -> None:
    written = (ROOT / "js" / "src" / "plan" / "picture.schema.json").read_text(encoding="utf-8")
    assert json.loads(written) == json.loads(json.dumps(display.picture_schema()))


def test_a_missing_bundle_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bundle, "_STATIC", tmp_path)
    bundle.bundled.cache_clear()
    with pytest.raises(wy.errors.DataError, match="not built"):
        bundle.bundled("plan.js")
    bundle.bundled.cache_clear()


def test_when_others_would_win_is_looked_for_when_somebody_looks(view: PlanView, plan: Plan) -> None:
    assert view.wins == {}
    tell(view, type="inspect", operator="filter")
    assert view.wins["filter"].startswith(("others would win: ", "at no number of rows would this be better: "))
    assert set(view.wins) == {operator.id for operator in plan.execution.operators}
    before = view.wins
    tell(view, type="pin", operator="filter", platform=other(plan), sites=None)
    assert view.settled(WAIT_S)
    # Of the plan that is shown now, without another click.
    assert view.wins
    assert view.wins != before
