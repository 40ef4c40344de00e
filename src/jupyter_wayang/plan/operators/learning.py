"""Learning: preprocessing steps, fit, predict, evaluate; and what a federated fit becomes at a site.

A file per family, and this is the largest: what a fit reads, makes and becomes is checked in one place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import msgspec

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.expressions import AnyExpression, text, type_of
from jupyter_wayang.plan.expressions import Literal as Constant
from jupyter_wayang.plan.faults import AnyFault
from jupyter_wayang.plan.model_specs import (
    EXACT,
    GeneralizedLinear,
    LogisticRegression,
    Makes,
    ModelSpec,
    PrincipalComponents,
    Saying,
    makes,
    tag_of,
)
from jupyter_wayang.plan.models import HIGH, LOW, Model
from jupyter_wayang.plan.operators.operator import ModelShape, Operator, Output, rows_in
from jupyter_wayang.plan.privacy import Mechanism, RecordDP, check_together, of_kind
from jupyter_wayang.plan.schema import NUMERIC, DataType, Schema
from jupyter_wayang.plan.tasks import TARGET

__all__ = [
    "FEATURE",
    "MEASURES",
    "NEWTON",
    "NO_TARGET",
    "Bin",
    "Coefficients",
    "Evaluate",
    "Fit",
    "FitOptions",
    "Fitted",
    "Goal",
    "Impute",
    "Infer",
    "LocalUpdate",
    "MeasureRows",
    "OneHot",
    "Predict",
    "Prepare",
    "Ready",
    "Scale",
    "Score",
    "no_strategy",
    "said",
]

FEATURE = "__feature_"
"""How the columns of features begin that stand beside the columns of raw rows."""

NO_TARGET = Constant.of(0.0)
"""The target of what learns without one."""

NEWTON = "newton"
"""The strategy that is an exact fit, with rounds and a goal that one may choose."""

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


class Bin(Operator, frozen=True, kw_only=True, tag="bin"):
    """Adds between which two round numbers a value is. They are learned, from the mean and the deviation of the column."""

    column: str
    bins: int

    def __post_init__(self) -> None:
        if not 1 <= self.bins <= 1_000:
            raise OperatorError("the number of bins is from 1 to 1,000", found=str(self.bins))

    @property
    def columns(self) -> tuple[str, ...]:
        """What it learns from."""
        return (self.column,)

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema with two more columns."""
        schema = rows_in(self, inputs)
        _as_floats(self, schema, self.columns)
        return (Schema.from_pairs([*((c.name, c.type) for c in schema), (LOW, "float64"), (HIGH, "float64")]),)

    def describe(self) -> str:
        """Return column and number."""
        return f"{self.column} in about {self.bins}"


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
    convergence where the rows are, in one round. In every round the fraction ``participation`` of the sites trains, drawn
    by ``seed``; ``quorum`` of them must answer within ``deadline_s`` (None: all). ``faults`` are what is to go wrong,
    ``privacy`` is what protects the updates.
    """

    rounds: int = 1
    strategy: str | None = None
    arguments: tuple[tuple[str, float | int | str | None], ...] = ()
    until: Goal | None = None
    privacy: tuple[Mechanism, ...] = ()
    participation: float = 1.0
    seed: int = 0
    quorum: int | None = None
    deadline_s: float = 3600.0
    faults: tuple[AnyFault, ...] = ()

    def __post_init__(self) -> None:
        check_together(self.privacy)
        if not 1 <= self.rounds <= 10_000:
            raise OperatorError("rounds must be between 1 and 10,000", found=str(self.rounds))
        if not 0 < self.participation <= 1:
            raise OperatorError("participation must be above 0 and at most 1", found="participation")
        if self.quorum is not None and self.quorum < 1:
            raise OperatorError("quorum must be 1 or more", found="quorum")
        if not 0 < self.deadline_s < math.inf:
            raise OperatorError("deadline must be above 0 and finite", found="deadline")

    @property
    def private(self) -> bool:
        """Whether sites add noise to the gradients of their rows."""
        return of_kind(self.privacy, RecordDP) is not None


class Fit(Operator, frozen=True, kw_only=True, tag="fit"):
    """Fits a model on rows: all columns that the target does not read are features, unless they are named.

    ``features`` are named as they are before the preprocessing steps: an encoded one stands for all its indicators.
    """

    model: ModelSpec
    target: AnyExpression
    features: tuple[str, ...] | None = None
    options: FitOptions = FitOptions()

    def __post_init__(self) -> None:
        able = LogisticRegression | GeneralizedLinear if self.options.strategy == NEWTON else LogisticRegression
        if self.options.strategy is not None and not isinstance(self.model, able):
            raise no_strategy(self.model)

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the shape of the model."""
        schema = rows_in(self, inputs)
        found = type_of(self.target, schema)
        made, kind = makes(self.model, found), tag_of(self.model).replace("_", " ")
        if made in ("cluster", "components"):
            if self.target != NO_TARGET:
                raise OperatorError(f"{kind} learns without a target: leave target= out", found="target")
        elif self.target == NO_TARGET:
            raise OperatorError(f"fit() needs target=, what the {kind} is to predict", hint="as in target=num > 0")
        elif found not in ("bool", "int64", "float64") or (made == "number" and found == "bool"):
            wants = "true or false" if made == "probability" else "a number"
            raise OperatorError(
                f"the target {text(self.target)} is {found}; a {kind} needs {wants}",
                hint="as in target=num > 0" if made == "probability" else "as in target=cast(num > 0, int)",
            )
        width = self.model.n if isinstance(self.model, PrincipalComponents) else 1
        return (ModelShape(kind=tag_of(self.model), columns=schema, makes=made, width=width),)

    def describe(self) -> str:
        """Return model, target and strategy."""
        kind = tag_of(self.model).replace("_", " ")
        if self.target == NO_TARGET:
            return kind
        how = f", {self.options.strategy} × {self.options.rounds}" if self.options.strategy else ""
        return f"{kind} of {text(self.target)}{how}{''.join(f', {one.describe()}' for one in self.options.privacy)}"


def no_strategy(model: ModelSpec) -> OperatorError:
    """Make the error for a model that no strategy fits."""
    if isinstance(model, EXACT):
        return OperatorError(
            f"{tag_of(model)}() has no federated strategy: over sites it is fitted exactly, from sums",
            hint="leave strategy= out",
        )
    return OperatorError(
        f"{tag_of(model)}() has no federated strategy in this version: it is fitted where all rows are",
        hint="logistic_regression() is fitted over sites, as in strategy=fedavg(learning_rate=0.5), rounds=30",
    )


class Predict(Operator, frozen=True, kw_only=True, tag="predict"):
    """Adds what a model (input 0) says of rows (input 1) as a column; of several components, as ``column_1`` and so on.

    Where it runs, what the model does arrives as something learned, and the rows are its only input. ``link`` says
    whether that is a probability by its log-odds, the number itself, one by its logarithm, or the nearest of the
    centres whose distances were told. ``made`` are the columns, where they are not one number.
    """

    column: str = "prediction"
    link: Saying = "logit"
    made: tuple[tuple[str, DataType], ...] = ()

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the rows and the prediction."""
        schema = rows_in(self, inputs, len(inputs) - 1)
        made = self.made or ((self.column, "float64"),)
        if len(inputs) > 1:
            made = said(_model_in(self, inputs), self.column)
        return (Schema.from_pairs([*((c.name, c.type) for c in schema), *made]),)

    def describe(self) -> str:
        """Return the name of the column."""
        return self.column


def said(shape: ModelShape, column: str) -> tuple[tuple[str, DataType], ...]:
    """Return the columns, with types, in which a model says something of a row."""
    if shape.makes == "components":
        return tuple((f"{column}_{index + 1}", "float64") for index in range(shape.width))
    return ((column, "int64" if shape.makes == "cluster" else "float64"),)


class Ready(Operator, frozen=True, kw_only=True, tag="ready"):
    """Puts the features of a model beside the columns of raw rows. What they are arrives before the operator runs."""

    steps: tuple[str, ...]

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the columns that are known before."""
        return (rows_in(self, inputs),)

    def describe(self) -> str:
        """Return what is done."""
        return ", ".join((*self.steps, "features"))


class Infer(Operator, frozen=True, kw_only=True, tag="infer"):
    """Says what a model says of rows that are ready: its arrays arrive before the operator runs."""

    model: ModelSpec
    made: tuple[tuple[str, DataType], ...]

    @property
    def verb(self) -> str:
        """The word of the cell language."""
        return "predict"

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the raw columns, and what the model says."""
        kept = ((c.name, c.type) for c in rows_in(self, inputs) if not c.name.startswith(FEATURE))
        return (Schema.from_pairs([*kept, *self.made]),)

    def describe(self) -> str:
        """Return the kind of the model."""
        return tag_of(self.model).replace("_", " ")


class MeasureRows(Operator, frozen=True, kw_only=True, tag="measure"):
    """Measures a model on prepared rows, exactly: it runs where all rows are."""

    model: ModelSpec

    @property
    def verb(self) -> str:
        """The word of the cell language."""
        return "evaluate"

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the figures."""
        rows_in(self, inputs)
        return (Schema.of(name="string", value="float64"),)

    def describe(self) -> str:
        """Return the kind of the model."""
        return tag_of(self.model).replace("_", " ")


MEASURES: Mapping[Makes, tuple[str, ...]] = {
    "probability": ("auc", "log_loss", "accuracy"),
    "number": ("rmse", "mae", "r2"),
    "cluster": ("inertia", "silhouette"),
}
"""The figures that say how good a model is, by what it makes."""


class Evaluate(Operator, frozen=True, kw_only=True, tag="evaluate"):
    """Measures a model (input 0) on rows (input 1): a row for ``global`` and one per site."""

    bins: int = 20

    def __post_init__(self) -> None:
        if not 2 <= self.bins <= 1000:
            raise OperatorError("evaluate() needs between 2 and 1,000 bins", found=str(self.bins))

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the table of metrics."""
        shape = _model_in(self, inputs)
        rows_in(self, inputs, 1)
        if shape.makes not in MEASURES:
            raise OperatorError(
                f"there is no figure that says how good {shape.kind}() is", hint="ask it with predict()"
            )
        figures: list[tuple[str, DataType]] = [(name, "float64") for name in MEASURES[shape.makes]]
        return (Schema.from_pairs([("site", "string"), ("rows", "int64"), *figures, ("note", "string")]),)

    def describe(self) -> str:
        """Return the number of score bins."""
        return f"{self.bins} score bins"


def _model_in(operator: Operator, inputs: tuple[Output, ...]) -> ModelShape:
    if not inputs or not isinstance(inputs[0], ModelShape):
        raise OperatorError(f"{operator.verb}() is asked of a model, as in model.{operator.verb}(test)")
    return inputs[0]


class Coefficients(Operator, frozen=True, kw_only=True, tag="coefficients"):
    """What a model (input 0) weighs the intercept and every feature with, with standard errors, tests and p-values."""

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the table."""
        shape = _model_in(self, inputs)
        if shape.kind not in ("logistic_regression", "linear_regression", "glm"):
            raise OperatorError(f"{shape.kind}() has no coefficients", hint="run() shows what the model is made of")
        numbers = ("coefficient", "standard_error", "statistic", "p_value")
        return (Schema.from_pairs([("feature", "string"), *((name, "float64") for name in numbers)]),)

    def describe(self) -> str:
        """Return nothing: there is nothing to choose."""
        return ""


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
        spec = self.model.spec
        width = spec.n if isinstance(spec, PrincipalComponents) else 1
        return (ModelShape(kind=tag_of(spec), columns=self.model.inputs, makes=self.model.makes, width=width),)

    def describe(self) -> str:
        """Return the name of the model."""
        return self.label


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
    """At a site: trains the model of the round on the prepared rows and sends what changed. Runs once a round.

    ``private``: gradients of rows are clipped and get noise, which not every platform does.
    """

    model: ModelSpec
    rounds: int
    epochs: int
    batch: int | None = None
    private: bool = False

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the shape of the model."""
        return (ModelShape(kind=tag_of(self.model), columns=rows_in(self, inputs)),)

    def describe(self) -> str:
        """Return the number of local epochs, and of rows in a batch."""
        if self.epochs == 0:
            return "to convergence"
        batches = "" if self.batch is None else f", batches of {self.batch}"
        return f"{self.epochs} epochs{batches}{', with noise' if self.private else ''}"


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
