"""A run as a generator of steps, and the drivers that turn it.

A run yields what it waits for and does no I/O of its own. A driver carries messages to the places, encoded as they
would cross a process, and answers. So the same run is turned by a thread, by a plain loop in a test, or by an event
loop.
"""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import TypeVar

from jupyter_wayang.errors import PlanError
from jupyter_wayang.transport.messages import Answer, Failure, Request, decode_answer, encode

__all__ = ["Carrier", "Post", "Receive", "Reply", "Steps", "Stop", "drive_in_thread", "drive_plainly"]

Carrier = Callable[[bytes], bytes]
"""Takes an encoded request to a place and brings the encoded answer."""

_POLL_S = 0.1
Outcome = TypeVar("Outcome")


@dataclass(frozen=True, kw_only=True)
class Post:
    """Send a message to a place; do not wait."""

    place: str
    message: Request


@dataclass(frozen=True, kw_only=True)
class Receive:
    """Wait for the next answer of any place, or for a wish to stop."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer: from where, what, when (seconds since 1970), after how many seconds, and the bytes down and up."""

    place: str
    answer: Answer
    at_s: float
    seconds: float
    bytes_down: int
    bytes_up: int


@dataclass(frozen=True, kw_only=True)
class Stop:
    """Somebody wishes the run to stop. Told once."""


Steps = Generator[Post | Receive, Reply | Stop | None, Outcome]
"""A run or a part of one: yields what it waits for, returns what it comes to."""


def _exchange(carrier: Carrier, place: str, request: bytes) -> Reply:
    began = time.perf_counter()
    data = b""
    try:
        data = carrier(request)
        answer = decode_answer(data)
    except Exception as error:  # noqa: BLE001 - whatever keeps an answer from coming is the answer
        answer = Failure(kind="SiteError", message=f"it did not answer: {type(error).__name__}: {error}")
    return Reply(
        place=place,
        answer=answer,
        at_s=time.time(),
        seconds=time.perf_counter() - began,
        bytes_down=len(request),
        bytes_up=len(data),
    )


def drive_plainly(run: Steps[Outcome], places: Mapping[str, Carrier], stop_after: int | None = None) -> Outcome:
    """Turn a run in this thread, one message after the other.

    Parameters
    ----------
    run
        The run.
    places
        How to reach each place.
    stop_after
        The number of answers after which it is asked to stop.

    Returns
    -------
    Outcome
        What the run returns.
    """
    waiting: deque[Reply] = deque()
    answered = 0
    value: Reply | Stop | None = None
    while True:
        try:
            step = run.send(value)
        except StopIteration as finished:
            outcome: Outcome = finished.value
            return outcome
        value = None
        if isinstance(step, Post):
            waiting.append(_exchange(places[step.place], step.place, encode(step.message)))
        elif stop_after is not None and answered == stop_after:
            answered, value = answered + 1, Stop()
        elif waiting:
            answered, value = answered + 1, waiting.popleft()
        else:
            raise PlanError("the run waits for an answer that nobody was asked for")


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
        Cleared by whoever wishes the run to wait at its next step: answers that come are kept until it is set again. A
        wish to stop goes before. None: never.

    Returns
    -------
    Outcome
        What the run returns.
    """
    answers: queue.SimpleQueue[Reply] = queue.SimpleQueue()
    pools = {place: ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"wayang-{place}") for place in places}
    told = False

    def work(place: str, request: bytes) -> None:
        answers.put(_exchange(places[place], place, request))

    value: Reply | Stop | None = None
    try:
        while True:
            try:
                step = run.send(value)
            except StopIteration as finished:
                outcome: Outcome = finished.value
                return outcome
            value = None
            if isinstance(step, Post):
                pools[step.place].submit(work, step.place, encode(step.message))
                continue
            value = _next(answers, stop, go, told=told)
            told = told or isinstance(value, Stop)
    finally:
        for pool in pools.values():
            pool.shutdown(wait=False, cancel_futures=True)


def _next(answers: queue.SimpleQueue[Reply], stop: Event, go: Event | None, *, told: bool) -> Reply | Stop:
    while True:
        if stop.is_set() and not told:
            return Stop()
        if go is not None and not told and not go.wait(_POLL_S):
            continue
        try:
            return answers.get(timeout=_POLL_S)
        except queue.Empty:
            continue
