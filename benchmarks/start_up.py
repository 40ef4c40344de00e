"""How much longer a platform's first job takes than its second: import, opening, and whatever is made once.

Run in a process of its own, ``python benchmarks/start_up.py PLATFORM`` prints the seconds. Imports little, because what
is there already costs a platform nothing; rows come by way of CSV, since Arrow loads pandas where it makes arrays.
"""

from __future__ import annotations

import json
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from time import perf_counter

import numpy as np
from pyarrow import csv

from jupyter_wayang.plan.expressions import Binary, ColumnRef, Literal
from jupyter_wayang.plan.models import LogisticRegression, named_array
from jupyter_wayang.plan.operators import Filter, ReadFrame
from jupyter_wayang.plan.rows import schema_of
from jupyter_wayang.plan.tasks import TARGET, LocalTask
from jupyter_wayang.platforms.platform import ARROW, Engine, Platform
from jupyter_wayang.platforms.registry import installed


def first_job(engine: Engine, platform: Platform) -> None:
    """Filter a few rows, or train on them where a platform does nothing else."""
    table = csv.read_csv(BytesIO(f"x,{TARGET}\n1.5,1.0\n-0.5,0.0\n2.5,1.0\n0.5,1.0\n-1.5,0.0\n".encode()))
    schema = schema_of(table.schema)
    if "read_frame" not in platform.operators:
        start = (named_array("weights", np.zeros(1)), named_array("intercept", np.zeros(1)))
        engine.update(table, LocalTask(model=LogisticRegression(), features=("x",), parameters=start))
        return
    (rows,) = engine.apply(ReadFrame(key="rows", label="rows", schema=schema), (), (), {"rows": table}, "here")
    condition = Binary(op=">", left=ColumnRef(name="x"), right=Literal.of(0.0))
    (kept,) = engine.apply(Filter(condition=condition), (rows,), (schema,), {}, "here")
    engine.convert(kept, platform.channel, ARROW, schema)


def start_up_s(platform: Platform) -> float:
    """Return the difference of a first and a second job."""
    with tempfile.TemporaryDirectory() as scratch:
        began = perf_counter()
        engine = platform.open(Path(scratch))
        first_job(engine, platform)
        opened = perf_counter()
        first_job(engine, platform)
        again = perf_counter() - opened
        engine.close()
        return max(0.0, opened - began - again)


if __name__ == "__main__":
    print(json.dumps(start_up_s(installed()[sys.argv[1]])))
