"""Where rows come from. The schema is part of the operator: it was looked up before the plan was made."""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal

from jupyter_wayang.plan.operators.operator import Operator, Output
from jupyter_wayang.plan.schema import Schema

__all__ = ["FileFormat", "ReadFederated", "ReadFile", "ReadFrame", "ReadTable"]

FileFormat = Literal["csv", "parquet", "jsonl"]


class ReadFile(Operator, frozen=True, kw_only=True, tag="read_file"):
    """A file: CSV or TSV (``delimiter``), Parquet, JSON lines.

    ``header`` says whether the first line of a CSV file names the columns, ``nulls`` which texts mean null. The schema
    has the columns in the order of the file.
    """

    path: str
    format: FileFormat
    schema: Schema
    header: bool = True
    nulls: tuple[str, ...] = ("",)
    delimiter: str = ","

    @property
    def verb(self) -> str:
        """The word of the cell language."""
        return "read"

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the file."""
        return (self.schema,)

    def describe(self) -> str:
        """Return the name of the file."""
        return PurePath(self.path).name


class ReadTable(Operator, frozen=True, kw_only=True, tag="read_table"):
    """A table in a database file of DuckDB."""

    database: str
    table: str
    schema: Schema

    @property
    def verb(self) -> str:
        """The word of the cell language."""
        return "read"

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the table."""
        return (self.schema,)

    def describe(self) -> str:
        """Return database and table."""
        return f"{PurePath(self.database).name}: {self.table}"


class ReadFrame(Operator, frozen=True, kw_only=True, tag="read_frame"):
    """A DataFrame or Arrow table of the notebook, handed to the run as an Arrow table under a key."""

    key: str
    label: str
    schema: Schema

    @property
    def verb(self) -> str:
        """The word of the cell language."""
        return "read"

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the table."""
        return (self.schema,)

    def describe(self) -> str:
        """Return the name of the variable."""
        return self.label


class ReadFederated(Operator, frozen=True, kw_only=True, tag="read_federated"):
    """The table of this name in every site's catalog; its rows stay at the sites."""

    federation: str
    table: str
    sites: tuple[str, ...]
    schema: Schema

    @property
    def verb(self) -> str:
        """The word of the cell language."""
        return "read"

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema that the sites share."""
        return (self.schema,)

    def describe(self) -> str:
        """Return the table and the number of sites."""
        return f"{self.table} at {len(self.sites)} sites"
