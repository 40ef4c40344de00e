"""Observations: what work was done, and how long all of it took. Measured on purpose, or while a task ran."""

from __future__ import annotations

import os
import platform as machine

import msgspec

__all__ = ["Observation", "Work", "machine_class"]


class Work(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One execution of an operator or a conversion.

    Parameters
    ----------
    platform
        Whose engine did it; None: a conversion that needs none.
    tag
        The tag of the base operator, or ``"a>b"`` of a conversion.
    rows, out, bytes
        Rows in, rows out and bytes in, as a :class:`~jupyter_wayang.platforms.platform.Coefficient` counts them.
    """

    platform: str | None
    tag: str
    rows: float
    out: float
    bytes: float


class Observation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Work that was done together, as in a stage, and the seconds of all of it.

    ``group`` is what is left out together when a fit is tried: a size, or a run.
    """

    parts: tuple[Work, ...]
    seconds: float
    group: str = ""


def machine_class() -> str:
    """Return the kind of machine in words: costs are true of machines of one kind."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    words = f"{machine.machine()} with {cores} {'core' if cores == 1 else 'cores'}"
    try:
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return words
    return f"{words} and {round(pages * size / 2**30)} GiB of memory"
