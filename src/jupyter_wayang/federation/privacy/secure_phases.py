"""Rounds whose updates come as a secure sum: every training becomes four questions, and ends in the mean of all.

A layer around the state machine of rounds, as pure as that is: where rounds let sites train, it asks them for keys, then
for shares, lets them train and mask, and asks those whose vectors arrived for what takes the masks away. Then rounds are
told that each of these sites has come back with the mean. Sites that drop out on the way are told to the rounds, which
know how many may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from jupyter_wayang.errors import WayangError
from jupyter_wayang.federation import rounds as r
from jupyter_wayang.federation.privacy import secure_aggregation as coordinator
from jupyter_wayang.federation.privacy.secure_session import Session, usual_threshold
from jupyter_wayang.federation.privacy.secure_vectors import credited, length
from jupyter_wayang.plan.privacy import (
    Inbox,
    KeyRing,
    Masked,
    Offer,
    PublicKeys,
    Reveal,
    Revealed,
    SealedShares,
    SecureAggregation,
)

__all__ = ["Ask", "MaskedTrain", "Said", "Secured", "around", "step"]

Stage = Literal["keys", "shares", "vectors", "secrets"]
Answer = PublicKeys | SealedShares | Masked | Revealed
_ANSWERS: Mapping[Stage, type] = {
    "keys": PublicKeys,
    "shares": SealedShares,
    "vectors": Masked,
    "secrets": Revealed,
}


@dataclass(frozen=True, kw_only=True)
class Ask:
    """Ask a site for something of a secure sum."""

    site: str
    round: int
    asked: Offer | KeyRing | Reveal


@dataclass(frozen=True, kw_only=True)
class MaskedTrain(r.Train):
    """Let a site train, and mask its update with the help of what others sealed for it."""

    inbox: Inbox


@dataclass(frozen=True, kw_only=True)
class Said(r.Happening):
    """A site answered in a secure sum."""

    site: str
    round: int
    said: Answer


@dataclass(frozen=True, kw_only=True)
class _Sum:
    """A secure sum under way: whom it waits for, and what has been said in each stage."""

    session: Session
    tasks: Mapping[str, r.Train]
    stage: Stage = "keys"
    awaited: tuple[str, ...]
    keys: Mapping[str, PublicKeys] = field(default_factory=dict)
    shared: Mapping[str, SealedShares] = field(default_factory=dict)
    arrived: Mapping[str, Masked] = field(default_factory=dict)
    told: Mapping[str, Revealed] = field(default_factory=dict)

    def with_answer(self, site: str, said: Answer) -> _Sum:
        """Return the sum after an answer."""
        rest = replace(self, awaited=tuple(other for other in self.awaited if other != site))
        match said:
            case PublicKeys():
                return replace(rest, keys={**self.keys, site: said})
            case SealedShares():
                return replace(rest, shared={**self.shared, site: said})
            case Masked():
                return replace(rest, arrived={**self.arrived, site: said})
            case Revealed():
                return replace(rest, told={**self.told, site: said})


@dataclass(frozen=True, kw_only=True)
class Secured:
    """Rounds, and the secure sum of the training that they wait for. Without a mechanism they are rounds and no more.

    ``run`` tells their sums from those of all other trainings.
    """

    rounds: r.Rounds
    mechanism: SecureAggregation | None
    run: str
    sum: _Sum | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing more will be asked for."""
        return self.rounds.finished

    @property
    def stopping(self) -> bool:
        """Whether whatever comes next ends the rounds."""
        return self.rounds.stopping


Instructions = tuple[r.Instruction | Ask, ...]


def around(rounds: r.Rounds, mechanism: SecureAggregation | None, run: str) -> Secured:
    """Return rounds with a mechanism around them."""
    return Secured(rounds=rounds, mechanism=mechanism, run=run)


def step(state: Secured, event: r.Happening) -> tuple[Secured, Instructions]:
    """Advance by one event, as :func:`jupyter_wayang.federation.rounds.step` does."""
    total = state.sum
    if total is None or state.stopping:
        return (state, ()) if isinstance(event, Said) and not state.stopping else _inner(state, event)
    if isinstance(event, Said):
        if event.round != state.rounds.round or event.site not in total.awaited:
            return state, ()
        flaw = _flaw(total, event)
        if flaw is not None:
            return _without(state, {event.site: flaw}, "rejected", event)
        return _onward(replace(state, sum=total.with_answer(event.site, event.said)), event, ())
    if isinstance(event, r.Failed) and (event.phase, event.round) == ("training", state.rounds.round):
        if event.site not in total.awaited:
            return state, ()
        return _without(state, {event.site: event.reason}, event.missing, event)
    if isinstance(event, r.TimedOut) and (event.phase, event.round) == ("training", state.rounds.round):
        if event.at_s < state.rounds.due_s:
            return state, ()
        reason = f"no answer within {state.rounds.setup.deadline_s:g} s"
        return _without(state, dict.fromkeys(total.awaited, reason), "late", event)
    return _inner(state, event)


def _inner(state: Secured, event: r.Happening) -> tuple[Secured, Instructions]:
    """Let the rounds advance; where they let sites train, a secure sum begins."""
    rounds, todo = r.step(state.rounds, event)
    state = replace(state, rounds=rounds, sum=None if rounds.phase != "training" else state.sum)
    tasks = {one.site: one for one in todo if isinstance(one, r.Train)}
    if state.mechanism is None or not tasks:
        return state, todo
    sites, first = tuple(tasks), next(iter(tasks.values()))
    session = Session(
        name=f"{state.run}/{first.round}",
        sites=sites,
        threshold=state.mechanism.threshold or usual_threshold(len(sites)),
        length=length(first.task.parameters),
    )
    offer = Offer(session=session.name, sites=sites, threshold=session.threshold, length=session.length)
    asked = tuple(Ask(site=site, round=first.round, asked=offer) for site in sites)
    rest = tuple(one for one in todo if not isinstance(one, r.Train))
    return replace(state, sum=_Sum(session=session, tasks=tasks, awaited=sites)), (*rest, *asked)


def _flaw(total: _Sum, event: Said) -> str | None:
    """Say why an answer cannot be used, or return None."""
    if not isinstance(event.said, _ANSWERS[total.stage]):
        return f"it answered {type(event.said).__name__} when asked for its {total.stage}"
    try:
        total.session.same(event.said.session, event.site)
    except WayangError as error:
        return error.message
    return None


def _without(
    state: Secured, sites: Mapping[str, str], missing: Literal["failed", "late", "rejected"], event: r.Happening
) -> tuple[Secured, Instructions]:
    """Go on without sites; one whose vector arrived is in the sum, whether it tells its shares or not."""
    total = state.sum
    if total is None:
        return state, ()
    state = replace(state, sum=replace(total, awaited=tuple(one for one in total.awaited if one not in sites)))
    if total.stage == "secrets":
        return _onward(state, event, ())
    return _lost(state, sites, missing, event)


def _lost(
    state: Secured, sites: Mapping[str, str], missing: Literal["failed", "late", "rejected"], event: r.Happening
) -> tuple[Secured, Instructions]:
    """Tell the rounds that sites have no part in this one any more."""
    done: Instructions = ()
    for site, reason in sites.items():
        if state.finished:
            break
        told = r.Failed(
            at_s=event.at_s,
            told_s=event.told_s,
            site=site,
            round=state.rounds.round,
            phase="training",
            reason=reason,
            missing=missing,
        )
        state, todo = _inner(state, told)
        done = (*done, *todo)
    return (state, done) if state.sum is None else _onward(state, event, done)


def _onward(state: Secured, event: r.Happening, done: Instructions) -> tuple[Secured, Instructions]:
    """Go to the next stage if nobody is waited for."""
    total = state.sum
    if total is None or total.awaited:
        return state, done
    try:
        state, todo = _next(state, total, event)
    except WayangError as error:
        # Nothing of the round can be read: for the rounds, none of those that are left has answered.
        left = {site: error.message for site in total.session.sites if state.rounds.awaits(site)}
        state, todo = _lost(replace(state, sum=None), left, "failed", event)
    return state, (*done, *todo)


def _next(state: Secured, total: _Sum, event: r.Happening) -> tuple[Secured, Instructions]:
    session, name, number = total.session, total.session.name, state.rounds.round
    asked: tuple[Ask | MaskedTrain, ...]
    if total.stage == "keys":
        keys = coordinator.keyring(session, total.keys)
        ring = KeyRing(session=name, keys=tuple(keys.items()))
        return _asking(state, "shares", tuple(Ask(site=site, round=number, asked=ring) for site in keys), event)
    if total.stage == "shares":
        by_rows = getattr(state.rounds.setup.strategy, "weights", "uniform") == "rows"
        boxes = coordinator.inboxes(session, total.shared)
        asked = tuple(
            MaskedTrain(
                site=site,
                round=number,
                task=total.tasks[site].task,
                inbox=Inbox(session=name, boxes=tuple(box.items()), by_rows=by_rows),
            )
            for site, box in boxes.items()
        )
        return _asking(state, "vectors", asked, event)
    reveal = coordinator.reveal(session, total.shared, total.arrived)
    if total.stage == "vectors":
        asked = tuple(Ask(site=site, round=number, asked=reveal) for site in reveal.arrived)
        return _asking(state, "secrets", asked, event)
    words = coordinator.unmasked(session, total.keys, total.shared, total.arrived, total.told)
    task = next(iter(total.tasks.values())).task
    bits = task.guard is not None and task.guard.tells
    done: Instructions = ()
    state = replace(state, sum=None)
    for site, update in credited(words, task.parameters, reveal.arrived, bits=bits):
        answered = r.Answered(at_s=event.at_s, told_s=event.told_s, site=site, round=number, update=update)
        state, todo = _inner(state, answered)
        done = (*done, *todo)
    return state, done


def _asking(
    state: Secured, stage: Stage, asked: tuple[Ask | MaskedTrain, ...], event: r.Happening
) -> tuple[Secured, Instructions]:
    """Return the state that waits for a stage, each with the rounds' deadline anew."""
    total, limit, number = state.sum, state.rounds.setup.deadline_s, state.rounds.round
    if total is None:
        return state, ()
    state = replace(state, sum=replace(total, stage=stage, awaited=tuple(one.site for one in asked)))
    if limit is None:
        return state, asked
    due = max(event.at_s, event.told_s) + limit
    state = replace(state, rounds=replace(state.rounds, due_s=due))
    return state, (*asked, r.Wake(at_s=due, round=number, phase="training"))
