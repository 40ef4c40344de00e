"""The words that sum a table up."""

from __future__ import annotations

from jupyter_wayang.language.word import Parameter, Word, option

__all__ = ["SUMMARIES"]

SUMMARIES = (
    Word(
        "describe",
        ("collection",),
        "a row for every numeric column: values, nulls, mean, deviation, quartiles",
        "patients.describe()",
    ),
    Word(
        "histogram",
        ("collection",),
        "how many values are between two numbers: about so many bins at round numbers, or given cuts",
        "histogram(age, bins=10)",
        (Parameter("column", "column"), option("bins", "10"), option("by", "()", "columns")),
    ),
    Word(
        "crosstab",
        ("collection",),
        "counts the rows of every pair of values: a row for each of one column, a column for each of the other",
        "crosstab(sex, stage, levels=[1, 2, 3])",
        (Parameter("rows", "column"), Parameter("columns", "column"), option("levels", "None")),
    ),
    Word(
        "kaplan_meier",
        ("collection",),
        "the part that lives on after every time, of those who are still watched",
        "kaplan_meier(day, died, by=arm, every=30)",
        (
            Parameter("time", "column"),
            Parameter("event", "key"),
            option("by", "()", "columns"),
            option("every", "None"),
        ),
    ),
)
