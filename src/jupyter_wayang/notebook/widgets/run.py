"""The run view: a run, live."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import anywidget
import msgspec
from traitlets import Dict, Unicode, default

from jupyter_wayang.events import (
    AnyEvent,
    BytesMoved,
    MetricsMeasured,
    OperatorFinished,
    Planned,
    Replanned,
    RunFinished,
    SiteReported,
    SitesAsked,
)
from jupyter_wayang.notebook.widgets.bundle import bundled
from jupyter_wayang.notebook.widgets.display import plan_display
from jupyter_wayang.notebook.widgets.frames import Frame
from jupyter_wayang.notebook.widgets.stream import Stream
from jupyter_wayang.plan import wire
from jupyter_wayang.plan.execution import ExecutionPlan
from jupyter_wayang.session import Run

__all__ = ["RunView", "run_display"]

_DISPLAY_EVENTS = 20_000


class RunView(anywidget.AnyWidget):
    """A run to look at and to steer while it goes on.

    What the page wishes is only noted; the thread of the stream carries it out, as the notebook may be busy with a cell.

    Parameters
    ----------
    run
        The run.
    frames_per_second
        The most messages in a second.

    Attributes
    ----------
    run_id
        The id of the run.
    snapshot
        Once a second: the number of the last event, and all events if they are not too many. A page that comes late
        begins with it and asks for the rest.
    """

    run_id = Unicode().tag(sync=True)
    snapshot = Dict().tag(sync=True)
    _esm = Unicode().tag(sync=True)
    _css = Unicode().tag(sync=True)

    @default("_esm")
    def _program(self) -> str:
        return bundled("run.js")

    @default("_css")
    def _style(self) -> str:
        return bundled("wayang.css")

    def __init__(self, run: Run, *, frames_per_second: float = 4.0) -> None:
        super().__init__(run_id=run.id)
        self._run = run
        self._stream = Stream(run, self, frames_per_second=frames_per_second)
        self._commands: Mapping[str, Callable[[], None]] = {
            "pause": run.pause,
            "resume": run.resume,
            "stop": run.stop,
            "display": self._display,
        }
        self.on_msg(self._hear)
        self._stream.ask(0)

    def close(self) -> None:
        """End the stream and the comms, that of the layout too."""
        # Widget.close runs once more when the interpreter ends, perhaps before the view was whole.
        stream: Stream | None = getattr(self, "_stream", None)
        if stream is not None:
            stream.close()
            self.layout.close()
        super().close()

    def _hear(self, _: object, content: object, buffers: object) -> None:
        if not isinstance(content, dict):
            return
        command, seq = content.get("type"), content.get("seq")
        if command == "since" and isinstance(seq, int) and seq >= 0:
            self._stream.ask(seq)
        elif isinstance(command, str) and command in self._commands:
            self._stream.wish(self._commands[command])

    def _display(self) -> None:
        """Send what a notebook keeps of the run: a page that was loaded in mid-run writes it itself."""
        self.send({"type": "display", "display": run_display(self._run)})

    # What the stream says (jupyter_wayang.notebook.widgets.stream.Listener).

    def framed(self, frame: Frame) -> None:
        """Send a frame to the pages."""
        self.send({"type": "frame", "head": frame.head}, [frame.body])

    def snapped(self, seq: int, frame: Frame | None) -> None:
        """Keep a snapshot for pages that come late."""
        held = {} if frame is None else {"head": frame.head, "body": frame.body}
        self.snapshot = {"seq": seq, **held}

    def beat(self, now_s: float) -> None:
        """Tell the pages that there is nothing new."""
        self.send({"type": "beat", "now_s": now_s})

    def refused(self, text: str) -> None:
        """Tell the pages why a command was not carried out."""
        self.send({"type": "refused", "text": text})


def run_display(run: Run) -> dict[str, Any]:
    """Return the display JSON of a run, as it is written into a notebook: its plan, and events enough to draw it.

    The events are those of the journal with three exceptions: the plan stands beside them, the messages of a site in a
    round are added up, and of a very long run some rounds are left out.
    """
    events = run.events()
    planned = next((event for event in reversed(events) if isinstance(event, Planned | Replanned)), None)
    plan = None if planned is None else plan_display(wire.decode(planned.plan, ExecutionPlan))
    rest = (event for event in _thinned(events) if not isinstance(event, Planned))
    # The plan stands beside the events, and once is enough.
    shown = msgspec.to_builtins([msgspec.structs.replace(e, plan="") if isinstance(e, Replanned) else e for e in rest])
    return {"version": 1, "kind": "run", "run": run.id, "events": shown, "plan": plan}


def _thinned(events: Iterable[AnyEvent]) -> list[AnyEvent]:
    events = list(events)
    ended = bool(events) and isinstance(events[-1], RunFinished)
    sums: dict[tuple[str, str, int | None], BytesMoved] = {}
    rest: list[AnyEvent] = []
    for event in events:
        if isinstance(event, BytesMoved):
            key = (event.site, event.direction, event.round)
            before = sums.get(key)
            sums[key] = event if before is None else _added(before, event)
        elif not isinstance(event, OperatorFinished) and not (ended and isinstance(event, SitesAsked)):
            rest.append(event)
    every = math.ceil((len(sums) + len(rest)) / _DISPLAY_EVENTS)
    last = max((event.round for event in rest if isinstance(event, MetricsMeasured)), default=0)

    def kept(event: AnyEvent) -> bool:
        if isinstance(event, MetricsMeasured):
            return event.site == "global" or event.round % every == 0 or event.round == last
        return not isinstance(event, SiteReported) or event.error is not None or event.round % every == 0

    return sorted((event for event in (*rest, *sums.values()) if kept(event)), key=lambda event: event.seq)


def _added(a: BytesMoved, b: BytesMoved) -> BytesMoved:
    return msgspec.structs.replace(b, kind="all", bytes=a.bytes + b.bytes, rows=a.rows + b.rows)
