"""The stream of a live view: one thread that follows a run and is the only one that sends."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from jupyter_wayang.errors import WayangError
from jupyter_wayang.events import AnyEvent, Planned, Replanned
from jupyter_wayang.notebook.widgets.frames import Frame, frame_of

__all__ = ["Followed", "Listener", "Stream"]

_FRAME_EVENTS = 20_000
"""Events of one frame at most: a view that comes late is served in several."""
_SNAPSHOT_BYTES = 256_000
"""About so large a snapshot may be to hold all events; above, it holds only their number, and the view asks for them."""
_EVENT_BYTES = 64
_POLL_S = 0.1
_SNAPSHOT_S = 1.0
_BEAT_S = 3.0


class Followed(Protocol):
    """What is followed: a :class:`~jupyter_wayang.session.Run`."""

    def events(self, since: int = 0) -> tuple[AnyEvent, ...]:
        """Return the events with a number above ``since``."""
        ...

    def news(self, since: int, timeout_s: float) -> bool:
        """Wait for such an event."""
        ...

    @property
    def over(self) -> bool:
        """Whether no more events will come."""
        ...


class Listener(Protocol):
    """Where frames go: a widget."""

    def framed(self, frame: Frame) -> None:
        """Take a frame."""
        ...

    def snapped(self, seq: int, frame: Frame | None) -> None:
        """Take the number of the last event and, if there are not too many, all of them."""
        ...

    def beat(self, now_s: float) -> None:
        """Take a sign of life."""
        ...

    def refused(self, text: str) -> None:
        """Take the reason why a command was not carried out."""
        ...


class Stream:
    """Follows a run in a thread of its own and hands its events on as frames.

    The thread ends when the run is over and all is sent, or with :meth:`close`; :meth:`ask` and :meth:`wish` start it
    again. They only note what is wished for, and may be called from any thread.

    Parameters
    ----------
    followed
        The run.
    listener
        Where frames go.
    frames_per_second
        The most frames in a second.
    clock
        Seconds since 1970.
    """

    def __init__(
        self,
        followed: Followed,
        listener: Listener,
        *,
        frames_per_second: float = 4.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._followed = followed
        self._listener = listener
        self._period_s = 1.0 / frames_per_second
        self._clock = clock
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._wishes: deque[Callable[[], Any]] = deque()
        self._asked: int | None = None
        self._closed = False
        self._thread: threading.Thread | None = None
        # The rest belongs to the thread: what was read, what of it is not sent yet, and what a snapshot holds.
        self._read = 0
        self._waiting: deque[AnyEvent] = deque()
        self._kept: list[AnyEvent] | None = []
        self._kept_bytes = 0
        self._seen = 0
        self._snapped = -1
        self._frame_s = self._snapshot_s = self._word_s = float("-inf")

    def ask(self, since: int) -> None:
        """Wish to be sent everything above a number, perhaps once more."""
        with self._lock:
            self._asked = since if self._asked is None else min(since, self._asked)
        self._start()

    def wish(self, command: Callable[[], Any]) -> None:
        """Have something done by the thread that sends."""
        self._wishes.append(command)
        self._start()

    def close(self) -> None:
        """End the thread, and wait until it has."""
        with self._lock:
            self._closed = True
            thread = self._thread
        self._wake.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    @property
    def alive(self) -> bool:
        """Whether the thread is at work."""
        return self._thread is not None

    def step(self, now_s: float) -> float | None:
        """Do what is due.

        Parameters
        ----------
        now_s
            Seconds of a clock that never goes back.

        Returns
        -------
        float or None
            After how many seconds something is due again; None when nothing will be.
        """
        self._obey()
        over = self._followed.over
        news = self._followed.events(self._read)
        self._take(news)
        if self._waiting and now_s >= self._frame_s + self._period_s:
            self._send(now_s)
        ended = over and not news and not self._waiting
        if self._snapped != self._seen and (ended or now_s >= self._snapshot_s + _SNAPSHOT_S):
            self._snap(now_s)
        if ended:
            return None
        if now_s >= self._word_s + _BEAT_S:
            self._listener.beat(self._clock())
            self._word_s = now_s
        return max(self._frame_s + self._period_s - now_s, 0.0) if self._waiting else _POLL_S

    def _obey(self) -> None:
        with self._lock:
            asked, self._asked = self._asked, None
        if asked is not None and asked < self._read - len(self._waiting):
            self._waiting.clear()
            self._read = asked
        while self._wishes:
            try:
                self._wishes.popleft()()
            except WayangError as error:
                self._listener.refused(error.message)

    def _take(self, news: Sequence[AnyEvent]) -> None:
        self._waiting.extend(news)
        for event in news:
            self._read = event.seq
            if event.seq > self._seen:
                self._seen = event.seq
                self._keep(event)

    def _keep(self, event: AnyEvent) -> None:
        if self._kept is not None:
            self._kept.append(event)
            self._kept_bytes += len(event.plan) if isinstance(event, Planned | Replanned) else _EVENT_BYTES
            if self._kept_bytes > _SNAPSHOT_BYTES:
                self._kept = None

    def _send(self, now_s: float) -> None:
        events = [self._waiting.popleft() for _ in range(min(len(self._waiting), _FRAME_EVENTS))]
        self._listener.framed(frame_of(events, since=events[0].seq - 1, now_s=self._clock()))
        self._frame_s = self._word_s = now_s

    def _snap(self, now_s: float) -> None:
        frame = None if self._kept is None else frame_of(self._kept, since=0, now_s=self._clock())
        self._listener.snapped(self._seen, frame)
        self._snapshot_s, self._snapped = now_s, self._seen

    def _start(self) -> None:
        self._wake.set()
        with self._lock:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._work, name="wayang-stream", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        try:
            while True:
                self._wake.clear()
                delay_s = self.step(time.monotonic())
                if self._leaves(delay_s is None):
                    return
                if self._wake.is_set() or delay_s is None:
                    continue
                if self._waiting:
                    self._wake.wait(delay_s)
                else:
                    self._followed.news(self._read, delay_s)
        except WayangError as error:  # the journal was closed or has forgotten the run: nothing more can come
            self._listener.refused(error.message)
            self._leaves(done=True)

    def _leaves(self, done: bool) -> bool:
        """Tell whether the thread ends; a wish that came meanwhile keeps it, one that comes later starts another."""
        with self._lock:
            if self._closed or (done and not self._wishes and self._asked is None):
                self._thread = None
                return True
            return False
