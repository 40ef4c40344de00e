from __future__ import annotations

import pytest

from jupyter_wayang.errors import DataError, DisclosureError
from jupyter_wayang.federation.privacy.accountant import Spend, epsilon
from jupyter_wayang.plan.models import LogisticRegression
from jupyter_wayang.plan.privacy import Guard, RecordNoise
from jupyter_wayang.plan.tasks import LocalTask
from jupyter_wayang.site.budgets import Budgets, spend_of

BUDGET = {"epsilon": 2.0, "delta": 1e-5}
ONCE = Spend(noise_multiplier=4.0)


def given(budgets, analyst, table, run):
    try:
        budgets.charge(analyst, table, run, ONCE, **BUDGET)
    except DisclosureError:
        return False
    return True


def spend_all(budgets, analyst="ada", table="patients"):
    number = 0
    while given(budgets, analyst, table, f"run {number}"):
        number += 1
    return number


def test_answers_add_up_over_runs_until_the_budget_is_spent():
    times = spend_all(Budgets())
    assert epsilon((Spend(noise_multiplier=4.0, count=times),), 1e-5) <= 2.0
    assert epsilon((Spend(noise_multiplier=4.0, count=times + 1),), 1e-5) > 2.0


def test_every_person_and_table_has_a_budget_of_its_own():
    budgets = Budgets()
    assert spend_all(budgets) == spend_all(budgets, analyst="bob") == spend_all(budgets, table="visits")


def test_what_is_refused_is_not_charged_and_what_was_spent_outlives_the_process(tmp_path):
    path = tmp_path / "ledger" / "budgets.jsonl"
    spend_all(Budgets(path))
    again = Budgets(path)
    before = again.account("ada", "patients", **BUDGET).spent
    assert 0 < before <= 2.0
    with pytest.raises(DisclosureError, match="the privacy budget of a row is spent"):
        again.charge("ada", "patients", "another", ONCE, **BUDGET)
    assert Budgets(path).account("ada", "patients", **BUDGET).spent == before


def test_a_damaged_file_gives_nobody_a_new_budget(tmp_path):
    path = tmp_path / "budgets.jsonl"
    path.write_text('{"analyst": "ada"}\n')
    with pytest.raises(DataError, match="cannot be read"):
        Budgets(path).charge("ada", "patients", "run", ONCE, **BUDGET)


def task(**options):
    return LocalTask(model=LogisticRegression(), features=("a",), parameters=(), epochs=5, **options)


def test_what_a_task_spends():
    assert spend_of(task(), "va") is None
    assert spend_of(task(guard=Guard(clip=1.0)), "va") is None
    assert spend_of(task(guard=Guard(clip=1.0, noise_multiplier=3.0)), "va") == Spend(noise_multiplier=3.0)
    noise = RecordNoise(clip=1.0, noise_multiplier=3.0, sample=0.2)
    assert spend_of(task(noise=noise), "va") == Spend(noise_multiplier=3.0, sampling=0.2, count=5)


@pytest.mark.parametrize(
    "seeded",
    [
        {"noise": RecordNoise(clip=1.0, noise_multiplier=3.0, seed=1)},
        {"guard": Guard(clip=1.0, noise_multiplier=3.0, seed=1)},
    ],
)
def test_noise_that_can_be_repeated_hides_nothing(seeded):
    with pytest.raises(DisclosureError, match="adds no noise from a seed"):
        spend_of(task(**seeded), "va")
