"""Calibrating a place: its platforms are measured, each in a process of its own, and coefficients fitted to that."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import median

import msgspec

from jupyter_wayang.errors import PlatformError
from jupyter_wayang.execution.measuring import NO_ENGINE, Effort, Measured, Progress
from jupyter_wayang.optimizer.calibration import Fitted, Key, fit, q_errors
from jupyter_wayang.plan.observation import Observation
from jupyter_wayang.platforms.connections import environment
from jupyter_wayang.platforms.known_costs import MachineCosts
from jupyter_wayang.platforms.platform import Coefficient, Platform

__all__ = ["Calibration", "calibrate", "fitted", "measured"]

_SHARES = {"spark": 6.0}
"""How long a platform takes, beside the others: its jobs are slow whatever their size."""
_SLOW = Effort(sizes=(100, 50_000), repeats=1, held_out=(10_000,))
_BUDGET_S = 150.0
"""Of all platforms; on a machine that does much else, less is measured."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What a calibration found.

    ``costs`` is what to keep; ``q_errors`` are the factors between estimate and truth on stages that nothing was fitted
    on, by platform; ``failed`` says which platform could not be measured, and why.
    """

    costs: MachineCosts
    q_errors: Mapping[str, tuple[float, ...]]
    failed: Mapping[str, str]
    took_s: float

    @property
    def q_error(self) -> float | None:
        """The median of all."""
        all_ = [one for errors in self.q_errors.values() for one in errors]
        return median(all_) if all_ else None

    def __repr__(self) -> str:
        started = self.costs.start_up_s
        lines = [f"{len(started)} platforms measured in {self.took_s:.0f} s; costs of this machine are kept"]
        for name, seconds in started.items():
            errors = self.q_errors.get(name)
            held = f"held out: off by a factor of {median(errors):.2f} ({len(errors)} stages)" if errors else ""
            lines.append(f"  {name:<12} start-up {seconds:>7.2g} s  {held}".rstrip())
        lines += [f"  {name:<12} not measured: {why}" for name, why in self.failed.items()]
        if self.q_error is not None:
            lines.append(f"median factor between estimate and truth, on stages held out: {self.q_error:.2f}")
        return "\n".join(lines)


def measured(name: str, effort: Effort, told: Callable[[Progress], None]) -> Measured:
    """Measure a platform in a process of its own.

    Raises
    ------
    PlatformError
        If it fails.
    """
    module = "jupyter_wayang.execution.measuring"
    command = [sys.executable, "-m", module, name, msgspec.json.encode(effort).decode()]
    # Engines write much beside what is asked for: to a file, since nobody reads it before the end.
    with tempfile.TemporaryFile("w+") as errors:
        declared = {**os.environ, **environment()}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=declared)  # noqa: S603 - our own module
        with process:
            try:
                found = _followed(process, told)
            except BaseException:
                process.kill()
                raise
        errors.seek(0)
        last = (errors.read().strip().splitlines() or ["it ended early"])[-1]
    if found is None:
        raise PlatformError(f"{name} could not be measured: {last}")
    return found


def _followed(process: subprocess.Popen[str], told: Callable[[Progress], None]) -> Measured | None:
    found = None
    for line in process.stdout or ():
        if not line.startswith("{"):
            continue  # what an engine prints while it starts
        said = msgspec.json.decode(line, type=Progress | Measured)
        if isinstance(said, Measured):
            found = said
        else:
            told(said)
    return found


def fitted(observations: Iterable[Observation]) -> dict[Key, Fitted]:
    """Fit a coefficient to every operator and conversion that was observed alone, with two sizes at least."""
    by_key: dict[Key, list[Observation]] = {}
    for one in observations:
        (part,) = one.parts
        by_key.setdefault((part.platform, part.tag), []).append(one)
    # By one size nobody can tell what each row costs from what the whole costs.
    told = {key: points for key, points in by_key.items() if len({one.group for one in points}) > 1}
    return {key: fit(key[1], points) for key, points in told.items()}


def calibrate(platforms: Iterable[Platform], effort: Effort, told: Callable[[Progress], None]) -> Calibration:
    """Measure platforms and fit their costs.

    Parameters
    ----------
    platforms
        Those that can be used here.
    effort
        How thoroughly.
    told
        Told how far it is.
    """
    began = time.perf_counter()
    names = [NO_ENGINE, *(platform.name for platform in platforms)]
    whole = sum(_SHARES.get(name, 1.0) for name in names)
    done = 0.0
    found: list[Measured] = []
    failed: dict[str, str] = {}
    for name in names:
        share = _SHARES.get(name, 1.0)
        before = done
        left_s = _BUDGET_S - (time.perf_counter() - began)
        less = effort if name not in _SHARES or len(effort.sizes) < 3 else _SLOW
        # Twice its share, as most take less than theirs; but never all that is left for the others.
        fair_s = left_s * share / (whole - done)
        less = msgspec.structs.replace(less, budget_s=max(1.0, min(2 * fair_s, (fair_s + left_s) / 2)))

        def forward(one: Progress, before: float = before, share: float = share) -> None:
            told(Progress(share=(before + share * one.share) / whole, text=one.text))

        try:
            found.append(measured(name, less, forward))
        except PlatformError as error:
            failed[name] = error.message
        done += share
    told(Progress(share=1.0, text="fitted"))
    return _calibration(found, failed, time.perf_counter() - began)


def _known(observation: Observation, costs: Mapping[Key, Coefficient]) -> bool:
    return all((part.platform, part.tag) in costs for part in observation.parts)


def _calibration(found: list[Measured], failed: Mapping[str, str], took_s: float) -> Calibration:
    fits = fitted(one for each in found for one in each.observations)
    costs = {key: one.coefficient for key, one in fits.items()}
    # A stage with an operator that there was no time for says nothing of the others.
    whole = {each.platform: [one for one in each.stages if _known(one, costs)] for each in found}
    errors = {platform: q_errors(costs, stages) for platform, stages in whole.items() if stages}
    starts = {each.platform: float(f"{each.start_up_s:.2g}") for each in found if each.platform != NO_ENGINE}
    kept = MachineCosts(at_s=time.time(), start_up_s=starts).changed(costs)
    calibration = Calibration(costs=kept, q_errors=errors, failed=failed, took_s=took_s)
    return Calibration(
        costs=msgspec.structs.replace(kept, q_error=calibration.q_error),
        q_errors=errors,
        failed=failed,
        took_s=took_s,
    )
