"""Explanation: why an operator runs where it does, in one sentence that is true, and what else there was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jupyter_wayang.optimizer.memory import size
from jupyter_wayang.plan.execution import Alternative, Decision, Interval

__all__ = ["Option", "Subject", "decide", "duration"]

_TIE = 1e-3
"""Plans whose costs differ by less than this share are said to cost the same."""


@dataclass(frozen=True, kw_only=True)
class Option:
    """A platform for an operator, in the best whole plan with it.

    ``fed_by`` are the platforms that make its inputs in that plan, ``started`` has the start-up of each platform that
    it must start, ``total_s`` is what all of it costs, and ``amount`` what it comes to by the objective, where that is not
    time.
    """

    platform: str
    compute_s: Interval
    move_in_s: Interval
    move_out_s: Interval
    fed_by: tuple[str, ...]
    started: Mapping[str, float]
    total_s: float
    amount: float | None = None

    @property
    def score(self) -> float:
        """What plans are compared by."""
        return self.total_s if self.amount is None else self.amount

    @property
    def moves_s(self) -> float:
        """Moving rows in and out."""
        return self.move_in_s.mean + self.move_out_s.mean


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is decided: the operator's verb, whether it is pinned, what platforms are called, and the objective."""

    verb: str
    pinned: bool
    titles: Mapping[str, str]
    objective: str = "time"


def decide(subject: Subject, chosen: str, options: Sequence[Option], impossible: Mapping[str, str]) -> Decision:
    """Describe a decision.

    Parameters
    ----------
    subject
        What is decided.
    chosen
        The platform chosen.
    options
        All that is possible, ``chosen`` among it.
    impossible
        Other platforms, and why not.

    Returns
    -------
    Decision
        Its alternatives start with the chosen platform (difference 0), then the cheapest whole plan; what is
        impossible comes last.
    """
    best = next(option for option in options if option.platform == chosen)
    others = sorted((o for o in options if o is not best), key=lambda option: option.score)
    alternatives = [
        Alternative(
            platform=option.platform,
            compute_s=option.compute_s,
            move_in_s=option.move_in_s,
            move_out_s=option.move_out_s,
            difference_s=option.total_s - best.total_s,
        )
        for option in (best, *others)
    ]
    alternatives += [Alternative(platform=name, impossible=reason) for name, reason in impossible.items()]
    reason = _reason(subject, best, others)
    return Decision(platform=chosen, reason=reason, pinned=subject.pinned, alternatives=tuple(alternatives))


def _reason(subject: Subject, best: Option, others: Sequence[Option]) -> str:
    own = subject.titles[best.platform]
    if subject.pinned:
        return _pinned(own, best, others, subject)
    if not others:
        return f"{own} is the only platform here that can run {subject.verb}()."
    other = others[0]
    name = subject.titles[other.platform]
    if subject.objective != "time":
        return _by_amount(own, name, best, other, subject.objective)
    difference = other.total_s - best.total_s
    if difference <= _TIE * best.total_s:
        return f"{own} and {name} cost the same here, within {_TIE:.1%}."
    start_up = sum(other.started.values()) - sum(best.started.values())
    moves = other.moves_s - best.moves_s
    compute = other.compute_s.mean - best.compute_s.mean
    parts = {"start": start_up, "moves": moves, "compute": compute, "rest": difference - start_up - moves - compute}
    match max(parts, key=lambda part: parts[part]):
        case "start":
            return _started(best, other, subject)
        case "moves":
            return _moved(own, name, best, other)
        case "compute":
            return _computed(own, name, best, other)
    return f"With {name} the operators around it would cost {duration(parts['rest'])} more."


def _by_amount(own: str, name: str, best: Option, other: Option, objective: str) -> str:
    if other.score - best.score <= _TIE * best.score:
        also = "moves as few bytes" if objective == "bytes" else "costs as little"
        return f"With {own} the plan takes {duration(best.total_s)}; with {name} it {also}."
    amounts = [size(one.score) if objective == "bytes" else f"{one.score:.3g}" for one in (best, other)]
    verb = "moves" if objective == "bytes" else "costs"
    return f"The plan {verb} {amounts[0]} with {own} and {amounts[1]} with {name}, the next best."


def _pinned(own: str, best: Option, others: Sequence[Option], subject: Subject) -> str:
    if others and others[0].total_s < best.total_s * (1 - _TIE):
        saved = duration(best.total_s - others[0].total_s)
        return f"Pinned to {own} by hand; with {subject.titles[others[0].platform]} the plan would take {saved} less."
    return f"Pinned to {own} by hand; nothing else would be faster."


def _started(best: Option, other: Option, subject: Subject) -> str:
    new, new_s = _beyond(other, best, subject)
    old, old_s = _beyond(best, other, subject)
    if new_s > best.total_s:
        return f"Starting {new} alone would take {duration(new_s)}; the whole plan takes {duration(best.total_s)}."
    if old:
        return f"Starting {old} takes {duration(old_s)}; starting {new} would take {duration(new_s)}."
    return f"Starting {new} would add {duration(new_s)}."


def _beyond(one: Option, other: Option, subject: Subject) -> tuple[str, float]:
    """Return what one starts and the other does not, and how long that takes."""
    only = {name: seconds for name, seconds in one.started.items() if name not in other.started}
    return " and ".join(subject.titles[name] for name in only), sum(only.values())


def _moved(own: str, name: str, best: Option, other: Option) -> str:
    into, out = other.move_in_s.mean - best.move_in_s.mean, other.move_out_s.mean - best.move_out_s.mean
    so = ", so nothing moves" if best.moves_s == 0 else ""
    if into >= out:
        if best.move_in_s.mean > 0:
            return _both("Moving rows in", own, name, best.move_in_s, other.move_in_s)
        at_home = set(best.fed_by) == {best.platform}
        there = f"The rows are in {own} already" if at_home else f"{own} takes the rows in the form in which they come"
        return f"{there}{so}; with {name}, moving them there would cost {duration(other.move_in_s.mean)}."
    if best.move_out_s.mean > 0:
        return _both("Moving rows on", own, name, best.move_out_s, other.move_out_s)
    there = f"{own} makes the rows in the form in which they are needed"
    return f"{there}{so}; with {name}, moving them on would cost {duration(other.move_out_s.mean)}."


def _both(what: str, own: str, name: str, best: Interval, other: Interval) -> str:
    return f"{what} costs {duration(best.mean)} with {own} and {duration(other.mean)} with {name}, the next best."


def _computed(own: str, name: str, best: Option, other: Option) -> str:
    fast, slow = best.compute_s.mean, other.compute_s.mean
    times = (
        f"{slow / fast:.1f} times as fast as {name}" if fast > 0 and slow < 100 * fast else f"much faster than {name}"
    )
    return f"{own} computes this {times}, the next best: {duration(fast)} against {duration(slow)}."


def duration(seconds: float) -> str:
    """Write seconds for people.

    Examples
    --------
    >>> [duration(s) for s in (0.0000123, 0.00456, 0.0123, 1.26, 75, 7300)]
    ['12 µs', '4.6 ms', '12 ms', '1.3 s', '75 s', '2.0 h']
    """
    for most, unit in ((1e-3, "µs"), (1.0, "ms"), (100.0, "s"), (6000.0, "min")):
        if seconds < most:
            value = seconds / {"µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}[unit]
            return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"
    return f"{seconds / 3600:.1f} h"
