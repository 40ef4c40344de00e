"""Loops of a cell and of Python: what they come to, turn by turn, on every platform."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import jupyter_wayang as wy
from jupyter_wayang.errors import CellSyntaxError, ExpressionTypeError, NameUnknownError, OperatorError, PlanError
from jupyter_wayang.events import OperatorFinished, RoundFinished, RoundStarted
from jupyter_wayang.language.cell import read_cell
from jupyter_wayang.language.scope import Scope
from jupyter_wayang.plan.logical import LogicalPlan
from jupyter_wayang.plan.loops import circles, iterations
from jupyter_wayang.plan.preferences import Preferences
from jupyter_wayang.platforms.duckdb.engine import DuckDBEngine

PLATFORMS = (None, ["pandas"], ["polars"], ["duckdb"])


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[wy.Session]:
    made = wy.Session(tmp_path_factory.mktemp("loops"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def ones(session: wy.Session) -> wy.Collection:
    return session.read(pa.table({"k": [1, 2], "x": [1.0, 10.0]}))


def rows(collection: Any, platforms: list[str] | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = collection.run(platforms=platforms).to_arrow().to_pylist()
    return sorted(found, key=lambda row: list(row.values()))


def cell(session: wy.Session, text: str, **variables: object) -> Any:
    """Read a cell, and return its result."""
    return read_cell(text, Scope(variables), session).results[0]


@pytest.mark.parametrize("platforms", PLATFORMS)
@pytest.mark.parametrize("turns", [0, 1, 5])
def test_a_turn_goes_on_with_what_the_one_before_made(
    ones: wy.Collection, turns: int, platforms: list[str] | None
) -> None:
    made = wy.repeat(turns, lambda v: v.with_columns(x=wy.col.x * 2), ones)
    assert rows(made, platforms) == [{"k": 1, "x": 2.0**turns}, {"k": 2, "x": 10 * 2.0**turns}]


def test_a_cell_and_python_make_the_same_plan(session: wy.Session, ones: wy.Collection) -> None:
    text = "for _ in repeat(3):\n    v = v.with_columns(x=x * 2)\nv"
    python = wy.repeat(3, lambda v: v.with_columns(x=wy.col.x * 2), ones)
    plans = [LogicalPlan.of([one.port]) for one in (cell(session, text, v=ones), python)]
    bare = [[(node.id, node.operator, node.inputs) for node in plan.nodes] for plan in plans]
    assert bare[0] == bare[1]


@pytest.mark.parametrize("platforms", PLATFORMS)
def test_a_condition_is_looked_at_before_every_turn(
    session: wy.Session, ones: wy.Collection, platforms: list[str] | None
) -> None:
    text = "while v.agg(go=max(x) < 100):\n    v = v.with_columns(x=x * 2)\nv"
    assert rows(cell(session, text, v=ones), platforms) == [{"k": 1, "x": 16.0}, {"k": 2, "x": 160.0}]
    never = "while v.agg(go=max(x) > 100):\n    v = v.with_columns(x=x * 2)\nv"
    assert rows(cell(session, never, v=ones), platforms) == [{"k": 1, "x": 1.0}, {"k": 2, "x": 10.0}]
    null = "while v.filter(x > 99).agg(go=max(x) > 0):\n    v = v.with_columns(x=x * 2)\nv"
    assert rows(cell(session, null, v=ones), platforms) == [{"k": 1, "x": 1.0}, {"k": 2, "x": 10.0}]


@pytest.mark.parametrize("platforms", PLATFORMS)
def test_names_that_change_places_do_so_at_once(ones: wy.Collection, platforms: list[str] | None) -> None:
    tens = ones.with_columns(x=wy.col.x * 10)
    first, second = wy.repeat(3, lambda a, b: (b, a), ones, tens)
    assert rows(first, platforms) == rows(tens, platforms)
    assert rows(second, platforms) == rows(ones, platforms)


@pytest.mark.parametrize("platforms", PLATFORMS)
def test_a_loop_within_a_loop_begins_anew(
    session: wy.Session, ones: wy.Collection, platforms: list[str] | None
) -> None:
    text = """
for _ in repeat(3):
    step = v.select(k, add=x * 0 + 1)
    for _ in repeat(2):
        step = step.with_columns(add=add * 2)
    v = v.join(step, on=k).select(k, x=x + add)
v
"""
    assert rows(cell(session, text, v=ones), platforms) == [{"k": 1, "x": 13.0}, {"k": 2, "x": 22.0}]


def test_what_does_not_change_runs_once(session: wy.Session, ones: wy.Collection) -> None:
    text = """
fixed = other.filter(x > 1).group_by(k).agg(top=max(x))
for _ in repeat(4):
    small = other.select(k, y=x / 2)
    v = v.join(fixed, on=k).join(small, on=k).select(k, x=x + top + y)
v
"""
    made = cell(session, text, v=ones, other=pa.table({"k": [2, 2], "x": [4.0, 0.5]}))
    plan = LogicalPlan.of([made.port])
    (circle,) = circles(plan)
    assert {plan[id_].operator.verb for id_ in circle.body} == {"carry", "join", "select"}
    repeated = iterations(plan)
    assert {plan[id_].operator.verb for id_ in {n.id for n in plan.nodes} - set(repeated)} >= {"filter", "group_by"}
    result = made.run(platforms=["duckdb", "polars"])
    ran = [event.operator for event in result.run.events() if isinstance(event, OperatorFinished)]
    assert [ran.count(id_) for id_ in ("group_by", "filter")] == [1, 1]
    assert ran.count("join") == 4
    assert {operator.iterations for operator in result.run.plan().execution.operators} == {1, 4}


def test_what_costs_less_to_make_anew_is_not_kept(
    session: wy.Session, ones: wy.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    keep = DuckDBEngine.keep
    monkeypatch.setattr(DuckDBEngine, "keep", lambda self, payload: asked.append(payload) or keep(self, payload))
    text = """
fixed = other.group_by(k).agg(top=max(x))
for _ in repeat(4):
    v = v.join(fixed, on=k).select(k, x=x + top)
v
"""
    made = cell(session, text, v=ones, other=pa.table({"k": [2] * 5000, "x": [4.0] * 5000}))
    counts = []
    for memory in (None, 1):
        session.preferences = Preferences(memory_bytes=memory) if memory else Preferences()
        asked.clear()
        result = made.run(platforms=["duckdb"])
        assert result.to_arrow().to_pylist() == [{"k": 2, "x": 26.0}]
        kept = {one.id for one in result.run.plan().execution.operators if one.kept}
        assert kept == ({"group_by"} if memory is None else set())
        counts.append(len(asked))
    session.preferences = Preferences()
    assert counts[0] == counts[1] + 1


def test_turns_are_told(ones: wy.Collection) -> None:
    run = wy.repeat(3, lambda v: v.with_columns(x=wy.col.x * 2), ones).run().run
    events = [event for event in run.events() if isinstance(event, RoundStarted | RoundFinished)]
    assert [event.round for event in events] == [1, 1, 2, 2, 3, 3]
    loop = run.plan().execution.loop
    assert (loop.rounds, set(loop.operators)) == (3, {"carry", "with_columns"})
    back = [edge for edge in run.plan().execution.edges if edge.back]
    assert [(edge.source.node, edge.target) for edge in back] == [("with_columns", "carry")]


def test_what_a_turn_makes_elsewhere_is_moved_back(ones: wy.Collection) -> None:
    made = wy.repeat(4, lambda v: v.on("pandas").with_columns(x=wy.col.x * 2).on("duckdb"), ones)
    result = made.run()
    assert rows(made) == [{"k": 1, "x": 16.0}, {"k": 2, "x": 160.0}]
    (back,) = [edge for edge in result.run.plan().execution.edges if edge.back]
    assert back.movement is not None
    assert (back.movement.channels[0], back.movement.channels[-1]) == ("duckdb.relation", "pandas.frame")


def written(seed: int, other: wy.Collection) -> Any:
    """Return a body of some operators by chance, some of them pinned to a platform."""
    r = random.Random(seed)  # noqa: S311 - a plan is no secret
    col = wy.col
    moves = [
        lambda v: v.with_columns(x=col.x / 2 + col.k),
        lambda v: v.filter(col.k % 5 != 3),
        lambda v: v.join(other.filter(col.k > 0), on="k", how="left").select("k", x=col.x + wy.coalesce(col.y, 0.5)),
        lambda v: v.group_by("k").agg(x=wy.sum(col.x)),
        lambda v: v.union(v.select(k=col.k + 1, x=col.x * 0.25)),
        lambda v: v.join(v.agg(top=wy.max(col.x)), how="cross").select("k", x=col.x - col.top / 8),
    ]
    chosen = [(r.choice(moves), r.choice(["pandas", "polars", "duckdb", None])) for _ in range(r.randint(1, 4))]

    def body(v: wy.Collection) -> wy.Collection:
        for move, platform in chosen:
            v = move(v) if platform is None else move(v).on(platform)
        return v

    return body


@pytest.mark.parametrize("seed", range(12))
def test_a_loop_is_what_its_body_is_when_it_is_written_out(session: wy.Session, seed: int) -> None:
    start = session.read(pa.table({"k": [1, 2, 3, 4], "x": [1.0, -2.0, 0.5, 8.0]}))
    other = session.read(pa.table({"k": [1, 2, 2, 0], "y": [1.0, 2.0, 3.0, 9.0]}))
    body, plain = written(seed, other), start
    for _ in range(3):
        plain = body(plain)
    found, wanted = (rows(one, ["pandas", "polars", "duckdb"]) for one in (wy.repeat(3, body, start), plain))
    assert len(wanted) > 0
    assert [list(row.values()) for row in found] == [pytest.approx(list(row.values())) for row in wanted]


def test_a_hint_on_what_a_loop_made_leaves_one_loop(ones: wy.Collection) -> None:
    first, second = wy.repeat(2, lambda a, b: (b, a.with_columns(x=wy.col.x + 1)), ones, ones)
    made = first.on("polars").join(second.on("duckdb").rename(x="y"), on="k")
    result = made.run()
    assert rows(made) == [{"k": 1, "x": 2.0, "y": 2.0}, {"k": 2, "x": 11.0, "y": 11.0}]
    assert [operator.verb for operator in result.run.plan().execution.operators].count("repeat") == 1


def test_what_comes_out_of_a_loop_is_learned_from(ones: wy.Collection) -> None:
    grown = wy.repeat(3, lambda v: v.union(v.with_columns(x=wy.col.x + wy.col.k)), ones)
    model = grown.scale("k").fit(wy.linear_regression(l2=0.1), target="x")
    assert model.evaluate(grown).run().to_arrow()["rows"].to_pylist() == [16]
    said = model.predict(ones).sort("k").run().to_arrow()["prediction"].to_pylist()
    assert said[0] < said[1]


def test_a_model_is_asked_in_every_turn(ones: wy.Collection) -> None:
    model = ones.fit(wy.linear_regression(), target="x")  # x is 9 k - 8
    made = wy.repeat(2, lambda v: model.predict(v).select("k", x=wy.col.prediction).with_columns(k=wy.col.k + 1), ones)
    assert rows(made) == [{"k": 3, "x": pytest.approx(10)}, {"k": 4, "x": pytest.approx(19)}]


def test_a_loop_without_an_end_is_stopped_by_hand(session: wy.Session, ones: wy.Collection) -> None:
    endless = wy.loop(lambda v: v.agg(go=wy.count() > 0), lambda v: v.with_columns(x=wy.col.x), ones, limit=10**9)
    run = endless.run(wait=False)
    following = run.follow()
    next(event for event in following if isinstance(event, RoundFinished))
    run.stop()
    assert list(following)[-1].state == "stopped"
    assert rows(ones) == [{"k": 1, "x": 1.0}, {"k": 2, "x": 10.0}]


def test_more_turns_than_the_limit_are_an_error(ones: wy.Collection) -> None:
    endless = wy.loop(lambda v: v.agg(go=wy.count() > 0), lambda v: v.with_columns(x=wy.col.x), ones, limit=7)
    with pytest.raises(PlanError, match="still true after 7 turns"):
        endless.run()
    with pytest.raises(OperatorError, match="between 0 and 1,000 turns"):
        wy.repeat(1001, lambda v: v, ones)
    assert wy.repeat(1001, lambda v: v, ones, limit=2000)


def test_a_condition_of_no_row_is_an_error(ones: wy.Collection) -> None:
    made = wy.loop(lambda v: v.select(go=wy.col.x > 5), lambda v: v.with_columns(x=wy.col.x), ones)
    with pytest.raises(PlanError, match=r"one row, and .* made 2"):
        made.run()


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("for _ in repeat(3):\n    w = v.limit(1)", NameUnknownError, "w begins anew in every turn"),
        ("for _ in repeat(3):\n    v = v.select(k)", ExpressionTypeError, "leave v with the columns"),
        ("for _ in repeat(3):\n    v = v.with_columns(k=k / 2)", ExpressionTypeError, "v.k is int64 before"),
        ("while v:\n    v = v.limit(1)", ExpressionTypeError, "one row and one column"),
        ("for _ in v:\n    v = v.limit(1)", CellSyntaxError, r"goes round with repeat\(\)"),
        ("for _ in repeat(3):\n    v = v.limit(1)\nelse:\n    v", CellSyntaxError, "has no else"),
        ("for _ in repeat(3, most=4):\n    v = v.limit(1)", OperatorError, 'no argument "most"'),
        ("for _ in repeat(3):\n    w = v.limit(1)\n    v = w\nw", NameUnknownError, 'no collection "w"'),
    ],
)
def test_mistakes_are_told_where_they_are(
    session: wy.Session, ones: wy.Collection, text: str, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message) as caught:
        cell(session, text, v=ones)
    assert getattr(caught.value, "span", None) is not None


def test_what_a_turn_makes_stays_inside(ones: wy.Collection) -> None:
    leaked: list[wy.Collection] = []

    def turn(v: wy.Collection) -> wy.Collection:
        leaked.append(v.with_columns(x=wy.col.x * 2))
        return leaked[-1]

    wy.repeat(3, turn, ones)
    with pytest.raises(PlanError, match="used outside of it"):
        leaked[0].run()


def test_a_step_that_learns_is_refused(ones: wy.Collection) -> None:
    made = wy.repeat(3, lambda v: v.scale("x"), ones)
    with pytest.raises(PlanError, match=r"scale\(\) inside of a loop"):
        made.run()


def test_files_are_read_once(session: wy.Session, tmp_path: Path) -> None:
    (tmp_path / "links.csv").write_text("a,b\n1,2\n2,3\n")
    links = session.read(str(tmp_path / "links.csv"))
    made = wy.repeat(3, lambda v: v.join(links, on=[("k", "a")]).select(k=wy.col.b), session.read(pa.table({"k": [1]})))
    run = made.run(platforms=["duckdb"]).run
    ran = [event.operator for event in run.events() if isinstance(event, OperatorFinished)]
    assert sum(id_.startswith("read") for id_ in ran) == 2
