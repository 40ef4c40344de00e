"""What a federated fit takes is said before it starts, and is what it took; limits refuse it; rounds decide where it trains."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import jupyter_wayang as wy
from jupyter_wayang.errors import PlanError
from jupyter_wayang.events import BytesMoved, FactsLearned, RoundStarted, RunFinished
from jupyter_wayang.plan.preferences import Preferences

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
def large(tmp_path_factory: pytest.TempPathFactory) -> wy.Session:
    """Open a session with one site that has many rows, for a database and for NumPy."""
    folder = tmp_path_factory.mktemp("large")
    generator = np.random.default_rng(1)
    n = 200_000
    columns = {f"x{index}": generator.normal(size=n) for index in range(4)}
    pq.write_table(pa.table({**columns, "ill": generator.random(n) < 0.4}), folder / "rows.parquet")
    (folder / "policy.toml").write_text('tables = ["rows"]\noperators = ["aggregate", "learn", "fit", "evaluate"]\n')
    session = wy.Session(folder)
    tables = {"rows": {"path": "rows.parquet"}}
    site = {"tables": tables, "platforms": ["duckdb", "numpy"], "policy": "policy.toml"}
    session.federation("one", {"site": site})
    yield session
    session.close()


def test_rounds_decide_whether_a_site_trains_in_its_database_and_both_prices_are_shown(large: wy.Session) -> None:
    def planned(rounds: int) -> wy.Plan:
        rows = large.read("rows", sites="one")
        strategy = wy.fedavg(learning_rate=0.5)
        return rows.fit(wy.logistic_regression(), target=wy.col.ill, rounds=rounds, strategy=strategy).plan()

    chosen = {}
    for rounds in (1, 30):
        plan = planned(rounds)
        update = plan.execution.operator("site/fit_update")
        chosen[rounds] = update.decision.platform
        prices = {one.platform: one for one in update.decision.alternatives if one.impossible is None}
        assert prices.keys() == {"duckdb", "numpy"}
        assert prices[chosen[rounds]].difference_s == 0
        assert all(one.difference_s >= 0 for one in prices.values())
        assert update.iterations == rounds
        # NumPy needs the rows moved out of the database, once for all rounds.
        assert prices["numpy"].move_in_s.mean > prices["duckdb"].move_in_s.mean
        text = plan.explain(wins=False).text.split("local_update")[1].split("\n\n")[0]
        assert "DuckDB" in text
        assert "NumPy" in text
    assert chosen == {1: "duckdb", 30: "numpy"}
    once, often = (planned(rounds).execution.operator("site/fit_update").decision for rounds in (1, 30))
    by_rounds = [
        {one.platform: one.compute_s.mean for one in decision.alternatives if one.compute_s}
        for decision in (once, often)
    ]
    for platform in ("duckdb", "numpy"):
        assert by_rounds[1][platform] == pytest.approx(30 * by_rounds[0][platform], rel=0.05)
    moved = [next(one.move_in_s.mean for one in d.alternatives if one.platform == "numpy") for d in (once, often)]
    assert moved[0] == pytest.approx(moved[1], rel=0.05)
