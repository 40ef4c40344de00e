"""A cell of SQL: its rows, its name, its errors, and what completion offers in it."""

from __future__ import annotations

import pandas as pd
import pytest

from jupyter_wayang.language.builder import read
from jupyter_wayang.language.scope import Scope
from jupyter_wayang.notebook.completion import complete, fragment
from jupyter_wayang.notebook.options import parse_options


class Table:
    """What a DataFrame looks like from outside."""

    columns = ("room", "floor plan")

    def __arrow_c_stream__(self, requested_schema=None):
        pytest.fail("completion reads names, not rows")


def offered(desk, text, scope=None):
    """Complete at the mark ``|``."""
    found = complete(text.replace("|", ""), text.index("|"), scope or Scope(), desk)
    return [item.text for item in found]


def test_a_cell_of_sql_names_a_collection_that_later_cells_read(cells):
    cells("%%wayang --sql old --wait\nSELECT ward, age FROM 'visits.csv' WHERE age > 20")
    cells("%%wayang --sql --as pandas -o wards\nSELECT ward, count(*) AS n FROM old GROUP BY ward")
    assert cells.shell.user_ns["wards"].to_dict("list") == {"ward": ["b"], "n": [2]}
    cells("%%wayang --as arrow -o oldest\nold.sort(age, descending=True).limit(1)")
    assert cells.shell.user_ns["oldest"].to_pylist() == [{"ward": "b", "age": 60}]


def test_a_frame_of_the_notebook_is_a_table(cells):
    cells.shell.user_ns["wards"] = pd.DataFrame({"ward": ["a", "b"], "floor": [1, 2]})
    text = (
        "SELECT floor, sum(age) AS s FROM 'visits.csv' v JOIN wards w ON v.ward = w.ward GROUP BY floor ORDER BY floor"
    )
    cells(f"%%wayang --sql --as pandas -o made\n{text}")
    assert cells.shell.user_ns["made"].to_dict("list") == {"floor": [1, 2], "s": [17, 102]}


def test_an_error_shows_the_line_of_the_cell(cells):
    shown = cells("%%wayang --sql\nSELECT agee\nFROM 'visits.csv'")
    assert 'there is no column "agee"' in shown
    assert "Did you mean age?" in shown
    assert "2  SELECT agee" in shown
    assert "^^^^" in shown


def test_explain_plans_and_keeps_the_name(cells):
    cells("%%wayang --sql old --explain\nSELECT age FROM 'visits.csv' WHERE age > 20")
    assert "old" in cells.session.scope.collections
    assert not list(cells.session.kernel.runs())


def test_the_option_is_read():
    assert parse_options("--sql busy").sql
    assert not parse_options("busy").sql


SQL = "%%wayang --sql\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%%wayang --s|", ["--sites", "--sql"]),
        (SQL + "SELECT wa| FROM 'visits.csv'", ["ward"]),
        (SQL + "SELECT v.| FROM 'visits.csv' AS v, 'wards.csv' w", ["id", "ward", "age", "bmi", "day", "urgent"]),
        (SQL + "SELECT w.f| FROM 'visits.csv' AS v JOIN 'wards.csv' w USING (ward)", ["floor"]),
        (SQL + "SELECT id FROM o|", ["old"]),
        (SQL + "SELECT id FROM old, r|", ["rooms"]),
        (SQL + "SELECT roo| FROM rooms", ["room", "rooms"]),
        (SQL + "SELECT id FROM old WHERE ward = 'a|", []),
        (SQL + "-- ward a|", []),
        (SQL + "SELECT cou| FROM old", ["count"]),
        (SQL + "select id from old gro|", ["group"]),
        (SQL + "SELECT id FROM old GRO|", ["GROUP"]),
        (SQL + "SELECT x| FROM nowhere", []),
    ],
)
def test_completion_in_sql(desk, text, expected):
    scope = Scope({"rooms": Table(), "n": 3})
    scope.keep({"old": read(desk, "visits.csv")})
    assert offered(desk, text, scope) == expected


def test_the_part_that_is_completed_is_the_word_at_the_cursor():
    assert fragment(SQL + "SELECT v.wa", len(SQL) + 11) == "wa"
