"""Functions of the notebook in Spark's Python workers."""

from __future__ import annotations

import threading

import pyarrow as pa
import pytest

from jupyter_wayang.errors import PlatformError, RunStoppedError
from jupyter_wayang.plan.expressions import Binary, ColumnRef, Literal
from jupyter_wayang.plan.operators import Filter
from jupyter_wayang.plan.operators.functions import FilterBy, FlatMap, FunctionRef, Map, MapBatches
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.functions import Call, Stopping
from jupyter_wayang.platforms.spark import PLATFORM
from jupyter_wayang.session.functions import taken

pytestmark = [pytest.mark.spark, pytest.mark.slow]

REF = FunctionRef(name="f", key="f")
TABLE = pa.table({"Word": ["a", "B", None], "word": [1, None, 3], "odd name": [1.5, 2.5, None]})


@pytest.fixture
def called(engine, entered, collected):
    def run(operator, function, table=TABLE, **options):
        payload = table if not isinstance(table, pa.Table) else entered(table)
        made = engine.call(operator, (payload,), (payload.schema,), Call(function=taken(function)[1], **options))
        return collected(made)

    return run


def test_rows_go_in_and_out(called, applied, entered):
    def both(row):
        return {"Word": row.Word, "n": (row.word or 0) + 1, "odd name": row["odd name"]}

    wanted = Schema.from_pairs([("Word", "string"), ("n", "int64"), ("odd name", "float64")])
    made = called(Map(function=REF, output=wanted), both)
    assert made.to_pylist() == [
        {"Word": "a", "n": 2, "odd name": 1.5},
        {"Word": "B", "n": 1, "odd name": 2.5},
        {"Word": None, "n": 4, "odd name": None},
    ]
    few = applied(Filter(condition=Binary(op=">", left=ColumnRef(name="word"), right=Literal.of(1))), entered(TABLE))
    assert called(FilterBy(function=REF), lambda row: True, few)["word"].to_pylist() == [3]
    several = FlatMap(function=REF, output=Schema.of(value="string"))
    assert called(several, lambda row: list(row.Word or ""))["value"].to_pylist() == ["a", "B"]
    batch = called(MapBatches(function=REF, output=Schema.of(word="int64")), lambda rows: rows.select(["word"]))
    assert batch["word"].to_pylist() == [1, None, 3]


def test_errors_name_function_row_and_line(called):
    def broken(row) -> int:
        return len(row.Word)

    with pytest.raises(PlatformError, match=r"broken of map\(\) raised TypeError") as caught:
        called(Map(function=REF, output=Schema.of(value="int64")), broken)
    facts = dict(caught.value.facts)
    assert facts["row"] == "Word=None, word=3, odd name=None"
    assert facts["line"].endswith("return len(row.Word)")
    with pytest.raises(PlatformError, match="returned value='a', a str"):
        called(Map(function=REF, output=Schema.of(value="int64")), lambda row: "a")


def test_a_function_that_never_returns_is_ended(called, tmp_path):
    begun, stopping = tmp_path / "begun", Stopping()

    def never(row):
        begun.touch()
        while True:
            pass

    def stop():
        while not begun.exists():
            threading.Event().wait(0.01)
        stopping.stop()

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(RunStoppedError):
        called(FilterBy(function=REF), never, stopping=stopping)
    thread.join()
    assert called(FilterBy(function=REF), lambda row: True).num_rows == 3


def test_a_column_of_nothing_is_refused_before():
    operator = Map(function=REF, output=Schema.of(a="null"))
    assert "Spark makes no column of nothing but null, as a is" in PLATFORM.refuses(operator, (Schema.of(b="int64"),))
