"""Wayang's JSON: plans are read without running anything of them, and give what they would have given."""

from __future__ import annotations

import base64
import json
import pickle

import pyarrow as pa
import pytest

import jupyter_wayang as wy
from jupyter_wayang.errors import OperatorError


@pytest.fixture
def session(tmp_path):
    session = wy.Session(tmp_path)
    yield session
    session.close()


def operator(id_, name, *inputs, cat="unary", platform=None, **data):
    found = {"id": id_, "cat": cat, "input": list(inputs), "output": [id_ + 1], "operatorName": name, "data": data}
    return found if platform is None else {**found, "executionPlatform": platform}


def planned(*operators, **context):
    *before, last = operators
    return {
        "context": {"platforms": ["java"], "configuration": {}, **context},
        "operators": [*before, {**last, "output": []}],
    }


def collected(id_, text):
    return operator(id_, "inputCollection", cat="input", udf=text)


def rows(session, *operators, **tables):
    found = session.from_wayang_json(planned(*operators), tables=tables or None)
    return sorted(map(tuple, (row.values() for row in found.run().to_arrow().to_pylist())))


def test_word_count(session, tmp_path):
    path = tmp_path / "in put.txt"
    path.write_text("To be or\nnot to be\n\n", encoding="utf-8")
    plan = planned(
        operator(1, "textFileInput", cat="input", filename=path.as_uri()),
        operator(2, "flatMap", 1, udf='(s: String) => s.split("\\\\W+").toList'),
        operator(3, "filter", 2, udf="(w: String) => w.nonEmpty"),
        operator(4, "map", 3, udf="(w: String) => (w.toLowerCase, 1)"),
        operator(
            5,
            "reduceBy",
            4,
            keyUdf="(t: (String, Int)) => t._1",
            udf="(a: (String, Int), b: (String, Int)) => (a._1, a._2 + b._2)",
        ),
        operator(6, "sort", 5, keyUdf="(t: (String, Int)) => (-t._2, t._1)"),
        operator(7, "textFileOutput", 6, cat="output", filename="out.txt"),
    )
    found = session.from_wayang_json(json.dumps(plan))
    assert found.run().to_arrow().to_pylist() == [
        {"_1": "be", "_2": 2},
        {"_1": "to", "_2": 2},
        {"_1": "not", "_2": 1},
        {"_1": "or", "_2": 1},
    ]


def test_the_same_in_python(session):
    found = rows(
        session,
        collected(1, '["a b", "b  c"]'),
        operator(2, "flatMap", 1, udf="lambda line: [w.upper() for w in line.split() if w != 'a']"),
        operator(3, "map", 2, udf="lambda w: (w, 1)"),
        operator(4, "reduceBy", 3, keyUdf="lambda t: t[0]", udf="lambda a, b: (a[0], a[1] + b[1])"),
    )
    assert found == [("B", 2), ("C", 1)]


def test_a_text_is_split_by_every_platform_where_that_means_the_same(session):
    lines = collected(1, 'List("a,b,,", ",", "")')
    plain = operator(2, "flatMap", 1, udf='s => s.split(",").filter(_.nonEmpty)')
    assert rows(session, lines, plain) == [("a",), ("b",)]
    in_python = operator(2, "flatMap", 1, udf="lambda s: s.split(',')")
    assert rows(session, lines, in_python) == [("",)] * 5 + [("a",), ("b",)]
    for one in (plain, in_python):
        verbs = [o.verb for o in session.from_wayang_json(planned(lines, one)).plan().execution.operators]
        assert "explode" in verbs
        assert "flat_map" not in verbs
    in_java = operator(2, "flatMap", 1, udf='s => s.split(",").toList')
    assert rows(session, lines, in_java) == [("",), ("a",), ("b",)]


@pytest.mark.parametrize(
    "udf",
    [
        "(it: Iterator[Int]) => it.filter(x => x > 1).map(x => (x, x * 10)).toList",
        "it => it.map(x => (x, x * 10)).filter(t => t._1 > 1)",
        "lambda it: [(x, x * 10) for x in it if x > 1]",
    ],
)
def test_of_partitions_what_is_done_with_every_element(session, udf):
    numbers = collected(1, "List(1, 2, 3)")
    assert rows(session, numbers, operator(2, "mapPartitions", 1, udf=udf)) == [(2, 20), (3, 30)]


def test_join_pairs_elements(session):
    found = rows(
        session,
        collected(1, 'List((1, "a"), (2, "b"), (2, "c"))'),
        collected(2, "List((2, 0.5), (3, 0.7))"),
        {**operator(3, "join", 1, 2, cat="binary", thisKeyUdf="t => t._1", thatKeyUdf="t => t._1")},
        operator(4, "map", 3, udf="p => (p._1._2, p._2._2)"),
    )
    assert found == [("b", 0.5), ("c", 0.5)]


def test_sets_pairs_and_counts(session):
    numbers, others = collected(1, "List(1, 2, 2)"), collected(2, "List(2, 3)")
    assert rows(session, numbers, others, operator(3, "union", 1, 2)) == [(1,), (2,), (2,), (2,), (3,)]
    assert rows(session, numbers, others, operator(3, "intersect", 1, 2)) == [(2,)]
    assert len(rows(session, numbers, others, operator(3, "cartesian", 1, 2))) == 6
    assert rows(session, numbers, operator(2, "distinct", 1)) == [(1,), (2,)]
    assert rows(session, numbers, operator(2, "count", 1)) == [(3,)]
    assert len(rows(session, numbers, operator(2, "sample", 1, sampleSize=2))) == 2


def test_reductions_that_no_order_matters_to(session):
    pairs = collected(1, "List((1, 5), (1, 3), (2, 4))")
    assert rows(session, pairs, operator(2, "map", 1, udf="_._2"), operator(3, "reduce", 2, udf="_ + _")) == [(12,)]
    largest = "(a, b) => (a._1, math.max(a._2, b._2))"
    assert rows(session, pairs, operator(2, "reduceBy", 1, keyUdf="_._1", udf=largest)) == [(1, 5), (2, 4)]
    least = "(a, b) => (b._1, if (a._2 < b._2) a._2 else b._2)"
    assert rows(session, pairs, operator(2, "reduceBy", 1, keyUdf="_._1", udf=least)) == [(1, 3), (2, 4)]
    none = operator(2, "filter", 1, udf="_._1 > 9")
    second = operator(3, "map", 2, udf="_._2")
    assert rows(session, pairs, none, second, operator(4, "reduce", 3, udf="_ + _")) == []


def test_a_shared_part_is_made_once(session):
    plan = planned(
        collected(1, "List(1, 2)"), operator(2, "map", 1, udf="_ * 10"), operator(3, "union", 2, 2, cat="binary")
    )
    found = session.from_wayang_json(plan)
    verbs = [one.verb for one in found.plan().execution.operators]
    assert verbs.count("select") == 1
    assert sorted(found.run().to_arrow()[0].to_pylist()) == [10, 10, 20, 20]


def test_tables_are_what_they_are_said_to_be(session):
    people = pa.table({"id": [1, 2], "name": ["a", "b"], "age": [7, 8]})
    source = operator(1, "table", cat="input", tableName="person", columnNames=["name", "age"])
    assert rows(session, source, operator(2, "map", 1, udf="r => (r.getString(0), r._2 + 1)"), person=people) == [
        ("a", 8),
        ("b", 9),
    ]
    with pytest.raises(OperatorError, match=r"operator 1 \(table\) reads the table person"):
        rows(session, source)


def test_a_platform_that_both_have_is_a_pin(session):
    plan = planned(collected(1, "List(1)"), operator(2, "map", 1, udf="_ + 1", platform="spark"))
    assert session.from_wayang_json(plan).port.vertex.hints.pinned("here") == "spark"


PICKLED = base64.b64encode(pickle.dumps(len)).decode()


@pytest.mark.parametrize(
    ("operators", "message"),
    [
        ([collected(1, "List(1)"), operator(2, "map", 1, udf="x => foo(x)")], r"operator 2 \(map\): udf .*foo"),
        ([collected(1, "List(1)"), operator(2, "map", 1, udf=PICKLED)], "pickled"),
        ([collected(1, "List(1)"), operator(2, "map", 1, udf="\x80\x04abc")], "pickled"),
        ([collected(1, "List(1)"), operator(2, "map", 1, udf={"$b": "…"})], "pickled"),
        ([collected(1, "List(1)"), operator(2, "map", 1)], "has no udf"),
        ([collected(1, "List(1)"), operator(2, "fliter", 1, udf="_ > 1")], "Did you mean filter"),
        ([collected(1, "List(1)"), operator(2, "groupBy", 1, keyUdf="x => x")], "reduceBy"),
        (
            [collected(1, "List(1)"), operator(2, "mapPartitions", 1, udf="it => List(it.size)")],
            "more than map and filter",
        ),
        ([collected(1, "List(1)"), operator(2, "union", 1)], "has 1 inputs, and takes 2"),
        ([collected(1, "List(1)"), operator(2, "map", 9, udf="_ + 1")], "reads operator 9, which is not there"),
        ([operator(1, "map", 2, udf="_ + 1"), operator(2, "map", 1, udf="_ + 1")], "what it makes itself"),
        ([collected(1, "List(1)"), collected(1, "List(2)")], "one id"),
        ([collected(1, "List(1, (2, 3))")], "different forms"),
        ([collected(1, "List(f(1))")], "only numbers, texts and tuples"),
        (
            [collected(1, "List((1, 2))"), operator(2, "reduceBy", 1, keyUdf="_._1", udf="(a, b) => (a._1, a._2)")],
            "whichever of two comes first",
        ),
        (
            [
                collected(1, "List((1, 2))"),
                operator(2, "reduceBy", 1, keyUdf="_._1", udf="(a, b) => (a._1, a._2 - b._2)"),
            ],
            "no sum",
        ),
        ([collected(1, 'List("a")'), operator(2, "filter", 1, udf="_ > 1")], r"operator 2 \(filter\)"),
        (
            [operator(1, "textFileInput", cat="input", filename="/nowhere.txt")],
            r"operator 1 .*cannot read /nowhere.txt",
        ),
    ],
)
def test_what_cannot_be_read_is_said_with_its_operator(session, operators, message):
    with pytest.raises(OperatorError, match=message):
        session.from_wayang_json(planned(*operators))


def test_the_text_that_could_not_be_read_is_shown(session):
    with pytest.raises(OperatorError) as caught:
        session.from_wayang_json(planned(collected(1, "List(1)"), operator(2, "map", 1, udf="x =>  foo(x)")))
    assert ("udf", "x => foo(x)") in caught.value.facts


def test_the_traps(session):
    plan = planned(collected(1, "List(1)"))
    del plan["context"]["configuration"]
    with pytest.raises(OperatorError, match="configuration"):
        session.from_wayang_json(plan)
    two = planned(collected(1, "List(1)"))
    two["operators"].append({**collected(2, "List(2)"), "output": []})
    with pytest.raises(OperatorError, match=r"one output, and this one has 1 \(inputCollection\), 2"):
        session.from_wayang_json(two)
    for wrong in ("{", "[]", 3):
        with pytest.raises(OperatorError):
            session.from_wayang_json(wrong)
