"""The kind of this machine: costs are true of machines of one kind."""

from __future__ import annotations

import os
import platform as machine

__all__ = ["machine_class", "memory_bytes"]


def machine_class() -> str:
    """Return the kind of machine in words."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    words = f"{machine.machine()} with {cores} {'core' if cores == 1 else 'cores'}"
    memory = memory_bytes()
    return words if memory is None else f"{words} and {round(memory / 2**30)} GiB of memory"


def memory_bytes() -> int | None:
    """Return how much memory the machine has, or None where it does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
