"""What every strategy must do, whatever it computes: be a value, be pure, and depend on nothing but what it is given."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.federation import checkpoints
from jupyter_wayang.federation import rounds as machine
from jupyter_wayang.federation.happenings import Checkpoint
from jupyter_wayang.federation.strategy import GlobalModel, State, Strategy, used_at
from jupyter_wayang.plan.models import NamedArray, array
from jupyter_wayang.plan.tasks import LocalTask
from jupyter_wayang.testing.trial import Trial, packed

__all__ = [
    "test_a_part_of_the_sites_may_take_part",
    "test_a_state_outlives_its_process",
    "test_a_task_is_one_that_sites_can_do",
    "test_arrays_keep_their_names_and_shapes",
    "test_functions_are_pure",
    "test_it_is_a_value",
    "test_it_learns",
    "test_one_site_is_served_or_refused",
    "test_the_order_of_answers_does_not_matter",
    "test_the_order_of_sites_does_not_matter",
    "test_two_runs_are_the_same",
]

_ROUNDS = 4
_TRIAL = Trial.of(8)


def _shapes(arrays: tuple[NamedArray, ...]) -> list[tuple[str, tuple[int, ...]]]:
    return [(one.name, one.shape) for one in arrays]


def test_it_is_a_value(strategy: Strategy) -> None:
    """It is a frozen struct, and equal to another with the same parameters."""
    assert isinstance(strategy, msgspec.Struct), "a strategy is a msgspec.Struct whose fields are its parameters"
    assert strategy.__struct_config__.frozen, "a strategy is frozen: what it remembers is in the state"
    kind: Any = type(strategy)
    assert msgspec.json.decode(packed(strategy), type=kind) == strategy


def test_functions_are_pure(strategy: Strategy) -> None:
    """What they are given stays as it is, and the same comes out when they are called again."""
    for state in [strategy.init(_TRIAL.start, _TRIAL.sites), *_TRIAL.rounds(strategy, _ROUNDS)]:
        before = packed(state)
        tasks = _TRIAL.tasks(strategy, state, 1)
        assert packed(_TRIAL.tasks(strategy, state, 1)) == packed(tasks)
        updates = tuple((site, _TRIAL.answer(site, task)) for site, task in tasks.items())
        sent = packed(updates)
        made = strategy.apply(state, updates)
        assert packed(strategy.apply(state, updates)) == packed(made)
        assert packed(state) == before, "a state is not changed: another is made"
        assert packed(updates) == sent, "updates are not changed"


def test_two_runs_are_the_same(strategy: Strategy) -> None:
    """Nothing but the arguments decides: no clock, no random numbers but those of a seed, no order of a set."""
    first, second = ([packed(state) for state in _TRIAL.rounds(strategy, _ROUNDS)] for _ in range(2))
    assert first == second


def test_a_state_outlives_its_process(strategy: Strategy) -> None:
    """A state is written down and read again, as a run does after every round, and goes on as if nothing had been."""
    setup = _setup(strategy)

    def again(state: State) -> State:
        return checkpoints.decoded(checkpoints.encoded(Checkpoint(done=1, state=state), setup), setup).state

    through = [packed(state) for state in _TRIAL.rounds(strategy, _ROUNDS, between=again)]
    assert through == [packed(state) for state in _TRIAL.rounds(strategy, _ROUNDS)]


def test_a_task_is_one_that_sites_can_do(strategy: Strategy) -> None:
    """It trains the model that is asked for, from arrays of its shape, and is the same after a journey."""
    start = _TRIAL.start
    for state in _TRIAL.rounds(strategy, _ROUNDS):
        for task in _TRIAL.tasks(strategy, state, 2).values():
            assert (task.model, task.features) == (start.model, start.features)
            assert _shapes(task.parameters) == _shapes(start.parameters)
            assert msgspec.json.decode(packed(task), type=LocalTask) == task


def test_arrays_keep_their_names_and_shapes(strategy: Strategy) -> None:
    """The global model, and what each site uses, have the arrays of the start, and numbers in them."""
    import numpy as np

    for state in _TRIAL.rounds(strategy, _ROUNDS):
        for used in (state.current.parameters, *(used_at(strategy, state, site) for site in _TRIAL.sites)):
            assert _shapes(used) == _shapes(_TRIAL.start.parameters)
            assert all(np.isfinite(array(one)).all() for one in used)


def _setup(strategy: Strategy) -> machine.Setup:
    return machine.Setup(sites=_TRIAL.sites, strategy=strategy, start=_TRIAL.start, rounds=_ROUNDS, bins=None)


def _driven(strategy: Strategy, part: float) -> GlobalModel:
    """Turn the state machine of rounds; of those who are still to answer, the one answers that stands at a ``part``."""
    state, todo = machine.step(machine.begin(_setup(strategy)), machine.Started())
    waiting: list[machine.Train] = []
    while True:
        waiting += [one for one in todo if isinstance(one, machine.Train)]
        finish = next((one for one in todo if isinstance(one, machine.Finish)), None)
        if finish is not None:
            assert finish.error is None
            return finish.model
        asked = waiting.pop(int(part * (len(waiting) - 1)))
        update = _TRIAL.answer(asked.site, asked.task)
        state, todo = machine.step(state, machine.Answered(site=asked.site, round=asked.round, update=update))


def test_the_order_of_answers_does_not_matter(strategy: Strategy) -> None:
    """Whoever is first, the model has the same bytes."""
    first, middle, last = (packed(_driven(strategy, part)) for part in (0.0, 0.5, 1.0))
    assert first == middle == last


def test_the_order_of_sites_does_not_matter(strategy: Strategy) -> None:
    """In a federation whose sites are listed the other way round it is the same model, but for rounding."""
    import numpy as np

    turned = Trial({site: _TRIAL.rows[site] for site in reversed(_TRIAL.sites)})
    for state, other in zip(_TRIAL.rounds(strategy, _ROUNDS), turned.rounds(strategy, _ROUNDS), strict=True):
        for one, its in zip(state.current.parameters, other.current.parameters, strict=True):
            np.testing.assert_allclose(array(one), array(its), rtol=1e-9, atol=1e-12)


def test_a_part_of_the_sites_may_take_part(strategy: Strategy) -> None:
    """With a site less in every round, another each time, it goes on, or says that they are too few."""
    import numpy as np

    sites = len(_TRIAL.sites)
    try:
        states = list(_TRIAL.rounds(strategy, _ROUNDS, absent=lambda number: number % sites))
    except OperatorError as error:
        if str(sites - 1) not in error.message:
            pytest.fail(f"a refusal says how many sites there are: {error.message}")
        return
    assert all(np.isfinite(array(one)).all() for state in states for one in state.current.parameters)


def test_one_site_is_served_or_refused(strategy: Strategy) -> None:
    """A federation of one site is a mean of one, or refused before a round."""
    one = Trial.of(1)
    try:
        strategy.init(one.start, one.sites)
    except OperatorError:
        return
    assert len(list(one.rounds(strategy, 1))) == 1


def test_it_learns(strategy: Strategy) -> None:
    """After 20 rounds the model is better than the one that knows nothing."""
    *_, last = _TRIAL.rounds(strategy, 20)
    assert _TRIAL.loss(strategy, last) < _TRIAL.loss(strategy, strategy.init(_TRIAL.start, _TRIAL.sites))
