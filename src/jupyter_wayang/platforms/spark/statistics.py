"""What Spark knows of a table, and of a frame: only what a job counts, because it computes nothing before it is asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.rows import schema_of
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.statistics import SourceStatistics
from jupyter_wayang.platforms.spark.far import is_served

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["described", "rows_in"]

_COUNTED_BYTES = 64 * 2**20
_SIZE = re.compile(r"Statistics\(sizeInBytes=([\d.]+(?:E[+-]?\d+)?) ([KMGTPE]?)i?B(?:, rowCount=([\d.E+-]+))?")
_UNITS = {unit: 1024.0**power for power, unit in enumerate(["", *"KMGTPE"])}
_CONFIDENCE = 0.9


def rows_in(frame: DataFrame) -> int:
    """Return the number of rows, by a job."""
    return int(frame.count())


def described(place: str, table: str, query: str = "") -> tuple[Schema, SourceStatistics]:
    """Return the columns of a table, view or query of a Spark, and what is known of its rows.

    Rows of what is small are counted; of the rest Spark has its own statistics (``ANALYZE TABLE``), or guesses by bytes.

    Raises
    ------
    DataError
        If there is no such table.
    OperatorError
        If a column has a type that no platform shares.
    PlatformError
        If Spark cannot be reached or started.
    """
    from jupyter_wayang.platforms.spark.errors import translated
    from jupyter_wayang.platforms.spark.start import new_session
    from jupyter_wayang.platforms.spark.tables import found

    with translated():
        from pyspark.sql.pandas.types import to_arrow_schema

        session = new_session(place)
        try:
            rows = found(session, place, table, query)
            schema = schema_of(to_arrow_schema(rows.schema, timezone="UTC"))
            return schema, _statistics(rows, schema)
        finally:
            if is_served(session):
                session.stop()


def _statistics(rows: DataFrame, schema: Schema) -> SourceStatistics:
    size, counted = _estimated(rows)
    if size <= _COUNTED_BYTES:
        number = Interval.exact(rows_in(rows))
        return SourceStatistics(rows=number, bytes=_exact(size), origin="counted by the database")
    spread = 1.25 if counted is not None else 10.0
    middle = counted if counted is not None else size / max(1, schema.row_bytes)
    number = Interval(low=middle / spread, high=middle * spread, confidence=_CONFIDENCE)
    return SourceStatistics(rows=number, bytes=_exact(size), origin="estimated by the database")


def _exact(size: float) -> Interval:
    return Interval(low=size, high=size, confidence=_CONFIDENCE)


def _estimated(rows: DataFrame) -> tuple[float, float | None]:
    """Return bytes and, where Spark knows them, rows: what the optimized plan says of its top operator."""
    told = _SIZE.search(_explained(rows))
    if told is None:
        return float("inf"), None
    return float(told[1]) * _UNITS[told[2]], float(told[3]) if told[3] else None


def _explained(rows: DataFrame) -> str:
    # DataFrame.explain() prints, and whoever prints in another thread would be heard too.
    if is_served(rows.sparkSession):
        return str(rows._explain_string(mode="cost"))  # type: ignore[operator]  # noqa: SLF001
    plan = rows._jdf.queryExecution()  # noqa: SLF001
    return str(rows.sparkSession._jvm.PythonSQLUtils.explainString(plan, "cost"))  # type: ignore[union-attr]  # noqa: SLF001
