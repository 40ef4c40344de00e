"""Rounds over secure sums, with sites that mask for real and a driver that loses what it is told to lose."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from jupyter_wayang import events
from jupyter_wayang.federation import rounds as r
from jupyter_wayang.federation.checkpoints import decoded, encoded
from jupyter_wayang.federation.privacy import secure_phases as phases
from jupyter_wayang.federation.privacy.leaving import leaving
from jupyter_wayang.federation.privacy.protected import protected
from jupyter_wayang.federation.strategies.fedadam import FedAdam
from jupyter_wayang.federation.strategies.fedavg import FedAvg
from jupyter_wayang.federation.strategies.vectors import vector
from jupyter_wayang.federation.strategy import GlobalModel
from jupyter_wayang.plan.models import LogisticRegression, array, named_array
from jupyter_wayang.plan.privacy import CentralDP, KeyRing, Offer, Reveal, SecureAggregation
from jupyter_wayang.plan.tasks import Update
from jupyter_wayang.site.masking import Sums

SITES = ("a", "b", "c", "d", "e")
START = GlobalModel(
    model=LogisticRegression(),
    features=("x", "y"),
    parameters=(named_array("weights", np.zeros(2)), named_array("intercept", np.zeros(1))),
)
STAGES = {"keys": Offer, "shares": KeyRing, "vectors": r.Train, "secrets": Reveal}


def trained(site, task):
    """What a site comes back with: something of its own, and of what it was sent."""
    number = SITES.index(site) + 1
    changed = tuple(
        named_array(one.name, array(one) * 0.9 + number / 3 * (index + 1)) for index, one in enumerate(task.parameters)
    )
    return leaving(Update(parameters=changed, rows=7 * number), task)


class Driver:
    """Carries instructions out; ``lost(stage, site, round)`` are never answered, ``fails`` answered with a failure."""

    def __init__(self, setup, begun=None, lost=lambda *_: False, fails=lambda *_: False):
        self.state = phases.around(begun or r.begin(setup), SecureAggregation(), "run/node")
        self.kept = []
        self.lost, self.fails = lost, fails
        self.sites = {site: Sums(site) for site in setup.sites}
        self.sent, self.said, self.finish, self.wake, self.clock = [], [], None, None, 100.0
        self.waiting = []

    def run(self):
        self._step(r.Started(at_s=self.clock))
        while self.finish is None:
            if self.waiting:
                self.clock += 1
                self._step(self._answer(self.waiting.pop(0)))
            else:
                assert self.wake is not None, "nothing would ever happen"
                self.clock = self.wake.at_s
                self._step(r.TimedOut(at_s=self.clock, round=self.wake.round, phase=self.wake.phase))
        return self

    def _step(self, event):
        self.state, todo = phases.step(self.state, event)
        for one in todo:
            if isinstance(one, r.Announce):
                self.said.append(one.event)
            elif isinstance(one, r.Keep):
                self.kept.append(one.checkpoint)
            elif isinstance(one, r.Wake):
                self.wake = one
            elif isinstance(one, r.Finish):
                self.finish = one
            elif isinstance(one, r.Train | phases.Ask) and not self.lost(self._stage(one), one.site, one.round):
                self.waiting.append(one)

    def _stage(self, one):
        asked = one if isinstance(one, r.Train) else one.asked
        return next(name for name, kind in STAGES.items() if isinstance(asked, kind))

    def _answer(self, one):
        place = {"site": one.site, "round": one.round, "at_s": self.clock}
        if self.fails(self._stage(one), one.site, one.round):
            return r.Failed(phase="training", reason="it has no power", **place)
        sums = self.sites[one.site]
        at = ("run", "node", one.round)
        if isinstance(one, phases.Ask):
            said = sums.said(*at, one.asked)
        else:
            said = sums.masked(*at, one.inbox, one.task, trained(one.site, one.task))
        self.sent.append((one.site, said))
        return phases.Said(said=said, **place)

    @property
    def model(self):
        return vector(self.finish.model.parameters)


def setup(**options):
    chosen = {
        "sites": SITES,
        "strategy": FedAvg(learning_rate=0.5),
        "start": START,
        "rounds": 2,
        "bins": None,
        "quorum": 3,
        "deadline_s": 50.0,
    }
    return r.Setup(**{**chosen, **options})


def plain(names, rounds=2, weights="rows"):
    """The model that the same sites make where everybody sees everything."""
    strategy = FedAvg(learning_rate=0.5, weights=weights)
    state = strategy.init(START, SITES)
    for number in range(1, rounds + 1):
        task = strategy.task(state, r.Client(site="a", round=number, sites=SITES, total=5))
        state, _ = strategy.apply(state, tuple((site, trained(site, task)) for site in names))
    return vector(state.current.parameters)


@pytest.mark.parametrize("weights", ["rows", "uniform"])
def test_the_model_is_that_of_plain_averaging(weights):
    driver = Driver(setup(strategy=FedAvg(learning_rate=0.5, weights=weights))).run()
    assert driver.finish.state == "done"
    assert driver.model == pytest.approx(plain(SITES, weights=weights), rel=1e-14)
    assert [event.sites for event in driver.said if isinstance(event, events.RoundFinished)] == [SITES, SITES]


@pytest.mark.parametrize("how", ["lost", "fails"])
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("gone", [("b",), ("b", "d")])
def test_sites_may_drop_out_at_every_stage(stage, gone, how):
    driver = Driver(setup(), **{how: lambda at, site, number: at == stage and site in gone}).run()
    assert driver.finish.state == "done"
    counted = SITES if stage == "secrets" else tuple(site for site in SITES if site not in gone)
    assert driver.model == pytest.approx(plain(counted), rel=1e-14)
    missing = {e.site: e.missing for e in driver.said if isinstance(e, events.SiteReported) and e.error}
    assert missing == ({} if stage == "secrets" else dict.fromkeys(gone, "late" if how == "lost" else "failed"))


@pytest.mark.parametrize("stage", STAGES)
def test_below_the_threshold_there_is_no_model(stage):
    gone = ("a", "c", "e")
    driver = Driver(setup(), lost=lambda at, site, number: at == stage and site in gone and number == 2).run()
    assert (driver.finish.state, driver.finish.rounds) == ("failed", 1)
    assert driver.model == pytest.approx(plain(SITES, rounds=1), rel=1e-14)
    assert "in round 2" in driver.finish.error.message


def test_all_that_a_site_sends_is_masked():
    driver = Driver(setup(rounds=1)).run()
    strategy = FedAvg(learning_rate=0.5)
    task = strategy.task(strategy.init(START, SITES), r.Client(site="a", round=1, sites=SITES, total=5))
    for site, said in driver.sent:
        update = trained(site, task)
        bytes_ = msgspec.msgpack.encode(said)
        assert not any(one.data in bytes_ for one in update.parameters)
        assert type(said).__name__ in {"PublicKeys", "SealedShares", "Masked", "Revealed"}
    assert len(driver.sent) == 4 * len(SITES)


def test_clipping_bits_come_through_the_sum():
    mechanism = CentralDP(epsilon=1e9, delta=1e-5, first_clip=2.0, quantile=0.5)
    strategy = protected(FedAvg(learning_rate=0.5, weights="uniform"), (mechanism,), rounds=1, sites=5)
    driver = Driver(setup(strategy=strategy, rounds=1)).run()
    task = FedAvg(learning_rate=0.5).task(
        strategy.inner.init(START, SITES), r.Client(site="a", round=1, sites=SITES, total=5)
    )
    changes = [vector(trained(site, task).parameters) for site in SITES]
    norms = [np.linalg.norm(change) for change in changes]
    short = [change * min(1.0, 2.0 / norm) for change, norm in zip(changes, norms, strict=True)]
    assert driver.model == pytest.approx(sum(short) / 5, abs=1e-3)
    fraction = sum(norm <= 2.0 for norm in norms) / 5
    assert 0 < fraction < 1
    # Of few sites the bits have a noise of a twentieth of their number; were all beyond the norm, it would be 2.21.
    clip = driver.state.rounds.strategy.noise.clip.norm
    assert clip == pytest.approx(2.0 * np.exp(-0.2 * (fraction - 0.5)), rel=0.03)


def test_rounds_go_on_from_a_checkpoint_to_the_same_bytes():
    mechanism = CentralDP(epsilon=50.0, delta=1e-5, first_clip=2.0, seed=3)
    strategy = protected(FedAdam(learning_rate=0.5, weights="uniform"), (mechanism,), rounds=3, sites=5)
    chosen = setup(strategy=strategy, rounds=3)
    whole = Driver(chosen).run()
    kept = decoded(encoded(whole.kept[0], chosen), chosen)
    again = Driver(chosen, begun=r.resumed(chosen, kept)).run()
    # Masks are others, their sum is the same, and so is the noise of a seed.
    assert again.finish.model == whole.finish.model
    assert again.state.rounds.strategy == whole.state.rounds.strategy
    spent = [event.round for event in again.said if isinstance(event, events.PrivacySpent)]
    assert spent == [2, 3]


def test_an_answer_of_another_stage_is_rejected_by_name():
    driver = Driver(setup())
    driver._step(r.Started(at_s=1.0))
    ask = driver.waiting[0]
    said = driver.sites["b"].said("run", "node", 1, ask.asked)
    keys = phases.Said(site="b", round=1, said=said, at_s=2.0)
    driver._step(keys)
    before = driver.state
    driver._step(keys)  # twice: nobody waits for it
    assert driver.state == before
    wrong = phases.Said(site="c", round=1, said=Reveal(session=said.session, arrived=(), dropped=()), at_s=3.0)
    driver._step(wrong)
    assert any("answered Reveal when asked for its keys" in (getattr(e, "error", "") or "") for e in driver.said)


def test_a_wish_to_stop_ends_a_sum():
    driver = Driver(setup())
    driver._step(r.Started(at_s=1.0))
    driver._step(r.StopRequested(at_s=2.0))
    driver._step(r.Started(at_s=2.0))
    assert driver.finish.state == "stopped"


def test_a_site_that_masks_sends_nothing_plain():
    sums = Sums("a")
    sums.allow_plain("run", "node")
    sums.said("run", "node", 1, Offer(session="run/node/1", sites=("a", "b", "c"), threshold=3, length=5))
    with pytest.raises(PermissionError, match="sends none as it is"):
        sums.allow_plain("run", "node")
    sums.forget("run")
    sums.allow_plain("run", "node")


def test_a_sum_is_offered_once_and_under_its_own_name():
    sums = Sums("a")
    offer = Offer(session="run/node/2", sites=("a", "b", "c"), threshold=3, length=5)
    with pytest.raises(ValueError, match="not that of the round"):
        sums.said("run", "node", 1, offer)
    sums.said("run", "node", 2, offer)
    with pytest.raises(ValueError, match="or was before"):
        sums.said("run", "node", 2, offer)
    with pytest.raises(ValueError, match="between 3 and 4, not 2"):
        sums.said("run", "node", 3, Offer(session="run/node/3", sites=("a", "b", "c", "d"), threshold=2, length=5))
