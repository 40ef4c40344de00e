"""Real plans for the page: ``python js/dev/plans.py FILE`` writes the hospitals' plan, with a pin, and with a run."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq

import jupyter_wayang as wy
from jupyter_wayang.datasets import heart_disease
from jupyter_wayang.notebook.widgets.display import plan_picture
from jupyter_wayang.notebook.widgets.plan import pinnable
from jupyter_wayang.session import Plan

_POLICY = """
tables = ["patients"]
operators = ["aggregate", "learn", "fit", "evaluate"]
minimum_rows = 10
minimum_cell = 3
"""
_PLATFORMS = {
    "cleveland": ("duckdb", "numpy"),
    "hungary": ("polars", "duckdb", "pandas", "sklearn", "numpy"),
    "switzerland": ("pandas", "numpy"),
    "va": ("pandas", "sklearn"),
}


def session(folder: Path, copies: int) -> wy.Session:
    """Open a session over the hospitals; ``copies`` of each, for many sites."""
    (folder / "policy.toml").write_text(_POLICY)
    sites: dict[str, Any] = {}
    for name, table in heart_disease().items():
        pq.write_table(table, folder / f"{name}.parquet")
        for number in range(copies):
            sites[f"{name}_{number + 1}" if number else name] = {
                "tables": {"patients": {"path": f"{name}.parquet"}},
                "platforms": _PLATFORMS[name],
                "policy": "policy.toml",
            }
    opened = wy.Session(folder)
    opened.federation("hospitals", sites)
    return opened


def task(opened: wy.Session, rounds: int = 30) -> Any:
    """Return the task of the hospitals."""
    col = wy.col
    patients = opened.read("patients", sites="hospitals")
    train, test = patients.split(0.8, seed=7, by=[col.num > 0])
    model = (
        train.impute("mean")
        .scale()
        .one_hot("cp", "restecg")
        .fit(
            wy.logistic_regression(l2=1e-3),
            target=col.num > 0,
            rounds=rounds,
            strategy=wy.fedavg(local_epochs=5, learning_rate=0.06),
        )
    )
    return model.evaluate(test)


def case(title: str, plan: Plan, before: Plan | None = None, events: Any = ()) -> dict[str, Any]:
    """Return what the page needs to show a plan."""
    return {
        "title": title,
        "display": msgspec.to_builtins(plan_picture(plan.execution, pinnable=pinnable(plan))),
        "changes": msgspec.to_builtins(plan.changes(before)) if before is not None else None,
        "events": msgspec.to_builtins(list(events)),
    }


def main() -> None:
    """Write the cases to the file that is named."""
    cases = []
    with tempfile.TemporaryDirectory() as name:
        opened = session(Path(name), 1)
        asked = task(opened)
        plan = asked.plan(name="heart")
        pinned = plan.pinned("hungary/scale", "polars", "hungary")
        run = asked.run(name="heart", wait=False)
        run.wait()
        cases.append(case("plan", plan, events=run.events()))
        cases.append(case("pinned", pinned, plan))
        ages = opened.read(heart_disease()["cleveland"])
        local = ages.filter(wy.col.age > 50).group_by("cp").agg(n=wy.count()).sort("cp")
        cases.append(case("local", local.plan(name="ages")))
        opened.close()
    for title, copies in (("many", 25), ("eight", 2), ("full", 8)):
        with tempfile.TemporaryDirectory() as name:
            opened = session(Path(name), copies)
            cases.append(case(title, task(opened).plan(name=f"heart of {4 * copies}")))
            opened.close()
    Path(sys.argv[1]).write_text(json.dumps(cases), encoding="utf-8")


if __name__ == "__main__":
    main()
