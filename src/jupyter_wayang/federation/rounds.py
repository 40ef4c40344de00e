"""Federated rounds as a state machine: (state, event) → (state, instructions), without clock, site or thread.

Whoever drives it carries out the instructions, in any order and at any speed, and tells what came of them::

    state, todo = step(begin(setup), Started(at_s=now()))
    while not state.finished:
        ...carry out what is in ``todo``, and for everything that comes back:
        state, todo = step(state, event)

A step of a round (training, then measuring) is over when every site that was asked has answered, or cannot, or the
deadline has passed. It goes on with what came if that is the quorum, and else ends the rounds as soon as that is sure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import singledispatch
from typing import Literal

import msgspec

from jupyter_wayang import events
from jupyter_wayang.errors import OperatorError, SiteError, WayangError
from jupyter_wayang.events import AnyEvent
from jupyter_wayang.federation.happenings import (
    Announce,
    Answered,
    Checkpoint,
    Failed,
    Finish,
    Happening,
    Instruction,
    Instructions,
    Keep,
    Phase,
    Score,
    Scored,
    Started,
    StopRequested,
    TimedOut,
    Train,
    Wake,
)
from jupyter_wayang.federation.metrics import Metrics, flaw, measured
from jupyter_wayang.federation.privacy.protected import budget
from jupyter_wayang.federation.rejection import rejected, unusable
from jupyter_wayang.federation.sampling import check_quorum, sampled
from jupyter_wayang.federation.strategy import Client, GlobalModel, State, Strategy, used_at
from jupyter_wayang.plan.operators import Goal
from jupyter_wayang.plan.tasks import MergedCell, ScoreTask, Update

__all__ = [
    "Announce",
    "Answered",
    "Checkpoint",
    "Failed",
    "Finish",
    "Happening",
    "Instruction",
    "Instructions",
    "Keep",
    "Phase",
    "Rounds",
    "Score",
    "Scored",
    "Setup",
    "Started",
    "StopRequested",
    "TimedOut",
    "Train",
    "Wake",
    "begin",
    "resumed",
    "step",
]


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What stays the same in all rounds.

    Parameters
    ----------
    sites
        All sites, in the order in which updates are added up.
    strategy, start
        How the global model comes about, and where it starts.
    rounds, until
        How many rounds at most, and what ends them before.
    bins, on
        The number of score bins by which the global model is measured before the first round and after each (None: it
        is not measured), and on which rows.
    participation, seed
        The fraction of the sites that trains in a round, drawn from the seed and the number of the round. All measure.
    quorum
        How many of the sites that are asked must answer, in training and in measuring; None: all of them.
    deadline_s
        After how many seconds a round no longer waits for an answer; None: it always does.
    """

    sites: tuple[str, ...]
    strategy: Strategy
    start: GlobalModel
    rounds: int = 1
    until: Goal | None = None
    bins: int | None = 20
    on: Literal["test", "train"] = "test"
    participation: float = 1.0
    seed: int = 0
    quorum: int | None = None
    deadline_s: float | None = None

    def __post_init__(self) -> None:
        if not self.sites or len(set(self.sites)) < len(self.sites):
            raise OperatorError("rounds need sites, each of them once", found=", ".join(self.sites))
        if self.rounds < 1:
            raise OperatorError("rounds must be 1 or more", found=str(self.rounds))
        if self.until is not None and self.bins is None:
            raise OperatorError(f"until={self.until.describe()} needs the model to be measured after each round")
        if not 0 < self.participation <= 1:
            raise OperatorError("participation must be above 0 and at most 1", found=str(self.participation))
        if self.deadline_s is not None and not 0 < self.deadline_s < math.inf:
            raise OperatorError("deadline must be above 0 and finite", found=str(self.deadline_s))
        check_quorum(self.quorum, self.participation, len(self.sites))


@dataclass(frozen=True, kw_only=True)
class Rounds:
    """Where the rounds are: what is known, and what is waited for.

    ``round`` is the one that is being trained or measured (0: the model before the first); ``strategy`` is the state
    after the last *finished* round, of which there are ``done``. ``asked`` has the sites of the step, and ``missing``
    those of them that it goes on without, and why; ``late`` those that did not answer in the training of the round.
    """

    setup: Setup
    strategy: State
    phase: Literal["idle", "training", "scoring", "finished"] = "idle"
    round: int = 0
    done: int = 0
    began_s: float = 0.0
    due_s: float = math.inf
    stopping: bool = False
    asked: dict[str, None] = field(default_factory=dict)
    updates: dict[str, Update] = field(default_factory=dict)
    scores: dict[str, tuple[tuple[MergedCell, ...], str | None]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    late: tuple[tuple[str, str], ...] = ()

    @property
    def finished(self) -> bool:
        """Whether nothing more will be asked for."""
        return self.phase == "finished"

    @property
    def awaited(self) -> tuple[str, ...]:
        """The sites that have not answered yet."""
        return tuple(site for site in self.asked if self.awaits(site))

    def awaits(self, site: str) -> bool:
        """Tell whether a site has been asked and has not answered yet."""
        return site in self.asked and site not in self._answered and site not in self.missing

    @property
    def _answered(self) -> dict[str, Update] | dict[str, tuple[tuple[MergedCell, ...], str | None]]:
        return self.updates if self.phase == "training" else self.scores

    @property
    def needed(self) -> int:
        """How many of those that were asked must answer."""
        return len(self.asked) if self.setup.quorum is None else self.setup.quorum

    @property
    def complete(self) -> bool:
        """Whether nobody is waited for any more."""
        return len(self._answered) + len(self.missing) >= len(self.asked)

    @property
    def hopeless(self) -> bool:
        """Whether so many cannot answer that the quorum will not be met."""
        return len(self.asked) - len(self.missing) < self.needed


def begin(setup: Setup) -> Rounds:
    """Return the state in which nothing has happened yet."""
    return Rounds(setup=setup, strategy=setup.strategy.init(setup.start, setup.sites))


def resumed(setup: Setup, checkpoint: Checkpoint) -> Rounds:
    """Return the state in which rounds go on from a checkpoint, to the same model and metrics as without a break.

    Once started, they measure the model of the checkpoint first: that may be what was interrupted.
    """
    return Rounds(
        setup=setup,
        strategy=checkpoint.state,
        round=checkpoint.done,
        done=checkpoint.done,
        late=checkpoint.late,
    )


def step(state: Rounds, event: Happening) -> tuple[Rounds, Instructions]:
    """Advance by one event.

    An answer that is not waited for (a second one, one of an earlier round) is dropped, and that is said; after the end
    nothing changes anything.

    Parameters
    ----------
    state
        The state before.
    event
        What happened.

    Returns
    -------
    tuple
        The state after, and what is to be done, in order.

    Raises
    ------
    WayangError
        What the strategy raises if it cannot be used at all, as :class:`Central` at several sites.
    """
    if state.finished:
        return state, ()
    if isinstance(event, StopRequested):
        return (
            (state, ())
            if state.stopping
            else (replace(state, stopping=True), (Announce(event=events.StopRequested()),))
        )
    if state.stopping:
        return _finish(state, "stopped", f"stopped after {_rounds(state.done)}, as asked")
    return _react(event, state)


@singledispatch
def _react(event: Happening, state: Rounds) -> tuple[Rounds, Instructions]:
    raise OperatorError(f"rounds do not know what {type(event).__name__} means")


@_react.register
def _(event: Started, state: Rounds) -> tuple[Rounds, Instructions]:
    if state.phase != "idle":
        return state, ()
    return _after_round(state, event) if state.setup.bins is None else _score(state, event)


@_react.register
def _(event: Answered, state: Rounds) -> tuple[Rounds, Instructions]:
    if state.phase != "training" or event.round != state.round or not state.awaits(event.site):
        return _dropped(state, event.site, event.round, "training")
    flawed = rejected(event.update, state.strategy.current.parameters)
    if flawed is not None:
        return _without(state, {event.site: f"its update was rejected: {flawed}"}, "rejected", event)
    state = replace(state, updates={**state.updates, event.site: event.update})
    said = Announce(event=_report(state, event.site, event.at_s))
    if not state.complete:
        return state, (said,)
    state, todo = _aggregate(state, event)
    return state, (said, *todo)


@_react.register
def _(event: Scored, state: Rounds) -> tuple[Rounds, Instructions]:
    if state.phase != "scoring" or event.round != state.round or not state.awaits(event.site):
        return _dropped(state, event.site, event.round, "scoring")
    flawed = flaw(event.cells, state.setup.bins or 0)
    if flawed is not None:
        return _without(state, {event.site: f"its scores were rejected: {flawed}"}, "rejected", event)
    state = replace(state, scores={**state.scores, event.site: (event.cells, event.note)})
    return _measure(state, event) if state.complete else (state, ())


@_react.register
def _(event: Failed, state: Rounds) -> tuple[Rounds, Instructions]:
    if (event.phase, event.round) != (state.phase, state.round) or not state.awaits(event.site):
        return _dropped(state, event.site, event.round, event.phase)
    return _without(state, {event.site: event.reason}, event.missing, event)


@_react.register
def _(event: TimedOut, state: Rounds) -> tuple[Rounds, Instructions]:
    if (event.phase, event.round) != (state.phase, state.round) or event.at_s < state.due_s:
        return state, ()
    reason = f"no answer within {state.setup.deadline_s:g} s"
    return _without(state, dict.fromkeys(state.awaited, reason), "late", event)


def _without(
    state: Rounds, sites: dict[str, str], missing: events.Missing, event: Happening
) -> tuple[Rounds, Instructions]:
    """Go on without sites, or end if those that are left are too few."""
    state = replace(state, missing={**state.missing, **sites})
    said: Instructions = ()
    if state.phase == "training":
        said = tuple(
            Announce(event=_report(state, site, event.at_s, reason, missing)) for site, reason in sites.items()
        )
        if missing == "late":
            state = replace(state, late=(*state.late, *sites.items()))
    if state.hopeless:
        state, todo = _fail(state, _too_few(state))
    elif not state.complete:
        todo = ()
    else:
        state, todo = _aggregate(state, event) if state.phase == "training" else _measure(state, event)
    return state, (*said, *todo)


def _dropped(state: Rounds, site: str, round: int, phase: Phase) -> tuple[Rounds, Instructions]:
    """Say that an answer is not used."""
    if site in state.asked and (phase, round) == (state.phase, state.round):
        reason = "it had answered already" if site not in state.missing else f"too late: {state.missing[site]}"
    elif round < state.round or (round == state.round and phase == "training"):
        reason = f"too late: {'round' if phase == 'training' else 'the measuring of round'} {round} is over"
    else:
        reason = "it was not asked for that"
    return state, (Announce(event=events.AnswerDropped(round=round, site=site, reason=reason)),)


def _aggregate(state: Rounds, event: Happening) -> tuple[Rounds, Instructions]:
    """Let the strategy make a model of the updates that have come; a round is finished by that."""
    # Sums of floats depend on their order: the sites' own, never that of their answers.
    updates = tuple((site, state.updates[site]) for site in state.asked if site in state.updates)
    try:
        strategy, _ = state.setup.strategy.apply(state.strategy, updates)
    except WayangError as error:
        return _fail(state, error)
    flawed = next(filter(None, map(unusable, strategy.current.parameters)), None)
    if flawed is not None:
        return _fail(state, OperatorError(f"the strategy cannot use the updates of round {state.round}: {flawed}"))
    state = replace(state, strategy=strategy, done=state.round)
    sites = tuple(site for site, _ in updates)
    ended = events.RoundFinished(round=state.round, seconds=event.at_s - state.began_s, sites=sites)
    number = state.done
    kept = Keep(checkpoint=Checkpoint(done=state.done, state=strategy, late=state.late))
    state, todo = _after_round(state, event) if state.setup.bins is None else _score(state, event)
    spent = tuple(Announce(event=told) for told in budget(state.setup.strategy, strategy, number))
    return state, (Announce(event=ended), *spent, kept, *todo)


def _measure(state: Rounds, event: Happening) -> tuple[Rounds, Instructions]:
    """Make metrics of the scores that have come; a site that is missing is one that shows none."""
    bins, goal = state.setup.bins or 0, state.setup.until
    shown = {site: state.scores.get(site, ((), state.missing.get(site))) for site in state.asked}
    found = measured(shown, bins)
    said = tuple(Announce(event=_metrics(state, place, metrics)) for place, metrics in found.items())
    # A model that has not been trained yet may be past the goal by chance; a fit trains at least once.
    if goal is not None and state.done > 0 and goal.reached(getattr(found["global"], goal.metric)):
        state, todo = _finish(state, "done", f"{goal.describe()} was reached after {_rounds(state.done)}")
    else:
        state, todo = _after_round(state, event)
    return state, (*said, *todo)


def _after_round(state: Rounds, event: Happening) -> tuple[Rounds, Instructions]:
    if state.done >= state.setup.rounds:
        return _finish(state, "done", f"all {_rounds(state.done)} are done")
    return _train(state, event)


def _train(state: Rounds, event: Happening) -> tuple[Rounds, Instructions]:
    setup, number = state.setup, state.done + 1
    sites = sampled(setup.sites, setup.participation, setup.seed, number)
    state = _asking(replace(state, phase="training", round=number, late=()), sites, event)
    tasks = tuple(
        Train(
            site=site,
            round=number,
            task=setup.strategy.task(
                state.strategy, Client(site=site, round=number, sites=sites, total=len(setup.sites))
            ),
        )
        for site in sites
    )
    return state, (Announce(event=events.RoundStarted(round=number, sites=sites)), *tasks, *_wake(state))


def _score(state: Rounds, event: Happening) -> tuple[Rounds, Instructions]:
    now = state.strategy.current
    task = ScoreTask(model=now.model, features=now.features, parameters=now.parameters, bins=state.setup.bins or 0)
    state = _asking(replace(state, phase="scoring", round=state.done), state.setup.sites, event)
    # Who was late in the training of the round is not waited for a second time.
    state = replace(state, missing=dict(state.late))
    tasks = tuple(
        Score(
            site=site,
            round=state.round,
            task=msgspec.structs.replace(task, parameters=used_at(state.setup.strategy, state.strategy, site)),
        )
        for site in state.awaited
    )
    if state.hopeless:
        return _fail(state, _too_few(state))
    return state, (*tasks, *_wake(state))


def _asking(state: Rounds, sites: tuple[str, ...], event: Happening) -> Rounds:
    now, limit = max(event.at_s, event.told_s), state.setup.deadline_s
    due = math.inf if limit is None else now + limit
    began = now if state.phase == "training" else state.began_s
    return replace(state, began_s=began, due_s=due, asked=dict.fromkeys(sites), updates={}, scores={}, missing={})


def _wake(state: Rounds) -> Instructions:
    if state.setup.deadline_s is None:
        return ()
    phase: Phase = "training" if state.phase == "training" else "scoring"
    return (Wake(at_s=state.due_s, round=state.round, phase=phase),)


def _too_few(state: Rounds) -> SiteError:
    """Return the error of a step whose quorum cannot be met: who did not answer, and why."""
    lost, asked = state.missing, len(state.asked)
    where = f"in round {state.round}"
    if state.phase == "scoring":
        where = f"when the model of round {state.round} was measured"
    reasons = "; ".join(f"{site}: {reason}" for site, reason in lost.items())
    if len(lost) == 1 and state.setup.quorum is None:
        site, reason = next(iter(lost.items()))
        return SiteError(f"{site} failed {where}: {reason}")
    many = f"all {asked}" if len(lost) == asked else f"{len(lost)} of {asked}"
    must = "" if len(lost) == asked else f", and {'all' if state.needed == asked else state.needed} must answer"
    return SiteError(f"{many} sites failed {where}{must}: {reasons}")


def _fail(state: Rounds, error: WayangError) -> tuple[Rounds, Instructions]:
    kept = (
        f"the model after {_rounds(state.done)} is kept"
        if state.done
        else "no round was finished, so there is no model"
    )
    error.hint = kept if error.hint is None else f"{error.hint}; {kept}"
    return _finish(state, "failed", f"{error.message}; {kept}", error)


def _finish(
    state: Rounds, how: events.State, reason: str, error: WayangError | None = None
) -> tuple[Rounds, Instructions]:
    finish = Finish(state=how, reason=reason, model=state.strategy.current, rounds=state.done, error=error)
    return replace(state, phase="finished", asked={}), (finish,)


def _report(
    state: Rounds, site: str, at_s: float, error: str | None = None, missing: events.Missing | None = None
) -> AnyEvent:
    return events.SiteReported(round=state.round, site=site, seconds=at_s - state.began_s, error=error, missing=missing)


def _metrics(state: Rounds, place: str, found: Metrics) -> AnyEvent:
    return events.MetricsMeasured(round=state.round, site=place, on=state.setup.on, **msgspec.structs.asdict(found))


def _rounds(number: int) -> str:
    return f"{number} round" if number == 1 else f"{number} rounds"
