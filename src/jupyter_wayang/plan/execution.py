"""Execution plans: for every operator a platform and why, explicit data movement, lanes and the loop.

A plan here is a value to look at, to journal and to draw; it says everything that `explain`, the pictures and the
widgets show.
"""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from jupyter_wayang.plan.logical import Port
from jupyter_wayang.plan.observation import Work
from jupyter_wayang.plan.schema import Schema

__all__ = [
    "Alternative",
    "Decision",
    "Edge",
    "ExecutionOperator",
    "ExecutionPlan",
    "Interval",
    "Lane",
    "Loop",
    "Movement",
    "Takes",
]


class Interval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A quantity that is not known exactly: bounds, and how sure it is that the truth lies between."""

    low: float
    high: float
    confidence: float = 1.0

    @classmethod
    def exact(cls, value: float) -> Interval:
        """Make an interval of one value that is sure."""
        return cls(low=value, high=value)

    @property
    def mean(self) -> float:
        """The geometric mean of the bounds; plans are compared by it (RHEEMix, section 5)."""
        return math.sqrt(max(self.low, 0.0) * max(self.high, 0.0))

    def __add__(self, other: Interval) -> Interval:
        return Interval(
            low=self.low + other.low, high=self.high + other.high, confidence=min(self.confidence, other.confidence)
        )

    def times(self, factor: float) -> Interval:
        """Scale both bounds."""
        return Interval(low=self.low * factor, high=self.high * factor, confidence=self.confidence)


class Movement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the rows of an edge change their form: the channels passed, what moves, what it costs (seconds)."""

    channels: tuple[str, ...]
    bytes: Interval
    cost_s: Interval


class Alternative(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A platform that was considered for an operator.

    ``compute_s``, ``move_in_s``, ``move_out_s``: the parts of the operator's own cost in the best whole plan with that
    platform; ``difference_s``: that whole plan minus the chosen one. ``impossible``: why it cannot run there.
    """

    platform: str
    compute_s: Interval | None = None
    move_in_s: Interval | None = None
    move_out_s: Interval | None = None
    difference_s: float | None = None
    impossible: str | None = None


class Decision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The platform chosen for an operator, the reason in one sentence, and what else there was."""

    platform: str
    reason: str
    pinned: bool = False
    alternatives: tuple[Alternative, ...] = ()


class ExecutionOperator(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An operator on a platform.

    ``id`` is unique in the plan (``cleveland/scale``); ``logical`` is the id of the node in the logical plan (several
    operators may stem from one node); ``rows`` is the estimate for output 0 and ``counted`` what was counted, if it was
    and may be shown; ``rows_from`` says where the estimate comes from; ``work`` is what one execution is thought to do,
    in the sizes that its cost was estimated from; ``code`` is generated SQL, where a platform makes some. ``iterations`` is how often it runs.
    ``checkpoint`` says that rows are counted after it: what comes later is planned again if they are not as expected.
    ``kept``: what it makes is kept for the turns of a loop, because to make it anew in each would cost more.
    ``kind``: ``aggregate`` marks a combination at the execution kernel that never sees rows.
    """

    id: str
    logical: str
    lane: str
    verb: str
    text: str
    decision: Decision
    schema: Schema | None = None
    rows: Interval | None = None
    rows_from: str = ""
    bytes: Interval | None = None
    compute_s: Interval | None = None
    work: Work | None = None
    checkpoint: bool = False
    kept: bool = False
    counted: int | None = None
    measured_s: float | None = None
    iterations: int = 1
    stage: int = 0
    code: str | None = None
    kind: Literal["rows", "aggregate"] = "rows"


class Edge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What flows from an operator's port to another's input: rows (solid) or only aggregates and updates (dashed)."""

    source: Port
    target: str
    input: int = 0
    kind: Literal["rows", "facts", "update", "model"] = "rows"
    back: bool = False
    label: str | None = None
    rows: Interval | None = None
    bytes: Interval | None = None
    movement: Movement | None = None


class Lane(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place where operators run: a site, the execution kernel, or this machine."""

    id: str
    title: str
    kind: Literal["kernel", "site", "here"]
    platforms: tuple[str, ...] = ()
    note: str = ""
    rows: int | None = None


class Loop(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Operators that run once a round, drawn as one frame."""

    operators: tuple[str, ...]
    rounds: int
    until: str | None = None
    round: int | None = None


class Takes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a federated task takes of a site.

    ``bytes`` leave it in all, ``round_bytes`` in each round of a fit; ``seconds`` and ``memory_bytes`` are of its own part.
    ``budget`` is what a round spends of a privacy budget (epsilon), if there is one. Of a run, ``left_bytes`` were counted
    and ``took_s`` measured.
    """

    site: str
    bytes: Interval
    round_bytes: Interval | None = None
    seconds: Interval
    memory_bytes: Interval
    budget: float | None = None
    left_bytes: int | None = None
    took_s: float | None = None


class ExecutionPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of it: lanes, operators in an order in which inputs come first, edges, the loop, and totals.

    ``start_up_s`` has the seconds charged once for each platform that must be started. ``captured`` lists notebook
    variables that went into the plan, ``notes`` what a person should know (a site left out, a platform missing), ``takes``
    what it takes of each site of a federation.
    """

    name: str = ""
    lanes: tuple[Lane, ...]
    operators: tuple[ExecutionOperator, ...]
    edges: tuple[Edge, ...]
    loop: Loop | None = None
    cost_s: Interval
    start_up_s: tuple[tuple[str, float], ...] = ()
    planned_s: float = 0.0
    captured: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    takes: tuple[Takes, ...] = ()

    def operator(self, id_: str) -> ExecutionOperator:
        """Return the operator of an id."""
        for operator in self.operators:
            if operator.id == id_:
                return operator
        raise KeyError(id_)

    @property
    def movements(self) -> tuple[Edge, ...]:
        """The edges on which rows change their form."""
        return tuple(edge for edge in self.edges if edge.movement is not None and len(edge.movement.channels) > 1)
