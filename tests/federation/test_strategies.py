"""Every strategy against a computation written from its paper, over three data sets and five rounds."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from jupyter_wayang.datasets import heart_disease
from jupyter_wayang.errors import OperatorError, SiteError
from jupyter_wayang.federation.strategies.local_steps import drawn
from jupyter_wayang.federation.strategies.vectors import vector
from jupyter_wayang.federation.strategy import Client, GlobalModel, installed, named, used_at
from jupyter_wayang.plan.models import LogisticRegression, array, named_array
from jupyter_wayang.plan.tasks import Update
from jupyter_wayang.platforms.numpy.learning import gradient

RATE, EPOCHS, L2, ROUNDS = 0.3, 3, 0.01, 5


def flipped():
    """Seven sites that agree, and one whose classes are the other way round."""
    generator = np.random.default_rng(5)
    made = {}
    for number, n in enumerate((30, 12, 45, 20, 33, 18, 25, 40)):
        X = generator.normal(size=(n, 3))
        y = (X @ [1.0, -2.0, 0.5] + generator.normal(size=n) > 0).astype(float)
        made[f"s{number}"] = (X, 1 - y if number == 6 else y)
    return made


def apart():
    """Seven sites whose rows lie in other places, and whose sizes differ by a hundred."""
    generator = np.random.default_rng(11)
    made = {}
    for number, n in enumerate((3, 300, 8, 21, 55, 5, 90)):
        X = generator.normal(loc=number / 3, scale=1 + number, size=(n, 2))
        made[f"s{number}"] = (X / 5, (X.sum(axis=1) > number).astype(float))
    return made


def heart():
    """Eight parts of the four hospitals: age, sex and blood pressure, without the rows that miss one."""
    made = {}
    for site, table in heart_disease().items():
        columns = [table[name].to_numpy(zero_copy_only=False).astype(float) for name in ("age", "sex", "trestbps")]
        X, y = np.column_stack(columns), table["num"].to_numpy(zero_copy_only=False).astype(float) > 0
        full = ~np.isnan(X).any(axis=1)
        X, y = (X[full] - [54, 0.8, 132]) / [9, 0.4, 19], y[full].astype(float)
        made[f"{site}1"], made[f"{site}2"] = (X[::2], y[::2]), (X[1::2], y[1::2])
    return made


DATA = {"flipped": flipped, "apart": apart, "heart": heart}


def cohort(sites, number, partial):
    """Return the sites of a round: all, or all but one that is another in every round."""
    return [site for index, site in enumerate(sites) if not (partial and index == number % len(sites))]


def slope(w, X, y):
    """The gradient of the mean log loss and the penalty; the last entry is the intercept's."""
    p = 1 / (1 + np.exp(-(X @ w[:-1] + w[-1])))
    return np.append(X.T @ (p - y) / len(y) + L2 * w[:-1], np.mean(p - y))


def loss(w, X, y):
    z = X @ w[:-1] + w[-1]
    return float(np.mean(np.log1p(np.exp(-np.abs(z))) + np.maximum(z, 0) - y * z) + L2 / 2 * w[:-1] @ w[:-1])


def local(start, X, y, steps=EPOCHS, more=lambda w: 0.0):
    """E full-batch steps of gradient descent, each with something added to the gradient."""
    w = start
    for _ in range(steps):
        w = w - RATE * (slope(w, X, y) + more(w))
    return w


def arrays(point):
    return (named_array("weights", point[:-1]), named_array("intercept", point[-1:]))


def answered(task, X, y):
    """What a site sends, trained by the platform that the others are compared with."""
    update, second = gradient(X, y, task), task.second()
    return update if second is None else msgspec.structs.replace(update, personal=gradient(X, y, second).parameters)


def by_seam(strategy, data, partial, rounds=ROUNDS):
    """Return the global parameters after every round, and what each site uses after the last."""
    features = next(iter(data.values()))[0].shape[1]
    names = tuple(f"x{index}" for index in range(features))
    start = GlobalModel(model=LogisticRegression(l2=L2), features=names, parameters=arrays(np.zeros(features + 1)))
    state, seen = strategy.init(start, tuple(data)), []
    for number in range(1, rounds + 1):
        sites = cohort(data, number, partial)
        updates = []
        for site in sites:
            client = Client(site=site, round=number, sites=tuple(sites), total=len(data))
            task = strategy.task(state, client)
            assert (task.epochs, task.learning_rate) == (EPOCHS, RATE)
            updates.append((site, answered(task, *data[site])))
        state, about = strategy.apply(state, tuple(updates))
        assert about["rows"] == sum(len(data[site][1]) for site in sites)
        seen.append(vector(state.current.parameters))
    return seen, {site: vector(used_at(strategy, state, site)) for site in data}


class Paper:
    """A server written out: `step` gets w, the points of the sites and their rows, and returns the next w."""

    def __init__(self, step, more=lambda w: lambda u: 0.0):
        self.step = step
        self.more = more

    def rounds(self, data, partial):
        w = np.zeros(next(iter(data.values()))[0].shape[1] + 1)
        for number in range(1, ROUNDS + 1):
            sites = cohort(data, number, partial)
            points = [local(w, *data[site], more=self.more(w)) for site in sites]
            w = self.step(w, points, [len(data[site][1]) for site in sites])
            yield w


def mean(points, rows):
    return sum(n * point for n, point in zip(rows, points, strict=True)) / sum(rows)


class Scaffold:
    """Algorithm 1 of Karimireddy et al., option II; sites hold their control variates, as in the paper."""

    def rounds(self, data, partial):
        x = np.zeros(next(iter(data.values()))[0].shape[1] + 1)
        c, own = 0 * x, dict.fromkeys(data, 0 * x)
        for number in range(1, ROUNDS + 1):
            sites = cohort(data, number, partial)
            moves, drifts = [], []
            for site in sites:
                before = own[site]
                y = local(x, *data[site], more=lambda w, shift=c - before: shift)
                own[site] = before - c + (x - y) / (EPOCHS * RATE)
                moves.append(y - x)
                drifts.append(own[site] - before)
            x = x + 0.9 / len(sites) * sum(moves)
            c = c + len(sites) / len(data) * np.mean(drifts, axis=0)
            yield x


class QFedAvg:
    """Algorithm 2 of Li et al.; F is the loss of the model that was received."""

    def __init__(self, q):
        self.q = q

    def rounds(self, data, partial):
        w, L = np.zeros(next(iter(data.values()))[0].shape[1] + 1), 1 / RATE
        for number in range(1, ROUNDS + 1):
            up, down = 0 * w, 0.0
            for site in cohort(data, number, partial):
                F, d = loss(w, *data[site]), L * (w - local(w, *data[site]))
                up = up + F**self.q * d
                down = down + self.q * F ** (self.q - 1) * float(d @ d) + L * F**self.q
            w = w - up / down
            yield w


class Ditto:
    """Algorithm 1 of Li et al.: FedAvg, and a model at every site."""

    def __init__(self, lam):
        self.lam = lam

    def rounds(self, data, partial):
        w = np.zeros(next(iter(data.values()))[0].shape[1] + 1)
        self.own = dict.fromkeys(data, 0 * w)
        for number in range(1, ROUNDS + 1):
            sites = cohort(data, number, partial)
            for site in sites:
                self.own[site] = local(self.own[site], *data[site], more=lambda v, w=w: self.lam * (v - w))
            w = mean([local(w, *data[site]) for site in sites], [len(data[site][1]) for site in sites])
            yield w


class OwnIntercept:
    """Arivazhagan et al.: the weights are averaged, every site has its intercept."""

    def rounds(self, data, partial):
        w = np.zeros(next(iter(data.values()))[0].shape[1])
        b = dict.fromkeys(data, 0.0)
        for number in range(1, ROUNDS + 1):
            sites = cohort(data, number, partial)
            points = [local(np.append(w, b[site]), *data[site]) for site in sites]
            b.update({site: point[-1] for site, point in zip(sites, points, strict=True)})
            middle = mean(points, [len(data[site][1]) for site in sites])
            w, self.own = middle[:-1], {site: np.append(middle[:-1], b[site]) for site in data}
            yield middle


class ThenAlone:
    """Three rounds of federated averaging, and two in which sites go on alone."""

    def rounds(self, data, partial):
        w = np.zeros(next(iter(data.values()))[0].shape[1] + 1)
        own = {}
        for number in range(1, ROUNDS + 1):
            sites = cohort(data, number, partial)
            if number <= 3:
                w = mean([local(w, *data[site]) for site in sites], [len(data[site][1]) for site in sites])
            else:
                own.update({site: local(own.get(site, w), *data[site]) for site in sites})
            self.own = {site: own.get(site, w) for site in data}
            yield w


def momentum():
    v = 0.0

    def step(w, points, rows):
        nonlocal v
        v = 0.7 * v + (w - mean(points, rows))
        return w - 0.8 * v

    return step


def adaptive(grow, v, kingma=False):
    m, t = 0.0, 0

    def step(w, points, rows):
        nonlocal m, v, t
        delta, t = mean(points, rows) - w, t + 1
        m, v = 0.8 * m + 0.2 * delta, grow(v, delta**2)
        a, b = (m / (1 - 0.8**t), v / (1 - 0.95**t)) if kingma else (m, v)
        return w + 0.05 * a / (np.sqrt(b) + 0.01)

    return step


def trimmed(w, points, rows):
    cut = int(0.3 * len(points))
    return np.array([np.mean(sorted(column)[cut : len(points) - cut]) for column in zip(*points, strict=True)])


def score(points, f, i):
    others = sorted(float(np.sum((points[i] - one) ** 2)) for j, one in enumerate(points) if j != i)
    return sum(others[: len(points) - f - 2])


def krum(m):
    def step(w, points, rows):
        order = sorted(range(len(points)), key=lambda i: (score(points, 1, i), tuple(points[i])))
        return np.mean([points[i] for i in order[:m]], axis=0)

    return step


def bulyan(w, points, rows):
    left, picked = list(points), []
    while len(picked) < len(points) - 2:
        best = min(range(len(left)), key=lambda i: (score(left, 1, i), tuple(left[i])))
        picked.append(left.pop(best))
    made = []
    for column in zip(*picked, strict=True):
        middle = np.median(column)
        made.append(np.mean(sorted(column, key=lambda x: abs(x - middle))[: len(picked) - 2]))
    return np.array(made)


def weiszfeld(w, points, rows):
    z = mean(points, rows)
    for _ in range(7):
        beta = [n / sum(rows) / max(1e-3, float(np.linalg.norm(z - x))) for n, x in zip(rows, points, strict=True)]
        z = sum(b * x for b, x in zip(beta, points, strict=True)) / sum(beta)
    return z


SERVER = {"server_learning_rate": 0.05, "beta_1": 0.8, "tau": 0.01}
PAPERS = {
    "fedavg": ({}, lambda: Paper(lambda w, points, rows: mean(points, rows))),
    "fedavgm": ({"momentum": 0.7, "server_learning_rate": 0.8}, lambda: Paper(momentum())),
    "fedadagrad": (SERVER, lambda: Paper(adaptive(lambda v, d: v + d, 1e-4))),
    "fedadam": ({**SERVER, "beta_2": 0.95}, lambda: Paper(adaptive(lambda v, d: 0.95 * v + 0.05 * d, 1e-4))),
    "fedyogi": (
        {**SERVER, "beta_2": 0.95},
        lambda: Paper(adaptive(lambda v, d: v - 0.05 * d * np.sign(v - d), 1e-4)),
    ),
    "fedprox": (
        {"mu": 0.7},
        lambda: Paper(lambda w, points, rows: mean(points, rows), more=lambda w: lambda u: 0.7 * (u - w)),
    ),
    "scaffold": ({"server_learning_rate": 0.9}, Scaffold),
    "fednova": ({}, lambda: Paper(lambda w, points, rows: mean(points, rows))),
    "qfedavg": ({"q": 2.0}, lambda: QFedAvg(2.0)),
    "ditto": ({"lam": 0.4}, lambda: Ditto(0.4)),
    "personal": ({}, OwnIntercept),
    "fine_tuning": ({"global_rounds": 3}, ThenAlone),
    "coordinate_median": ({}, lambda: Paper(lambda w, points, rows: np.median(points, axis=0))),
    "trimmed_mean": ({"beta": 0.3}, lambda: Paper(trimmed)),
    "krum": ({"f": 1}, lambda: Paper(krum(1))),
    "multi_krum": ({"f": 1, "m": 4}, lambda: Paper(krum(4))),
    "geometric_median": ({"steps": 7, "nu": 1e-3}, lambda: Paper(weiszfeld)),
    "bulyan": ({"f": 1}, lambda: Paper(bulyan)),
}


REQUIRED = {"fine_tuning": {"global_rounds": 3}}


def made(name, arguments=(), **more):
    return named(name, {"learning_rate": RATE, "local_epochs": EPOCHS, **dict(arguments), **more}.items())


def test_no_strategy_is_left_out():
    assert set(installed()) == set(PAPERS)


@pytest.mark.parametrize("partial", [False, True], ids=["all", "partial"])
@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("name", PAPERS)
def test_every_round_is_the_papers(name, data, partial):
    if (name, data, partial) == ("bulyan", "apart", True):
        with pytest.raises(OperatorError, match="7 sites or more as it is set, and there are 6"):
            by_seam(made(name, f=1), DATA[data](), partial)
        return
    arguments, paper = PAPERS[name]
    rows, paper = DATA[data](), paper()
    expected = list(paper.rounds(rows, partial))
    seen, used = by_seam(made(name, **arguments), rows, partial)
    for got, wanted in zip(seen, expected, strict=True):
        assert got == pytest.approx(wanted, rel=1e-9, abs=1e-12)
    for site, got in used.items():
        wanted = paper.own[site] if hasattr(paper, "own") else expected[-1]
        assert got == pytest.approx(wanted, rel=1e-9, abs=1e-12)


def test_bias_correction_is_kingma_and_bas():
    rows = apart()
    grow = adaptive(lambda v, d: 0.95 * v + 0.05 * d, 0.0, kingma=True)
    strategy = made("fedadam", **SERVER, beta_2=0.95, bias_correction=True)
    for got, wanted in zip(by_seam(strategy, rows, False)[0], Paper(grow).rounds(rows, False), strict=True):
        assert got == pytest.approx(wanted, rel=1e-9, abs=1e-12)


def test_fednova_takes_the_mean_step_of_sites_that_take_different_numbers():
    """Equations 11 and 12 of Wang et al., over batches of 8 rows."""
    rows, w = apart(), np.zeros(3)
    seen, _ = by_seam(made("fednova", batch=8), rows, False)
    averaged, _ = by_seam(made("fedavg", batch=8), rows, False)
    for number, got in enumerate(seen, start=1):
        share = {site: len(y) / sum(len(y) for _, y in rows.values()) for site, (_, y) in rows.items()}
        tau = {site: EPOCHS * -(-len(y) // 8) for site, (_, y) in rows.items()}
        assert len(set(tau.values())) > 3
        step = 0.0
        for site, (X, y) in rows.items():
            point, order = w, np.lexsort((y, X[:, 1], X[:, 0]))
            client = Client(site=site, round=number, sites=tuple(rows), total=len(rows))
            generator = np.random.default_rng(drawn(0, client))
            for _ in range(EPOCHS):
                ordered = order[generator.permutation(len(y))] if len(y) > 8 else order
                for first in range(0, len(y), 8):
                    batch = ordered[first : first + 8]
                    point = point - RATE * slope(point, X[batch], y[batch])
            step = step + share[site] * (w - point) / tau[site]
        w = w - sum(share[site] * tau[site] for site in rows) * step
        assert got == pytest.approx(w, rel=1e-9, abs=1e-12)
    assert seen[-1] != pytest.approx(averaged[-1], rel=1e-2)


NEUTRAL = {
    "fedavgm": ({"momentum": 0.0, "server_learning_rate": 1.0}, "fedavg", {}),
    "fedprox": ({"mu": 0.0}, "fedavg", {}),
    "fednova": ({}, "fedavg", {}),
    "qfedavg": ({"q": 0.0}, "fedavg", {"weights": "uniform"}),
    "ditto": ({"lam": 3.0}, "fedavg", {}),
    "fine_tuning": ({"global_rounds": ROUNDS}, "fedavg", {}),
    "multi_krum": ({"f": 1, "m": 1}, "krum", {"f": 1}),
}


@pytest.mark.parametrize("partial", [False, True], ids=["all", "partial"])
@pytest.mark.parametrize("name", NEUTRAL)
def test_a_neutral_setting_is_another_strategy(name, partial):
    rows = flipped()
    arguments, other, its = NEUTRAL[name]
    found, wanted = (by_seam(made(*one), rows, partial)[0] for one in ((name, arguments), (other, its)))
    for got, expected in zip(found, wanted, strict=True):
        assert got == pytest.approx(expected, rel=1e-12)


def test_scaffold_of_one_step_with_all_sites_is_the_uniform_mean():
    rows, one = flipped(), [("learning_rate", RATE), ("local_epochs", 1)]
    strategies = (named("scaffold", one), named("fedavg", [*one, ("weights", "uniform")]))
    points = []
    for strategy in strategies:
        start = GlobalModel(model=LogisticRegression(), features=("a", "b", "c"), parameters=arrays(np.zeros(4)))
        state = strategy.init(start, tuple(rows))
        for number in range(1, ROUNDS + 1):
            clients = {site: Client(site=site, round=number, sites=tuple(rows), total=len(rows)) for site in rows}
            updates = tuple((site, answered(strategy.task(state, clients[site]), *rows[site])) for site in rows)
            state, _ = strategy.apply(state, updates)
        points.append(vector(state.current.parameters))
    assert points[0] == pytest.approx(points[1], rel=1e-9)


def test_ditto_without_a_tie_is_every_site_alone():
    rows = apart()
    _, used = by_seam(made("ditto", lam=0.0), rows, False)
    for site, (X, y) in rows.items():
        assert used[site] == pytest.approx(local(np.zeros(3), X, y, steps=ROUNDS * EPOCHS), rel=1e-9)


def test_a_large_q_brings_the_losses_of_sites_together():
    rows = apart()
    worst, spread = {}, {}
    for q in (0.0, 5.0):
        w = by_seam(made("qfedavg", q=q), rows, False, rounds=200)[0][-1]
        losses = [loss(w, *one) for one in rows.values()]
        worst[q], spread[q] = max(losses), np.std(losses)
    assert worst[5.0] < worst[0.0]
    assert spread[5.0] < spread[0.0]


@pytest.mark.parametrize(
    "name", ["coordinate_median", "trimmed_mean", "krum", "multi_krum", "geometric_median", "bulyan"]
)
def test_a_site_that_sends_anything_moves_it_little(name):
    strategy = named(name, [("learning_rate", 0.5)])
    start = GlobalModel(model=LogisticRegression(), features=("x0",), parameters=arrays(np.zeros(2)))
    honest = [np.array([1 + 0.01 * number, -1 - 0.01 * number]) for number in range(7)]

    def after(points):
        updates = tuple((f"s{n}", Update(parameters=arrays(point), rows=10)) for n, point in enumerate(points))
        sites = tuple(site for site, _ in updates)
        return vector(strategy.apply(strategy.init(start, sites), updates)[0].current.parameters)

    with_liar = after([*honest, np.array([1e6, 1e6])])
    assert np.abs(with_liar - after(honest)).max() < 0.1
    mean_of_all = np.mean([*honest, [1e6, 1e6]], axis=0)
    assert np.abs(with_liar - mean_of_all).max() > 1e5


@pytest.mark.parametrize(
    ("name", "arguments", "fewest"),
    [
        ("coordinate_median", {}, 3),
        ("trimmed_mean", {"beta": 0.2}, 5),
        ("trimmed_mean", {"beta": 0.25}, 4),
        ("krum", {"f": 2}, 7),
        ("multi_krum", {"f": 1, "m": 5}, 6),
        ("bulyan", {"f": 1}, 7),
    ],
)
def test_too_few_sites_are_refused_before_and_after_a_round(name, arguments, fewest):
    strategy = named(name, [("learning_rate", 0.5), *arguments.items()])
    start = GlobalModel(model=LogisticRegression(), features=("x0",), parameters=arrays(np.zeros(2)))
    sites = tuple(f"s{number}" for number in range(fewest))
    state = strategy.init(start, sites)
    strategy.task(state, Client(site="s0", round=1, sites=sites, total=fewest))
    with pytest.raises(OperatorError, match=f"{name}.. protects {fewest} sites or more"):
        strategy.init(start, sites[1:])
    with pytest.raises(OperatorError, match=f"{name}.. protects {fewest} sites or more"):
        strategy.task(state, Client(site="s0", round=1, sites=sites[1:], total=fewest))
    updates = tuple((site, Update(parameters=arrays(np.zeros(2)), rows=4)) for site in sites)
    strategy.apply(state, updates)
    with pytest.raises(OperatorError, match=f"there are {fewest - 1}"):
        strategy.apply(state, updates[1:])


@pytest.mark.parametrize(
    ("name", "argument", "value"),
    [
        ("fedavg", "batch", 0),
        ("fedprox", "mu", -0.1),
        ("scaffold", "server_learning_rate", 0.0),
        ("qfedavg", "q", -1.0),
        ("ditto", "lam", float("nan")),
        ("fine_tuning", "global_rounds", 0),
        ("fedavgm", "momentum", 1.0),
        ("fedavgm", "server_learning_rate", 0.0),
        ("fedadam", "beta_1", -0.1),
        ("fedadam", "beta_2", 1.0),
        ("fedyogi", "beta_2", 1.5),
        ("fedadagrad", "tau", 0.0),
        ("trimmed_mean", "beta", 0.5),
        ("trimmed_mean", "beta", 0.0),
        ("krum", "f", 0),
        ("multi_krum", "m", 0),
        ("geometric_median", "steps", 0),
        ("geometric_median", "nu", 0.0),
        ("geometric_median", "weights", "size"),
    ],
)
def test_a_wrong_parameter_names_itself_and_the_strategy(name, argument, value):
    with pytest.raises(OperatorError, match=rf"{name}\(\):? .*{argument}"):
        made(name, {**REQUIRED.get(name, {}), argument: value})


@pytest.mark.parametrize("name", PAPERS)
def test_state_keeps_the_shapes_of_the_model(name):
    strategy = made(name, REQUIRED.get(name, ()))
    parameters = (named_array("weights", np.ones((2, 3))), named_array("intercept", np.ones(2)))
    start = GlobalModel(model=LogisticRegression(), features=("a", "b", "c"), parameters=parameters)
    sites = tuple(f"s{number}" for number in range(7))
    updates = tuple((site, Update(parameters=parameters, rows=5, loss=1.0, personal=parameters)) for site in sites)
    state, _ = strategy.apply(strategy.init(start, sites), updates)
    for arrays_ in (state.current.parameters, used_at(strategy, state, "s1")):
        assert [array(one).shape for one in arrays_] == [(2, 3), (2,)]
        assert [one.name for one in arrays_] == ["weights", "intercept"]
    assert msgspec.structs.asdict(state)["current"].features == start.features


def test_a_loss_that_was_not_said_names_the_site():
    strategy = made("qfedavg")
    start = GlobalModel(model=LogisticRegression(), features=("x0",), parameters=arrays(np.zeros(2)))
    with pytest.raises(SiteError, match=r"^va did not say its loss"):
        strategy.apply(strategy.init(start, ("va",)), (("va", Update(parameters=arrays(np.ones(2)), rows=4)),))


def test_a_model_of_its_own_that_was_not_sent_names_the_site():
    start = GlobalModel(model=LogisticRegression(), features=("x0",), parameters=arrays(np.zeros(2)))
    strategy = made("ditto")
    with pytest.raises(SiteError, match=r"^va did not send the model"):
        strategy.apply(strategy.init(start, ("va",)), (("va", Update(parameters=arrays(np.ones(2)), rows=4)),))


@pytest.mark.parametrize(
    ("layers", "message"), [("intercpt", "Did you mean intercept"), ("weights, intercept", "nothing is shared")]
)
def test_personal_layers_are_some_arrays_of_the_model(layers, message):
    start = GlobalModel(model=LogisticRegression(), features=("x0",), parameters=arrays(np.zeros(2)))
    with pytest.raises(OperatorError, match=message):
        made("personal", layers=layers).init(start, ("a", "b"))
