"""From measurements to coefficients, and to the files that hold them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

from jupyter_wayang.platforms.platform import Coefficient

_PASSES = 8
_SHARE = 0.8  # of the measurements that lie within the spread
_LEAST_S = 1e-6

_TERMS = {
    "limit": ("fixed_s", "row_s", "out_row_s"),
    "filter": ("fixed_s", "row_s", "out_row_s", "byte_s"),
    "group_by": ("fixed_s", "row_s", "out_row_s", "byte_s"),
    "join": ("fixed_s", "row_s", "out_row_s"),
    "local_update": ("fixed_s", "row_s", "out_row_s"),
    "score": ("fixed_s", "row_s"),
}
_USUAL = ("fixed_s", "row_s", "byte_s")
"""Where as many rows come out as go in, one coefficient does for both."""


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What was measured: the size by which it is left out when the fit is tried, rows in and out, bytes in, seconds."""

    size: int
    rows: float
    out: float
    bytes: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A coefficient, and by size the factor by which a fit without that size misses it."""

    coefficient: Coefficient
    held_out: Mapping[int, float]


def fit(tag: str, measured: Iterable[Measurement]) -> Fitted:
    """Fit the coefficient of an operator or conversion.

    Non-negative least squares on relative errors. An estimate that is half as large as it should be is as wrong as one
    that is twice as large, so each pass weighs an error by the geometric mean of what is and what was estimated.
    """
    points = tuple(measured)
    terms = _TERMS.get(tag, _USUAL)
    values = _solved(points, terms)
    misses = _misses(points, terms, values)
    held_out = {}
    for size in sorted({point.size for point in points}):
        kept = tuple(point for point in points if point.size != size)
        left = tuple(point for point in points if point.size == size)
        if kept:
            held_out[size] = float(np.exp(np.median(_misses(left, terms, _solved(kept, terms)))))
    spread = float(np.exp(np.quantile(misses, _SHARE)))
    rounded = {name: float(f"{value:.2g}") for name, value in zip(terms, values, strict=True)}
    coefficient = Coefficient(**rounded, spread=max(1.2, round(spread, 1)))
    return Fitted(coefficient=coefficient, held_out=held_out)


def estimated(coefficient: Coefficient, point: Measurement) -> float:
    """Return the seconds that a coefficient gives."""
    parts = (coefficient.row_s * point.rows, coefficient.out_row_s * point.out, coefficient.byte_s * point.bytes)
    return coefficient.fixed_s + sum(parts)


def _matrix(points: tuple[Measurement, ...], terms: tuple[str, ...]) -> np.ndarray:
    all_ = {"fixed_s": [1.0 for _ in points]}
    all_ |= {"row_s": [p.rows for p in points], "out_row_s": [p.out for p in points]}
    all_ |= {"byte_s": [p.bytes for p in points]}
    return np.array([all_[term] for term in terms], dtype=float).T


def _solved(points: tuple[Measurement, ...], terms: tuple[str, ...]) -> np.ndarray:
    matrix, seconds = _matrix(points, terms), np.array([point.seconds for point in points])
    weights = 1 / seconds
    values = np.zeros(len(terms))
    for _ in range(_PASSES):
        # Columns of one size keep the solver's tolerance from mattering.
        weighted = matrix * weights[:, None]
        scale = np.maximum(np.linalg.norm(weighted, axis=0), 1e-300)
        found, _ = nnls(weighted / scale, seconds * weights)
        values = found / scale
        weights = 1 / np.sqrt(seconds * np.maximum(matrix @ values, _LEAST_S))
    return values


def _misses(points: tuple[Measurement, ...], terms: tuple[str, ...], values: np.ndarray) -> np.ndarray:
    seconds = np.array([point.seconds for point in points])
    found = np.maximum(_matrix(points, terms) @ values, _LEAST_S)
    return np.abs(np.log(found / seconds))


def cost_file(
    title: str, how: str, start_up_s: float, operators: Mapping[str, Fitted], conversions: Mapping[str, Fitted]
) -> str:
    """Return the text of a platform's ``costs.py``."""
    tables = _table("operators", operators) + (_table("conversions", conversions) if conversions else "")
    return (
        f'"""What {title} costs, in seconds: {how}"""\n\n'
        "from __future__ import annotations\n\n"
        "from jupyter_wayang.platforms.platform import Coefficient, CostTable\n\n"
        '__all__ = ["COSTS"]\n\n'
        f"COSTS = CostTable(\n    start_up_s={start_up_s:.2g},\n{tables})\n"
    )


def channel_file(how: str, conversions: Mapping[str, Fitted]) -> str:
    """Return the text of the module with the conversions that belong to no platform."""
    lines = "".join(f'    "{name}": {_literal(fitted.coefficient)},\n' for name, fitted in conversions.items())
    return (
        f'"""What conversions cost that need no engine, in seconds: {how}"""\n\n'
        "from __future__ import annotations\n\n"
        "from jupyter_wayang.platforms.platform import Coefficient\n\n"
        '__all__ = ["COSTS"]\n\n'
        f"COSTS = {{\n{lines}}}\n"
    )


def replaced(path: Path, text: str) -> None:
    """Write a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".new")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(path)


def _table(name: str, fitted: Mapping[str, Fitted]) -> str:
    lines = "".join(f'        "{tag}": {_literal(one.coefficient)},\n' for tag, one in fitted.items())
    return f"    {name}={{\n{lines}    }},\n"


def _literal(coefficient: Coefficient) -> str:
    kept = {
        "row_s": coefficient.row_s,
        "out_row_s": coefficient.out_row_s,
        "byte_s": coefficient.byte_s,
    }
    parts = [f"fixed_s={coefficient.fixed_s!r}", *(f"{name}={value!r}" for name, value in kept.items() if value)]
    return f"Coefficient({', '.join(parts)}, spread={coefficient.spread!r})"
