"""The suite for strategies: ours pass it, and it finds those that are wrong."""

from __future__ import annotations

import itertools
import random

import msgspec
import pytest

from jupyter_wayang.errors import NameUnknownError
from jupyter_wayang.federation.strategies.fedavg import FedAvg
from jupyter_wayang.federation.strategies.krum import Krum
from jupyter_wayang.federation.strategies.vectors import arrays_like, vector
from jupyter_wayang.federation.strategy import installed, named
from jupyter_wayang.testing import strategy_suite
from jupyter_wayang.testing.plugin import strategy_at
from jupyter_wayang.testing.strategy_suite import *  # noqa: F403 - the tests of the suite
from jupyter_wayang.testing.trial import assert_same_rounds

PARAMETERS = {"fine_tuning": {"global_rounds": 2}}


@pytest.fixture(params=list(installed()))
def strategy(request):
    return named(request.param, {"learning_rate": 0.3, "local_epochs": 2, **PARAMETERS.get(request.param, {})}.items())


class Broken(FedAvg, frozen=True, kw_only=True):
    """Federated averaging with something wrong in what it returns."""

    def shifted(self, state, by):
        current = state.current
        arrays = arrays_like(vector(current.parameters) + by, current.parameters)
        return msgspec.structs.replace(state, current=msgspec.structs.replace(current, parameters=arrays))


COUNTER = itertools.count()


class Counting(Broken, frozen=True, kw_only=True):
    def apply(self, state, updates):
        state, about = super().apply(state, updates)
        return self.shifted(state, next(COUNTER)), about


class Chance(Broken, frozen=True, kw_only=True):
    def apply(self, state, updates):
        state, about = super().apply(state, updates)
        return self.shifted(state, random.random()), about  # noqa: S311 - this is what is wrong with it


class Favourite(Broken, frozen=True, kw_only=True):
    def apply(self, state, updates):
        return super().apply(state, updates[:1])


class Open(msgspec.Struct, kw_only=True):
    learning_rate: float = 0.5


class Crude(Krum, frozen=True, kw_only=True):
    def fewest(self):
        return 0

    def combined(self, points):
        return points[5]


class Idle(Broken, frozen=True, kw_only=True):
    def apply(self, state, updates):
        return state, {"rows": 0.0}


class Short(Broken, frozen=True, kw_only=True):
    def apply(self, state, updates):
        state, about = super().apply(state, updates)
        current = msgspec.structs.replace(state.current, parameters=state.current.parameters[:1])
        return msgspec.structs.replace(state, current=current), about


@pytest.mark.parametrize(
    ("wrong", "test"),
    [
        (Counting, "test_functions_are_pure"),
        (Counting, "test_two_runs_are_the_same"),
        (Chance, "test_two_runs_are_the_same"),
        (Chance, "test_the_order_of_answers_does_not_matter"),
        (Favourite, "test_the_order_of_sites_does_not_matter"),
        (Open, "test_it_is_a_value"),
        (Idle, "test_it_learns"),
    ],
)
def test_what_is_wrong_is_found(wrong, test):
    with pytest.raises(AssertionError):
        getattr(strategy_suite, test)(wrong(learning_rate=0.5))


def test_a_site_too_few_is_no_accident():
    with pytest.raises(IndexError):
        strategy_suite.test_one_site_is_served_or_refused(Crude(learning_rate=0.5))


def test_arrays_that_went_missing_are_found():
    with pytest.raises((AssertionError, ValueError)):
        strategy_suite.test_arrays_keep_their_names_and_shapes(Short(learning_rate=0.5))


def test_a_setting_that_is_no_neutral_one_is_found():
    with pytest.raises(AssertionError, match="round 1"):
        assert_same_rounds(
            named("fedavgm", [("learning_rate", 0.5), ("server_learning_rate", 0.5)]), FedAvg(learning_rate=0.5)
        )


def test_a_strategy_is_found_by_its_name_or_where_it_is():
    assert strategy_at("fedprox(learning_rate=0.5, mu=0.1)") == named("fedprox", [("learning_rate", 0.5), ("mu", 0.1)])
    assert strategy_at("jupyter_wayang.federation.strategies.fedavg:FedAvg(learning_rate=1)") == FedAvg(learning_rate=1)
    with pytest.raises(NameUnknownError, match="Did you mean fedavg"):
        strategy_at("fedavgg(learning_rate=0.5)")
