"""Scales of charts: even steps, places of names that must not lie on each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Scale", "spread", "ticks"]


@dataclass(frozen=True)
class Scale:
    """Turns values into pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the pixel of a value."""
        return self.start + (value - self.low) / ((self.high - self.low) or 1.0) * (self.end - self.start)


def ticks(low: float, high: float, most: int = 6) -> tuple[float, ...]:
    """Return round values that cover a range.

    Examples
    --------
    >>> ticks(0.43, 0.69)
    (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)
    >>> ticks(0.27, 0.7)
    (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
    """
    if not high > low:
        low, high = low - 0.05, high + 0.05
    step = _step((high - low) / most)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(round(index * step, 10) for index in range(first, last + 1))


def _step(least: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if factor * power >= least * 0.999)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move places apart, so that neighbours are ``gap`` away and all lie between two bounds, if they can.

    Examples
    --------
    >>> spread([10, 11, 50], 13, 0, 100)
    [4.0, 17.0, 50.0]
    >>> spread([98, 99], 13, 0, 100)
    [87.0, 100.0]
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    # Clusters of neighbours are centred on the mean of their places, and merged where they meet.
    clusters: list[tuple[float, int]] = []
    for index in order:
        centre, size = wanted[index], 1
        centre = min(max(centre, low), high)
        while clusters and clusters[-1][0] + clusters[-1][1] * gap / 2 > centre - size * gap / 2:
            other, count = clusters.pop()
            centre = (other * count + centre * size) / (count + size)
            size += count
            half = (size - 1) * gap / 2
            centre = min(max(centre, low + half), max(high - half, low + half))
        clusters.append((centre, size))
    places = [centre - (size - 1) * gap / 2 + step * gap for centre, size in clusters for step in range(size)]
    found = [0.0] * len(wanted)
    for place, index in zip(places, order, strict=True):
        found[index] = float(place)
    return found
