"""Runs for the page: ``python js/dev/runs.py FOLDER`` writes journals, a real one and made ones, as JSON."""

from __future__ import annotations

import json
import math
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from plans import session, task

from jupyter_wayang.events import (
    AnyEvent,
    BytesMoved,
    MetricsMeasured,
    Planned,
    RoundFinished,
    RoundStarted,
    RunFinished,
    RunStarted,
    SiteReported,
    SitesAsked,
)
from jupyter_wayang.plan import wire
from jupyter_wayang.plan.execution import ExecutionPlan, Interval, Lane, Loop

NAMES = "Aarhus Basel Coimbra Dresden Evora Faro Ghent Helsinki".split()


class Made:
    """A journal that nobody ran: sites of different speed and data."""

    def __init__(self, sites: list[str], rounds: int, until: str | None = None, seed: int = 7) -> None:
        self.sites, self.rounds, self.until = sites, rounds, until
        self.random = random.Random(seed)
        self.now = 1_795_564_245.0
        self.events: list[AnyEvent] = []
        self.speed = {site: 0.7 + 1.4 * self.random.random() for site in sites}
        worst = set(sites[:3]) if len(sites) > 8 else set()
        self.end = {s: 0.43 + self.random.gauss(0, 0.03) + (0.12 if s in worst else 0) for s in sites}
        self.rate = {s: 9 * (1 + self.random.gauss(0, 0.12)) for s in sites}

    def emit(self, event: AnyEvent) -> None:
        """Put an event into the journal."""
        self.events.append(msgspec.structs.replace(event, run="c02e91ab", seq=len(self.events) + 1, at_s=self.now))

    def begin(self) -> None:
        """Start and plan."""
        lanes = tuple(Lane(id=site.lower(), title=site, kind="site") for site in self.sites)
        loop = Loop(operators=("kernel/fit",), rounds=self.rounds, until=self.until)
        plan = ExecutionPlan(lanes=lanes, operators=(), edges=(), loop=loop, cost_s=Interval.exact(1))
        self.emit(RunStarted(name="heart", sites=tuple(s.lower() for s in self.sites), rounds=self.rounds))
        self.emit(Planned(plan=wire.encode(plan).decode(), planned_s=0.1))
        self.measure(0)

    def measure(self, number: int) -> None:
        """Measure at every site."""
        ids = tuple(site.lower() for site in self.sites)
        self.emit(SitesAsked(kind="score", sites=ids, round=number))
        losses = []
        for site in self.sites:
            self.now += 0.01 / len(self.sites)
            self.emit(BytesMoved(site=site.lower(), direction="down", kind="scored", bytes=443, round=number))
            self.emit(BytesMoved(site=site.lower(), direction="up", kind="scored", bytes=316, round=number))
            fall = math.exp(-number / self.rate[site])
            losses.append(
                max(0.24, self.end[site] + (0.693 - self.end[site]) * fall + self.random.gauss(0, 0.004) * (number > 0))
            )
        for site, loss in [("global", sum(losses) / len(losses)), *zip(ids, losses, strict=True)]:
            auc = None if number == 0 else min(0.97, 1.22 - loss + self.random.gauss(0, 0.004))
            accuracy = min(0.99, 1.12 - 0.8 * loss + self.random.gauss(0, 0.004))
            self.emit(
                MetricsMeasured(round=number, site=site, on="test", rows=60, log_loss=loss, accuracy=accuracy, auc=auc)
            )

    def round(self, number: int, missing: tuple[str, ...] = (), failing: str | None = None) -> None:
        """Do a round, or what of it the sites answer that are not missing."""
        ids = tuple(site.lower() for site in self.sites)
        self.emit(RoundStarted(round=number, sites=ids))
        self.emit(SitesAsked(kind="train", sites=ids, round=number))
        times = sorted((self.speed[s] * (1 + self.random.gauss(0, 0.09)), s) for s in self.sites if s not in missing)
        began = self.now
        for seconds, site in times:
            self.now = began + seconds
            self.emit(BytesMoved(site=site.lower(), direction="down", kind="trained", bytes=923, round=number))
            self.emit(
                BytesMoved(
                    site=site.lower(),
                    direction="up",
                    kind="trained",
                    bytes=917 + self.random.randrange(60),
                    round=number,
                )
            )
            error = (
                "WorkerDied: the scikit-learn worker ended with exit code −9 (killed at 512 MB)"
                if site == failing
                else None
            )
            self.emit(SiteReported(round=number, site=site.lower(), seconds=seconds, error=error))
            if error is not None:
                reason = f"{site} failed in round {number}: {error}; the model after {number - 1} rounds is kept"
                self.emit(
                    RunFinished(
                        state="failed",
                        reason=reason,
                        error="SiteError",
                        rounds=number - 1,
                        seconds=self.now - 1_795_564_245.0,
                    )
                )
                return
        if not missing:
            self.emit(RoundFinished(round=number, seconds=self.now - began, sites=ids))
            self.measure(number)


def made(sites: list[str], rounds: int, done: int, until: str | None = None, **last: Any) -> list[AnyEvent]:
    """Return a made journal; ``last`` describes the round after those that are done."""
    journal = Made(sites, rounds, until)
    journal.begin()
    for number in range(1, done + 1):
        journal.round(number)
    if last:
        journal.round(done + 1, **last)
    elif done == rounds:
        journal.emit(RunFinished(state="done", reason=f"all {rounds} rounds are done", rounds=rounds, seconds=61.2))
    return journal.events


def real(rounds: int) -> list[AnyEvent]:
    """Run the hospitals and return their journal."""
    with tempfile.TemporaryDirectory() as folder:
        opened = session(Path(folder), 1)
        result = task(opened, rounds).run()
        events = list(result.run.events())
        opened.close()
    return events


def cases() -> Iterator[tuple[str, list[AnyEvent], float]]:
    """Yield name, journal, and how many seconds after its last event it is looked at."""
    many = [f"Site {number:03}" for number in range(1, 101)]
    yield "real", real(30), 0
    yield "stalled", made(NAMES[:4], 30, 16, "metric.log_loss < 0.40", missing=("Coimbra",)), 14.2
    yield "eight", made(NAMES, 30, 21, missing=("Ghent", "Faro")), 0.2
    yield "failed", made(NAMES[:4], 30, 8, failing="Dresden"), 0
    yield "hundred", made(many, 60, 41, missing=tuple(many[5:9])), 0.5
    yield "twelve", made([*NAMES, "Ivrea", "Jena", "Kyoto", "Lyon"], 20, 20), 0
    yield "long", made(NAMES[:4], 2000, 2000), 0


def main() -> None:
    """Write the journals."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, events, after_s in cases():
        shown = {"events": msgspec.to_builtins(events), "after_s": after_s}
        (folder / f"{name}.json").write_text(json.dumps(shown), encoding="utf-8")
        print(name, len(events))


if __name__ == "__main__":
    main()
