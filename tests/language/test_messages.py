"""What a person reads after a mistake in a cell: the whole message, with its marks.

The messages stand in ``messages.txt``; ``WAYANG_WRITE_MESSAGES=1`` writes them anew, to be read in the diff.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from language.desk import Frame

from jupyter_wayang.errors import WayangError
from jupyter_wayang.language.cell import read_cell
from jupyter_wayang.language.scope import Scope

KEPT = Path(__file__).with_name("messages.txt")
VISITS = 'visits = read("visits.csv")\n'
PATIENTS = 'patients = read("patients")\n'
FEDERATED = PATIENTS + (
    "patients.fit(logistic_regression(), target=num > 0, rounds=3, strategy=fedavg(learning_rate=0.5),\n             "
)
VARIABLES = {"threshold": 18, "wards": Frame(), "some": ["NL"], "tokenize": str.split, "nothing": object()}

CELLS = {
    "unknown column": "%%wayang heart --sites hospitals\n"
    + PATIENTS
    + "patients.group_by(sex).agg(n=count(), chol=mean(cholesterol))",
    "unknown column after an operator that keeps columns": PATIENTS + "patients.filter(age > 3).sort(col.agge)",
    "unknown column after an operator that makes columns": PATIENTS + "patients.select(age).filter(sex == 1)",
    "unknown column of a source": 'read("visits.csv").drop(wardd)',
    "unknown column in quotes": VISITS + 'visits.drop("wardd")',
    "unknown column in a join": VISITS + "visits.join(wards, on=[(ward, warrd)])",
    "unknown operator": VISITS + "old = visits.fliter(age > 60)",
    "operator of a later version": VISITS + "visits.bin(age)",
    "operator of something else": VISITS + "visits.predict(visits)",
    "operator without brackets": VISITS + "visits.count",
    "unknown platform": VISITS + 'visits.filter(age > 3).on("sprak")',
    "platform without quotes": VISITS + "visits.on(spark)",
    "unknown site": PATIENTS + 'patients.on("spark", site="clevland")',
    "unknown function": VISITS + "visits.filter(uper(ward) == 'A')",
    "function without brackets": VISITS + "visits.agg(n=count)",
    "unit that there is not": VISITS + 'visits.with_columns(x=truncate(date("2024-01-31"), "months"))',
    "pattern that engines read differently": VISITS + 'visits.filter(regex_match(ward, "a+?"))',
    "format that there is not": VISITS + 'visits.with_columns(x=format_date(date("2024-01-31"), "%d %B"))',
    "window in a filter": VISITS + "visits.filter(rank().over(ward, order_by=age) < 3)",
    "rank without an order": VISITS + "visits.with_columns(x=rank().over(ward))",
    "first of what": VISITS + "visits.group_by(ward).agg(x=first(age))",
    "dates that are subtracted": VISITS + 'visits.with_columns(x=date("2024-01-31") - date("2024-01-01"))',
    "remainder of a decimal": VISITS + 'visits.with_columns(x=decimal("1.5") % 2)',
    "function of the notebook": VISITS + "visits.with_columns(x=tokenize(ward))",
    "function with too few arguments": VISITS + "visits.with_columns(x=where(age > 3))",
    "unknown collection": VISITS + "visit.filter(age > 3)",
    "no collection yet": "visits.filter(age > 3)",
    "unknown source": 'raed("visits.csv")',
    "operator as a source": 'filter("visits.csv")',
    "unknown argument": VISITS + "visits.sort(age, decending=True)",
    "one = for two": VISITS + "visits.filter(age = 18)",
    "missing argument": VISITS + "visits.limit()",
    "quorum without a strategy": PATIENTS + "patients.fit(logistic_regression(), target=num > 0, quorum=4)",
    "quorum of text": FEDERATED + "quorum='all')",
    "participation above one": FEDERATED + "participation=2)",
    "unknown fault": FEDERATED + "faults=[dropp('va')])",
    "no fault": FEDERATED + "faults=[3])",
    "fault without a deadline": FEDERATED + "faults=[drop('va', rounds=3)])",
    "fault without its seconds": FEDERATED + "faults=[slow('va')])",
    "fault with a wrong argument": FEDERATED + "faults=[spoil('va', 'sideways')])",
    "fault that cannot be": FEDERATED + "faults=[fail('va', chance=7)])",
    "unknown argument of a strategy": PATIENTS
    + "patients.fit(logistic_regression(), target=num > 0, rounds=3, strategy=fedavg(lerning_rate=0.5))",
    "unknown strategy": PATIENTS
    + "patients.fit(logistic_regression(), num > 0, rounds=3, strategy=fedavgg(learning_rate=1))",
    "unknown model": PATIENTS + "patients.fit(logistic(), target=num > 0)",
    "model of a later version": PATIENTS + "patients.fit(kmeans(3), target=num > 0)",
    "unknown metric": PATIENTS
    + "patients.fit(logistic_regression(), num > 0, rounds=3, strategy=fedavg(learning_rate=1), until=metric.logloss < 1)",
    "type error": VISITS + "visits.filter(urgent and age + ward > 3)",
    "type error after an é": VISITS + 'é = visits.filter(ward == "é" and age > "x")',
    "type error in an aggregate": VISITS + "visits.agg(x=mean(ward))",
    "no condition": VISITS + "visits.filter(age + 1)",
    "aggregate in a filter": VISITS + "visits.filter(age > mean(age))",
    "column outside of an aggregate": VISITS + "visits.group_by(ward).agg(x=mean(age) - age)",
    "column without a name": VISITS + "visits.select(age + 1)",
    "aggregate without a name": VISITS + "visits.group_by(ward).agg(count())",
    "groups without an aggregate": VISITS + "visits.group_by(ward)",
    "& without brackets": VISITS + "visits.filter(age > 1 & age < 3 | urgent == true)",
    "compared with null": VISITS + "visits.filter(age == None)",
    "in without a list": VISITS + 'visits.filter("a" in ward)',
    "syntax error": VISITS + "visits.filter(age > )",
    "syntax error after an é": VISITS + 'é = visits.filter(ward == "é" and age > )',
    "bracket that is not closed": VISITS + "visits.filter(age > 3",
    "column named class": VISITS + "visits.filter(class == 1)",
    "new column named from": VISITS + "visits.with_columns(age=1, from=age)",
    "loop": VISITS + "for i in range(3):\n    visits = visits.limit(i)",
    "import": "import pandas as pd",
    "function": "def f(x):\n    return x",
    "lambda": VISITS + "visits.filter(lambda row: row.age > 3)",
    "comprehension": VISITS + "visits.filter(age in [x for x in some])",
    "column set": VISITS + "visits.old = visits.filter(age > 60)",
    "number set": "limit = 18",
    "split into one": VISITS + "train = visits.split(0.8)",
    "shell command": VISITS + "!ls",
    "collection in an expression": VISITS + "visits.filter(age > visits)",
    "collection before a column": VISITS + "visits.filter(visits.age > 3)",
    "list of the notebook": VISITS + "visits.filter(ward == some)",
    "object of the notebook": VISITS + "visits.filter(ward == nothing)",
    "number of the notebook as a collection": "threshold.filter(age > 3)",
    "unknown variable": VISITS + "visits.filter(age > env.treshold)",
    "nested too deeply": VISITS + "visits.filter(" + "(" * 250 + "age" + ")" * 250 + " > 3)",
    "missing file": 'read("vists.csv")',
    "several lines": VISITS + "visits.filter(\n    age > 3\n).sort(\n    agee\n)",
    "prepared rows": PATIENTS
    + "ready = patients.impute(mean)\nm = ready.fit(logistic_regression(), num > 0)\nm.evaluate(ready)",
    "operator between step and fit": PATIENTS + "patients.scale().limit(9).fit(logistic_regression(), target=num > 0)",
    "text feature": VISITS + "visits.drop(day).fit(logistic_regression(), target=urgent)",
    "empty": "%%wayang\n# nothing",
}


def message(desk, text):
    federation = "hospitals" if "patients" in text else None
    with pytest.raises(WayangError) as caught:
        read_cell(text, Scope(VARIABLES), desk, federation=federation)
    shown = caught.value.render()
    # A nest of 250 brackets is not to be read by anyone.
    return "\n".join(line if len(line) < 140 else f"{line[:60]} …" for line in shown.split("\n"))


def kept():
    text = KEPT.read_text(encoding="utf-8") if KEPT.exists() else ""
    blocks = (block.split("\n", 1) for block in text.split("=== ")[1:])
    return {name: body.strip("\n") for name, body in blocks}


@pytest.mark.parametrize("mistake", CELLS)
def test_messages_are_as_they_were_reviewed(desk, mistake):
    if os.environ.get("WAYANG_WRITE_MESSAGES"):
        pytest.skip("they are written anew")
    assert message(desk, CELLS[mistake]) == kept()[mistake]


def test_no_message_is_kept_in_vain(desk):
    if os.environ.get("WAYANG_WRITE_MESSAGES"):
        shown = (f"=== {name}\n{message(desk, text)}\n" for name, text in CELLS.items())
        KEPT.write_text("\n".join(shown), encoding="utf-8")
    assert list(kept()) == list(CELLS)


@pytest.mark.parametrize("mistake", [name for name in CELLS if name != "empty"])
def test_every_mistake_has_its_place(desk, mistake):
    with pytest.raises(WayangError) as caught:
        read_cell(
            CELLS[mistake], Scope(VARIABLES), desk, federation="hospitals" if "patients" in CELLS[mistake] else None
        )
    span, lines = caught.value.span, caught.value.source.split("\n")
    assert lines[span.line - 1][span.column :].strip(), "the mark stands at the end of the line"
    assert caught.value.__traceback__ is not None


def test_nesting_that_python_itself_gives_up_on(desk):
    for text in (
        VISITS + "visits.filter(" + "not " * 5000 + "urgent)",
        VISITS + "visits.filter(" + "age + " * 5000 + "1)",
    ):
        with pytest.raises(WayangError, match="nested too deeply"):
            read_cell(text, Scope(), desk)
