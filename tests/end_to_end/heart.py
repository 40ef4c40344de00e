"""The task of the four hospitals in the Python API, and what it must come to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

import jupyter_wayang as wy
from jupyter_wayang.datasets import heart_disease
from jupyter_wayang.language.builder import Collection, FittedModel
from jupyter_wayang.language.learners import Strategy
from jupyter_wayang.plan.expressions import Binary, ColumnRef, Literal
from jupyter_wayang.plan.operators import Split
from jupyter_wayang.platforms.relational.over_arrow import split

FEATURES = ("age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak")
POSITIVE = Binary(op=">", left=ColumnRef(name="num"), right=Literal.of(0))


def task(
    session: wy.Session,
    seed: int = 7,
    rounds: int = 30,
    strategy: Strategy | None = None,
    **options: Any,
) -> tuple[FittedModel, Collection]:
    """Return the model of the hospitals, not fitted yet, and its test rows; ``options`` are more of ``fit()``."""
    col = wy.col
    patients = session.read("patients", sites="hospitals").select(*FEATURES, "num")
    known = patients.with_columns(
        chol=wy.where(col.chol == 0, None, col.chol), trestbps=wy.where(col.trestbps == 0, None, col.trestbps)
    )
    train, test = known.split(0.8, seed=seed, by=[col.num > 0])
    ready = train.impute("mean").scale().one_hot("cp", "restecg")
    model = ready.fit(
        wy.logistic_regression(l2=1e-3),
        target=col.num > 0,
        rounds=rounds,
        strategy=strategy or wy.fedavg(local_epochs=5, learning_rate=0.5),
        **options,
    )
    return model, test


def parts(seed: int) -> dict[str, tuple[pa.Table, pa.Table]]:
    """Return training and test rows of every site, cut as the sites cut them."""
    operator = Split(fraction=0.8, seed=seed, by=(POSITIVE,))
    return {
        site: split(_known(table.select([*FEATURES, "num"])), operator, site) for site, table in heart_disease().items()
    }


def arrays(seed: int) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, np.ndarray]]:
    """Return columns per site and which rows are for training, as the reference takes them."""
    tables, training = {}, {}
    for site, (train, test) in parts(seed).items():
        both = pa.concat_tables([train, test])
        tables[site] = {name: both[name].to_numpy().astype(float) for name in both.column_names}
        training[site] = np.arange(both.num_rows) < train.num_rows
    return tables, training


def _known(table: pa.Table) -> pa.Table:
    """Mark zeros that mean missing, as the task does, before the rows are put into an order."""
    for name in ("chol", "trestbps"):
        values = [None if value == 0 else value for value in table[name].to_pylist()]
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(values, pa.float64()))
    return table
