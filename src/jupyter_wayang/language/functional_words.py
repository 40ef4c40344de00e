"""The words that take functions of the notebook, as completion and help show them."""

from __future__ import annotations

from jupyter_wayang.language.word import Parameter, Word

__all__ = ["FUNCTIONAL"]

FUNCTIONAL = (
    Word(
        "map",
        ("collection",),
        "a row of every row, made by a function of the notebook",
        "map(clean)",
        (Parameter("f", "function"),),
    ),
    Word(
        "flat_map",
        ("collection",),
        "any number of rows of every row, made by a function of the notebook",
        "flat_map(words)",
        (Parameter("f", "function"),),
    ),
    Word(
        "map_batches",
        ("collection",),
        "an Arrow table of every table of some rows, made by a function of the notebook",
        "map_batches(score)",
        (Parameter("f", "function"),),
    ),
    Word(
        "reduce",
        ("collection",),
        "one row of all, two at a time",
        "reduce(add)",
        (Parameter("f", "function"),),
    ),
    Word(
        "reduce_by",
        ("collection",),
        "one row of all rows of a key, two at a time",
        "reduce_by(word, add)",
        (Parameter("key", "keys"), Parameter("f", "function")),
    ),
    Word(
        "co_group",
        ("collection",),
        "rows of all rows of both that have the same key, made by a function of the notebook",
        "co_group(wards, on=ward, f=pair)",
        (Parameter("other", "collection"), Parameter("on", "pairs"), Parameter("f", "function")),
    ),
)
