"""Timing jobs on a machine that others use too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter

__all__ = ["interleaved", "seconds"]

_QUICK, _QUICK_S = 5, 0.03  # times the repeats, while all take no longer


def seconds(job: Callable[[], object]) -> float:
    """Return how long a job takes, once."""
    began = perf_counter()
    job()
    return perf_counter() - began


def interleaved(
    jobs: Mapping[str, Callable[[], object]], repeats: int, *, enough_s: float = float("inf")
) -> dict[str, list[float]]:
    """Time several jobs in turns, so that what else the machine does meets all of them; each runs once before.

    No more turns are taken after ``enough_s`` seconds; of jobs that take longer than that, the first run counts. Quick
    jobs get more turns than they were promised: others on the machine disturb them most.
    """
    first = {name: seconds(job) for name, job in jobs.items()}
    if sum(first.values()) > enough_s:
        return {name: [took] for name, took in first.items()}
    times: dict[str, list[float]] = {name: [] for name in jobs}
    began, turn = perf_counter(), 0
    while turn < repeats or (turn < _QUICK * repeats and perf_counter() - began < min(_QUICK_S, enough_s)):
        if turn and perf_counter() - began > enough_s:
            break
        for name, job in jobs.items():
            times[name].append(seconds(job))
        turn += 1
    return times
