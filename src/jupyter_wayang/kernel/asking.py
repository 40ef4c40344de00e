"""Asking places: many at once, answers in any order, failures as typed errors, every border crossing as an event.

A place that cannot be reached is asked again with the same id, so that it does nothing twice. Every wait for a site has
an end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from jupyter_wayang import errors, events
from jupyter_wayang.errors import RunStoppedError, SiteError, WayangError, WireError
from jupyter_wayang.kernel.lanes import Whole
from jupyter_wayang.kernel.program import HERE
from jupyter_wayang.kernel.steps import Post, Receive, Reply, Silence, Steps, Stop
from jupyter_wayang.plan import wire
from jupyter_wayang.plan.preferences import Preferences
from jupyter_wayang.transport import messages
from jupyter_wayang.transport.bodies import from_bytes
from jupyter_wayang.transport.messages import Answer, Request

__all__ = ["GRACE_S", "PATIENCE_S", "Asking", "RunContext", "Stopped", "failure", "rest_of"]

PATIENCE_S = 3600.0
"""How long a site is waited for where nobody has said how long."""
GRACE_S = 5.0
"""How long a site is waited for when the run is ending: what hangs must not hold that up."""
_AGAIN_S = (0.2, 1.0)
"""After how many seconds a place is asked again that could not be reached; then it has failed."""


class Stopped(Exception):  # noqa: N818 - not an error: the wish of a person
    """Unwinds a run that was asked to stop where there is nothing to keep."""


def _not_kept(name: str, body: bytes) -> None:
    """Take what a run would keep that nobody will go on with."""


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """What a run is told: its id and name, the platforms allowed, the titles of sites, and where its events go.

    ``federated``: this machine is the execution kernel of sites, and what runs here stands in the kernel's lane.
    ``scale``: plan for so many times the rows. ``clock``: seconds since 1970. ``keep`` stores under a name what the run
    needs to go on after a break, and ``kept`` is what one before it has stored, the run that this one ``resumes``.
    """

    run: str
    name: str
    platforms: tuple[str, ...] | None
    titles: Mapping[str, str]
    emit: Callable[[events.AnyEvent], None]
    federated: bool = False
    preferences: Preferences = Preferences()  # noqa: RUF009 - frozen
    scale: float = 1.0
    clock: Callable[[], float] = time.time
    keep: Callable[[str, bytes], None] = _not_kept
    kept: Mapping[str, bytes] = field(default_factory=dict)
    resumes: str | None = None

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
        # By place, the ids of what has not been answered, and how often it was asked before.
        self._pending: dict[str, dict[str, int]] = {}
        self._posted = 0
        self._asked: dict[str, list[str]] = {}

    def busy(self, place: str) -> bool:
        """Tell whether a place has not answered yet what it was asked before."""
        return bool(self._pending.get(place))

    def all(self, requests: Mapping[str, Request], *, within_s: float = PATIENCE_S) -> Steps[dict[str, Answer]]:
        """Ask several places and wait for all; answers come back in the order of the requests.

        Parameters
        ----------
        requests
            By place.
        within_s
            How long sites are waited for. The person's own machine is waited for without end: there a wish to stop ends
            what runs.

        Raises
        ------
        WayangError
            If a place failed, of the kind that it says, if that is one of ours; or if one did not answer in time.
        Stopped
            If the run was asked to stop.
        """
        waiting: dict[str, str] = {}
        for place, message in requests.items():
            waiting[(yield from self.post(place, message))] = place
        until = self.context.clock() + within_s if HERE not in requests else None
        answers: dict[str, Answer] = {}
        stopped = False
        failed: tuple[str, messages.Failure] | None = None
        while waiting:
            reply = yield from self.receive(until)
            if isinstance(reply, Stop):
                stopped = True
                until = None if until is None else min(until, self.context.clock() + GRACE_S)
            elif isinstance(reply, Silence):
                break
            elif waiting.pop(reply.asked.id, None) is not None:
                answers[reply.place] = reply.answer
                if isinstance(reply.answer, messages.Failure) and failed is None:
                    failed = (reply.place, reply.answer)
            # Anything else was asked by what came before, and nobody waits for it any more.
        if failed is not None and failed[1].kind == RunStoppedError.__name__:
            # Who answers so was told to stop, before this run was.
            stopped = True
        elif failed is not None:
            raise failure(self.context.title(failed[0]), failed[1])
        if stopped and not self.deaf:
            raise Stopped
        if waiting:
            silent = ", ".join(self.context.title(place) for place in waiting.values())
            raise SiteError(f"{silent} did not answer within {within_s:g} s", hint="is the site up, and at work?")
        return {place: answers[place] for place in requests}

    def one(self, place: str, message: Request) -> Steps[Answer]:
        """Ask one place."""
        answers = yield from self.all({place: message})
        return answers[place]

    def post(self, place: str, message: Request, *, delay_s: float = 0.0) -> Steps[str]:
        """Send a message without waiting, and return the id that it was given."""
        self._posted += 1
        message = msgspec.structs.replace(message, id=str(self._posted))
        self._pending.setdefault(place, {})[message.id] = 0
        if place != HERE:
            self._asked.setdefault(str(type(message).__struct_config__.tag), []).append(place)
        yield Post(place=place, message=message, delay_s=delay_s)
        return message.id

    def receive(self, until_s: float | None = None) -> Steps[Reply | Stop | Silence]:
        """Wait for the next answer or a wish to stop, at most until a time."""
        for kind, sites in self._asked.items():
            self.context.emit(events.SitesAsked(kind=kind, sites=tuple(sites), round=self.round))
        self._asked.clear()
        while True:
            value = yield Receive(within_s=None if until_s is None else max(0.0, until_s - self.context.clock()))
            if not isinstance(value, Reply):
                return value if value is not None else Silence()
            times = self._pending[value.place].pop(value.asked.id)
            if not value.reached and times < len(_AGAIN_S):
                # It may have done what it was asked, and only its answer was lost: the same id tells it.
                self._pending[value.place][value.asked.id] = times + 1
                yield Post(place=value.place, message=value.asked, delay_s=_AGAIN_S[times])
                continue
            return self._told(value)

    def _told(self, reply: Reply) -> Reply:
        """Return a reply after all that it brought was said; one to another request is a failure, and says nothing."""
        if (reply.answer.run, reply.answer.id) == (reply.asked.run, reply.asked.id):
            self._tell(reply)
            return reply
        wrong = messages.Failure(
            run=reply.asked.run,
            id=reply.asked.id,
            kind=WireError.__name__,
            message="its answer was rejected: it is one to another request, sent again",
        )
        reply = replace(reply, answer=wrong)
        self._tell(reply)
        return reply

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
