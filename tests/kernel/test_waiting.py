"""Whoever waits for a run reads each of its events once."""

from __future__ import annotations

from jupyter_wayang.events import AnyEvent, RoundFinished
from jupyter_wayang.kernel.outcome import Outcome
from jupyter_wayang.session.runs import Run


class Going:
    """A kernel whose run makes an event each time that somebody waits, five in all."""

    def __init__(self) -> None:
        self.made: list[AnyEvent] = []
        self.read = 0

    def events(self, run: str, since: int = 0) -> tuple[AnyEvent, ...]:
        found = tuple(event for event in self.made if event.seq > since)
        self.read += len(found)
        return found

    def wait(self, run: str, since: int, timeout_s: float) -> bool:
        number = len(self.made) + 1
        self.made.append(RoundFinished(run=run, seq=number, round=number, seconds=0.1, sites=()))
        return True

    def finished(self, run: str) -> bool:
        return len(self.made) == 5

    def outcome(self, run: str) -> Outcome:
        return Outcome(state="done", table=None)


def test_waiting_reads_each_event_once() -> None:
    kernel = Going()
    Run("a", kernel).wait()  # type: ignore[arg-type]
    assert kernel.read == 5


def test_waiting_for_a_while_reads_each_event_once() -> None:
    kernel = Going()
    assert Run("a", kernel).waited(60.0)  # type: ignore[arg-type]
    assert kernel.read == 4
