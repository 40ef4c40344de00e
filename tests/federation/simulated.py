"""A driver of rounds with a clock of its own: sites that do as they are told, and what becomes of it."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

import numpy as np

from jupyter_wayang.events import AnyEvent, MetricsMeasured
from jupyter_wayang.federation import rounds as r
from jupyter_wayang.federation.faults import Script
from jupyter_wayang.federation.strategies.fedavg import FedAvg
from jupyter_wayang.federation.strategy import GlobalModel
from jupyter_wayang.plan.models import LogisticRegression, NamedArray, array, named_array
from jupyter_wayang.plan.tasks import MergedCell, Update

SITES = ("a", "b", "c", "d")
DEADLINE_S = 60.0
Strike = Callable[[r.Train | r.Score, float, r.Happening], list[tuple[float, r.Happening]]]
"""What becomes of an answer that would come at a time: the answers that come instead, each at its own time."""


def arrays(w: float, b: float = 0.0) -> tuple[NamedArray, ...]:
    """Return the parameters of a model of one feature."""
    return (named_array("weights", np.array([float(w)])), named_array("intercept", np.array([b])))


START = GlobalModel(model=LogisticRegression(), features=("x",), parameters=arrays(0.0))


def setup(**options: object) -> r.Setup:
    """Return three rounds of four sites with a deadline."""
    chosen = {"strategy": FedAvg(learning_rate=0.5), "start": START, "rounds": 3, "deadline_s": DEADLINE_S}
    return r.Setup(**{"sites": SITES, **chosen, **options})


def answer(request: r.Train | r.Score) -> r.Happening:
    """Return what a site answers: it moves the weight by a third of its number; scores get better as it grows."""
    number, place = SITES.index(request.site) + 1, {"site": request.site, "round": request.round}
    if isinstance(request, r.Train):
        w = array(request.task.parameters[0])[0] + number / 3
        return r.Answered(update=Update(parameters=arrays(w), rows=7 * number), **place)
    loss = float(np.exp(-array(request.task.parameters[0])[0]))
    cells = tuple(
        MergedCell(low_bin=b, high_bin=b, target=t, n=5, log_loss=5 * loss, correct=4) for b, t in ((3, 0), (15, 1))
    )
    return r.Scored(cells=cells, **place)


@dataclass
class Driven:
    """What came of rounds: all that was said, where they could go on, and how they ended."""

    said: list[AnyEvent] = field(default_factory=list)
    kept: list[tuple[int, r.Checkpoint]] = field(default_factory=list)
    finish: r.Finish | None = None
    steps: int = 0
    now_s: float = 100.0

    def of(self, kind: type[AnyEvent], **where: object) -> list[AnyEvent]:
        """Return what was said of a kind, and of a round or site."""
        return [e for e in self.said if isinstance(e, kind) and all(getattr(e, k) == v for k, v in where.items())]

    @property
    def metrics(self) -> list[MetricsMeasured]:
        """What was measured."""
        return [event for event in self.said if isinstance(event, MetricsMeasured)]

    @property
    def weight(self) -> float:
        """The weight of the last model."""
        assert self.finish is not None
        return float(array(self.finish.model.parameters[0])[0])


def drive(
    chosen: r.Setup,
    *,
    strikes: Mapping[tuple[str, int, str], Strike] | None = None,
    script: Script = Script(),  # noqa: B008 - frozen
    stop_after: int | None = None,
    checkpoint: r.Checkpoint | None = None,
) -> Driven:
    """Carry rounds out. ``strikes``: by (phase, round, site). ``stop_after``: the number of events after which to stop."""
    driven, order = Driven(), count()
    coming: list[tuple[float, int, r.Happening]] = []
    # All sites work on one request after the other, and a second one is refused while they do.
    busy: dict[str, float] = {}
    state = r.begin(chosen) if checkpoint is None else r.resumed(chosen, checkpoint)
    event: r.Happening = r.Started(at_s=driven.now_s)
    while True:
        state, todo = r.step(state, event)
        driven.steps += 1
        for instruction in todo:
            if isinstance(instruction, r.Announce):
                driven.said.append(instruction.event)
            elif isinstance(instruction, r.Keep):
                driven.kept.append((len(driven.said), instruction.checkpoint))
            elif isinstance(instruction, r.Finish):
                driven.finish = instruction
            elif isinstance(instruction, r.Wake):
                timed_out = r.TimedOut(round=instruction.round, phase=instruction.phase)
                heapq.heappush(coming, (instruction.at_s, next(order), timed_out))
            else:
                for at_s, happening in _arriving(instruction, driven.now_s, strikes or {}, script, busy):
                    heapq.heappush(coming, (at_s, next(order), happening))
        if state.finished:
            return driven
        if driven.steps == stop_after:
            state, _ = r.step(state, r.StopRequested(at_s=driven.now_s))
        assert coming, "the rounds wait for nobody"
        driven.now_s, _, happening = heapq.heappop(coming)
        event = replace(happening, at_s=driven.now_s)


def _arriving(
    request: r.Train | r.Score,
    now_s: float,
    strikes: Mapping[tuple[str, int, str], Strike],
    script: Script,
    busy: dict[str, float],
) -> list[tuple[float, r.Happening]]:
    phase = "training" if isinstance(request, r.Train) else "scoring"
    place = {"site": request.site, "round": request.round, "phase": phase}
    if busy.get(request.site, 0.0) > now_s:
        return [(now_s, r.Failed(reason="still at work", missing="late", **place))]
    line = script.sent(request)
    if line.lost:
        return []
    at_s = now_s + SITES.index(request.site) + 1 + line.delay_s
    if line.error is not None:
        return [(at_s, r.Failed(reason=line.error, **place))]
    busy[request.site] = at_s
    happening = answer(request)
    if isinstance(happening, r.Answered):
        happening = script.received(happening)
    strike = strikes.get((phase, request.round, request.site))
    return [(at_s, happening)] if strike is None else strike(request, at_s, happening)
