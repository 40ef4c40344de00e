"""Aggregates in Python that SQLite lacks, over all rows, a group or a window."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar

__all__ = ["AGGREGATES"]


class _Values:
    """Holds the rows of a group or of the frame of a window, those with a null left out."""

    def __init__(self) -> None:
        self._rows: deque[tuple[Any, ...]] = deque()

    def step(self, *args: Any) -> None:
        """Take a row in."""
        if None not in args:
            self._rows.append(args)

    def inverse(self, *args: Any) -> None:
        """Let the row go that came first."""
        if None not in args:
            self._rows.popleft()

    def value(self) -> Any:
        """Return the aggregate of what is held."""
        raise NotImplementedError

    def finalize(self) -> Any:
        """Return the aggregate."""
        return self.value()


def _made(function: Callable[[list[tuple[Any, ...]]], Any], least: int = 1) -> type[_Values]:
    class Made(_Values):
        of: ClassVar = staticmethod(function)

        def value(self) -> Any:
            return self.of(list(self._rows)) if len(self._rows) >= least else None

    return Made


def _variance(rows: list[tuple[Any, ...]]) -> float | None:
    return _covariance([(x, x) for (x,) in rows])


def _covariance(rows: list[tuple[Any, ...]]) -> float | None:
    if not all(math.isfinite(part) for row in rows for part in row):
        return None
    count = len(rows)
    x, y = (math.fsum(side) / count for side in zip(*rows, strict=True))
    return math.fsum((a - x) * (b - y) for a, b in rows) / (count - 1)


def _deviation(rows: list[tuple[Any, ...]]) -> float | None:
    found = _variance(rows)
    return None if found is None else math.sqrt(found)


def _correlation(rows: list[tuple[Any, ...]]) -> float | None:
    both, x, y = _covariance(rows), _covariance([(a, a) for a, _ in rows]), _covariance([(b, b) for _, b in rows])
    if both is None or not x or not y:
        return None
    return both / math.sqrt(x * y)


def _quantile(rows: list[tuple[Any, ...]]) -> float:
    values, share = sorted(x for x, _ in rows), rows[0][1]
    place = share * (len(values) - 1)
    low = math.floor(place)
    high = min(low + 1, len(values) - 1)
    below, above = float(values[low]), float(values[high])
    # Weighted, because infinities have no difference.
    return below if place == low else below * (1 - (place - low)) + above * (place - low)


def _arg(best: Callable[..., tuple[Any, ...]]) -> Callable[[list[tuple[Any, ...]]], Any]:
    return lambda rows: best((key, value) for value, key in rows)[1]


AGGREGATES: dict[str, tuple[int, type[_Values]]] = {
    "VAR_SAMP": (1, _made(_variance, 2)),
    "STDDEV_SAMP": (1, _made(_deviation, 2)),
    "BOOL_OR": (1, _made(lambda rows: max(rows)[0])),
    "BOOL_AND": (1, _made(lambda rows: min(rows)[0])),
    "QUANTILE": (2, _made(_quantile)),
    "ARG_MIN": (2, _made(_arg(min))),
    "ARG_MAX": (2, _made(_arg(max))),
    "CORR": (2, _made(_correlation, 2)),
    "COVAR_SAMP": (2, _made(_covariance, 2)),
}
