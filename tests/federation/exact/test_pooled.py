"""Exact fits over five sites on five platforms equal the fit of all rows at one place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import statsmodels.api as sm
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB

import jupyter_wayang as wy
from jupyter_wayang.plan.models import Model, array

FEATURES = ("age", "dose", "smokes")

Rows = dict[str, np.ndarray]
Visits = Callable[..., wy.Collection]


def matrix(rows: Rows) -> np.ndarray:
    return np.column_stack([rows[name] for name in FEATURES])


def found(model: wy.Collection) -> dict[str, np.ndarray]:
    fitted: Model = model.run(wait=True).model
    return {named.name: array(named) for named in (*fitted.parameters, *fitted.statistics)}


def errors(arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Return the standard errors, the intercept first as statsmodels has it."""
    return np.roll(np.sqrt(np.diag(arrays["covariance"])), 1)


def line(arrays: dict[str, np.ndarray]) -> np.ndarray:
    return np.append(arrays["intercept"], arrays["weights"])


@pytest.mark.parametrize("l2", [0.0, 0.3])
def test_linear_and_ridge_regression(visits: Visits, rows: Rows, l2: float) -> None:
    made = found(visits("cost").fit(wy.linear_regression(l2=l2), target="cost"))
    X, y = matrix(rows), rows["cost"]
    wanted = (Ridge(alpha=l2 * len(y), solver="svd") if l2 else LinearRegression()).fit(X, y)
    assert line(made) == pytest.approx(np.append(wanted.intercept_, wanted.coef_), rel=1e-8)
    if not l2:
        assert errors(made) == pytest.approx(sm.OLS(y, sm.add_constant(X)).fit().bse, rel=1e-6)
    else:
        assert "covariance" not in made


@pytest.mark.parametrize(
    ("family", "target", "theirs"),
    [
        ("gaussian", "cost", sm.families.Gaussian()),
        ("binomial", "ill", sm.families.Binomial()),
        ("poisson", "visits", sm.families.Poisson()),
        ("gamma", "days", sm.families.Gamma(sm.families.links.Log())),
    ],
)
def test_generalised_linear_models(
    visits: Visits, rows: Rows, family: str, target: str, theirs: sm.families.Family
) -> None:
    made = found(visits(target).fit(wy.glm(family), target=target))
    X = matrix(rows)
    middle, spread = X.mean(axis=0), X.std(axis=0)
    # Theirs loses digits with features that are far from zero: it is given centred ones, and its numbers are moved back.
    wanted = sm.GLM(rows[target], sm.add_constant((X - middle) / spread), family=theirs).fit(tol=1e-14, maxiter=200)
    moved = np.zeros((4, 4))
    moved[0, 0], moved[0, 1:], moved[1:, 1:] = 1.0, -middle / spread, np.diag(1 / spread)
    assert line(made) == pytest.approx(moved @ wanted.params, rel=1e-8)
    assert errors(made) == pytest.approx(np.sqrt(np.diag(moved @ wanted.cov_params() @ moved.T)), rel=1e-6)


@pytest.mark.parametrize("penalize", [False, True])
def test_logistic_regression_with_a_penalty(visits: Visits, rows: Rows, penalize: bool) -> None:
    ready = visits("ill").scale()
    fitted = ready.fit(wy.logistic_regression(l2=0.01, penalize_intercept=penalize), target="ill", strategy=wy.newton())
    made = found(fitted)
    X, y = matrix(rows), rows["ill"]
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    X = np.column_stack([X, np.ones(len(y))]) if penalize else X
    wanted = LogisticRegression(
        C=1 / (0.01 * len(y)), fit_intercept=not penalize, tol=1e-14, max_iter=1000, solver="newton-cholesky"
    ).fit(X, y)
    theirs = wanted.coef_[0] if penalize else np.append(wanted.coef_[0], wanted.intercept_)
    assert np.roll(line(made), -1) == pytest.approx(theirs, rel=1e-8)


def test_naive_bayes(visits: Visits, rows: Rows) -> None:
    made = found(visits("ill").fit(wy.naive_bayes(), target="ill"))
    wanted = GaussianNB().fit(matrix(rows), rows["ill"])
    assert made["shares"] == pytest.approx(wanted.class_prior_, rel=1e-8)
    assert made["means"] == pytest.approx(wanted.theta_, rel=1e-8)
    assert made["variances"] == pytest.approx(wanted.var_, rel=1e-8)


def test_principal_components(visits: Visits, rows: Rows) -> None:
    made = found(visits().fit(wy.pca(2)))
    wanted = PCA(2, svd_solver="full").fit(matrix(rows))
    largest = wanted.components_[np.arange(2), np.abs(wanted.components_).argmax(axis=1)]
    assert made["mean"] == pytest.approx(wanted.mean_, rel=1e-8)
    assert made["components"] == pytest.approx(wanted.components_ * np.sign(largest)[:, None], rel=1e-8, abs=1e-12)
    assert made["variances"] == pytest.approx(wanted.explained_variance_, rel=1e-8)


def test_kmeans_from_the_same_start(visits: Visits, rows: Rows) -> None:
    start = ((1990.0, 0.02, 0.0), (2000.0, 0.02, 0.0), (2010.0, 0.02, 0.0))
    made = found(visits().fit(wy.kmeans(3, start=start)))
    X = matrix(rows)
    wanted = KMeans(3, init=np.array(start), n_init=1, tol=0, max_iter=1000, algorithm="lloyd").fit(X)
    assert made["centres"] == pytest.approx(wanted.cluster_centers_, rel=1e-8)
