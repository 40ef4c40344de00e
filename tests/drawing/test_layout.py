from __future__ import annotations

import builtins
import random
import subprocess
import sys
import threading
from itertools import combinations
from pathlib import Path

import msgspec
import pytest
from drawing import plans

from jupyter_wayang.drawing import columns
from jupyter_wayang.drawing.layout import layout
from jupyter_wayang.drawing.places import Box, EdgePlace, Layout
from jupyter_wayang.plan.execution import ExecutionPlan, Lane, Loop

PLANS = {
    "hospitals": plans.federated(),
    "running": plans.federated(run=True, round_=7),
    "join": plans.local(),
    "diamond": plans.diamond(),
    "eight sites": plans.many(8),
    "many lanes": plans.three_steps(100),
}


@pytest.fixture(params=PLANS)
def plan(request: pytest.FixtureRequest) -> ExecutionPlan:
    return PLANS[request.param]


@pytest.fixture
def without_graphviz(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def hidden(name: str, *rest: object, **more: object) -> object:
        if name == "pygraphviz":
            raise ImportError(name)
        return original(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", hidden)
    monkeypatch.setattr(columns, "_ranks", columns.graphviz_ranks)


def overlap(one: Box, other: Box) -> bool:
    return one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom


def crosses(edge: EdgePlace, box: Box) -> bool:
    for (x1, y1), (x2, y2) in zip(edge.points, edge.points[1:], strict=False):
        across = min(x1, x2) < box.right - 0.1 and max(x1, x2) > box.x + 0.1
        down = min(y1, y2) < box.bottom - 0.1 and max(y1, y2) > box.y + 0.1
        if across and down:
            return True
    return False


def check(plan: ExecutionPlan, places: Layout) -> None:
    lanes = {lane.id: lane.box for lane in places.lanes}
    assert [card.id for card in places.cards] == [operator.id for operator in plan.operators]
    for card in places.cards:
        lane = lanes[card.lane]
        assert lane.x < card.box.x
        assert card.box.right < lane.right
        assert lane.y + 20 < card.box.y
        assert card.box.bottom < lane.bottom
    by_lane: dict[str, list[Box]] = {}
    for card in places.cards:
        by_lane.setdefault(card.lane, []).append(card.box)
    assert not any(overlap(a, b) for boxes in by_lane.values() for a, b in combinations(boxes, 2))
    assert [edge.edge for edge in places.edges] == list(range(len(plan.edges)))
    for edge in places.edges:
        for x, y in edge.points:
            assert 0 <= x <= places.width
            assert 0 <= y <= places.height
        for (x1, y1), (x2, y2) in zip(edge.points, edge.points[1:], strict=False):
            assert x1 == x2 or y1 == y2


def test_cards_lie_apart_and_in_their_lanes(plan: ExecutionPlan) -> None:
    places = layout(plan)
    assert places.engine == "graphviz"
    check(plan, places)


def test_without_graphviz_cards_lie_apart_too(plan: ExecutionPlan, without_graphviz: None) -> None:
    places = layout(plan)
    assert places.engine == "layers"
    check(plan, places)


def test_no_line_crosses_a_card(plan: ExecutionPlan) -> None:
    places = layout(plan)
    columns = {card.id: card.box for card in places.cards}
    for edge in places.edges:
        assert not [id_ for id_, box in columns.items() if crosses(edge, box)], edge


def test_lanes_are_bands_of_one_width_the_kernel_on_top(plan: ExecutionPlan) -> None:
    places = layout(plan)
    assert {lane.box.width for lane in places.lanes} == {places.width}
    tops = [lane.box.y for lane in places.lanes]
    assert tops == sorted(tops)
    kinds = {lane.id: lane.kind for lane in plan.lanes}
    assert [kinds[lane.id] == "kernel" for lane in places.lanes] == sorted(
        (kinds[lane.id] == "kernel" for lane in places.lanes), reverse=True
    )
    for above, below in zip(places.lanes, places.lanes[1:], strict=False):
        assert above.box.bottom < below.box.y


@pytest.mark.parametrize("hide", [False, True])
def test_the_same_step_stands_in_one_column_at_all_sites(hide: bool, request: pytest.FixtureRequest) -> None:
    if hide:
        request.getfixturevalue("without_graphviz")
    places = layout(plans.federated())
    found: dict[str, set[int]] = {}
    for card in places.cards:
        found.setdefault(card.id.split("/")[1], set()).add(card.column)
    assert {step: len(columns) for step, columns in found.items()} == dict.fromkeys(found, 1)
    order = ["read", "split", "impute", "scale", "one_hot", "update", "score"]
    assert [found[step] for step in order] == [{index} for index in range(7)]
    assert found["aggregate"] == found["update"]
    assert found["evaluate"] == found["score"]


def test_columns_do_not_depend_on_where_the_kernel_stands_in_the_plan() -> None:
    plan = plans.federated()
    late = sorted(plan.operators, key=lambda operator: operator.lane == "kernel")
    moved = layout(msgspec.structs.replace(plan, operators=tuple(late)))
    assert {card.id: card.column for card in moved.cards} == {card.id: card.column for card in layout(plan).cards}


def test_the_frame_holds_the_loop_and_nothing_else() -> None:
    plan = plans.federated()
    places = layout(plan)
    assert places.frame is not None
    assert plan.loop is not None
    frame = places.frame.box
    inside = {card.id for card in places.cards if frame.x < card.box.x and card.box.right < frame.right}
    assert inside == set(plan.loop.operators)
    assert not any(overlap(frame, card.box) for card in places.cards if card.id not in inside)
    assert (frame.y, frame.bottom) == (4, places.height - 4)


def test_one_trunk_for_the_facts_of_a_step() -> None:
    plan = plans.federated()
    places = layout(plan)
    means = [i for i, e in enumerate(plan.edges) if "kernel/impute" in (e.target, e.source.node)]
    shared = {places.edges[index].via for index in means}
    assert len(means) == 8
    assert len(shared - {None}) == 1
    assert sum(places.edges[index].via is None for index in means) == 1


def test_the_test_rows_go_below_the_cards() -> None:
    plan = plans.federated()
    places = layout(plan)
    boxes = {card.id: card.box for card in places.cards}
    for edge in places.edges:
        if plan.edges[edge.edge].label == "test":
            lowest = max(y for _, y in edge.points)
            assert lowest > boxes[plan.edges[edge.edge].target].bottom
            assert edge.inline
            assert edge.heads[0].to == "up"


def test_a_second_input_starts_a_row_below() -> None:
    rows = {card.id: card.row for card in layout(plans.local()).cards}
    assert {rows[id_] for id_ in ("read", "filter", "join", "group_by", "sort", "limit")} == {0}
    assert {rows["read_2"], rows["select"]} == {1}


def test_a_loop_on_one_machine_goes_back_above_the_cards() -> None:
    plan = plans.local()
    back = msgspec.structs.replace(plans.rows_edge("group_by", "filter", 48), back=True, kind="model")
    loop = Loop(operators=("filter", "join", "group_by", "select", "read_2"), rounds=5)
    looped = msgspec.structs.replace(plan, edges=(*plan.edges, back), loop=loop)
    places = layout(looped)
    check(looped, places)
    boxes = {card.id: card.box for card in places.cards}
    assert min(y for _, y in places.edges[-1].points) < boxes["filter"].y
    assert places.edges[-1].points[-1][0] == boxes["filter"].x
    assert places.frame is not None
    # The lane's own words are wider than what is left of the loop: the frame begins below them.
    assert places.frame.box.y > 20
    assert places.frame.title[1] < places.frame.pill[1] - 9


def test_equal_sites_share_a_lane() -> None:
    plan = plans.many(100)
    places = layout(plan, collapsed=True)
    assert len(places.lanes) == 5
    assert len(places.cards) == 4 * 7 + 5
    assert len(layout(plan).lanes) == 101


def random_plan(seed: int) -> ExecutionPlan:
    """Any graph over some lanes: chains, trees, shared outputs, lanes that talk to each other."""
    rng = random.Random(seed)  # noqa: S311 -- not a secret
    names = ["kernel", *(f"s{i}" for i in range(rng.randint(1, 4)))] if rng.random() < 0.6 else ["here"]
    operators, edges = [], []
    for index in range(rng.randint(1, 14)):
        lane = rng.choice(names)
        operators.append(
            plans.operator(f"{lane}/{index}", lane, "step", "text", "polars", 0.1, 100, logical=str(index))
        )
        for input_ in range(min(index, rng.randint(0, 3))):
            source = rng.choice(operators[:-1])
            if source.lane == lane:
                edges.append(plans.rows_edge(source.id, operators[-1].id, 10, input=input_))
            else:
                edges.append(plans.fact(source.id, operators[-1].id))
    kinds = {"kernel": "kernel", "here": "here"}
    lanes = tuple(Lane(id=name, title=name, kind=kinds.get(name, "site")) for name in names)  # type: ignore[arg-type]
    loop = None
    if rng.random() < 0.5:
        members = rng.sample([op.id for op in operators], rng.randint(1, len(operators)))
        loop = Loop(operators=tuple(members), rounds=3)
    return ExecutionPlan(lanes=lanes, operators=tuple(operators), edges=tuple(edges), loop=loop, cost_s=plans.around(1))


@pytest.mark.parametrize("seed", range(60))
def test_any_plan_gets_places(seed: int) -> None:
    plan = random_plan(seed)
    check(plan, layout(plan))


@pytest.mark.parametrize("seed", range(60))
def test_any_plan_gets_places_without_graphviz(seed: int, without_graphviz: None) -> None:
    plan = random_plan(seed)
    check(plan, layout(plan))


@pytest.mark.parametrize("seed", range(60))
def test_no_line_of_any_plan_crosses_a_card(seed: int) -> None:
    places = layout(random_plan(seed))
    assert not [(edge.edge, card.id) for edge in places.edges for card in places.cards if crosses(edge, card.box)]


def test_an_empty_plan_has_a_size() -> None:
    places = layout(ExecutionPlan(lanes=(), operators=(), edges=(), cost_s=plans.around(1)))
    assert places.width > 0
    assert places.cards == ()


def test_layouts_cross_a_wire() -> None:
    places = layout(plans.federated())
    assert msgspec.json.decode(msgspec.json.encode(places), type=Layout) == places


def test_threads_lay_out_side_by_side() -> None:
    found: list[Layout] = []
    threads = [threading.Thread(target=lambda: found.append(layout(plans.federated()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [layout(plans.federated())] * 4


def test_nothing_is_said_on_stderr_and_no_program_is_needed(tmp_path) -> None:
    program = "from drawing import plans; from jupyter_wayang.drawing.layout import layout; print(layout(plans.federated()).engine)"
    path = [*sys.path, str(Path(__file__).parents[1])]
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": "", "HOME": str(tmp_path), "PYTHONPATH": ":".join(entry for entry in path if entry)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert (answer.stdout.strip(), answer.stderr) == ("graphviz", "")
