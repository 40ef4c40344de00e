"""Learning: preprocessing steps, fit, predict, evaluate; and what a federated fit becomes at a site."""

from __future__ import annotations

from typing import Literal

import msgspec

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.expressions import AnyExpression, text, type_of
from jupyter_wayang.plan.models import Model, ModelSpec
from jupyter_wayang.plan.operators.operator import ModelShape, Operator, Output, rows_in
from jupyter_wayang.plan.schema import NUMERIC, Schema
from jupyter_wayang.plan.tasks import TARGET

__all__ = [
    "Evaluate",
    "Fit",
    "FitOptions",
    "Fitted",
    "Goal",
    "Impute",
    "LocalUpdate",
    "OneHot",
    "Predict",
    "Prepare",
    "Scale",
    "Score",
]

MetricName = Literal["log_loss", "accuracy", "auc"]


class Impute(Operator, frozen=True, kw_only=True, tag="impute"):
    """Puts a value where a number is null: the mean of the training rows, or a constant. Makes floats."""

    columns: tuple[str, ...]
    how: Literal["mean", "value"] = "mean"
    value: float | None = None

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema with the columns as floats."""
        return (_as_floats(self, rows_in(self, inputs), self.columns),)

    def describe(self) -> str:
        """Return what is put where."""
        return f"{self.how if self.how == 'mean' else self.value} of {len(self.columns)} columns"


class Scale(Operator, frozen=True, kw_only=True, tag="scale"):
    """Centres columns at their mean and divides by their standard deviation (over n)."""

    columns: tuple[str, ...]

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema with the columns as floats."""
        return (_as_floats(self, rows_in(self, inputs), self.columns),)

    def describe(self) -> str:
        """Return the number of columns."""
        return f"{len(self.columns)} columns"


class OneHot(Operator, frozen=True, kw_only=True, tag="one_hot"):
    """Replaces columns by an indicator per level. The levels are learned: the schema shows the rest of the columns."""

    columns: tuple[str, ...]

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema without the columns; their indicators are known once the step has learned."""
        schema = rows_in(self, inputs)
        for name in self.columns:
            schema[name]
        if not self.columns:
            raise OperatorError("one_hot() needs the columns to encode, as in one_hot(cp)")
        return (Schema(columns=tuple(c for c in schema if c.name not in self.columns)),)

    def describe(self) -> str:
        """Return the columns."""
        return ", ".join(self.columns)


def _as_floats(operator: Operator, schema: Schema, columns: tuple[str, ...]) -> Schema:
    for name in columns:
        if schema[name].type not in NUMERIC | {"null"}:
            raise OperatorError(
                f"{operator.verb}() works on numbers, and {name} is {schema[name].type}",
                hint=f"one_hot({name}) makes numbers of it",
            )
    return Schema.from_pairs((c.name, "float64" if c.name in columns else c.type) for c in schema)


class Goal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Stop as soon as the global metric is past the threshold."""

    metric: MetricName
    op: Literal["<", "<=", ">", ">="]
    threshold: float

    def reached(self, value: float | None) -> bool:
        """Tell whether a value meets the goal.

        Examples
        --------
        >>> Goal(metric="log_loss", op="<", threshold=0.4).reached(0.39)
        True
        """
        if value is None:
            return False
        return {
            "<": value < self.threshold,
            "<=": value <= self.threshold,
            ">": value > self.threshold,
            ">=": value >= self.threshold,
        }[self.op]

    def describe(self) -> str:
        """Return the goal as it stands in a cell."""
        return f"{self.metric} {self.op} {self.threshold:g}"


class FitOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a federated fit proceeds.

    ``strategy`` is the name of a strategy, ``arguments`` its parameters. Without a strategy the model is fitted to
    convergence where the rows are, in one round.
    """

    rounds: int = 1
    strategy: str | None = None
    arguments: tuple[tuple[str, float | int | str | None], ...] = ()
    until: Goal | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.rounds <= 10_000:
            raise OperatorError("rounds must be between 1 and 10,000", found=str(self.rounds))


class Fit(Operator, frozen=True, kw_only=True, tag="fit"):
    """Fits a model on rows: all columns that the target does not read are features, unless they are named.

    ``features`` are named as they are before the preprocessing steps: an encoded one stands for all its indicators.
    """

    model: ModelSpec
    target: AnyExpression
    features: tuple[str, ...] | None = None
    options: FitOptions = FitOptions()

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the shape of the model."""
        schema = rows_in(self, inputs)
        found = type_of(self.target, schema)
        if found not in ("bool", "int64", "float64"):
            raise OperatorError(
                f"the target {text(self.target)} is {found}; a logistic regression needs true or false",
                hint="as in target=num > 0",
            )
        return (ModelShape(kind=_tag(self.model), columns=schema),)

    def describe(self) -> str:
        """Return model, target and strategy."""
        kind = _tag(self.model).replace("_", " ")
        how = f", {self.options.strategy} × {self.options.rounds}" if self.options.strategy else ""
        return f"{kind} of {text(self.target)}{how}"


class Predict(Operator, frozen=True, kw_only=True, tag="predict"):
    """Adds the predicted probability of a model (input 0) to rows (input 1) as a column.

    Where it runs, what the model does arrives as something learned, and the rows are its only input.
    """

    column: str = "prediction"

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the rows and the prediction."""
        if len(inputs) > 1:
            _model_in(self, inputs)
        schema = rows_in(self, inputs, len(inputs) - 1)
        return (Schema.from_pairs([*((c.name, c.type) for c in schema), (self.column, "float64")]),)

    def describe(self) -> str:
        """Return the name of the column."""
        return self.column


class Evaluate(Operator, frozen=True, kw_only=True, tag="evaluate"):
    """Measures a model (input 0) on rows (input 1): a row for ``global`` and one per site."""

    bins: int = 20

    def __post_init__(self) -> None:
        if not 2 <= self.bins <= 1000:
            raise OperatorError("evaluate() needs between 2 and 1,000 bins", found=str(self.bins))

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the table of metrics."""
        _model_in(self, inputs)
        rows_in(self, inputs, 1)
        return (
            Schema.of(
                site="string", rows="int64", auc="float64", log_loss="float64", accuracy="float64", note="string"
            ),
        )

    def describe(self) -> str:
        """Return the number of score bins."""
        return f"{self.bins} score bins"


def _model_in(operator: Operator, inputs: tuple[Output, ...]) -> ModelShape:
    if not inputs or not isinstance(inputs[0], ModelShape):
        raise OperatorError(f"{operator.verb}() is asked of a model, as in model.{operator.verb}(test)")
    return inputs[0]


class Fitted(Operator, frozen=True, kw_only=True, tag="fitted"):
    """A model that was fitted before."""

    model: Model
    label: str = "model"

    @property
    def verb(self) -> str:
        """The word of the cell language."""
        return "model"

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the shape of the model."""
        return (ModelShape(kind=_tag(self.model.spec), columns=self.model.inputs),)

    def describe(self) -> str:
        """Return the name of the model."""
        return self.label


def _tag(spec: ModelSpec) -> str:
    return str(type(spec).__struct_config__.tag)


class Prepare(Operator, frozen=True, kw_only=True, tag="prepare"):
    """At a site: rows down to features and the target, with the ``steps`` (verbs) of a fit applied at once.

    Rows without a target are left out. What the steps learned arrives before the operator runs.
    """

    steps: tuple[str, ...]
    target: AnyExpression
    features: tuple[str, ...]

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the features that are known before the steps have learned, and the target."""
        schema = rows_in(self, inputs)
        return (
            Schema.from_pairs([*((name, "float64") for name in self.features if name in schema), (TARGET, "float64")]),
        )

    def describe(self) -> str:
        """Return what is done."""
        return ", ".join((*self.steps, f"target {text(self.target)}"))


class LocalUpdate(Operator, frozen=True, kw_only=True, tag="local_update"):
    """At a site: trains the model of the round on the prepared rows and sends what changed. Runs once a round."""

    model: ModelSpec
    rounds: int
    epochs: int

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the shape of the model."""
        return (ModelShape(kind=_tag(self.model), columns=rows_in(self, inputs)),)

    def describe(self) -> str:
        """Return the number of local epochs."""
        return "to convergence" if self.epochs == 0 else f"{self.epochs} epochs"


class Score(Operator, frozen=True, kw_only=True, tag="score"):
    """At a site: scores the prepared rows with the global model and counts them per class and score bin."""

    bins: int
    rounds: int

    @property
    def verb(self) -> str:
        """The word of the cell language."""
        return "evaluate"

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the counts."""
        rows_in(self, inputs)
        return (Schema.of(bin="int64", target="float64", n="int64", log_loss="float64", correct="int64"),)

    def describe(self) -> str:
        """Return the number of score bins."""
        return f"{self.bins} score bins"
