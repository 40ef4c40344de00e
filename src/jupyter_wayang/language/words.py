"""The words of the language: one table for reading a cell, checking arguments, completion and help."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, ParamSpec, TypeVar

from jupyter_wayang.errors import NameUnknownError, OperatorError
from jupyter_wayang.language.functions import NAMES as FUNCTION_NAMES
from jupyter_wayang.language.unknown import arguments, guessed, listed
from jupyter_wayang.plan.expressions import AGGREGATES

__all__ = ["NOT_YET", "WORDS", "Kind", "Parameter", "Role", "Word", "methods", "unknown_method", "worded"]

Kind = Literal[
    "aggregate",
    "collection",
    "column",
    "columns",
    "expression",
    "fill",
    "goal",
    "key",
    "keys",
    "model",
    "pairs",
    "strategy",
    "value",
]
"""What an argument is: a cell reads it by this, and completion offers what fits."""

Role = Literal["source", "collection", "step", "group", "fitted", "hint", "function", "aggregate", "model", "strategy"]
"""Where a word stands: on its own, or after the dot of a collection, of ``group_by()`` or of a fitted model."""

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Parameter:
    """A parameter of a word.

    Parameters
    ----------
    name
        Its name.
    kind
        What it takes.
    default
        The text of its default, or None if it must be given.
    many
        ``*`` for any number by position, ``**`` for any number by name.
    keyword
        Whether it can only be given by name.
    """

    name: str
    kind: Kind
    default: str | None = None
    many: Literal["", "*", "**"] = ""
    keyword: bool = False

    def __str__(self) -> str:
        return f"{self.many}{self.name}" + (f"={self.default}" if self.default is not None else "")


@dataclass(frozen=True)
class Word:
    """A word of the language.

    Parameters
    ----------
    name
        The word.
    roles
        Where it may stand.
    meaning
        One line of help.
    example
        How it is used.
    parameters
        What it takes, in order.
    later
        Parameters that this version refuses.
    """

    name: str
    roles: tuple[Role, ...]
    meaning: str
    example: str
    parameters: tuple[Parameter, ...] = ()
    later: tuple[str, ...] = ()

    @property
    def signature(self) -> str:
        """The word and its parameters as text.

        Examples
        --------
        >>> WORDS[".limit"].signature
        'limit(rows)'
        """
        shown: list[str] = []
        many = False
        for parameter in self.parameters:
            if parameter.keyword and not many:
                shown.append("*")
                many = True
            many = many or parameter.many == "*"
            shown.append(str(parameter))
        return f"{self.name}({', '.join(shown)})"

    def positional(self, index: int) -> Parameter | None:
        """Return the parameter that takes the argument at a position."""
        places = [p for p in self.parameters if not p.keyword and p.many != "**"]
        if index < len(places):
            return places[index]
        return places[-1] if places and places[-1].many == "*" else None

    def keyword(self, name: str) -> Parameter | None:
        """Return the parameter that takes an argument of a name."""
        for parameter in self.parameters:
            if (parameter.name == name and not parameter.many) or parameter.many == "**":
                return parameter
        return None

    def refuse_keyword(self, name: str) -> None:
        """Raise an error if no parameter takes an argument of this name.

        Raises
        ------
        OperatorError
            With the name that was probably meant.
        """
        if name in self.later:
            raise OperatorError(f"{name}= of {self.name}() is not in this version", found=name, hint=self.signature)
        if self.keyword(name) is None:
            known = [p.name for p in self.parameters if not p.many]
            raise OperatorError(
                guessed(f'{self.name}() has no argument "{name}".', name, known),
                found=name,
                expected=known,
                hint=self.signature,
            )

    def check(self, positional: int, keywords: Iterable[str]) -> None:
        """Raise an error if a call with so many arguments and these names does not fit.

        Parameters
        ----------
        positional
            How many arguments are given by position.
        keywords
            The names of the others.

        Raises
        ------
        OperatorError
            If an argument is unknown, too many, given twice or missing.
        """
        named = list(keywords)
        for name in named:
            self.refuse_keyword(name)
        if positional and self.positional(positional - 1) is None:
            raise self._too_many(positional)
        given = {taken.name for index in range(positional) if (taken := self.positional(index)) and not taken.many}
        for name in named:
            if name in given:
                raise OperatorError(f"{name}= of {self.name}() is given twice", hint=self.signature)
        for parameter in self.parameters:
            if parameter.default is None and not parameter.many and parameter.name not in {*given, *named}:
                raise OperatorError(f"{self.name}() needs {parameter.name}, as in {self.example}", hint=self.signature)

    def _too_many(self, positional: int) -> OperatorError:
        if any(parameter.many == "**" for parameter in self.parameters):
            return OperatorError(f"every column of {self.name}() needs a name, as in {self.example}")
        most = sum(1 for p in self.parameters if not p.keyword)
        return OperatorError(f"{self.name}() takes {arguments(most, most)}, not {positional}", hint=self.signature)


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


def _many(name: str, kind: Kind, stars: Literal["*", "**"]) -> Parameter:
    return Parameter(name, kind, many=stars)


def _option(name: str, default: str, kind: Kind = "value", *, keyword: bool = False) -> Parameter:
    return Parameter(name, kind, default, keyword=keyword)


_SOURCES = (
    Word(
        "read",
        ("source",),
        "a file (CSV, TSV, Parquet, JSON lines), or a table of the catalog or of a federation",
        'read("visits.csv")',
        (
            Parameter("where", "value"),
            _option("format", "None", keyword=True),
            _option("header", "True", keyword=True),
            _option("names", "None", keyword=True),
            _option("nulls", '("",)', keyword=True),
            _option("types", "None", keyword=True),
            _option("delimiter", "None", keyword=True),
        ),
    ),
    Word(
        "frame",
        ("source",),
        "a DataFrame or Arrow table of the notebook",
        "frame(visits)",
        (Parameter("value", "collection"),),
    ),
)

_COLLECTION = (
    Word(
        "filter",
        ("collection",),
        "keeps the rows where the condition is true (null is not)",
        "filter(age >= 18)",
        (Parameter("condition", "expression"),),
    ),
    Word(
        "select",
        ("collection",),
        "these columns only, old ones and new ones",
        "select(age, sex, old=age > 60)",
        (_many("columns", "key", "*"), _many("named", "expression", "**")),
    ),
    Word(
        "with_columns",
        ("collection",),
        "adds columns, or replaces those of the same name",
        "with_columns(bmi=weight / height ** 2)",
        (_many("named", "expression", "**"),),
    ),
    Word("drop", ("collection",), "leaves columns out", "drop(age)", (_many("columns", "column", "*"),)),
    Word("rename", ("collection",), "gives columns new names", 'rename(old="new")', (_many("names", "value", "**"),)),
    Word(
        "group_by",
        ("collection",),
        "groups rows for agg(); null is a group",
        "group_by(sex).agg(n=count())",
        (_many("columns", "key", "*"), _many("named", "expression", "**")),
    ),
    Word(
        "agg",
        ("collection", "group"),
        "one row per group, or one for all",
        "agg(n=count(), mean_age=mean(age))",
        (_many("named", "aggregate", "**"),),
    ),
    Word(
        "join",
        ("collection",),
        "rows of both whose keys are equal; null keys match nothing",
        "join(wards, on=ward)",
        (
            Parameter("other", "collection"),
            _option("on", "()", "pairs"),
            _option("how", '"inner"'),
            _option("suffix", '"_right"'),
        ),
        ("where", "as_of"),
    ),
    Word(
        "sort",
        ("collection",),
        "orders rows; nulls last; stable",
        "sort(age, descending=True)",
        (_many("columns", "key", "*"), _option("descending", "False", keyword=True)),
    ),
    Word("limit", ("collection",), "the first rows", "limit(10)", (Parameter("rows", "value"),)),
    Word(
        "split",
        ("collection",),
        "cuts in two, the same rows on every platform",
        "train, test = patients.split(0.8, seed=7, by=[num > 0])",
        (Parameter("fraction", "value"), _option("seed", "0"), _option("by", "()", "keys")),
    ),
    Word("count", ("collection",), "one row with the number of rows, column count", "count()"),
)

_GRAPHS = (
    Word(
        "pagerank",
        ("collection",),
        "ranks the nodes of a graph of edges by a random walk",
        "edges.pagerank(src, dst, damping=0.85, iterations=20)",
        (
            Parameter("src", "column"),
            Parameter("dst", "column"),
            _option("damping", "0.85"),
            _option("iterations", "20"),
        ),
    ),
    Word(
        "connected_components",
        ("collection",),
        "puts together the nodes that edges connect, whichever way they go",
        "edges.connected_components(src, dst)",
        (Parameter("src", "column"), Parameter("dst", "column")),
    ),
    Word(
        "shortest_paths",
        ("collection",),
        "counts the edges of the shortest way from a node to all that it reaches",
        'edges.shortest_paths(src, dst, "Ghent")',
        (Parameter("src", "column"), Parameter("dst", "column"), Parameter("start", "value")),
    ),
)

_LEARNING = (
    Word(
        "impute",
        ("collection", "step"),
        "a value where a number is null: the mean of the training rows, or a constant",
        "impute(mean)",
        (_option("how", "mean", "fill"), _many("columns", "column", "*")),
    ),
    Word(
        "scale",
        ("collection", "step"),
        "centres columns at their mean and divides by their deviation",
        "scale()",
        (_many("columns", "column", "*"),),
    ),
    Word(
        "one_hot",
        ("collection", "step"),
        "a 0-or-1 column for every level of a column",
        "one_hot(cp)",
        (_many("columns", "column", "*"),),
    ),
    Word(
        "fit",
        ("collection",),
        "fits a model; with a strategy, in rounds, where the rows are",
        "fit(logistic_regression(l2=1e-3), target=num > 0)",
        (
            Parameter("model", "model"),
            Parameter("target", "key"),
            _option("features", "None", "columns"),
            _option("rounds", "None"),
            _option("strategy", "None", "strategy"),
            _option("until", "None", "goal"),
        ),
        ("participation", "deadline", "quorum", "privacy"),
    ),
    Word(
        "evaluate",
        ("fitted",),
        "measures the model on raw rows: all together, and per site",
        "model.evaluate(test)",
        (Parameter("rows", "collection"), _option("bins", "20")),
    ),
    Word(
        "predict",
        ("fitted",),
        "adds the predicted probability to raw rows",
        "model.predict(test)",
        (Parameter("rows", "collection"), _option("name", '"prediction"')),
    ),
)

_HINTS = (
    Word(
        "on",
        ("collection", "fitted", "hint"),
        "pins the operator before it to a platform, everywhere or at one site",
        'on("duckdb", site="hungary")',
        (Parameter("platform", "value"), _option("site", "None")),
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
)

_LEARNERS = (
    Word(
        "logistic_regression",
        ("model",),
        "the probability of a yes, from a weighted sum of the features",
        "logistic_regression(l2=1e-3)",
        (_option("l2", "0.0"), _option("penalize_intercept", "False")),
    ),
    Word(
        "fedavg",
        ("strategy",),
        "every site trains on its rows, the models are averaged",
        "fedavg(local_epochs=5, learning_rate=0.5)",
        (_many("arguments", "value", "**"),),
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
}


def _function(name: str) -> Word:
    role: Role = "aggregate" if name in AGGREGATES else "function"
    meaning = _MEANINGS.get(
        name, f"{name.replace('_', ' ')} of " + ("a group's values" if name in AGGREGATES else "a value")
    )
    return Word(name, (role,), meaning, f"{name}(…)", (_many("values", "expression", "*"),))


WORDS: Mapping[str, Word] = {
    **{f".{word.name}": word for word in (*_COLLECTION, *_GRAPHS, *_LEARNING, *_HINTS)},
    **{word.name: word for word in (*_SOURCES, *_LEARNERS)},
    **{name: _function(name) for name in FUNCTION_NAMES},
}
"""Every word: those that stand after a dot begin with one."""

_LATER = """
table query lines range values write top_k distinct sample zip_with_id union intersect except_ pivot unpivot explode map
flat_map map_batches reduce reduce_by co_group repeat bin linear_regression
glm kmeans naive_bayes pca mlp gradient_boosting decision_tree random_forest coefficients to_sklearn save load_model
cache broadcast name interval slice regex_match regex_extract weekday hour minute second truncate add_months date_diff
format_date parse_date log10 sin cos tan clip min2 max2 median quantile first last collect arg_max corr cov rank
row_number lag lead cum_sum over
"""

NOT_YET: frozenset[str] = frozenset(_LATER.split())
"""Words of the language that this version does not have."""
