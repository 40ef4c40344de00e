"""Functions in worker processes: what comes back, what is said of errors, and how one that never returns is ended."""

from __future__ import annotations

import threading

import cloudpickle
import pyarrow as pa
import pytest

from jupyter_wayang.errors import PlanError, PlatformError, RunStoppedError
from jupyter_wayang.plan.expressions import Call as Calls
from jupyter_wayang.plan.expressions import ColumnRef, Named
from jupyter_wayang.plan.operators.functions import (
    CoGroup,
    FilterBy,
    FlatMap,
    FunctionRef,
    Map,
    MapBatches,
    Reduce,
    ReduceBy,
)
from jupyter_wayang.plan.rows import schema_of
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.functions import Call, Function, Functions, Stopping
from jupyter_wayang.platforms.python.engine import PythonEngine
from jupyter_wayang.session.functions import taken

REF = FunctionRef(name="f", key="f")
TABLE = pa.table({"word": ["a", "B", None, "b", "a"], "n": [1, 2, 3, None, 5]})
WORDS = Schema.of(word="string", n="int64")


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = PythonEngine(tmp_path_factory.mktemp("python"))
    yield made
    made.close()


@pytest.fixture
def run(engine):
    def run_(operator, function, *tables, **options):
        tables = tables or (TABLE,)
        call = Call(function=taken(function)[1], **options)
        return engine.call(operator, tables, tuple(schema_of(table.schema) for table in tables), call)

    return run_


def test_a_row_of_every_row(run):
    made = run(Map(function=REF, output=Schema.of(n="int64")), lambda row: {"n": row.n and row.n + 1})
    assert made["n"].to_pylist() == [2, 3, 4, None, 6]


def test_the_value_of_the_only_column(run):
    table = pa.table({"line": ["to be", None, ""]})
    operator = FlatMap(function=REF, output=Schema.of(value="string"), given="value")
    assert run(operator, lambda line: (line or "").split(), table)["value"].to_pylist() == ["to", "be"]


def test_several_rows_may_be_yielded(run):
    def twice(row):
        for _ in range(2 if row.word == "a" else 0):
            yield row

    assert run(FlatMap(function=REF, output=WORDS), twice)["n"].to_pylist() == [1, 1, 5, 5]


def test_rows_that_are_kept_are_left_as_they_are(run):
    made = run(FilterBy(function=REF), lambda row: None if row.word is None else row.word == "a")
    assert made.to_pylist() == [{"word": "a", "n": 1}, {"word": "a", "n": 5}]
    assert made.schema == TABLE.schema


def test_arrow_in_and_arrow_out(run):
    def last(batch):
        return batch.select(["n"])

    assert (
        run(MapBatches(function=REF, output=Schema.of(n="int64")), last).to_pylist() == TABLE.select(["n"]).to_pylist()
    )
    empty = run(MapBatches(function=REF, output=Schema.of(n="int64")), last, TABLE.slice(0, 0))
    assert (empty.num_rows, empty.schema.names) == (0, ["n"])


def added(one, other):
    return {"word": one.word, "n": (one.n or 0) + (other.n or 0)}


def test_one_row_of_all(run):
    assert run(Reduce(function=REF), added).to_pylist() == [{"word": "a", "n": 11}]
    assert run(Reduce(function=REF), added, TABLE.slice(0, 0)).num_rows == 0
    largest = run(Reduce(function=REF, given="value"), max, pa.table({"n": [3, 7, 5]}))
    assert largest.to_pylist() == [{"n": 7}]


def test_one_row_of_each_key_and_null_is_a_key(run):
    by = ReduceBy(function=REF, keys=(Named(name="word", expression=ColumnRef(name="word")),))
    wanted = [("a", 6), ("B", 2), (None, 3), ("b", None)]
    assert [tuple(row.values()) for row in run(by, added).to_pylist()] == wanted
    folded = Calls(function="lower", args=(ColumnRef(name="word"),))
    by = ReduceBy(function=REF, keys=(Named(name="key", expression=folded),))
    assert run(by, added).to_pylist() == [{"word": "a", "n": 6}, {"word": "B", "n": 2}, {"word": None, "n": 3}]


def test_rows_of_both_by_key_and_null_matches_nothing(run):
    def sizes(ours, theirs):
        yield {"word": (ours or theirs)[0].word, "here": len(ours), "there": len(theirs)}

    output = Schema.of(word="string", here="int64", there="int64")
    other = pa.table({"key": ["a", None, "c"], "word": ["a", None, "c"]})
    made = run(CoGroup(function=REF, output=output, on=(("word", "key"),)), sizes, TABLE, other)
    rows = [tuple(row.values()) for row in made.to_pylist()]
    assert rows == [("a", 2, 1), ("B", 1, 0), (None, 1, 0), ("b", 1, 0), (None, 0, 1), ("c", 0, 1)]


def test_columns_are_learned_where_they_are_not_known(run):
    assert run(Map(function=REF), lambda row: row.n).schema == pa.schema({"value": pa.int64()})
    assert run(FlatMap(function=REF), lambda row: []).num_columns == 0


def test_what_a_function_captures_goes_with_it(run):
    limit, seen = 2, {"a"}

    def kept(row):
        return row.word in seen and row.n > limit

    assert run(FilterBy(function=REF), kept).to_pylist() == [{"word": "a", "n": 5}]


def test_what_it_prints_is_told_and_what_it_takes(run):
    printed, measured = [], []

    def talks(row):
        print("row", row.n)  # noqa: T201
        print("!", end="")  # noqa: T201
        return True

    run(
        FilterBy(function=REF),
        talks,
        TABLE.slice(0, 2),
        printed=printed.append,
        measured=lambda *told: measured.append(told),
    )
    assert "".join(printed) == "row 1\n!row 2\n!\n"
    ((rows, out, seconds),) = measured
    assert (rows, out) == (2, 2)
    assert seconds > 0


def test_too_much_is_not_printed(run):
    printed = []

    def talks(row):
        print("x" * 60_000)  # noqa: T201
        return True

    run(FilterBy(function=REF), talks, printed=printed.append)
    assert len("".join(printed)) < 110_000
    assert "more was printed" in printed[-1]


def halved(row):
    bad = row.n - 2
    return {"word": row.word, "n": 10 // bad}


def test_a_function_that_raises_names_row_line_and_operator(run):
    with pytest.raises(PlatformError) as caught:
        run(Map(function=REF, output=WORDS), halved)
    error = caught.value
    assert error.message == "halved of map() raised ZeroDivisionError: integer division or modulo by zero"
    facts = dict(error.facts)
    assert facts["row"] == "2: word='B', n=2"
    assert facts["line"].endswith('return {"word": row.word, "n": 10 // bad}')
    assert facts["line"].split(":")[0] == str(halved.__code__.co_firstlineno + 2)


def test_the_function_inside_is_named(run):
    def inner(row):
        raise ValueError("no")

    def outer(row):
        return inner(row)

    with pytest.raises(PlatformError, match=r"outer of map\(\) raised ValueError: no") as caught:
        run(Map(function=REF, output=WORDS), outer)
    facts = dict(caught.value.facts)
    assert facts["line"].endswith("return inner(row)")
    assert facts["inside"].startswith("inner, line ")


def test_values_are_cut_where_they_are_shown(run):
    table = pa.table({f"c{index}": ["secret" * 1000] for index in range(30)})
    with pytest.raises(PlatformError) as caught:
        run(Map(function=REF, output=WORDS), lambda row: 1 / 0, table)
    assert len(caught.value.render()) < 1000


def test_a_generator_that_raises_names_its_row(run):
    def some(row):
        yield row
        raise KeyError(row.word)

    with pytest.raises(PlatformError, match=r"raised KeyError: 'a'") as caught:
        run(FlatMap(function=REF, output=WORDS), some)
    assert dict(caught.value.facts)["row"].startswith("1: word='a'")


WRONG = {
    "map": (Map(function=REF, output=WORDS), lambda row: 3, "returned 3, an int", "dict(word=str, n=int)"),
    "flat_map": (FlatMap(function=REF, output=WORDS), lambda row: "text", "returned 'text', str", "a list of rows"),
    "filter": (FilterBy(function=REF), lambda row: "yes", "returned 'yes', str", "True, False or None"),
    "map_batches": (MapBatches(function=REF, output=WORDS), lambda batch: 3, "returned 3, int", "an Arrow table with"),
    "batch columns": (
        MapBatches(function=REF, output=WORDS),
        lambda batch: batch.select(["n"]),
        "returned the columns n",
        "dict(word=str, n=int)",
    ),
    "reduce": (Reduce(function=REF), lambda one, other: 3, "returned 3, an int", "dict(word=str, n=int)"),
}


@pytest.mark.parametrize(("operator", "function", "wrong", "expected"), WRONG.values(), ids=WRONG)
def test_a_wrong_shape_says_what_was_expected(run, operator, function, wrong, expected):
    with pytest.raises(PlatformError) as caught:
        run(operator, function)
    assert wrong in caught.value.message
    assert f"{operator.verb}()" in caught.value.message
    assert expected in dict(caught.value.facts)["expected"]


def test_a_function_that_never_returns_is_ended(run):
    stopping, begun = Stopping(), threading.Event()

    def never(row):
        print("begun")  # noqa: T201
        while True:
            pass

    ended = threading.Thread(target=lambda: (begun.wait(), stopping.stop()))
    ended.start()
    with pytest.raises(RunStoppedError):
        run(FilterBy(function=REF), never, stopping=stopping, printed=lambda text: begun.set())
    ended.join()
    with pytest.raises(RunStoppedError):
        run(FilterBy(function=REF), lambda row: True, stopping=stopping)
    assert run(FilterBy(function=REF), lambda row: True).num_rows == 5


def test_a_function_that_brings_its_process_down_harms_nobody_else(run):
    def gone(row):
        import os

        os._exit(3)

    with pytest.raises(PlatformError, match=r"gone of filter\(\) brought its process down, with exit code 3"):
        run(FilterBy(function=REF), gone)
    assert run(FilterBy(function=REF), lambda row: True).num_rows == 5


def test_exit_is_an_error_like_another(run):
    def leaves(row):
        raise SystemExit(2)

    with pytest.raises(PlatformError, match="leaves of filter"):
        run(FilterBy(function=REF), leaves)


def test_two_calls_at_once_have_a_process_each(run):
    stopping, begun = Stopping(), threading.Event()
    failed = []

    def never(row):
        print("begun")  # noqa: T201
        while True:
            pass

    def first():
        try:
            run(FilterBy(function=REF), never, stopping=stopping, printed=lambda text: begun.set())
        except RunStoppedError as error:
            failed.append(error)

    thread = threading.Thread(target=first)
    thread.start()
    begun.wait()
    assert run(FilterBy(function=REF), lambda row: True).num_rows == 5
    stopping.stop()
    thread.join()
    assert len(failed) == 1


def test_a_closed_engine_runs_nothing(tmp_path):
    engine = PythonEngine(tmp_path)
    engine.close()
    call = Call(function=Function(name="f", pickled=cloudpickle.dumps(len)))
    with pytest.raises(PlatformError, match="closed"):
        engine.call(FilterBy(function=REF), (TABLE,), (WORDS,), call)


def test_a_function_of_another_session_is_not_known():
    with pytest.raises(PlanError, match="the function f is not in this session"):
        Functions().call("map", REF, Stopping())
