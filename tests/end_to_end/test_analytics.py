"""Analytics over five sites on five platforms at once equal those of the pooled rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
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


@pytest.fixture
def session(tmp_path: Path) -> Iterator[wy.Session]:
    """Open a session that has asked the sites nothing yet: what one asked before counts."""
    (tmp_path / "policy.toml").write_text(POLICY)
    connections.connect("analytics", postgres.address())
    sites = {}
    for seed, platform in enumerate(PLATFORMS, start=1):
        pq.write_table(patients(seed), tmp_path / f"{platform}.parquet")
        tables = {"patients": {"path": f"{platform}.parquet"}}
        sites[f"on_{platform}"] = {"tables": tables, "platforms": [platform], "policy": "policy.toml"}
    with_sites = wy.Session(tmp_path)
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


def test_correlation_without_groups_and_a_table_of_counts(rows: wy.Collection) -> None:
    (r,) = rows.agg(r=wy.corr(wy.col.height, wy.col.weight)).run(wait=True).to_arrow()["r"].to_pylist()
    assert r == pytest.approx(POOLED.height.corr(POOLED.weight), rel=1e-8)
    found = rows.crosstab("sex", "stage", levels=[1, 2, 3]).run(wait=True).to_arrow().to_pylist()
    wanted = pd.crosstab(POOLED.sex, POOLED.stage)
    assert found == [{"sex": sex, **{str(stage): n for stage, n in row.items()}} for sex, row in wanted.iterrows()]


@pytest.mark.parametrize("bins", [6, [30, 45.5, 60]])
def test_a_histogram_counts_every_row_once(session: wy.Session, rows: wy.Collection, bins: int | list[float]) -> None:
    here = session.read(pa.Table.from_pandas(POOLED, preserve_index=False))
    result = rows.histogram("age", bins=bins, by="sex").run(wait=True)
    assert (
        result.to_arrow().to_pylist()
        == here.histogram("age", bins=bins, by="sex").run(wait=True).to_arrow().to_pylist()
    )
    for row in result.to_arrow().to_pylist():
        low, high = (row["low"] if row["low"] is not None else -np.inf), row["high"] or np.inf
        group = POOLED[POOLED.sex == row["sex"]]
        assert row["n"] == ((group.age >= low) & (group.age < high)).sum()
    assert sum(row["n"] for row in result.to_arrow().to_pylist()) == len(POOLED)


def test_columns_are_described(rows: wy.Collection) -> None:
    result = rows.select("age", "height", "sex").describe().run(wait=True)
    found = {row["column"]: row for row in result.to_arrow().to_pylist()}
    assert set(found) == {"age", "height"}
    for name, row in found.items():
        known = POOLED[name].dropna()
        assert (row["n"], row["nulls"]) == (len(known), len(POOLED) - len(known))
        assert row["mean"] == pytest.approx(known.mean(), rel=1e-8)
        assert row["std"] == pytest.approx(known.std(), rel=1e-8)
        for word, part in (("q25", 0.25), ("median", 0.5), ("q75", 0.75)):
            assert row[word] == pytest.approx(known.quantile(part), abs=known.std() / 5)


def textbook(days: np.ndarray, died: np.ndarray) -> dict[float, tuple[int, int, float, float]]:
    """Return at risk, events, S(t) and Greenwood's error at every time, one patient after the other."""
    curve, survival, spread = {}, 1.0, 0.0
    for day in sorted(set(days)):
        at_risk, events = int((days >= day).sum()), int(died[days == day].sum())
        survival *= 1 - events / at_risk
        spread += events / (at_risk * (at_risk - events)) if events < at_risk else 0.0
        curve[float(day)] = (at_risk, events, survival, survival * spread**0.5)
    return curve


def test_kaplan_meier_is_the_textbook_estimator(session: wy.Session, rows: wy.Collection) -> None:
    result = rows.kaplan_meier("day", "died", by="sex", every=100).run(wait=True)
    assert not result.notes, "no group is so small that it was left out"
    found = result.to_arrow().to_pylist()
    for sex, group in POOLED.groupby("sex"):
        wanted = textbook(np.ceil(group.day.to_numpy() / 100) * 100, group.died.to_numpy())
        curve = {row["time"]: row for row in found if row["sex"] == sex}
        assert curve.keys() == wanted.keys()
        for day, (at_risk, events, survival, error) in wanted.items():
            assert (curve[day]["at_risk"], curve[day]["events"]) == (at_risk, events)
            assert curve[day]["survival"] == pytest.approx(survival, rel=1e-8, abs=1e-12)
            assert curve[day]["std_error"] == pytest.approx(error, rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("platform", [*PLATFORMS[:4], "postgres"])
def test_words_mean_the_same_on_every_platform_alone(session: wy.Session, platform: str) -> None:
    here = session.read(pa.Table.from_pandas(POOLED, preserve_index=False))
    exact = here.kaplan_meier("day", wy.col.died).run(platforms=[platform], wait=True).to_arrow().to_pylist()
    wanted = textbook(POOLED.day.to_numpy(), POOLED.died.to_numpy())
    assert [row["time"] for row in exact] == list(wanted)
    for row in exact:
        assert row["survival"] == pytest.approx(wanted[row["time"]][2], rel=1e-8, abs=1e-12)
    counted = here.crosstab("sex", "stage", levels=[1, 4]).run(platforms=[platform], wait=True).to_arrow().to_pylist()
    assert counted == [{"sex": s, "1": int(((POOLED.sex == s) & (POOLED.stage == 1)).sum()), "4": 0} for s in "fm"]
    (age,) = here.select("age").describe().run(platforms=[platform], wait=True).to_arrow().to_pylist()
    assert age["median"] == POOLED.age.median()
