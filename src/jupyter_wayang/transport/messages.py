"""The messages between execution kernel and site: a closed, versioned set of frozen structs.

They are encoded even when both ends live in one process, so that nothing works that would not work over a wire. Rows
cross only in :class:`Rows`, and only from a place whose owner asks.

A request has an id, unique within its run, and its answer has the same. A request that comes twice is answered twice and
done once; an answer with another id is no answer.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from jupyter_wayang.errors import Span, WayangError, WireError
from jupyter_wayang.plan.execution import ExecutionPlan
from jupyter_wayang.plan.expressions import Named
from jupyter_wayang.plan.logical import LogicalPlan, Port
from jupyter_wayang.plan.operators import AnyOperator, GroupBy
from jupyter_wayang.plan.preferences import Preferences
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.tasks import InferTask, LocalTask, MergedCell, ScoreTask, Update

__all__ = [
    "VERSION",
    "Aggregate",
    "Aggregated",
    "Answer",
    "Collect",
    "Describe",
    "Description",
    "Done",
    "Failure",
    "Interrupt",
    "Learned",
    "Measure",
    "Measured",
    "Planned",
    "Printed",
    "Progress",
    "Release",
    "Replanned",
    "Request",
    "Rows",
    "Sample",
    "Score",
    "Scored",
    "SubmitPlan",
    "Train",
    "Trained",
    "Turn",
    "Turned",
    "decode_answer",
    "decode_request",
    "encode",
]

VERSION = 1


class _Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="tag"):
    version: int = VERSION
    run: str = ""
    id: str = ""


class Describe(_Message, frozen=True, kw_only=True, tag="describe"):
    """Ask for the columns of a table."""

    table: str


class SubmitPlan(_Message, frozen=True, kw_only=True, tag="submit_plan"):
    """Plan this part of a task on your own platforms, from your own statistics, and say how.

    ``iterations`` has (node id, how often it runs) of the operators of a loop; ``frames`` tables by key as Arrow IPC
    streams, for the person's own machine only. With a ``scale`` the plan is what it would be if every source had so many
    times its rows: to be looked at.
    """

    plan: LogicalPlan
    iterations: tuple[tuple[str, int], ...] = ()
    platforms: tuple[str, ...] | None = None
    scale: float = 1.0
    frames: tuple[tuple[str, bytes], ...] = ()
    preferences: Preferences = Preferences()


class Learned(_Message, frozen=True, kw_only=True, tag="learned"):
    """What a learned operator does, now that it is known: all its columns as expressions over its input, or a model."""

    node: str
    columns: tuple[Named, ...] = ()
    model: InferTask | None = None


class Aggregate(_Message, frozen=True, kw_only=True, tag="aggregate"):
    """Aggregate the rows of a port. ``purpose`` is the word that the policy must allow."""

    port: Port
    operator: GroupBy
    purpose: str


class Train(_Message, frozen=True, kw_only=True, tag="train"):
    """Train on the prepared rows that enter a node."""

    node: str
    round: int
    task: LocalTask


class Score(_Message, frozen=True, kw_only=True, tag="score"):
    """Score the prepared rows that enter a node."""

    node: str
    round: int
    task: ScoreTask


class Measure(_Message, frozen=True, kw_only=True, tag="measure"):
    """Measure a model on the prepared rows that enter a node, exactly. For the person's own machine only."""

    node: str
    task: InferTask


class Turn(_Message, frozen=True, kw_only=True, tag="turn"):
    """Take a turn of a loop; ``round`` counts from 1, and 0 brings the loop before its first turn."""

    node: str
    round: int


class Collect(_Message, frozen=True, kw_only=True, tag="collect"):
    """Hand over the rows of a port. Refused by every policy but that of the notebook's own machine."""

    port: Port


class Sample(_Message, frozen=True, kw_only=True, tag="sample"):
    """Run a function on the first rows of what a plan makes, to learn which columns it makes.

    For the person's own machine only. The results of the plan are the inputs of the operator.
    """

    plan: LogicalPlan
    operator: AnyOperator


class Interrupt(_Message, frozen=True, kw_only=True, tag="interrupt"):
    """End the function of the notebook that the run has called, whatever else is being answered."""


class Release(_Message, frozen=True, kw_only=True, tag="release"):
    """The run is over: free what it holds."""


class Progress(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An operator that ran while the answer was made. ``rows`` is null where the policy does not show it."""

    node: str
    rows: int | None
    seconds: float


class Printed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a function of the notebook printed while the answer was made, on the person's own machine."""

    node: str
    text: str


class Replanned(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What had not run was planned again while the answer was made, because of the rows of a node; the text says it."""

    node: str
    text: str
    plan: ExecutionPlan


class _Answer(_Message, frozen=True, kw_only=True):
    progress: tuple[Progress, ...] = ()
    replanned: tuple[Replanned, ...] = ()
    printed: tuple[Printed, ...] = ()


class Description(_Answer, frozen=True, kw_only=True, tag="description"):
    """The columns of a table."""

    schema: Schema


class Planned(_Answer, frozen=True, kw_only=True, tag="planned"):
    """How the site will run its part. ``empty``: the table has no rows, so that the site has no part in it."""

    plan: ExecutionPlan
    empty: bool = False


class Aggregated(_Answer, frozen=True, kw_only=True, tag="aggregated"):
    """A small table of aggregates as an Arrow IPC stream, and what was withheld, in words."""

    body: bytes
    note: str | None = None


class Trained(_Answer, frozen=True, kw_only=True, tag="trained"):
    """The update of a round."""

    round: int
    update: Update


class Scored(_Answer, frozen=True, kw_only=True, tag="scored"):
    """Score cells after disclosure control, and what was withheld, in words."""

    round: int
    cells: tuple[MergedCell, ...]
    note: str | None = None


class Measured(_Answer, frozen=True, kw_only=True, tag="measured"):
    """The figures of a model, and under ``rows`` how many rows there were."""

    values: tuple[tuple[str, float | None], ...]


class Turned(_Answer, frozen=True, kw_only=True, tag="turned"):
    """The turn was taken. ``more``: there is another."""

    round: int
    more: bool


class Rows(_Answer, frozen=True, kw_only=True, tag="rows"):
    """Rows as an Arrow IPC stream."""

    body: bytes


class Done(_Answer, frozen=True, kw_only=True, tag="done"):
    """Nothing to say but that it is done."""


class Failure(_Answer, frozen=True, kw_only=True, tag="failure"):
    """It could not be done. ``kind`` is the name of an error class of this project, the text is disclosure-checked.

    ``facts`` are label and text, and ``span`` a place in the cell, from the person's own machine only.
    """

    kind: str
    message: str
    hint: str | None = None
    facts: tuple[tuple[str, str], ...] = ()
    span: Span | None = None


Request = (
    Describe
    | SubmitPlan
    | Learned
    | Aggregate
    | Train
    | Score
    | Measure
    | Turn
    | Collect
    | Sample
    | Interrupt
    | Release
)
Answer = Description | Planned | Aggregated | Trained | Scored | Measured | Turned | Rows | Done | Failure

_Kind = TypeVar("_Kind")


def encode(message: Request | Answer) -> bytes:
    """Encode a message as MessagePack."""
    return msgspec.msgpack.encode(message)


def decode_request(data: bytes) -> Request:
    """Decode what came from an execution kernel.

    Raises
    ------
    WireError
        If it is not a message of this version.
    """
    return _decode(data, _REQUEST)


def decode_answer(data: bytes) -> Answer:
    """Decode what came from a site.

    Raises
    ------
    WireError
        If it is not a message of this version.

    Examples
    --------
    >>> decode_answer(encode(Done(run="a")))
    Done(version=1, run='a', id='', progress=(), replanned=(), printed=())
    """
    return _decode(data, _ANSWER)


_REQUEST: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_ANSWER: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)


def _decode(data: bytes, decoder: msgspec.msgpack.Decoder[_Kind]) -> _Kind:
    try:
        message = decoder.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise WireError(f"the message cannot be read: {error}") from error
    except WayangError as error:
        raise WireError(f"the message is not valid: {error}") from error
    version = message.version  # type: ignore[attr-defined]
    if version != VERSION:
        raise WireError(f"the message has version {version}, and this program speaks version {VERSION}")
    return message
