"""Events: the only way out of a run. Frozen, numbered, journalled before they are shown."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = [
    "AnswerDropped",
    "AnyEvent",
    "BytesMoved",
    "Event",
    "FactsLearned",
    "MetricsMeasured",
    "OperatorFinished",
    "Paused",
    "Planned",
    "Printed",
    "Replanned",
    "ResultReady",
    "Resumed",
    "RoundFinished",
    "RoundStarted",
    "RunFinished",
    "RunStarted",
    "SiteLeftOut",
    "SiteReported",
    "SitesAsked",
    "StopRequested",
    "Withheld",
]

State = Literal["done", "stopped", "failed"]
Missing = Literal["failed", "late", "rejected"]
"""Why a round goes on without a site: it said that it cannot, the deadline passed, or what it sent cannot be used."""


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="tag"):
    """What all events share: the run, the number in the run (from 1, without gaps), seconds since 1970."""

    run: str = ""
    seq: int = 0
    at_s: float = 0.0


class RunStarted(Event, frozen=True, kw_only=True, tag="run_started"):
    """A run began; ``resumes`` is the one whose rounds it goes on with."""

    name: str
    sites: tuple[str, ...] = ()
    rounds: int = 0
    resumes: str | None = None


class Planned(Event, frozen=True, kw_only=True, tag="planned"):
    """The execution plan was made: its JSON, as of :mod:`jupyter_wayang.plan.wire`."""

    plan: str
    planned_s: float


class Replanned(Event, frozen=True, kw_only=True, tag="replanned"):
    """What had not run yet was planned again: after which operator, why and what changed, and the plan as it is now."""

    operator: str
    text: str
    plan: str


class Printed(Event, frozen=True, kw_only=True, tag="printed"):
    """A function of the notebook printed something, on the person's own machine."""

    operator: str
    text: str


class SiteLeftOut(Event, frozen=True, kw_only=True, tag="site_left_out"):
    """A site takes no part, and why."""

    site: str
    reason: str


class Withheld(Event, frozen=True, kw_only=True, tag="withheld"):
    """A site kept numbers back that its policy does not let out; the text says which kind, never how many."""

    site: str
    operator: str
    reason: str


class FactsLearned(Event, frozen=True, kw_only=True, tag="facts_learned"):
    """A preprocessing step learned its global values; the text shows them."""

    operator: str
    text: str


class OperatorFinished(Event, frozen=True, kw_only=True, tag="operator_finished"):
    """An operator of the execution plan finished. ``rows`` is null where it was not counted or may not be shown."""

    operator: str
    rows: int | None = None
    seconds: float = 0.0


class SitesAsked(Event, frozen=True, kw_only=True, tag="sites_asked"):
    """Sites were asked for something and are awaited until bytes of each have come ``up``."""

    kind: str
    sites: tuple[str, ...]
    round: int | None = None


class BytesMoved(Event, frozen=True, kw_only=True, tag="bytes_moved"):
    """A message crossed a site's border: ``up`` left the site, ``down`` went to it. ``rows`` of data in it: always 0."""

    site: str
    direction: Literal["up", "down"]
    kind: str
    bytes: int
    round: int | None = None
    rows: int = 0


class RoundStarted(Event, frozen=True, kw_only=True, tag="round_started"):
    """A round began with these sites."""

    round: int
    sites: tuple[str, ...]


class SiteReported(Event, frozen=True, kw_only=True, tag="site_reported"):
    """A site answered in a round, or the round goes on without it: ``error`` says why, ``missing`` in a word."""

    round: int
    site: str
    seconds: float
    error: str | None = None
    missing: Missing | None = None


class AnswerDropped(Event, frozen=True, kw_only=True, tag="answer_dropped"):
    """A site's answer was not used: it came too late, or twice."""

    round: int
    site: str
    reason: str


class MetricsMeasured(Event, frozen=True, kw_only=True, tag="metrics_measured"):
    """Metrics of the global model after a round (0: before the first), at a site, or ``global``.

    A value is null where it may not be shown or cannot be computed; ``note`` says why. ``on`` says which rows.
    ``auc_error`` bounds the error of an AUC that comes from binned scores.
    """

    round: int
    site: str
    on: Literal["test", "train"]
    rows: int | None
    log_loss: float | None
    accuracy: float | None
    auc: float | None
    auc_error: float | None = None
    note: str | None = None


class RoundFinished(Event, frozen=True, kw_only=True, tag="round_finished"):
    """A round ended with a new global model."""

    round: int
    seconds: float
    sites: tuple[str, ...]


class Paused(Event, frozen=True, kw_only=True, tag="paused"):
    """Somebody asked the run to pause: it waits at its next step. Answers that are under way are kept."""


class Resumed(Event, frozen=True, kw_only=True, tag="resumed"):
    """Somebody asked a paused run to go on."""


class StopRequested(Event, frozen=True, kw_only=True, tag="stop_requested"):
    """Somebody asked the run to stop; it does so at its next step."""


class ResultReady(Event, frozen=True, kw_only=True, tag="result_ready"):
    """A result can be fetched: its key, its rows, and its columns as (name, type)."""

    key: str
    rows: int
    columns: tuple[tuple[str, str], ...]


class RunFinished(Event, frozen=True, kw_only=True, tag="run_finished"):
    """The last event of a run: how it ended, and why."""

    state: State
    reason: str
    error: str | None = None
    rounds: int = 0
    seconds: float = 0.0


AnyEvent = (
    RunStarted
    | Planned
    | SiteLeftOut
    | Withheld
    | FactsLearned
    | OperatorFinished
    | Printed
    | Replanned
    | SitesAsked
    | BytesMoved
    | RoundStarted
    | SiteReported
    | AnswerDropped
    | MetricsMeasured
    | RoundFinished
    | Paused
    | Resumed
    | StopRequested
    | ResultReady
    | RunFinished
)
