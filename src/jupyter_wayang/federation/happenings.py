"""What rounds are told, and what they ask for: the two alphabets of the state machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jupyter_wayang import events
from jupyter_wayang.errors import WayangError
from jupyter_wayang.events import AnyEvent
from jupyter_wayang.federation.strategy import GlobalModel, State
from jupyter_wayang.plan.tasks import LocalTask, MergedCell, ScoreTask, Update

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
    "Score",
    "Scored",
    "Started",
    "StopRequested",
    "TimedOut",
    "Train",
    "Wake",
]

Phase = Literal["training", "scoring"]


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """Where rounds can go on: ``done`` rounds are finished, ``state`` is what the strategy remembers.

    ``late`` has the sites that did not answer in time in the last of them, and why: they are not asked for its scores.
    """

    done: int
    state: State
    late: tuple[tuple[str, str], ...] = ()


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
    """A site could not do what it was asked for, or what it answered is no answer to that."""

    site: str
    round: int
    phase: Phase
    reason: str
    missing: events.Missing = "failed"


@dataclass(frozen=True, kw_only=True)
class TimedOut(Happening):
    """The time of a :class:`Wake` has come."""

    round: int
    phase: Phase


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
class Wake:
    """Tell a :class:`TimedOut` at this time, unless something else has been asked for until then."""

    at_s: float
    round: int
    phase: Phase


@dataclass(frozen=True, kw_only=True)
class Keep:
    """Keep the state after a finished round: rounds can go on from here, as :func:`resumed` says."""

    checkpoint: Checkpoint


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


Instruction = Train | Score | Wake | Keep | Announce | Finish
Instructions = tuple[Instruction, ...]
