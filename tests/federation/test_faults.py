"""Each fault in each phase of a round, under a clock of its own: who is named, what goes on, what ends."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import msgspec
import pytest
from simulated import DEADLINE_S, SITES, arrays, drive, setup

from jupyter_wayang.errors import NameUnknownError, OperatorError, SiteError
from jupyter_wayang.events import AnswerDropped, MetricsMeasured, RoundFinished, RoundStarted, SiteReported
from jupyter_wayang.federation import rounds as r
from jupyter_wayang.federation.faults import Script
from jupyter_wayang.federation.strategies.krum import Krum
from jupyter_wayang.federation.strategies.multi_krum import MultiKrum
from jupyter_wayang.plan.faults import Drop, Fail, Replay, Slow, Spoil
from jupyter_wayang.plan.models import named_array
from jupyter_wayang.plan.operators import Goal
from jupyter_wayang.plan.tasks import MergedCell

LATE = f"no answer within {DEADLINE_S:g} s"


def phase_of(request):
    return "training" if isinstance(request, r.Train) else "scoring"


def dropped(request, at_s, answer):
    return []


def late(request, at_s, answer):
    return [(at_s + DEADLINE_S, answer)]


def slow(request, at_s, answer):
    return [(at_s + DEADLINE_S / 2, answer)]


def twice(request, at_s, answer):
    return [(at_s, answer), (at_s + 0.1, answer)]


def failing(request, at_s, answer):
    full = {"round": request.round, "phase": phase_of(request), "reason": "the disk is full"}
    return [(at_s, r.Failed(site=request.site, **full))]


def replayed(request, at_s, answer):
    return [(at_s, replace(answer, round=answer.round - 1))]


def ahead(request, at_s, answer):
    return [(at_s, replace(answer, round=answer.round + 1))]


def spoiling(parameters, cell):
    """An update with other parameters, or scores with another cell."""

    def strike(request, at_s, answer):
        if isinstance(answer, r.Answered):
            spoilt = msgspec.structs.replace(answer.update, parameters=parameters)
            return [(at_s, replace(answer, update=spoilt))]
        return [(at_s, replace(answer, cells=(cell,)))]

    return strike


def cell(**what):
    return MergedCell(**{"low_bin": 3, "high_bin": 3, "target": 0, "n": 5, "log_loss": 1.0, "correct": 4, **what})


def weights(*values):
    import numpy as np

    return (named_array("weights", np.array(values)), arrays(0.0)[1])


REJECTED = {
    "nan": spoiling(weights(float("nan")), cell(log_loss=float("nan"))),
    "infinite": spoiling(weights(float("inf")), cell(log_loss=float("inf"))),
    "shape": spoiling(weights(1.0, 2.0), cell(low_bin=9, high_bin=2)),
    "large": spoiling(weights(1e200), cell(low_bin=99, high_bin=99)),
    "nothing": spoiling((), cell(n=-5)),
}
HARMFUL = {
    "drop": (dropped, "late", LATE),
    "late": (late, "late", LATE),
    "fail": (failing, "failed", "the disk is full"),
    "replay": (replayed, "late", LATE),
    "ahead": (ahead, "late", LATE),
    **{name: (strike, "rejected", "rejected: ") for name, strike in REJECTED.items()},
}
HARMLESS = {"slow": slow, "twice": twice}
PHASES = [("scoring", 0), *product(("training", "scoring"), (1, 2, 3))]
WITHOUT_D = 14 / 18  # of the weights 1/3, 2/3, 3/3 by 7, 14, 21 rows


@pytest.mark.parametrize(("phase", "number"), PHASES)
@pytest.mark.parametrize("fault", HARMFUL)
def test_with_a_quorum_a_round_goes_on_without_a_site_and_says_so(fault, phase, number):
    strike, missing, reason = HARMFUL[fault]
    plain = drive(setup())
    driven = drive(setup(quorum=3), strikes={(phase, number, "d"): strike})
    assert (driven.finish.state, driven.finish.rounds, driven.finish.error) == ("done", 3, None)
    lost = phase == "training"
    # Sites move the weight by the same in every round: what one round lacks, the last model lacks.
    assert driven.weight == pytest.approx(2 + WITHOUT_D if lost else 3)
    reported = driven.of(SiteReported, site="d", missing=missing)
    assert [(event.round, reason in event.error) for event in reported] == ([(number, True)] if lost else [])
    (finished,) = driven.of(RoundFinished, round=max(number, 1))
    assert finished.sites == (SITES[:3] if lost else SITES)
    (shown,) = driven.of(MetricsMeasured, round=number, site="d")
    # Who is late in training is not waited for a second time when the model is measured.
    unseen = not lost or missing == "late"
    assert (shown.auc is None) == unseen
    assert not unseen or reason in shown.note
    assert driven.of(MetricsMeasured, round=number, site="global")[0].note == ("without d" if unseen else None)
    others = [event for event in driven.metrics if event.round < number]
    assert others == [event for event in plain.metrics if event.round < number]


@pytest.mark.parametrize(("phase", "number"), PHASES)
@pytest.mark.parametrize("fault", HARMFUL)
def test_without_a_quorum_a_fault_ends_the_rounds_and_keeps_the_last_model(fault, phase, number):
    strike, _, reason = HARMFUL[fault]
    driven = drive(setup(), strikes={(phase, number, "d"): strike})
    done = number - 1 if phase == "training" else number
    assert (driven.finish.state, driven.finish.rounds) == ("failed", done)
    assert isinstance(driven.finish.error, SiteError)
    where = f"in round {number}" if phase == "training" else f"when the model of round {number} was measured"
    assert driven.finish.error.message.startswith(f"d failed {where}: ")
    assert reason in driven.finish.error.message
    assert driven.weight == pytest.approx(done)


@pytest.mark.parametrize(("phase", "number"), PHASES)
@pytest.mark.parametrize("fault", HARMFUL)
def test_a_round_in_which_everyone_fails_is_a_failure_whatever_the_quorum(fault, phase, number):
    strike, *_ = HARMFUL[fault]
    driven = drive(setup(quorum=1), strikes={(phase, number, site): strike for site in SITES})
    assert driven.finish.state == "failed"
    assert driven.finish.error.message.startswith("all 4 sites failed ")
    assert all(f"{site}: " in driven.finish.error.message for site in SITES)


@pytest.mark.parametrize(("phase", "number"), PHASES)
@pytest.mark.parametrize("fault", HARMLESS)
def test_what_comes_in_time_counts_and_what_comes_twice_counts_once(fault, phase, number):
    plain = drive(setup())
    driven = drive(setup(), strikes={(phase, number, "b"): HARMLESS[fault]})
    assert driven.finish.model == plain.finish.model
    assert driven.metrics == plain.metrics
    told = driven.of(AnswerDropped)
    assert [(e.site, e.reason) for e in told] == ([("b", "it had answered already")] if fault == "twice" else [])


def test_a_late_update_is_dropped_and_said_and_its_site_is_asked_again_when_it_is_free():
    driven = drive(setup(quorum=3), strikes={("training", 1, "d"): late})
    (said,) = driven.of(AnswerDropped)
    assert (said.site, said.round, said.reason) == ("d", 1, "too late: round 1 is over")
    assert [event.error for event in driven.of(SiteReported, site="d")] == [LATE, None, None]
    # It was waited for until the deadline, once: then the three others measured, in 3 s.
    assert driven.of(RoundFinished, round=1)[0].seconds == DEADLINE_S


def test_a_site_that_is_still_at_work_is_not_asked_and_costs_no_second_deadline():
    driven = drive(setup(quorum=3), script=Script((Slow(site="d", seconds=1e6, rounds=1),)))
    assert [e.error for e in driven.of(SiteReported, site="d")] == [LATE, "still at work", "still at work"]
    assert [event.seconds for event in driven.of(RoundFinished)] == [DEADLINE_S, 3.0, 3.0]


def test_a_quorum_that_cannot_be_met_any_more_ends_the_round_at_once():
    driven = drive(setup(quorum=3), strikes={("training", 2, site): failing for site in "ab"})
    assert driven.finish.error.message == (
        "2 of 4 sites failed in round 2, and 3 must answer: a: the disk is full; b: the disk is full"
    )
    assert driven.finish.error.hint == "the model after 1 round is kept"
    assert [e.site for e in driven.of(SiteReported, round=2)] == ["a", "b"]  # c and d were not waited for


def test_a_deadline_of_another_step_or_before_its_time_changes_nothing():
    state, todo = r.step(r.begin(setup(bins=None)), r.Started(at_s=100.0))
    (wake,) = [instruction for instruction in todo if isinstance(instruction, r.Wake)]
    assert wake == r.Wake(at_s=100.0 + DEADLINE_S, round=1, phase="training")
    for event in (
        r.TimedOut(at_s=159.0, round=1, phase="training"),
        r.TimedOut(at_s=500.0, round=1, phase="scoring"),
        r.TimedOut(at_s=500.0, round=2, phase="training"),
    ):
        assert r.step(state, event) == (state, ())


def test_a_strategy_that_cannot_protect_those_that_are_left_fails_and_keeps_the_model():
    sites = ("a", "b", "c", "d")
    # Multi-Krum with f = 1 needs 5 sites, so it is refused before anything is trained.
    with pytest.raises(OperatorError, match="protects 5 sites or more"):
        drive(setup(sites=sites, strategy=MultiKrum(learning_rate=0.5, f=1)))


def test_a_robust_rule_with_too_few_updates_ends_the_rounds(monkeypatch):
    monkeypatch.setattr(Krum, "fewest", lambda self: 4)
    driven = drive(setup(strategy=Krum(learning_rate=0.5), quorum=3), strikes={("training", 2, "d"): failing})
    assert (driven.finish.state, driven.finish.rounds) == ("failed", 1)
    assert "protects 4 sites or more" in driven.finish.error.message


def test_a_model_past_the_end_of_floats_is_never_made():
    class Boundless(Krum, frozen=True):
        def fewest(self):
            return 1

        def combined(self, points):
            return points[0] + float("inf")

    driven = drive(setup(strategy=Boundless(learning_rate=0.5)))
    assert (driven.finish.state, driven.finish.rounds) == ("failed", 0)
    assert "the strategy cannot use the updates of round 1: weights has" in driven.finish.error.message


@pytest.mark.parametrize(
    ("fault", "missing", "error"),
    [
        (Drop(site="d", first=2, rounds=1), "late", LATE),
        (Slow(site="d", seconds=DEADLINE_S - 2, first=2, rounds=1), "late", LATE),
        (Fail(site="d", first=2, rounds=1), "failed", "it was told to fail"),
        (Spoil(site="d", first=2, rounds=1), "rejected", "its update was rejected: weights has a value that is no"),
        (
            Spoil(site="d", how="infinity", first=2, rounds=1),
            "rejected",
            "its update was rejected: weights has a value",
        ),
        (Spoil(site="d", how="shape", first=2, rounds=1), "rejected", "its update was rejected: weights has the shape"),
        (Spoil(site="d", how="size", first=2, rounds=1), "rejected", "its update was rejected: weights has a value"),
        (Replay(site="d", first=2, rounds=1), "late", LATE),
    ],
    ids=lambda value: str(type(value).__struct_config__.tag) if isinstance(value, msgspec.Struct) else None,
)
def test_a_script_strikes_the_rounds_that_it_names(fault, missing, error):
    driven = drive(setup(quorum=3), script=Script((fault,)))
    told = {event.round: event for event in driven.of(SiteReported, site="d")}
    assert told[2].missing == missing
    assert told[2].error.startswith(error)
    assert (told[1].error, told[3].error) == (None, None)
    assert [event.reason for event in driven.of(AnswerDropped)] == (
        ["too late: round 1 is over"]
        if isinstance(fault, Replay)
        else ["too late: round 2 is over"]
        if isinstance(fault, Slow)
        else []
    )


def test_a_script_with_dice_is_the_same_every_time_and_another_with_another_seed():
    fault = Fail(site="d", chance=0.5)
    struck = [[bool(Script((fault,), seed).on(number, "d")) for number in range(1, 41)] for seed in (1, 1, 2)]
    assert struck[0] == struck[1] != struck[2]
    assert 10 < sum(struck[0]) < 30


def test_a_script_for_a_site_that_takes_no_part_is_refused():
    with pytest.raises(NameUnknownError, match=r"names the site cleveland2, .* Did you mean cleveland\?"):
        Script((Drop(site="cleveland2"),)).check(("cleveland", "va"))


@pytest.mark.parametrize("wrong", [{"rounds": 0}, {"first": 0}, {"chance": 0.0}, {"chance": 1.5}])
def test_a_fault_that_cannot_be_is_refused(wrong):
    with pytest.raises(OperatorError, match="drop\\(\\): "):
        Drop(site="a", **wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"participation": 0.0},
        {"participation": 1.1},
        {"quorum": 0},
        {"quorum": 5},
        {"quorum": 3, "participation": 0.5},
        {"deadline_s": 0.0},
        {"deadline_s": float("inf")},
    ],
)
def test_a_setup_that_cannot_be_is_refused(wrong):
    with pytest.raises(OperatorError):
        setup(**wrong)


def test_half_of_the_sites_train_in_a_round_and_all_of_them_measure():
    driven = drive(setup(participation=0.5, rounds=6, seed=3))
    asked = [event.sites for event in driven.of(RoundStarted)]
    assert all(len(sites) == 2 for sites in asked)
    assert {site for sites in asked for site in sites} == set(SITES)
    assert [event.sites for event in driven.of(RoundFinished)] == asked
    assert len(driven.metrics) == 7 * 5


OPTIONS = {
    "plain": {},
    "sampled": {"participation": 0.5, "seed": 5},
    "goal": {"rounds": 30, "until": Goal(metric="log_loss", op="<", threshold=0.06)},
    "unmeasured": {"bins": None},
    "quorum": {"quorum": 1, "rounds": 5},
}
FAULTS = (
    Drop(site="d", first=2, rounds=1),
    Slow(site="c", seconds=DEADLINE_S - 2, first=3, rounds=1),
    Spoil(site="a", chance=0.4),
    Replay(site="b", first=4, rounds=1),
)


@pytest.mark.parametrize("chosen", OPTIONS)
def test_stopped_at_any_step_and_resumed_the_rounds_come_to_the_same_bytes(chosen):
    plan = setup(**OPTIONS[chosen])
    script = Script(FAULTS if chosen == "quorum" else ())
    whole = drive(plan, script=script)
    assert whole.finish.state == "done"
    for steps in range(1, whole.steps):
        first = drive(plan, script=script, stop_after=steps)
        assert first.finish.state == "stopped"
        said, checkpoint = first.kept[-1] if first.kept else (0, None)
        second = drive(plan, script=script, checkpoint=checkpoint)
        assert second.finish == whole.finish
        assert known([*first.said[:said], *second.said]) == known(whole.said)


def known(said):
    """What a run tells of its models and sites; when a site answers depends on what it did before the stop."""
    kinds = (MetricsMeasured, RoundStarted, RoundFinished, SiteReported)
    return [
        msgspec.structs.replace(e, seconds=0.0) if hasattr(e, "seconds") else e for e in said if isinstance(e, kinds)
    ]
