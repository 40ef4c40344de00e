from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pytest

from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.python.rows import WrongShapeError, columns_of, given, learned, row_class, shown

WORDS = Schema.of(word="string", n="int64")


class Pair(NamedTuple):
    word: str
    n: int


@dataclasses.dataclass
class Counted:
    word: str
    n: int


def test_a_row_is_read_by_attribute_name_and_position():
    row = row_class(["age", "odd name", "count", "from", "_private"])._make((42, "x", 7, "here", 0))
    assert (row.age, row["odd name"], row.count, getattr(row, "from"), row["_private"]) == (42, "x", 7, "here", 0)
    assert {**row} == {"age": 42, "odd name": "x", "count": 7, "from": "here", "_private": 0}
    assert row[0] == 42
    age, *_ = row
    assert age == 42


def test_a_row_says_which_columns_it_has():
    row = row_class(["line"])._make(("a",))
    with pytest.raises(AttributeError, match=r"no column split: line; a parameter with a type"):
        row.split()
    with pytest.raises(KeyError, match="no column word: line"):
        row["word"]


def test_a_long_row_is_cut_where_it_is_shown():
    row = row_class([f"c{index}" for index in range(12)])._make(["x" * 500, *range(11)])
    assert len(shown(row)) < 300
    assert shown(row).endswith(", …")


def test_rows_and_values_of_a_table():
    table = pa.table({"a": [1, None]})
    assert [row.a for row in given(table, ["a"], by_value=False)] == [1, None]
    assert list(given(table, ["a"], by_value=True)) == [1, None]


@pytest.mark.parametrize(
    "made", [{"n": 1, "word": "a"}, Pair("a", 1), Counted("a", 1), row_class(["n", "word"])._make((1, "a"))]
)
def test_what_counts_as_a_row(made):
    assert columns_of([made], WORDS).to_pylist() == [{"word": "a", "n": 1}]


def test_values_of_a_single_column():
    assert columns_of([1, None, np.int64(3)], Schema.of(value="int64"))["value"].to_pylist() == [1, None, 3]


@pytest.mark.parametrize(
    ("type_", "values", "wanted"),
    [
        ("float64", [1, 2.5, float("nan"), np.float32(0.5)], [1.0, 2.5, None, 0.5]),
        ("bool", [True, np.True_, None], [True, True, None]),
        ("date", [dt.date(2024, 1, 31)], [dt.date(2024, 1, 31)]),
        (
            "timestamp",
            [dt.datetime(2024, 1, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=2)))],
            [dt.datetime(2024, 1, 1)],  # noqa: DTZ001
        ),
        ("decimal(5, 2)", [Decimal("1.25"), None], [Decimal("1.25"), None]),
        ("list(string)", [["a", None], (), None], [["a", None], [], None]),
        ("null", [None], [None]),
    ],
)
def test_values_of_each_type(type_, values, wanted):
    assert columns_of(values, Schema.of(x=type_))["x"].to_pylist() == wanted


WRONG = {
    "a value": ({"word": "a", "n": 1.5}, "returned n=1.5, a float"),
    "a truth for a number": ({"word": "a", "n": True}, "returned n=True, a bool"),
    "too large": ({"word": "a", "n": 2**70}, "which does not fit into 64 bits"),
    "a column too few": ({"word": "a"}, "returned a row without n"),
    "a column too many": ({"word": "a", "n": 1, "m": 2}, "returned a row with m too"),
    "no row": (3, "returned 3, an int"),
    "nothing": (None, "returned None"),
}


@pytest.mark.parametrize(("made", "text"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_named(made, text):
    with pytest.raises(WrongShapeError, match=text.replace("(", r"\(")) as caught:
        columns_of([{"word": "a", "n": 1}, made], WORDS, [4, 5])
    assert (caught.value.index, caught.value.expected) == (5, "dict(word=str, n=int)")


def test_a_moment_is_no_date():
    with pytest.raises(WrongShapeError, match="a datetime"):
        columns_of([dt.datetime(2024, 1, 1, 12)], Schema.of(day="date"))  # noqa: DTZ001


def test_columns_are_learned_of_all_rows():
    made = [{"a": None, "b": 1}, {"b": 2.5, "a": "x"}, {"a": None, "b": None}]
    assert learned(made, [0, 1, 2]) == Schema.of(a="string", b="float64")
    assert learned([1, None], [0, 1]) == Schema.of(value="int64")
    assert learned([[1], [], [2.5]], [0, 1, 2]) == Schema.of(value="list(float64)")
    with pytest.raises(WrongShapeError, match="returned a='x'") as caught:
        learned([{"a": 1}, {"a": "x"}], [0, 1])
    assert caught.value.expected == "int for a, as before"
    with pytest.raises(WrongShapeError):
        learned([{"a": 1}, {"b": 1}], [0, 1])
    with pytest.raises(WrongShapeError, match="of which no column can be made"):
        learned([{"a": object}], [0])
