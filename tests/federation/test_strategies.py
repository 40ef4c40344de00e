"""Every strategy against a computation written from its paper, over three data sets and five rounds."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from heart_reference import gradient_steps

from jupyter_wayang.datasets import heart_disease
from jupyter_wayang.errors import OperatorError
from jupyter_wayang.federation.strategies.vectors import vector
from jupyter_wayang.federation.strategy import Client, GlobalModel, installed, named
from jupyter_wayang.plan.models import LogisticRegression, array, named_array
from jupyter_wayang.plan.tasks import Update

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


def local(start, X, y):
    """E full-batch steps of gradient descent; the last entry is the intercept."""
    w, b = gradient_steps(X, y, start[:-1], start[-1], steps=EPOCHS, learning_rate=RATE, l2=L2)
    return np.append(w, b)


def arrays(point):
    return (named_array("weights", point[:-1]), named_array("intercept", point[-1:]))


def by_seam(strategy, data, partial):
    features = next(iter(data.values()))[0].shape[1]
    names = tuple(f"x{index}" for index in range(features))
    state = strategy.init(
        GlobalModel(model=LogisticRegression(l2=L2), features=names, parameters=arrays(np.zeros(features + 1)))
    )
    seen = []
    for number in range(1, ROUNDS + 1):
        sites = cohort(data, number, partial)
        updates = []
        for site in sites:
            task = strategy.task(state, Client(site=site, round=number, sites=tuple(sites), total=len(sites)))
            assert (task.epochs, task.learning_rate) == (EPOCHS, RATE)
            point = local(vector(task.parameters), *data[site])
            updates.append((site, Update(parameters=arrays(point), rows=len(data[site][1]))))
        state, about = strategy.apply(state, tuple(updates))
        assert about["rows"] == sum(len(data[site][1]) for site in sites)
        seen.append(vector(state.current.parameters))
    return seen


class Paper:
    """A server written out: `step` gets w, the points of the sites and their rows, and returns the next w."""

    def __init__(self, step):
        self.step = step

    def rounds(self, data, partial):
        w = np.zeros(next(iter(data.values()))[0].shape[1] + 1)
        for number in range(1, ROUNDS + 1):
            sites = cohort(data, number, partial)
            w = self.step(w, [local(w, *data[site]) for site in sites], [len(data[site][1]) for site in sites])
            yield w


def mean(points, rows):
    return sum(n * point for n, point in zip(rows, points, strict=True)) / sum(rows)


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
        order = sorted(range(len(points)), key=lambda i: (score(points, 1, i), i))
        return np.mean([points[i] for i in order[:m]], axis=0)

    return step


def bulyan(w, points, rows):
    left, picked = list(points), []
    while len(picked) < len(points) - 2:
        best = min(range(len(left)), key=lambda i: (score(left, 1, i), i))
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
    "fedavg": ({}, lambda: lambda w, points, rows: mean(points, rows)),
    "fedavgm": ({"momentum": 0.7, "server_learning_rate": 0.8}, momentum),
    "fedadagrad": (SERVER, lambda: adaptive(lambda v, d: v + d, 1e-4)),
    "fedadam": ({**SERVER, "beta_2": 0.95}, lambda: adaptive(lambda v, d: 0.95 * v + 0.05 * d, 1e-4)),
    "fedyogi": (
        {**SERVER, "beta_2": 0.95},
        lambda: adaptive(lambda v, d: v - 0.05 * d * np.sign(v - d), 1e-4),
    ),
    "coordinate_median": ({}, lambda: lambda w, points, rows: np.median(points, axis=0)),
    "trimmed_mean": ({"beta": 0.3}, lambda: trimmed),
    "krum": ({"f": 1}, lambda: krum(1)),
    "multi_krum": ({"f": 1, "m": 4}, lambda: krum(4)),
    "geometric_median": ({"steps": 7, "nu": 1e-3}, lambda: weiszfeld),
    "bulyan": ({"f": 1}, lambda: bulyan),
}


def made(name, **more):
    return named(name, [("learning_rate", RATE), ("local_epochs", EPOCHS), *more.items()])


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
    rows = DATA[data]()
    expected = list(Paper(paper()).rounds(rows, partial))
    for got, wanted in zip(by_seam(made(name, **arguments), rows, partial), expected, strict=True):
        assert got == pytest.approx(wanted, rel=1e-9, abs=1e-12)


def test_bias_correction_is_kingma_and_bas():
    rows = apart()
    grow = adaptive(lambda v, d: 0.95 * v + 0.05 * d, 0.0, kingma=True)
    strategy = made("fedadam", **SERVER, beta_2=0.95, bias_correction=True)
    for got, wanted in zip(by_seam(strategy, rows, False), Paper(grow).rounds(rows, False), strict=True):
        assert got == pytest.approx(wanted, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "neutral"), [("fedavgm", {"momentum": 0.0, "server_learning_rate": 1.0}), ("multi_krum", None)]
)
def test_a_neutral_setting_is_the_mean(name, neutral):
    rows = flipped()
    if neutral is None:
        # Of n sites n - f are averaged at most: with m = 1 it is Krum, which is its neutral setting.
        found, wanted = by_seam(made(name, f=1, m=1), rows, False), by_seam(made("krum", f=1), rows, False)
    else:
        found, wanted = by_seam(made(name, **neutral), rows, False), by_seam(made("fedavg"), rows, False)
    for got, expected in zip(found, wanted, strict=True):
        assert got == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "name", ["coordinate_median", "trimmed_mean", "krum", "multi_krum", "geometric_median", "bulyan"]
)
def test_a_site_that_sends_anything_moves_it_little(name):
    strategy = named(name, [("learning_rate", 0.5)])
    start = GlobalModel(model=LogisticRegression(), features=("x0",), parameters=arrays(np.zeros(2)))
    honest = [np.array([1 + 0.01 * number, -1 - 0.01 * number]) for number in range(7)]

    def after(points):
        updates = tuple((f"s{n}", Update(parameters=arrays(point), rows=10)) for n, point in enumerate(points))
        return vector(strategy.apply(strategy.init(start), updates)[0].current.parameters)

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
    state = strategy.init(start)
    sites = tuple(f"s{number}" for number in range(fewest))
    strategy.task(state, Client(site="s0", round=1, sites=sites, total=len(sites)))
    with pytest.raises(OperatorError, match=f"{name}.. protects {fewest} sites or more"):
        strategy.task(state, Client(site="s0", round=1, sites=sites[1:], total=len(sites)))
    updates = tuple((site, Update(parameters=arrays(np.zeros(2)), rows=4)) for site in sites)
    strategy.apply(state, updates)
    with pytest.raises(OperatorError, match=f"there are {fewest - 1}"):
        strategy.apply(state, updates[1:])


@pytest.mark.parametrize(
    ("name", "argument", "value"),
    [
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
        named(name, [("learning_rate", 0.5), (argument, value)])


@pytest.mark.parametrize("name", PAPERS)
def test_state_keeps_the_shapes_of_the_model(name):
    strategy = named(name, [("learning_rate", 0.5)])
    parameters = (named_array("weights", np.ones((2, 3))), named_array("intercept", np.ones(2)))
    start = GlobalModel(model=LogisticRegression(), features=("a", "b", "c"), parameters=parameters)
    updates = tuple((f"s{number}", Update(parameters=parameters, rows=5)) for number in range(7))
    state, _ = strategy.apply(strategy.init(start), updates)
    assert [array(one).shape for one in state.current.parameters] == [(2, 3), (2,)]
    assert [one.name for one in state.current.parameters] == ["weights", "intercept"]
    assert msgspec.structs.asdict(state)["current"].features == start.features
