"""Simulated clients as a person handles them: dealt, fitted, followed, stopped, found again in the journal."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression

import jupyter_wayang as wy
from jupyter_wayang.drawing.curves import curves_svg
from jupyter_wayang.errors import NameUnknownError, OperatorError
from jupyter_wayang.events import ClientsMeasured, MetricsMeasured, Planned, RoundFinished, RunFinished, SiteReported
from jupyter_wayang.plan.models import array

FEDAVG = wy.fedavg(learning_rate=0.5, local_epochs=5)


@pytest.fixture
def session(tmp_path):
    session = wy.Session(tmp_path)
    yield session
    session.close()


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return pa.table({**{f"p{i}": X[:, i] / 16 for i in range(64)}, "digit": y})


@pytest.fixture(scope="module")
def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    return pd.DataFrame(X, columns=[f"x{i}" for i in range(30)]).assign(benign=y == 1)


def of(run, kind):
    return [event for event in run.events() if isinstance(event, kind)]


def test_many_clients_learn_the_digits_and_are_summed_up(session, digits):
    clients = session.simulate(digits, "digit", 200, partition=wy.dirichlet(0.5), seed=1)
    result = clients.fit(
        wy.logistic_regression(l2=1e-4), rounds=40, strategy=FEDAVG, participation=0.3, name="skewed digits"
    )
    run = result.run
    overall = [event for event in of(run, MetricsMeasured) if event.site == "global"]
    assert [event.round for event in overall] == list(range(41))
    assert overall[-1].accuracy > 0.9
    assert {event.site for event in of(run, MetricsMeasured)} == {"global"}
    spread = [event for event in of(run, ClientsMeasured) if event.metric == "accuracy"]
    assert len(spread) == 41
    last, table = spread[-1], result.to_pandas()
    own = table.iloc[1:]["accuracy"].astype(float).to_numpy()
    assert last.clients == len(own)
    assert last.mean == pytest.approx(own.mean())
    assert last.spread == pytest.approx(own.std())
    assert last.worst == own.min() <= last.worst_tenth <= last.median <= last.best_tenth <= last.best == own.max()
    assert (table["client"][0], table["accuracy"][0]) == ("global", pytest.approx(overall[-1].accuracy))
    assert array(result.model["weights"]).shape == (64, 10)
    with pytest.raises(OperatorError, match="10 classes"):
        result.model.linear()
    assert [summary.name for summary in session.kernel.runs()] == ["skewed digits"]
    assert session.attach(run.id).events() == run.events()
    drawn = curves_svg(run.events())
    assert "worst tenth" in drawn
    assert "median client" in drawn


def test_few_clients_are_shown_one_by_one_as_sites_are(session, cancer):
    clients = session.simulate(cancer, "benign", 4, partition=wy.quantity_skew(1.0))
    run = clients.fit(wy.logistic_regression(), rounds=3, strategy=FEDAVG, participation=0.5).run
    names = {"client 1", "client 2", "client 3", "client 4"}
    assert {event.site for event in of(run, MetricsMeasured)} == {"global", *names}
    for number in (1, 2, 3):
        assert len([event for event in of(run, SiteReported) if event.round == number]) == 2
    assert not of(run, ClientsMeasured)
    frame = run.metrics()
    assert set(frame["site"]) == {"global", *names}


def test_a_simulated_client_alone_is_the_pooled_fit(session, cancer):
    clients = session.simulate(cancer, "benign", 1, test=0.0)
    result = clients.fit(
        wy.logistic_regression(l2=0.05),
        rounds=1,
        strategy=wy.strategy("fedavg", learning_rate=0.5, local_epochs=3000),
    )
    X, y = cancer.drop(columns="benign").to_numpy(), cancer["benign"].to_numpy()
    expected = LogisticRegression(C=1 / (0.05 * len(y)), tol=1e-12, max_iter=10_000).fit(X, y)
    np.testing.assert_allclose(array(result.model["weights"]), expected.coef_[0], rtol=1e-4, atol=1e-6)
    assert result.to_arrow().num_rows == 1, "nothing is held out, so nothing is measured"


def test_clients_may_come_from_a_plan_and_be_those_of_a_column(session):
    chance = np.random.default_rng(0)
    frame = pd.DataFrame({"age": chance.normal(50, 10, 300), "ward": [f"ward {i % 3}" for i in range(300)]})
    frame["sick"] = frame["age"] + chance.normal(0, 5, 300) > 50
    ready = session.read(frame).with_columns(age=(wy.col.age - 50.0) / 10.0)
    clients = session.simulate(ready, "sick", partition=wy.by_column("ward"))
    assert list(clients.dealt.names) == ["ward 0", "ward 1", "ward 2"]
    assert clients.dealt.features == ("age",)
    result = clients.fit(wy.logistic_regression(), rounds=50, strategy=FEDAVG, until=wy.metric.accuracy > 0.7)
    (end,) = of(result.run, RunFinished)
    assert end.reason.startswith("accuracy > 0.7 was reached after")
    assert end.rounds == len(of(result.run, RoundFinished)) < 50


def test_a_simulation_is_stopped_between_rounds_and_its_model_is_kept(session, digits):
    clients = session.simulate(digits, "digit", 100)
    run = clients.fit(wy.logistic_regression(), rounds=10_000, strategy=FEDAVG, wait=False)
    run.pause()
    assert run.state == "paused"
    run.resume()
    for event in run.follow():
        if isinstance(event, RoundFinished) and event.round == 3:
            run.stop()
    result = run.wait()
    assert (result.state, run.state) == ("stopped", "stopped")
    assert 3 <= of(run, RunFinished)[0].rounds < 10_000
    assert array(result.model["weights"]).any()


def test_the_plan_says_how_clients_are_trained(session, digits):
    clients = session.simulate(digits, "digit", 100, partition=wy.dirichlet(0.1))
    run = clients.fit(wy.logistic_regression(), rounds=2, strategy=FEDAVG, participation=0.1).run
    assert len(of(run, Planned)) == 1
    text = repr(run.plan())
    assert "100 simulated clients" in text
    assert "as one batch of matrix products" in text
    assert "10% of them a round" in text


def test_clients_say_how_they_were_dealt(session, digits):
    even = session.simulate(digits, "digit", 20)
    skewed = session.simulate(digits, "digit", 20, partition=wy.dirichlet(0.1))
    assert len(even) == 20
    assert repr(even).startswith("clients   20\nrows      1,43")

    def spread(clients):
        return int(repr(clients).split(" by ")[1].split("%")[0])

    assert spread(skewed) > 2 * spread(even)
    table = skewed.to_arrow()
    assert table.column_names == ["client", "train_rows", "test_rows", *map(str, range(10))]
    assert sum(table["train_rows"].to_pylist()) + sum(table["test_rows"].to_pylist()) == digits.num_rows
    assert "<table>" in even._repr_html_()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"partition": 0.5}, "takes a partition, not 0.5"),
        ({"seed": -1}, "seed= takes"),
        ({"test": 1.5}, "share of rows"),
    ],
)
def test_wrong_arguments_are_refused(session, digits, given, words):
    with pytest.raises(OperatorError, match=words):
        session.simulate(digits, "digit", 10, **given)


def test_what_is_no_table_is_refused(session):
    with pytest.raises(OperatorError, match="a collection, a DataFrame or an Arrow table"):
        session.simulate([1, 2], "digit", 10)


def test_wrong_fits_are_refused(session, digits):
    clients = session.simulate(digits, "digit", 10)
    with pytest.raises(OperatorError, match="need a strategy"):
        clients.fit(wy.logistic_regression(), rounds=None, strategy=None)
    with pytest.raises(NameUnknownError, match="Did you mean fedavg"):
        clients.fit(wy.logistic_regression(), rounds=1, strategy=wy.strategy("fedavgg", learning_rate=0.5))
    with pytest.raises(OperatorError, match="fit a logistic_regression"):
        clients.fit(wy.linear_regression(), rounds=1, strategy=FEDAVG)
    with pytest.raises(OperatorError, match="protects 25"):
        clients.fit(wy.logistic_regression(), rounds=1, strategy=wy.strategy("krum", learning_rate=0.5, f=11))
    assert session.kernel.runs()[0].state == "failed"
