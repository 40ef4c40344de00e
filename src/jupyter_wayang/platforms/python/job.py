"""What a worker is asked to do, as it goes through the pipe."""

from __future__ import annotations

import msgspec

from jupyter_wayang.plan.operators import AnyOperator
from jupyter_wayang.plan.operators.functions import Calling

__all__ = ["Job", "encoded"]


class Job(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be done; the function and the tables follow in frames of their own.

    ``tables`` and ``keys`` say how many tables follow.
    """

    operator: AnyOperator
    tables: int
    keys: int = 0


def encoded(operator: Calling, tables: int, keys: int) -> bytes:
    """Return a job as JSON."""
    return msgspec.json.encode(Job(operator=operator, tables=tables, keys=keys))  # type: ignore[arg-type]
