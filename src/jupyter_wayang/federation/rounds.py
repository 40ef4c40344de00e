"""Federated rounds as a state machine: (state, event) → (state, instructions), without clock, site or thread.

Whoever drives it carries out the instructions, in any order and at any speed, and tells what came of them::

    state, todo = step(begin(setup), Started(at_s=now()))
    while not state.finished:
        ...carry out what is in ``todo``, and for everything that comes back:
        state, todo = step(state, event)
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
from jupyter_wayang.federation.metrics import Metrics, flaw, measured
from jupyter_wayang.federation.strategy import Client, GlobalModel, State, Strategy, used_at
from jupyter_wayang.plan.models import NamedArray, array
from jupyter_wayang.plan.operators import Goal
from jupyter_wayang.plan.tasks import LocalTask, MergedCell, ScoreTask, Update

__all__ = [
    "Announce",
    "Answered",
    "Failed",
    "Finish",
    "Happening",
    "Instruction",
    "Instructions",
    "Rounds",
    "Score",
    "Scored",
    "Setup",
    "Started",
    "StopRequested",
    "Train",
    "begin",
    "rejected",
    "step",
]


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What stays the same in all rounds.

    ``sites`` has their order, in which updates are added up. ``bins`` is the number of score bins by which the global
    model is measured before the first round and after each; None: it is not measured. ``on`` says on which rows.
    """

    sites: tuple[str, ...]
    strategy: Strategy
    start: GlobalModel
    rounds: int = 1
    until: Goal | None = None
    bins: int | None = 20
    on: Literal["test", "train"] = "test"

    def __post_init__(self) -> None:
        if not self.sites or len(set(self.sites)) < len(self.sites):
            raise OperatorError("rounds need sites, each of them once", found=", ".join(self.sites))
        if self.rounds < 1:
            raise OperatorError("rounds must be 1 or more", found=str(self.rounds))
        if self.until is not None and self.bins is None:
            raise OperatorError(f"until={self.until.describe()} needs the model to be measured after each round")


@dataclass(frozen=True, kw_only=True)
class Happening:
    """What happened, when, and when the rounds were told of it, if later (seconds since 1970; a pause may lie between)."""

    at_s: float = 0.0
    told_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Started(Happening):
    """The rounds may begin."""


@dataclass(frozen=True, kw_only=True)
class Answered(Happening):
    """A site trained."""

    site: str
    round: int
    update: Update


@dataclass(frozen=True, kw_only=True)
class Scored(Happening):
    """A site scored: what it let out, and what it withheld, in words."""

    site: str
    round: int
    cells: tuple[MergedCell, ...]
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class Failed(Happening):
    """A site could not do what it was asked for."""

    site: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class StopRequested(Happening):
    """Somebody asked to stop. The next thing that happens ends the rounds, whatever it is."""


@dataclass(frozen=True, kw_only=True)
class Train:
    """Let a site train."""

    site: str
    round: int
    task: LocalTask


@dataclass(frozen=True, kw_only=True)
class Score:
    """Let a site score."""

    site: str
    round: int
    task: ScoreTask


@dataclass(frozen=True, kw_only=True)
class Announce:
    """Tell the world; run, number and time are for the driver to fill in."""

    event: AnyEvent


@dataclass(frozen=True, kw_only=True)
class Finish:
    """The rounds are over; ``model`` is that of the last finished round, one of ``rounds``."""

    state: events.State
    reason: str
    model: GlobalModel
    rounds: int
    error: WayangError | None = None


Instruction = Train | Score | Announce | Finish
Instructions = tuple[Instruction, ...]


@dataclass(frozen=True, kw_only=True)
class Rounds:
    """Where the rounds are: what is known, and what is waited for.

    ``round`` is the one that is being trained or measured (0: the model before the first); ``strategy`` is the state
    after the last *finished* round, of which there are ``done``.
    """

    setup: Setup
    strategy: State
    phase: Literal["idle", "training", "scoring", "finished"] = "idle"
    round: int = 0
    done: int = 0
    began_s: float = 0.0
    stopping: bool = False
    updates: dict[str, Update] = field(default_factory=dict)
    scores: dict[str, tuple[tuple[MergedCell, ...], str | None]] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        """Whether nothing more will be asked for."""
        return self.phase == "finished"

    @property
    def awaited(self) -> tuple[str, ...]:
        """The sites that have not answered yet."""
        if self.phase not in ("training", "scoring"):
            return ()
        got = self.updates.keys() if self.phase == "training" else self.scores.keys()
        return tuple(site for site in self.setup.sites if site not in got)


def begin(setup: Setup) -> Rounds:
    """Return the state in which nothing has happened yet."""
    return Rounds(setup=setup, strategy=setup.strategy.init(setup.start, setup.sites))


def step(state: Rounds, event: Happening) -> tuple[Rounds, Instructions]:
    """Advance by one event.

    An answer that is not waited for (a second one, one of an earlier round, one after the end) changes nothing.

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
    return _train(state, event.at_s) if state.setup.bins is None else _score(state)


@_react.register
def _(event: Answered, state: Rounds) -> tuple[Rounds, Instructions]:
    if state.phase != "training" or event.round != state.round or event.site not in state.awaited:
        return state, ()
    flawed = rejected(event.update, state.strategy.current.parameters)
    if flawed is not None:
        return _failed(state, event.site, f"its update was rejected: {flawed}", event.at_s)
    state = replace(state, updates={**state.updates, event.site: event.update})
    said = (Announce(event=_report(state, event.site, event.at_s)),)
    if not _complete(state):
        return state, said
    # Sums of floats depend on their order: the sites' own, never that of their answers.
    updates = tuple((site, state.updates[site]) for site in state.setup.sites if site in state.updates)
    strategy, _ = state.setup.strategy.apply(state.strategy, updates)
    state = replace(state, strategy=strategy, done=state.round)
    sites = tuple(site for site, _ in updates)
    ended = events.RoundFinished(round=state.round, seconds=event.at_s - state.began_s, sites=sites)
    state, todo = _after_round(state, max(event.at_s, event.told_s)) if state.setup.bins is None else _score(state)
    return state, (*said, Announce(event=ended), *todo)


@_react.register
def _(event: Scored, state: Rounds) -> tuple[Rounds, Instructions]:
    if state.phase != "scoring" or event.round != state.round or event.site not in state.awaited:
        return state, ()
    bins = state.setup.bins or 0
    flawed = flaw(event.cells, bins)
    if flawed is not None:
        return _failed(state, event.site, f"its scores were rejected: {flawed}", event.at_s)
    state = replace(state, scores={**state.scores, event.site: (event.cells, event.note)})
    if not _complete(state):
        return state, ()
    found = measured({site: state.scores[site] for site in state.setup.sites if site in state.scores}, bins)
    said = tuple(Announce(event=_metrics(state, place, metrics)) for place, metrics in found.items())
    goal = state.setup.until
    # A model that has not been trained yet may be past the goal by chance; a fit trains at least once.
    if goal is not None and state.done > 0 and goal.reached(getattr(found["global"], goal.metric)):
        state, todo = _finish(state, "done", f"{goal.describe()} was reached after {_rounds(state.done)}")
    else:
        state, todo = _after_round(state, max(event.at_s, event.told_s))
    return state, (*said, *todo)


@_react.register
def _(event: Failed, state: Rounds) -> tuple[Rounds, Instructions]:
    return _failed(state, event.site, event.reason, event.at_s)


def _complete(state: Rounds) -> bool:
    """Tell whether enough sites have answered: all of them, until there is a quorum."""
    return not state.awaited


def _after_round(state: Rounds, at_s: float) -> tuple[Rounds, Instructions]:
    if state.done >= state.setup.rounds:
        return _finish(state, "done", f"all {_rounds(state.done)} are done")
    return _train(state, at_s)


def _train(state: Rounds, at_s: float) -> tuple[Rounds, Instructions]:
    number, sites = state.done + 1, state.setup.sites
    state = replace(state, phase="training", round=number, began_s=at_s, updates={}, scores={})
    tasks = tuple(
        Train(
            site=site,
            round=number,
            task=state.setup.strategy.task(
                state.strategy, Client(site=site, round=number, sites=sites, total=len(state.setup.sites))
            ),
        )
        for site in sites
    )
    return state, (Announce(event=events.RoundStarted(round=number, sites=sites)), *tasks)


def _score(state: Rounds) -> tuple[Rounds, Instructions]:
    now = state.strategy.current
    task = ScoreTask(model=now.model, features=now.features, parameters=now.parameters, bins=state.setup.bins or 0)
    state = replace(state, phase="scoring", round=state.done, scores={})
    used = {site: used_at(state.setup.strategy, state.strategy, site) for site in state.setup.sites}
    return state, tuple(
        Score(site=site, round=state.round, task=msgspec.structs.replace(task, parameters=arrays))
        for site, arrays in used.items()
    )


def _failed(state: Rounds, site: str, reason: str, at_s: float) -> tuple[Rounds, Instructions]:
    said: Instructions = ()
    if state.phase == "training":
        said = (Announce(event=_report(state, site, at_s, error=reason)),)
    doing = {"training": f"in round {state.round}", "scoring": f"when the model of round {state.round} was measured"}
    kept = (
        f"the model after {_rounds(state.done)} is kept"
        if state.done
        else "no round was finished, so there is no model"
    )
    error = SiteError(f"{site} failed {doing.get(state.phase, 'before the first round')}: {reason}", hint=kept)
    state, todo = _finish(state, "failed", f"{error.message}; {kept}", error)
    return state, (*said, *todo)


def _finish(
    state: Rounds, how: events.State, reason: str, error: WayangError | None = None
) -> tuple[Rounds, Instructions]:
    finish = Finish(state=how, reason=reason, model=state.strategy.current, rounds=state.done, error=error)
    return replace(state, phase="finished"), (finish,)


def _report(state: Rounds, site: str, at_s: float, error: str | None = None) -> AnyEvent:
    return events.SiteReported(round=state.round, site=site, seconds=at_s - state.began_s, error=error)


def _metrics(state: Rounds, place: str, found: Metrics) -> AnyEvent:
    return events.MetricsMeasured(
        round=state.round,
        site=place,
        on=state.setup.on,
        rows=found.rows,
        log_loss=found.log_loss,
        accuracy=found.accuracy,
        auc=found.auc,
        auc_error=found.auc_error,
        note=found.note,
    )


def _rounds(number: int) -> str:
    return f"{number} round" if number == 1 else f"{number} rounds"


def rejected(update: Update, parameters: tuple[NamedArray, ...]) -> str | None:
    """Say why an update cannot be used, or return None.

    Parameters
    ----------
    update
        What a site sent.
    parameters
        The arrays that it was sent: the update must have the same names and shapes, in the same order. None: any.

    Examples
    --------
    >>> import numpy as np
    >>> from jupyter_wayang.plan.models import named_array
    >>> sent = (named_array("weights", np.zeros(2)),)
    >>> rejected(Update(parameters=sent, rows=0), sent)
    'it was trained on 0 rows'
    >>> rejected(Update(parameters=(named_array("weights", np.array([1.0, np.nan])),), rows=9), sent)
    'weights has a value that is no finite number'
    """
    if update.rows < 1:
        return f"it was trained on {update.rows} rows"
    if update.personal:
        flawed = rejected(Update(parameters=update.personal, rows=update.rows), parameters)
        if flawed is not None:
            return f"of its personal model: {flawed}"
    if update.loss is not None and not 0 <= update.loss < math.inf:
        return f"its loss is {update.loss}"
    got, wanted = [a.name for a in update.parameters], [a.name for a in parameters]
    if not parameters:
        # Nothing was sent: what a tree or a network comes to is known only when it is fitted.
        parameters, wanted = update.parameters, got
    if got != wanted:
        return f"it has the arrays {', '.join(got) or '(none)'} instead of {', '.join(wanted)}"
    for new, old in zip(update.parameters, parameters, strict=True):
        if new.shape != old.shape:
            return f"{new.name} has the shape {new.shape} instead of {old.shape}"
        if not all(math.isfinite(value) for value in array(new).ravel().tolist()):
            return f"{new.name} has a value that is no finite number"
    return None
