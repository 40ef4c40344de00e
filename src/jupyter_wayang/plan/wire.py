"""The wire form of plans: versioned, flat JSON. What cannot be read is refused with a typed error."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from jupyter_wayang.errors import WayangError, WireError
from jupyter_wayang.plan.execution import ExecutionPlan
from jupyter_wayang.plan.logical import LogicalPlan

__all__ = ["VERSION", "decode", "encode"]

VERSION = 1

Plan = TypeVar("Plan", LogicalPlan, ExecutionPlan)


class _Envelope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: int
    plan: msgspec.Raw


def encode(plan: LogicalPlan | ExecutionPlan) -> bytes:
    """Encode a plan as JSON."""
    return msgspec.json.encode({"version": VERSION, "plan": plan})


def decode(data: bytes | str, kind: type[Plan]) -> Plan:
    """Decode a plan from JSON.

    Parameters
    ----------
    data
        What :func:`encode` made.
    kind
        The class of the plan that is expected.

    Raises
    ------
    WireError
        If it is of another version, not well formed, nested too deeply, or not a valid plan.

    Examples
    --------
    >>> decode(encode(LogicalPlan(nodes=(), results=())), LogicalPlan)
    LogicalPlan(nodes=(), results=())
    """
    try:
        envelope = msgspec.json.decode(data, type=_Envelope)
        plan = msgspec.json.decode(envelope.plan, type=kind) if envelope.version == VERSION else None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise WireError(f"the plan cannot be read: {error}") from error
    except WayangError as error:
        raise WireError(f"the plan is not valid: {error}") from error
    if plan is None:
        raise WireError(f"the plan has version {envelope.version}, and this program reads version {VERSION}")
    return plan
