"""A site that is asked for sums: what it adds up, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_wayang.catalog import Catalog, TableSpec
from jupyter_wayang.errors import OperatorError
from jupyter_wayang.execution.scheduler import Engines
from jupyter_wayang.plan.execution import Lane
from jupyter_wayang.plan.expressions import ColumnRef, Named
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.models import array
from jupyter_wayang.plan.operators import Prepare, ReadFederated
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.sums import ByCentre, ByClass, Means, Products, Slopes, SumsTask
from jupyter_wayang.plan.tasks import TARGET
from jupyter_wayang.platforms import registry
from jupyter_wayang.site.agent import SiteAgent
from jupyter_wayang.site.audit import Audit
from jupyter_wayang.site.policy import Policy
from jupyter_wayang.transport import messages

POLICY = Policy(tables=("t",), operators=("fit",), minimum_rows=10, minimum_cell=3)
COUNT = 40

Ask = Callable[..., messages.Answer]


def columns() -> dict[str, list[float | None]]:
    random = np.random.default_rng(1)
    return {
        "x": random.normal(50, 5, COUNT).tolist(),
        "z": random.normal(size=COUNT).tolist(),
        "rare": [1.0] * 2 + [0.0] * (COUNT - 2),
        "here": [1.0] * 20 + [0.0] * (COUNT - 20),
        "never": [0.0] * COUNT,
        "gap": [None, *[1.0, 2.0] * 19, 3.0],
        "y": [float(index % 2) for index in range(COUNT)],
        "alone": [1.0] * 5 + [0.0] * (COUNT - 5),
    }


@pytest.fixture(params=["pandas", "duckdb"])
def ask(request: pytest.FixtureRequest, tmp_path: Path) -> Ask:
    """Ask a site with 40 rows (or fewer) for sums over prepared rows."""

    def asked(
        task: SumsTask, *, target: str = "y", rows: int = COUNT, policy: Policy = POLICY, node: str = "p"
    ) -> messages.Answer:
        table = pa.table({name: pa.array(values[:rows], pa.float64()) for name, values in columns().items()})
        pq.write_table(table, tmp_path / "t.parquet")
        agent = SiteAgent(
            Lane(id="va", title="VA", kind="site"),
            Catalog(tmp_path, {"t": TableSpec(path="t.parquet")}),
            Engines({p.name: p for p in registry.named([request.param])}, tmp_path / "workspace"),
            policy=policy,
            audit=Audit(tmp_path / "audit.jsonl"),
        )

        def sent(message: messages.Request) -> messages.Answer:
            return messages.decode_answer(agent.handle(messages.encode(message)))

        schema = Schema.from_pairs((name, "float64") for name in table.column_names)
        read = ReadFederated(federation="f", table="t", sites=("va",), schema=schema)
        prepare = Prepare(steps=(), target=ColumnRef(name=target), features=task.features)
        nodes = (Node(id="r", operator=read), Node(id="p", operator=prepare, inputs=(Port(node="r"),)))
        sent(messages.SubmitPlan(run="1", plan=LogicalPlan(nodes=nodes, results=(Port(node="p"), Port(node="r")))))
        made = (*task.features, target)
        named = tuple(Named(name=TARGET if n == target else n, expression=ColumnRef(name=n)) for n in made)
        sent(messages.Learned(run="1", node="p", columns=named))
        return sent(messages.Sum(run="1", node=node, round=1, task=task))

    return asked


def refused(answer: messages.Answer, kind: str, part: str) -> None:
    assert isinstance(answer, messages.Failure), answer
    assert (answer.kind, part in answer.message) == (kind, True), answer


def sums(answer: messages.Answer) -> dict[str, np.ndarray]:
    assert isinstance(answer, messages.Summed), answer
    return {named.name: array(named) for named in answer.sums.arrays}


def slopes(**changes: object) -> Slopes:
    given = {"family": "binomial", "centres": (50.0,), "weights": (0.1,), "intercept": 0.2}
    return Slopes(features=("x",), **{**given, **changes})  # type: ignore[arg-type]


def test_sums_are_those_of_the_rows(ask: Ask) -> None:
    x, z = np.array(columns()["x"]), np.array(columns()["z"])
    y = np.array(columns()["y"])
    assert sums(ask(Means(features=("x", "z"))))["sums"] == pytest.approx([x.sum(), z.sum(), y.sum()])
    made = np.column_stack([x - 50, z - 0.1, y - 0.5])
    products = sums(ask(Products(features=("x", "z"), centres=(50.0, 0.1, 0.5))))["products"]
    assert products == pytest.approx(made.T @ made)


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson", "gamma"])
def test_slopes_are_the_derivatives_of_the_loss(ask: Ask, family: str) -> None:
    target = "x" if family == "gamma" else "y"
    features, step = ("z",), 1e-5

    def at(weight: float, intercept: float) -> dict[str, np.ndarray]:
        point = {"centres": (0.1,), "weights": (weight,), "intercept": intercept}
        return sums(ask(Slopes(features=features, family=family, **point), target=target))  # type: ignore[arg-type]

    here = at(0.3, 0.2)
    beside = [[at(0.3 + sign * step, 0.2), at(0.3, 0.2 + sign * step)] for sign in (1, -1)]
    for index in range(2):
        up, down = beside[0][index], beside[1][index]
        assert here["gradient"][index] == pytest.approx((up["loss"] - down["loss"])[0] / (2 * step), rel=1e-6)
        assert here["curvature"][index] == pytest.approx((up["gradient"] - down["gradient"]) / (2 * step), rel=1e-6)


def test_no_sums_are_about_fewer_rows_than_the_minimum_or_the_parameters(ask: Ask) -> None:
    refused(ask(Means(features=("x",)), rows=9), "DisclosureError", "fewer rows to fit on than its minimum")
    many = ByCentre(features=("x",), centres=tuple((float(n),) for n in range(12)))
    refused(ask(many, rows=11), "DisclosureError", "or than the model has parameters")


def test_a_feature_that_marks_two_rows_is_refused(ask: Ask) -> None:
    task = Products(features=("x", "rare"), centres=(0.0, 0.0, 0.0))
    refused(ask(task), "DisclosureError", "one of the two values of rare in fewer rows")
    assert sums(ask(Products(features=("x", "here", "never"), centres=(0.0,) * 4)))


def test_a_target_that_marks_two_rows_is_refused(ask: Ask) -> None:
    refused(ask(Means(features=("x",)), target="rare"), "DisclosureError", "one of the two values of the target")


def test_parameters_that_leave_one_row_are_refused(ask: Ask) -> None:
    # So steep that every row but those beside the border has the weight p (1 - p) = 0.
    border = sorted(value for value in columns()["x"] if value is not None)[20]
    refused(ask(slopes(weights=(1e4,), centres=(border,), intercept=0.0)), "DisclosureError", "only a few of its rows")
    assert sums(ask(slopes()))


def test_a_small_class_is_kept_back_with_the_other(ask: Ask) -> None:
    answer = ask(ByClass(features=("x",), centres=((0.0,), (0.0,))), target="alone")
    assert not sums(answer)["counts"].any()
    assert isinstance(answer, messages.Summed)
    assert (answer.sums.rows, "left out" in str(answer.note)) == (0, True)


def test_a_small_cluster_is_kept_back_with_the_next_larger_one(ask: Ask) -> None:
    ordered = sorted(value for value in columns()["x"] if value is not None)
    far = ByCentre(features=("x",), centres=((ordered[0] - 1,), (ordered[12],), (ordered[30],)))
    counts = sums(ask(far))["counts"]
    assert np.count_nonzero(counts) == 1
    everything = ask(far, policy=Policy(tables=("t",), operators=("fit",), minimum_rows=1, minimum_cell=0))
    assert sums(everything)["counts"].sum() == COUNT


def test_missing_values_are_named(ask: Ask) -> None:
    refused(ask(Means(features=("x", "gap"))), "OperatorError", "gap has missing values: impute(mean) first")


@pytest.mark.parametrize(
    ("task", "target", "message"),
    [
        (slopes(), "z", "values other than 0 and 1"),
        (slopes(family="poisson"), "z", "is 0 or more"),
        (slopes(family="gamma"), "y", "is above 0"),
    ],
)
def test_a_target_that_the_family_cannot_have_is_refused(ask: Ask, task: Slopes, target: str, message: str) -> None:
    refused(ask(task, target=target), "OperatorError", message)


def test_only_prepared_rows_are_added_up_and_only_where_fits_are_allowed(ask: Ask) -> None:
    refused(ask(Means(features=("x",)), node="r"), "PlanError", "prepares no rows")
    shy = Policy(tables=("t",), operators=("aggregate",), minimum_rows=10)
    refused(ask(Means(features=("x",)), policy=shy), "DisclosureError", "does not allow fit")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Means(features=()),
        lambda: Means(features=("x", "x")),
        lambda: Products(features=("x",), centres=(0.0,)),
        lambda: slopes(weights=(float("nan"),)),
        lambda: ByCentre(features=("x",), centres=()),
    ],
)
def test_tasks_check_themselves(make: Callable[[], SumsTask]) -> None:
    with pytest.raises(OperatorError):
        make()
