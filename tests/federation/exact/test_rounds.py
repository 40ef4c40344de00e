"""An exact fit as a run: its rounds, its events, and how it ends."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import jupyter_wayang as wy
from jupyter_wayang import events
from jupyter_wayang.errors import DisclosureError, OperatorError, SiteError
from jupyter_wayang.kernel.exact import added
from jupyter_wayang.plan.models import array, named_array
from jupyter_wayang.plan.sums import Sums

Visits = Callable[..., wy.Collection]
SITES = ("duckdb", "polars", "pandas", "sqlite", "postgres")


def kinds(run: wy.Run, kind: type) -> list:
    return [event for event in run.events() if isinstance(event, kind)]


def test_rounds_are_events_and_no_row_leaves(visits: Visits) -> None:
    result = visits("cost").fit(wy.linear_regression(), target="cost").run(wait=True)
    started, finished = kinds(result.run, events.RoundStarted), kinds(result.run, events.RoundFinished)
    assert [event.round for event in started] == [event.round for event in finished] == [1, 2]
    assert finished[0].sites == SITES
    reports = kinds(result.run, events.SiteReported)
    assert sorted(event.site for event in reports) == sorted(SITES * 2)
    assert all(event.error is None and event.seconds >= 0 for event in reports)
    assert "summed" in {event.kind for event in kinds(result.run, events.BytesMoved)}
    assert sum(event.rows for event in kinds(result.run, events.BytesMoved)) == 0
    (end,) = kinds(result.run, events.RunFinished)
    assert (end.state, end.rounds, end.reason) == ("done", 2, "exact after 2 rounds")


def test_a_logistic_regression_is_measured_after_every_round(visits: Visits) -> None:
    train, test = visits("ill").split(0.7, seed=2)
    model = train.fit(wy.logistic_regression(), target="ill")
    result = model.evaluate(test).run(wait=True)
    measured = [event for event in kinds(result.run, events.MetricsMeasured) if event.site == "global"]
    losses = [event.log_loss for event in measured]
    assert len(losses) >= 4
    assert losses[-1] < losses[0]
    assert result.to_arrow()["log_loss"].to_pylist()[0] == losses[-1]


def test_rounds_and_a_goal_of_ones_own(visits: Visits) -> None:
    ready = visits("ill")
    few = ready.fit(wy.logistic_regression(), target="ill", strategy=wy.newton(), rounds=3).run(wait=True)
    assert kinds(few.run, events.RunFinished)[0].reason == "all 3 rounds are done"
    goal = ready.fit(wy.logistic_regression(), target="ill", strategy=wy.newton(), until=wy.metric.log_loss < 0.65).run(
        wait=True
    )
    assert "log_loss < 0.65 was reached" in kinds(goal.run, events.RunFinished)[0].reason


def test_a_stop_keeps_the_model_of_the_last_round(visits: Visits) -> None:
    run = visits().fit(wy.kmeans(7, seed=5)).run(wait=False)
    for event in run.follow():
        if isinstance(event, events.RoundFinished) and event.round == 3:
            run.stop()
            break
    result = run.wait()
    if result.state == "stopped":
        assert array(result.model["centres"]).shape == (7, 3)
    assert result.state in ("stopped", "done")


def test_what_was_kept_back_is_said(visits: Visits) -> None:
    # A centre that few rows are nearest to: every site keeps it back, and what is left is another model.
    start = ((2000.0, 0.02, 0.0), (2024.0, 0.02, 0.0))
    result = visits().fit(wy.kmeans(2, start=start)).run(wait=True)
    assert kinds(result.run, events.Withheld)
    assert any("under the site's minimum" in note for note in result.notes)


def test_a_plan_shows_the_loop(visits: Visits) -> None:
    plan = visits("ill").fit(wy.logistic_regression(), target="ill").plan().execution
    assert plan.loop is not None
    assert plan.loop.rounds == 50
    assert {o.verb for o in plan.operators if o.lane == "duckdb"} >= {"read", "prepare"}
    assert "fit" not in {o.verb for o in plan.operators}


def test_a_glm_without_sites_is_the_same_fit(session: wy.Session, rows: dict[str, np.ndarray]) -> None:
    import pyarrow as pa

    names = ("age", "dose", "smokes", "visits")
    table = session.read(pa.table({name: rows[name] for name in names}))
    model = table.fit(wy.glm("poisson"), target="visits")
    here = model.run(platforms=["polars", "numpy"], wait=True).model
    sites = session.read("visits", sites="five").select(*names).fit(wy.glm("poisson"), target="visits")
    there = sites.run(wait=True).model
    assert array(here["weights"]) == pytest.approx(array(there["weights"]), rel=1e-8)
    said = model.predict(table).agg(n=wy.mean(wy.col.prediction), m=wy.mean(wy.col.visits)).run(wait=True)
    (row,) = said.to_arrow().to_pylist()
    # With an intercept and a canonical link the means of predictions and target are equal.
    assert row["n"] == pytest.approx(row["m"], rel=1e-9)
    (figures,) = model.evaluate(table).run(wait=True).to_arrow().to_pylist()
    assert figures["rows"] == 600


def test_separated_classes_have_no_fit_without_a_penalty(visits: Visits) -> None:
    old = visits().with_columns(old=wy.col.age > 2000).select("age", "dose", "old")
    with pytest.raises((OperatorError, DisclosureError), match=r"without a penalty|only a few of its rows"):
        old.fit(wy.logistic_regression(), target="old").run(wait=True)
    assert old.scale().fit(wy.logistic_regression(l2=0.01), target="old").run(wait=True).state == "done"


def test_features_that_depend_on_each_other_are_no_obstacle(visits: Visits, rows: dict[str, np.ndarray]) -> None:
    twice = visits("cost").with_columns(again=wy.col.smokes * 2).select("smokes", "again", "cost")
    model = twice.fit(wy.linear_regression(), target="cost").run(wait=True).model
    X = np.column_stack([rows["smokes"], rows["smokes"] * 2])
    wanted = np.linalg.lstsq(X - X.mean(axis=0), rows["cost"] - rows["cost"].mean(), rcond=None)[0]
    assert array(model["weights"]) == pytest.approx(wanted, rel=1e-8)
    assert not model.statistics


def test_a_strategy_fits_only_what_it_can(visits: Visits) -> None:
    with pytest.raises(OperatorError, match=r"pca\(\) has no federated strategy: over sites it is fitted exactly"):
        visits().fit(wy.pca(2), strategy=wy.newton())


def test_sums_of_another_shape_or_no_numbers_are_refused() -> None:
    good = Sums(arrays=(named_array("sums", np.array([1.0, 2.0])),), rows=3)
    for bad in (np.array([1.0]), np.array([1.0, np.nan])):
        with pytest.raises(SiteError, match="b answered with other sums"):
            added({"a": good, "b": Sums(arrays=(named_array("sums", bad),), rows=3)})


def measured(model: wy.Collection, rows: wy.Collection) -> dict[str, dict[str, float]]:
    table = model.evaluate(rows).run(wait=True).to_arrow().to_pylist()
    return {row["site"]: row for row in table}


@pytest.mark.parametrize(("model", "target"), [(wy.linear_regression(), "cost"), (wy.glm("poisson"), "visits")])
def test_a_number_is_measured_over_sites(
    visits: Visits, rows: dict[str, np.ndarray], model: object, target: str
) -> None:
    fit = visits(target).fit(model, target=target)
    found = measured(fit, visits(target))
    fitted = fit.run(wait=True).model
    X = np.column_stack([rows[name] for name in ("age", "dose", "smokes")])
    said = X @ array(fitted["weights"]) + array(fitted["intercept"])[0]
    said = np.exp(said) if target == "visits" else said
    assert list(found) == ["global", *SITES]
    for place, here in [("global", rows["site"] >= 0), *((s, rows["site"] == i) for i, s in enumerate(SITES))]:
        y, off = rows[target][here], (said - rows[target])[here]
        wanted = {
            "rmse": (off**2).mean() ** 0.5,
            "mae": np.abs(off).mean(),
            "r2": 1 - (off**2).sum() / ((y - y.mean()) ** 2).sum(),
        }
        assert {name: found[place][name] for name in wanted} == pytest.approx(wanted, rel=1e-8)
        assert found[place]["rows"] == here.sum()


def test_a_site_with_few_rows_is_not_measured(visits: Visits) -> None:
    fit = visits("cost").fit(wy.linear_regression(), target="cost")
    found = measured(fit, visits("cost").filter(wy.col.age > 2015))
    silent = [site for site, row in found.items() if row["rows"] is None]
    assert silent
    assert all((found[site]["rmse"], found[site]["note"]) == (None, "under 10 rows") for site in silent)
    assert found["global"]["note"] == f"without {', '.join(silent)}"


def test_naive_bayes_is_measured_and_asked_over_sites(visits: Visits, rows: dict[str, np.ndarray]) -> None:
    from sklearn.metrics import log_loss, roc_auc_score
    from sklearn.naive_bayes import GaussianNB

    fit = visits("ill").fit(wy.naive_bayes(), target="ill")
    X = np.column_stack([rows[name] for name in ("age", "dose", "smokes")])
    said = GaussianNB().fit(X, rows["ill"]).predict_proba(X)[:, 1]
    found = measured(fit, visits("ill"))["global"]
    assert found["log_loss"] == pytest.approx(log_loss(rows["ill"], said), rel=1e-6)
    assert found["auc"] == pytest.approx(roc_auc_score(rows["ill"], said), abs=0.01)
    mean = fit.predict(visits("ill"), name="p").agg(p=wy.mean(wy.col.p)).run(wait=True).to_arrow()["p"].to_pylist()
    assert mean == pytest.approx([said.mean()], rel=1e-6)


def test_coefficients_over_sites_are_rows_of_the_kernel(visits: Visits, rows: dict[str, np.ndarray]) -> None:
    import statsmodels.api as sm

    fit = visits("cost").fit(wy.linear_regression(), target="cost")
    table = fit.coefficients().run(wait=True).to_arrow()
    X = np.column_stack([rows[name] for name in ("age", "dose", "smokes")])
    wanted = sm.OLS(rows["cost"], sm.add_constant(X)).fit()
    assert table["p_value"].to_numpy() == pytest.approx(wanted.pvalues, rel=1e-5, abs=1e-200)
    assert {o.lane for o in fit.coefficients().plan().execution.operators} == {"kernel", *SITES}


def test_clusters_and_components_are_asked_over_sites(visits: Visits, rows: dict[str, np.ndarray]) -> None:
    start = ((1990.0, 0.02, 0.0), (2010.0, 0.02, 0.0))
    fit = visits().fit(wy.kmeans(2, start=start))
    asked = fit.predict(visits("cost"), name="cluster")
    found = asked.group_by("cluster").agg(n=wy.count(), cost=wy.mean(wy.col.cost)).sort("cluster").run(wait=True)
    X = np.column_stack([rows[name] for name in ("age", "dose", "smokes")])
    centres = array(fit.run(wait=True).model["centres"])
    number = ((X[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    for row in found.to_arrow().to_pylist():
        inside = number == row["cluster"]
        assert (row["n"], row["cost"]) == (inside.sum(), pytest.approx(rows["cost"][inside].mean(), rel=1e-9))
    components = visits().fit(wy.pca(2)).predict(visits(), name="c")
    spread = components.agg(a=wy.var(wy.col.c_1), m=wy.mean(wy.col.c_2)).run(wait=True).to_arrow().to_pylist()
    assert spread[0]["a"] == pytest.approx(np.linalg.eigvalsh(np.cov(X.T)).max(), rel=1e-8)
    assert spread[0]["m"] == pytest.approx(0, abs=1e-9)


def test_of_a_row_with_a_null_feature_nothing_is_said(visits: Visits) -> None:
    fit = visits().fit(wy.kmeans(2, start=((1990.0, 0.02, 0.0), (2010.0, 0.02, 0.0))))
    unknown = visits().with_columns(age=wy.where(wy.col.age > 2000, None, wy.col.age))
    said = fit.predict(unknown, name="k").agg(n=wy.count(wy.col.k), age=wy.count(wy.col.age)).run(wait=True)
    (row,) = said.to_arrow().to_pylist()
    assert 0 < row["n"] == row["age"] < 600


def test_clusters_are_not_measured_over_sites(visits: Visits) -> None:
    with pytest.raises(OperatorError, match=r"kmeans\(\) is not measured over sites"):
        visits().fit(wy.kmeans(2)).evaluate(visits()).run(wait=True)
