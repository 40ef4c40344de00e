"""What a collection asks of the session that it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from jupyter_wayang.plan.logical import VertexPort
from jupyter_wayang.plan.operators import AnyOperator, ReadFrame
from jupyter_wayang.plan.operators.functions import Calling, FunctionRef
from jupyter_wayang.plan.schema import DataType, Schema

__all__ = ["Desk", "ReadRequest"]


@dataclass(frozen=True, kw_only=True)
class ReadRequest:
    """What ``read(…)`` was asked for.

    Parameters
    ----------
    where
        A path, a glob, or the name of a table.
    format
        ``csv``, ``tsv``, ``parquet``, ``jsonl``; None: by the name of the file.
    header
        Whether the first line of a CSV file names the columns.
    names
        The names of the columns, where the file does not have them.
    nulls
        Texts that mean null.
    types
        Types that are not to be guessed: (column, type).
    delimiter
        What stands between the fields of a CSV file; None: a comma, and a tab in a TSV file.
    federation
        The federation whose table is meant first, or None.
    connection
        The connection whose table is meant, or None; ``where`` is the table.
    query
        Whether ``where`` is the text of a SELECT that runs there.
    """

    where: str
    format: str | None = None
    header: bool = True
    names: tuple[str, ...] | None = None
    nulls: tuple[str, ...] = ("",)
    types: tuple[tuple[str, DataType], ...] = ()
    delimiter: str | None = None
    federation: str | None = None
    connection: str | None = None
    query: bool = False


class Desk(Protocol):
    """A session, as the language sees it."""

    def source(self, request: ReadRequest) -> AnyOperator:
        """Return the source operator of a file or table, with its schema.

        Raises
        ------
        WayangError
            If there is no such thing, or if it cannot be read.
        """
        ...

    def matching(self, pattern: str) -> Sequence[str]:
        """Return the files that a pattern matches, in the order of their names.

        Raises
        ------
        DataError
            If there are none.
        """
        ...

    def frame(self, value: object, label: str) -> ReadFrame | None:
        """Return the source operator of a DataFrame or Arrow table, or None if the value is neither."""
        ...

    def function(self, value: Callable[..., Any]) -> FunctionRef:
        """Hold a function of the notebook with all that it captures, as of now, and return how a plan names it.

        Raises
        ------
        OperatorError
            If it captures what cannot be handed over.
        """
        ...

    def learned(self, operator: Calling, ports: tuple[VertexPort, ...]) -> Schema:
        """Return the columns that a function makes of the first rows of its inputs.

        Raises
        ------
        WayangError
            If the function fails, or makes no rows of these.
        """
        ...

    def strategies(self) -> Mapping[str, Mapping[str, object]]:
        """Return, by strategy, its parameters and their defaults; ``...`` stands for a parameter without one."""
        ...

    def place(self, path: str) -> str:
        """Return where a file is written: a relative path starts from the folder of the session."""
        ...

    def platforms(self) -> Sequence[str]:
        """Return the names of the platforms that there are."""
        ...

    def plan(
        self,
        ports: tuple[VertexPort, ...],
        *,
        names: Mapping[VertexPort, str],
        platforms: Sequence[str] | str | None,
        name: str,
        captured: tuple[str, ...],
    ) -> Any:
        """Plan some outputs and all that they need.

        Parameters
        ----------
        ports
            The outputs that are asked for.
        names
            The names of collections, by output.
        platforms
            The platforms that may be used; None: all.
        name
            The name of the whole.
        captured
            The variables of the notebook that went into it.
        """
        ...

    def run(
        self,
        ports: tuple[VertexPort, ...],
        *,
        names: Mapping[VertexPort, str],
        platforms: Sequence[str] | str | None,
        name: str,
        captured: tuple[str, ...],
        wait: bool | None,
    ) -> Any:
        """Plan and run some outputs; with ``wait=None`` the session decides whether to wait for the end."""
        ...
