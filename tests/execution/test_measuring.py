"""Measuring: turns, and what is left out because it would take too long."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_wayang.execution import timing
from jupyter_wayang.execution.bench import Bench
from jupyter_wayang.execution.timing import interleaved


class Clock:
    """Time that passes only where a job says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.ran: list[str] = []

    def __call__(self) -> float:
        return self.now

    def job(self, name, takes):
        def run():
            self.ran.append(name)
            self.now += takes

        return run


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(timing, "perf_counter", clock)
    return clock


def test_jobs_take_turns_after_each_ran_once(clock):
    times = interleaved({"a": clock.job("a", 0.1), "b": clock.job("b", 0.2)}, 2)
    assert clock.ran == ["a", "b"] * 3
    assert times == {"a": pytest.approx([0.1, 0.1]), "b": pytest.approx([0.2, 0.2])}


def test_a_long_job_runs_once_and_a_quick_one_more_often_than_promised(clock):
    assert interleaved({"a": clock.job("a", 1.0)}, 3, enough_s=0.4) == {"a": pytest.approx([1.0])}
    assert len(interleaved({"a": clock.job("a", 0.001)}, 3, enough_s=0.4)["a"]) == 15
    assert len(interleaved({"a": clock.job("a", 0.125)}, 9, enough_s=0.4)["a"]) == 4


def test_what_two_sizes_say_is_too_long_is_left_out():
    bench = Bench(platform=type("Any", (), {"name": "any"})(), engine=None, folder=Path(), repeats=1)
    bench.record("sort", (100, 100, 800), 0.001, 100)
    assert not bench.too_long("sort", 1_000_000)
    bench.record("sort", (10_000, 10_000, 80_000), 0.5, 10_000)
    assert bench.too_long("sort", 100_000)
    assert not bench.too_long("sort", 20_000)
    assert not bench.too_long("join", 100_000)
