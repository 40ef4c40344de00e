"""The cells that the tests and the gallery run."""

from __future__ import annotations

from pathlib import Path

DEV = Path(__file__).parents[2] / "js" / "dev"

SETUP = """
%load_ext jupyter_wayang
import jupyter_wayang as wy
from jupyter_wayang.datasets import hospitals

declaration = hospitals("hospitals", java=False)
wy.default_session().federation("hospitals", declaration)
"""

_TASK = """
patients = read("patients")
known    = patients.with_columns(chol=None if chol == 0 else chol, trestbps=None if trestbps == 0 else trestbps)
asked    = known.select(age, sex, cp, trestbps, chol, fbs, restecg, thalach, exang, oldpeak, num)

train, test = asked.split(0.8, seed=7, by=[num > 0])
ready       = train.impute(mean).scale().one_hot(cp, restecg)
model       = ready.fit(logistic_regression(l2=1e-3), target=num > 0, rounds={rounds},
                        strategy=fedavg(local_epochs=5, learning_rate=0.5))
model.evaluate(test)
"""


def heart(options: str = "--sites hospitals", *, rounds: int = 30, name: str = "heart <<") -> str:
    """Return the cell of the four hospitals."""
    return f"%%wayang {name} {options}" + _TASK.format(rounds=rounds)


MANY = """
%load_ext jupyter_wayang
import jupyter_wayang as wy
import pyarrow.parquet as pq
from pathlib import Path
from jupyter_wayang.datasets import heart_disease

POLICY = '''
tables = ["patients"]
operators = ["aggregate", "learn", "fit", "evaluate"]
minimum_rows = 10
minimum_cell = 3
minimum_level = 1
'''
PLATFORMS = {
    "cleveland": ("duckdb", "numpy"),
    "hungary": ("polars", "numpy"),
    "switzerland": ("pandas", "numpy"),
    "va": ("pandas", "sklearn", "numpy"),
}
folder = Path("many")
folder.mkdir(exist_ok=True)
(folder / "policy.toml").write_text(POLICY)

def federation(name, copies):
    sites = {}
    for site, table in heart_disease().items():
        for copy in range(copies):
            # Each copy lacks some rows of its own, so that no two sites learn the same.
            part = table.take([row for row in range(table.num_rows) if (row * 7 + copy) % (copies + 3) != 0])
            where = folder / f"{name}-{site}-{copy}.parquet"
            pq.write_table(part, where)
            sites[f"{site}_{copy + 1}"] = {
                "tables": {"patients": {"path": str(where.resolve())}},
                "platforms": PLATFORMS[site],
                "policy": str((folder / "policy.toml").resolve()),
            }
    wy.default_session().federation(name, sites)

federation("eight", 2)
federation("hundred", 25)
"""


def failed() -> str:
    """Return a cell that shows a run in which a site failed: a journal that nobody ran."""
    return f"""
import sys
sys.path.insert(0, {str(DEV)!r})
import msgspec
from IPython.display import display
from runs import NAMES, made

events = msgspec.to_builtins(made(NAMES[:4], 30, 8, failing="Dresden"))
shown = {{"version": 1, "kind": "run", "run": "4b1d9c02", "events": events, "plan": None}}
display({{"application/vnd.wayang+json": shown, "text/plain": "a run"}}, raw=True)
"""
