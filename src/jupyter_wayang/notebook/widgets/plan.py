"""The plan view: a plan with its alternatives, which answers to the hand, and live what a run does with it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import anywidget
import msgspec
from traitlets import Bool, Dict, Int, Unicode, default

from jupyter_wayang.drawing.changes import Changes, changes
from jupyter_wayang.drawing.whys import wins_text
from jupyter_wayang.errors import WayangError
from jupyter_wayang.notebook.widgets.bundle import bundled
from jupyter_wayang.notebook.widgets.display import plan_picture
from jupyter_wayang.notebook.widgets.frames import Frame
from jupyter_wayang.notebook.widgets.stream import Stream
from jupyter_wayang.plan import wire
from jupyter_wayang.plan.execution import ExecutionPlan
from jupyter_wayang.session import Plan, Run

__all__ = ["PlanView", "pinnable"]


def pinnable(plan: Plan) -> dict[str, str] | None:
    """Return the operators of a plan that can be pinned, with their verbs; None of a plan that cannot be made again."""
    making = plan.making
    if making is None:
        return None
    return {
        operator.id: node.operator.verb
        for operator in plan.execution.operators
        if (node := making.node(operator)) is not None and operator.decision.alternatives
    }


class PlanView(anywidget.AnyWidget):
    """A plan to look at, to ask, and to pin operators in.

    What the page wishes is only noted: with some kernels a message arrives on another thread, with others only between
    cells. A thread of the view's own carries it out, and ends when nothing is left to do.

    Parameters
    ----------
    plan
        The plan.
    run
        A run of it, to be followed live.

    Attributes
    ----------
    display
        The plan with its places and looks: what is drawn.
    changes
        What is different from the plan before; None at first.
    undoable
        Whether there is a plan before.
    notice
        What the page says on top: ``text``, and whether it is ``wrong``; None: nothing.
    answered
        How many wishes were carried out; it changes together with the others.
    selected
        The operator that a person looks at, by id; empty: none.
    wins
        When other platforms would win, in words by operator; looked for when a person first looks at an operator.
    """

    display = Dict().tag(sync=True)
    changes: Any = Dict(allow_none=True, default_value=None).tag(sync=True)
    undoable = Bool(False).tag(sync=True)
    notice: Any = Dict(allow_none=True, default_value=None).tag(sync=True)
    answered = Int(0).tag(sync=True)
    wins = Dict().tag(sync=True)
    selected = Unicode()
    _esm = Unicode().tag(sync=True)
    _css = Unicode().tag(sync=True)

    @default("_esm")
    def _program(self) -> str:
        return bundled("plan.js")

    @default("_css")
    def _style(self) -> str:
        return bundled("wayang.css")

    def __init__(self, plan: Plan, run: Run | None = None) -> None:
        super().__init__(display=_display(plan))
        self._plans = [plan]
        self._wishes = _Wishes()
        self._stream: Stream | None = None
        self._replanned = 0
        self.on_msg(self._hear)
        if run is not None:
            self.follow(run)

    @property
    def plan(self) -> Plan:
        """The plan as it is shown, with what was pinned; ``view.plan.run()`` runs it."""
        return self._plans[-1]

    def follow(self, run: Run) -> None:
        """Show live what a run does with the plan."""
        if self._stream is not None:
            self._stream.close()
        self._stream = Stream(run, self)
        self._stream.ask(0)

    def select(self, operator: str) -> None:
        """Open the panel of an operator in every page; empty: close it."""
        self.selected = operator
        self.send({"type": "select", "operator": operator})

    def settled(self, timeout_s: float | None = None) -> bool:
        """Wait until all wishes are carried out; tells whether they are."""
        return self._wishes.settled(timeout_s)

    def close(self) -> None:
        """End the threads and the comm."""
        # Widget.close runs once more when the interpreter ends, perhaps before the view was whole.
        stream: Stream | None = getattr(self, "_stream", None)
        if stream is not None:
            stream.close()
        wishes: _Wishes | None = getattr(self, "_wishes", None)
        if wishes is not None:
            wishes.close()
        super().close()

    def _hear(self, _: object, content: object, buffers: object) -> None:
        try:
            wish = msgspec.convert(content, _AnyWish)
        except msgspec.ValidationError:
            return
        match wish:
            case _Since(seq=seq):
                if self._stream is not None:
                    self._stream.ask(seq)
            case _Inspect(operator=operator):
                self._wishes.add(lambda: self._inspected(operator))
            case _Pin() | _Unpin() | _Undo():
                self._wishes.add(lambda: self._answer(wish))

    def _inspected(self, operator: str) -> None:
        self.selected = operator
        plan = self.plan
        if operator and not self.wins and plan.brief:
            self.wins = {one.id: wins_text(one, plan.wins.get(one.id, ())) for one in plan.execution.operators}

    def _answer(self, wish: _Pin | _Unpin | _Undo) -> None:
        """Carry out a wish, and tell the pages once what came of it."""
        try:
            told, said = self._carried_out(wish), ""
        except WayangError as error:
            with self.hold_sync():
                self.notice = {"text": f"{error.message}. {error.hint or ''}".replace("..", ".").strip(), "wrong": True}
                self.answered += 1
            return
        if self._stream is not None and not self._runs_this:
            said = "The run in progress keeps its plan."
        with self.hold_sync():
            self.display = _display(self.plan)
            self.wins = {}
            self.changes = msgspec.to_builtins(told)
            self.undoable = len(self._plans) > 1
            self.notice = {"text": said, "wrong": False} if said else None
            self.answered += 1
        if self._stream is not None and self._runs_this:
            self._stream.ask(0)
        if self.selected:
            self._wishes.add(lambda: self._inspected(self.selected))

    def _carried_out(self, wish: _Pin | _Unpin | _Undo) -> Changes:
        before = self.plan
        if isinstance(wish, _Undo):
            del self._plans[max(len(self._plans) - 1, 1) :]
            return changes(before.execution, self.plan.execution)
        if isinstance(wish, _Pin):
            made = before.pinned(wish.operator, wish.platform, wish.sites)
        else:
            made = before.unpinned(wish.operator, wish.sites)
        # Against the plan before as it would be now: what a run has started since is no merit of the pin.
        told = changes(before.again().execution, made.execution)
        self._plans.append(made)
        return told

    @property
    def _runs_this(self) -> bool:
        """Whether the run that is followed runs the plan that is shown."""
        return len(self._plans) == 1

    # What the stream says (jupyter_wayang.notebook.widgets.stream.Listener).

    def framed(self, frame: Frame) -> None:
        """Send a frame to the pages, if it is about the plan that they show."""
        if self._runs_this:
            self.send({"type": "frame", "head": frame.head}, [frame.body])
            for event in frame.head["events"]:
                if event["tag"] == "replanned" and event["seq"] > self._replanned:
                    self._replan(event)

    def _replan(self, event: Mapping[str, Any]) -> None:
        """Show the plan as it is now, and say what changed; the pages ask for the events again."""
        self._replanned = event["seq"]
        self._plans[0] = replace(self.plan, execution=wire.decode(event["plan"], ExecutionPlan))
        with self.hold_sync():
            self.display = _display(self.plan)
            self.notice = {"text": event["text"], "wrong": False}
        if self._stream is not None:
            self._stream.ask(0)

    def snapped(self, seq: int, frame: Frame | None) -> None:
        """Keep nothing: a page that comes late asks for all events."""

    def beat(self, now_s: float) -> None:
        """Say nothing: a plan has no clock."""

    def refused(self, text: str) -> None:
        """Tell the pages why nothing more can come."""
        self.notice = {"text": text, "wrong": True}


def _display(plan: Plan) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(plan_picture(plan.execution, pinnable=pinnable(plan)))
    return shown


class _Pin(msgspec.Struct, frozen=True, tag_field="type", tag="pin"):
    operator: str
    platform: str
    sites: tuple[str, ...] | None = None


class _Unpin(msgspec.Struct, frozen=True, tag_field="type", tag="unpin"):
    operator: str
    sites: tuple[str, ...] | None = None


class _Undo(msgspec.Struct, frozen=True, tag_field="type", tag="undo"):
    pass


class _Inspect(msgspec.Struct, frozen=True, tag_field="type", tag="inspect"):
    operator: str


class _Since(msgspec.Struct, frozen=True, tag_field="type", tag="since"):
    seq: int


_AnyWish = _Pin | _Unpin | _Undo | _Inspect | _Since


class _Wishes:
    """Carries wishes out one after the other, in a thread that is there only while there are any."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def add(self, wish: Callable[[], None]) -> None:
        """Note a wish; may be called from any thread."""
        with self._lock:
            if self._closed:
                return
            self._waiting.append(wish)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="wayang-plan-view", daemon=True)
                self._thread.start()

    def settled(self, timeout_s: float | None) -> bool:
        """Wait until nothing is left to do."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
        return self._thread is None

    def close(self) -> None:
        """Drop what waits, and wait for what is being done."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                wish = self._waiting.popleft()
            wish()
