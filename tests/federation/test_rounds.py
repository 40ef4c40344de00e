from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_wayang import events
from jupyter_wayang.errors import OperatorError, SiteError
from jupyter_wayang.federation import rounds as r
from jupyter_wayang.federation.rejection import rejected
from jupyter_wayang.federation.strategies.central import Central
from jupyter_wayang.federation.strategies.fedavg import FedAvg
from jupyter_wayang.federation.strategy import GlobalModel, State
from jupyter_wayang.plan.models import LogisticRegression, array, named_array
from jupyter_wayang.plan.operators import Goal
from jupyter_wayang.plan.tasks import LocalTask, MergedCell, Update

SITES = ("a", "b", "c", "d")


def arrays(w, b=0.0):
    return (named_array("weights", np.atleast_1d(np.array(w, dtype=float))), named_array("intercept", np.array([b])))


START = GlobalModel(model=LogisticRegression(), features=("x",), parameters=arrays(0.0))


def setup(**options):
    chosen = {"sites": SITES, "strategy": FedAvg(learning_rate=0.5), "start": START, "rounds": 3}
    return r.Setup(**{**chosen, **options})


class FakeSite:
    """Moves the weight by a third of its own number; scores get better as the weight grows."""

    def __init__(self, number):
        self.number = number

    def answer(self, instruction, at_s=0.0):
        place = {"site": instruction.site, "round": instruction.round, "at_s": at_s}
        if isinstance(instruction, r.Train):
            w = array(instruction.task.parameters[0]) + self.number / 3
            return r.Answered(update=Update(parameters=arrays(w), rows=7 * self.number), **place)
        loss = float(np.exp(-array(instruction.task.parameters[0])[0]))
        cells = tuple(
            MergedCell(low_bin=b, high_bin=b, target=t, n=5, log_loss=5 * loss, correct=4) for b, t in ((3, 0), (15, 1))
        )
        return r.Scored(cells=cells, **place)


FAKES = {site: FakeSite(index + 1) for index, site in enumerate(SITES)}


def drive(chosen, order=lambda waiting: 0, before=lambda state, event: ()):
    """Carry instructions out one by one; ``order`` picks which answer comes next."""
    state, todo = r.step(r.begin(chosen), r.Started(at_s=100.0))
    waiting, said, finish, clock = [], [], None, 100.0
    while True:
        waiting += [i for i in todo if isinstance(i, r.Train | r.Score)]
        said += [i.event for i in todo if isinstance(i, r.Announce)]
        finish = next((i for i in todo if isinstance(i, r.Finish)), finish)
        if state.finished:
            return state, said, finish
        instruction = waiting.pop(order(waiting))
        clock += 1
        event = FAKES[instruction.site].answer(instruction, clock)
        todo = ()
        for extra in (*before(state, event), event):
            state, more = r.step(state, extra)
            todo += more


def model_of(finish):
    return finish.model.parameters


def test_rounds_go_from_the_first_model_to_the_last():
    state, said, finish = drive(setup(rounds=2))
    kinds = [type(event).__name__ for event in said]
    measured = ["MetricsMeasured"] * 5
    one = ["RoundStarted", *["SiteReported"] * 4, "RoundFinished", *measured]
    assert kinds == [*measured, *one, *one]
    assert [e.round for e in said if isinstance(e, events.MetricsMeasured) and e.site == "global"] == [0, 1, 2]
    assert (finish.state, finish.rounds, finish.error) == ("done", 2, None)
    assert finish.reason == "all 2 rounds are done"
    # Each round adds Σ n_k · k/3 / Σ n_k = (1 + 4 + 9 + 16) / (3 · 10) = 1.
    assert array(model_of(finish)[0]) == pytest.approx([2.0])
    assert state.awaited == ()


def test_seconds_come_from_the_events():
    _, said, _ = drive(setup(rounds=1))
    reported = [event.seconds for event in said if isinstance(event, events.SiteReported)]
    assert reported == [1.0, 2.0, 3.0, 4.0]
    assert [event.seconds for event in said if isinstance(event, events.RoundFinished)] == [4.0]


def test_without_measuring_there_are_only_rounds():
    _, said, finish = drive(setup(bins=None))
    assert not [event for event in said if isinstance(event, events.MetricsMeasured)]
    assert finish.rounds == 3


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_model_does_not_depend_on_who_answers_first(data):
    def any_of(waiting):
        return data.draw(st.integers(0, len(waiting) - 1))

    _, said, finish = drive(setup(), order=any_of)
    _, plain_said, plain = drive(setup())
    assert model_of(finish) == model_of(plain)  # bytes: not even the last digit
    assert [e for e in said if isinstance(e, events.MetricsMeasured)] == [
        e for e in plain_said if isinstance(e, events.MetricsMeasured)
    ]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_answers_that_are_not_awaited_change_nothing(data):
    past = []

    def again(state, event):
        past.append(event)
        return [past[data.draw(st.integers(0, len(past) - 1))] for _ in range(2)] if len(past) > 1 else ()

    # What is repeated may be the very answer that is awaited; then it counts, once.
    _, said, finish = drive(setup(), before=again)
    _, plain_said, plain = drive(setup())
    assert model_of(finish) == model_of(plain)
    assert len([e for e in said if isinstance(e, events.RoundFinished)]) == 3
    assert len([e for e in said if not isinstance(e, events.AnswerDropped)]) == len(plain_said)


def test_the_goal_ends_the_rounds():
    _, said, finish = drive(setup(rounds=30, until=Goal(metric="log_loss", op="<", threshold=0.2)))
    assert (finish.state, finish.rounds) == ("done", 2)  # exp(-2) = 0.135
    assert finish.reason == "log_loss < 0.2 was reached after 2 rounds"
    assert isinstance(said[-1], events.MetricsMeasured)


def test_a_model_that_was_not_trained_reaches_no_goal():
    _, _, finish = drive(setup(until=Goal(metric="log_loss", op="<", threshold=99.0)))
    assert finish.rounds == 1


def stop_at(count):
    seen = []

    def before(state, event):
        seen.append(event)
        return (r.StopRequested(), r.StopRequested()) if len(seen) == count else ()

    return before


@pytest.mark.parametrize(("count", "kept"), [(2, 0), (6, 0), (10, 1), (11, 1), (16, 1), (17, 2)])
def test_a_stop_takes_effect_at_the_next_step_and_keeps_the_last_finished_round(count, kept):
    # Answers 1 to 4 score model 0, 5 to 8 train round 1, 9 to 12 score it, 13 to 16 train round 2.
    state, said, finish = drive(setup(rounds=30), before=stop_at(count))
    assert state.finished
    assert [e for e in said if isinstance(e, events.StopRequested)] == [events.StopRequested()]
    assert (finish.state, finish.rounds) == ("stopped", kept)
    assert array(model_of(finish)[0]) == pytest.approx([float(kept)])
    assert said[-1] == events.StopRequested()


def test_after_the_end_nothing_happens():
    state, _, _ = drive(setup(rounds=1))
    late = r.Failed(site="a", round=1, phase="training", reason="late")
    for event in (r.Started(), r.StopRequested(), late, r.TimedOut(round=1, phase="scoring", at_s=1e9)):
        assert r.step(state, event) == (state, ())


def test_a_failing_site_is_named_with_its_round_and_what_is_kept():
    def fail(state, event):
        failing = isinstance(event, r.Answered) and (event.round, event.site) == (2, "c")
        full = {"phase": "training", "reason": "the disk is full", "at_s": event.at_s}
        return (r.Failed(site="c", round=2, **full),) if failing else ()

    _, said, finish = drive(setup(), before=fail)
    assert (finish.state, finish.rounds) == ("failed", 1)
    assert isinstance(finish.error, SiteError)
    assert finish.error.message == "c failed in round 2: the disk is full"
    assert finish.error.hint == "the model after 1 round is kept"
    assert array(model_of(finish)[0]) == pytest.approx([1.0])
    assert [e.error for e in said if isinstance(e, events.SiteReported) and e.site == "c"] == [None, "the disk is full"]


@pytest.mark.parametrize(
    ("update", "why"),
    [
        (Update(parameters=arrays([1.0]), rows=0), "trained on 0 rows"),
        (Update(parameters=arrays([1.0]), rows=-5), "trained on -5 rows"),
        (Update(parameters=arrays([1.0, 2.0]), rows=5), "weights has the shape (2,) instead of (1,)"),
        (Update(parameters=arrays([float("nan")]), rows=5), "weights has a value that is no finite number"),
        (Update(parameters=arrays([1.0], float("inf")), rows=5), "intercept has a value that is no finite number"),
        (Update(parameters=arrays([1.0])[:1], rows=5), "the arrays weights instead of weights, intercept"),
        (Update(parameters=arrays([1.0])[::-1], rows=5), "the arrays intercept, weights instead of"),
        (Update(parameters=(), rows=5), "the arrays (none) instead of"),
    ],
)
def test_an_update_that_cannot_be_used_is_the_failure_of_its_site(update, why):
    def spoil(state, event):
        spoiled = isinstance(event, r.Answered) and event.site == "b"
        return (r.Answered(site="b", round=event.round, update=update, at_s=event.at_s),) if spoiled else ()

    _, _, finish = drive(setup(), before=spoil)
    assert finish.state == "failed"
    assert why in finish.error.message
    assert finish.error.message.startswith("b failed in round 1")
    assert model_of(finish) == START.parameters


def test_scores_that_cannot_be_are_the_failure_of_their_site():
    cell = MergedCell(low_bin=4, high_bin=2, target=0, n=3, log_loss=1.0, correct=1)

    def spoil(state, event):
        return (r.Scored(site=event.site, round=0, cells=(cell,)),) if isinstance(event, r.Scored) else ()

    _, _, finish = drive(setup(), before=spoil)
    assert finish.error.message.startswith("a failed when the model of round 0 was measured: its scores were rejected")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"loss": float("nan")}, "its loss is nan"),
        ({"loss": -0.5}, "its loss is -0.5"),
        ({"personal": arrays([1.0, 2.0])}, "of its personal model: weights has the shape"),
        ({"personal": arrays(float("inf"))}, "of its personal model: weights has a value that is no finite number"),
    ],
)
def test_what_comes_beside_an_update_is_looked_at_too(more, reason):
    update = Update(parameters=arrays(1.0), rows=7, **more)
    assert rejected(update, START.parameters).startswith(reason)
    assert rejected(Update(parameters=arrays(1.0), rows=7, loss=0.5, personal=arrays(2.0)), START.parameters) is None


def test_a_site_that_may_not_show_its_scores_trains_all_the_same():
    class Silent(FakeSite):
        def answer(self, instruction, at_s=0.0):
            answer = super().answer(instruction, at_s)
            if isinstance(instruction, r.Train):
                return answer
            return r.Scored(site=answer.site, round=answer.round, cells=(), note="under 10 rows")

    before, FAKES["d"] = FAKES["d"], Silent(4)
    try:
        _, said, finish = drive(setup(rounds=1))
    finally:
        FAKES["d"] = before
    last = {e.site: e for e in said if isinstance(e, events.MetricsMeasured) and e.round == 1}
    assert (last["d"].rows, last["d"].auc, last["d"].note) == (None, None, "under 10 rows")
    assert (last["global"].rows, last["global"].note) == (30, "without d")
    assert array(model_of(finish)[0]) == pytest.approx([1.0])


class Counting(State, frozen=True, kw_only=True):
    rounds: int = 0


class Plug(msgspec.Struct, frozen=True):
    """A strategy of somebody else, with a state of its own."""

    def init(self, start, sites):
        return Counting(current=start)

    def task(self, state, client):
        now = state.current
        return LocalTask(model=now.model, features=now.features, parameters=now.parameters, epochs=state.rounds + 1)

    def apply(self, state, updates):
        return msgspec.structs.replace(state, rounds=state.rounds + len(updates)), {}


def test_a_foreign_strategy_keeps_its_own_state():
    state, _, _ = drive(setup(strategy=Plug(), bins=None, rounds=2))
    assert state.strategy.rounds == 8


def test_an_ordinary_fit_needs_one_place():
    with pytest.raises(OperatorError, match="at 4 sites"):
        r.step(r.begin(setup(strategy=Central(), bins=None)), r.Started())


@pytest.mark.parametrize(
    "wrong",
    [
        {"sites": ()},
        {"sites": ("a", "a")},
        {"rounds": 0},
        {"bins": None, "until": Goal(metric="auc", op=">", threshold=0.9)},
    ],
)
def test_rounds_that_cannot_be_are_refused(wrong):
    with pytest.raises(OperatorError):
        setup(**wrong)


def test_a_pause_is_in_no_rounds_time():
    state, todo = r.step(r.begin(setup(bins=None, rounds=2)), r.Started(at_s=100.0))
    said = []
    for base in (100.0, 163.0):
        for delay, instruction in enumerate([i for i in todo if isinstance(i, r.Train)], start=1):
            answer = replace(FAKES[instruction.site].answer(instruction, base + delay), told_s=base + 60.0)
            state, more = r.step(state, answer)
            said += [i.event for i in more if isinstance(i, r.Announce)]
            todo = more if any(isinstance(i, r.Train) for i in more) else todo
    # The second round began when the pause was over (160), not when the last answer had come (104).
    assert [e.seconds for e in said if isinstance(e, events.RoundFinished)] == [4.0, 7.0]
