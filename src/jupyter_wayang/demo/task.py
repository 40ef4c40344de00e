"""The task of the demo in the Python API: the same words as in the cell of the notebook ``01-hospitals``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_wayang.language.expressions import col, where
from jupyter_wayang.language.learners import fedavg, logistic_regression

if TYPE_CHECKING:
    from jupyter_wayang.language.builder import Collection, FittedModel

__all__ = ["EPOCHS", "FEATURES", "FRACTION", "ROUNDS", "SEED", "cleaned", "federated", "ordinary"]

FEATURES = ("age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak")
FRACTION = 0.8
ROUNDS = 30
EPOCHS = 5
SEED = 7
"""The seed of the split in the notebook."""

_ENCODED = ("cp", "restecg")


def cleaned(patients: Collection) -> Collection:
    """Take cholesterol 0 and resting blood pressure 0 as missing, and leave the columns that the model does not use."""
    missing = {name: where(col[name] == 0, None, col[name]) for name in ("chol", "trestbps")}
    return patients.with_columns(**missing).select(*FEATURES, "num")


def federated(rows: Collection, seed: int) -> FittedModel:
    """Fit by federated averaging on the training rows of every site."""
    train, _ = rows.split(FRACTION, seed=seed, by=[col.num > 0])
    ready = train.impute("mean").scale().one_hot(*_ENCODED)
    return ready.fit(
        logistic_regression(l2=1e-3),
        target=col.num > 0,
        rounds=ROUNDS,
        strategy=fedavg(local_epochs=EPOCHS, learning_rate=0.5),
    )


def ordinary(train: Collection, *, steps: int | None = None) -> FittedModel:
    """Fit the same model, prepared in the same way, on rows that are at one place.

    Parameters
    ----------
    train
        Training rows.
    steps
        So many full-batch steps, as many as a site of the federation takes; None: to convergence.
    """
    ready = train.impute("mean").scale().one_hot(*(name for name in _ENCODED if name in train.columns))
    model, ill = logistic_regression(l2=1e-3), col.num > 0
    if steps is None:
        return ready.fit(model, target=ill)
    return ready.fit(model, target=ill, rounds=1, strategy=fedavg(local_epochs=steps, learning_rate=0.5))
