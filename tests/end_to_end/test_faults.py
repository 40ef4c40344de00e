"""Faults and breaks over the four hospitals: real sites, and a clock that nobody waits for."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

import jupyter_wayang as wy
from jupyter_wayang.errors import NameUnknownError, OperatorError, SiteError
from jupyter_wayang.events import (
    AnswerDropped,
    AnyEvent,
    MetricsMeasured,
    RoundFinished,
    RoundStarted,
    RunFinished,
    RunStarted,
    SiteReported,
)
from jupyter_wayang.execution.scheduler import LaneExecutor
from jupyter_wayang.kernel.asking import RunContext
from jupyter_wayang.kernel.outcome import Outcome
from jupyter_wayang.kernel.program import compiled
from jupyter_wayang.kernel.runs import running
from jupyter_wayang.kernel.steps import Carrier, VirtualClock, drive_plainly
from jupyter_wayang.plan.logical import LogicalPlan
from jupyter_wayang.transport import messages

sys.path.insert(0, str(Path(__file__).parent))

from heart import FEATURES

SITES = ("cleveland", "hungary", "switzerland", "va")
PLATFORMS = {
    "cleveland": ("duckdb", "numpy"),
    "hungary": ("polars", "numpy"),
    "switzerland": ("pandas", "numpy"),
    "va": ("sqlite", "numpy"),
}
MOMENTUM = wy.strategy("fedavgm", local_epochs=2, learning_rate=0.5)


def task(session: wy.Session, **options: object) -> LogicalPlan:
    """Return the plan of four rounds over the hospitals."""
    col = wy.col
    patients = session.read("patients", sites="hospitals").select(*FEATURES, "num")
    train, test = patients.split(0.8, seed=7, by=[col.num > 0])
    ready = train.impute("mean").scale().one_hot("cp", "restecg")
    chosen = {"strategy": MOMENTUM, "rounds": 4, **options}
    model = ready.fit(wy.logistic_regression(l2=1e-3), target=col.num > 0, **chosen)
    return model.evaluate(test).plan().making.logical


@dataclass
class Driven:
    """A run in a process and time of its own: what it said, what it kept, what it came to."""

    said: list[AnyEvent] = field(default_factory=list)
    kept: dict[str, bytes] = field(default_factory=dict)
    outcome: Outcome | None = None
    asked: list[messages.Request] = field(default_factory=list)

    def of(self, kind: type[AnyEvent], **where: object) -> list[AnyEvent]:
        return [e for e in self.said if isinstance(e, kind) and all(getattr(e, k) == v for k, v in where.items())]

    @property
    def parameters(self) -> tuple[object, ...]:
        assert self.outcome is not None
        (model,) = self.outcome.models.values()
        return model.parameters


def drive(
    session: wy.Session,
    plan: LogicalPlan,
    *,
    run: str = "r",
    stop_after: int | None = None,
    kept: Mapping[str, bytes] | None = None,
    around: Mapping[str, object] | None = None,
) -> Driven:
    """Run a task at the sites of a session; ``around``: by site, what stands between it and the kernel."""
    driven, clock = Driven(kept=dict(kept or {})), VirtualClock(1000.0)
    agents = {"here": session._here, **session._sites["hospitals"]}
    places: dict[str, Carrier] = {name: agent.handle for name, agent in agents.items()}
    for site, wrap in (around or {}).items():
        places[site] = wrap(places[site])  # type: ignore[operator]
    context = RunContext(
        run=run,
        name="heart",
        platforms=None,
        titles={},
        emit=driven.said.append,
        federated=True,
        clock=clock,
        keep=driven.kept.__setitem__,
        kept=dict(kept or {}),
    )
    driven.outcome = drive_plainly(running(compiled(plan), context), places, stop_after, clock)
    return driven


@pytest.fixture
def session(opened) -> wy.Session:
    return opened(PLATFORMS)


def known(said: list[AnyEvent]) -> list[AnyEvent]:
    """Return what is told of rounds, but not how long they took."""
    kinds = (MetricsMeasured, RoundStarted, RoundFinished, SiteReported)
    return [
        msgspec.structs.replace(e, seconds=0.0) if hasattr(e, "seconds") else e for e in said if isinstance(e, kinds)
    ]


def test_a_run_that_is_stopped_anywhere_and_goes_on_comes_to_the_same_bytes(session):
    plan = task(session)
    whole = drive(session, plan)
    assert whole.outcome.state == "done"
    answers = 4 * 4 + 5 * 4  # of the rounds, and their measurements
    before = 11 * 4 + 2  # planning, learning, telling; here
    for number, stop_after in enumerate(range(before, before + answers, 5)):
        first = drive(session, plan, run=f"first{number}", stop_after=stop_after)
        assert first.outcome.state == "stopped"
        second = drive(session, plan, run=f"second{number}", kept=first.kept)
        assert second.outcome.state == "done"
        assert second.parameters == whole.parameters  # bytes: not even the last digit
        assert second.outcome.table.equals(whole.outcome.table)
        assert known(second.said) == known(whole.said)


def test_faults_are_named_and_the_rounds_go_on(session):
    plan = task(
        session,
        deadline=10,
        quorum=3,
        faults=[
            wy.fault("drop", "va", rounds=1),
            wy.fault("slow", "hungary", 5),
            wy.fault("spoil", "cleveland", first=2, rounds=1),
            wy.fault("slow", "switzerland", 12, first=3, rounds=1),
        ],
    )
    driven = drive(session, plan)
    assert driven.outcome.state == "done"
    told = [(e.round, e.site, e.missing) for e in driven.of(SiteReported) if e.missing is not None]
    assert told == [(1, "va", "late"), (2, "cleveland", "rejected"), (3, "switzerland", "late")]
    # Its answer came in the middle of the measuring, and then it took part again.
    (dropped,) = driven.of(AnswerDropped)
    assert (dropped.site, dropped.round, dropped.reason) == ("switzerland", 3, "too late: round 3 is over")
    assert driven.of(RoundFinished, round=4)[0].sites == SITES
    assert [round(e.seconds) for e in driven.of(RoundFinished)] == [10, 5, 10, 5]


def test_without_a_quorum_a_silent_site_fails_the_run_by_its_deadline(session):
    plan = task(session, deadline=10, faults=[wy.fault("drop", "va", first=3)])
    with pytest.raises(SiteError, match="va failed in round 3: no answer within 10 s") as caught:
        drive(session, plan)
    assert caught.value.hint == "the model after 2 rounds is kept: %wayang resume r goes on from it"


def test_a_fault_for_a_site_that_is_not_there_is_refused(session):
    with pytest.raises(NameUnknownError, match=r"faults= names the site vaa, which takes no part. Did you mean va\?"):
        task(session, faults=[wy.fault("fail", "vaa")])
    with pytest.raises(OperatorError, match="quorum must be from 1 to 2, the number of sites in a round"):
        task(session, quorum=3, participation=0.5)
    assert session.kernel.runs() == ()


def test_the_plan_says_how_many_sites_a_round_has(session):
    col = wy.col
    rows = session.read("patients", sites="hospitals").select("age", "num")
    how = {"rounds": 2, "strategy": MOMENTUM, "participation": 0.5, "quorum": 2}
    plan = rows.scale().fit(wy.logistic_regression(), target=col.num > 0, **how).plan()
    (combined,) = [operator for operator in plan.execution.operators if operator.verb == "aggregate"]
    assert combined.text == "fedavgm, weights by rows, 2 of 4 sites a round, quorum 2"


def test_half_of_the_hospitals_train_in_a_round(session):
    driven = drive(session, task(session, participation=0.5, seed=1))
    assert [len(e.sites) for e in driven.of(RoundFinished)] == [2, 2, 2, 2]
    assert len({e.sites for e in driven.of(RoundFinished)}) > 1
    assert len(driven.of(MetricsMeasured, site="va")) == 5


class Losing:
    """A line that loses the first answer to every training."""

    def __init__(self, carrier: Carrier) -> None:
        self.carrier, self.lost, self.trained = carrier, set(), []

    def __call__(self, request: bytes) -> bytes:
        message = messages.decode_request(request)
        answer = self.carrier(request)
        if isinstance(message, messages.Train):
            self.trained.append((message.id, answer))
            if message.id not in self.lost:
                self.lost.add(message.id)
                raise ConnectionError("the line is dead")
        return answer


def test_a_lost_answer_is_asked_for_again_and_nothing_is_trained_twice(session, monkeypatch):
    lines = {}

    def losing(carrier: Carrier) -> Carrier:
        lines["va"] = Losing(carrier)
        return lines["va"]

    plan, whole = task(session), drive(session, task(session), run="whole")
    times: list[object] = []
    real = LaneExecutor.update
    monkeypatch.setattr(LaneExecutor, "update", lambda self, *args: times.append(args) or real(self, *args))
    driven = drive(session, plan, around={"va": losing})
    assert driven.parameters == whole.parameters
    assert len(times) == 4 * len(SITES)
    answers: dict[str, set[bytes]] = {}
    for id_, answer in lines["va"].trained:
        answers.setdefault(id_, set()).add(answer)
    assert len(lines["va"].trained) == 8
    assert [len(same) for same in answers.values()] == [1, 1, 1, 1]
    assert driven.of(SiteReported, site="va", missing="failed") == []


def replaying(carrier: Carrier) -> Carrier:
    """Answer every training but the first as the first was answered."""
    first: list[bytes] = []

    def line(request: bytes) -> bytes:
        answer = carrier(request)
        if isinstance(messages.decode_request(request), messages.Train):
            first.append(answer)
            return first[0]
        return answer

    return line


def test_a_replayed_answer_is_rejected_and_its_site_is_named(session):
    driven = drive(session, task(session, quorum=3), around={"va": replaying})
    told = driven.of(SiteReported, site="va")
    assert [e.missing for e in told] == [None, "rejected", "rejected", "rejected"]
    assert all("its answer was rejected: it is one to another request" in e.error for e in told[1:])
    assert driven.of(RoundFinished, round=4)[0].sites == SITES[:3]


def test_a_site_that_always_errors_shows_its_reason_and_not_a_value(session):
    def breaking(carrier: Carrier) -> Carrier:
        def line(request: bytes) -> bytes:
            message = messages.decode_request(request)
            if isinstance(message, messages.Train):
                broken = msgspec.structs.replace(message, node="nothing")
                return carrier(messages.encode(broken))
            return carrier(request)

        return line

    driven = drive(session, task(session, quorum=3), around={"va": breaking})
    errors = {e.error for e in driven.of(SiteReported, site="va")}
    assert len(errors) == 1
    assert "va" in errors.pop().lower()
    assert driven.outcome.state == "done"


def test_a_run_of_an_earlier_session_goes_on_in_a_new_one(opened, tmp_path):
    first = opened(PLATFORMS)
    plan = task(first, faults=[wy.fault("fail", "va", first=3)])
    run = first.kernel.submit(plan, name="heart", platforms=None)
    with pytest.raises(SiteError, match="va failed in round 3: it was told to fail"):
        first.kernel.outcome(run)
    first.close()
    second = opened(PLATFORMS)
    again = second.resume(run)
    with pytest.raises(SiteError, match="va failed in round 3: it was told to fail"):
        again.wait()
    assert again.id != run
    started = again.events()[0]
    assert isinstance(started, RunStarted)
    assert started.resumes == run
    assert [e.round for e in again.events() if isinstance(e, RoundFinished)] == [1, 2]
    assert isinstance(again.events()[-1], RunFinished)


def test_the_rows_say_which_sites_are_missing_and_why(session):
    rows = declared_metrics(session, quorum=3, faults=[wy.fault("fail", "va", rounds=2)])
    assert "va is missing in 2 of 4 rounds: it was told to fail" in rows.notes


def declared_metrics(session: wy.Session, **options: object) -> wy.Result:
    """Run the task as a person does."""
    run = session.kernel.submit(task(session, **options), name="heart", platforms=None)
    return session.attach(run).wait()


def test_a_site_that_hangs_holds_up_neither_stop_nor_close(session):
    hangs, free = threading.Event(), threading.Event()
    kernel = session.kernel
    carriers = dict(kernel._federations["hospitals"])
    healthy = carriers["va"]

    def hanging(request: bytes) -> bytes:
        if isinstance(messages.decode_request(request), messages.Train):
            hangs.set()
            free.wait()
        return healthy(request)

    plan = task(session)
    kernel.join("hospitals", {**carriers, "va": hanging}, kernel._titles["hospitals"])
    run = session.attach(kernel.submit(plan, name="heart", platforms=None))
    try:
        assert hangs.wait(60)
        run.stop()
        assert run.waited(60)
        assert run.state == "stopped"
        session.close()
        # Nobody waited for it: it hangs still.
        assert not free.is_set()
    finally:
        free.set()


def test_a_run_that_is_done_or_had_no_rounds_cannot_go_on(session):
    counted = session.read("patients", sites="hospitals").agg(n=wy.count()).run()
    with pytest.raises(OperatorError, match="is done: nothing of it is left to do"):
        session.resume(counted.run.id)
    with pytest.raises(NameUnknownError, match="no run nope"):
        session.resume("nope")
