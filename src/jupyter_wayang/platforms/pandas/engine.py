"""The engine of pandas."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pandas as pd
import pyarrow as pa

from jupyter_wayang.plan.operators import AnyOperator, ReadFile
from jupyter_wayang.plan.rows import arrow_type
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.tasks import LocalTask, ScoreCell, ScoreTask, Update
from jupyter_wayang.platforms.pandas import learning
from jupyter_wayang.platforms.pandas.channels import CHANNEL
from jupyter_wayang.platforms.pandas.statistics import rows_in
from jupyter_wayang.platforms.platform import Payload
from jupyter_wayang.platforms.relational import files
from jupyter_wayang.platforms.relational.frames_dialects import PANDAS
from jupyter_wayang.platforms.relational.frames_engine import FramesEngine

__all__ = ["PandasEngine"]


class PandasEngine(FramesEngine):
    """Runs operators at once over frames of Arrow types."""

    channel = CHANNEL
    dialect = PANDAS

    def from_arrow(self, table: pa.Table) -> pd.DataFrame:
        """Return a frame that shares the table's memory."""
        made: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
        return made

    def to_arrow(self, frame: pd.DataFrame) -> pa.Table:
        """Return the frame's columns as a table."""
        return pa.Table.from_pandas(frame, preserve_index=False)

    def run(self, operator: AnyOperator, inputs: tuple[Payload, ...], schemas: tuple[Schema, ...]) -> pd.DataFrame:
        """Run an operator; what pandas counts comes in types of NumPy, which know no null, and gets ours."""
        made: pd.DataFrame = super().run(operator, inputs, schemas)
        (schema,) = operator.outputs(schemas)
        others = {
            column.name: pd.ArrowDtype(arrow_type(column.type))
            for column in cast("Schema", schema)
            if column.type != "null" and not isinstance(made.dtypes[column.name], pd.ArrowDtype)
        }
        return made.astype(others) if others else made

    def read(self, operator: ReadFile) -> pd.DataFrame:
        """Read a file through Arrow."""
        return self.from_arrow(files.read(operator))

    def read_parquet(self, path: Path, schema: Schema) -> pd.DataFrame:
        """Read a Parquet file that one of our platforms wrote."""
        with files.failing_with(path, "parquet", OSError):
            return self.from_arrow(files.as_schema(files.read_parquet(path, schema), schema, path.name))

    def keep(self, payload: pd.DataFrame) -> pd.DataFrame:
        """Return the frame: it is computed."""
        return payload

    def count(self, payload: pd.DataFrame) -> int:
        """Return the number of rows."""
        return rows_in(payload)

    def update(self, rows: pd.DataFrame, task: LocalTask) -> Update:
        """Train by one aggregation per step."""
        return learning.update(self, rows, task)

    def score(self, rows: pd.DataFrame, task: ScoreTask) -> tuple[ScoreCell, ...]:
        """Score by one aggregation."""
        return learning.score(self, rows, task)
