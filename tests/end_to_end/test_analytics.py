"""Analytics over five sites on five platforms at once equal those of the pooled rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import jupyter_wayang as wy
from jupyter_wayang.datasets import postgres
from jupyter_wayang.events import Approximated
from jupyter_wayang.platforms import connections

PLATFORMS = ("duckdb", "polars", "pandas", "sqlite", "postgres")
POLICY = """
tables = ["patients"]
operators = ["aggregate", "learn", "fit", "evaluate"]
minimum_rows = 5
"""


def patients(seed: int) -> pa.Table:
    """Return some hundred patients of a site, no two sites alike."""
    generator = np.random.default_rng(seed)
    n = 200 + 40 * seed
    height = generator.normal(165 + 2 * seed, 9, n).round(1)
    weight = (height - 100 + generator.normal(0, 12, n)).round(1)
    sex = generator.choice(["f", "m"], n)
    return pa.table(
        {
            "sex": sex,
            "age": generator.integers(20, 90, n),
            "height": pa.array([None if i % 17 == 0 else h for i, h in enumerate(height)], pa.float64()),
            "weight": pa.array([None if i % 23 == 0 else w for i, w in enumerate(weight)], pa.float64()),
            "ill": generator.random(n) < 0.3,
            "stage": generator.integers(1, 4, n),
            "day": generator.integers(1, 400, n),
            "died": generator.random(n) < 0.4,
        }
    )


POOLED = pa.concat_tables([patients(seed) for seed in range(1, 6)]).to_pandas()


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[wy.Session]:
    folder = tmp_path_factory.mktemp("analytics")
    (folder / "policy.toml").write_text(POLICY)
    connections.connect("analytics", postgres.address())
    sites = {}
    for seed, platform in enumerate(PLATFORMS, start=1):
        pq.write_table(patients(seed), folder / f"{platform}.parquet")
        tables = {"patients": {"path": f"{platform}.parquet"}}
        sites[f"on_{platform}"] = {"tables": tables, "platforms": [platform], "policy": "policy.toml"}
    with_sites = wy.Session(folder)
    with_sites.federation("five", sites)
    yield with_sites
    with_sites.close()


@pytest.fixture
def rows(session: wy.Session) -> wy.Collection:
    return session.read("patients", sites="five")


def test_numbers_of_groups_equal_those_of_all_rows(rows: wy.Collection) -> None:
    col = wy.col
    result = (
        rows.group_by("sex")
        .agg(
            n=wy.count(),
            total=wy.sum(col.weight),
            mean=wy.mean(col.age),
            var=wy.var(col.height),
            std=wy.std(col.weight),
            r=wy.corr(col.height, col.weight),
            c=wy.cov(col.height, col.age),
        )
        .run(wait=True)
        .to_arrow()
    )
    found = {row["sex"]: row for row in result.to_pylist()}
    for sex, group in POOLED.groupby("sex"):
        got = found.pop(sex)
        assert got["n"] == len(group)
        assert got["total"] == pytest.approx(group.weight.sum(), rel=1e-8)
        assert got["mean"] == pytest.approx(group.age.mean(), rel=1e-8)
        assert got["var"] == pytest.approx(group.height.var(), rel=1e-8)
        assert got["std"] == pytest.approx(group.weight.std(), rel=1e-8)
        assert got["r"] == pytest.approx(group.height.corr(group.weight), rel=1e-8)
        assert got["c"] == pytest.approx(group.height.cov(group.age), rel=1e-8)
    assert not found


def test_quantiles_lie_within_the_bounds_that_are_told(rows: wy.Collection) -> None:
    col = wy.col
    result = rows.group_by("sex").agg(m=wy.median(col.height), q=wy.quantile(col.age, 0.9)).run(wait=True)
    (event,) = [event for event in result.run.events() if isinstance(event, Approximated)]
    bounds = dict(part.split(" ± ") for part in event.text.split(", quantile"))
    height, age = float(bounds["median(height)"]), float(bounds["(age, 0.9)"])
    assert f"within {event.text}" in result.notes
    for row in result.to_arrow().to_pylist():
        group = POOLED[POOLED.sex == row["sex"]]
        assert abs(row["m"] - group.height.median()) <= height * 1.05 < 1.5
        assert abs(row["q"] - group.age.quantile(0.9)) <= age * 1.05 < 6
