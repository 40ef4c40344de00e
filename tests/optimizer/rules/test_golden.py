"""Before and after, rule by rule: plans as text, a line per node."""

from __future__ import annotations

import pytest
from optimizer.fakes import col, grouped, named, op, read, then, where

from jupyter_wayang.optimizer.rewrite import RULES, rewrite
from jupyter_wayang.optimizer.rules.fold_constants import fold, fold_constants
from jupyter_wayang.optimizer.rules.push_filters import push_filters
from jupyter_wayang.optimizer.rules.push_limits import push_limits
from jupyter_wayang.optimizer.rules.push_projections import push_projections
from jupyter_wayang.plan.expressions import (
    Aggregate,
    Binary,
    Call,
    Case,
    Cast,
    IsNull,
    Literal,
    Not,
    Shift,
    Window,
    text,
)
from jupyter_wayang.plan.logical import LogicalPlan, VertexPort
from jupyter_wayang.plan.models import LogisticRegression
from jupyter_wayang.plan.operators import (
    Drop,
    Impute,
    Join,
    Limit,
    LocalUpdate,
    Prepare,
    Rename,
    Select,
    Sort,
    SortKey,
    Split,
    WithColumns,
)


def lines(plan: LogicalPlan) -> list[str]:
    def port(node, index):
        return node if index == 0 else f"{node}.{index}"

    return [
        f"{node.id}: {node.operator.describe()} ← {', '.join(port(p.node, p.port) for p in node.inputs)}".rstrip(" ←")
        for node in plan.nodes
    ]


def plan(*results: VertexPort, names: dict[VertexPort, str] | None = None) -> LogicalPlan:
    return LogicalPlan.of(results, names)


def by(name: str) -> Sort:
    return Sort(keys=(SortKey(expression=col(name)),))


def wards() -> VertexPort:
    return read("wards", ward="string", beds="int64", age="int64")


ON = (("ward", "ward"),)


class TestPushFilters:
    def test_below_what_computes_columns(self):
        doubled = then(WithColumns(columns=named(twice=op("bmi", "*", 2.0))), read())
        before = plan(where(doubled, op(op("twice", ">", 50.0), "and", op("age", "<", 9))))
        assert lines(push_filters(before)) == [
            "read: visits",
            "filter: bmi * 2.0 > 50.0 and age < 9 ← read",
            "with_columns: twice ← filter",
        ]

    def test_not_what_is_dear_to_compute_twice(self):
        dear = op(op(op("bmi", "*", 2.0), "+", op("bmi", "*", 3.0)), "/", op("age", "+", 1))
        made = then(WithColumns(columns=named(x=dear)), read())
        before = plan(where(made, op(op("x", ">", 1.0), "and", op("age", "<", 9))))
        assert lines(push_filters(before)) == [
            "read: visits",
            "filter_read: age < 9 ← read",
            "with_columns: x ← filter_read",
            "filter: x > 1.0 ← with_columns",
        ]

    def test_below_sort_and_drop_and_rename(self):
        renamed = then(
            Rename(names=(("age", "years"), ("bmi", "age"))), then(Drop(columns=("ward",)), then(by("age"), read()))
        )
        after = push_filters(plan(where(renamed, op(op("years", ">", 1), "and", op("age", ">", 2.0)))))
        assert lines(after) == [
            "read: visits",
            "filter: age > 1 and bmi > 2.0 ← read",
            "sort: age ← filter",
            "drop: ward ← sort",
            "rename: age → years, bmi → age ← drop",
        ]

    def test_to_the_sides_of_a_join(self):
        joined = then(Join(on=ON), read(), wards())
        condition = op(op(op("bmi", ">", 1.0), "and", op("beds", ">", 2)), "and", op("beds", ">", col("age")))
        after = push_filters(plan(where(joined, condition)))
        assert lines(after) == [
            "read: visits",
            "read_2: wards",
            "filter_read: bmi > 1.0 ← read",
            "filter_read_2: beds > 2 ← read_2",
            "join: ward ← filter_read, filter_read_2",
            "filter: beds > age ← join",
        ]

    def test_a_suffixed_column_gets_its_own_name_back(self):
        joined = then(Join(on=ON), read(), wards())
        after = push_filters(plan(where(joined, op("age_right", ">", 2))))
        assert "filter: age > 2 ← read_2" in lines(after)

    @pytest.mark.parametrize(
        ("how", "left", "right"),
        [
            ("inner", True, True),
            ("left", True, False),
            ("full", False, False),
            ("semi", True, None),
            ("anti", True, None),
            ("cross", True, True),
        ],
    )
    def test_only_to_sides_whose_rows_all_go_through_the_join(self, how, left, right):
        join = Join(on=() if how == "cross" else ON, how=how)
        for column, moves in (("bmi", left), ("beds", right)):
            if moves is not None:
                before = plan(where(then(join, read(), wards()), op(column, ">", 1)))
                assert (push_filters(before) is not before) == moves, column

    @pytest.mark.parametrize(
        "condition",
        [
            op(Cast(arg=col("ward"), to="int64"), ">", 1),
            op(op("age", "*", 3), ">", 1),
            op(Call(function="log", args=(col("bmi"),)), ">", 1.0),
        ],
    )
    def test_what_can_fail_meets_no_rows_that_the_join_leaves_out(self, condition):
        before = plan(where(then(Join(on=ON), read(), wards()), condition))
        assert push_filters(before) is before

    def test_what_others_read_too_stays(self):
        doubled = then(WithColumns(columns=named(twice=op("bmi", "*", 2.0))), read())
        before = plan(where(doubled, op("age", "<", 9)), doubled)
        assert push_filters(before) is before

    def test_hints_keep_both_in_place(self):
        ordered = then(by("age"), read(), pin="duckdb")
        assert push_filters(before := plan(where(ordered, op("age", "<", 9)))) is before
        ordered = then(by("age"), read())
        assert push_filters(before := plan(where(ordered, op("age", "<", 9), pin="duckdb"))) is before
        assert push_filters(before := plan(where(ordered, op("age", "<", 9), rows=7))) is before

    def test_what_was_said_of_its_share_goes_with_a_filter(self):
        ordered = then(by("age"), read())
        after = push_filters(plan(where(ordered, op("age", "<", 9), selectivity=0.1)))
        assert [node.id for node in after.nodes] == ["read", "filter", "sort"]
        assert after["filter"].hints.selectivity == 0.1
        # A share of the whole says nothing of its parts.
        joined = then(Join(on=ON), read(), wards())
        both = op(op("bmi", "<", 9.0), "and", op("beds", ">", 1))
        assert push_filters(before := plan(where(joined, both, selectivity=0.1))) is before

    def test_names_stay_with_what_they_name(self):
        ordered = then(by("age"), read())
        young = where(ordered, op("age", "<", 9))
        after = push_filters(plan(young, then(Limit(rows=3), young), names={young: "young", ordered: "ordered"}))
        assert after["sort"].names == ("young",)
        assert after["filter"].names == ()
        assert [port.node for port in after.results] == ["sort", "limit"]

    def test_not_across_split_steps_or_limits(self):
        first = then(Split(fraction=0.5), read())
        for rows in (
            first,
            then(Impute(columns=("bmi",)), read()),
            then(Limit(rows=3), read()),
            grouped(read(), "age", n=Aggregate(function="count")),
        ):
            before = plan(where(rows, op("age", "<", 9)))
            assert push_filters(before) is before


class TestPushProjections:
    def test_right_after_the_source(self):
        young = where(read(), op("age", "<", 9))
        before = plan(grouped(young, "ward", n=Aggregate(function="count")))
        assert lines(push_projections(before)) == [
            "read: visits",
            "select_read: age, ward ← read",
            "filter: age < 9 ← select_read",
            "group_by: ward: n=count() ← filter",
        ]

    def test_nothing_to_leave_out(self):
        for rows in (
            where(read(), op("age", "<", 9)),
            then(Select(columns=named(age=col("age"))), read()),
            then(Split(fraction=0.5), read()),
            then(Prepare(steps=(), target=op("age", ">", 1), features=("bmi",)), read()),
        ):
            before = plan(rows)
            assert push_projections(before) is before

    def test_a_split_needs_every_column(self):
        first = then(Split(fraction=0.5), read())
        before = plan(grouped(first, n=Aggregate(function="count")))
        assert push_projections(before) is before

    def test_counting_keeps_one_column(self):
        before = plan(grouped(read(), n=Aggregate(function="count")))
        assert "select_read: age ← read" in lines(push_projections(before))

    def test_a_join_keeps_keys_and_what_gives_a_suffix(self):
        joined = then(Join(on=ON), read(), wards())
        before = plan(then(Select(columns=named(x=col("age_right"))), joined))
        after = push_projections(before)
        assert "select_read: age, ward ← read" in lines(after)
        assert "select_read_2: ward, age ← read_2" in lines(after)
        assert after.outputs()[after.results[0]] == before.outputs()[before.results[0]]

    def test_a_select_of_columns_stays_below_filters_and_limits(self):
        narrow = then(Select(columns=named(age=col("age"))), read())
        for top in (where(narrow, op("age", "<", 9)), then(Limit(rows=3), narrow)):
            before = plan(top)
            assert rewrite(before) is before


class TestPushLimits:
    def test_below_projections(self):
        made = then(Drop(columns=("ward",)), then(WithColumns(columns=named(x=op("age", "+", 1))), read()))
        top = then(Limit(rows=5), made)
        after = push_limits(plan(top, names={top: "top"}))
        assert lines(after) == [
            "read: visits",
            "limit: 5 ← read",
            "with_columns: x ← limit",
            "drop: ward ← with_columns",
        ]
        assert after["drop"].names == ("top",)

    def test_not_below_a_window_which_needs_all_rows(self):
        total = Window(function="sum", args=(col("age"),), partition=(col("ward"),))
        made = then(WithColumns(columns=named(x=total)), read())
        before = plan(then(Limit(rows=5), made), where(made, op("age", ">", 5)))
        assert push_limits(before) is before
        assert push_filters(before) is before

    def test_not_below_sort_filter_or_what_is_hinted(self):
        for rows in (
            then(by("age"), read()),
            where(read(), op("age", "<", 9)),
            then(Drop(columns=("age",)), read(), pin="x"),
        ):
            before = plan(then(Limit(rows=5), rows))
            assert push_limits(before) is before


class TestFoldConstants:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (op(Literal.of(7), "+", 2), "9"),
            (op(Literal.of(7), "/", 2), "3.5"),
            (op(Literal.of(-7), "//", 2), "-4"),
            (op(Literal.of(-7), "%", 2), "1"),
            (op(Literal.of(7), "<", 7.5), "true"),
            (op(Literal.of(1.5), "-", 1), "0.5"),
            (op("age", ">", op(Literal.of(2), "*", op(Literal.of(3), "+", 4))), "age > 14"),
            (Not(arg=Literal.of(True)), "false"),
            (Shift(arg=Literal(value="1998-12-01", type="date"), days=-90), 'date("1998-09-02")'),
            (op(Literal.of(True), "and", IsNull(arg=col("a"))), "a is None"),
            (op("a", "and", False), "false"),
            (op("a", "or", True), "true"),
            (Case(condition=Literal.of(False), then=Literal.of(1), otherwise=Literal.of(2)), "2"),
        ],
    )
    def test_folds(self, before, after):
        assert text(fold(before)) == after

    @pytest.mark.parametrize(
        "expression",
        [
            op(Literal.of(2**63 - 1), "+", 1),
            op(Literal.of(1), "/", 0),
            op(Literal.of(1), "//", 0),
            op(Literal.of(7.5), "//", 2),
            op(Literal.of(1e308), "*", 10.0),
            op(Literal.of(None), "==", None),
            op("a", "and", True),
            Case(condition=Literal.of(True), then=Literal.of(1), otherwise=Literal.of(2.5)),
            op(Literal.of("a"), "==", "a"),
        ],
    )
    def test_leaves_what_would_fail_or_change_its_type(self, expression):
        assert fold(expression) == expression

    def test_in_every_operator_with_expressions(self):
        two = Binary(op="+", left=Literal.of(1), right=Literal.of(1))
        rows = then(Select(columns=named(x=op("age", "+", two))), read())
        rows = then(WithColumns(columns=named(y=op("x", "*", two))), rows)
        rows = then(Sort(keys=(SortKey(expression=op("y", "%", two), descending=True),)), rows)
        rows = grouped(where(rows, op("y", ">", two)), "x", n=op(Aggregate(function="sum", arg=col("y")), "/", two))
        after = fold_constants(plan(rows))
        assert not [node.id for node in after.nodes if "1 + 1" in str(node.operator) or two in _parts(node)]
        assert "sort: y % 2 ↓ ← with_columns" in lines(after)

    def test_not_what_is_hinted(self):
        before = plan(where(read(), op("age", ">", op(Literal.of(1), "+", 1)), pin="duckdb"))
        assert fold_constants(before) is before


def _parts(node):
    return [part for value in node.operator.__struct_fields__ for part in [getattr(node.operator, value)]]


def test_learning_is_left_alone():
    prepared = then(Prepare(steps=(), target=op("age", ">", op(Literal.of(1), "+", 1)), features=("bmi",)), read())
    update = then(LocalUpdate(model=LogisticRegression(), rounds=3, epochs=1), prepared)
    before = plan(update)
    assert rewrite(before) is before


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_changes_nothing_returns_the_same_plan(rule):
    before = plan(read())
    assert rule(before) is before


def test_all_rules_to_a_fix_point():
    doubled = then(WithColumns(columns=named(twice=op("bmi", "*", 2.0))), read())
    joined = then(Join(on=ON), doubled, wards())
    busy = where(joined, op(op("beds", ">", op(Literal.of(2), "*", 5)), "and", op("age", ">", 17)))
    before = plan(then(Limit(rows=10), then(Select(columns=named(ward=col("ward"), twice=col("twice"))), busy)))
    after = rewrite(before)
    assert lines(after) == [
        "read: visits",
        "filter: age > 17 ← read",
        "with_columns: twice ← filter",
        "read_2: wards",
        "select_read_2: ward, beds ← read_2",
        "filter_read_2: beds > 10 ← select_read_2",
        "join: ward ← with_columns, filter_read_2",
        "limit: 10 ← join",
        "select: ward, twice ← limit",
    ]
    assert rewrite(after) is after
