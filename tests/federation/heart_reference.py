"""The whole federated model of the heart records in plain NumPy: nothing of the package is used.

It is the independent computation that the federated runs are compared with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

Table = Mapping[str, np.ndarray]
"""Columns as float arrays of one length; NaN is a missing value."""

NUMBERS = ("age", "sex", "trestbps", "chol", "fbs", "thalach", "exang", "oldpeak")
CATEGORIES = ("cp", "restecg")


def cleaned(table: Table) -> dict[str, np.ndarray]:
    """Mark a cholesterol of 0 and a resting blood pressure of 0 as missing."""
    columns = {name: np.array(values, dtype=float) for name, values in table.items()}
    for name in ("chol", "trestbps"):
        columns[name][columns[name] == 0] = np.nan
    return columns


def prepared(
    tables: Mapping[str, Table], training: Mapping[str, np.ndarray]
) -> tuple[list[str], dict[str, tuple[np.ndarray, np.ndarray]]]:
    """Return the names of the features, and per site all rows as features and target (0 or 1).

    Means, deviations (over n) and levels are those of the training rows of all sites together.

    Parameters
    ----------
    tables
        Per site the raw columns, with ``num`` among them.
    training
        Per site which rows are for training.
    """
    clean = {site: cleaned(table) for site, table in tables.items()}
    columns: dict[str, dict[str, np.ndarray]] = {site: {} for site in clean}
    for name in NUMBERS:
        pooled = np.concatenate([table[name][training[site]] for site, table in clean.items()])
        mean = np.nanmean(pooled)
        filled = np.where(np.isnan(pooled), mean, pooled)
        centre, spread = filled.mean(), filled.std()
        for site, table in clean.items():
            columns[site][name] = (np.where(np.isnan(table[name]), mean, table[name]) - centre) / spread
    for name in CATEGORIES:
        pooled = np.concatenate([table[name][training[site]] for site, table in clean.items()])
        for level in np.unique(pooled[~np.isnan(pooled)]):
            for site, table in clean.items():
                columns[site][f"{name}={level:g}"] = (table[name] == level).astype(float)
    features = list(next(iter(columns.values())))
    return features, {
        site: (np.column_stack([made[name] for name in features]), (tables[site]["num"] > 0).astype(float))
        for site, made in columns.items()
    }


def gradient_steps(
    X: np.ndarray, y: np.ndarray, w: np.ndarray, b: float, *, steps: int, learning_rate: float, l2: float
) -> tuple[np.ndarray, float]:
    """Descend the mean log loss plus l2 / 2 · ‖w‖² on all rows at once; the intercept is not penalised."""
    for _ in range(steps):
        p = 1 / (1 + np.exp(-(X @ w + b)))
        w, b = w - learning_rate * (X.T @ (p - y) / len(y) + l2 * w), b - learning_rate * float(np.mean(p - y))
    return w, b


def reference(
    tables: Mapping[str, Table],
    training: Mapping[str, np.ndarray],
    *,
    rounds: int = 30,
    local_epochs: int = 5,
    learning_rate: float = 0.5,
    l2: float = 1e-3,
    weights: str = "rows",
) -> list[tuple[dict[str, float], float]]:
    """Return the global model after every round as (weight by feature, intercept); item 0 is the model before them.

    Parameters
    ----------
    tables
        Per site the raw columns as float arrays (NaN is missing): those of NUMBERS and CATEGORIES, and ``num``.
    training
        Per site a boolean array: which rows are for training.
    """
    features, rows = prepared(tables, training)
    data = {site: (X[training[site]], y[training[site]]) for site, (X, y) in rows.items()}
    sizes = np.array([len(y) for _, y in data.values()], dtype=float) if weights == "rows" else np.ones(len(data))
    shares = sizes / sizes.sum()
    w, b = np.zeros(len(features)), 0.0
    models = [(dict(zip(features, w.tolist(), strict=True)), b)]
    for _ in range(rounds):
        local = [
            gradient_steps(X, y, w, b, steps=local_epochs, learning_rate=learning_rate, l2=l2) for X, y in data.values()
        ]
        w = sum((share * wk for share, (wk, _) in zip(shares, local, strict=True)), np.zeros(len(features)))
        b = float(sum(share * bk for share, (_, bk) in zip(shares, local, strict=True)))
        models.append((dict(zip(features, w.tolist(), strict=True)), b))
    return models


def stratified(num: np.ndarray, fraction: float, generator: np.random.Generator) -> np.ndarray:
    """Mark ``fraction`` of the rows of each class for training."""
    marks = np.zeros(len(num), dtype=bool)
    for positive in (False, True):
        rows = generator.permutation(np.flatnonzero((num > 0) == positive))
        marks[rows[: round(fraction * len(rows))]] = True
    return marks


def scores(model: tuple[Mapping[str, float], float], features: Sequence[str], X: np.ndarray) -> np.ndarray:
    """Return the predicted probabilities."""
    w, b = model
    return 1 / (1 + np.exp(-(X @ np.array([w[name] for name in features]) + b)))
