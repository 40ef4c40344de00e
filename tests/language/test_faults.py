"""How a fit over sites is to bear what goes wrong: the same plan in a cell and in Python."""

from __future__ import annotations

import pytest

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language import builder
from jupyter_wayang.language.cell import read_cell
from jupyter_wayang.language.expressions import col
from jupyter_wayang.language.faults import FAULTS, fault
from jupyter_wayang.language.learners import fedavg, logistic_regression
from jupyter_wayang.language.scope import Scope
from jupyter_wayang.plan.faults import Drop, Fail, Replay, Slow, Spoil

CELL = """
patients = read("patients")
model = patients.fit(logistic_regression(), target=num > 0, rounds=3, strategy=fedavg(learning_rate=0.5), {how})
model
"""


def options(desk, how, **variables):
    made = read_cell(CELL.format(how=how), Scope(variables), desk, federation="hospitals")
    return made.results[0].port.vertex.operator.options


def test_a_cell_and_python_make_the_same_options(desk):
    how = """participation=0.5, deadline=60, quorum=2, seed=7,
        faults=[drop("va", rounds=3), slow("hungary", 5), spoil("va", "shape", first=2), replay("va"), fail("va", chance=0.5)]"""
    patients = builder.read(desk, "patients", federation="hospitals")
    faults = [
        fault("drop", "va", rounds=3),
        fault("slow", "hungary", 5),
        fault("spoil", "va", how="shape", first=2),
        fault("replay", "va"),
        fault("fail", "va", chance=0.5),
    ]
    model = patients.fit(
        logistic_regression(),
        target=col.num > 0,
        rounds=3,
        strategy=fedavg(learning_rate=0.5),
        participation=0.5,
        deadline=60,
        quorum=2,
        seed=7,
        faults=faults,
    )
    made = model.port.vertex.operator.options
    assert options(desk, how) == made
    assert (made.participation, made.deadline_s, made.quorum, made.seed) == (0.5, 60.0, 2, 7)
    assert made.faults == (
        Drop(site="va", rounds=3),
        Slow(site="hungary", seconds=5.0),
        Spoil(site="va", how="shape", first=2),
        Replay(site="va"),
        Fail(site="va", chance=0.5),
    )


def test_a_script_of_the_notebook_is_taken_by_its_name(desk):
    script = [fault("fail", "va", first=3)]
    assert options(desk, "faults=script", script=script).faults == tuple(script)
    assert options(desk, "faults=None").faults == ()


def test_what_is_not_said_is_that_all_sites_answer_within_an_hour(desk):
    made = options(desk, "until=None")
    assert (made.participation, made.quorum, made.deadline_s, made.faults) == (1.0, None, 3600.0, ())


@pytest.mark.parametrize("word", FAULTS.values(), ids=FAULTS)
def test_every_fault_has_an_example_that_is_one(desk, word):
    (made,) = options(desk, f"deadline=5, faults=[{word.example}]").faults
    assert type(made).__struct_config__.tag == word.name


@pytest.mark.parametrize("wrong", ["deadline=0", "participation=0", "quorum=0", "seed='a'", "deadline='soon'"])
def test_values_that_cannot_be_are_refused(desk, wrong):
    with pytest.raises(OperatorError):
        options(desk, wrong)
