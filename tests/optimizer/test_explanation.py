from __future__ import annotations

from jupyter_wayang.optimizer.explanation import Option, Subject, decide
from jupyter_wayang.plan.execution import Interval

SUBJECT = Subject(verb="sort", pinned=False, titles={"a": "A", "b": "B", "c": "C"})


def option(
    name: str,
    compute: float = 1.0,
    into: float = 0.0,
    out: float = 0.0,
    rest: float = 0.0,
    fed_by: tuple[str, ...] = ("a",),
    **started: float,
) -> Option:
    return Option(
        platform=name,
        compute_s=Interval.exact(compute),
        move_in_s=Interval.exact(into),
        move_out_s=Interval.exact(out),
        fed_by=fed_by,
        started=started,
        total_s=10 + compute + into + out + rest + sum(started.values()),
    )


def reason(*options: Option) -> str:
    return decide(SUBJECT, "a", options, {}).reason


def test_what_costs_most_more_is_what_is_said():
    best = option("a")
    assert reason(best, option("b", rest=2.0)) == "With B the operators around it would cost 2.0 s more."
    assert (
        reason(best, option("b", compute=3.0))
        == "A computes this 3.0 times as fast as B, the next best: 1.0 s against 3.0 s."
    )
    assert (
        reason(best, option("b", compute=200.0))
        == "A computes this much faster than B, the next best: 1.0 s against 3.3 min."
    )
    assert reason(best, option("b", c=3.0)) == "Starting C would add 3.0 s."
    assert reason(option("a", a=2.0), option("b", b=5.0)) == "Starting A takes 2.0 s; starting B would take 5.0 s."
    assert reason(best, option("b", b=20.0)) == "Starting B alone would take 20 s; the whole plan takes 11 s."


def test_where_the_rows_are():
    other, there = option("b", into=2.0), "; with B, moving them there would cost 2.0 s."
    assert reason(option("a"), other) == f"The rows are in A already, so nothing moves{there}"
    assert reason(option("a", out=0.5), other) == f"The rows are in A already{there}"
    assert reason(option("a", fed_by=("c",)), other) == (
        f"A takes the rows in the form in which they come, so nothing moves{there}"
    )
    assert reason(option("a", into=0.5), other) == (
        "Moving rows in costs 500 ms with A and 2.0 s with B, the next best."
    )


def test_where_the_rows_go():
    other = option("b", out=2.0)
    assert reason(option("a", into=0.5), other) == (
        "A makes the rows in the form in which they are needed; with B, moving them on would cost 2.0 s."
    )
    assert reason(option("a", out=0.5), other) == "Moving rows on costs 500 ms with A and 2.0 s with B, the next best."


def test_the_next_best_is_the_cheapest_whole_plan():
    made = decide(SUBJECT, "a", (option("c", compute=4.0), option("a"), option("b", rest=1.0)), {"d": "not here"})
    assert [(a.platform, a.difference_s, a.impossible) for a in made.alternatives] == [
        ("a", 0, None),
        ("b", 1.0, None),
        ("c", 3.0, None),
        ("d", None, "not here"),
    ]
    assert "With B" in made.reason
