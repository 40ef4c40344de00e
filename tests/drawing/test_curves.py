from __future__ import annotations

import itertools
import re
from xml.etree import ElementTree as ET

import pytest
from drawing import plans

from jupyter_wayang.drawing.axes import spread
from jupyter_wayang.drawing.curves import curves_svg
from jupyter_wayang.drawing.run_comparison import Panel, runs_svg
from jupyter_wayang.drawing.series import goal_of, series_of
from jupyter_wayang.drawing.tokens import Theme
from jupyter_wayang.events import AnyEvent, ClientsMeasured, MetricsMeasured, RunStarted, SiteLeftOut

SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 -- our own text


def words(root: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]


def measured(round_: int, value: float | None, site: str = "global", note: str | None = None) -> AnyEvent:
    return MetricsMeasured(
        round=round_, site=site, on="test", rows=None, log_loss=value, accuracy=None, auc=None, note=note
    )


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
@pytest.mark.parametrize("sites", [1, 4, 40])
def test_it_is_well_formed_and_stands_alone(sites: int, theme: Theme) -> None:
    svg = curves_svg(plans.events(sites=tuple(f"site-{i}" for i in range(sites))), until="log_loss < 0.4", theme=theme)
    root = parsed(svg)
    assert root[0].tag == f"{SVG}title"
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|<script|url\(", svg)
    assert ("var(" in svg) == (theme == "auto")


def test_names_and_values_stand_at_the_ends_without_overlap() -> None:
    root = parsed(curves_svg(plans.events(), titles={"va": "VA Long Beach"}))
    for name in ("global", "VA Long Beach", "cleveland"):
        assert name in words(root)
    ends = [
        (float(str(text.get("y"))), float(str(text.get("x"))))
        for text in root.iter(f"{SVG}text")
        if text.get("class") in ("v", "b") and "".join(text.itertext()) in {"global", "cleveland", "hungary"}
    ]
    for y, x in ends:
        assert not [other for other, place in ends if place == x and other != y and abs(other - y) < 13]


def test_the_goal_is_a_dashed_line() -> None:
    root = parsed(curves_svg(plans.events(), until="metric.log_loss < 0.40"))
    assert "until log_loss < 0.4" in words(root)
    assert [p for p in root.iter(f"{SVG}path") if p.get("class") == "goal"]
    assert not [p for p in parsed(curves_svg(plans.events())).iter(f"{SVG}path") if p.get("class") == "goal"]


@pytest.mark.parametrize("until", [None, "", "while x", "log_loss < e", "error > 0.1"])
def test_a_goal_that_no_curve_shows_is_left_out(until: str | None) -> None:
    parsed(curves_svg(plans.events(), until=until))
    assert goal_of("log_loss < e") is None


def test_a_missing_value_is_a_gap() -> None:
    events = [measured(0, 0.7), measured(1, 0.6), measured(2, None), measured(3, 0.5), measured(4, 0.4)]
    root = parsed(curves_svg(events))
    (line,) = [str(p.get("d")) for p in root.iter(f"{SVG}path") if p.get("class") == "g"]
    assert line.count("M") == 2
    assert line.count("L") == 2


def test_many_clients_are_three_lines_and_no_cells() -> None:
    def summed(number: int, worst: float) -> AnyEvent:
        return ClientsMeasured(
            round=number,
            on="test",
            metric="log_loss",
            clients=900,
            mean=0.5,
            spread=0.1,
            worst=2.0,
            worst_tenth=worst,
            median=0.5,
            best_tenth=0.1,
            best=0.0,
        )

    overall = [
        MetricsMeasured(round=n, site="global", on="test", rows=9, log_loss=1.0 / n, accuracy=0.5, auc=None)
        for n in (1, 2)
    ]
    said = words(parsed(curves_svg([summed(1, 1.5), summed(2, 1.2), *overall])))
    assert {"worst tenth", "median client", "best tenth", "global"} <= set(said)
    assert any(word.startswith("Accuracy") for word in said), "ten classes have no AUC"
    assert not any(word.startswith("Sites by round") for word in said)


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_runs_are_lines_with_names_and_levels_with_theirs(theme: Theme) -> None:
    lines = {f"run {at}": {1: 0.5, 2: 0.6 + at / 100} for at in range(8)}
    panel = Panel(title="Accuracy", lines=lines, levels={"majority": 0.5, "local": 0.5001})
    svg = runs_svg([panel, Panel(title="AUC", lines={"run 0": {}})], theme)
    root = parsed(svg)
    said = words(root)
    assert {*lines, "majority", "local"} <= set(said)
    assert "AUC" not in said
    places = [
        float(str(text.get("y")))
        for text in root.iter(f"{SVG}text")
        if "".join(text.itertext()) in ("majority", "local")
    ]
    assert abs(places[0] - places[1]) >= 12
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|<script|url\(", svg)


def test_a_value_alone_is_a_dot() -> None:
    root = parsed(curves_svg([measured(0, None), measured(3, 0.5)]))
    assert [c for c in root.iter(f"{SVG}circle") if c.get("class") == "gdot"]


def test_why_a_value_is_missing_is_said() -> None:
    events: list[AnyEvent] = [*plans.events(), SiteLeftOut(site="basel", reason="no policy <file>")]
    found = " ".join(words(parsed(curves_svg(events))))
    assert "2 rows of class 0, fewer than 5" in found
    assert "left out: no policy <file>" in found


def test_cells_say_what_happened() -> None:
    root = parsed(curves_svg(plans.events()))
    titles = [str(title.text) for title in root.iter(f"{SVG}title")]
    assert "va, round 9, failed after 1.5 s: WorkerDied: exit code -9" in titles
    assert "va, round 10: took no part" in titles
    assert sum(title.startswith("hungary, round") for title in titles) == 30


def test_a_longer_time_is_a_longer_cell() -> None:
    root = parsed(curves_svg(plans.events()))
    lengths = {}
    for group in root.iter(f"{SVG}g"):
        if len(group) == 3 and group[2].get("class") == "bar":
            lengths[str(group[0].text)] = float(str(group[2].get("width")))
    slow, quick = lengths["va, round 5: 1.4 s"], lengths["cleveland, round 5: 500 ms"]
    assert slow / quick == pytest.approx(1.4 / 0.5, rel=0.02)


def test_bytes_are_summed_by_round_and_in_all() -> None:
    series = series_of(plans.events())
    assert series.up[1] == 4 * 512
    assert series.up[9] == 3 * 512
    assert sum(series.left.values()) == sum(series.up.values())
    assert f"up {sum(series.up.values()) / 1000:.0f} kB" in " ".join(words(parsed(curves_svg(plans.events()))))


def test_many_sites_are_a_band_and_the_three_worst() -> None:
    root = parsed(curves_svg(plans.events(sites=tuple(f"site-{i}" for i in range(40)))))
    assert len([p for p in root.iter(f"{SVG}path") if p.get("class") == "worst"]) == 6
    assert [p for p in root.iter(f"{SVG}path") if p.get("class") == "band2"]
    assert "40 sites by round" in " ".join(words(root))


def test_a_run_that_has_just_begun_is_no_error() -> None:
    root = parsed(curves_svg([RunStarted(name="x", sites=("a", "b"), rounds=30)]))
    assert "nothing that may be shown was measured" in words(root)
    parsed(curves_svg([]))


def test_names_are_escaped() -> None:
    events = plans.events(sites=("<script>", "b"))
    assert "<script" not in curves_svg(events)


def test_places_of_names_keep_apart_and_inside() -> None:
    places = sorted(spread([50, 50.1, 50.2, 99, 100], 13, 0, 100))
    assert all(b - a >= 13 - 1e-9 for a, b in itertools.pairwise(places))
    assert places[0] >= 0
    assert places[-1] <= 100
