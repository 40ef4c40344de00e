"""Preprocessing steps that wait for what consumes them, because ``fit()`` knows the target and they do not."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field

from jupyter_wayang.errors import OperatorError, Span
from jupyter_wayang.plan.logical import Hints, Vertex, VertexPort
from jupyter_wayang.plan.operators import Impute, OneHot, ReadFederated, Scale
from jupyter_wayang.plan.schema import NUMERIC, Schema

__all__ = ["Recipe", "Step", "raw_rows", "rows_of", "sites_of", "step_above", "upstream"]

StepOperator = Impute | Scale | OneHot


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step as it was written. An operator without columns means those that :meth:`Recipe.resolve` finds."""

    operator: StepOperator
    hints: Hints = field(default_factory=Hints)
    span: Span | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Recipe:
    """Steps in order, on the rows of a port.

    What has been made of it is remembered, so that two fits of one collection share their steps.
    """

    base: VertexPort
    steps: tuple[Step, ...]
    made: dict[tuple[str, ...], VertexPort] = field(default_factory=dict, init=False)

    def with_step(self, step: Step) -> Recipe:
        """Return the recipe with a step at its end."""
        return Recipe(base=self.base, steps=(*self.steps, step))

    def with_last(self, **changes: object) -> Recipe:
        """Return the recipe with its last step changed."""
        last = dataclasses.replace(self.steps[-1], **changes)  # type: ignore[arg-type]
        return Recipe(base=self.base, steps=(*self.steps[:-1], last))

    def resolve(self, target: tuple[str, ...] = ()) -> VertexPort:
        """Return the port after the last step.

        Steps without columns work on every numeric column except those that a later ``one_hot`` names and those that
        the target reads.

        Parameters
        ----------
        target
            The columns that the target of a fit reads.

        Raises
        ------
        OperatorError
            If a step names a column of the target, or finds nothing to work on.
        """
        if target not in self.made:
            port = self.base
            for index, step in enumerate(self.steps):
                operator = self._with_columns(index, rows_of(port), target)
                port = VertexPort(Vertex(operator, (port,), step.hints, step.span))
            self.made[target] = port
        return self.made[target]

    def _with_columns(self, index: int, schema: Schema, target: tuple[str, ...]) -> StepOperator:
        operator = self.steps[index].operator
        for name in operator.columns:
            if name in target:
                raise OperatorError(
                    f"{operator.verb}() would change {name}, which the target reads",
                    hint=f"leave {name} out of {operator.verb}()",
                )
        if operator.columns or isinstance(operator, OneHot):
            return operator
        later = {
            name for step in self.steps[index:] if isinstance(step.operator, OneHot) for name in step.operator.columns
        }
        columns = tuple(c.name for c in schema if c.type in NUMERIC and c.name not in later and c.name not in target)
        if not columns:
            raise OperatorError(
                f"{operator.verb}() finds no numeric column", hint="columns: " + ", ".join(schema.names)
            )
        return (
            Impute(columns=columns, how=operator.how, value=operator.value)
            if isinstance(operator, Impute)
            else Scale(columns=columns)
        )


def rows_of(port: VertexPort) -> Schema:
    """Return the schema of a port that has rows."""
    if not isinstance(port.output, Schema):
        raise OperatorError("this is a model, not a collection", hint="ask it with evaluate() or predict()")
    return port.output


def raw_rows(port: VertexPort) -> Schema:
    """Return the schema before the preprocessing steps that end at a port."""
    while isinstance(port.vertex.operator, StepOperator):
        port = port.vertex.inputs[0]
    return rows_of(port)


def upstream(port: VertexPort, *, models: bool = True) -> Iterator[Vertex]:
    """Yield the vertex of a port and all that it needs, each once, nearest first.

    Parameters
    ----------
    port
        Where to begin.
    models
        Whether to go through models too, or through rows only.
    """
    seen: set[Vertex] = set()
    queue = [port]
    while queue:
        vertex = queue.pop(0).vertex
        if vertex in seen:
            continue
        seen.add(vertex)
        yield vertex
        queue += [p for p in vertex.inputs if models or isinstance(p.output, Schema)]


def step_above(port: VertexPort) -> str | None:
    """Return the verb of a preprocessing step that rows went through, or None."""
    return next((v.operator.verb for v in upstream(port, models=False) if isinstance(v.operator, StepOperator)), None)


def sites_of(port: VertexPort) -> tuple[str, ...]:
    """Return the sites that hold the rows of a port; none where nothing is federated."""
    found = (v.operator.sites for v in upstream(port) if isinstance(v.operator, ReadFederated))
    return tuple(dict.fromkeys(site for sites in found for site in sites))
