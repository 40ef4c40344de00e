"""Why a plan is as it is, beyond costs: where row counts come from, how far estimates were off, when others would win."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jupyter_wayang.drawing import units
from jupyter_wayang.drawing.tokens import PlatformLook, look_of
from jupyter_wayang.plan.execution import ExecutionOperator, ExecutionPlan

__all__ = ["TOLD", "Miss", "Wins", "misses", "misses_text", "rows_text", "starts_text", "wins_text"]

Wins = Mapping[str, Sequence[tuple[str, float]]]
"""For operators, the platforms that would win with other numbers of rows, and from (below: a negative number) how many."""

_SAID = 1.5  # an estimate within this factor was right
_LEAST_S = 1e-3  # what took less, and was thought to, is too short to be wrong about
TOLD = 5  # of the estimates that were off, the worst


@dataclass(frozen=True, kw_only=True)
class Miss:
    """An estimate that was off: what of, in words, the factor (at least 1), and what was thought and what was there."""

    what: str
    factor: float
    thought: str
    was: str
    origin: str = ""

    @property
    def times(self) -> str:
        """The factor, with its sign."""
        return f"{units.compact(self.factor) if self.factor >= 9.95 else f'{self.factor:.1f}'}×"

    @property
    def told(self) -> str:
        """What was off, and how."""
        origin = f" ({self.origin})" if self.origin else ""
        return f"{self.what}: thought {self.thought}{origin}, was {self.was}"

    @property
    def text(self) -> str:
        """One line."""
        return f"{self.times}  {self.told}"


def rows_text(operator: ExecutionOperator) -> str:
    """Say how many rows were expected, from where that comes and how sure it is, and how many were counted.

    Examples
    --------
    >>> from jupyter_wayang.plan.execution import Decision, Interval
    >>> rows_text(ExecutionOperator(id="f", logical="f", lane="here", verb="filter", text="", rows_from="default",
    ...     decision=Decision(platform="spark", reason=""), rows=Interval(low=10, high=1000, confidence=0.9), counted=900))
    'rows: ~100 [10 to 1 000], default, 90 % sure; counted 900'
    """
    parts = []
    if operator.rows is not None:
        low, high = (units.compact(bound) for bound in (operator.rows.low, operator.rows.high))
        if low == high:
            parts.append(f"rows: {low}")
        else:
            parts.append(f"rows: {units.estimate(operator.rows)} [{low} to {high}]")
        parts += [operator.rows_from] if operator.rows_from else []
        parts += [f"{units.share(operator.rows.confidence)} sure"] if operator.rows.confidence < 1 else []
    said = ", ".join(parts)
    if operator.counted is None:
        return said
    return (
        f"{said}; counted {units.count(operator.counted)}" if said else f"rows: counted {units.count(operator.counted)}"
    )


def misses(plan: ExecutionPlan) -> tuple[Miss, ...]:
    """Return the estimates that were off by more than half, the worst first: rows of operators, seconds of stages.

    A platform runs the operators of a stage together, so that only the time of all of them says something.
    """
    titles = {lane.id: lane.title for lane in plan.lanes}
    places = " at {}" if len({operator.lane for operator in plan.operators}) > 1 else ""
    found = [miss for operator in plan.operators if (miss := _rows(operator, places.format(titles.get(operator.lane))))]
    stages: dict[tuple[str, int], list[ExecutionOperator]] = {}
    for operator in plan.operators:
        stages.setdefault((operator.lane, operator.stage), []).append(operator)
    started = {name for name, _ in plan.start_up_s}
    for (lane, _), members in stages.items():
        miss = _seconds(members, _moved_s(plan, members), places.format(titles.get(lane)))
        # What a start takes, and how slow a platform is at first, is in the time of whoever came first.
        if miss is not None and members[0].decision.platform not in started:
            found.append(miss)
    return tuple(sorted(found, key=lambda miss: -miss.factor))


def misses_text(plan: ExecutionPlan) -> list[str]:
    """Say in lines which estimates were off most, the worst first; nothing of a plan that did not run."""
    ran = any(operator.counted is not None or operator.measured_s is not None for operator in plan.operators)
    if not ran:
        return []
    found, started = misses(plan), starts_text(plan)
    if not found:
        return ["every estimate was right within a factor of 1.5", *started]
    rest = len(found) - TOLD
    more = [f"  and {rest} more"] if rest > 0 else []
    return ["estimates that were off, the worst first", *(f"  {miss.text}" for miss in found[:TOLD]), *more, *started]


def starts_text(plan: ExecutionPlan) -> list[str]:
    """Say what starting platforms was thought to take, and about took: what their operators took beyond their work.

    Examples
    --------
    >>> from jupyter_wayang.plan.execution import Decision, Interval
    >>> sort = ExecutionOperator(id="s", logical="s", lane="here", verb="sort", text="", measured_s=7.5,
    ...     compute_s=Interval.exact(0.5), decision=Decision(platform="spark", reason=""))
    >>> starts_text(ExecutionPlan(lanes=(), operators=(sort,), edges=(), cost_s=Interval.exact(6), start_up_s=(("spark", 5.5),)))
    ['start-up, apart from these: Spark thought 5.5 s, took about 7.0 s']
    """
    said = []
    for name, thought in plan.start_up_s:
        members = [one for one in plan.operators if one.decision.platform == name and one.measured_s is not None]
        if members:
            took = sum(one.measured_s for one in members if one.measured_s is not None)
            work = sum(one.compute_s.mean for one in members if one.compute_s is not None) + _moved_s(plan, members)
            about = units.duration(max(took - work, 0.0))
            said.append(f"{look_of(name).title} thought {units.duration(thought)}, took about {about}")
    return [f"start-up, apart from these: {'; '.join(said)}"] if said else []


def _moved_s(plan: ExecutionPlan, members: Sequence[ExecutionOperator]) -> float:
    """Return what moving rows into some operators was thought to take."""
    ids = {one.id for one in members}
    edges = (edge for edge in plan.edges if edge.movement is not None and edge.target in ids)
    return sum(edge.movement.cost_s.mean for edge in edges if edge.movement is not None)


def wins_text(
    operator: ExecutionOperator, wins: Sequence[tuple[str, float]], looks: Mapping[str, PlatformLook] | None = None
) -> str:
    """Say which other platforms would win, and with how many rows.

    Examples
    --------
    >>> from jupyter_wayang.plan.execution import Alternative, Decision
    >>> other = (Alternative(platform="polars"), Alternative(platform="spark"), Alternative(platform="duckdb"))
    >>> sort = ExecutionOperator(id="s", logical="s", lane="here", verb="sort", text="",
    ...     decision=Decision(platform="polars", reason="", alternatives=other))
    >>> wins_text(sort, [("spark", 40_300_000)])
    'others would win: Spark from about 40 million rows; DuckDB at no number of rows'
    """
    if operator.decision.pinned:
        return ""  # the plan was made with the pin for every number of rows
    said = [
        f"{look_of(name, looks).title} {'from' if rows > 0 else 'below'} about {_about(abs(rows))} rows"
        for name, rows in wins
    ]
    names = {name for name, _ in wins}
    possible = [one.platform for one in operator.decision.alternatives if one.impossible is None]
    never = [
        look_of(name, looks).title for name in possible if name not in names and name != operator.decision.platform
    ]
    if not said:
        return f"at no number of rows would this be better: {', '.join(never)}" if never else ""
    said += [f"{', '.join(never)} at no number of rows"] if never else []
    return f"others would win: {'; '.join(said)}"


def _rows(operator: ExecutionOperator, place: str) -> Miss | None:
    if operator.rows is None or operator.counted is None:
        return None
    thought, was = max(operator.rows.mean, 1.0), max(operator.counted, 1)
    factor = max(thought / was, was / thought)
    if factor < _SAID:
        return None
    return Miss(
        what=f"rows of {_called(operator)}{place}",
        factor=factor,
        thought=units.compact(operator.rows.mean),
        was=units.compact(operator.counted),
        origin=operator.rows_from,
    )


def _seconds(members: list[ExecutionOperator], moved_s: float, place: str) -> Miss | None:
    if any(one.measured_s is None or one.compute_s is None for one in members):
        return None
    thought = moved_s + sum(one.compute_s.mean for one in members if one.compute_s is not None)
    was = sum(one.measured_s for one in members if one.measured_s is not None)
    if max(thought, was) < _LEAST_S or min(thought, was) <= 0:
        return None
    factor = max(thought / was, was / thought)
    if factor < _SAID:
        return None
    names = " → ".join(one.verb for one in members[:4]) + (" → …" if len(members) > 4 else "")
    title = look_of(members[0].decision.platform).title
    return Miss(
        what=f"time of {names} on {title}{place}",
        factor=factor,
        thought=units.duration(thought),
        was=units.duration(was),
    )


def _called(operator: ExecutionOperator) -> str:
    text = f"{operator.verb} {operator.text}".strip()
    return text if len(text) <= 40 else f"{text[:39].rstrip()}…"


def _about(rows: float) -> str:
    """Write a number in two figures and words."""
    if rows < 1:
        return "1"
    step = 10 ** (math.floor(math.log10(rows)) - 1)
    rounded = round(rows / step) * step
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if rounded >= size:
            return f"{rounded / size:.3g} {word}"
    return units.count(rounded)
