"""A site on Spark adds up what every other does."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import jupyter_wayang as wy
from jupyter_wayang.plan.models import array

if TYPE_CHECKING:
    import numpy as np

MODELS = [
    (wy.linear_regression(), "cost"),
    (wy.logistic_regression(l2=0.01), "ill"),
    (wy.glm("poisson"), "visits"),
    (wy.glm("gamma"), "days"),
    (wy.naive_bayes(), "ill"),
    (wy.pca(2), None),
    (wy.kmeans(2, start=((1990.0, 0.02, 0.0), (2010.0, 0.02, 0.0))), None),
]


@pytest.mark.spark
@pytest.mark.slow
def test_spark_adds_up_the_same(tmp_path: Path, rows: dict[str, np.ndarray]) -> None:
    pq.write_table(pa.table(rows), tmp_path / "visits.parquet")
    (tmp_path / "policy.toml").write_text('tables = ["visits"]\noperators = ["fit", "evaluate"]\n')
    with contextlib.closing(wy.Session(tmp_path)) as session:
        for name in ("spark", "polars"):
            tables = {"visits": {"path": "visits.parquet"}}
            session.federation(name, {name: {"tables": tables, "platforms": (name,), "policy": "policy.toml"}})
        for spec, target in MODELS:
            made = [
                session.read("visits", sites=name)
                .select("age", "dose", "smokes", *([target] if target else []))
                .fit(spec, target=target)
                .run(wait=True)
                .model
                for name in ("spark", "polars")
            ]
            for there, here in zip(made[0].parameters, made[1].parameters, strict=True):
                assert array(there) == pytest.approx(array(here), rel=1e-9, abs=1e-12), (spec, there.name)
