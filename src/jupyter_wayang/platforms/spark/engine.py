"""The running Spark: relational operators are put together into one statement, which runs when its rows are wanted."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast
from uuid import uuid4

from sqlglot import exp

from jupyter_wayang.errors import PlanError, PlatformError, RunStoppedError, WayangError
from jupyter_wayang.plan.operators import AnyOperator, OverArrow, ReadFile, ReadFrame, ReadTable
from jupyter_wayang.plan.operators.functions import Calling
from jupyter_wayang.plan.rows import arrow_schema
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.tasks import LocalTask, ScoreCell, ScoreTask, Update
from jupyter_wayang.platforms.functions import Call
from jupyter_wayang.platforms.platform import ARROW, PARQUET, Payload
from jupyter_wayang.platforms.relational.files import read
from jupyter_wayang.platforms.relational.sql import Source, physical_names, source, statement, to_sql
from jupyter_wayang.platforms.spark import far, functions, learning, places, reading, tables
from jupyter_wayang.platforms.spark.channels import FRAME
from jupyter_wayang.platforms.spark.errors import Step, translated
from jupyter_wayang.platforms.spark.start import new_session
from jupyter_wayang.platforms.spark.statistics import rows_in

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["SparkEngine", "SparkRows"]


@dataclass(frozen=True, kw_only=True)
class SparkRows:
    """The payload of ``spark.frame``: a statement over views, not run yet.

    ``views`` has the frame of every view that the statement reads; their columns have the names of
    :func:`~jupyter_wayang.platforms.relational.sql.physical_names`. ``steps`` are the operators in the statement, and
    ``place`` is the Spark that it runs on.
    """

    source: Source
    schema: Schema
    views: Mapping[str, DataFrame]
    steps: tuple[Step, ...] = field(default=())
    place: str = places.OWN


class SparkEngine:
    """An engine with a session of its own on each Spark that a plan reads.

    New rows go to the Spark that was named first, or else to that of this process. Its methods may be called from
    several threads.

    Parameters
    ----------
    workspace
        Where files are put that go into Spark or come out of it. They stay until the owner of the folder removes it:
        what was read from them is read again where it is needed again.
    """

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._sessions: dict[str, SparkSession] = {}
        self._closed = False
        self._lock = threading.Lock()
        self._naming = threading.Lock()

    @property
    def session(self) -> SparkSession:
        """The session that new rows go to; started when it is first asked for."""
        return self._at(places.home())

    def _at(self, place: str) -> SparkSession:
        with self._lock:
            if self._closed:
                raise PlatformError("this Spark engine is closed", hint="open another one")
            if place not in self._sessions:
                with translated():
                    self._sessions[place] = new_session(place)
            return self._sessions[place]

    def apply(
        self,
        operator: AnyOperator,
        inputs: tuple[Payload, ...],
        schemas: tuple[Schema, ...],
        frames: Mapping[str, pa.Table],
        salt: str,
    ) -> tuple[Payload, ...]:
        """Add an operator to what will run; see :meth:`jupyter_wayang.platforms.platform.Engine.apply`."""
        with translated():
            if isinstance(operator, ReadFile):
                return (self._read(operator),)
            if isinstance(operator, ReadFrame):
                return (self._entered(_found(frames, operator), operator.schema, places.home()),)
            if isinstance(operator, ReadTable) and operator.platform == "spark":
                place = operator.database
                frame = tables.selected(self._at(place), operator)
                return (_viewed(frame, operator.schema, Step(verb=operator.verb), place=place),)
        if isinstance(operator, OverArrow):
            return self._over_arrow(operator, inputs[0], salt)
        return (_added(operator, self._together(inputs), schemas),)

    def call(
        self, operator: Calling, inputs: tuple[Payload, ...], schemas: tuple[Schema, ...], call: Call
    ) -> SparkRows:
        """Have Spark's Python workers call the function; its rows are computed at once, so that they can be stopped."""
        rows, (made,) = _rows(inputs[0]), operator.outputs(schemas)
        session = self._at(rows.place)
        if far.is_far(session):
            raise PlatformError(f"functions of the notebook stay on this machine, and {rows.place} is not here")
        import pyarrow as pa
        from pyspark.sql.pandas.types import from_arrow_schema

        context = session.sparkContext
        schema = cast("Schema", made)
        group = f"call-{uuid4().hex}"
        names = physical_names(schema)
        function = functions.batches(operator, call.function, schemas[0].names, names)
        step = Step(verb=operator.verb, call=(operator, call.function))
        columns = pa.schema([field.with_name(name) for field, name in zip(arrow_schema(schema), names, strict=True)])
        try:
            with translated((*rows.steps, step)), call.stopping.ending(partial(context.cancelJobGroup, group)):
                context.setJobGroup(group, f"{operator.verb}({call.function.name})", interruptOnCancel=True)
                frame = self._frame(rows)
                called = frame.mapInArrow(function, from_arrow_schema(columns, prefer_timestamp_ntz=True))
                kept = _viewed(called.localCheckpoint(eager=True), schema, place=rows.place)
        except PlatformError as error:
            if call.stopping.stopped:
                raise RunStoppedError("the run was stopped") from error
            raise
        finally:
            context.setLocalProperty("spark.jobGroup.id", None)  # type: ignore[arg-type]
        return kept

    def keep(self, payload: Payload) -> Payload:
        """Compute rows once. Spark forgets how they were made, so that a file that changes later changes nothing."""
        rows = _rows(payload)
        with translated(rows.steps), far.active(self._at(rows.place)):
            # Not cache(): that is shared by equal statements of all engines, also after the file beneath has changed.
            return _viewed(self._frame(rows).localCheckpoint(eager=True), rows.schema, place=rows.place)

    def count(self, payload: Payload) -> int:
        """Return the number of rows, by a job."""
        rows = _rows(payload)
        with translated(rows.steps):
            return rows_in(self._frame(rows))

    def convert(self, payload: Payload, source: str, target: str, schema: Schema) -> Payload:
        """Read Parquet, or hand rows out as an Arrow table or a Parquet file.

        Raises
        ------
        PlanError
            If Spark has no such conversion.
        """
        if (source, target) == (PARQUET, FRAME):
            with translated():
                return self._stored(Path(payload), schema, places.home())
        if source == FRAME and target in (ARROW, PARQUET):
            rows = _rows(payload)
            with translated(rows.steps):
                return self._arrow(rows) if target == ARROW else self._parquet(rows)
        raise PlanError(f"spark has no conversion from {source} to {target}")

    def update(self, rows: Payload, task: LocalTask) -> Update:
        """Train on rows in one job."""
        kept = _rows(rows)
        with translated(kept.steps):
            return learning.update(_renamed(self._frame(kept), kept.schema.names), task)

    def score(self, rows: Payload, task: ScoreTask) -> tuple[ScoreCell, ...]:
        """Score rows in one job."""
        kept = _rows(rows)
        with translated(kept.steps):
            return learning.score(_renamed(self._frame(kept), kept.schema.names), task)

    def close(self) -> None:
        """Let go of the sessions. This process's Spark stays warm for other engines and ends with the process."""
        with self._lock:
            served = [session for session in self._sessions.values() if far.is_served(session)]
            self._closed, self._sessions = True, {}
        for session in served:
            with suppress(WayangError), translated():
                session.stop()

    def _frame(self, rows: SparkRows) -> DataFrame:
        """Return the frame of a statement. Spark reads it now, and runs it when its rows are asked for."""
        session = self._at(rows.place)
        if isinstance(rows.source, exp.Table):
            return rows.views[rows.source.name]
        text = to_sql(rows.source, "spark")
        if far.is_served(session):
            # Read again whenever it runs, so that its views stay as long as the session.
            for name, frame in rows.views.items():
                frame.createOrReplaceTempView(name)
            return session.sql(text)
        # Once a statement is understood its views may go; not sooner, and other threads may read the same ones.
        with self._naming:
            for name, frame in rows.views.items():
                frame.createOrReplaceTempView(name)
            try:
                return session.sql(text)
            finally:
                for name in rows.views:
                    session.catalog.dropTempView(name)

    def _arrow(self, rows: SparkRows) -> pa.Table:
        table = self._frame(rows).toArrow()
        return table.rename_columns(list(rows.schema.names)).cast(arrow_schema(rows.schema))

    def _parquet(self, rows: SparkRows) -> Path:
        self._workspace.mkdir(parents=True, exist_ok=True)
        if far.is_far(self._at(rows.place)) or any(column.type == "null" for column in rows.schema):
            # Elsewhere Spark would write on another disk; and it writes no column without a type.
            return reading.written(self._arrow(rows), self._workspace)
        folder = self._workspace.resolve() / uuid4().hex
        frame = _renamed(self._frame(rows), rows.schema.names)
        # One file, which every reader takes; joined without a shuffle, so that rows keep their order.
        frame.coalesce(1).write.parquet("file:" + folder.as_posix())
        return next(folder.glob("part-*.parquet"))

    def _read(self, operator: ReadFile) -> SparkRows:
        place = places.home()
        session, step = self._at(place), Step(verb=operator.verb, file=Path(operator.path).name)
        if far.is_far(session):
            frame = far.sent(session, read(operator), operator.schema)
        else:
            frame = reading.read_file(session, operator, self._workspace)
        return _viewed(frame, operator.schema, step, place=place)

    def _stored(self, path: Path, schema: Schema, place: str) -> SparkRows:
        session = self._at(place)
        if far.is_far(session):
            import pyarrow.parquet as pq

            return _viewed(far.sent(session, pq.read_table(path), schema), schema, place=place)
        return _viewed(reading.read_parquet(session, path, schema, self._workspace), schema, place=place)

    def _entered(self, table: pa.Table, schema: Schema, place: str) -> SparkRows:
        session = self._at(place)
        if far.is_far(session):
            frame = far.sent(session, table, schema)
        else:
            frame = reading.read_arrow(session, table, schema, self._workspace)
        return _viewed(frame, schema, Step(verb="read"), place=place)

    def _together(self, inputs: tuple[Payload, ...]) -> tuple[SparkRows, ...]:
        """Return inputs that are on one Spark: those of others go to the Spark of the first."""
        given = tuple(_rows(payload) for payload in inputs)
        return tuple(one if one.place == given[0].place else self._moved(one, given[0].place) for one in given)

    def _moved(self, rows: SparkRows, place: str) -> SparkRows:
        with translated(rows.steps):
            return self._entered(self._arrow(rows), rows.schema, place)

    def _over_arrow(self, operator: OverArrow, payload: Payload, salt: str) -> tuple[Payload, ...]:
        from jupyter_wayang.platforms.relational.over_arrow import over_arrow

        rows = _rows(payload)
        with translated(rows.steps):
            parts = over_arrow(operator, self._arrow(rows), salt)
            made = operator.outputs((rows.schema,))
            return tuple(
                self._entered(part, cast("Schema", one), rows.place) for part, one in zip(parts, made, strict=True)
            )


def _rows(payload: Payload) -> SparkRows:
    if not isinstance(payload, SparkRows):
        raise PlanError(f"spark works on {FRAME}, and this is a {type(payload).__name__}")
    return payload


def _found(frames: Mapping[str, pa.Table], operator: ReadFrame) -> pa.Table:
    if operator.key not in frames:
        raise PlatformError(f"the rows of {operator.label} did not come with the plan")
    return frames[operator.key]


def _viewed(frame: DataFrame, schema: Schema, *steps: Step, place: str) -> SparkRows:
    name = f"rows_{uuid4().hex[:12]}"
    views = {name: _renamed(frame, physical_names(schema))}
    return SparkRows(source=source(name), schema=schema, views=views, steps=steps, place=place)


def _renamed(frame: DataFrame, names: tuple[str, ...]) -> DataFrame:
    return frame if tuple(frame.columns) == names else frame.toDF(*names)


def _added(operator: AnyOperator, given: tuple[SparkRows, ...], schemas: tuple[Schema, ...]) -> SparkRows:
    made = statement(
        operator, tuple((rows.source, schema) for rows, schema in zip(given, schemas, strict=True)), "spark"
    )
    return SparkRows(
        source=made,
        schema=cast("Schema", operator.outputs(schemas)[0]),
        views={name: frame for rows in given for name, frame in rows.views.items()},
        steps=(*(step for rows in given for step in rows.steps), Step(verb=operator.verb, source=made)),
        place=given[0].place,
    )
