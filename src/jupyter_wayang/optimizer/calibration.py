"""Calibration: from observations to coefficients, by non-negative least squares on relative errors.

An estimate that is half as large as it should be is as wrong as one that is twice as large, so each pass weighs an error
by the geometric mean of what is and what was estimated. The factor between the two is the *q-error*.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median
from typing import TYPE_CHECKING, Any

from jupyter_wayang.plan.observation import Observation, Work
from jupyter_wayang.platforms.platform import Coefficient

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Fitted", "Key", "Refit", "estimated", "fit", "predicted", "q_errors", "refit"]

Key = tuple["str | None", str]
"""A platform (None: no engine) and a tag."""

_PASSES = 8
_SHARE = 0.8  # of the observations that lie within the spread
_LEAST_S = 1e-6
_LEAST_SPREAD = 1.2
_RUNS = 3  # fewer never change a coefficient: one odd run among them would
_FOLDS = 5
_PRIOR = 0.5  # how much what is known counts, in runs
_ODD = 4.685  # Tukey's: beyond so many deviations an observation counts for nothing
_NEAR = math.log(3.0)  # nothing within this factor is ever odd

_FIELDS = ("fixed_s", "row_s", "out_row_s", "byte_s", "operation_s", "decimal_s")
_COMPUTED = ("operation_s", "decimal_s")
_TERMS = {
    "limit": ("fixed_s", "row_s", "out_row_s"),
    "filter": ("fixed_s", "row_s", "out_row_s", "byte_s", "operation_s"),
    # Of columns that are handed through, or that no group reads, nothing is computed.
    "select": ("fixed_s", "row_s", *_COMPUTED),
    "group_by": ("fixed_s", "row_s", "out_row_s", *_COMPUTED),
    "join": ("fixed_s", "row_s", "out_row_s"),
    "local_update": ("fixed_s", "row_s", "out_row_s"),
    "score": ("fixed_s", "row_s"),
    "pagerank": ("fixed_s", "row_s"),
}
_USUAL = ("fixed_s", "row_s", "byte_s")
"""Where as many rows come out as go in, one coefficient does for both."""


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A coefficient, and by group the factor by which a fit without that group misses it."""

    coefficient: Coefficient
    held_out: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Refit:
    """What observations of runs come to.

    ``costs`` has the coefficients that changed; ``before`` and ``after`` are median q-errors on runs that were left out;
    ``runs`` and ``stages`` say how many there were, ``odd`` how many stages were too far off to count.
    """

    costs: Mapping[Key, Coefficient]
    before: float | None
    after: float | None
    runs: int
    stages: int
    odd: int

    def __repr__(self) -> str:
        seen = f"{self.runs} runs with {self.stages} stages"
        if self.before is None or self.after is None:
            return f"{seen}: too few to learn from, costs stay as they are"
        lines = [
            f"{seen}, {self.odd} of them too odd to count",
            f"median factor between estimate and truth, on runs held out: {self.before:.2f} before, {self.after:.2f} after",
        ]
        lines.append(
            f"{len(self.costs)} coefficients changed and kept" if self.costs else "no better: costs stay as they are"
        )
        return "\n".join(lines)


def estimated(coefficient: Coefficient, work: Work) -> float:
    """Return the seconds that a coefficient gives.

    Examples
    --------
    >>> work = Work(platform="duckdb", tag="sort", rows=10, out=10, bytes=80)
    >>> estimated(Coefficient(fixed_s=1, row_s=2), work)
    21.0
    """
    return coefficient.seconds(work.rows, work.out, work.bytes, work.operations, work.decimals)


def predicted(costs: Mapping[Key, Coefficient], observation: Observation) -> float:
    """Return the seconds that coefficients give for all parts of an observation; unknown parts cost nothing."""
    known = ((costs.get((part.platform, part.tag)), part) for part in observation.parts)
    return sum(estimated(coefficient, part) for coefficient, part in known if coefficient is not None)


def q_errors(costs: Mapping[Key, Coefficient], observations: Iterable[Observation]) -> tuple[float, ...]:
    """Return the factor between estimate and truth, at least 1, of every observation.

    Examples
    --------
    >>> sort = Work(platform="duckdb", tag="sort", rows=10, out=10, bytes=80)
    >>> q_errors({("duckdb", "sort"): Coefficient(fixed_s=2)}, [Observation(parts=(sort,), seconds=1)])
    (2.0,)
    """
    return tuple(math.exp(abs(_miss(costs, one))) for one in observations)


def fit(tag: str, observations: Iterable[Observation]) -> Fitted:
    """Fit the coefficient of one operator or conversion, from observations of it alone.

    Parameters
    ----------
    tag
        Its tag.
    observations
        Each has one part.
    """
    points = tuple(observations)
    terms = _TERMS.get(tag, _USUAL)
    found = _single(points, terms)
    misses = sorted(abs(_missed(found, one)) for one in points)
    spread = math.exp(misses[min(len(misses) - 1, int(_SHARE * len(misses)))])
    held_out = {}
    for group in dict.fromkeys(one.group for one in points):
        kept = tuple(one for one in points if one.group != group)
        if kept:
            tried = _single(kept, terms)
            held_out[group] = math.exp(median(abs(_missed(tried, one)) for one in points if one.group == group))
    return Fitted(coefficient=_rounded(found, max(_LEAST_SPREAD, round(spread, 1))), held_out=held_out)


def refit(costs: Mapping[Key, Coefficient], observations: Iterable[Observation]) -> Refit:
    """Fit coefficients anew from what runs did, starting from those that are known.

    Every run counts as one, however many stages it had; what is far from all the others counts for nothing; a
    coefficient that fewer than three runs saw stays as it is, and so do all unless runs that were left out say that the
    new ones are better.

    Parameters
    ----------
    costs
        What is known.
    observations
        Stages of runs; ``group`` is the run.
    """
    seen = tuple(one for one in observations if one.seconds > 0 and predicted(costs, one) > 0)
    runs = tuple(dict.fromkeys(one.group for one in seen))
    nothing = Refit(costs={}, before=None, after=None, runs=len(runs), stages=len(seen), odd=0)
    if len(runs) < _RUNS:
        return nothing
    before, after = _tried(costs, seen, runs)
    found, odd = _refitted(costs, seen)
    better = after < before
    return Refit(costs=found if better else {}, before=before, after=after, runs=len(runs), stages=len(seen), odd=odd)


def _tried(costs: Mapping[Key, Coefficient], seen: Sequence[Observation], runs: Sequence[str]) -> tuple[float, float]:
    """Return the median q-errors on runs that were left out, with what is known and with what the other runs give."""
    before: list[float] = []
    after: list[float] = []
    for fold in range(min(_FOLDS, len(runs))):
        left_out = set(runs[fold :: min(_FOLDS, len(runs))])
        held = [one for one in seen if one.group in left_out]
        found, _ = _refitted(costs, [one for one in seen if one.group not in left_out])
        before += q_errors(costs, held)
        after += q_errors({**costs, **found}, held)
    return median(before), median(after)


def _refitted(costs: Mapping[Key, Coefficient], seen: Sequence[Observation]) -> tuple[dict[Key, Coefficient], int]:
    """Fit a factor for every part of every coefficient that enough runs saw; also count what is odd."""
    import numpy as np

    variables = [(key, name) for key in _seen_enough(costs, seen) for name in _FIELDS if getattr(costs[key], name) > 0]
    if not variables:
        return {}, 0
    column = {variable: index for index, variable in enumerate(variables)}
    matrix = np.zeros((len(seen), len(variables)))
    fixed = np.zeros(len(seen))
    for row, one in enumerate(seen):
        for part in one.parts:
            key = (part.platform, part.tag)
            for name, size in _sizes(part).items():
                share = getattr(costs[key], name) * size if key in costs else 0.0
                if (key, name) in column:
                    matrix[row, column[key, name]] += share
                else:
                    fixed[row] += share
    seconds = np.array([one.seconds for one in seen])
    counts = {group: sum(1 for _ in ones) for group, ones in groupby(sorted(one.group for one in seen))}
    weight = np.array([1 / counts[one.group] for one in seen])
    middles = _middles(costs, seen, weight)
    likely = np.array([middles.get(key[0], 1.0) for key, _ in variables])
    factors, odd = _robust(matrix, fixed, seconds, weight, likely)
    found: dict[Key, Coefficient] = {}
    for key in dict.fromkeys(key for key, _ in variables):
        mine = {name: factors[column[key, name]] for name in _FIELDS if (key, name) in column}
        values = {name: getattr(costs[key], name) * mine.get(name, 1.0) for name in _FIELDS}
        found[key] = _rounded(values, costs[key].spread)
    return found, odd


def _seen_enough(costs: Mapping[Key, Coefficient], seen: Iterable[Observation]) -> list[Key]:
    runs: dict[Key, set[str]] = {}
    for one in seen:
        for part in one.parts:
            runs.setdefault((part.platform, part.tag), set()).add(one.group)
    return [key for key, groups in runs.items() if key in costs and len(groups) >= _RUNS]


def _middles(
    costs: Mapping[Key, Coefficient], seen: Sequence[Observation], weight: np.ndarray[Any, Any]
) -> dict[str | None, float]:
    """Return by which factor each platform is off in the middle: a machine that nobody measured is off in everything."""
    import numpy as np

    misses = np.array([-_miss(costs, one) for one in seen])
    found: dict[str | None, float] = {}
    for platform in {part.platform for one in seen for part in one.parts}:
        mine = np.array([any(part.platform == platform for part in one.parts) for one in seen])
        found[platform] = math.exp(_middle(misses[mine], weight[mine]))
    return found


def _robust(
    matrix: np.ndarray[Any, Any],
    fixed: np.ndarray[Any, Any],
    seconds: np.ndarray[Any, Any],
    weight: np.ndarray[Any, Any],
    likely: np.ndarray[Any, Any],
) -> tuple[np.ndarray[Any, Any], int]:
    """Solve for factors near those that are likely, with Tukey's weights: what is far from all others counts for nothing."""
    import numpy as np

    factors = likely.copy()
    sure = np.ones(len(seconds))
    prior = math.sqrt(_PRIOR) * np.diag(1 / likely)
    for _ in range(_PASSES):
        guess = np.maximum(matrix @ factors + fixed, _LEAST_S)
        misses = np.log(seconds / guess)
        # Odd is what is far from the middle, wherever that is.
        apart = np.abs(misses - _middle(misses, weight))
        reach = max(_NEAR, _ODD * 1.4826 * _middle(apart, weight))
        sure = np.where(apart < reach, (1 - (apart / reach) ** 2) ** 2, 0.0)
        scale = np.sqrt(weight * sure) / np.sqrt(seconds * guess)
        rows = np.vstack([matrix * scale[:, None], prior])
        goal = np.concatenate([(seconds - fixed) * scale, prior @ likely])
        factors = _nnls(rows, goal)
    return factors, int((sure == 0).sum())


def _middle(values: np.ndarray[Any, Any], weight: np.ndarray[Any, Any]) -> float:
    """Return the weighted median."""
    import numpy as np

    order = np.argsort(values)
    sums = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(sums, sums[-1] / 2)])


def _single(points: Sequence[Observation], terms: tuple[str, ...]) -> dict[str, float]:
    import numpy as np

    matrix = np.array([[_sizes(one.parts[0])[term] for term in terms] for one in points], dtype=float)
    seconds = np.array([one.seconds for one in points])
    weights = 1 / seconds
    values = np.zeros(len(terms))
    for _ in range(_PASSES):
        values = _nnls(matrix * weights[:, None], seconds * weights)
        weights = 1 / np.sqrt(seconds * np.maximum(matrix @ values, _LEAST_S))
    return dict(zip(terms, values.tolist(), strict=True))


def _nnls(matrix: np.ndarray[Any, Any], goal: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    import numpy as np
    from scipy.optimize import nnls  # type: ignore[import-untyped]

    # Columns of one size keep the solver's tolerance from mattering.
    scale = np.maximum(np.linalg.norm(matrix, axis=0), 1e-300)
    solve: Callable[..., tuple[Any, float]] = nnls
    found, _ = solve(matrix / scale, goal)
    values: np.ndarray[Any, Any] = found / scale
    return values


def _sizes(work: Work) -> dict[str, float]:
    amounts = (1.0, work.rows, work.out, work.bytes, work.operations, work.decimals)
    return dict(zip(_FIELDS, amounts, strict=True))


def _miss(costs: Mapping[Key, Coefficient], one: Observation) -> float:
    return math.log(max(predicted(costs, one), _LEAST_S) / max(one.seconds, _LEAST_S))


def _missed(values: Mapping[str, float], one: Observation) -> float:
    sizes = _sizes(one.parts[0])
    found = sum(value * sizes[name] for name, value in values.items())
    return math.log(max(found, _LEAST_S) / max(one.seconds, _LEAST_S))


def _rounded(values: Mapping[str, float], spread: float) -> Coefficient:
    rounded = {name: float(f"{value:.2g}") for name, value in values.items()}
    return Coefficient(**rounded, spread=spread)
