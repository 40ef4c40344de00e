from __future__ import annotations

import msgspec
import numpy as np
import pytest

from jupyter_wayang.errors import DisclosureError, OperatorError
from jupyter_wayang.federation.privacy.leaving import leaving
from jupyter_wayang.federation.privacy.protected import budget, protected
from jupyter_wayang.federation.strategies.fedadam import FedAdam
from jupyter_wayang.federation.strategies.fedavg import FedAvg
from jupyter_wayang.federation.strategies.vectors import vector
from jupyter_wayang.federation.strategy import Client, GlobalModel, installed
from jupyter_wayang.plan.models import LogisticRegression, array, named_array
from jupyter_wayang.plan.privacy import CentralDP, Guard, LocalDP, RecordDP
from jupyter_wayang.plan.tasks import LocalTask, Update

SITES = ("a", "b", "c", "d")


def arrays(*values):
    return (named_array("weights", np.array(values[:-1])), named_array("intercept", np.array(values[-1:])))


START = GlobalModel(model=LogisticRegression(), features=("x", "y"), parameters=arrays(0.5, -1.0, 2.0))


def updates(seed=0, rows=(5, 50, 500, 7)):
    draws = np.random.default_rng(seed)
    return tuple(
        (site, Update(parameters=arrays(*draws.normal(size=3)), rows=n)) for site, n in zip(SITES, rows, strict=True)
    )


def made(name, **arguments):
    cls = installed()[name]
    known = {field.name for field in msgspec.structs.fields(cls)}
    needed = {"learning_rate": 0.5, "mu": 0.1, "q": 0.5, "lam": 0.1, "f": 0, "m": 2, "global_rounds": 1, **arguments}
    return cls(**{name: value for name, value in needed.items() if name in known})


@pytest.mark.parametrize("name", [name for name, cls in installed().items() if getattr(cls, "by_mean", False)])
@pytest.mark.parametrize("weights", ["rows", "uniform"])
def test_a_strategy_that_says_so_needs_the_mean_only(name, weights):
    strategy = made(name, weights=weights)
    state = strategy.init(START, SITES)
    for number in range(3):
        came = updates(number)
        counts = [update.rows if weights == "rows" else 1 for _, update in came]
        mean = np.average([vector(update.parameters) for _, update in came], axis=0, weights=counts)
        together, _ = strategy.apply(state, (("all", Update(parameters=arrays(*mean), rows=sum(counts))),))
        state, _ = strategy.apply(state, came)
        assert vector(together.current.parameters) == pytest.approx(vector(state.current.parameters), rel=1e-9)


@pytest.mark.parametrize("name", ["scaffold", "fednova", "qfedavg", "krum", "ditto", "fine_tuning"])
def test_a_strategy_that_looks_at_each_update_is_refused(name):
    with pytest.raises(OperatorError, match="looks at the update of each site"):
        protected(made(name, f=1), (CentralDP(epsilon=1.0, delta=1e-5),), rounds=2, sites=9)


def test_central_noise_is_around_the_mean_of_clipped_changes():
    strategy = FedAvg(learning_rate=0.5, weights="uniform")
    # Noise so small that what is left is the mean.
    mechanism = CentralDP(epsilon=1e7, delta=1e-5, clip=0.7)
    around = protected(strategy, (mechanism,), rounds=1, sites=4)
    state = around.init(START, SITES)
    came = updates()[:3]
    after, about = around.apply(state, came)
    before = vector(START.parameters)
    changes = [vector(update.parameters) - before for _, update in came]
    short = [change * min(1.0, 0.7 / np.linalg.norm(change)) for change in changes]
    # Three answered, four were asked: the fourth counts as no change.
    assert vector(after.current.parameters) == pytest.approx(before + sum(short) / 4, abs=2e-3)
    assert about["epsilon"] == pytest.approx(1e7, rel=1e-3)


def test_the_state_is_read_back_as_it_was():
    around = protected(
        FedAdam(learning_rate=0.5, weights="uniform"), (CentralDP(epsilon=9.0, delta=1e-5),), rounds=3, sites=4
    )
    state, _ = around.apply(around.init(START, SITES), updates())
    kept = msgspec.msgpack.encode(state)
    again = msgspec.msgpack.decode(kept, type=type(around.init(START, SITES)))
    assert again == state
    assert type(again.inner) is type(state.inner)
    assert [event.round for event in budget(around, again, 1)] == [1]


def test_rounds_beyond_the_budget_are_refused():
    around = protected(FedAvg(learning_rate=0.5), (LocalDP(epsilon=2.0, delta=1e-5),), rounds=2, sites=4)
    state = around.init(START, SITES)
    for _ in range(2):
        state, _ = around.apply(state, updates())
    with pytest.raises(DisclosureError, match="the privacy budget of a site is spent"):
        around.apply(state, updates())


def test_seeds_differ_by_round_and_site():
    mechanism = RecordDP(epsilon=2.0, delta=1e-5, seed=5)
    around = protected(FedAvg(learning_rate=0.5, local_epochs=2), (mechanism,), rounds=2, sites=4)
    state = around.init(START, SITES)
    clients = [Client(site=site, round=number, sites=SITES, total=4) for site in SITES for number in (1, 2)]
    noises = [around.task(state, client).noise for client in clients]
    assert len({noise.seed for noise in noises}) == 8
    assert len({noise.noise_multiplier for noise in noises}) == 1


@pytest.mark.parametrize(
    ("name", "mechanism", "said"),
    [
        ("qfedavg", LocalDP(epsilon=1.0, delta=1e-5), "tells the loss of its rows"),
        ("ditto", RecordDP(epsilon=1.0, delta=1e-5), "has a model of its own"),
        ("personal", LocalDP(epsilon=1.0, delta=1e-5), "has a model of its own"),
    ],
)
def test_what_noise_does_not_cover_is_refused(name, mechanism, said):
    with pytest.raises(OperatorError, match=said):
        protected(made(name), (mechanism,), rounds=2, sites=4).init(START, SITES)


def test_batches_and_samples_are_not_mixed():
    strategy = FedAvg(learning_rate=0.5, batch=10)
    with pytest.raises(OperatorError, match="takes no batch="):
        protected(strategy, (RecordDP(epsilon=1.0, delta=1e-5),), rounds=2, sites=4).init(START, SITES)


def guarded(**guard):
    return LocalTask(model=LogisticRegression(), features=("x", "y"), parameters=START.parameters, guard=Guard(**guard))


def test_an_update_within_the_norm_leaves_as_it_is_and_counts_for_a_site():
    came = Update(parameters=arrays(0.6, -1.0, 2.0), rows=77)
    sent = leaving(came, guarded(clip=1.0, tells=True))
    assert (sent.parameters, sent.rows, sent.within) == (came.parameters, 1, True)
    assert leaving(came, msgspec.structs.replace(guarded(clip=1.0), guard=None)) is came


def test_noise_of_a_guard_is_fresh_and_with_a_seed_the_same():
    came = Update(parameters=arrays(9.0, 9.0, 9.0), rows=77)
    noisy = guarded(clip=1.0, noise_multiplier=2.0)
    assert leaving(came, noisy) != leaving(came, noisy)
    repeated = guarded(clip=1.0, noise_multiplier=2.0, seed=3)
    assert leaving(came, repeated) == leaving(came, repeated)
    assert array(leaving(came, repeated).parameters[0]).tolist() != array(came.parameters[0]).tolist()


def test_a_guarded_task_that_asks_for_more_is_refused():
    with pytest.raises(DisclosureError, match="nothing beside the update"):
        leaving(Update(parameters=arrays(1.0, 1.0, 1.0), rows=7, loss=0.5), guarded(clip=1.0))
