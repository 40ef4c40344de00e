"""What Spark declares: which operators it runs, why it cannot be used, and the SQL that it would run."""

from __future__ import annotations

import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from jupyter_wayang.errors import WayangError
from jupyter_wayang.plan.model_specs import LinearRegression
from jupyter_wayang.plan.operators import AnyOperator, LocalUpdate, ReadTable
from jupyter_wayang.plan.operators.functions import Calling, Producing
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.platform import LEARNING_OPERATORS, Channel, Conversion, CostTable, Engine
from jupyter_wayang.platforms.relational.sql_capabilities import elsewhere
from jupyter_wayang.platforms.spark.channels import CHANNELS, CONVERSIONS, FRAME
from jupyter_wayang.platforms.spark.costs import COSTS
from jupyter_wayang.platforms.spark.functions import TAGS
from jupyter_wayang.platforms.spark.places import NO_CONNECT, home, is_connect, is_own, without_connect

__all__ = ["SQL_OPERATORS", "SparkPlatform"]

SQL_OPERATORS = ("filter", "select", "group_by", "join", "sort", "limit", "union", "intersect", "except_")
"""Tags of the operators that become a part of one SQL statement."""

_WRITTEN = (*SQL_OPERATORS, "unpivot", "explode")
"""The same, with those that cost what others cost."""


@dataclass(frozen=True, kw_only=True)
class SparkPlatform:
    """Spark: one on this machine for the process, or those that connections name.

    Examples
    --------
    >>> SparkPlatform().channel
    'spark.frame'
    """

    name: str = "spark"
    title: str = "Spark"
    badge: str = "Sp"
    channel: str = FRAME
    channels: tuple[Channel, ...] = CHANNELS
    conversions: tuple[Conversion, ...] = CONVERSIONS
    operators: frozenset[str] = frozenset(
        {
            "read_file",
            "read_frame",
            "read_table",
            *SQL_OPERATORS,
            "split",
            *TAGS,
            *LEARNING_OPERATORS,
            "fit_linear_regression",
        }
    )
    costs: CostTable = COSTS

    def missing(self) -> str | None:
        """Return why Spark cannot be used here, or None; imports no pyspark."""
        from jupyter_wayang.platforms.spark.java import why_not
        from jupyter_wayang.platforms.spark.start import NO_PYSPARK

        if importlib.util.find_spec("pyspark") is None:
            return NO_PYSPARK
        if is_connect(home()):
            return NO_CONNECT if without_connect() else None
        if os.name != "nt" and shutil.which("bash") is None:
            return "Spark is started by a script that needs bash"
        return why_not() or None

    def refuses(self, operator: AnyOperator, inputs: tuple[Schema, ...]) -> str | None:
        """Return why SQL cannot say this operator, or why Spark cannot make its columns, or None."""
        if isinstance(operator, ReadTable):
            return elsewhere(operator, self.name, self.title)
        if isinstance(operator, Calling) and not is_own(home()):
            return f"functions of the notebook stay on this machine, and Spark is the one named {home()}"
        if isinstance(operator, LocalUpdate) and isinstance(operator.model, LinearRegression):
            return _no_line(operator.model)
        if isinstance(operator, Producing) and operator.output is not None:
            nothing = next((column.name for column in operator.output if column.type == "null"), None)
            return f"Spark makes no column of nothing but null, as {nothing} is" if nothing else None
        if _tag(operator) not in _WRITTEN:
            return None
        try:
            self.code(operator, tuple((f"input_{index}", schema) for index, schema in enumerate(inputs)))
        except WayangError as error:
            return error.message
        return None

    def code(self, operator: AnyOperator, inputs: tuple[tuple[str, Schema], ...]) -> str | None:
        """Return the SQL of a relational operator over named inputs, None of the others."""
        if _tag(operator) not in _WRITTEN:
            return None
        from jupyter_wayang.platforms.relational.sql import source, statement, to_sql

        named = tuple((source(name), schema) for name, schema in inputs)
        return to_sql(statement(operator, named, "spark"), "spark", pretty=True)

    def open(self, workspace: Path) -> Engine:
        """Return an engine; Spark itself is started by the first thing that the engine is asked for."""
        from jupyter_wayang.platforms.spark.engine import SparkEngine

        return SparkEngine(workspace)


def _no_line(model: LinearRegression) -> str | None:
    if is_connect(home()):
        return "Spark fits a line in this process only, not by Spark Connect"
    return (
        None
        if model.l2
        else "without l2 several lines may fit as well as each other, and Spark's is another than the others'"
    )


def _tag(operator: AnyOperator) -> str:
    return str(type(operator).__struct_config__.tag)
