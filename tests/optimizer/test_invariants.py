"""What a loop reads in every turn and makes once: kept, or made again, whichever costs less and has room."""

from __future__ import annotations

from dataclasses import replace

import pytest
from optimizer.fakes import context, op, platform, read, then, where

from jupyter_wayang.optimizer.pipeline import plan_lane
from jupyter_wayang.plan.logical import LogicalPlan, Vertex, VertexPort
from jupyter_wayang.plan.loops import iterations
from jupyter_wayang.plan.operators import Carry, Join, Repeat
from jupyter_wayang.platforms.platform import Channel, Coefficient

TURNS, ROWS = 5, 1000


def lazy(*, filter_s: float, pass_s: float):
    """A platform whose rows are recipes; ``pass_s`` is what handing all rows out costs, and so what keeping them does."""
    made = platform("lazy", fixed_s=0.0, row_s=0.0, only={"filter": Coefficient(fixed_s=filter_s, spread=1.0)})
    out = {"lazy.rows>arrow.table": Coefficient(fixed_s=pass_s, spread=1.0)}
    costs = replace(made.costs, conversions={**made.costs.conversions, **out})
    return replace(made, costs=costs, channels=(Channel(name="lazy.rows", at_rest=False),))


def looped(turns: int = TURNS, **hints: object) -> LogicalPlan:
    fixed = where(read("few", age="int64", ward="string"), op("age", "<", 9), selectivity=0.5, **hints)
    carry = VertexPort(Vertex(Carry(name="v"), (read("first"),)))
    turn = then(Join(on=(("ward", "ward"),), how="semi"), carry, fixed)
    return LogicalPlan.of([VertexPort(Vertex(Repeat(names=("v",), turns=turns), (carry, turn)))])


def planned(plan, *platforms, **more):
    return plan_lane(plan, context(*platforms, rows=ROWS, iterations=iterations(plan), **more))


def kept(made):
    return {one.id for one in made.operators if one.kept}


def test_what_is_dear_to_make_is_kept():
    plan = looped()
    assert kept(planned(plan, lazy(filter_s=1.0, pass_s=0.1))) == {"filter"}


def test_what_is_dearer_to_keep_is_made_in_every_turn():
    plan = looped()
    cheap, dear = lazy(filter_s=0.01, pass_s=0.1), lazy(filter_s=1.0, pass_s=0.1)
    made = planned(plan, cheap)
    assert kept(made) == set()
    # Four more turns of 0.01 s are cheaper than 0.1 s; with few turns even 1 s is not kept for 2 s.
    assert made.cost_s.mean == pytest.approx(TURNS * 0.01 + 0.1, rel=0.05)  # and the result is handed out
    assert planned(plan, dear).cost_s.mean == pytest.approx(1.0 + 0.1 + 0.1, rel=0.05)
    assert kept(planned(looped(2), lazy(filter_s=1.0, pass_s=2.0))) == set()
    assert kept(planned(looped(4), lazy(filter_s=1.0, pass_s=2.0))) == {"filter"}


def test_what_there_is_no_room_for_is_not_kept():
    plan = looped()
    dear = lazy(filter_s=1.0, pass_s=0.1)
    room = planned(plan, dear).operator("filter").bytes.mean
    assert kept(planned(plan, dear, memory_bytes=int(room * 2))) == {"filter"}
    tight = planned(plan, dear, memory_bytes=int(room / 2))
    assert kept(tight) == set()
    assert tight.cost_s.mean == pytest.approx(TURNS * 1.0 + 0.1, rel=0.05)


def test_what_a_person_says_is_kept():
    assert kept(planned(looped(cache=True), lazy(filter_s=0.01, pass_s=0.1))) == {"filter"}


def test_rows_at_rest_need_no_keeping_and_one_turn_neither():
    assert kept(planned(looped(), platform("frames", fixed_s=1.0))) == set()
    assert kept(planned(looped(1), lazy(filter_s=1.0, pass_s=0.1))) == set()


def test_what_turns_cost_decides_where_they_are_taken():
    frames, recipes = platform("frames", fixed_s=0.05), lazy(filter_s=0.04, pass_s=0.1)
    once, often = (planned(looped(turns), recipes, frames).operator("filter") for turns in (1, TURNS))
    assert (once.decision.platform, often.decision.platform) == ("lazy", "frames")
