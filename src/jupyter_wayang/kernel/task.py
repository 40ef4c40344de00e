"""A task as the journal keeps it: what a run that goes on after a break is made of."""

from __future__ import annotations

import msgspec

from jupyter_wayang.errors import DataError, WayangError
from jupyter_wayang.plan.logical import LogicalPlan
from jupyter_wayang.plan.preferences import Preferences

__all__ = ["TASK", "Task", "task_of"]

TASK = "task"
"""The name under which the journal keeps it."""


class Task(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A logical plan, and what was said about running it."""

    plan: LogicalPlan
    name: str
    platforms: tuple[str, ...] | None
    preferences: Preferences


def task_of(body: bytes) -> Task:
    """Read a task of the journal.

    Raises
    ------
    DataError
        If it was written by another version.

    Examples
    --------
    >>> task_of(b"")
    Traceback (most recent call last):
    jupyter_wayang.errors.DataError: the task of the run cannot be read: Input data was truncated
    """
    try:
        return msgspec.msgpack.decode(body, type=Task)
    except (msgspec.DecodeError, WayangError) as error:
        raise DataError(f"the task of the run cannot be read: {error}", hint="run its cell again") from error
