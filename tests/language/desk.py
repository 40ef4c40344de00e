"""A session for tests: tables by name, strategies, and what it was asked to plan."""

from __future__ import annotations

from jupyter_wayang.errors import DataError
from jupyter_wayang.plan.logical import LogicalPlan
from jupyter_wayang.plan.operators import ReadFederated, ReadFile, ReadFrame
from jupyter_wayang.plan.schema import Schema

PATIENTS = Schema.of(
    age="float64",
    sex="float64",
    cp="float64",
    trestbps="float64",
    chol="float64",
    fbs="float64",
    restecg="float64",
    thalach="float64",
    exang="float64",
    oldpeak="float64",
    num="int64",
)
VISITS = Schema.of(id="int64", ward="string", age="int64", bmi="float64", day="date", urgent="bool")
WARDS = Schema.of(ward="string", floor="int64", bmi="float64")
TABLES = {"visits.csv": VISITS, "wards.csv": WARDS}


class Frame:
    """What stands for a DataFrame."""


class FakeDesk:
    def __init__(self, **tables):
        self.tables = {**TABLES, **tables}
        self.requests = []
        self.asked = []

    def source(self, request):
        self.requests.append(request)
        if request.federation and request.where == "patients":
            return ReadFederated(
                federation=request.federation, table="patients", sites=("cleveland", "va"), schema=PATIENTS
            )
        if request.where not in self.tables:
            raise DataError(f"there is no file {request.where}", hint="files here: " + ", ".join(self.tables))
        return ReadFile(path=request.where, format="csv", schema=self.tables[request.where])

    def frame(self, value, label):
        return ReadFrame(key=label, label=label, schema=WARDS) if isinstance(value, Frame) else None

    def strategies(self):
        return {"fedavg": {"local_epochs": 1, "learning_rate": ..., "weights": "rows"}}

    def place(self, path):
        return path

    def platforms(self):
        return ("duckdb", "pandas", "polars", "spark")

    def plan(self, ports, *, names, platforms, name, captured):
        self.asked.append(("plan", platforms, name, captured))
        return LogicalPlan.of(ports, names)

    def run(self, ports, *, names, platforms, name, captured, wait):
        self.asked.append(("run", platforms, name, captured, wait))
        return LogicalPlan.of(ports, names)
