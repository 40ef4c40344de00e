"""Federated rounds as one would write them by hand: a loop over arrays, with nothing around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jupyter_wayang.datasets import heart_disease

if TYPE_CHECKING:
    import pyarrow as pa

FEATURES = ("age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak")
ENCODED = ("cp", "restecg")
EPOCHS, RATE, L2, BINS = 5, 0.5, 1e-3, 20


@dataclass(frozen=True)
class Hospital:
    """Features and targets to train on and to measure on."""

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


def hospitals() -> list[Hospital]:
    """Return the hospitals, ready to train on."""
    split = [_split(table) for table in heart_disease().values()]
    all_ = np.vstack([train for train, _ in split])[:, :-1]
    means = np.nanmean(all_, axis=0)
    filled = np.where(np.isnan(all_), means, all_)
    spread = filled.std(axis=0)
    levels = {name: np.unique(filled[:, FEATURES.index(name)].round()) for name in ENCODED}

    def ready(values: np.ndarray) -> np.ndarray:
        known = np.where(np.isnan(values), means, values)
        columns = []
        for index, name in enumerate(FEATURES):
            if name in ENCODED:
                columns += [(known[:, index].round() == level).astype(float) for level in levels[name]]
            else:
                columns.append((known[:, index] - means[index]) / spread[index])
        return np.column_stack(columns)

    return [Hospital(ready(train[:, :-1]), train[:, -1], ready(test[:, :-1]), test[:, -1]) for train, test in split]


def train(sites: list[Hospital], rounds: int) -> tuple[np.ndarray, float]:
    """Train and measure for some rounds; return the weights and the last AUC over all sites."""
    w = np.zeros(sites[0].X.shape[1] + 1)
    auc = _measured(sites, w)
    for _ in range(rounds):
        updates = [_steps(site, w) for site in sites]
        w = np.average(updates, axis=0, weights=[len(site.y) for site in sites])
        auc = _measured(sites, w)
    return w, auc


def _split(table: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    names = (*FEATURES, "num")
    values = np.column_stack([table[name].cast("float64").to_numpy(zero_copy_only=False) for name in names])
    values[:, -1] = values[:, -1] > 0
    for name in ("chol", "trestbps"):
        column = values[:, FEATURES.index(name)]
        column[column == 0] = np.nan
    order = np.random.default_rng(7).permutation(len(values))
    cut = round(0.8 * len(values))
    return values[order[:cut]], values[order[cut:]]


def _steps(site: Hospital, w: np.ndarray) -> np.ndarray:
    for _ in range(EPOCHS):
        residual = _probability(site.X, w) - site.y
        slope = np.append(site.X.T @ residual / len(site.y) + L2 * w[:-1], residual.mean())
        w = w - RATE * slope
    return w


def _probability(X: np.ndarray, w: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-(X @ w[:-1] + w[-1])))


def _measured(sites: list[Hospital], w: np.ndarray) -> float:
    """Measure log loss, accuracy and AUC at every site and over all of them; return the AUC over all."""
    total = np.zeros((2, BINS))
    for site in sites:
        p = _probability(site.X_test, w)
        clipped = np.clip(p, 1e-15, 1 - 1e-15)
        _loss = -np.where(site.y_test == 1, np.log(clipped), np.log1p(-clipped)).sum()
        _right = ((p >= 0.5) == site.y_test).sum()
        bins = np.minimum((p * BINS).astype(int), BINS - 1)
        counts = np.array([np.bincount(bins[site.y_test == target], minlength=BINS) for target in (0, 1)])
        total += counts
        _auc(counts)
    return _auc(total)


def _auc(counts: np.ndarray) -> float:
    negatives, positives = counts
    below = np.cumsum(negatives) - negatives
    pairs = negatives.sum() * positives.sum()
    return float((positives * (below + negatives / 2)).sum() / pairs) if pairs else float("nan")
