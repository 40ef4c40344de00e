from __future__ import annotations

import inspect

import pytest

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language import builder, learners
from jupyter_wayang.language.words import WORDS, unknown_method, worded

OWNERS = {"collection": builder.Collection, "group": builder.Grouped, "fitted": builder.FittedModel}


def described(parameter):
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return (parameter.name, stars.get(parameter.kind, ""), parameter.default is not inspect.Parameter.empty)


def methods():
    for key, word in WORDS.items():
        for role in word.roles:
            if key.startswith(".") and role in OWNERS:
                yield pytest.param(word, getattr(OWNERS[role], word.name), id=f"{role}{key}")


@pytest.mark.parametrize(("word", "method"), list(methods()))
def test_a_word_takes_what_its_method_takes(word, method):
    taken = [described(p) for p in inspect.signature(method).parameters.values()][1:]
    assert [(p.name, p.many, p.default is not None) for p in word.parameters] == taken


def test_reading_takes_what_the_function_takes():
    taken = [described(p) for p in inspect.signature(builder.read).parameters.values()]
    assert [(p.name, p.many, p.default is not None) for p in WORDS["read"].parameters] == [
        found for found in taken if found[0] not in ("desk", "federation")
    ]
    model = [described(p) for p in inspect.signature(learners.logistic_regression).parameters.values()]
    assert [(p.name, p.many, p.default is not None) for p in WORDS["logistic_regression"].parameters] == model


def test_every_word_has_help():
    for word in WORDS.values():
        assert word.meaning
        assert word.name in word.example
        assert word.signature.startswith(word.name)


@pytest.mark.parametrize(
    ("word", "positional", "keywords", "message"),
    [
        (".limit", 0, (), "limit() needs rows, as in limit(10)"),
        (".limit", 2, (), "limit() takes 1 argument, not 2"),
        (".limit", 1, ("rows",), "rows= of limit() is given twice"),
        (".count", 1, (), "count() takes no argument, not 1"),
        (".agg", 1, (), "every column of agg() needs a name"),
        (".sort", 1, ("decending",), "Did you mean descending?"),
        (".fit", 2, ("privcy",), "Did you mean privacy?"),
        ("read", 2, (), "read() takes 1 argument, not 2"),
    ],
)
def test_arguments_that_do_not_fit(word, positional, keywords, message):
    with pytest.raises(OperatorError) as caught:
        WORDS[word].check(positional, keywords)
    assert message in caught.value.message


def test_arguments_that_fit():
    WORDS[".select"].check(3, ("anything",))
    WORDS[".impute"].check(3, ())
    WORDS[".split"].check(1, ("by", "seed"))


def test_unknown_operators():
    assert unknown_method("bin", "a collection", "collection").message == 'the operator "bin" is not in this version'
    assert unknown_method("predict", "a collection", "collection").message == (
        "predict() does not go with a collection, as it does in model.predict(test)"
    )


def test_a_function_that_is_no_word_cannot_be_one():
    with pytest.raises(KeyError):
        worded(test_every_word_has_help)
