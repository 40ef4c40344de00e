"""Rows that are spread over five sites, each on a platform of its own, and all of them at one place."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import jupyter_wayang as wy
from jupyter_wayang.datasets import postgres
from jupyter_wayang.platforms import connections

PLATFORMS = ("duckdb", "polars", "pandas", "sqlite", "postgres")
POLICY = 'tables = ["visits"]\noperators = ["aggregate", "learn", "fit", "evaluate"]\nminimum_rows = 10\nminimum_cell = 3\ndifferences = false\n'
FEATURES = ("age", "dose", "smokes")


def pooled() -> dict[str, np.ndarray]:
    """Return the rows of all sites: features far from zero and of unlike units, and a target of every kind."""
    random, n = np.random.default_rng(3), 600
    age, dose, smokes = random.normal(2000, 9, n), random.normal(0.02, 0.004, n), (random.random(n) < 0.3) * 1.0
    eta = (age - 2000) / 20 + 60 * (dose - 0.02) - 0.7 * smokes + 0.4
    return {
        "age": age,
        "dose": dose,
        "smokes": smokes,
        "cost": 300 + 40 * eta + random.normal(0, 15, n),
        "ill": (random.random(n) < 1 / (1 + np.exp(-eta))) * 1.0,
        "visits": random.poisson(np.exp(eta)) * 1.0,
        "days": random.gamma(2.0, np.exp(eta) / 2.0),
        "site": random.choice(5, n, p=[0.4, 0.25, 0.15, 0.1, 0.1]) * 1.0,
    }


@pytest.fixture(scope="session")
def rows() -> dict[str, np.ndarray]:
    return pooled()


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[wy.Session]:
    """A session over five sites on five platforms at once."""
    folder = tmp_path_factory.mktemp("exact")
    connections.connect("exact", postgres.address())
    (folder / "policy.toml").write_text(POLICY)
    columns, sites = pooled(), {}
    for index, platform in enumerate(PLATFORMS):
        here = columns["site"] == index
        table = pa.table({name: values[here] for name, values in columns.items() if name != "site"})
        pq.write_table(table, folder / f"{platform}.parquet")
        sites[platform] = {
            "tables": {"visits": {"path": f"{platform}.parquet"}},
            "platforms": (platform,),
            "policy": "policy.toml",
        }
    made = wy.Session(folder)
    made.federation("five", sites)
    yield made
    made.close()


@pytest.fixture
def visits(session: wy.Session) -> Callable[..., wy.Collection]:
    """Return the features and some targets, over all sites."""

    def read(*targets: str, features: tuple[str, ...] = FEATURES) -> wy.Collection:
        return session.read("visits", sites="five").select(*features, *targets)

    return read
