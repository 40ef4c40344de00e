"""The kind of this machine: costs are true of machines of one kind."""

from __future__ import annotations

import os
import platform as machine

__all__ = ["machine_class"]


def machine_class() -> str:
    """Return the kind of machine in words."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    words = f"{machine.machine()} with {cores} {'core' if cores == 1 else 'cores'}"
    try:
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return words
    return f"{words} and {round(pages * size / 2**30)} GiB of memory"
