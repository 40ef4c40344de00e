"""Foreign functions: what is read, what it means, and what is refused."""

from __future__ import annotations

import pytest

from jupyter_wayang.language.foreign import python, scala
from jupyter_wayang.language.foreign.meaning import Listed, Meaning, columns_of, leaves, refer, shape_at
from jupyter_wayang.language.foreign.splitting import Splitting
from jupyter_wayang.language.foreign.tree import Unreadable
from jupyter_wayang.plan.expressions import text
from jupyter_wayang.plan.schema import Schema

WORD = ("value", Schema.of(value="string"))
PAIR = (("_1", "_2"), Schema.of(_1="string", _2="int64"))
NESTED = (("_1", ("_2_1", "_2_2")), Schema.of(_1="string", _2_1="int64", _2_2="float64"))


def meant(function, of):
    shape, schema = of
    reader = python if function.startswith("lambda") else scala
    read = reader.function(function)
    return [text(one.expression) for one in columns_of(Meaning(schema, read.language).call(read, refer(shape)))[0]]


@pytest.mark.parametrize(
    ("function", "of", "expected"),
    [
        ("(x: String) => x.toLowerCase", WORD, ["lower(value)"]),
        ("(word: String) => (word.toLowerCase, 1)", WORD, ["lower(value)", "1"]),
        ("_.length > 4", WORD, ["length(value) > 4"]),
        ("w => w.substring(1, 3)", WORD, ["slice(value, 1, 2)"]),
        ('w => !w.isEmpty && w.startsWith("a")', WORD, ['not length(value) == 0 and starts_with(value, "a")']),
        ('w => if (w == "x") 1 else 2', WORD, ['1 if value == "x" else 2']),
        ("(t: (String, Int)) => t._1", PAIR, ["_1"]),
        ("{ case (w, n) => (n, w) }", PAIR, ["_2", "_1"]),
        ("t => -t._2", PAIR, ["-_2"]),
        ("t => t._2 / 2", PAIR, ["cast(_2 / 2, int64)"]),
        ("t => t._2 / 2.0", PAIR, ["_2 / 2.0"]),
        ('t => t._1 + "-" + t._2', PAIR, ['concat(concat(_1, "-"), cast(_2, string))']),
        ("t => math.max(t._2, 0)", PAIR, ["max2(_2, 0)"]),
        ("(t: (String, (Int, Double))) => t._2._2 * 2", NESTED, ["_2_2 * 2"]),
        ("t => t", NESTED, ["_1", "_2_1", "_2_2"]),
        ("t => t.getInt(1)", PAIR, ["_2"]),
        ('t => (t._1 -> (t._2, "\\u00e9"))', PAIR, ["_1", "_2", '"é"']),
        ("lambda w: (w.lower(), 1)", WORD, ["lower(value)", "1"]),
        ("lambda t: t[1] // 2", PAIR, ["_2 // 2"]),
        ("lambda t: 1 < t[1] <= 3", PAIR, ["_2 > 1 and _2 <= 3"]),
        ("lambda w: w[:2]", WORD, ["slice(value, 0, 2)"]),
        ("lambda w: 'a' in w", WORD, ['contains(value, "a")']),
        ("lambda t: len(t[0]) if t[1] else 0", PAIR, None),
    ],
)
def test_a_function_becomes_expressions(function, of, expected):
    if expected is None:
        assert meant(function, of)
    else:
        assert meant(function, of) == expected


@pytest.mark.parametrize(
    ("function", "of", "why"),
    [
        ("x => { val y = 1; y }", WORD, "'val'"),
        ("x => y", WORD, "y is no parameter"),
        ("x => foo(x)", WORD, "foo"),
        ("x => x.explode", WORD, "explode"),
        ("t => t._3", PAIR, "part 3 of 2"),
        ("x => x._1", WORD, "no tuple"),
        ("x => (x", WORD, "ends too early"),
        ("x => x match", WORD, "match"),
        ("x.toLowerCase", WORD, "no parameters"),
        ("(a, b) => a", WORD, "takes 2 values"),
        ("x => x # y", WORD, "#"),
        ("x => " + "(" * 300 + "x" + ")" * 300, WORD, "nested too deeply"),
        ("lambda x: __import__('os').system('x')", WORD, "__import__|system"),
        ("lambda x: (yield)", WORD, "not understood"),
        ("lambda *x: x", WORD, "plain names"),
        ("lambda x: x +", WORD, "no Python"),
    ],
)
def test_what_cannot_be_read_says_why(function, of, why):
    with pytest.raises(Unreadable, match=why):
        meant(function, of)


def test_a_split_text_is_a_list_with_what_follows():
    read = scala.function('s => s.split("\\\\W+").filter(_.nonEmpty).map(w => (w, 1))')
    made = Meaning(WORD[1], "scala").call(read, refer("value"))
    assert isinstance(made, Listed)
    assert (made.separator, [each.keeps for each in made.then]) == ("\\W+", [True, False])
    with pytest.raises(Unreadable, match="regular expression"):
        Meaning(WORD[1], "scala").call(scala.function('s => s.split("(")'), refer("value"))


@pytest.mark.parametrize(
    ("separator", "language", "line", "parts"),
    [
        (" ", "scala", "a b  c  ", ["a", "b", "", "c"]),  # Java leaves empty parts at the end out
        ("\\W+", "scala", ", a b", ["", "a", "b"]),
        ("", "scala", "abc", ["a", "b", "c"]),
        (" ", "scala", "", [""]),
        (" ", "scala", "  ", []),
        (None, "python", "  a  b ", ["a", "b"]),
        (",", "python", "a,", ["a", ""]),
        (" ", "scala", None, []),
    ],
)
def test_a_text_is_split_as_in_its_language(separator, language, line, parts):
    assert Splitting(separator, language)(line) == parts


def test_columns_are_named_after_their_places():
    shape = shape_at((("a", "b"), "c"))
    assert leaves(shape) == ("_1_1", "_1_2", "_2")
    assert shape_at("a") == "value"
