"""The iterative tasks come to what a plain NumPy loop comes to, on each platform and freely planned."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pytest

import jupyter_wayang as wy

TASKS = Path(__file__).parents[2] / "benchmarks" / "tasks"
PLATFORMS = (None, ["pandas"], ["polars"], ["duckdb"])


def task(name: str) -> ModuleType:
    """Load a task; the benchmarks are no package that is installed."""
    spec = importlib.util.spec_from_file_location(f"wayang_task_{name}", TASKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[wy.Session]:
    made = wy.Session(tmp_path_factory.mktemp("tasks"))
    yield made
    made.close()


@pytest.mark.parametrize("platforms", PLATFORMS)
def test_kmeans(session: wy.Session, platforms: list[str] | None) -> None:
    kmeans = task("kmeans")
    random = np.random.default_rng(4)
    points = np.vstack([random.normal(centre, 1.0, size=(40, 2)) for centre in ((0, 0), (6, 1), (2, 7))])
    # The last centre is far from all points: it stays where it is.
    centres = np.array([[0.5, 0.5], [1.0, 0.0], [0.0, 1.0], [100.0, 100.0]])
    rows = session.read(pa.table({"id": np.arange(len(points)), "x": points[:, 0], "y": points[:, 1]}))
    first = session.read(pa.table({"centre": np.arange(4), "cx": centres[:, 0], "cy": centres[:, 1]}))
    found = kmeans.kmeans(rows, first, 7).sort("centre").run(platforms=platforms).to_arrow()
    wanted = kmeans.plain(points, centres, 7)
    assert np.abs(wanted[:3] - centres[:3]).max() > 1, "the centres moved"
    assert np.column_stack([found["cx"], found["cy"]]) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("platforms", PLATFORMS)
def test_sgd(session: wy.Session, platforms: list[str] | None) -> None:
    sgd = task("sgd")
    random = np.random.default_rng(5)
    x = random.normal(size=90)
    y = 3 * x - 1 + random.normal(size=90) / 10
    rows = session.read(pa.table({"id": np.arange(90), "x": x, "y": y}))
    start = session.read(pa.table({"w": [0.0], "b": [0.0], "turn": [0]}))
    found = sgd.sgd(rows, start, 30, rate=0.3, parts=3).run(platforms=platforms).to_arrow().to_pylist()
    w, b = sgd.plain(x, y, 30, rate=0.3, parts=3)
    assert w == pytest.approx(3, abs=0.1)
    assert found == [{"w": pytest.approx(w, rel=1e-12), "b": pytest.approx(b, rel=1e-12), "turn": 30}]
