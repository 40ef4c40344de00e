"""Seconds a round: the federation of this process, with events, journal and policies, beside a plain NumPy loop."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import plain
import pyarrow.parquet as pq

import jupyter_wayang as wy
from jupyter_wayang.datasets import heart_disease
from jupyter_wayang.events import MetricsMeasured, RoundFinished, RoundStarted
from jupyter_wayang.execution.timing import interleaved
from jupyter_wayang.language.functions import where
from jupyter_wayang.platforms.registry import installed

if TYPE_CHECKING:
    from jupyter_wayang.language.builder import FittedModel

_POLICY = """
tables = ["patients"]
operators = ["aggregate", "learn", "fit", "evaluate"]
minimum_rows = 10
minimum_cell = 3
minimum_level = 1
"""


def table(rounds: int, repeats: int) -> list[str]:
    """Time both, and return a Markdown table."""
    with TemporaryDirectory() as scratch:
        session = wy.Session(scratch)
        evaluated = _task(session, Path(scratch), rounds)
        sites = plain.hospitals()
        spent: list[float] = []
        counts: list[int] = []

        def federation() -> None:
            events = evaluated.run().run.events()
            began = next(event.at_s for event in events if isinstance(event, RoundStarted))
            ended = max(event.at_s for event in events if isinstance(event, RoundFinished | MetricsMeasured))
            spent.append((ended - began) / rounds)
            counts.append(len(events))

        whole = interleaved({"federation": federation, "plain": lambda: plain.train(sites, rounds)}, repeats)
        session.close()
    # The first run is for warming up.
    ours, theirs = median(spent[1:]), median(whole["plain"]) / rounds
    every = median(whole["federation"]) / rounds
    each = f"{counts[-1]:,} events in {rounds} rounds"
    return [
        f"| seconds a round, {len(sites)} hospitals, {plain.EPOCHS} local epochs | s | ratio |",
        "|---|---:|---:|",
        f"| plain NumPy loop | {theirs:.5f} | 1.0 |",
        f"| federation in this process ({each}) | {ours:.5f} | {ours / theirs:.1f} |",
        f"| the same, with planning, reading, preparing and the end | {every:.5f} | {every / theirs:.1f} |",
    ]


def _task(session: wy.Session, folder: Path, rounds: int) -> FittedModel:
    """Declare four hospitals that train with NumPy, and return what is to be run."""
    (folder / "policy.toml").write_text(_POLICY, encoding="utf-8")
    relational = next(name for name in ("polars", "pandas") if installed()[name].missing() is None)
    declared = {}
    for name, records in heart_disease().items():
        pq.write_table(records, folder / f"{name}.parquet")
        declared[name] = {
            "tables": {"patients": {"path": f"{name}.parquet"}},
            "platforms": [relational, "numpy"],
            "policy": "policy.toml",
        }
    session.federation("hospitals", declared)
    col = wy.col
    patients = session.read("patients", sites="hospitals").with_columns(
        chol=where(col.chol == 0, None, col.chol), trestbps=where(col.trestbps == 0, None, col.trestbps)
    )
    train, test = patients.select(*plain.FEATURES, "num").split(0.8, seed=7, by=[col.num > 0])
    model = (
        train.impute("mean")
        .scale()
        .one_hot(*plain.ENCODED)
        .fit(
            wy.logistic_regression(l2=plain.L2),
            target=col.num > 0,
            rounds=rounds,
            strategy=wy.fedavg(local_epochs=plain.EPOCHS, learning_rate=plain.RATE),
        )
    )
    return model.evaluate(test)
