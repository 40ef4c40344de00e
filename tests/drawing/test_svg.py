from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import msgspec
import pytest
from drawing import plans

from jupyter_wayang.drawing.layout import layout
from jupyter_wayang.drawing.measure import width
from jupyter_wayang.drawing.svg import plan_svg
from jupyter_wayang.drawing.tokens import PlatformLook, Theme, look_of
from jupyter_wayang.plan.execution import ExecutionPlan, Interval
from jupyter_wayang.platforms.registry import installed

SVG = "{http://www.w3.org/2000/svg}"
EVIL = '<script>alert("x")</script>&]]>\x00'
PLANS = {
    "hospitals": plans.federated(run=True, round_=7),
    "join": plans.local(),
    "diamond": plans.diamond(),
    "many": plans.many(100),
    "lanes": plans.three_steps(100),
}


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 -- our own text


def words(root: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
@pytest.mark.parametrize("name", PLANS)
def test_it_is_well_formed_and_stands_alone(name: str, theme: Theme) -> None:
    svg = plan_svg(PLANS[name], theme=theme)
    root = parsed(svg)
    assert root.tag == f"{SVG}svg"
    assert root[0].tag == f"{SVG}title"
    assert root[1].tag == f"{SVG}desc"
    assert root.get("role") == "img"
    assert not [element for element in root.iter() if element.tag in (f"{SVG}script", f"{SVG}image", f"{SVG}use")]
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|@import|@font-face|url\(", svg)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_one_theme_needs_no_variables(theme: Theme) -> None:
    assert "var(" not in plan_svg(plans.federated(), theme=theme)


def test_auto_follows_the_system_and_defines_what_it_uses() -> None:
    svg = plan_svg(plans.federated(), theme="auto")
    assert "prefers-color-scheme:dark" in svg
    used = set(re.findall(r"var\((--wy-[a-z0-9-]+)\)", svg))
    light, dark = svg.split("prefers-color-scheme:dark", 1)
    assert used
    assert not [name for name in used if f"{name}:" not in light or f"{name}:" not in dark]


@pytest.mark.parametrize("name", PLANS)
def test_all_is_within_the_view_box(name: str) -> None:
    root = parsed(plan_svg(PLANS[name]))
    _, _, width, height = map(float, str(root.get("viewBox")).split())
    for rect in root.iter(f"{SVG}rect"):
        x, y = float(rect.get("x", "0")), float(rect.get("y", "0"))
        assert -1 <= x <= width
        assert -1 <= y <= height
        assert x + float(rect.get("width", "0")) <= width + 1
        assert y + float(rect.get("height", "0")) <= height + 1


def test_text_of_the_plan_is_escaped() -> None:
    plan = plans.local()
    first = plan.operators[0]
    decision = msgspec.structs.replace(first.decision, platform=EVIL, reason=EVIL)
    operator = msgspec.structs.replace(first, verb=EVIL, text=EVIL, decision=decision)
    lane = msgspec.structs.replace(plan.lanes[0], title=EVIL, note=EVIL, platforms=(EVIL,))
    edge = msgspec.structs.replace(plan.edges[0], label=EVIL)
    evil = msgspec.structs.replace(
        plan, name=EVIL, operators=(operator, *plan.operators[1:]), lanes=(lane,), edges=(edge, *plan.edges[1:])
    )
    for theme in ("light", "auto"):
        root = parsed(plan_svg(evil, theme=theme))  # type: ignore[arg-type]
        assert not list(root.iter(f"{SVG}script"))


def test_a_hue_that_is_no_colour_is_not_put_into_the_style() -> None:
    looks = {"polars": PlatformLook("polars", "Pl", "red}</style><script>")}
    svg = plan_svg(plans.diamond(), looks=looks)
    assert "red}" not in svg


def test_a_card_says_estimate_and_count_share_and_platform() -> None:
    found = words(parsed(plan_svg(plans.federated(run=True, round_=7))))
    assert "~303303" in found
    assert "<1 %" in found
    assert "58 %" in found
    assert found.count("Du") >= 6
    assert "hungary.parquet" in found


def test_counted_is_bold_and_estimated_is_not() -> None:
    root = parsed(plan_svg(plans.federated(run=True)))
    spans = {("".join(span.itertext())): str(span.get("class")).split() for span in root.iter(f"{SVG}tspan")}
    assert "cnt" in spans["303"]
    assert "cnt" not in spans["~303"]


def test_darkness_is_the_share_of_time() -> None:
    root = parsed(plan_svg(plans.federated(run=True)))
    steps = {
        str(group[0].text).splitlines()[0]: str(group[1].get("class"))
        for group in root.iter(f"{SVG}g")
        if len(group) > 1 and group[0].tag == f"{SVG}title" and "card" in str(group[1].get("class"))
    }
    assert "h5" in steps["read switzerland.csv"]
    assert "h1" in steps["read va.csv"]


def test_a_wrong_estimate_is_flagged_from_ten_times_on() -> None:
    found = words(parsed(plan_svg(plans.federated(run=True))))
    assert [text for text in found if "×" in text and "under" in text] == ["▲ 12× under"]


def test_a_conversion_is_two_bars_in_the_hues_it_goes_between() -> None:
    svg = plan_svg(plans.local(), theme="light")
    root = parsed(svg)
    bars = [str(p.get("class")) for p in root.iter(f"{SVG}path") if str(p.get("class")).startswith("bar ")]
    # Two conversions and the sample in the legend.
    assert len(bars) == 6
    rules = dict(re.findall(r"\.(m\d+)\{stroke:(#\w+)\}", svg))
    assert [rules[bar.split()[1]] for bar in bars[:2]] == ["#cc79a7", "#f0e442"]
    found = words(root)
    assert "6.1 kB" in found
    assert "1.2 ms" in found


def test_edges_with_rows_are_solid_and_thick_by_bytes_the_others_dashed() -> None:
    plan = plans.federated()
    svg = plan_svg(plan)
    root = parsed(svg)
    solid = [p for p in root.iter(f"{SVG}path") if p.get("class") == "edge"]
    dashed = [p for p in root.iter(f"{SVG}path") if p.get("class") in ("fact", "back")]
    rows = sum(edge.kind == "rows" for edge in plan.edges)
    assert len(solid) == rows + 2  # and two in the legend
    assert len(dashed) == len(plan.edges) - rows + 1
    big = parsed(plan_svg(plans.local()))
    widths = [float(str(p.get("stroke-width"))) for p in big.iter(f"{SVG}path") if p.get("class") == "edge"]
    assert widths[0] > widths[3] + 2


@pytest.mark.parametrize(("round_", "said"), [(None, "30 rounds"), (7, "round 7/30"), (30, "30/30 done")])
def test_the_back_edge_says_the_round(round_: int | None, said: str) -> None:
    root = parsed(plan_svg(plans.federated(round_=round_)))
    pills = [text for text in root.iter(f"{SVG}text") if text.get("class") == "pillt"]
    assert ["".join(text.itertext()) for text in pills] == [said]


def test_more_than_300_operators_open_collapsed() -> None:
    many = plans.many(100)
    assert "25 sites" in words(parsed(plan_svg(many)))
    assert "site-042" in words(parsed(plan_svg(many, collapse=False)))
    assert "100 × 400 B" in words(parsed(plan_svg(many)))


def test_an_unknown_platform_is_neutral_with_two_letters() -> None:
    plan = plans.local()
    decision = msgspec.structs.replace(plan.operators[0].decision, platform="flink")
    operator = msgspec.structs.replace(plan.operators[0], decision=decision)
    shown = msgspec.structs.replace(plan, operators=(operator, *plan.operators[1:]))
    assert "Fl" in words(parsed(plan_svg(shown)))
    known = {"flink": PlatformLook("Flink", "Fk", "#123456")}
    svg = plan_svg(shown, looks=known)
    assert "Fk" in words(parsed(svg))
    assert "#123456" in svg


def test_states_are_icons_with_words() -> None:
    root = parsed(plan_svg(plans.federated(run=True, round_=7)))
    icons = [str(g[0].text) for g in root.iter(f"{SVG}g") if str(g.get("class")).startswith("icon")]
    assert icons.count("running") == 5 + 1
    assert icons.count("done") == 28 + 1
    assert "queued" not in icons


def test_a_long_text_is_cut_to_its_card() -> None:
    root = parsed(plan_svg(plans.local()))
    assert any(text.startswith("age >= 18") and text.endswith("…") for text in words(root))


def test_a_long_text_ends_before_the_mark_of_a_state() -> None:
    plan = plans.local()
    long = [msgspec.structs.replace(one, text="mean of 8 columns and more") for one in plan.operators]
    plan = msgspec.structs.replace(plan, operators=tuple(long))
    root = parsed(plan_svg(plan, states={one.id: "done" for one in plan.operators}))
    texts = [text for text in words(root) if text.startswith("mean of")]
    assert len(texts) == len(plan.operators)
    # It begins 7 after the card does, and the mark 17 before its end.
    assert all(7 + width(text) <= layout(plan).cards[0].box.width - 17 for text in texts)


def test_an_empty_plan_is_a_picture_too() -> None:
    root = parsed(plan_svg(ExecutionPlan(lanes=(), operators=(), edges=(), cost_s=Interval.exact(0))))
    assert root.tag == f"{SVG}svg"
    assert not [r for r in root.iter(f"{SVG}rect") if str(r.get("class")).startswith("card")]


def test_cards_are_drawn_where_the_layout_says() -> None:
    plan = plans.federated()
    root = parsed(plan_svg(plan))
    corners = {
        (float(str(r.get("x"))) - 0.5, float(str(r.get("y"))) - 0.5)
        for r in root.iter(f"{SVG}rect")
        if str(r.get("class")).startswith("card")
    }
    assert corners == {(round(c.box.x, 1), round(c.box.y, 1)) for c in layout(plan).cards}


def test_what_was_not_counted_is_not_shown_as_counted() -> None:
    plan = plans.federated(run=True)
    sure = [
        msgspec.structs.replace(edge, rows=Interval.exact(61)) if edge.label == "test" else edge for edge in plan.edges
    ]
    found = words(parsed(plan_svg(msgspec.structs.replace(plan, edges=tuple(sure)))))
    assert "test ~61 rows, 5.4 kB" in found


def test_a_platform_has_one_title_and_one_pair_of_letters() -> None:
    for name, platform in installed().items():
        assert (look_of(name).title, look_of(name).badge) == (platform.title, platform.badge)
    plan = plans.diamond()
    first = plan.operators[0]
    decision = msgspec.structs.replace(first.decision, platform="postgres", reason="It is there.")
    plan = msgspec.structs.replace(
        plan, operators=(msgspec.structs.replace(first, decision=decision), *plan.operators[1:])
    )
    svg = plan_svg(plan)
    assert "PostgreSQL: It is there." in svg
    assert f"{first.verb} on PostgreSQL" in svg
