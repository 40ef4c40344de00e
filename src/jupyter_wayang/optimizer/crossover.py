"""When another platform would win: the plan is made for more and more rows, until the cost model takes it.

Nothing here knows a cost. A planner is a function from a scale (so many times the rows of every source) to where each
operator would run; the search doubles the scale and then closes in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["Crossover", "crossovers"]

_STEP = 4.0
_STEPS = 14  # 4¹⁴ is 270 million times the rows
_MOST_ROWS = 1e11
_FEWEST = 10.0  # rows: below, all cost the same and any may win
_CLOSE = 1.15  # an answer "from about" need not be nearer

Placed = Mapping[str, tuple[str, float]]
"""For every operator the platform that it would run on, and the rows that it would read or make."""


@dataclass(frozen=True, kw_only=True)
class Crossover:
    """A platform that an operator would run on if there were more rows, or fewer.

    ``rows`` are those of the operator, about; ``scale`` says how many times as many as now. Below 1 the platform wins
    with so few rows or fewer, above it with so many or more.
    """

    operator: str
    platform: str
    scale: float
    rows: float


def crossovers(planned: Callable[[float], Placed]) -> tuple[Crossover, ...]:
    """Find for every operator which other platforms would win, and from about how many rows.

    Parameters
    ----------
    planned
        Plans for so many times the rows. Asked about 20 to 40 times.

    Returns
    -------
    tuple of Crossover
        In the order of the operators, and of scales; a platform is there once, from where it first wins.

    Examples
    --------
    >>> def planned(scale):
    ...     rows = 1000 * scale
    ...     return {"sort": ("spark" if rows > 4e7 else "duckdb", rows)}
    >>> (one,) = crossovers(planned)
    >>> one.platform, 3.5e7 < one.rows < 4.6e7
    ('spark', True)
    """
    known: dict[float, Placed] = {}

    def at(scale: float) -> Placed:
        if scale not in known:
            known[scale] = planned(scale)
        return known[scale]

    found: dict[tuple[str, str], Crossover] = {}
    for factor in (_STEP, 1 / _STEP):
        _search(at, factor, found)
    order = list(at(1.0))
    return tuple(sorted(found.values(), key=lambda one: (order.index(one.operator), one.scale)))


def _search(at: Callable[[float], Placed], factor: float, found: dict[tuple[str, str], Crossover]) -> None:
    """Go from what there is to more, or to less, and note where another platform wins first."""
    now, before = at(1.0), 1.0
    for step in range(1, _STEPS + 1):
        scale = factor**step
        most = max((rows for _, rows in at(before).values()), default=0.0)
        if most > _MOST_ROWS or (factor < 1 and most < _FEWEST):
            return
        for operator, (platform, _) in at(scale).items():
            if operator in now and platform != now[operator][0] and (operator, platform) not in found:
                near = _closed_in(at, operator, platform, before, scale)
                rows = at(near)[operator][1]
                if rows >= _FEWEST:
                    found[operator, platform] = Crossover(operator=operator, platform=platform, scale=near, rows=rows)
        before = scale


def _closed_in(at: Callable[[float], Placed], operator: str, platform: str, lost: float, won: float) -> float:
    """Return about where the platform starts to win, between a scale where it does not and one where it does."""
    while max(won / lost, lost / won) > _CLOSE:
        middle = (lost * won) ** 0.5
        if at(middle).get(operator, ("", 0.0))[0] == platform:
            won = middle
        else:
            lost = middle
    return won
