"""Functions of the notebook, from the words to the rows, in a whole session."""

from __future__ import annotations

import importlib.util
import sys
import threading

import pyarrow as pa
import pytest

import jupyter_wayang as wy
from jupyter_wayang.errors import OperatorError, PlanError, PlatformError
from jupyter_wayang.events import Printed
from jupyter_wayang.language.cell import read_cell
from jupyter_wayang.session.functions import taken

LINES = pa.table({"line": ["to be or not", None, "to be"]})


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    made = wy.Session(tmp_path_factory.mktemp("functions"))
    yield made
    made.close()


@pytest.fixture
def lines(session):
    return session.read(LINES)


def tokenize(line: str) -> list[str]:
    return (line or "").split()


def counted(row) -> dict(word=str, n=int):  # noqa: C408
    return {"word": row.value, "n": 1}


def added(one, other):
    return {"word": one.word, "n": one.n + other.n}


def test_words_are_counted(lines):
    made = lines.flat_map(tokenize).map(counted).reduce_by("word", added)
    assert made.run().to_arrow().to_pylist() == [
        {"word": "to", "n": 2},
        {"word": "be", "n": 2},
        {"word": "or", "n": 1},
        {"word": "not", "n": 1},
    ]


def test_functions_and_expressions_in_one_plan(lines):
    made = lines.flat_map(tokenize).filter(wy.col.value != "or").group_by("value").agg(n=wy.count()).sort("value")
    plan = made.plan(["python", "pandas"]).execution
    assert [(one.verb, one.decision.platform) for one in plan.operators] == [
        ("read", "python"),
        ("flat_map", "python"),
        ("filter", "pandas"),
        ("group_by", "pandas"),
        ("sort", "pandas"),
    ]
    assert made.run(["python", "pandas"]).to_arrow()["n"].to_pylist() == [2, 1, 2]


def test_a_platform_that_calls_no_functions_says_so(lines):
    with pytest.raises(PlanError, match=r"no platform can run flat_map\(tokenize\)") as caught:
        lines.flat_map(tokenize).plan(["pandas"])
    assert "pandas does not run flat_map" in dict(caught.value.facts)["pandas"]
    with pytest.raises(PlanError, match=r"flat_map\(tokenize\) is pinned to duckdb"):
        lines.flat_map(tokenize).on("duckdb").plan()


def test_columns_are_learned_on_the_first_rows_and_that_is_said(lines, tmp_path):
    made = lines.filter(wy.col.line != "x").flat_map(lambda row: [{"size": len(row.line)}])
    assert made.schema == lines.flat_map(lambda row: [{"size": len(row.line)}] if row.line else []).schema
    assert made.plan().execution.notes == ("<lambda> makes size (int64): no hint says so, its first rows do.",)
    assert made.run().to_arrow()["size"].to_pylist() == [12, 5]


def test_what_cannot_be_learned_needs_a_hint(lines):
    with pytest.raises(PlanError, match="made no row of the first rows") as caught:
        lines.flat_map(lambda row: [])
    assert "dict(word=str, n=int)" in caught.value.hint
    with pytest.raises(PlatformError, match="raised AttributeError: the row has no column lin: line"):
        lines.map(lambda row: row.lin)


def test_what_is_captured_is_taken_as_it_is_and_listed(lines):
    least = 3

    def long(row) -> bool:
        return row.line is not None and len(row.line.split()) > least

    made = lines.filter(long)
    least = 0
    assert made.run().to_arrow().num_rows == 1
    assert made.plan().execution.captured == ("least",)


def test_what_cannot_be_handed_over_is_named(lines):
    lock = threading.Lock()

    def locked(row) -> bool:
        return lock.locked()

    with pytest.raises(OperatorError, match="the function locked cannot be handed to another process") as caught:
        lines.filter(locked)
    assert caught.value.hint == "it captures lock"


def test_the_name_of_a_function_in_a_plan_changes_with_what_it_does():
    limit = 1

    def small(row):
        return row.n < limit

    first, held = taken(small)
    assert first.name == "small"
    assert held.captured == ("limit",)
    assert held.line(held.first_line + 1) == "return row.n < limit"
    assert taken(small)[0] == first
    limit = 2
    second, _ = taken(small)
    assert second.key != first.key
    assert second.digest == first.digest


def test_a_cell_and_the_api_make_the_same_plan(session, lines):
    session.scope.variables = {"lines": lines, "tokenize": tokenize, "added": added, "counted": counted}
    text = "lines.flat_map(tokenize).map(counted).reduce_by(word, added)"
    cell = read_cell(text, session.scope, session)
    ours = lines.flat_map(tokenize).map(counted).reduce_by("word", added)
    (theirs,) = cell.results
    assert [one.operator for one in theirs.plan().making.logical.nodes] == [
        one.operator for one in ours.plan().making.logical.nodes
    ]


def test_what_is_printed_is_an_event_and_shown(lines, capsys):
    def talks(row) -> bool:
        print("row", row.line)  # noqa: T201
        return True

    result = lines.filter(talks).run()
    said = [event for event in result.run.events() if isinstance(event, Printed)]
    assert [event.operator for event in said] == ["filter"], "one event a call"
    assert capsys.readouterr().out == "".join(event.text for event in said) == "row to be or not\nrow None\nrow to be\n"


def test_the_row_the_line_and_the_operator_of_an_error_come_through(lines):
    def broken(row) -> int:
        return len(row.line)

    with pytest.raises(PlatformError, match=r"broken of map\(\) raised TypeError") as caught:
        lines.map(broken).run()
    facts = dict(caught.value.facts)
    assert facts["row"] == "2: line=None"
    assert facts["line"].endswith("return len(row.line)")


def test_stop_ends_a_function_that_never_returns(lines, tmp_path):
    begun = tmp_path / "begun"

    def never(row) -> bool:
        begun.touch()
        while True:
            pass

    run = lines.filter(never).run(wait=False)
    deadline = threading.Event()
    while not begun.exists():
        assert not deadline.wait(0.01)
        assert not run.over
    run.stop()
    assert run.wait().state == "stopped"
    assert lines.filter(lambda row: True).run().to_arrow().num_rows == 3


def test_a_session_that_ends_ends_its_functions(tmp_path):
    session = wy.Session(tmp_path / "session")
    begun = tmp_path / "begun"

    def never(row) -> bool:
        begun.touch()
        while True:
            pass

    run = session.read(LINES).filter(never).run(wait=False)
    while not begun.exists():
        threading.Event().wait(0.01)
    session.close()
    assert run.over


def test_what_a_function_took_is_what_the_next_plan_counts_on(session):
    table = session.read(pa.table({"n": list(range(200))}))

    def slow(row) -> dict(n=int, m=int):  # noqa: C408
        total = sum(range(20_000))
        return {"n": row.n, "m": total}

    def rarely(row) -> bool:
        return row.n == 0

    before = table.map(slow).plan().execution.operator("map").compute_s
    table.map(slow).run()
    after = table.map(slow).plan().execution.operator("map").compute_s
    assert after.mean > 3 * before.mean
    unknown = table.filter(rarely).plan().execution.operator("filter").rows
    table.filter(rarely).run()
    known = table.filter(rarely).plan().execution.operator("filter").rows
    assert known.high < 2 < unknown.high


def test_a_function_of_a_file_of_ones_own_goes_by_value(lines, tmp_path):
    (tmp_path / "own_helpers.py").write_text(
        "def cut(text):\n    return text[:2]\n\ndef short(row) -> str:\n    return row.line and cut(row.line)\n"
    )
    spec = importlib.util.spec_from_file_location("own_helpers", tmp_path / "own_helpers.py")
    module = sys.modules["own_helpers"] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        assert taken(module.short)[1].captured == ("cut",)
        assert lines.map(module.short).run().to_arrow()["value"].to_pylist() == ["to", None, "to"]
    finally:
        del sys.modules["own_helpers"]


def test_an_error_marks_the_operator_in_the_cell(session, lines):
    def broken(row) -> int:
        return len(row.line)

    session.scope.variables = {"lines": lines, "broken": broken}
    cell = read_cell("lines.limit(3).map(broken)", session.scope, session)
    options = {"names": cell.names, "platforms": None, "name": "", "captured": ()}
    with pytest.raises(PlatformError) as caught:
        session.run(cell.ports, wait=True, **options)
    span = caught.value.span
    assert cell.source[span.column : span.end_column] == "map(broken)"


def test_a_plan_shows_the_text_of_its_functions(lines):
    def shouted(row) -> str:
        return row.line.upper()

    plan = lines.map(shouted).plan().execution
    assert plan.operator("map").code == "def shouted(row) -> str:\n    return row.line.upper()"
    assert plan.operator("read").code is None


def test_a_function_that_never_returns_is_not_waited_for_where_a_cell_is_read(lines, monkeypatch):
    monkeypatch.setattr("jupyter_wayang.kernel.execution_kernel._PATIENCE_S", 0.5)

    def never(row):
        while True:
            pass

    with pytest.raises(PlanError, match=r"map\(never\) has not come to an end on the first rows") as caught:
        lines.map(never)
    assert "dict(word=str, n=int)" in caught.value.hint
    monkeypatch.undo()
    assert lines.map(lambda row: row.line).columns == ("value",)
