from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import msgspec
import pyarrow as pa
from drawing import plans

from jupyter_wayang.drawing.details import operator_details
from jupyter_wayang.drawing.html import curves_html, plan_html, report, rows_html, table_html
from jupyter_wayang.drawing.measured import measured
from jupyter_wayang.drawing.whys import misses
from jupyter_wayang.events import BytesMoved, FactsLearned, OperatorFinished

EVIL = "<script>alert(1)</script>"
TABLE = ("Who gains", ["site", "rows", "AUC"], [["Cleveland", 61, 0.8529], ["Switzerland", 25, None]], "on <test> rows")


class Tags(HTMLParser):
    """Collects tags; void ones aside, each must be closed in turn."""

    VOID = ("meta", "img", "br", "path", "rect", "circle")

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            if name in ("src", "href"):
                assert str(value).startswith("data:")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def tags(html: str) -> list[str]:
    parser = Tags()
    parser.feed(html)
    assert parser.open == []
    return parser.names


def text(html: str) -> str:
    return re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))


def test_a_report_is_one_file_that_loads_nothing() -> None:
    html = report(plans.federated(run=True), plans.events(), title="Heart", tables=[TABLE])
    names = tags(html)
    assert names.count("svg") == 2
    assert "script" not in names
    assert "link" not in names
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|@import|url\(", html)
    assert 'name="color-scheme" content="light dark"' in html


def test_its_figures_come_from_the_events() -> None:
    events = plans.events()
    said = text(report(plans.federated(), events, title="Heart"))
    assert "30 of 30" in said
    assert "AUC, at worst ± 0.001, test rows" in said
    assert "left the sites: Cleveland 15 kB, Hungary 15 kB, Switzerland 15 kB, VA Long Beach 14 kB" in said
    assert "0 rows" in said
    assert "done in 48 s: 30 rounds" in said
    leak = BytesMoved(site="va", direction="up", kind="rows", bytes=1, rows=7)
    assert "7 rows" in text(report(plans.federated(), [*events, leak], title="Heart"))


def test_every_operator_has_its_alternatives() -> None:
    plan = plans.federated()
    html = report(plan, [], title="Heart")
    assert html.count('<details class="op">') == len(plan.operators)
    said = text(html)
    assert "no Java at this site" in said
    assert "The rows are in duckdb already, so nothing moves." in said
    assert "+4.0 ms" in said
    assert "compute 9.0 ms, move in 2.7 ms, move out 1.5 ms" in html
    assert "FROM a JOIN b USING (ward)" in report(plans.local(), [], title="Wards")


def test_estimates_that_were_off_stand_in_a_list_of_their_own() -> None:
    plan = plans.federated(run=True)
    slow = tuple(msgspec.structs.replace(one, measured_s=9.0) for one in plan.operators)
    plan = msgspec.structs.replace(plan, operators=slow)
    worst = misses(plan)[0]
    assert f"<dt>{worst.times}</dt><dd>{worst.told}</dd>" in operator_details(plan, None)
    assert "off most" not in operator_details(plans.federated(), None)


def test_bars_are_in_proportion_to_cost() -> None:
    html = report(plans.local(), [], title="Wards")
    track = re.search(r'title="compute 6.6 ms, move in 6.6 ms, move out 1.5 ms">(.*?)</span>', html)
    assert track
    widths = [float(width) for width in re.findall(r"width:([0-9.]+)%", track[1])]
    assert sum(widths) == 100
    assert abs(widths[0] - 6.6 / 14.7 * 100) < 0.1


def test_every_round_has_a_line_and_tables_their_notes() -> None:
    said = text(report(plans.federated(), plans.events(), title="Heart", tables=[TABLE]))
    assert "0.853" in said
    assert "–" in said
    assert "on &lt;test&gt; rows" in said
    assert "3 of 4" in said
    learned = FactsLearned(operator="impute", text="age 53.7")
    assert "age 53.7" in text(report(plans.federated(), [learned], title="Heart"))


def test_foreign_text_is_escaped_everywhere() -> None:
    plan = plans.local()
    first = plan.operators[0]
    decision = msgspec.structs.replace(first.decision, reason=EVIL, platform=EVIL)
    operator = msgspec.structs.replace(first, verb=EVIL, text=EVIL, decision=decision, code=EVIL)
    lane = msgspec.structs.replace(plan.lanes[0], title=EVIL, note=EVIL)
    evil = msgspec.structs.replace(
        plan, name=EVIL, lanes=(lane,), operators=(operator, *plan.operators[1:]), notes=(EVIL,), captured=(EVIL,)
    )
    events = [*plans.events(sites=(EVIL, "b")), FactsLearned(operator=EVIL, text=EVIL)]
    table = (EVIL, [EVIL], [[EVIL]], EVIL)
    for html in (report(evil, events, title=EVIL, tables=[table]), plan_html(evil), curves_html(events)):
        assert "script" not in tags(html)


def test_a_table_shows_types_its_first_rows_and_how_many_there_are() -> None:
    table = pa.table({"<b>age</b>": [63, None, 41], EVIL: ["a", EVIL, "c"], "ok": [True, None, False]})
    html = table_html(table, caption="<i>", most=2)
    names = tags(html)
    assert "script" not in names
    assert "b" not in names
    assert names.count("tr") == 3
    assert "<small>int64</small>" in html
    assert "2 of 3 rows, 3 columns" in html
    assert '<td class="r null">null</td>' in html
    assert "<td>true</td>" in html


def test_a_table_follows_the_notebooks_theme() -> None:
    html = rows_html([("x", "int64")], [[1]])
    assert "var(" not in html
    assert "background" not in html


def test_a_table_without_columns_or_rows_is_no_error() -> None:
    assert "0 rows, 0 columns" in table_html(pa.table({}))
    assert "0 rows, 1 column" in table_html(pa.table({"x": pa.array([], pa.int64())}))


def test_a_plan_in_a_cell_is_an_image_of_data_and_text() -> None:
    html = plan_html(plans.federated())
    found = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
    assert found
    assert b"prefers-color-scheme" in base64.b64decode(found[1])
    assert "alt=" in html
    assert "Cleveland  DuckDB  303 rows" in html


def test_events_are_put_into_the_plan() -> None:
    plan = plans.federated()
    events = [
        *plans.events(7),
        OperatorFinished(operator="va/read", rows=200, seconds=0.5),
        OperatorFinished(operator="va/update", seconds=0.25),
        OperatorFinished(operator="va/update", seconds=0.5),
        OperatorFinished(operator="unknown", rows=1, seconds=1),
    ]
    after = measured(plan, events)
    assert after.operator("va/read").counted == 200
    assert after.operator("va/update").measured_s == 0.75
    assert after.operator("va/scale").measured_s is None
    assert after.loop is not None
    assert after.loop.round == 7
    assert "7 of 30" in report(plan, events, title="x")
