"""SQL becomes the plan of a cell, and says what is wrong with line and column."""

from __future__ import annotations

import pytest
from language.desk import FakeDesk, Frame

from jupyter_wayang.errors import CellSyntaxError, ColumnError, NameUnknownError, OperatorError, WayangError
from jupyter_wayang.language.builder import Collection, frame, read
from jupyter_wayang.language.cell import read_cell
from jupyter_wayang.language.expressions import col
from jupyter_wayang.language.functions import named
from jupyter_wayang.language.scope import Scope
from jupyter_wayang.language.sql import read_sql
from jupyter_wayang.plan.logical import LogicalPlan

TABLES = {"visits": "visits.csv", "wards": "wards.csv"}
count, mean = named("count"), named("mean")


def collection(text: str, **more: object) -> Collection:
    return read_sql(text, FakeDesk(), tables={**TABLES, **more}).result


def nodes(made: Collection) -> list[tuple[object, ...]]:
    """Return a plan without the places in its text."""
    return [(node.id, node.operator, node.inputs, node.hints) for node in LogicalPlan.of([made.port]).nodes]


def verbs(text: str) -> list[str]:
    return [node.operator.verb for node in LogicalPlan.of([collection(text).port]).nodes]


def error(text: str) -> WayangError:
    with pytest.raises(WayangError) as caught:
        collection(text)
    return caught.value


def marked(text: str) -> str:
    """Return the part of the text that an error points at."""
    found = error(text)
    assert found.span is not None
    assert found.span.line == found.span.end_line
    return text.split("\n")[found.span.line - 1][found.span.column : found.span.end_column]


SAME = [
    (
        "SELECT * FROM visits WHERE age >= 18 AND ward = 'a'",
        'read("visits.csv").filter(age >= 18 and ward == "a")',
        lambda desk: read(desk, "visits.csv").filter((col.age >= 18) & (col.ward == "a")),
    ),
    (
        "SELECT ward, count(*) AS n, avg(bmi) AS bmi FROM visits WHERE age > 18 GROUP BY ward ORDER BY n DESC LIMIT 3",
        'read("visits.csv").filter(age > 18).group_by(ward).agg(n=count(), bmi=mean(bmi)).sort(n, descending=True).limit(3)',
        lambda desk: (
            read(desk, "visits.csv")
            .filter(col.age > 18)
            .group_by(col.ward)
            .agg(n=count(), bmi=mean(col.bmi))
            .sort(col.n, descending=True)
            .limit(3)
        ),
    ),
    (
        "SELECT id, floor FROM visits JOIN (SELECT ward, floor FROM wards) AS w USING (ward)",
        'read("visits.csv").join(read("wards.csv").select(ward, floor), on=ward).select(id, floor)',
        lambda desk: (
            read(desk, "visits.csv")
            .join(read(desk, "wards.csv").select(col.ward, col.floor), on=col.ward)
            .select(col.id, col.floor)
        ),
    ),
    (
        "SELECT DISTINCT ward FROM visits UNION ALL SELECT ward FROM wards",
        'read("visits.csv").select(ward).distinct().union(read("wards.csv").select(ward))',
        lambda desk: (
            read(desk, "visits.csv").select(col.ward).distinct().union(read(desk, "wards.csv").select(col.ward))
        ),
    ),
]


@pytest.mark.parametrize(("text", "cell", "python"), SAME, ids=[text[:30] for text, _, _ in SAME])
def test_sql_a_cell_and_python_make_equal_plans(text, cell, python):
    (made,) = read_cell(cell, Scope(), FakeDesk()).results
    assert nodes(collection(text)) == nodes(made) == nodes(python(FakeDesk()))


def test_tables_are_collections_frames_paths_and_files_by_name():
    desk = FakeDesk()
    old = read(desk, "visits.csv").filter(col.age > 60)
    made = read_sql("SELECT old.id FROM old JOIN w USING (ward)", desk, tables={"old": old, "w": Frame()}).result
    assert old.port.vertex in {vertex for port in made.port.vertex.inputs for vertex in _above(port.vertex)}
    assert collection("SELECT floor FROM 'wards.csv'").columns == ("floor",)
    assert collection("SELECT w.floor FROM wards.csv AS w").columns == ("floor",)


def _above(vertex):
    yield vertex
    for port in vertex.inputs:
        yield from _above(port.vertex)


def test_a_variable_that_is_a_table_is_captured():
    made = read_sql("SELECT floor FROM rooms", FakeDesk(), variables={"rooms": _Table(), "n": 3})
    assert made.captured == ("rooms",)


class _Table(Frame):
    def __arrow_c_stream__(self, requested_schema=None):
        raise NotImplementedError


def test_names_are_found_whatever_their_case_and_exactly_in_quotes():
    assert collection("select WARD from Visits").columns == ("ward",)
    assert error('SELECT "WARD" FROM visits').message.startswith('there is no column "WARD"')


def test_a_comma_and_where_become_a_join_in_the_order_of_the_text():
    text = "SELECT v.id FROM visits v, wards w, visits x WHERE v.id = x.id AND x.ward = w.ward AND w.floor > 1"
    plan = LogicalPlan.of([collection(text).port])
    joins = [node.operator for node in plan.nodes if node.operator.verb == "join"]
    assert [join.how for join in joins] == ["inner", "inner"]
    assert joins[0].on == (("id", "id"),)
    assert verbs(text).count("filter") == 1


def test_what_all_branches_of_or_have_in_common_joins():
    text = "SELECT v.id FROM visits v, wards w WHERE (v.ward = w.ward AND floor = 1) OR (v.ward = w.ward AND age = 2)"
    assert "filter" in verbs(text)
    (join,) = [n.operator for n in LogicalPlan.of([collection(text).port]).nodes if n.operator.verb == "join"]
    assert join.how == "inner"


def test_exists_is_a_semi_join_and_not_exists_an_anti_join():
    for word, how in (("", "semi"), ("NOT ", "anti")):
        text = f"SELECT id FROM visits v WHERE {word}EXISTS (SELECT * FROM wards w WHERE w.ward = v.ward AND w.bmi > v.bmi)"
        (join,) = [n.operator for n in LogicalPlan.of([collection(text).port]).nodes if n.operator.verb == "join"]
        assert join.how == how
        assert join.where is not None


def test_a_constant_with_a_point_is_exact_and_a_float_beside_floats():
    (made,) = [
        n.operator for n in LogicalPlan.of([collection("SELECT 0.5 AS a, bmi * 0.5 AS b FROM visits").port]).nodes
    ][1:]
    assert [column.expression.type for column in made.columns[:1]] == ["decimal(2, 1)"]
    assert made.columns[1].expression.right.type == "float64"


WRONG = [
    ("SELECT wrd FROM visits", ColumnError, "Did you mean ward?", "wrd"),
    ("SELECT id\nFROM vists", NameUnknownError, "Did you mean visits?", "vists"),
    ("SELECT v.wrd FROM visits v", ColumnError, 'no column "v.wrd"', "v.wrd"),
    ("SELECT id FROM visits v, wards w WHERE ward = 'a'", ColumnError, "which ward?", "ward"),
    ("SELECT ward, age FROM visits GROUP BY ward", ColumnError, "neither in GROUP BY", "age"),
    ("SELECT id FROM visits WHERE count(*) > 1", OperatorError, "an aggregate in WHERE", "count(*) > 1"),
    ("SELECT id FROM visits WHERE age LIKE 'a'", WayangError, "like() does not take", "age LIKE 'a'"),
    ("SELECT medan(age) FROM visits", NameUnknownError, "Did you mean median?", "medan(age)"),
    ("SELECT id FROM visits ORDER BY 2", OperatorError, "SELECT has 1 columns", "2"),
    (
        "SELECT id FROM visits WHERE bmi > (SELECT bmi FROM wards)",
        OperatorError,
        "may have several rows",
        "bmi FROM wards",
    ),
    (
        "SELECT id FROM visits UNION SELECT ward, floor FROM wards",
        OperatorError,
        "of 1 and 2 columns",
        "ward, floor FROM wards",
    ),
    ("SELECT id FROM visits WHERE", CellSyntaxError, "something is missing", "WHERE"),
    ("SELECT id FROM visits LIMIT 5 OFFSET 2", OperatorError, "OFFSET without ORDER BY is not read", "2"),
    ("SELECT id FROM visits ORDER BY id OFFSET age", OperatorError, "OFFSET age is not read", None),
    (
        "SELECT id FROM visits v WHERE EXISTS (SELECT 1 FROM wards w WHERE w.ward = v.ward OFFSET 1)",
        OperatorError,
        "OFFSET in EXISTS is not read",
        None,
    ),
    (
        "SELECT id, (SELECT floor FROM wards w WHERE w.ward = v.ward ORDER BY floor LIMIT 1 OFFSET 1) AS f FROM visits v",
        OperatorError,
        "OFFSET in a correlated query is not read",
        None,
    ),
    ("SELECT DISTINCT ON (ward) id FROM visits", OperatorError, "DISTINCT ON is not read", None),
    ("SELECT ward FROM visits GROUP BY ROLLUP (ward)", OperatorError, "ROLLUP", None),
    ("SELECT 1", OperatorError, "a SELECT without FROM", None),
    ("SELECT TRY_CAST(ward AS INT) FROM visits", OperatorError, "TRY_CAST is not read", None),
    ("SELECT ward FROM visits WHERE ward LIKE 'a!%' ESCAPE '!'", OperatorError, "ESCAPE is not read", None),
    ("WITH RECURSIVE t AS (SELECT id FROM visits) SELECT * FROM t", OperatorError, "WITH RECURSIVE is not read", None),
    ("SELECT * FROM visits TABLESAMPLE 10%", OperatorError, "SAMPLE in FROM is not read", None),
    ("SELECT sum(age) OVER (ORDER BY id ROWS 2 PRECEDING) FROM visits", OperatorError, "this frame of a window", None),
    (
        "SELECT first_value(age) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM visits",
        OperatorError,
        "this frame of a window",
        None,
    ),
    ("SELECT sum(DISTINCT age) FROM visits", OperatorError, "is not read", None),
    ("DELETE FROM visits", CellSyntaxError, "this is DELETE", None),
    ("SELECT 1; SELECT 2", CellSyntaxError, "several statements", None),
    ("SELECT 'a FROM visits", CellSyntaxError, "a quote or a comment has no end", None),
    ("", CellSyntaxError, "the SQL is empty", None),
]


@pytest.mark.parametrize(("text", "kind", "message", "place"), WRONG, ids=[text[:40] for text, *_ in WRONG])
def test_what_is_wrong_is_said_and_marked(text, kind, message, place):
    found = error(text)
    assert isinstance(found, kind)
    assert message in found.message
    assert found.source == text
    if place is not None:
        assert marked(text) == place


def test_places_count_the_line_of_the_magic():
    text = "%%wayang --sql\nSELECT wrd\nFROM visits"
    found = error(text)
    assert (found.span.line, found.span.column) == (2, 7)
    assert "SELECT wrd" in found.render()


def test_too_deep_a_text_is_refused():
    deep = "SELECT id FROM visits WHERE " + "(" * 5000 + "id = 1" + ")" * 5000
    assert "nested too deeply" in error(deep).message


def test_a_frame_of_the_notebook_is_a_table_too():
    desk = FakeDesk()
    made = read_sql("SELECT floor FROM w WHERE floor > 1", desk, tables={"w": Frame()}).result
    (cell,) = [frame(desk, Frame(), "w").filter(col.floor > 1).select(col.floor)]
    assert nodes(made) == nodes(cell)
