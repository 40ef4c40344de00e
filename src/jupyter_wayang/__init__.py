"""See, for every operator and every site, which platform runs it and why; run it, federated if the data may not move.

The usual way in is a notebook::

    %load_ext jupyter_wayang

    %%wayang
    visits = read("visits.csv")
    visits.filter(age >= 18).group_by(ward).agg(n=count())

The same words in Python: ``import jupyter_wayang as wy``, then ``wy.read("visits.csv").filter(wy.col.age >= 18)``.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from jupyter_wayang.errors import WayangError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from jupyter_wayang.language.builder import Collection
    from jupyter_wayang.platforms.connections import Connection
    from jupyter_wayang.session import Federation
    from jupyter_wayang.site.calibration import Calibration

__version__ = "0.1.0"

_LAZY = {
    "Session": "jupyter_wayang.app",
    "default_session": "jupyter_wayang.app",
    "Collection": "jupyter_wayang.language.builder",
    "Plan": "jupyter_wayang.session",
    "Result": "jupyter_wayang.session",
    "Run": "jupyter_wayang.session",
    "col": "jupyter_wayang.language.expressions",
    "fault": "jupyter_wayang.language.faults",
    "fedavg": "jupyter_wayang.language.learners",
    "logistic_regression": "jupyter_wayang.language.learners",
    "loop": "jupyter_wayang.language.loops",
    "decision_tree": "jupyter_wayang.language.models",
    "gradient_boosting": "jupyter_wayang.language.models",
    "kmeans": "jupyter_wayang.language.models",
    "linear_regression": "jupyter_wayang.language.models",
    "metric": "jupyter_wayang.language.learners",
    "mlp": "jupyter_wayang.language.models",
    "naive_bayes": "jupyter_wayang.language.models",
    "pca": "jupyter_wayang.language.models",
    "random_forest": "jupyter_wayang.language.models",
    "repeat": "jupyter_wayang.language.loops",
    "strategy": "jupyter_wayang.language.learners",
}

__all__ = [
    "Collection",
    "Plan",
    "Result",
    "Run",
    "Session",
    "WayangError",
    "calibrate",
    "col",
    "connect",
    "datasets",
    "decision_tree",
    "default_session",
    "fault",
    "fedavg",
    "federation",
    "from_wayang_json",
    "gradient_boosting",
    "kmeans",
    "linear_regression",
    "lines",
    "load_ipython_extension",
    "logistic_regression",
    "loop",
    "metric",
    "mlp",
    "naive_bayes",
    "pca",
    "query",
    "random_forest",
    "range",
    "read",
    "repeat",
    "sql",
    "strategy",
    "table",
    "values",
]


def read(where: object, *, sites: str | None = None, **options: Any) -> Collection:
    """Return the collection of a file, a federated table or a DataFrame, in the default session.

    Parameters
    ----------
    where
        A path, the name of a table, or a DataFrame or Arrow table.
    sites
        The federation whose table is meant.
    options
        ``format``, ``header``, ``names``, ``nulls``, ``types``, ``delimiter``.
    """
    from jupyter_wayang.app import default_session

    return default_session().read(where, sites=sites, **options)


def connect(name: str, where: str | os.PathLike[str]) -> Connection:
    """Give a database a name in the default session, for ``table(name, …)`` and ``query(name, …)``.

    Parameters
    ----------
    name
        The name.
    where
        The path of a DuckDB or SQLite file, or ``postgresql://user:password@host/database``.
    """
    from jupyter_wayang.app import default_session

    return default_session().connect(name, where)


def table(connection: object, name: object) -> Collection:
    """Return a table of a database in the default session: of a connection, or of a file of DuckDB or SQLite."""
    from jupyter_wayang.app import default_session

    return default_session().table(connection, name)


def query(connection: object, text: object) -> Collection:
    """Return the rows of a SELECT that runs in a database, in the default session."""
    from jupyter_wayang.app import default_session

    return default_session().query(connection, text)


def lines(where: object) -> Collection:
    """Return the lines of a text file, in one column, ``line``, in the default session."""
    from jupyter_wayang.app import default_session

    return default_session().lines(where)


def range(n: object) -> Collection:
    """Return the whole numbers from 0 up to, and without, ``n``, in one column, ``n``, in the default session."""
    from jupyter_wayang.app import default_session

    return default_session().range(n)


def values(rows: object) -> Collection:
    """Return rows that are written down, in the default session: values in one column, ``value``, or dicts by column."""
    from jupyter_wayang.app import default_session

    return default_session().values(rows)


def sql(text: str, tables: Mapping[str, object] | None = None) -> Collection:
    """Return the collection that one SELECT makes, in the default session; nothing runs.

    Parameters
    ----------
    text
        The SQL.
    tables
        What its tables are: collections, DataFrames, Arrow tables, or paths by name.
    """
    from jupyter_wayang.app import default_session

    return default_session().sql(text, tables)


def federation(name: str, sites: Mapping[str, object] | str | Path | None = None) -> Federation:
    """Declare a federation in the default session, or return one that was declared.

    Parameters
    ----------
    name
        The name that ``--sites`` uses.
    sites
        Site → tables, platforms, policy; or the path of a TOML file.
    """
    from jupyter_wayang.app import default_session

    return default_session().federation(name, sites)


def calibrate(*, quick: bool = False, platforms: Sequence[str] | None = None) -> Calibration:
    """Measure what platforms cost on this machine, and plan with that from now on; see :meth:`Session.calibrate`."""
    from jupyter_wayang.app import default_session

    return default_session().calibrate(quick=quick, platforms=platforms)


def from_wayang_json(plan: object, tables: Mapping[str, object] | None = None) -> Collection:
    """Return the collection of a plan in Wayang's JSON, in the default session; functions in it are read, never run.

    Parameters
    ----------
    plan
        Text, or what was read from it.
    tables
        What the plan's tables are here: collections, DataFrames or Arrow tables by name.
    """
    from jupyter_wayang.app import default_session

    return default_session().from_wayang_json(plan, tables)


def load_ipython_extension(shell: Any) -> None:
    """Make ``%%wayang`` and ``%wayang`` known to a notebook."""
    from jupyter_wayang.notebook.magics import register

    register(shell)


def __getattr__(name: str) -> Any:
    if name == "datasets":
        return import_module("jupyter_wayang.datasets")
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    functions = import_module("jupyter_wayang.language.functions")
    if name in functions.NAMES:
        return functions.named(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *import_module("jupyter_wayang.language.functions").NAMES})


class _Package(ModuleType):
    """The package: ``federation`` stays the function, also after the room of that name was imported."""

    def __setattr__(self, name: str, value: object) -> None:
        # The import system binds every submodule in its package, over whatever is there.
        if name != "federation" or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
# By this name ``import jupyter_wayang.federation.metrics as metrics`` finds the room behind the function.
federation.__name__ = f"{__name__}.federation"
