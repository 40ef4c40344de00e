"""Attacks on disclosure, each a test of its name: what a person could try, and what a site answers.

The page ``docs/privacy.md`` has a row for each, and a test below keeps the two in step.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from jupyter_wayang.plan.expressions import Aggregate, Call, Case, Cast, IsNull, Literal, Named, Window
from jupyter_wayang.plan.logical import Port
from jupyter_wayang.plan.models import LogisticRegression, named_array
from jupyter_wayang.plan.operators import (
    AnyOperator,
    Drop,
    Filter,
    GroupBy,
    Limit,
    LocalUpdate,
    Prepare,
    Sample,
    Score,
    Select,
    SortKey,
    Split,
    TopK,
    WithColumns,
)
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.tasks import TARGET, LocalTask, ScoreTask
from jupyter_wayang.site.ledger import Ledger
from jupyter_wayang.site.policy import Columns
from jupyter_wayang.transport import messages

from .conftest import PATIENTS, Person, agg, column, op, patients, refused, rows, when

Hospital = Callable[..., Person]

FIVE = op("id", "==", 5)
BUT_FIVE = Filter(condition=op("id", "!=", 5))
COUNT, AGES = agg(n="count"), agg(s=("sum", "age"))
ENGINES = [("pandas", "numpy"), ("polars", "numpy"), ("duckdb", "numpy"), ("sqlite", "numpy")]

engines = pytest.mark.parametrize("platforms", ENGINES, ids=lambda names: names[0])


def withheld(answer: messages.Answer, name: str, *parts: str) -> None:
    """Assert that a number is null, or its group is not there, and that the note says why."""
    assert all(row[name] is None for row in rows(answer)), answer
    for part in parts:
        assert part in (answer.note or ""), answer  # type: ignore[union-attr]


# One person by a question.


def test_one_person_by_a_filter(hospital: Hospital) -> None:
    answer = hospital().ask(agg(n="count", s=("sum", "age")), Filter(condition=FIVE))
    withheld(answer, "s", "groups under the site's minimum")
    assert rows(answer) == []


def test_none_or_one(hospital: Hospital) -> None:
    # Patient 5 is ill (5 % 2 == 1): "nobody" for one question and silence for the other would say so.
    answers = [hospital().ask(COUNT, Filter(condition=op(FIVE, "and", op(TARGET, "==", float(ill))))) for ill in (0, 1)]
    assert rows(answers[0]) == rows(answers[1]) == []


@engines
def test_a_sum_about_one_person(hospital: Hospital, platforms: tuple[str, ...]) -> None:
    answer = hospital(platforms=platforms).ask(agg(s=("sum", when(FIVE, "age", 0.0)), n="count"))
    withheld(answer, "s", "tell fewer than 10 rows apart")
    assert rows(answer)[0]["n"] == PATIENTS


def test_a_person_hidden_in_a_sum_about_all(hospital: Hospital) -> None:
    hidden = op("age", "+", when(FIVE, "bill", 0.0))
    withheld(hospital().ask(agg(s=("sum", hidden))), "s", "tell fewer than 10 rows apart")
    withheld(hospital().ask(agg(s=("mean", hidden))), "s", "tell fewer than 10 rows apart")
    withheld(hospital().ask(agg(s=("count", when(FIVE, None, 1)))), "s", "tell fewer than 10 rows apart")


def test_one_hot_means(hospital: Hospital) -> None:
    made = WithColumns(columns=(Named(name="one", expression=when(FIVE, 1.0, 0.0)),))
    gone = Drop(columns=("id",))
    for asked in (("mean", "one"), ("sum", op("one", "*", "age"))):
        withheld(hospital().ask(agg(s=asked), made, gone), "s", "tell fewer than 10 rows apart")


@engines
def test_a_selector_made_of_arithmetic(hospital: Hospital, platforms: tuple[str, ...]) -> None:
    far = Call(function="min2", args=(Call(function="abs", args=(op("id", "-", 5),)), Literal.of(1)))
    selected = op("age", "*", op(1.0, "-", far))
    answer = hospital(platforms=platforms).ask(agg(s=("sum", selected), t=("sum", op("bill", "+", selected))))
    withheld(answer, "s", "too few rows contribute")
    withheld(answer, "t", "too few rows contribute")


@engines
def test_a_division_that_one_row_does_not_survive(hospital: Hospital, platforms: tuple[str, ...]) -> None:
    alive = op(1.0, "/", op("id", "-", 5))
    answer = hospital(platforms=platforms).ask(agg(n=("count", alive), s=("sum", op("age", "+", op(0.0, "*", alive)))))
    withheld(answer, "n", "tell fewer than 10 rows apart")
    withheld(answer, "s", "tell fewer than 10 rows apart")


def test_an_exclusive_or_with_one_person(hospital: Hospital) -> None:
    # Half of all patients are ill; the condition is true of half of them, and of patient 5 when he is not.
    turned = op(op(TARGET, "==", 1.0), "!=", FIVE)
    withheld(hospital().ask(agg(s=("sum", when(turned, 1.0, 0.0)))), "s", "tell fewer than 10 rows apart")


def test_a_sum_that_is_a_count_of_few(hospital: Hospital) -> None:
    data = patients()
    data["age"] = [1.0 if n < 6 else 0.0 for n in range(PATIENTS)]
    withheld(hospital(data=data).ask(agg(s=("mean", "age"))), "s", "count fewer than 10 rows")


def test_a_sum_that_one_row_dominates(hospital: Hospital) -> None:
    withheld(hospital().ask(agg(s=("sum", "bill"))), "s", "mostly about one row")
    assert rows(hospital().ask(AGES)) == [{"s": sum(patients()["age"])}]


def test_too_few_values_in_a_large_group(hospital: Hospital) -> None:
    data = patients()
    data["age"] = [40.0 if n < 4 else None for n in range(PATIENTS)]
    answer = hospital(data=data).ask(agg(n="count", s=("sum", "age"), k=("count", "age")))
    assert rows(answer) == [{"n": PATIENTS, "s": None, "k": None}]


def test_minimum_and_maximum(hospital: Hospital) -> None:
    for function in ("min", "max"):
        refused(hospital().ask(agg(a=(function, "age"))), "value of a single row", "allowed")


def test_quantile_one(hospital: Hospital) -> None:
    for part in (0.5, 1.0):
        asked = Aggregate(function="quantile", arg=column("age"), other=Literal.of(part))
        refused(hospital().ask(GroupBy(aggregates=(Named(name="q", expression=asked),))), "value of a single row")


def test_unique_values(hospital: Hospital) -> None:
    for function in ("n_unique", "collect"):
        refused(hospital().ask(agg(a=(function, "age"))), "value of a single row")
    # A group for every value tells none of them, as each is one person's.
    assert rows(hospital().ask(agg("id", n="count"))) == []


def test_the_first_rows_of_an_order(hospital: Hospital) -> None:
    by_age = (SortKey(expression=column("age"), descending=True),)
    refused(hospital().ask(AGES, TopK(rows=11, keys=by_age)), "top_k()", "sample")
    refused(hospital().ask(AGES, Limit(rows=11)), "limit()")


# One person by several questions.


@engines
def test_the_difference_of_two_sums(hospital: Hospital, platforms: tuple[str, ...]) -> None:
    person = hospital(platforms=platforms)
    assert rows(person.ask(AGES))
    refused(person.ask(AGES, BUT_FIVE), "the difference", "fewer than 10 rows")
    # The same question again is no other question, and rows that differ by more are answered.
    assert rows(person.ask(AGES))
    assert rows(person.ask(AGES, Filter(condition=op("id", "<", 60))))


def test_the_difference_the_other_way_round(hospital: Hospital) -> None:
    person = hospital()
    assert rows(person.ask(COUNT, BUT_FIVE)) == [{"n": PATIENTS - 1}]
    refused(person.ask(COUNT), "the difference")


def test_a_tracker(hospital: Hospital) -> None:
    person = hospital()
    one, other = op("id", "<", 51), op("id", ">=", 50)
    assert rows(person.ask(AGES, Filter(condition=one)))
    assert rows(person.ask(AGES, Filter(condition=other)))
    # Those of A and those of B without those of A or B are patient 50, alone.
    refused(person.ask(AGES, Filter(condition=op(one, "or", other))), "the difference")


def test_a_sum_of_zeros_and_ones_beside_a_filter(hospital: Hospital) -> None:
    person = hospital()
    assert rows(person.ask(agg(s=("sum", TARGET)))) == [{"s": 50.0}]
    # Patient 6 is healthy: one more than the sum of those who are ill.
    more = Filter(condition=op(op(TARGET, "==", 1.0), "or", op("id", "==", 6)))
    refused(person.ask(COUNT, more), "the difference")


def test_rows_counted_on_the_way(hospital: Hospital) -> None:
    person = hospital()
    person.submit(BUT_FIVE, Filter(condition=op("id", "<", 60)), cache=True)
    answer = person.send(messages.Aggregate(run=person.run, port=person.asked, operator=AGES, purpose="aggregate"))
    counted = {step.node: step.rows for step in answer.progress}
    assert rows(answer)
    assert PATIENTS in counted.values()
    assert PATIENTS - 1 not in counted.values()


def test_a_group_that_one_person_changes(hospital: Hospital) -> None:
    person = hospital()
    assert rows(person.ask(agg(op("age", "<", 50), n="count", s=("sum", "thal"))))
    changed = when(FIVE, op("age", ">=", 50), op("age", "<", 50))
    refused(person.ask(agg(changed, n="count", s=("sum", "thal"))), "the difference")


def test_a_total_without_the_groups_that_are_shown(hospital: Hospital) -> None:
    answer = hospital().ask(agg("ward", n="count"))
    shown = rows(answer)
    # The rare ward has 4 patients; another ward goes with it, so that the rest of the total is about 28.
    assert len(shown) == 3
    assert PATIENTS - sum(row["n"] for row in shown) == 28
    assert answer.note == "groups under the site's minimum were left out"  # type: ignore[union-attr]


def test_a_line_of_a_cross_table_without_the_cells_that_are_shown(hospital: Hospital) -> None:
    shown = rows(hospital().ask(agg("ward", op("id", "<", 40), n="count")))
    hidden = {("abcd"[n % 4] if n < 96 else "rare", n < 40): 0 for n in range(PATIENTS)}
    for n in range(PATIENTS):
        hidden["abcd"[n % 4] if n < 96 else "rare", n < 40] += 1
    for row in shown:
        del hidden[row["k0"], row["k1"]]
    lines = [
        {cell: n for cell, n in hidden.items() if cell[place] == value} for place in (0, 1) for value in _of(place)
    ]
    assert shown
    assert all(sum(line.values()) >= 10 or not line or set(line) == {("rare", False)} for line in lines)


def _of(place: int) -> tuple[object, ...]:
    return ("a", "b", "c", "d", "rare") if place == 0 else (True, False)


def test_a_cell_of_missing_values(hospital: Hospital) -> None:
    answer = hospital().ask(agg("thal", n="count", s=("sum", "age")))
    assert None not in {row["k0"] for row in rows(answer)}
    assert len(rows(answer)) == 2
    assert rows(hospital().ask(COUNT, Filter(condition=IsNull(arg=column("thal"))))) == []


def test_covariance_with_vectors_made_up(hospital: Hospital) -> None:
    person = hospital()
    few = Filter(condition=op("id", "<", 20))
    powers = {f"s{power}": ("sum", op("age", "*", op("id", "**", power))) for power in range(1, 21)}
    withheld(person.ask(agg(**powers), few), "s3", "more numbers about a column than its rows allow")
    # One at a time is no way round.
    told = [rows(person.ask(agg(s=said), few))[0]["s"] for said in list(powers.values())[:9]]
    assert sum(value is not None for value in told) <= 6
    one = Case(condition=FIVE, then=Literal.of(1.0), otherwise=Literal.of(0.0))
    about_one = Aggregate(function="cov", arg=column("age"), other=one)
    refused(person.ask(GroupBy(aggregates=(Named(name="c", expression=about_one),))), "of columns only")


def test_a_sample_of_one_row_more(hospital: Hospital) -> None:
    person = hospital()
    assert rows(person.ask(AGES, Sample(rows=50, seed=1)))
    refused(person.ask(AGES, Sample(rows=51, seed=1)), "the difference")
    assert rows(person.ask(AGES, Sample(rows=80, seed=1)))
    refused(person.ask(AGES, Sample(rows=50, seed=1), BUT_FIVE), "the difference")


def test_a_split_with_a_stratum_of_one(hospital: Hospital) -> None:
    person = hospital()
    assert rows(person.ask(AGES, Split(fraction=0.5, seed=1)))
    for name in ("one", "two"):
        # Another column changes nothing about who is drawn but how the question is written.
        made = WithColumns(columns=(Named(name=name, expression=Literal.of(1)),))
        refused(person.ask(AGES, made, Split(fraction=0.5, seed=1, by=(FIVE,))), "the difference")


def test_repeated_questions(hospital: Hospital) -> None:
    now = [1_000.0]
    person = hospital(queries_per_hour=3, ledger=Ledger(clock=lambda: now[0]))
    told = [rows(person.ask(AGES, Filter(condition=op("id", "<", 60)))) for _ in range(3)]
    # Nothing is averaged away: an answer to the same question is the same answer.
    assert told[0] == told[1] == told[2]
    refused(person.ask(AGES), "answers 3 questions an hour", "wait")
    now[0] += 3600.0
    assert rows(person.ask(AGES))


def test_ever_more_sets_of_rows(hospital: Hospital) -> None:
    person = hospital(different_questions=3)
    for most in (20, 40, 60):
        assert rows(person.ask(COUNT, Filter(condition=op("id", "<", most))))
    refused(person.ask(COUNT, Filter(condition=op("id", "<", 80))), "3 different sets of rows")


# One person by a model.

FEATURES = ("age", "bill")


def learned(
    person: Person,
    *operators: AnyOperator,
    features: dict[str, object] | None = None,
    target: object = TARGET,
    last: AnyOperator,
) -> None:
    """Submit a chain that ends in training or scoring, and say what its preparation does."""
    made = features or {name: name for name in FEATURES}
    prepare = Prepare(steps=(), target=column(TARGET), features=tuple(made))
    assert isinstance(person.submit(*operators, prepare, last), messages.Planned)
    columns = (*(Named(name=n, expression=_of_expression(e)) for n, e in {**made, TARGET: target}.items()),)
    node = f"n{len(operators) + 1}"
    assert isinstance(person.send(messages.Learned(run=person.run, node=node, columns=columns)), messages.Done)


def _of_expression(value: object) -> object:
    return column(value) if isinstance(value, str) else value


UPDATE = LocalUpdate(model=LogisticRegression(), rounds=1, epochs=1)


def trained(
    person: Person, *operators: AnyOperator, features: dict[str, object] | None = None, target: object = TARGET
) -> messages.Answer:
    learned(person, *operators, features=features, target=target, last=UPDATE)
    names = tuple(features or FEATURES)
    task = LocalTask(
        model=LogisticRegression(),
        features=names,
        parameters=(named_array("weights", np.zeros(len(names))), named_array("intercept", np.zeros(1))),
        learning_rate=1e-6,
    )
    return person.send(messages.Train(run=person.run, node=f"n{len(operators) + 2}", round=1, task=task))


def scored(person: Person, *operators: AnyOperator, bill: float = 0.0, target: object = TARGET) -> messages.Answer:
    learned(person, *operators, target=target, last=Score(bins=20, rounds=1))
    task = ScoreTask(
        model=LogisticRegression(),
        features=FEATURES,
        parameters=(named_array("weights", np.array([0.1, bill])), named_array("intercept", np.array([-5.0]))),
    )
    return person.send(messages.Score(run=person.run, node=f"n{len(operators) + 2}", round=0, task=task))


def test_more_parameters_than_rows(hospital: Hospital) -> None:
    many = {f"f{power}": op("age", "*", float(power)) for power in range(1, 21)}
    few = Filter(condition=op("id", "<", 40))
    refused(trained(hospital(), few, features=many), "more parameters than 0.33 per row", "fewer features")
    assert isinstance(trained(hospital(), features=many), messages.Trained)


def test_a_model_of_few_rows(hospital: Hospital) -> None:
    refused(trained(hospital(), Filter(condition=op("id", "<", 6))), "fewer rows to train on")


def test_a_row_hidden_in_a_gradient(hospital: Hospital) -> None:
    refused(trained(hospital(), features={"age": "age", "one": when(FIVE, "age", 0.0)}), "fewer than 3 rows apart")


def test_a_class_that_one_person_changes(hospital: Hospital) -> None:
    turned = op(op(TARGET, "==", 1.0), "!=", FIVE)
    refused(scored(hospital(), target=when(turned, 1.0, 0.0)), "fewer than 3 rows apart")
    refused(trained(hospital(), target=when(turned, 1.0, 0.0)), "fewer than 3 rows apart")
    assert isinstance(scored(hospital(), target=when(op(TARGET, "==", 1.0), 1.0, 0.0)), messages.Scored)


def test_training_without_one_person(hospital: Hospital) -> None:
    person = hospital()
    assert isinstance(trained(person), messages.Trained)
    refused(trained(person, BUT_FIVE), "the difference")
    assert isinstance(trained(person), messages.Trained)


def test_a_metric_on_three_rows(hospital: Hospital) -> None:
    answer = scored(hospital(), Filter(condition=op("id", "<", 3)))
    assert isinstance(answer, messages.Scored)
    assert (answer.cells, answer.note) == ((), "under 10 rows")


def test_a_metric_without_one_person(hospital: Hospital) -> None:
    person = hospital()
    assert isinstance(scored(person), messages.Scored)
    refused(scored(person, BUT_FIVE), "the difference")


def test_one_right_answer_more(hospital: Hospital) -> None:
    # What a model says of patient 42 can be changed without changing what it says of others.
    answers = [scored(hospital(), bill=weight) for weight in (0.0, -1e-5)]
    exact, other = (sum(cell.correct for cell in answer.cells) for answer in answers)  # type: ignore[union-attr]
    assert 0 < abs(exact - other) < 5
    person = hospital(metric_rows=10, metric_digits=-1)
    told = [scored(person, bill=weight).cells for weight in (0.0, -1e-5)]  # type: ignore[union-attr]
    seen = [[(cell.low_bin, cell.high_bin, cell.n, cell.correct) for cell in cells] for cells in told]
    assert seen[0] == seen[1]
    assert all((cell.correct % 10, cell.log_loss % 10) == (0, 0) for cells in told for cell in cells)


# Round the policy.


def test_rows_asked_for_outright(hospital: Hospital) -> None:
    person = hospital()
    person.submit()
    refused(person.send(messages.Collect(run=person.run, port=Port(node="n0"))), "does not allow rows")


def test_a_row_that_counts_for_many(hospital: Hospital) -> None:
    spread = Window(function="max", args=(column("age"),))
    answer = hospital().ask(AGES, Filter(condition=FIVE), Select(columns=(Named(name="age", expression=spread),)))
    refused(answer, "one row could count for many")


def test_learning_as_a_pretext(hospital: Hospital) -> None:
    answer = hospital().ask(agg("ward", s=("sum", "age")), purpose="learn")
    refused(answer, "no more than it needs to learn")


def test_a_column_that_is_not_allowed(hospital: Hospital) -> None:
    person = hospital(columns={"patients": Columns(deny=("id",))})
    told = person.send(messages.Describe(table="patients"))
    assert isinstance(told, messages.Description)
    assert "id" not in told.schema.names
    refused(person.ask(COUNT, Filter(condition=FIVE)), "does not allow the column id")
    few = Schema.of(age="float64")
    assert rows(person.ask(COUNT, read=few)) == [{"n": PATIENTS}]


def test_a_person_whom_the_policy_does_not_name(hospital: Hospital) -> None:
    person = hospital(analysts=("alice",))
    refused(person.ask(COUNT), "does not answer mallory")
    person.name = "alice"
    assert rows(person.ask(COUNT))


def test_the_run_of_somebody_else(hospital: Hospital) -> None:
    alice = hospital()
    alice.name = "alice"
    alice.submit()
    mallory = Person(alice.agent)
    answer = mallory.send(messages.Aggregate(run=alice.run, port=Port(node="n0"), operator=COUNT, purpose="aggregate"))
    assert isinstance(answer, messages.Failure)
    assert "knows no plan" in answer.message


@engines
def test_the_text_of_an_error(hospital: Hospital, platforms: tuple[str, ...], tmp_path: Path) -> None:
    data = patients()
    data["ward"] = ["Jane Roe" if n == 5 else "1.5" for n in range(PATIENTS)]
    person = hospital(platforms=platforms, data=data)
    answer = person.ask(agg(s=("sum", Cast(arg=column("ward"), to="float64"))))
    assert "Jane" not in repr(answer)
    assert isinstance(answer, messages.Failure)


def test_a_ledger_that_was_begun_anew(hospital: Hospital, tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    assert rows(hospital(ledger=Ledger(path)).ask(AGES))
    # The site was started again: what it told is still told.
    refused(hospital(ledger=Ledger(path)).ask(AGES, BUT_FIVE), "the difference")
    path.write_text("mended by hand\n")
    answer = hospital(ledger=Ledger(path)).ask(AGES)
    assert isinstance(answer, messages.Failure)
    assert "line 1 of the ledger" in answer.message


# What is kept at the site.


def test_the_audit_says_who_asked_and_which_rule_held_what_back(hospital: Hospital, tmp_path: Path) -> None:
    person = hospital()
    person.ask(agg(s=("sum", when(FIVE, "age", 0.0))))
    person.ask(COUNT, BUT_FIVE)
    lines = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    assert {line["analyst"] for line in lines} == {"mallory"}
    told, held = ([line[key] for line in lines if line["asked"] == "aggregate"] for key in ("answered", "held"))
    assert told == ["aggregated", "failure"]
    assert "tell fewer than 10 rows apart" in held[0]
    assert held[1].startswith("DisclosureError: VA does not answer this beside what it has answered mallory before")


# The page.


def attacks_of_the_page() -> set[str]:
    page = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text(encoding="utf-8")
    table = page.split("## Attacks")[1].split("\n## ")[0]
    names = re.findall(r"^\| ([A-Za-z][^|]+?) \|", table, re.MULTILINE)[1:]
    return {re.sub(r"\W+", "_", name.lower()).strip("_") for name in names}


def test_the_page_has_every_attack_and_every_attack_is_on_the_page() -> None:
    here = {
        name.removeprefix("test_") for name, value in globals().items() if name.startswith("test_") and callable(value)
    }
    here -= {
        "the_audit_says_who_asked_and_which_rule_held_what_back",
        "the_page_has_every_attack_and_every_attack_is_on_the_page",
    }
    assert len(here) >= 25
    assert here == attacks_of_the_page()
