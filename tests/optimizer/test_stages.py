from __future__ import annotations

import pytest
from optimizer.fakes import seeded

from jupyter_wayang.optimizer.stages import stages


def test_connected_operators_of_one_kind_are_one_stage():
    found = stages(["a", "b", "c", "d"], {"b": ["a"], "c": ["b"], "d": ["c"]}, {"a": "x", "b": "x", "c": "y", "d": "x"})
    assert found == {"a": 0, "b": 0, "c": 1, "d": 2}


def test_a_join_belongs_to_the_stage_of_both_its_sides():
    inputs = {"c": ["a", "b"], "d": ["c"]}
    assert stages(list("abcd"), inputs, dict.fromkeys("abcd", "x")) == dict.fromkeys("abcd", 0)


def test_sides_that_wait_for_each_other_stay_apart():
    inputs = {"b": ["a"], "c": ["b"], "d": ["a", "c"]}
    assert stages(list("abcd"), inputs, {"a": "x", "b": "y", "c": "x", "d": "x"}) == {"a": 0, "b": 1, "c": 2, "d": 2}


@pytest.mark.parametrize("seed", range(50))
def test_stages_never_wait_for_each_other(seed):
    rng = seeded(seed)
    ids = [f"n{i}" for i in range(rng.randint(2, 9))]
    inputs = {id_: rng.sample(ids[:i], min(i, rng.choice((1, 1, 2)))) for i, id_ in enumerate(ids) if i}
    kinds = {id_: rng.choice("xyz") for id_ in ids}
    found = stages(ids, inputs, kinds)
    for id_, read in inputs.items():
        for other in read:
            assert found[other] <= found[id_]
            assert found[other] < found[id_] or kinds[other] == kinds[id_]
    assert sorted(set(found.values())) == list(range(max(found.values()) + 1))
    kind_of = {(found[id_], kinds[id_]) for id_ in ids}
    assert len(kind_of) == len(set(found.values()))
