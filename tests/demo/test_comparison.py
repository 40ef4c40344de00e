from __future__ import annotations

import numpy as np
import pytest

from jupyter_wayang.app import Session
from jupyter_wayang.datasets import hospitals
from jupyter_wayang.demo import task
from jupyter_wayang.demo.comparison import CONTENDERS, GLOBAL, SEEDS, Comparison, compare
from jupyter_wayang.language.expressions import col
from jupyter_wayang.plan.models import LogisticRegression, Model, named_array
from jupyter_wayang.plan.schema import Schema

COUNTS = {"cleveland": (242, 61), "hungary": (235, 59), "switzerland": (98, 25), "va": (160, 40)}


@pytest.fixture(scope="module")
def once() -> Comparison:
    return compare(seeds=[7])


def test_rows_are_those_of_the_hospitals(once):
    assert {site: (once.training[site], once.test[site]) for site in once.titles} == COUNTS
    assert {site: round(share, 3) for site, share in once.majority.items()} == {
        "cleveland": 0.541,
        "hungary": 0.639,
        "switzerland": 0.935,
        "va": 0.745,
    }


def test_the_sites_measure_the_model_on_the_same_rows(once, tmp_path):
    session = Session(tmp_path)
    try:
        session.federation("hospitals", hospitals(tmp_path / "hospitals", java=False))
        patients = task.cleaned(session.read("patients", sites="hospitals"))
        _, test = patients.split(task.FRACTION, seed=7, by=[col.num > 0])
        rows = task.federated(patients, 7).evaluate(test).run().to_arrow().to_pylist()
    finally:
        session.close()
    for row in rows:
        ours = once.at(7, row["site"], "federated")
        assert row["rows"] == ours.rows
        assert row["log_loss"] == pytest.approx(ours.log_loss, abs=1e-9)
        assert row["accuracy"] == pytest.approx(ours.accuracy, abs=1e-12)
        assert (row["auc"] is None) == (ours.auc is None)


def test_a_metric_under_the_minimum_is_null_with_the_reason(once):
    for contender in CONTENDERS:
        score = once.at(7, "switzerland", contender)
        assert (score.auc, score.note) == (None, "class 0 has under 3 rows")


def test_a_model_that_is_there_is_not_trained_again(once):
    constant = Model(
        spec=LogisticRegression(),
        steps=(),
        inputs=Schema.of(age="float64", num="float64"),
        features=("age",),
        target=(col.num > 0).expression,
        parameters=(named_array("weights", np.zeros(1)), named_array("intercept", np.zeros(1))),
    )
    given = compare({7: constant}, seeds=[7])
    assert given.at(7, GLOBAL, "federated").auc == 0.5
    assert given.at(7, GLOBAL, "pooled") == once.at(7, GLOBAL, "pooled")


@pytest.mark.slow
def test_federated_is_as_good_as_pooled_with_every_seed():
    found = compare()
    assert found.seeds == SEEDS
    federated, pooled, converged = (
        [score.auc for score in found.scores(GLOBAL, who)] for who in ("federated", "pooled", "converged")
    )
    for ours, *others in zip(federated, pooled, converged, strict=True):
        assert all(abs(ours - other) < 0.01 for other in others)
    assert sum(federated) / 10 == pytest.approx(0.875, abs=0.005)
