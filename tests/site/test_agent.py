"""A site that a coordinator tries to get more out of than its policy allows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_wayang.catalog import Catalog, TableSpec
from jupyter_wayang.errors import DataError
from jupyter_wayang.execution.scheduler import Engines
from jupyter_wayang.plan.execution import Lane
from jupyter_wayang.plan.expressions import Aggregate, Binary, Case, ColumnRef, IsNull, Literal, Named, Window
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.models import LogisticRegression, named_array
from jupyter_wayang.plan.operators import (
    AnyOperator,
    Filter,
    GroupBy,
    Impute,
    Join,
    LocalUpdate,
    ReadFederated,
    ReadFile,
    ReadFrame,
    Rename,
    Score,
    Select,
    WithColumns,
)
from jupyter_wayang.plan.privacy import RecordNoise
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.tasks import TARGET, LocalTask, ScoreTask
from jupyter_wayang.platforms import registry
from jupyter_wayang.site.agent import SiteAgent
from jupyter_wayang.site.audit import Audit
from jupyter_wayang.site.policy import Policy, PrivacyBudget, read_policy
from jupyter_wayang.transport import messages
from jupyter_wayang.transport.bodies import from_bytes

POLICY = Policy(
    tables=("patients",), operators=("aggregate", "learn", "fit", "evaluate"), minimum_rows=10, minimum_cell=3
)
PRIVATE = msgspec.structs.replace(POLICY, privacy_budget=PrivacyBudget(epsilon=1.0, delta=1e-5))
SCHEMA = Schema.of(**{"x": "float64", TARGET: "float64", "ward": "string"})
ROWS = 40

Asked = Callable[[messages.Request], messages.Answer]


@pytest.fixture
def site(tmp_path: Path) -> Callable[..., Asked]:
    table = pa.table(
        {
            "x": [float(n) for n in range(ROWS)],
            TARGET: [float(n % 2) for n in range(ROWS)],
            "ward": ["rare"] * 4 + ["common"] * (ROWS - 4),
        }
    )
    pq.write_table(table, tmp_path / "patients.parquet")

    def make(policy: Policy | None = POLICY) -> Asked:
        agent = SiteAgent(
            Lane(id="va", title="VA", kind="site"),
            Catalog(
                tmp_path,
                {"patients": TableSpec(path="patients.parquet"), "salaries": TableSpec(path="patients.parquet")},
            ),
            Engines({p.name: p for p in registry.named(["pandas", "numpy"])}, tmp_path / "workspace"),
            policy=policy,
            audit=Audit(tmp_path / "audit.jsonl"),
        )
        return lambda message: messages.decode_answer(agent.handle(messages.encode(message)))

    return make


def read(table: str = "patients") -> ReadFederated:
    return ReadFederated(federation="f", table=table, sites=("va",), schema=SCHEMA)


def submitted(
    ask: Asked, *operators: AnyOperator, run: str = "r", asked: tuple[str, ...] | None = None
) -> messages.Answer:
    """Submit a chain of operators; their ids are n0, n1, …"""
    nodes = tuple(
        Node(id=f"n{index}", operator=operator, inputs=(Port(node=f"n{index - 1}"),) if index else ())
        for index, operator in enumerate(operators)
    )
    results = tuple(Port(node=id_) for id_ in (asked if asked is not None else (nodes[-1].id,)))
    return ask(messages.SubmitPlan(run=run, plan=LogicalPlan(nodes=nodes, results=results)))


def aggregated(ask: Asked, operator: GroupBy, node: str = "n0", purpose: str = "aggregate") -> messages.Answer:
    return ask(messages.Aggregate(run="r", port=Port(node=node), operator=operator, purpose=purpose))


def named(name: str, function: str, arg: object = None) -> Named:
    return Named(name=name, expression=Aggregate(function=function, arg=arg))  # type: ignore[arg-type]


X, WARD = ColumnRef(name="x"), ColumnRef(name="ward")


def refused(answer: messages.Answer, kind: str, *parts: str) -> None:
    assert isinstance(answer, messages.Failure), answer
    assert answer.kind == kind, answer
    for part in parts:
        assert part in answer.message + (answer.hint or ""), answer


def test_without_a_policy_nothing_is_answered(site: Callable[..., Asked]) -> None:
    ask = site(policy=None)
    for message in (
        messages.Describe(table="patients"),
        messages.Score(node="n", round=0, task=ScoreTask(model=LogisticRegression(), features=(), parameters=())),
    ):
        refused(ask(message), "DisclosureError", "no policy file")
    refused(submitted(ask, read()), "DisclosureError", "no policy file")


def test_an_empty_policy_allows_nothing(site: Callable[..., Asked]) -> None:
    ask = site(policy=Policy())
    refused(ask(messages.Describe(table="patients")), "DisclosureError", "patients")
    refused(submitted(ask, read()), "DisclosureError", "patients")


def test_tables_that_the_policy_does_not_name_are_closed(site: Callable[..., Asked]) -> None:
    ask = site()
    assert isinstance(ask(messages.Describe(table="patients")), messages.Description)
    refused(ask(messages.Describe(table="salaries")), "DisclosureError", "salaries")
    refused(submitted(ask, read("salaries")), "DisclosureError", "salaries")


def test_a_plan_cannot_name_files_of_the_site(site: Callable[..., Asked]) -> None:
    ask = site()
    refused(submitted(ask, ReadFile(path="/etc/passwd", format="csv", schema=SCHEMA)), "DisclosureError", "by name")
    refused(submitted(ask, ReadFrame(key="k", label="l", schema=SCHEMA)), "DisclosureError", "by name")


def test_rows_never_leave(site: Callable[..., Asked]) -> None:
    ask = site()
    assert isinstance(submitted(ask, read()), messages.Planned)
    refused(ask(messages.Collect(run="r", port=Port(node="n0"))), "DisclosureError", "does not allow rows")


def test_small_groups_are_left_out_and_said(site: Callable[..., Asked]) -> None:
    ask = site()
    submitted(ask, read())
    answer = aggregated(ask, GroupBy(keys=(Named(name="ward", expression=WARD),), aggregates=(named("n", "count"),)))
    assert isinstance(answer, messages.Aggregated)
    # The other group would be what is left of all rows, so it is held back too.
    assert from_bytes(answer.body).to_pylist() == []
    assert answer.note == "groups under the site's minimum were left out"


def test_a_filter_to_few_rows_tells_nothing(site: Callable[..., Asked]) -> None:
    ask = site()
    submitted(ask, read(), Filter(condition=Binary(op="<", left=X, right=Literal.of(3.0))))
    answer = aggregated(ask, GroupBy(aggregates=(named("n", "count"), named("s", "sum", X))), node="n1")
    assert isinstance(answer, messages.Aggregated)
    assert from_bytes(answer.body).num_rows == 0


def test_a_number_about_few_values_is_null_even_in_a_large_group(site: Callable[..., Asked], tmp_path: Path) -> None:
    table = pq.read_table(tmp_path / "patients.parquet")
    few = pa.array([7.0, 8.0] + [None] * (ROWS - 2), pa.float64())
    pq.write_table(table.set_column(0, "x", few), tmp_path / "patients.parquet")
    ask = site()
    submitted(ask, read())
    answer = aggregated(ask, GroupBy(aggregates=(named("n", "count"), named("s", "sum", X), named("k", "count", X))))
    assert isinstance(answer, messages.Aggregated)
    assert from_bytes(answer.body).to_pylist() == [{"n": ROWS, "s": None, "k": None}]


def test_a_covariance_is_of_columns(site: Callable[..., Asked]) -> None:
    ask = site()
    submitted(ask, read())
    few = Case(
        condition=Binary(op="<", left=X, right=Literal.of(3.0)), then=X, otherwise=Literal(value=None, type="float64")
    )
    for one, other in ((X, few), (few, X)):
        made = Named(name="few", expression=Aggregate(function="cov", arg=one, other=other))
        refused(aggregated(ask, GroupBy(aggregates=(made,))), "DisclosureError", "of columns only")
    known = Case(condition=IsNull(arg=X), then=Literal(value=None, type="float64"), otherwise=X)
    both = Named(name="both", expression=Aggregate(function="cov", arg=X, other=known))
    answer = aggregated(ask, GroupBy(aggregates=(both,)))
    assert isinstance(answer, messages.Aggregated)
    assert from_bytes(answer.body)["both"][0].as_py() > 0


@pytest.mark.parametrize("function", ["min", "max", "n_unique", "median"])
def test_aggregates_that_show_single_values_are_refused(site: Callable[..., Asked], function: str) -> None:
    ask = site()
    submitted(ask, read())
    refused(aggregated(ask, GroupBy(aggregates=(named("a", function, X),))), "DisclosureError", "single row", "allowed")


def test_words_that_the_policy_lacks_are_refused(site: Callable[..., Asked]) -> None:
    ask = site(policy=Policy(tables=("patients",), operators=("learn",)))
    submitted(ask, read())
    refused(
        aggregated(ask, GroupBy(aggregates=(named("n", "count"),))),
        "DisclosureError",
        "does not allow aggregate",
        "learn",
    )
    for purpose in ("rows", "fit", "evaluate"):
        refused(
            aggregated(ask, GroupBy(aggregates=(named("n", "count"),)), purpose=purpose), "DisclosureError", purpose
        )


def test_learning_is_told_no_more_than_its_step_needs(site: Callable[..., Asked]) -> None:
    ask = site(policy=Policy(tables=("patients",), operators=("learn",)))
    submitted(ask, read(), Impute(columns=("x",)), asked=("n0",))
    means = GroupBy(aggregates=(named("n", "count", X), named("s", "sum", X)))
    assert isinstance(aggregated(ask, means, purpose="learn"), messages.Aggregated)
    by_ward = GroupBy(keys=(Named(name="ward", expression=WARD),), aggregates=(named("s", "sum", X),))
    refused(aggregated(ask, by_ward, purpose="learn"), "DisclosureError", "no more than it needs")


@pytest.mark.parametrize(
    "multiplies",
    [
        Join(on=(), how="cross"),
        GroupBy(aggregates=(named("x", "max", X),)),
        Select(columns=(Named(name="x", expression=Window(function="max", args=(X,))),)),
        WithColumns(
            columns=(Named(name="x", expression=Binary(op="+", left=X, right=Window(function="sum", args=(X,)))),)
        ),
    ],
    ids=["join", "group_by", "select", "with_columns"],
)
def test_nothing_that_makes_one_row_count_for_many_runs_at_a_site(
    site: Callable[..., Asked], multiplies: AnyOperator
) -> None:
    one = Filter(condition=Binary(op="==", left=X, right=Literal.of(5.0)))
    renamed = Rename(names=tuple((name, f"{name}_2") for name in SCHEMA.names))
    inputs = (Port(node="one"), Port(node="other")) if isinstance(multiplies, Join) else (Port(node="one"),)
    nodes = (
        Node(id="read", operator=read()),
        Node(id="one", operator=one, inputs=(Port(node="read"),)),
        Node(id="other", operator=renamed, inputs=(Port(node="read"),)),
        Node(id="many", operator=multiplies, inputs=inputs),
    )
    plan = LogicalPlan(nodes=nodes, results=(Port(node="many"),))
    refused(site()(messages.SubmitPlan(run="r", plan=plan)), "DisclosureError", "one row could count for many")


def test_no_policy_file_lets_rows_leave(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('tables = ["patients"]\noperators = ["rows"]\n')
    with pytest.raises(DataError, match="lets rows leave"):
        read_policy(tmp_path / "policy.toml")


def test_only_announced_results_can_be_asked_for(site: Callable[..., Asked]) -> None:
    ask = site()
    submitted(ask, read(), Filter(condition=Binary(op="<", left=X, right=Literal.of(30.0))))
    refused(aggregated(ask, GroupBy(aggregates=(named("n", "count"),)), node="n0"), "PlanError", "no result")


def task(rows: str = "x") -> LocalTask:
    return LocalTask(
        model=LogisticRegression(),
        features=("x",),
        parameters=(named_array("weights", np.zeros(1)), named_array("intercept", np.zeros(1))),
        learning_rate=0.01,
    )


def test_noisy_updates_are_counted_and_refused_beyond_the_budget(site: Callable[..., Asked]) -> None:
    ask = site(policy=PRIVATE)
    noise = RecordNoise(clip=1.0, noise_multiplier=5.0)
    private = msgspec.structs.replace(task(), noise=noise)
    submitted(ask, read(), LocalUpdate(model=LogisticRegression(), rounds=2, epochs=1, private=True))
    answer = ask(messages.Train(run="r", node="n1", round=1, task=private))
    assert isinstance(answer, messages.Trained)
    seeded = msgspec.structs.replace(private, noise=msgspec.structs.replace(noise, seed=1))
    told = ask(messages.Train(run="r", node="n1", round=2, task=seeded))
    refused(told, "DisclosureError", "no noise from a seed")
    told = ask(messages.Train(run="r", node="n1", round=2, task=private))
    refused(told, "DisclosureError", "budget of a row is spent: epsilon 0.726 of 1")


def test_an_update_leaves_only_of_enough_rows(site: Callable[..., Asked]) -> None:
    ask = site()
    update = LocalUpdate(model=LogisticRegression(), rounds=1, epochs=1)
    submitted(ask, read(), update)
    answer = ask(messages.Train(run="r", node="n1", round=1, task=task()))
    assert isinstance(answer, messages.Trained)
    assert answer.update.rows == ROWS
    few = Filter(condition=Binary(op="<", left=X, right=Literal.of(6.0)))
    submitted(ask, read(), few, update, run="s")
    refused(ask(messages.Train(run="s", node="n2", round=1, task=task())), "DisclosureError", "fewer rows")


def test_score_cells_leave_merged(site: Callable[..., Asked]) -> None:
    ask = site()
    submitted(ask, read(), Score(bins=20, rounds=1))
    scoring = ScoreTask(
        model=LogisticRegression(),
        features=("x",),
        parameters=(named_array("weights", np.array([0.1])), named_array("intercept", np.array([-2.0]))),
    )
    answer = ask(messages.Score(run="r", node="n1", round=0, task=scoring))
    assert isinstance(answer, messages.Scored)
    assert sum(cell.n for cell in answer.cells) == ROWS
    assert min(cell.n for cell in answer.cells) >= POLICY.minimum_cell


def test_plans_that_leave_show_no_estimate_under_the_minimum(site: Callable[..., Asked], tmp_path: Path) -> None:
    pq.write_table(pq.read_table(tmp_path / "patients.parquet").slice(0, 5), tmp_path / "patients.parquet")
    answer = submitted(site(), read())
    assert isinstance(answer, messages.Planned)
    (shown,) = answer.plan.operators
    assert shown.rows is not None
    assert (shown.rows.low, shown.rows.high) == (1, POLICY.minimum_rows)
    pq.write_table(pq.read_table(tmp_path / "patients.parquet").slice(0, 3), tmp_path / "fewer.parquet")
    (tmp_path / "fewer.parquet").rename(tmp_path / "patients.parquet")
    again = submitted(site(), read(), run="again")
    assert isinstance(again, messages.Planned)
    assert again.plan == answer.plan


def test_plans_that_leave_name_no_path_of_the_site(site: Callable[..., Asked], tmp_path: Path) -> None:
    answer = submitted(site(), read())
    assert isinstance(answer, messages.Planned)
    assert str(tmp_path) not in repr(answer)


def test_bytes_that_are_no_message_are_answered_and_not_raised(tmp_path: Path, site: Callable[..., Asked]) -> None:
    ask = site()
    agent = ask.__closure__[0].cell_contents  # type: ignore[attr-defined]
    answer = messages.decode_answer(agent.handle(b"\x93garbage"))
    refused(answer, "WireError", "cannot be read")


def test_an_error_that_nobody_foresaw_tells_its_kind_and_not_its_text(
    site: Callable[..., Asked], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: Catalog, table: str) -> AnyOperator:
        raise ZeroDivisionError("patient Jane Roe, born 1950")

    ask = site()
    monkeypatch.setattr(Catalog, "named", fails)
    answer = ask(messages.Describe(run="r", table="patients"))
    refused(answer, "SiteError", "VA met a ZeroDivisionError")
    assert "Jane" not in answer.message  # type: ignore[union-attr]
    assert "Jane Roe" in (tmp_path / "audit.jsonl").read_text()


def test_a_missing_file_names_no_neighbour(site: Callable[..., Asked], tmp_path: Path) -> None:
    (tmp_path / "patients.parquet").rename(tmp_path / "patients_1.parquet")
    answer = site()(messages.Describe(run="r", table="patients"))
    refused(answer, "DataError", "patients.parquet")
    assert "patients_1" not in repr(answer)


def test_the_audit_has_a_line_for_every_answer(site: Callable[..., Asked], tmp_path: Path) -> None:
    ask = site()
    submitted(ask, read())
    ask(messages.Collect(run="r", port=Port(node="n0")))
    lines = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    assert [(line["asked"], line["answered"]) for line in lines] == [("submit_plan", "planned"), ("collect", "failure")]
    assert all(line["bytes_out"] > 0 for line in lines)
    assert [line["detail"] for line in lines] == ["read(patients at 1 sites)", "n0"]


def test_what_a_run_holds_is_released(site: Callable[..., Asked]) -> None:
    ask = site()
    submitted(ask, read())
    assert isinstance(ask(messages.Release(run="r")), messages.Done)
    refused(aggregated(ask, GroupBy(aggregates=(named("n", "count"),))), "SiteError", "no plan")
