from __future__ import annotations

import logging
import math
import sys

import dp_accounting
import numpy as np
import pytest
from dp_accounting.pld import PLDAccountant
from dp_accounting.rdp import RdpAccountant

from jupyter_wayang.errors import DisclosureError, OperatorError, PlatformError
from jupyter_wayang.federation.privacy import central_dp, local_dp, record_dp
from jupyter_wayang.federation.privacy.accountant import Account, Spend, epsilon, noise_multiplier
from jupyter_wayang.federation.privacy.clipping import Adaptive, clipped
from jupyter_wayang.federation.privacy.needed import needed
from jupyter_wayang.federation.privacy.noise_state import Training
from jupyter_wayang.plan.models import LogisticRegression, array, named_array
from jupyter_wayang.plan.privacy import CentralDP, LocalDP, RecordDP, RecordNoise
from jupyter_wayang.plan.tasks import LocalTask
from jupyter_wayang.platforms.numpy.learning import gradient
from jupyter_wayang.platforms.numpy.noise import gaussian, noisy
from jupyter_wayang.platforms.numpy.private_gradient import private_gradient
from jupyter_wayang.platforms.randomness import SECURE, from_seed

# Noise multiplier, chance of taking part, times, delta.
SETTINGS = [
    (1.0, 0.01, 1000, 1e-5),
    (1.0, 0.1, 50, 1e-5),
    (5.0, 1.0, 1, 1e-5),
    (20.0, 1.0, 100, 1e-3),
    (4.0, 1.0, 10, 1e-6),
    (100.0, 1.0, 1, 1e-5),
    (2.0, 0.05, 200, 1e-5),
    (0.8, 0.02, 300, 1e-6),
    (10.0, 1.0, 30, 1e-5),
    (1.5, 0.25, 40, 1e-4),
]
ACCOUNTANTS = {"pld": PLDAccountant, "rdp": RdpAccountant}


def theirs(accountant, noise, sampling, count, delta):
    event = dp_accounting.GaussianDpEvent(noise)
    sampled = event if sampling == 1.0 else dp_accounting.PoissonSampledDpEvent(sampling, event)
    return ACCOUNTANTS[accountant]().compose(sampled, count).get_epsilon(delta)


@pytest.mark.parametrize("accountant", ACCOUNTANTS)
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_budget_is_what_dp_accounting_says(setting, accountant):
    noise, sampling, count, delta = setting
    spent = epsilon((Spend(noise_multiplier=noise, sampling=sampling, count=count),), delta, accountant)
    assert spent == pytest.approx(theirs(accountant, *setting), rel=1e-4)


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("accountant", ["rdp", "pld"])
def test_noise_is_the_least_that_keeps_the_budget(setting, accountant):
    _, sampling, count, delta = setting
    needs = noise_multiplier(1.0, delta, count, sampling, accountant)
    assert theirs(accountant, needs * (1 + 1e-4), sampling, count, delta) <= 1.0
    assert theirs(accountant, needs * 0.999, sampling, count, delta) > 1.0


@pytest.mark.parametrize(
    ("setting", "rdp", "pld"), [(SETTINGS[0], 2.1014, 1.8282), (SETTINGS[1], 5.8854, 5.1483)], ids=["q=.01", "q=.1"]
)
def test_known_figures(setting, rdp, pld):
    noise, sampling, count, delta = setting
    spends = (Spend(noise_multiplier=noise, sampling=sampling, count=count),)
    assert (round(epsilon(spends, delta, "rdp"), 4), round(epsilon(spends, delta), 4)) == (rdp, pld)


def test_what_is_spent_in_pieces_adds_up():
    pieces = (Spend(noise_multiplier=2.0), Spend(noise_multiplier=2.0, count=3), Spend(noise_multiplier=4.0))
    event = dp_accounting.GaussianDpEvent
    account = PLDAccountant().compose(event(2.0), 4).compose(event(4.0))
    assert epsilon(pieces, 1e-5) == pytest.approx(account.get_epsilon(1e-5), rel=1e-4)
    assert epsilon((), 1e-5) == 0.0


def test_a_spent_budget_is_refused_and_said():
    noise = noise_multiplier(2.0, 1e-5, count=10)
    account = Account(epsilon=2.0, delta=1e-5, unit="row")
    for _ in range(10):
        account = account.charged(Spend(noise_multiplier=noise))
    assert account.spends == (Spend(noise_multiplier=noise, count=10),)
    assert account.spent == pytest.approx(2.0, rel=1e-4)
    with pytest.raises(DisclosureError, match=r"the privacy budget of a row is spent: epsilon 2 of 2, .* make it 2\.1"):
        account.charged(Spend(noise_multiplier=noise))


def test_the_accountant_says_nothing_beside(caplog):
    with caplog.at_level(logging.WARNING, logger="absl"):
        epsilon((Spend(noise_multiplier=1.0, sampling=0.1, count=51),), 1e-5, "rdp")
    assert not caplog.records
    assert not logging.getLogger("absl").filters


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "dp_accounting", None)
    with pytest.raises(PlatformError, match="differential privacy needs dp_accounting") as caught:
        needed("dp_accounting", "differential privacy")
    assert caught.value.hint == 'pip install "jupyter-wayang[privacy]"'


@pytest.mark.parametrize("start", [1e-3, 1e3])
def test_clipping_adapts_from_far_below_and_from_far_above(start):
    # Norms of updates around 1; the paper's rule goes to their median, whatever it begins with.
    draws = np.random.default_rng(3)
    clip = Adaptive(norm=start, quantile=0.5, rate=0.2)
    norms = [clip.norm]
    for _ in range(120):
        lengths = draws.lognormal(0.0, 0.2, size=40)
        within = float(np.where(lengths <= clip.norm, 0.5, -0.5).sum())
        clip = clip.after(float(noisy(np.array([within]), 2.0, draws.bytes)[0]), 40)
        norms.append(clip.norm)
    assert (norms[10] > start) == (start < 1)
    assert norms[-1] == pytest.approx(1.0, rel=0.15)


def test_all_within_lets_the_norm_fall_and_all_beyond_lets_it_rise():
    clip = Adaptive(norm=1.0, quantile=0.3, rate=0.5)
    assert clip.after(within=5.0, sites=10).norm == pytest.approx(math.exp(-0.5 * 0.7))
    assert clip.after(within=-5.0, sites=10).norm == pytest.approx(math.exp(0.5 * 0.3))
    # Noise of any size moves the norm no further.
    assert clip.after(within=500.0, sites=10) == clip.after(within=5.0, sites=10)


@pytest.mark.parametrize(("noise", "sites"), [(1.0, 4), (3.0, 4), (0.5, 100), (20.0, 10)])
def test_bits_and_updates_together_spend_what_the_round_may(noise, sites):
    bits = Adaptive.bit_noise(noise, sites)
    updates = Adaptive.update_noise(noise, bits)
    # A bit of ±½ changes the sum by ½ where a site comes or goes: its noise multiplier is 2σ.
    both = (Spend(noise_multiplier=updates), Spend(noise_multiplier=2 * bits))
    assert epsilon(both, 1e-5) == pytest.approx(epsilon((Spend(noise_multiplier=noise),), 1e-5), rel=1e-9)
    assert updates <= noise * 2 / math.sqrt(3) + 1e-9


def test_a_clipped_change_is_no_longer_than_the_norm():
    change = np.array([3.0, -4.0, 12.0])
    for norm in (0.1, 5.0, 13.0, 100.0):
        short, within = clipped(change, norm)
        assert np.linalg.norm(short) == pytest.approx(min(13.0, norm))
        assert within == (norm >= 13.0)


def test_noise_is_normal_and_of_the_given_size():
    from scipy.stats import kstest

    assert kstest(gaussian(50_001, from_seed(5)), "norm").pvalue > 0.01
    assert kstest(noisy(np.full(50_000, 7.0), 3.0, from_seed(6)), "norm", args=(7.0, 3.0)).pvalue > 0.01
    assert not np.array_equal(gaussian(8, SECURE), gaussian(8, SECURE))


def test_number_and_noise_share_one_grid():
    # Else the last bits of a sum tell which number the noise was added to.
    for value in (0.1, 1 / 3, -2.7):
        made = noisy(np.full(1000, value), 1.0, from_seed(2)) * 2.0**30
        assert np.array_equal(made, np.rint(made))


def test_the_central_sum_gets_the_noise_of_the_norm_it_was_clipped_at():
    mechanism = CentralDP(epsilon=5.0, delta=1e-5, clip="adaptive", first_clip=2.0)
    state = central_dp.begin(mechanism, Training(rounds=10, sites=4, steps=1))
    after, mean = central_dp.released(state, mechanism, np.zeros(40_000), 2.0, from_seed(1))
    bits = Adaptive.bit_noise(state.noise_multiplier, 4)
    expected = Adaptive.update_noise(state.noise_multiplier, bits) * 2.0 / 4
    assert mean.std() == pytest.approx(expected, rel=0.02)
    assert after.clip.norm != 2.0
    assert after.account.spent == pytest.approx(epsilon((Spend(noise_multiplier=state.noise_multiplier),), 1e-5))


def test_central_rounds_end_with_the_budget():
    mechanism = CentralDP(epsilon=1.0, delta=1e-5, clip=1.0)
    state = central_dp.begin(mechanism, Training(rounds=3, sites=4, steps=1))
    for number in range(3):
        state, _ = central_dp.released(state, mechanism, np.array([1.0, 2.0]), 0.0, from_seed(number))
    assert state.clip.norm == 1.0
    with pytest.raises(DisclosureError, match="the privacy budget of a site is spent"):
        central_dp.released(state, mechanism, np.array([1.0, 2.0]), 0.0, SECURE)


def test_local_noise_covers_any_two_updates():
    mechanism = LocalDP(epsilon=3.0, delta=1e-5, clip=0.5)
    state = local_dp.begin(mechanism, Training(rounds=5, sites=4, steps=3))
    z = state.spend.noise_multiplier
    far = np.zeros(30_000)
    far[0] = 100.0
    sent = local_dp.randomized(far, mechanism.clip, z, from_seed(1))
    # Two vectors of norm C are at most 2C apart.
    assert sent.std() == pytest.approx(2 * 0.5 * z, rel=0.02)
    assert epsilon((Spend(noise_multiplier=z, count=5),), 1e-5) == pytest.approx(3.0, rel=1e-4)
    assert (state.account.unit, state.account.epsilon) == ("site", 3.0)


def task(**changes):
    start = (named_array("weights", np.array([0.1, -0.2])), named_array("intercept", np.array([0.3])))
    return LocalTask(
        model=LogisticRegression(l2=0.1), features=("a", "b"), parameters=start, learning_rate=0.5, **changes
    )


def rows(n=60):
    draws = np.random.default_rng(4)
    return draws.normal(size=(n, 2)) * [1.0, 5.0], draws.integers(0, 2, size=n).astype(float)


def test_rows_are_clipped_one_by_one():
    X, y = rows()
    noise = RecordNoise(clip=0.7, noise_multiplier=1e-9)
    made = private_gradient(X, y, task(epochs=3), noise, SECURE)
    w = np.array([0.1, -0.2, 0.3])
    for _ in range(3):
        slope = np.zeros(3)
        for x, target in zip(X, y, strict=True):
            g = (1 / (1 + np.exp(-(x @ w[:2] + w[2]))) - target) * np.array([*x, 1.0])
            slope += g * min(1.0, 0.7 / np.linalg.norm(g))
        w -= 0.5 * (slope / len(y) + 0.1 * np.array([w[0], w[1], 0.0]))
    assert np.concatenate([array(a) for a in made.parameters]) == pytest.approx(w, abs=1e-7)


def test_a_wide_clip_and_hardly_any_noise_is_plain_training():
    X, y = rows()
    noise = RecordNoise(clip=1e3, noise_multiplier=1e-12)
    private, plain = private_gradient(X, y, task(epochs=4), noise, SECURE), gradient(X, y, task(epochs=4))
    for one, other in zip(private.parameters, plain.parameters, strict=True):
        assert array(one) == pytest.approx(array(other), abs=1e-8)


def test_one_row_moves_a_step_by_no_more_than_the_clip():
    X, y = rows()
    noise = RecordNoise(clip=0.7, noise_multiplier=1e-9)
    without = private_gradient(X, y, task(), noise, SECURE)
    wild = X.copy()
    wild[0] = [1e6, -1e6]
    with_it = private_gradient(wild, y, task(), noise, SECURE)
    moved = [array(a) - array(b) for a, b in zip(without.parameters, with_it.parameters, strict=True)]
    # A row that is replaced takes its gradient away and brings another: 2C, times the learning rate, over n.
    assert np.linalg.norm(np.concatenate(moved)) <= 0.5 * 2 * 0.7 / 60 + 1e-7


def test_the_noise_of_a_step_is_that_of_the_multiplier():
    X, y = np.zeros((50, 3000)), np.ones(50)
    start = (named_array("weights", np.zeros(3000)), named_array("intercept", np.zeros(1)))
    names = tuple(f"x{i}" for i in range(3000))
    asked = LocalTask(model=LogisticRegression(), features=names, parameters=start, learning_rate=1.0)
    made = private_gradient(X, y, asked, RecordNoise(clip=2.0, noise_multiplier=3.0), from_seed(1))
    # zC / n, over a gradient that is 0 in all weights.
    assert array(made.parameters[0]).std() == pytest.approx(3.0 * 2.0 / 50, rel=0.05)


def test_lots_are_drawn_and_divided_by_what_is_expected():
    X, y = np.zeros((2000, 1)), np.ones(2000)
    start = (named_array("weights", np.zeros(1)), named_array("intercept", np.zeros(1)))
    asked = LocalTask(model=LogisticRegression(), features=("a",), parameters=start, learning_rate=1.0)
    noise = RecordNoise(clip=10.0, noise_multiplier=1e-9, sample=0.3)
    steps = [array(private_gradient(X, y, asked, noise, from_seed(s)).parameters[1])[0] for s in range(40)]
    # Every row of a lot moves the intercept by ½ / (q n): the mean over lots is ½, and no two lots are of one size.
    assert np.mean(steps) == pytest.approx(0.5, abs=0.01)
    assert len(set(steps)) > 20


def test_record_budgets_count_steps():
    mechanism = RecordDP(epsilon=2.0, delta=1e-5, sample=0.1, clip=1.5, accountant="rdp")
    state = record_dp.begin(mechanism, Training(rounds=4, sites=3, steps=5))
    for _ in range(4):
        state = state.charged()
    assert state.account.spent == pytest.approx(2.0, rel=1e-4)
    with pytest.raises(DisclosureError, match="budget of a row"):
        state.charged()


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: CentralDP(epsilon=0.0, delta=1e-5), "epsilon"),
        (lambda: CentralDP(epsilon=1.0, delta=1.0), "delta"),
        (lambda: CentralDP(epsilon=1.0, delta=1e-5, quantile=1.0), "quantile"),
        (lambda: CentralDP(epsilon=1.0, delta=1e-5, clip=-1.0), "clip"),
        (lambda: LocalDP(epsilon=1.0, delta=1e-5, clip=0.0), "clip"),
        (lambda: RecordDP(epsilon=1.0, delta=1e-5, sample=1.5), "sample"),
        (lambda: RecordDP(epsilon=math.inf, delta=1e-5), "epsilon"),
    ],
)
def test_settings_that_protect_nobody_are_refused(make, word):
    with pytest.raises(OperatorError, match=word):
        make()
