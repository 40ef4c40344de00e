"""The words of rows and columns, as completion and help show them."""

from __future__ import annotations

from jupyter_wayang.language.word import Parameter, Word, many, option

__all__ = ["RELATIONAL"]

RELATIONAL = (
    Word(
        "filter",
        ("collection",),
        "keeps the rows where the condition is true (null is not)",
        "filter(age >= 18)",
        (Parameter("condition", "condition"),),
    ),
    Word(
        "select",
        ("collection",),
        "these columns only, old ones and new ones",
        "select(age, sex, old=age > 60)",
        (many("columns", "key", "*"), many("named", "expression", "**")),
    ),
    Word(
        "with_columns",
        ("collection",),
        "adds columns, or replaces those of the same name",
        "with_columns(bmi=weight / height ** 2)",
        (many("named", "expression", "**"),),
    ),
    Word("drop", ("collection",), "leaves columns out", "drop(age)", (many("columns", "column", "*"),)),
    Word("rename", ("collection",), "gives columns new names", 'rename(old="new")', (many("names", "value", "**"),)),
    Word(
        "group_by",
        ("collection",),
        "groups rows for agg(); null is a group",
        "group_by(sex).agg(n=count())",
        (many("columns", "key", "*"), many("named", "expression", "**")),
    ),
    Word(
        "agg",
        ("collection", "group"),
        "one row per group, or one for all",
        "agg(n=count(), mean_age=mean(age))",
        (many("named", "aggregate", "**"),),
    ),
    Word(
        "join",
        ("collection",),
        "rows of both whose keys are equal (where= more must be true; as_of= the last before)",
        "join(wards, on=ward)",
        (
            Parameter("other", "collection"),
            option("on", "()", "pairs"),
            option("how", '"inner"'),
            option("suffix", '"_right"'),
            option("where", "None", "both", keyword=True),
            option("as_of", "None", "pair", keyword=True),
        ),
    ),
    Word(
        "sort",
        ("collection",),
        "orders rows; nulls last; stable",
        "sort(age, descending=True)",
        (many("columns", "key", "*"), option("descending", "False", keyword=True)),
    ),
    Word("limit", ("collection",), "the first rows", "limit(10)", (Parameter("rows", "value"),)),
    Word(
        "split",
        ("collection",),
        "cuts in two, the same rows on every platform",
        "train, test = patients.split(0.8, seed=7, by=[num > 0])",
        (Parameter("fraction", "value"), option("seed", "0"), option("by", "()", "keys")),
    ),
    Word(
        "top_k",
        ("collection",),
        "the rows that come first in an order: the highest, unless descending=False",
        "top_k(10, by=age)",
        (Parameter("n", "value"), Parameter("by", "keys"), option("descending", "True", keyword=True)),
    ),
    Word(
        "distinct",
        ("collection",),
        "one of equal rows; with columns, what is different of these",
        "distinct(ward, sex)",
        (many("columns", "column", "*"),),
    ),
    Word(
        "union",
        ("collection",),
        "the rows of both; columns go together by name",
        "union(others)",
        (Parameter("other", "collection"),),
    ),
    Word(
        "intersect",
        ("collection",),
        "the rows that both have, as often as the one with fewer",
        "intersect(others)",
        (Parameter("other", "collection"),),
    ),
    Word(
        "except_",
        ("collection",),
        "the rows without those of another, each of which takes one away",
        "except_(others)",
        (Parameter("other", "collection"),),
    ),
    Word(
        "sample",
        ("collection",),
        "some rows by chance, the same on every platform: so many, or so large a part",
        "sample(100, seed=7)",
        (option("n", "None"), option("fraction", "None"), option("seed", "0")),
    ),
    Word(
        "zip_with_id",
        ("collection",),
        "numbers rows from 0 in the order of all their columns",
        "zip_with_id()",
        (option("name", '"id"'),),
    ),
    Word(
        "pivot",
        ("collection",),
        "a column of every level of a column, out of the values of another",
        'pivot(on=sex, values=age, agg=mean, levels=["f", "m"])',
        (
            Parameter("on", "column"),
            Parameter("values", "column"),
            Parameter("agg", "reducer"),
            option("levels", "None"),
        ),
    ),
    Word(
        "unpivot",
        ("collection",),
        "a row of every one of some columns: its name, and its value",
        "unpivot([monday, tuesday])",
        (
            Parameter("columns", "columns"),
            option("name", '"variable"'),
            option("value", '"value"'),
        ),
    ),
    Word(
        "explode",
        ("collection",),
        "a row of every item of a list; none of an empty one",
        "explode(words)",
        (Parameter("column", "column"),),
    ),
    Word(
        "write",
        ("collection",),
        "writes rows into a file (CSV, TSV, Parquet), in whole or not at all",
        'write("adults.parquet", mode="overwrite")',
        (Parameter("where", "value"), option("mode", '"error"', keyword=True)),
    ),
    Word("count", ("collection",), "one row with the number of rows, column count", "count()"),
)
