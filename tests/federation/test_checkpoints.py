"""Checkpoints: what every strategy remembers comes back as it was, and nothing else is taken for one."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from simulated import START, arrays, drive, setup

from jupyter_wayang.errors import DataError
from jupyter_wayang.federation.checkpoints import decoded, encoded
from jupyter_wayang.federation.happenings import Checkpoint
from jupyter_wayang.federation.rounds import begin
from jupyter_wayang.federation.strategies.fedadam import FedAdam
from jupyter_wayang.federation.strategies.fedavg import FedAvg
from jupyter_wayang.federation.strategies.fedavgm import FedAvgM
from jupyter_wayang.federation.strategy import installed, named
from jupyter_wayang.plan.models import array, named_array
from jupyter_wayang.plan.tasks import Update

SITES = tuple("abcdefg")
WHOLE = {"global_rounds": 2}


def updates(round: int):
    """Return updates of seven sites with digits that no decimal has, and with all that a strategy may ask for."""
    return tuple((site, update(round, index)) for index, site in enumerate(SITES))


def update(round: int, index: int) -> Update:
    """Return the update of a site."""
    own, personal = (arrays(np.sin(7 * round + index + more), 1 / (3 + index + more)) for more in (0.0, 0.5))
    return Update(parameters=own, rows=11 + index, loss=1 / (2 + index), personal=personal)


@pytest.mark.parametrize("name", sorted(set(installed()) - {"central"}))
def test_what_a_strategy_remembers_comes_back_and_goes_on_the_same(name):
    required = [field.name for field in msgspec.structs.fields(installed()[name]) if field.required]
    chosen = setup(sites=SITES, strategy=named(name, [(field, WHOLE.get(field, 0.5)) for field in required]))
    state = begin(chosen).strategy
    for round in (1, 2):
        state, _ = chosen.strategy.apply(state, updates(round))
    checkpoint = Checkpoint(done=2, state=state, late=(("a", "no answer within 60 s"),))
    back = decoded(encoded(checkpoint, chosen), chosen)
    assert back == checkpoint
    assert type(back.state) is type(state)
    assert chosen.strategy.apply(back.state, updates(3)) == chosen.strategy.apply(state, updates(3))


def test_a_strategy_with_a_memory_goes_on_with_it():
    # Without its velocity, momentum would begin again: the third round tells.
    chosen = setup(strategy=FedAvgM(learning_rate=0.5, momentum=0.5), bins=None)
    whole = drive(chosen)
    checkpoint = whole.kept[1][1]
    assert drive(chosen, checkpoint=decoded(encoded(checkpoint, chosen), chosen)).finish == whole.finish
    forgetful = Checkpoint(
        done=2, state=msgspec.structs.replace(checkpoint.state, velocity=begin(chosen).strategy.velocity)
    )
    assert drive(chosen, checkpoint=forgetful).finish != whole.finish


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "cannot be read"),
        (b"\x80\x04K\x01.", "cannot be read"),
        (msgspec.msgpack.encode({"version": 1}), "cannot be read"),
        (
            msgspec.msgpack.encode({"version": 2, "strategy": "FedAvg", "done": 1, "late": [], "state": {}}),
            "one of FedAvg, version 2",
        ),
        (
            msgspec.msgpack.encode({"version": 1, "strategy": "FedAvg", "done": 1, "late": [], "state": {"x": 1}}),
            "cannot be read",
        ),
    ],
    ids=["nothing", "a pickle", "half", "another version", "another state"],
)
def test_what_is_no_checkpoint_is_refused(data, why):
    with pytest.raises(DataError, match=why):
        decoded(data, setup(strategy=FedAvg(learning_rate=0.5)))


def test_a_checkpoint_of_another_strategy_is_refused():
    chosen = setup(strategy=FedAvg(learning_rate=0.5))
    data = encoded(Checkpoint(done=1, state=begin(chosen).strategy), chosen)
    with pytest.raises(DataError, match="the checkpoint is one of FedAvg") as caught:
        decoded(data, setup(strategy=FedAdam(learning_rate=0.5)))
    assert tuple(caught.value.expected) == ("FedAdam, version 1",)


def test_numbers_come_back_to_the_last_bit():
    odd = (named_array("weights", np.array([np.nextafter(0.1, 1.0)])), named_array("intercept", np.array([-0.0])))
    chosen = setup(start=msgspec.structs.replace(START, parameters=odd))
    back = decoded(encoded(Checkpoint(done=1, state=begin(chosen).strategy), chosen), chosen)
    assert back.state.current.parameters == odd
    assert np.signbit(array(back.state.current.parameters[1])[0])
