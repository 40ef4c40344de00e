"""A run as a generator of steps, and the drivers that turn it.

A run yields what it waits for and does no I/O of its own. A driver carries messages to the places, encoded as they
would cross a process, and answers. So the same run is turned by a thread, by a plain loop in a test, or by an event
loop.
"""

from __future__ import annotations

import heapq
import queue
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from itertools import count
from threading import Event, Thread
from typing import TypeVar

from jupyter_wayang.errors import PlanError
from jupyter_wayang.transport.messages import Answer, Failure, Release, Request, decode_answer, encode

__all__ = [
    "Carrier",
    "Post",
    "Receive",
    "Reply",
    "Silence",
    "Steps",
    "Stop",
    "VirtualClock",
    "drive_in_thread",
    "drive_plainly",
]

Carrier = Callable[[bytes], bytes]
"""Takes an encoded request to a place and brings the encoded answer."""

_POLL_S = 0.1
Outcome = TypeVar("Outcome")


@dataclass(frozen=True, kw_only=True)
class Post:
    """Send a message to a place, after ``delay_s`` seconds; do not wait."""

    place: str
    message: Request
    delay_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Receive:
    """Wait for the next answer of any place, or for a wish to stop, but no longer than ``within_s``; None: for ever."""

    within_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer: from where, to what, when (seconds since 1970), after how many seconds, and the bytes down and up.

    ``reached``: the place did answer. If not, what it was asked may have been done all the same.
    """

    place: str
    asked: Request
    answer: Answer
    at_s: float
    seconds: float
    bytes_down: int
    bytes_up: int
    reached: bool = True


@dataclass(frozen=True, kw_only=True)
class Stop:
    """Somebody wishes the run to stop. Told once."""


@dataclass(frozen=True, kw_only=True)
class Silence:
    """Nothing came in the time that the run would wait."""


Steps = Generator[Post | Receive, Reply | Stop | Silence | None, Outcome]
"""A run or a part of one: yields what it waits for, returns what it comes to."""


class VirtualClock:
    """A clock whose time passes only when somebody waits.

    Examples
    --------
    >>> clock = VirtualClock(100.0)
    >>> clock.wait_until(160.0)
    >>> clock()
    160.0
    """

    def __init__(self, now_s: float = 0.0) -> None:
        self._now_s = now_s

    def __call__(self) -> float:
        """Return the time, in seconds."""
        return self._now_s

    def wait_until(self, at_s: float) -> None:
        """Let time pass."""
        self._now_s = max(self._now_s, at_s)


def _exchange(carrier: Carrier, place: str, message: Request, request: bytes, clock: Callable[[], float]) -> Reply:
    began = time.perf_counter()
    data, reached = b"", False
    try:
        data = carrier(request)
        reached = True
        answer = decode_answer(data)
    except Exception as error:  # noqa: BLE001 - whatever keeps an answer from coming is the answer
        why = f"it did not answer: {type(error).__name__}: {error}"
        answer = Failure(run=message.run, id=message.id, kind="SiteError", message=why)
    return Reply(
        place=place,
        asked=message,
        answer=answer,
        at_s=clock(),
        seconds=time.perf_counter() - began,
        bytes_down=len(request),
        bytes_up=len(data),
        reached=reached,
    )


def drive_plainly(
    run: Steps[Outcome],
    places: Mapping[str, Carrier],
    stop_after: int | None = None,
    clock: VirtualClock | None = None,
) -> Outcome:
    """Turn a run in this thread, one message after the other, without waiting: time passes on a clock of its own.

    Parameters
    ----------
    run
        The run.
    places
        How to reach each place.
    stop_after
        The number of answers after which it is asked to stop.
    clock
        The clock by which delays and deadlines pass; None: one that nobody else reads.

    Returns
    -------
    Outcome
        What the run returns.
    """
    clock = VirtualClock(time.time()) if clock is None else clock
    order = count()
    waiting: list[tuple[float, int, Post]] = []
    answered = 0
    value: Reply | Stop | Silence | None = None
    while True:
        try:
            step = run.send(value)
        except StopIteration as finished:
            for _, _, post in waiting:
                if isinstance(post.message, Release):
                    places[post.place](encode(post.message))
            outcome: Outcome = finished.value
            return outcome
        value = None
        if isinstance(step, Post):
            heapq.heappush(waiting, (clock() + step.delay_s, next(order), step))
            continue
        until = None if step.within_s is None else clock() + step.within_s
        if stop_after is not None and answered == stop_after:
            answered, value = answered + 1, Stop()
        elif waiting and (until is None or waiting[0][0] <= until):
            at_s, _, post = heapq.heappop(waiting)
            clock.wait_until(at_s)
            answered += 1
            value = _exchange(places[post.place], post.place, post.message, encode(post.message), clock)
        elif until is not None:
            clock.wait_until(until)
            value = Silence()
        else:
            raise PlanError("the run waits for an answer that nobody was asked for")


class _Line:
    """To a place, in a thread of its own that nobody waits for at the end: a place that hangs holds nobody up."""

    def __init__(self, place: str, carrier: Carrier, answers: queue.SimpleQueue[Reply]) -> None:
        self._place, self._carrier, self._answers = place, carrier, answers
        self._posts: queue.SimpleQueue[tuple[Post, bytes] | None] = queue.SimpleQueue()
        self._closed = Event()
        self._thread: Thread | None = None

    def post(self, post: Post) -> None:
        """Send a message after those before it."""
        if self._thread is None:
            self._thread = Thread(target=self._work, name=f"wayang-{self._place}", daemon=True)
            self._thread.start()
        self._posts.put((post, encode(post.message)))

    def close(self) -> None:
        """Send nothing more, but that the run is over."""
        self._closed.set()
        self._posts.put(None)

    def _work(self) -> None:
        while (next_one := self._posts.get()) is not None:
            post, request = next_one
            if post.delay_s:
                self._closed.wait(post.delay_s)
            if not self._closed.is_set() or isinstance(post.message, Release):
                self._answers.put(_exchange(self._carrier, self._place, post.message, request, time.time))


def drive_in_thread(
    run: Steps[Outcome], places: Mapping[str, Carrier], stop: Event, go: Event | None = None
) -> Outcome:
    """Turn a run in this thread while the places work side by side, each in a thread of its own.

    Parameters
    ----------
    run
        The run.
    places
        How to reach each place.
    stop
        Set by whoever wishes the run to stop; it learns of it at its next step.
    go
        Cleared by whoever wishes the run to wait at its next step: answers that come are kept until it is set again, and
        no deadline passes. A wish to stop goes before. None: never.

    Returns
    -------
    Outcome
        What the run returns.
    """
    answers: queue.SimpleQueue[Reply] = queue.SimpleQueue()
    lines = {place: _Line(place, carrier, answers) for place, carrier in places.items()}
    told = False
    value: Reply | Stop | Silence | None = None
    try:
        while True:
            try:
                step = run.send(value)
            except StopIteration as finished:
                outcome: Outcome = finished.value
                return outcome
            value = None
            if isinstance(step, Post):
                lines[step.place].post(step)
                continue
            value = _next(answers, stop, go, told=told, within_s=step.within_s)
            told = told or isinstance(value, Stop)
    finally:
        for line in lines.values():
            line.close()


def _next(
    answers: queue.SimpleQueue[Reply], stop: Event, go: Event | None, *, told: bool, within_s: float | None
) -> Reply | Stop | Silence:
    left_s = within_s
    while True:
        if stop.is_set() and not told:
            return Stop()
        if go is not None and not told and not go.wait(_POLL_S):
            continue
        began = time.monotonic()
        try:
            return answers.get(timeout=_POLL_S if left_s is None else min(_POLL_S, max(left_s, 0.0)))
        except queue.Empty:
            # Only the time in which answers are taken counts: a pause is nobody's.
            if left_s is not None:
                left_s -= time.monotonic() - began
                if left_s <= 0:
                    return Silence()
