"""The words of the language: one table for reading a cell, checking arguments, completion and help."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import ParamSpec, TypeVar

from jupyter_wayang.errors import NameUnknownError
from jupyter_wayang.language.functional_words import FUNCTIONAL
from jupyter_wayang.language.functions import NAMES as FUNCTION_NAMES
from jupyter_wayang.language.functions import example
from jupyter_wayang.language.graph_words import GRAPHS, LOOPS
from jupyter_wayang.language.model_words import MODELS
from jupyter_wayang.language.relational_words import RELATIONAL
from jupyter_wayang.language.source_words import SOURCES
from jupyter_wayang.language.unknown import guessed, listed
from jupyter_wayang.language.word import Kind, Parameter, Role, Word, many, option
from jupyter_wayang.plan.expressions import AGGREGATES

__all__ = ["NOT_YET", "WORDS", "Kind", "Parameter", "Role", "Word", "methods", "unknown_method", "worded"]

P = ParamSpec("P")
R = TypeVar("R")


def worded(method: Callable[P, R]) -> Callable[P, R]:
    """Check the arguments of a method or function against the word that it implements, before it runs."""
    dotted = WORDS.get(f".{method.__name__}")
    word, bound = (dotted, 1) if dotted is not None else (WORDS[method.__name__], 0)

    @functools.wraps(method)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        word.check(len(args) - bound, kwargs)
        return method(*args, **kwargs)

    return checked


def methods(*roles: Role) -> dict[str, Word]:
    """Return the words that stand after a dot in some role.

    Examples
    --------
    >>> sorted(methods("fitted"))
    ['evaluate', 'on', 'predict']
    """
    return {w.name: w for key, w in WORDS.items() if key.startswith(".") and set(roles) & set(w.roles)}


def unknown_method(name: str, of: str, *roles: Role) -> NameUnknownError:
    """Return the error that says there is no such operator, with the one that was probably meant.

    Examples
    --------
    >>> print(unknown_method("fliter", "a collection", "collection").message)
    there is no operator "fliter". Did you mean filter?
    """
    known = methods(*roles)
    if name in known:
        return NameUnknownError(f"{name} needs its brackets: {known[name].signature}", found=name)
    elsewhere = WORDS.get(f".{name}")
    if elsewhere is not None:
        return NameUnknownError(
            f"{name}() does not go with {of}, as it does in {elsewhere.example}", found=name, expected=tuple(known)
        )
    if name in NOT_YET:
        return NameUnknownError(f'the operator "{name}" is not in this version', found=name, expected=tuple(known))
    return NameUnknownError(
        guessed(f'there is no operator "{name}".', name, known),
        found=name,
        expected=tuple(known),
        hint=listed(f"{of} has", known),
    )


_LEARNING = (
    Word(
        "impute",
        ("collection", "step"),
        "a value where a number is null: the mean of the training rows, or a constant",
        "impute(mean)",
        (option("how", "mean", "fill"), many("columns", "column", "*")),
    ),
    Word(
        "scale",
        ("collection", "step"),
        "centres columns at their mean and divides by their deviation",
        "scale()",
        (many("columns", "column", "*"),),
    ),
    Word(
        "one_hot",
        ("collection", "step"),
        "a 0-or-1 column for every level of a column",
        "one_hot(cp)",
        (many("columns", "column", "*"),),
    ),
    Word(
        "fit",
        ("collection",),
        "fits a model; with a strategy, in rounds, where the rows are",
        "fit(logistic_regression(l2=1e-3), target=num > 0)",
        (
            Parameter("model", "model"),
            option("target", "None", "key"),
            option("features", "None", "columns"),
            option("rounds", "None"),
            option("strategy", "None", "strategy"),
            option("until", "None", "goal"),
            option("participation", "1.0"),
            option("deadline", "3600"),
            option("quorum", "None"),
            option("faults", "None", "faults"),
            option("seed", "0"),
        ),
        ("privacy",),
    ),
    Word(
        "cross_validate",
        ("collection",),
        "measures a model on rows that it has not seen: a row for each fold",
        "cross_validate(linear_regression(), target=cost, folds=5)",
        (
            Parameter("model", "model"),
            option("target", "None", "key"),
            option("features", "None", "columns"),
            option("folds", "5"),
            option("seed", "0"),
        ),
    ),
    Word(
        "evaluate",
        ("fitted",),
        "measures the model on raw rows: all together, and per site",
        "model.evaluate(test)",
        (Parameter("rows", "collection"), option("bins", "20")),
    ),
    Word(
        "predict",
        ("fitted",),
        "adds what the model says to raw rows: a probability, a number, a cluster",
        "model.predict(test)",
        (Parameter("rows", "collection"), option("name", '"prediction"')),
    ),
)

_HINTS = (
    Word(
        "on",
        ("collection", "fitted", "hint"),
        "pins the operator before it to a platform, everywhere or at one site",
        'on("duckdb", site="hungary")',
        (Parameter("platform", "value"), option("site", "None")),
    ),
    Word(
        "selectivity",
        ("collection", "hint"),
        "tells the optimizer which part of the rows the operator before it keeps",
        "selectivity(0.1)",
        (Parameter("part", "value"),),
    ),
    Word(
        "rows",
        ("collection", "hint"),
        "tells the optimizer how many rows come out of the operator before it",
        "rows(1000)",
        (Parameter("number", "value"),),
    ),
    Word("cache", ("collection", "hint"), "has the operator before it computed once, and held", "cache()"),
    Word("broadcast", ("collection", "hint"), "has joins on Spark send these rows to all machines", "broadcast()"),
    Word(
        "name",
        ("collection", "hint"),
        "what the operator before it makes is called in plans and pictures",
        'name("adults")',
        (Parameter("text", "value"),),
    ),
)

_LEARNERS = (
    Word(
        "fedavg",
        ("strategy",),
        "every site trains on its rows, the models are averaged",
        "fedavg(local_epochs=5, learning_rate=0.5)",
        (many("arguments", "value", "**"),),
    ),
)

_MEANINGS = {
    "count": "the number of rows, or of values that are not null",
    "n_unique": "the number of different values",
    "var": "the variance (over n - 1)",
    "std": "the standard deviation (over n - 1)",
    "coalesce": "the first value that is not null",
    "cast": "the value as another type",
    "where": "one value where a condition is true, else another",
    "date": "a date written as text",
    "timestamp": "a date with a time, written as text",
    "decimal": "an exact number, written as text",
    "interval": "a length of time, to be added to a date",
    "like": "whether a text has a form: % is any text, _ one character",
    "slice": "a part of a text: from a place (counted from 0; from the end if negative), so many characters",
    "split": "a list of the parts between a separator",
    "regex_match": "whether a pattern occurs in a text",
    "regex_extract": "what a pattern, or its group, finds in a text",
    "weekday": "the day of the week: Monday is 1, Sunday 7",
    "truncate": "the beginning of the year, quarter, month, week, day, hour, minute or second",
    "add_months": "the day so many months later, at most the last of the month",
    "date_diff": "the days (or hours, minutes, seconds) from the second date to the first",
    "format_date": "a date as text: %Y %m %d %H %M %S",
    "parse_date": "a date read from text: %Y %m %d",
    "clip": "a value kept between two bounds",
    "min2": "the smaller of two values; null if one is",
    "max2": "the larger of two values; null if one is",
    "median": "the middle of a group's values, between two the mean",
    "quantile": "the value below which a part of a group's values is, interpolated",
    "first": "the value where another is least",
    "last": "the value where another is greatest",
    "arg_min": "the value where another is least",
    "arg_max": "the value where another is greatest",
    "collect": "a list of a group's values, in ascending order",
    "corr": "the correlation of two columns",
    "cov": "the covariance of two columns (over n - 1)",
    "rank": "the place in an order; equals share one",
    "row_number": "the number in an order",
    "lag": "the value some rows before, in an order",
    "lead": "the value some rows after, in an order",
    "cum_sum": "the sum up to here, in an order",
}


def _function(name: str) -> Word:
    role: Role = "aggregate" if name in AGGREGATES else "function"
    meaning = _MEANINGS.get(
        name, f"{name.replace('_', ' ')} of " + ("a group's values" if name in AGGREGATES else "a value")
    )
    return Word(name, (role,), meaning, example(name), (many("values", "expression", "*"),))


WORDS: Mapping[str, Word] = {
    **{f".{word.name}": word for word in (*RELATIONAL, *FUNCTIONAL, *GRAPHS, *_LEARNING, *_HINTS)},
    **{word.name: word for word in (*SOURCES, *LOOPS, *MODELS, *_LEARNERS)},
    **{name: _function(name) for name in FUNCTION_NAMES},
}
"""Every word: those that stand after a dot begin with one."""

_LATER = """
table query lines range values write sample zip_with_id pivot unpivot explode
bin linear_regression
glm kmeans naive_bayes pca mlp gradient_boosting decision_tree random_forest coefficients to_sklearn save load_model
cache broadcast name
"""

NOT_YET: frozenset[str] = frozenset(_LATER.split()) - {word.name for word in WORDS.values()}
"""Words of the language that this version does not have."""
