"""Asking places: many at once, answers in any order, failures as typed errors, every border crossing as an event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jupyter_wayang import errors, events
from jupyter_wayang.errors import RunStoppedError, SiteError, WayangError
from jupyter_wayang.kernel.lanes import Whole
from jupyter_wayang.kernel.program import HERE
from jupyter_wayang.kernel.steps import Post, Receive, Reply, Steps, Stop
from jupyter_wayang.plan import wire
from jupyter_wayang.plan.preferences import Preferences
from jupyter_wayang.transport import messages
from jupyter_wayang.transport.bodies import from_bytes
from jupyter_wayang.transport.messages import Answer, Request

__all__ = ["Asking", "RunContext", "Stopped", "failure", "rest_of"]


class Stopped(Exception):  # noqa: N818 - not an error: the wish of a person
    """Unwinds a run that was asked to stop where there is nothing to keep."""


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """What a run is told: its id and name, the platforms allowed, the titles of sites, and where its events go.

    ``federated``: this machine is the execution kernel of sites, and what runs here stands in the kernel's lane.
    ``scale``: plan for so many times the rows.
    """

    run: str
    name: str
    platforms: tuple[str, ...] | None
    titles: Mapping[str, str]
    emit: Callable[[events.AnyEvent], None]
    federated: bool = False
    preferences: Preferences = Preferences()  # noqa: RUF009 - frozen
    scale: float = 1.0

    def operator(self, place: str, node: str) -> str:
        """Return the id in the whole plan of an operator of a place."""
        if place != HERE:
            return f"{place}/{node}"
        return f"kernel/{node}" if self.federated else node

    def title(self, place: str) -> str:
        """Return how a place is called in a message."""
        return self.titles.get(place, "this machine" if place == HERE else place)


def rest_of(run: str) -> str:
    """Return the name under which this machine knows what comes after the sites' part of a run."""
    return f"{run}/rest"


class Asking:
    """Sends messages for a run and receives answers.

    ``deaf``: a wish to stop no longer matters, as the run is ending. ``round``: what border crossings are counted for.
    ``whole``: the plan, once there is one.
    """

    def __init__(self, context: RunContext) -> None:
        self.context = context
        self.deaf = False
        self.round: int | None = None
        self.whole: Whole | None = None
        self._pending: dict[str, int] = {}
        self._asked: dict[str, list[str]] = {}

    def all(
        self, requests: Mapping[str, Request], heard: Callable[[Reply], None] | None = None
    ) -> Steps[dict[str, Answer]]:
        """Ask several places and wait for all; answers come back in the order of the requests.

        ``heard`` is told of every answer when it comes.

        Raises
        ------
        WayangError
            If a place failed; of the kind that it says, if that is one of ours.
        Stopped
            If the run was asked to stop.
        """
        # Answers that nobody waits for any more (a run stopped in mid-round) come first.
        stale = dict(self._pending)
        for place, message in requests.items():
            yield from self.post(place, message)
        answers: dict[str, Answer] = {}
        stopped = False
        failed: tuple[str, messages.Failure] | None = None
        while len(answers) < len(requests):
            reply = yield from self.receive()
            if reply is None:
                stopped = True
                continue
            if stale.get(reply.place, 0) > 0:
                stale[reply.place] -= 1
                continue
            answers[reply.place] = reply.answer
            if heard is not None:
                heard(reply)
            if isinstance(reply.answer, messages.Failure) and failed is None:
                failed = (reply.place, reply.answer)
        if failed is not None and failed[1].kind == RunStoppedError.__name__:
            # Who answers so was told to stop, before this run was.
            stopped = True
        elif failed is not None:
            raise failure(self.context.title(failed[0]), failed[1])
        if stopped and not self.deaf:
            raise Stopped
        return {place: answers[place] for place in requests}

    def one(self, place: str, message: Request) -> Steps[Answer]:
        """Ask one place."""
        answers = yield from self.all({place: message})
        return answers[place]

    def post(self, place: str, message: Request) -> Steps[None]:
        """Send a message without waiting."""
        self._pending[place] = self._pending.get(place, 0) + 1
        if place != HERE:
            self._asked.setdefault(str(type(message).__struct_config__.tag), []).append(place)
        yield Post(place=place, message=message)

    def receive(self) -> Steps[Reply | None]:
        """Wait for the next answer; None if the run was asked to stop instead."""
        for kind, sites in self._asked.items():
            self.context.emit(events.SitesAsked(kind=kind, sites=tuple(sites), round=self.round))
        self._asked.clear()
        value = yield Receive()
        if isinstance(value, Stop) or value is None:
            return None
        self._pending[value.place] -= 1
        self._tell(value)
        return value

    def _tell(self, reply: Reply) -> None:
        emit, place = self.context.emit, reply.place
        kind = str(type(reply.answer).__struct_config__.tag)
        if place != HERE:
            emit(events.BytesMoved(site=place, direction="down", kind=kind, bytes=reply.bytes_down, round=self.round))
            rows = from_bytes(reply.answer.body).num_rows if isinstance(reply.answer, messages.Rows) else 0
            emit(
                events.BytesMoved(
                    site=place, direction="up", kind=kind, bytes=reply.bytes_up, round=self.round, rows=rows
                )
            )
        for said in reply.answer.printed:
            emit(events.Printed(operator=self.context.operator(place, said.node), text=said.text))
        for again in reply.answer.replanned:
            if self.whole is None:
                break
            note = again.text if place == HERE else f"{self.context.title(place)}: {again.text}"
            plan = self.whole.replaced(place, again.plan, note, rest=reply.answer.run == rest_of(self.context.run))
            operator = self.context.operator(place, again.node)
            emit(events.Replanned(operator=operator, text=note, plan=wire.encode(plan).decode()))
        for step in reply.answer.progress:
            operator = self.context.operator(place, step.node)
            emit(events.OperatorFinished(operator=operator, rows=step.rows, seconds=step.seconds))


def failure(title: str, answer: messages.Failure) -> WayangError:
    """Return the error that a place's failure stands for."""
    kind = getattr(errors, answer.kind, None) if answer.kind in errors.__all__ else None
    if isinstance(kind, type) and issubclass(kind, WayangError):
        text = answer.message if title in answer.message or title == "this machine" else f"{title}: {answer.message}"
        return kind(text, hint=answer.hint, facts=answer.facts, span=answer.span)
    return SiteError(f"{title} failed: {answer.message}", hint=answer.hint)
