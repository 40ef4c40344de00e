"""The stream: nothing is missed, nothing is sent too often, and nothing is left when it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from jupyter_wayang.errors import DataError
from jupyter_wayang.events import AnyEvent, FactsLearned, RunFinished, RunStarted
from jupyter_wayang.notebook.widgets.frames import Frame
from jupyter_wayang.notebook.widgets.stream import Stream


class Journal:
    """A run that a test writes."""

    def __init__(self, count: int = 0) -> None:
        self.written: list[AnyEvent] = []
        self.over = False
        self.changed = threading.Condition()
        self.closed = False
        for _ in range(count):
            self.add()

    def add(self, event: AnyEvent | None = None) -> None:
        with self.changed:
            given = event or FactsLearned(operator="scale", text="")
            self.written.append(type(given)(**{**_fields(given), "run": "r", "seq": len(self.written) + 1}))
            self.over = isinstance(given, RunFinished)
            self.changed.notify_all()

    def events(self, since: int = 0) -> tuple[AnyEvent, ...]:
        if self.closed:
            raise DataError("the session was closed")
        return tuple(self.written[since:])

    def news(self, since: int, timeout_s: float) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: len(self.written) > since, timeout_s)


def _fields(event: AnyEvent) -> dict[str, object]:
    return {name: getattr(event, name) for name in event.__struct_fields__}


class Page:
    """What a page hears."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.snapshots: list[tuple[int, Frame | None]] = []
        self.beats = 0
        self.refusals: list[str] = []
        self.heard = threading.Condition()

    def framed(self, frame: Frame) -> None:
        self._note(lambda: self.frames.append(frame))

    def snapped(self, seq: int, frame: Frame | None) -> None:
        self._note(lambda: self.snapshots.append((seq, frame)))

    def beat(self, now_s: float) -> None:
        self.beats += 1

    def refused(self, text: str) -> None:
        self._note(lambda: self.refusals.append(text))

    def _note(self, act: Callable[[], None]) -> None:
        with self.heard:
            act()
            self.heard.notify_all()

    def until(self, condition: Callable[[], bool]) -> None:
        with self.heard:
            assert self.heard.wait_for(condition, 10)

    @property
    def seqs(self) -> list[tuple[int, int]]:
        return [(frame.since, frame.seq) for frame in self.frames]


END = RunFinished(state="done", reason="")


def turned(stream: Stream, from_s: float, to_s: float, each_s: float = 0.05) -> None:
    for step in range(round((to_s - from_s) / each_s)):
        stream.step(from_s + step * each_s)


def stopped(journal: Journal, page: Page) -> Stream:
    """Return a stream whose thread never runs: the test turns it."""
    stream = Stream(journal, page, clock=lambda: 0.0)
    stream._closed = True
    return stream


def test_frames_come_at_most_four_times_a_second_and_leave_no_gap() -> None:
    journal, page = Journal(), Page()
    stream = stopped(journal, page)
    for step in range(200):
        journal.add()
        stream.step(step * 0.05)
    assert len(page.frames) == 40
    assert [since for since, _ in page.seqs] == [0, *(seq for _, seq in page.seqs[:-1])]


def test_a_page_that_asks_is_sent_what_it_lacks_once_more() -> None:
    journal, page = Journal(10), Page()
    stream = stopped(journal, page)
    stream.step(0.0)
    stream.ask(7)
    stream.ask(4)
    stream.ask(99)
    stream.step(1.0)
    assert page.seqs == [(0, 10), (4, 10)]
    journal.add()
    stream.step(2.0)
    assert page.seqs[-1] == (10, 11)


def test_a_long_journal_comes_in_frames_of_a_bounded_size() -> None:
    journal, page = Journal(), Page()
    journal.written = [FactsLearned(run="r", seq=n, operator="", text="") for n in range(1, 45_001)]
    turned(stopped(journal, page), 0.0, 1.0)
    assert page.seqs == [(0, 20_000), (20_000, 40_000), (40_000, 45_000)]
    assert page.snapshots[-1] == (45_000, None)


def test_a_snapshot_comes_once_a_second_and_holds_all() -> None:
    journal, page = Journal(), Page()
    stream = stopped(journal, page)
    for step in range(100):
        journal.add()
        stream.step(step * 0.05)
    turned(stream, 5.0, 10.0)
    assert [seq for seq, _ in page.snapshots] == [1, 21, 41, 61, 81, 100]
    last = page.snapshots[-1][1]
    assert last is not None
    assert (last.since, last.seq) == (0, 100)


def test_silence_has_a_beat_and_an_ended_run_none() -> None:
    journal, page = Journal(1), Page()
    stream = stopped(journal, page)
    turned(stream, 0.0, 10.0)
    assert page.beats == 3
    journal.add(END)
    assert stream.step(10.0) is not None
    assert stream.step(10.3) is None
    assert page.seqs[-1] == (1, 2)
    assert page.snapshots[-1][0] == 2


def threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "wayang-stream"}


def test_the_thread_ends_with_the_run_and_is_there_again_for_a_late_page() -> None:
    journal, page = Journal(3), Page()
    stream = Stream(journal, page)
    stream.ask(0)
    running = threads()
    assert len(running) == 1
    journal.add(END)
    for thread in running:
        thread.join(10)
    assert not stream.alive
    assert page.seqs[-1][1] == 4
    stream.ask(1)
    page.until(lambda: page.seqs[-1] == (1, 4))
    stream.close()
    assert not threads()


def test_the_thread_ends_with_the_view() -> None:
    stream = Stream(Journal(3), Page())
    stream.ask(0)
    stream.close()
    stream.close()
    stream.ask(0)
    assert not threads()


def test_wishes_are_carried_out_by_the_thread_and_refusals_are_told() -> None:
    page, by = Page(), []

    def refuses() -> None:
        by.append(threading.current_thread().name)
        raise DataError("no such run")

    stream = Stream(Journal(), page)
    stream.wish(refuses)
    page.until(lambda: page.refusals == ["no such run"])
    stream.close()
    assert by == ["wayang-stream"]


def test_a_journal_that_is_closed_ends_the_thread_with_a_word() -> None:
    journal, page = Journal(1), Page()
    stream = Stream(journal, page)
    stream.ask(0)
    page.until(lambda: page.seqs == [(0, 1)])
    journal.closed = True
    page.until(lambda: page.refusals == ["the session was closed"])
    for thread in threads():
        thread.join(10)
    assert not stream.alive


@pytest.mark.parametrize("events", [0, 2])
def test_a_run_without_a_last_event_ends_too(events: int) -> None:
    journal, page = Journal(events), Page()
    journal.over = True
    stream = stopped(journal, page)
    turned(stream, 0.0, 1.0)
    assert stream.step(2.0) is None


def test_the_first_event_is_there_at_once() -> None:
    journal, page = Journal(), Page()
    journal.add(RunStarted(name=""))
    stopped(journal, page).step(0.0)
    assert page.seqs == [(0, 1)]
