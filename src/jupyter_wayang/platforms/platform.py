"""The seam between plans and platforms.

A :class:`Platform` is a light descriptor: it says what it can run and at what cost, without importing its engine. An
:class:`Engine` is the running thing. Engines see only *base operators* (reads, filter, select, group_by, join, sort,
limit, split) and two learning tasks, and the graph operators that they declare; everything else is lowered to these
before (:mod:`jupyter_wayang.execution.lowering`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from jupyter_wayang.plan.operators import AnyOperator
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.tasks import InferTask, LocalTask, ScoreCell, ScoreTask, Update

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "ARROW",
    "BASE_OPERATORS",
    "FUNCTION_TAGS",
    "GRAPH_OPERATORS",
    "LEARNING_OPERATORS",
    "MODEL_OPERATORS",
    "PARQUET",
    "PASSING_OPERATORS",
    "Channel",
    "Coefficient",
    "Conversion",
    "CostTable",
    "Engine",
    "ModelEngine",
    "Payload",
    "Platform",
]

Payload = Any
"""Rows in the form of a channel: an Arrow table, a polars frame, a SQL statement, a path."""

BASE_OPERATORS = (
    "read_file",
    "read_frame",
    "read_table",
    "filter",
    "select",
    "group_by",
    "join",
    "sort",
    "limit",
    "split",
    "union",
    "intersect",
    "except_",
)
"""Tags of the operators that :meth:`Engine.apply` may be given."""

FUNCTION_TAGS = ("map", "filter_by", "flat_map", "map_batches", "reduce", "reduce_by", "co_group")
"""Tags of the operators behind :meth:`jupyter_wayang.platforms.functions.FunctionEngine.call`."""

LEARNING_OPERATORS = ("local_update", "score")
"""Tags of the operators behind :meth:`Engine.update` and :meth:`Engine.score`."""

MODEL_OPERATORS = (
    *("fit_linear_regression", "fit_kmeans", "fit_naive_bayes", "fit_pca", "fit_decision_tree", "fit_random_forest"),
    *("fit_gradient_boosting", "fit_mlp", "minibatch_update", "infer", "measure"),
)
"""Tags of fits of other models than logistic regression, and by batches, behind :meth:`Engine.update` too, and of what
is asked of them.

``infer`` and ``measure`` are those of :class:`ModelEngine`.
"""

GRAPH_OPERATORS = ("pagerank", "connected_components", "shortest_paths")
"""Tags of the operators over edges.

:meth:`Engine.apply` is given them where a platform declares them; elsewhere they are loops of base operators
(:mod:`jupyter_wayang.platforms.relational.graphs`).
"""

PASSING_OPERATORS = ("carry", "repeat")
"""Tags of the operators that pass on what they are given, where rows are: no engine sees them."""

ARROW = "arrow.table"
PARQUET = "parquet.file"


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A form that rows take. A reusable one can serve several consumers; of another, each consumer runs it again.

    Rows ``at_rest`` are there, and take ``held`` bytes of memory for each byte of their values; otherwise they are a
    recipe, which runs when somebody asks for them.
    """

    name: str
    reusable: bool = True
    at_rest: bool = True
    held: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """A step from one channel to another, done by the engine of ``platform`` (None: by no engine)."""

    source: str
    target: str
    platform: str | None = None


@dataclass(frozen=True, kw_only=True)
class Coefficient:
    """Seconds of one execution: ``fixed_s`` + rows in · ``row_s`` + rows out · ``out_row_s`` + bytes in · ``byte_s``.

    ``spread`` is the factor between the estimate and either bound. Training has its epochs as rows out, and its rows
    once per epoch as rows in: it costs by the row and epoch, and by the epoch.
    """

    fixed_s: float
    row_s: float = 0.0
    out_row_s: float = 0.0
    byte_s: float = 0.0
    spread: float = 1.5


@dataclass(frozen=True, kw_only=True)
class CostTable:
    """What a platform costs: start-up once, and a coefficient per operator tag and per conversion (``"a>b"``)."""

    start_up_s: float
    operators: Mapping[str, Coefficient]
    conversions: Mapping[str, Coefficient] = field(default_factory=dict)


@runtime_checkable
class Platform(Protocol):
    """What a platform declares. Cheap to ask: no engine is imported.

    ``name`` is the word of the cell language, ``title`` what people read, ``badge`` two letters. ``channel`` is the form
    that its operators take and make; ``channels`` and ``conversions`` what it adds to the channel graph. ``operators``
    are tags of base, learning and graph operators.
    """

    name: str
    title: str
    badge: str
    channel: str
    channels: tuple[Channel, ...]
    conversions: tuple[Conversion, ...]
    operators: frozenset[str]
    costs: CostTable

    def missing(self) -> str | None:
        """Return why the platform cannot be used on this machine, or None."""
        ...

    def refuses(self, operator: AnyOperator, inputs: tuple[Schema, ...]) -> str | None:
        """Return why this operator, of a kind that the platform runs, is not possible, or None."""
        ...

    def code(self, operator: AnyOperator, inputs: tuple[tuple[str, Schema], ...]) -> str | None:
        """Return generated code to show for an operator over named inputs, or None."""
        ...

    def open(self, workspace: Path) -> Engine:
        """Start the platform; files of its own go into ``workspace``."""
        ...


class Engine(Protocol):
    """A running platform. Its methods raise :class:`~jupyter_wayang.errors.WayangError` only."""

    def apply(
        self,
        operator: AnyOperator,
        inputs: tuple[Payload, ...],
        schemas: tuple[Schema, ...],
        frames: Mapping[str, pa.Table],
        salt: str,
    ) -> tuple[Payload, ...]:
        """Run a base operator, or add it to what will run: a payload in the platform's channel per output.

        Parameters
        ----------
        operator
            A base operator.
        inputs, schemas
            Payloads in the platform's channel, and their schemas. Output columns come in the order and types of
            ``operator.outputs(schemas)``.
        frames
            Arrow tables by key, for ``read_frame``.
        salt
            The name of the site, for ``split``.
        """
        ...

    def keep(self, payload: Payload) -> Payload:
        """Compute a payload, so that it can be read many times."""
        ...

    def count(self, payload: Payload) -> int:
        """Return the number of rows of a payload."""
        ...

    def convert(self, payload: Payload, source: str, target: str, schema: Schema) -> Payload:
        """Run one of the platform's own conversions."""
        ...

    def update(self, rows: Payload, task: LocalTask) -> Update:
        """Train on rows (a payload that was kept)."""
        ...

    def score(self, rows: Payload, task: ScoreTask) -> tuple[ScoreCell, ...]:
        """Score rows (a payload that was kept); cells without rows are left out."""
        ...

    def close(self) -> None:
        """Free what the engine holds."""
        ...


@runtime_checkable
class ModelEngine(Protocol):
    """What the engine of a platform has that declares ``infer`` and ``measure``."""

    def infer(self, rows: Payload, task: InferTask) -> Payload:
        """Add what a model says; of a row with a feature that is null it says null."""
        ...

    def measure(self, rows: Payload, task: InferTask) -> tuple[tuple[str, float | None], ...]:
        """Return the number of rows as ``rows``, and the figures of a model on rows with a target."""
        ...
