"""What is computed at once, and what stays apart."""

from __future__ import annotations

import pytest
from optimizer.fakes import col, named, op, read, then, where

from jupyter_wayang.optimizer.rewrite import rewrite
from jupyter_wayang.optimizer.rules.merge_maps import merge_maps
from jupyter_wayang.plan.expressions import Case, Cast, IsNull, Literal, Window, text
from jupyter_wayang.plan.logical import LogicalPlan
from jupyter_wayang.plan.operators import Drop, Rename, Select, WithColumns


def plan(*results):
    return LogicalPlan.of(results)


def columns(plan, id_):
    return [f"{one.name} = {text(one.expression)}" for one in plan[id_].operator.columns]


def made(**expressions):
    return then(WithColumns(columns=named(**expressions)), read())


TWICE = op("bmi", "*", 2.0)


def test_columns_then_columns():
    before = plan(
        then(WithColumns(columns=named(y=op("age", "+", 1.0), age=Literal.of(7))), made(x=TWICE, z=col("age")))
    )
    after = merge_maps(before)
    assert len(after.nodes) == 2
    (result,) = after.results
    assert columns(after, result.node) == ["x = bmi * 2.0", "z = age", "y = age + 1.0", "age = 7"]
    assert after.outputs()[result] == before.outputs()[before.results[0]]


def test_a_row_of_them_ends_as_one_select():
    renamed = then(Rename(names=(("x", "age"),)), then(Drop(columns=("age",)), made(x=TWICE)))
    before = plan(then(Select(columns=named(ward=col("ward"), high=op("age", ">", 50.0))), renamed))
    after = merge_maps(before)
    assert [node.operator.verb for node in after.nodes] == ["read", "select"]
    assert columns(after, after.results[0].node) == ["ward = ward", "high = bmi * 2.0 > 50.0"]
    assert merge_maps(after) is after


def test_what_is_read_twice_is_not_computed_twice():
    before = plan(then(Select(columns=named(a=op("x", "+", 1.0), b=op("x", "-", 1.0))), made(x=TWICE)))
    assert merge_maps(before) is before
    # It is still a column of what comes out, and so read by one more.
    before = plan(then(WithColumns(columns=named(a=op("x", "+", 1.0))), made(x=TWICE)))
    assert merge_maps(before) is before
    cheap = plan(then(Select(columns=named(a=op("x", "+", 1), b=op("x", "-", 1))), made(x=col("age"))))
    assert len(merge_maps(cheap).nodes) == 2


def test_what_can_fail_is_asked_for_as_before():
    number = Cast(arg=col("ward"), to="int64")
    chosen = Case(condition=IsNull(arg=col("bmi")), then=col("x"), otherwise=Literal.of(0))
    before = plan(then(Select(columns=named(a=chosen)), made(x=number)))
    assert merge_maps(before) is before
    assert len(merge_maps(plan(then(Select(columns=named(a=op("x", "+", 1))), made(x=number)))).nodes) == 2


def test_a_window_stays_the_whole_of_its_column():
    total = Window(function="sum", args=(col("age"),), partition=(col("ward"),))
    before = plan(then(Select(columns=named(a=op("x", "+", 1))), made(x=total)))
    assert merge_maps(before) is before
    assert len(merge_maps(plan(then(Select(columns=named(a=col("x"))), made(x=total)))).nodes) == 2


@pytest.mark.parametrize("pinned", [True, False])
def test_what_somebody_named_a_place_for_stays(pinned):
    first = then(WithColumns(columns=named(x=TWICE)), read(), **({"pin": "duckdb"} if pinned else {}))
    top = then(Select(columns=named(a=col("x"))), first, **({} if pinned else {"pin": "duckdb"}))
    assert merge_maps(before := plan(top)) is before


def test_what_others_read_too_stays():
    first = made(x=TWICE)
    before = plan(then(Select(columns=named(a=col("x"))), first), where(first, op("age", "<", 9)))
    assert merge_maps(before) is before


def test_the_columns_of_a_source_stay_its_own():
    before = plan(
        then(Select(columns=named(a=op("bmi", "*", 2.0))), then(Select(columns=named(bmi=col("bmi"))), read()))
    )
    assert merge_maps(before) is before


def test_it_is_one_of_the_rules():
    before = plan(then(Select(columns=named(a=op("x", "+", 1.0))), made(x=TWICE)))
    assert [node.operator.verb for node in rewrite(before).nodes] == ["read", "select"]
