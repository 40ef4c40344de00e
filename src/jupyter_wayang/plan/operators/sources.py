"""Where rows come from. The schema is part of the operator: it was looked up before the plan was made."""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.operators.operator import Operator, Output
from jupyter_wayang.plan.schema import Schema

__all__ = ["FileFormat", "ReadFederated", "ReadFile", "ReadFrame", "ReadTable", "Source"]

FileFormat = Literal["csv", "parquet", "jsonl", "text"]


class Source(Operator, frozen=True, kw_only=True):
    """What all sources share: ``schema`` has their columns."""

    schema: Schema

    @property
    def verb(self) -> str:
        """The word of the cell language."""
        return "read"

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema."""
        return (self.schema,)


class ReadFile(Source, frozen=True, kw_only=True, tag="read_file"):
    """A file: CSV or TSV (``delimiter``), Parquet, JSON lines, or text, whose lines are the column ``line``.

    ``header`` says whether the first line of a CSV file names the columns, ``nulls`` which texts mean null. The schema
    has the columns in the order of the file.
    """

    path: str
    format: FileFormat
    header: bool = True
    nulls: tuple[str, ...] = ("",)
    delimiter: str = ","

    def describe(self) -> str:
        """Return the name of the file."""
        return PurePath(self.path).name


class ReadTable(Source, frozen=True, kw_only=True, tag="read_table"):
    """A table of a database, or the rows of a ``query`` there.

    ``platform`` is where the database lives, and the only one that reads it; ``database`` is the path of a file, or the
    name of a connection. Addresses with passwords are never in a plan.
    """

    database: str
    table: str = ""
    query: str = ""
    platform: str = "duckdb"

    def __post_init__(self) -> None:
        if bool(self.table) == bool(self.query):
            raise OperatorError("a table of a database has either a name or a query")

    def describe(self) -> str:
        """Return database and table."""
        return f"{PurePath(self.database.partition('?')[0]).name}: {self.table or 'query'}"


class ReadFrame(Source, frozen=True, kw_only=True, tag="read_frame"):
    """A DataFrame or Arrow table of the notebook, handed to the run as an Arrow table under a key."""

    key: str
    label: str

    def describe(self) -> str:
        """Return the name of the variable."""
        return self.label


class ReadFederated(Source, frozen=True, kw_only=True, tag="read_federated"):
    """The table of this name in every site's catalog; its rows stay at the sites."""

    federation: str
    table: str
    sites: tuple[str, ...]

    def describe(self) -> str:
        """Return the table and the number of sites."""
        return f"{self.table} at {len(self.sites)} sites"
