"""The words that a collection begins with."""

from __future__ import annotations

from jupyter_wayang.language.word import Parameter, Word, option

__all__ = ["SOURCES"]

SOURCES = (
    Word(
        "read",
        ("source",),
        "a file (CSV, TSV, Parquet, JSON lines, text), several by a pattern, or a table of the catalog or of a federation",
        'read("visits.csv")',
        (
            Parameter("where", "value"),
            option("format", "None", keyword=True),
            option("header", "True", keyword=True),
            option("names", "None", keyword=True),
            option("nulls", '("",)', keyword=True),
            option("types", "None", keyword=True),
            option("delimiter", "None", keyword=True),
        ),
    ),
    Word(
        "table",
        ("source",),
        "a table of a database: a connection, or a file of DuckDB or SQLite",
        'table("archive", "public.visits")',
        (Parameter("connection", "value"), Parameter("name", "value")),
    ),
    Word(
        "query",
        ("source",),
        "the rows of a SELECT that runs in a database",
        'query("archive", "SELECT * FROM visits")',
        (Parameter("connection", "value"), Parameter("text", "value")),
    ),
    Word(
        "lines",
        ("source",),
        "the lines of a text file, in one column, line",
        'lines("book.txt")',
        (Parameter("where", "value"),),
    ),
    Word(
        "frame",
        ("source",),
        "a DataFrame or Arrow table of the notebook",
        "frame(visits)",
        (Parameter("value", "collection"),),
    ),
    Word(
        "range",
        ("source",),
        "the whole numbers from 0 up to, and without, n, in one column, n",
        "range(100)",
        (Parameter("n", "value"),),
    ),
    Word(
        "values",
        ("source",),
        "rows that are written down: a list of values, in one column, value, or of dicts by column",
        'values([{"ward": "A", "beds": 12}])',
        (Parameter("rows", "value"),),
    ),
)
