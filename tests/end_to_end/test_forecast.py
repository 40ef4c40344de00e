"""What a federated fit takes is said before it starts, and is what it took; limits refuse it; rounds decide where it trains."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

import jupyter_wayang as wy
from jupyter_wayang.datasets import postgres
from jupyter_wayang.errors import PlanError
from jupyter_wayang.events import BytesMoved, FactsLearned, RoundStarted, RunFinished
from jupyter_wayang.plan.preferences import Preferences
from jupyter_wayang.platforms import connections

sys.path.insert(0, str(Path(__file__).parent))

from heart import task

SITES = ("cleveland", "hungary", "switzerland", "va")
MIXED = dict(
    zip(SITES, (("duckdb", "numpy"), ("polars", "numpy"), ("pandas", "numpy"), ("pandas", "sklearn")), strict=True)
)
Opened = Callable[..., wy.Session]


def left(result: wy.Result) -> tuple[dict[str, int], dict[tuple[str, int], int]]:
    """Return the bytes that left each site, in all and in each round."""
    whole: dict[str, int] = defaultdict(int)
    rounds: dict[tuple[str, int], int] = defaultdict(int)
    for event in result.run.events():
        if isinstance(event, BytesMoved) and event.direction == "up":
            whole[event.site] += event.bytes
            if event.round:
                rounds[event.site, event.round] += event.bytes
    return whole, rounds


@pytest.mark.parametrize("rounds", [1, 6])
def test_what_leaves_is_within_what_was_said(opened: Opened, rounds: int) -> None:
    model, test = task(opened(MIXED), rounds=rounds)
    said = {one.site: one for one in model.evaluate(test).plan().execution.takes}
    result = model.evaluate(test).run()
    whole, each = left(result)
    assert said.keys() == whole.keys() == set(SITES)
    for site, one in said.items():
        assert one.bytes.low <= whole[site] <= one.bytes.high < 3 * one.bytes.low
        for number in range(1, rounds + 1):
            # The first answer of a kind also says how long the operators before it took.
            slack = 400 if number == 1 else 0
            assert one.round_bytes.low <= each[site, number] <= one.round_bytes.high + slack
        assert one.memory_bytes.high > 0
        assert 0 < one.seconds.low <= one.seconds.high


def test_a_goal_may_end_after_the_first_round(opened: Opened) -> None:
    session = opened(MIXED)
    rows = session.read("patients", sites="hospitals").select("age", "num")
    options = {"rounds": 30, "strategy": wy.fedavg(learning_rate=0.5)}
    logistic = wy.logistic_regression()
    plain = rows.fit(logistic, target=wy.col.num > 0, **options).plan().execution.takes[0]
    goal = rows.fit(logistic, target=wy.col.num > 0, until=wy.metric.log_loss < 0.6, **options).plan()
    assert goal.execution.takes[0].bytes.high == pytest.approx(plain.bytes.high, rel=0.1)
    assert goal.execution.takes[0].bytes.low < plain.bytes.low / 2


def test_the_explanation_says_it_before_and_beside_what_was_measured(opened: Opened) -> None:
    model, test = task(opened(MIXED), rounds=2)
    plan = model.evaluate(test).plan()
    for text in (plan.explain(wins=False).text, plan.outline()):
        assert "leaves a round" in text
        assert "took" not in text.split("takes of each site")[1].splitlines()[0]
    result = model.evaluate(test).run()
    whole, _ = left(result)
    text = result.explain().text.split("takes of each site")[1]
    assert text.splitlines()[0].split() == [
        "leaves",
        "a",
        "round",
        "leaves",
        "in",
        "all",
        "left",
        "memory",
        "time",
        "took",
    ]
    for line, site in zip(text.splitlines()[1:5], SITES, strict=True):
        assert line.lower().startswith(site)
        assert f"{whole[site] / 1000:.0f} kB" in line


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (Preferences(max_bytes=35_000), r"up to [\d,]+ bytes would leave \w+, and 35,000 may"),
        (Preferences(max_seconds=0.001), r"it would take up to [\d.]+ s, and 0.001 s are allowed"),
    ],
)
def test_a_limit_that_it_may_break_refuses_it_before_the_first_round(
    opened: Opened, limit: Preferences, words: str
) -> None:
    session = opened(MIXED)
    session.preferences = limit
    model, test = task(session, rounds=3)
    run = model.evaluate(test).run(wait=False)
    with pytest.raises(PlanError, match=words):
        run.wait()
    events = run.events()
    assert not [event for event in events if isinstance(event, RoundStarted | FactsLearned)]
    assert {event.kind for event in events if isinstance(event, BytesMoved)} == {"planned", "done"}
    assert isinstance(events[-1], RunFinished)
    assert events[-1].state == "failed"
    assert model.evaluate(test).plan(), "it can be looked at"


def test_a_limit_that_holds_is_not_in_the_way(opened: Opened) -> None:
    session = opened(MIXED)
    session.preferences = Preferences(max_bytes=200_000, max_seconds=600.0)
    model, test = task(session, rounds=1)
    assert model.evaluate(test).run().state == "done"


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[wy.Session]:
    """Open a session with two federations of one site each, whose rows are in a database; NumPy is there too."""
    folder = tmp_path_factory.mktemp("databases")
    generator = np.random.default_rng(1)
    columns = {f"x{index}": generator.normal(size=20_000) for index in range(4)}
    table = pa.table({**columns, "ill": generator.random(20_000) < 0.4})
    postgres.stored(postgres.address(), "rows", table)
    connections.connect("forecast", postgres.address())
    with duckdb.connect(str(folder / "rows.duckdb")) as connection:
        connection.register("handed", table)
        connection.execute("CREATE TABLE rows AS SELECT * FROM handed")
    (folder / "policy.toml").write_text('tables = ["rows"]\noperators = ["aggregate", "learn", "fit", "evaluate"]\n')
    session = wy.Session(folder)
    places = {
        "duckdb": {"database": "rows.duckdb", "table": "rows"},
        "postgres": {"connection": "forecast", "table": "rows"},
    }
    for platform, place in places.items():
        site = {"tables": {"rows": place}, "platforms": [platform, "numpy"], "policy": "policy.toml"}
        session.federation(f"on_{platform}", {"site": site})
    yield session
    session.close()


# A round of PostgreSQL costs more than to move the rows out; one of DuckDB less than to start NumPy.
CHOICES = {"duckdb": {1: "duckdb", 30: "numpy"}, "postgres": {1: "numpy", 30: "numpy"}}


@pytest.mark.parametrize("database", CHOICES)
def test_rounds_decide_where_a_site_trains_and_both_prices_are_shown(databases: wy.Session, database: str) -> None:
    compute: dict[int, dict[str, float]] = {}
    moved: dict[int, float] = {}
    for rounds, expected in CHOICES[database].items():
        rows = databases.read("rows", sites=f"on_{database}")
        strategy = wy.fedavg(learning_rate=0.5)
        plan = rows.fit(wy.logistic_regression(), target=wy.col.ill, rounds=rounds, strategy=strategy).plan()
        update = plan.execution.operator("site/fit_update")
        prices = {one.platform: one for one in update.decision.alternatives if one.impossible is None}
        assert prices.keys() == {database, "numpy"}
        assert update.decision.platform == expected
        assert prices[expected].difference_s == 0
        assert all(one.difference_s >= 0 for one in prices.values())
        compute[rounds] = {name: one.compute_s.mean for name, one in prices.items()}
        moved[rounds] = prices["numpy"].move_in_s.mean
        assert moved[rounds] > prices[database].move_in_s.mean
        text = plan.explain(wins=False).text.split("local_update")[1].split("\n\n")[0]
        assert {"duckdb": "DuckDB", "postgres": "PostgreSQL"}[database] in text
        assert "NumPy" in text
    # Steps are paid for in every round, the move out of the database once.
    for platform in (database, "numpy"):
        assert compute[30][platform] == pytest.approx(30 * compute[1][platform], rel=0.05)
    assert moved[30] == pytest.approx(moved[1], rel=0.05)
