"""Words that take functions of the notebook: in Python and in cells."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
from collections.abc import Iterator
from typing import Any, NamedTuple, TypedDict

import pyarrow as pa
import pytest
from language.desk import FakeDesk

from jupyter_wayang.errors import DisclosureError, NameUnknownError, OperatorError
from jupyter_wayang.language import builder
from jupyter_wayang.language.callables import columns_said, given_of
from jupyter_wayang.language.cell import read_cell
from jupyter_wayang.language.expressions import col
from jupyter_wayang.language.functions import count
from jupyter_wayang.language.scope import Scope
from jupyter_wayang.plan.operators.functions import FilterBy, FlatMap, FunctionRef, ReduceBy
from jupyter_wayang.plan.schema import Schema


class Desk(FakeDesk):
    """A desk that holds functions by name."""

    def function(self, value):
        return FunctionRef(name=getattr(value, "__name__", "f"), key=f"key-{getattr(value, '__name__', 'f')}")

    def learned(self, operator, ports):
        self.asked.append((operator.verb, len(ports)))
        return Schema.of(made="int64")


@pytest.fixture
def desk():
    return Desk(**{"lines.csv": Schema.of(line="string")})


@pytest.fixture
def lines(desk):
    return builder.read(desk, "lines.csv")


@pytest.fixture
def visits(desk):
    return builder.read(desk, "visits.csv")


class Word(TypedDict):
    word: str
    n: int


class Pair(NamedTuple):
    word: str
    n: int


@dataclasses.dataclass
class Counted:
    word: str
    n: int


def by_dict(row) -> dict(word=str, n=int): ...  # noqa: C408
def by_typed_dict(row) -> Word: ...
def by_tuple(row) -> Pair: ...
def by_dataclass(row) -> Counted: ...
def by_arrow(row) -> pa.schema({"word": pa.string(), "n": pa.int32()}): ...


@pytest.mark.parametrize("function", [by_dict, by_typed_dict, by_tuple, by_dataclass, by_arrow])
@pytest.mark.parametrize("several", [True, False])
def test_hints_say_columns(function, several):
    assert columns_said(function, several=several) == Schema.of(word="string", n="int64")


def test_hints_of_several_rows():
    def listed(row) -> list[str]: ...
    def yielded(row) -> Iterator[Word]: ...
    def optional(row) -> str | None: ...

    assert columns_said(listed, several=True) == Schema.of(value="string")
    assert columns_said(listed, several=False) == Schema.of(value="list(string)")
    assert columns_said(yielded, several=True).names == ("word", "n")
    assert columns_said(optional, several=False) == Schema.of(value="string")


def test_hints_that_say_nothing():
    def any_(row) -> Any: ...
    def plain(row) -> dict: ...
    def as_text(row) -> NoSuchName: ...  # noqa: F821

    for function in (any_, plain, as_text, lambda row: row, len, functools.partial(plain, 1)):
        assert columns_said(function, several=False) is None


def test_a_hint_of_what_no_column_holds():
    def wrong(row) -> dict(word=str, n=complex): ...  # noqa: C408
    def wrong_too(row) -> complex: ...

    with pytest.raises(OperatorError, match="says complex for n, of which no column can be made"):
        columns_said(wrong, several=False)
    with pytest.raises(OperatorError, match="says complex, of which no columns can be made"):
        columns_said(wrong_too, several=False)


def test_a_parameter_with_a_type_is_given_the_value():
    def typed(line: str | None): ...
    def of_date(day: dt.date): ...
    def untyped(line): ...

    one, two = Schema.of(line="string"), Schema.of(line="string", n="int64")
    assert [given_of(f, one) for f in (typed, of_date, untyped)] == ["value", "value", "row"]
    assert given_of(typed, two) == "row"


def test_the_columns_are_those_of_the_hint_or_learned(lines, desk):
    assert lines.map(by_dict).columns == ("word", "n")
    assert desk.asked == []
    made = lines.flat_map(lambda row: [row])
    assert made.columns == ("made",)
    assert made.port.vertex.operator.learned
    assert desk.asked == [("flat_map", 1)]


def test_a_filter_takes_a_function(visits):
    def old(row) -> bool:
        return row.age > 60

    operator = visits.filter(old).port.vertex.operator
    assert isinstance(operator, FilterBy)
    assert (operator.verb, operator.describe()) == ("filter", "old")
    with pytest.raises(OperatorError, match="the hint of by_dict says it makes word"):
        visits.filter(by_dict)


def test_keys_are_columns_or_expressions(visits):
    def first(one, other):
        return one

    made = visits.reduce_by(["ward", col.age % 2], first)
    assert made.schema == visits.schema
    assert made.port.vertex.operator.describe() == "ward, age % 2, first"
    with pytest.raises(OperatorError, match="takes no aggregates"):
        visits.reduce_by(count(), first)


def test_both_sides_of_a_co_group(visits, desk):
    def pair(ours, theirs) -> list[Word]: ...

    wards = builder.read(desk, "wards.csv")
    operator = visits.co_group(wards, on="ward", f=pair).port.vertex.operator
    assert (operator.on, operator.describe()) == ((("ward", "ward"),), "ward, pair")
    with pytest.raises(OperatorError, match="cannot compare age"):
        visits.co_group(wards, on=[("age", "ward")], f=pair)


async def later(row): ...


def yields(row):
    yield row


WRONG = {
    "no function": (lambda v: v.map(3), "map() takes a function of the notebook, not an int"),
    "too few parameters": (lambda v: v.reduce(len), "reduce() with a row and a row"),
    "async": (lambda v: v.map(later), "later is an async function"),
    "a generator": (lambda v: v.map(yields), "yields makes several rows of one"),
    "no key": (lambda v: v.reduce_by([], lambda a, b: a), "reduce_by() needs a key"),
}


@pytest.mark.parametrize(("act", "text"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_before_anything_runs(visits, desk, act, text):
    with pytest.raises(OperatorError) as caught:
        act(visits)
    assert text in caught.value.message
    assert desk.asked == []


def test_no_function_goes_to_a_site(desk):
    patients = builder.read(desk, "patients", federation="hospitals")
    for act in (
        lambda: patients.map(lambda row: row),
        lambda: patients.drop("age").filter(lambda row: True),
        lambda: builder.read(desk, "wards.csv").co_group(patients, on=[("floor", "num")], f=lambda a, b: []),
    ):
        with pytest.raises(DisclosureError) as caught:
            act()
        assert "no site runs a function of the notebook" in caught.value.message
        assert "group_by" in caught.value.render()
    assert desk.asked == []
    assert patients.group_by("sex").agg(n=count()).map(by_dict).columns == ("word", "n")


def cell(text, desk, **variables):
    return read_cell(text, Scope(variables), desk)


def test_a_cell_names_functions(desk):
    def tokenize(line: str) -> list[str]: ...

    def long(row) -> bool: ...

    def same(one, other):
        return one

    text = 'read("lines.csv").flat_map(tokenize).filter(long).reduce_by(value, same)'
    made = cell(text, desk, tokenize=tokenize, long=long, same=same)
    (result,) = made.results
    by = result.port.vertex
    kept = by.inputs[0].vertex
    spread = kept.inputs[0].vertex
    assert [type(one.operator) for one in (by, kept, spread)] == [ReduceBy, FilterBy, FlatMap]
    assert spread.operator.given == "value"
    assert made.captured == ("tokenize", "long", "same")
    (same_again,) = cell(
        text.replace("filter(long)", "filter(env.long)"), desk, tokenize=tokenize, long=long, same=same
    ).results
    assert same_again.port.vertex.operator == by.operator


def test_a_column_goes_before_a_function_of_that_name(desk):
    made = cell('read("visits.csv").filter(urgent)', desk, urgent=lambda row: True)
    assert made.results[0].port.vertex.operator.verb == "filter"
    assert not isinstance(made.results[0].port.vertex.operator, FilterBy)


CELLS = {
    "unknown": (
        "map(tokenise)",
        NameUnknownError,
        'no notebook function "tokenise". Did you mean tokenize?',
        "tokenise",
    ),
    "no function": ("map(three)", OperatorError, "three is an int, and map() takes a function", "three"),
    "a lambda": ("map(lambda row: row)", OperatorError, "functions are not written in a cell", "lambda row: row"),
    "an attribute": ("map(str.lower)", OperatorError, "str.lower is no function", "str.lower"),
    "missing": ("reduce_by(line)", OperatorError, "reduce_by() needs f", "reduce_by"),
}


@pytest.mark.parametrize(("call", "kind", "text", "marked"), CELLS.values(), ids=CELLS)
def test_what_is_wrong_in_a_cell_is_marked(desk, call, kind, text, marked):
    source = f'read("lines.csv").{call}'
    with pytest.raises(kind) as caught:
        cell(source, desk, tokenize=lambda line: [], three=3)
    assert text in caught.value.message
    span = caught.value.span
    assert source[span.column : span.end_column] == marked
