"""The Python API: collections and fitted models, each word of the language a method.

A cell calls the same methods, so that both ways of writing make equal plans.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Mapping, Sequence
from typing import cast, get_args

from jupyter_wayang.errors import ExpressionTypeError, OperatorError, Span
from jupyter_wayang.language import arguments as given
from jupyter_wayang.language import validation
from jupyter_wayang.language.desk import Desk, ReadRequest
from jupyter_wayang.language.expressions import data_type
from jupyter_wayang.language.functional import FunctionWords
from jupyter_wayang.language.graphs import GraphWords
from jupyter_wayang.language.learners import Strategy, fit_options
from jupyter_wayang.language.planned import Planned
from jupyter_wayang.language.recipe import Recipe, Step, raw_rows, rows_of, step_above
from jupyter_wayang.language.relational import Grouped, Pair, RelationalWords, parts
from jupyter_wayang.language.reshaping import ReshapingWords
from jupyter_wayang.language.unknown import a_kind
from jupyter_wayang.language.words import WORDS, worded
from jupyter_wayang.plan.expressions import columns_of
from jupyter_wayang.plan.faults import AnyFault
from jupyter_wayang.plan.logical import Vertex, VertexPort
from jupyter_wayang.plan.models import ModelSpec
from jupyter_wayang.plan.operators import (
    AnyOperator,
    Evaluate,
    Fit,
    Goal,
    Impute,
    OneHot,
    Predict,
    Scale,
)
from jupyter_wayang.plan.operators.learning import NO_TARGET
from jupyter_wayang.plan.operators.sources import FileFormat
from jupyter_wayang.plan.schema import Column, Schema, common_type

_FORMATS = (*get_args(FileFormat), "tsv")
_PATTERN = re.compile(r"[*?]|\[.+\]")

__all__ = ["Collection", "FittedModel", "Grouped", "Pair", "Planned", "frame", "placed", "read"]


class Collection(Planned, FunctionWords, RelationalWords, ReshapingWords, GraphWords):
    """Rows that a plan makes: nothing runs before :meth:`run`.

    Every operator returns a new collection; its arguments and types are checked at once.
    """

    @property
    def schema(self) -> Schema:
        """The columns and their types."""
        return rows_of(self.port)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self.schema.names

    def __repr__(self) -> str:
        width = max((len(name) for name in self.columns), default=0)
        lines = [f"  {column.name.ljust(width)}  {column.type}" for column in self.schema]
        verb, text = self.port.vertex.operator.verb, self.port.vertex.operator.describe()
        return "\n".join([f"Collection by {verb}({text}), not run; columns:", *lines])

    @worded
    def impute(self, how: object = "mean", *columns: object) -> Collection:
        """Put a value where a number is null.

        Parameters
        ----------
        how
            ``mean``: the mean of the training rows; or a number.
        columns
            None: every number except what the target reads and what is one-hot encoded later.
        """
        names = given.column_names(columns, WORDS[".impute"], least=0)
        value = given.fill(how)
        return self._step(Impute(columns=names) if value is None else Impute(columns=names, how="value", value=value))

    @worded
    def scale(self, *columns: object) -> Collection:
        """Centre columns at their mean and divide by their deviation; without columns as in :meth:`impute`."""
        return self._step(Scale(columns=given.column_names(columns, WORDS[".scale"], least=0)))

    @worded
    def one_hot(self, *columns: object) -> Collection:
        """Replace columns by a 0-or-1 column for every level."""
        return self._step(OneHot(columns=given.column_names(columns, WORDS[".one_hot"])))

    @worded
    def fit(
        self,
        model: ModelSpec,
        target: object = None,
        features: object = None,
        rounds: int | None = None,
        strategy: Strategy | None = None,
        until: Goal | None = None,
        participation: float = 1.0,
        deadline: float = 3600,
        quorum: int | None = None,
        faults: Sequence[AnyFault] | None = None,
        seed: int = 0,
    ) -> FittedModel:
        """Fit a model.

        Parameters
        ----------
        model
            As in ``logistic_regression(l2=1e-3)``.
        target
            What is to be predicted: an expression that is true or false, or a number; None: the model learns without.
        features
            Columns as they are before the steps; None: all that the target does not read.
        rounds, strategy
            How many rounds at most, and what happens in each; None: to convergence, where the rows are.
        until
            Stop as soon as this is reached, as in ``metric.log_loss < 0.4``.
        participation, seed
            The fraction of the sites that trains in a round, drawn by the seed.
        deadline
            How many seconds a site is waited for in each step of a round.
        quorum
            How many of the sites that are asked must answer in time; None: all, or the run fails.
        faults
            What is to go wrong, as in ``[fault("drop", "va", rounds=3)]``.
        """
        if not isinstance(model, ModelSpec):
            raise OperatorError(f"fit() takes a model first, not {model!r}", hint=f"as in {WORDS['.fit'].example}")
        wanted = NO_TARGET if target is None else given.key(target)
        over = {"participation": participation, "deadline": deadline, "quorum": quorum, "faults": faults, "seed": seed}
        options = fit_options(self.desk.strategies(), rounds, strategy, until, **over)
        names = None if features is None else given.features(features)
        base = self._trained_on(columns_of(wanted))
        operator = Fit(model=model, target=wanted, features=names, options=options)
        vertex = Vertex(operator, (base,))
        given.check_features(raw_rows(base), rows_of(base), names, columns_of(wanted))
        return FittedModel(VertexPort(vertex), self.desk)

    @worded
    def cross_validate(
        self, model: ModelSpec, target: object = None, features: object = None, folds: int = 5, seed: int = 0
    ) -> Collection:
        """Measure how good a model is on rows that it has not seen: a row for each fold.

        Preprocessing steps are learned in every fold from the rows that it trains on.

        Parameters
        ----------
        model, target, features
            As in :meth:`fit`.
        folds
            Into how many parts the rows are cut; each is measured by a model of the others.
        seed
            Another seed cuts otherwise.
        """
        wanted = NO_TARGET if target is None else given.key(target)
        rows, count = validation.numbered_rows(self.made, wanted, folds, seed)
        figures = []
        for number in range(1, count + 1):
            rest = validation.fold(rows, number, of=False)
            train = Collection(rest, self.desk, validation.prepared(self, rest))
            part = Collection(validation.fold(rows, number, of=True), self.desk)
            measured = train.fit(model, target=target, features=features).evaluate(part)
            figures.append(validation.numbered(measured.port, number))
        return Collection(validation.together(tuple(figures)), self.desk)

    def _then(self, operator: AnyOperator, *more: VertexPort) -> Collection:
        return Collection(VertexPort(Vertex(operator, (self.port, *more))), self.desk)

    def _other(self, value: object, verb: str) -> Collection:
        return _rows(value, self.desk, verb)

    def _step(self, operator: Impute | Scale | OneHot) -> Collection:
        before = self.recipe or Recipe(base=self.made, steps=())
        after = Collection(self.made, self.desk, before.with_step(Step(operator=operator)))
        after.port  # noqa: B018 -- columns and types are checked where the step is written
        return after

    def _trained_on(self, target: tuple[str, ...]) -> VertexPort:
        step = step_above(self.made)
        if step is not None:
            verb = self.made.vertex.operator.verb
            raise OperatorError(
                f"{step}() must come directly before fit(), and {verb}() stands between them",
                hint=f"move {verb}() to before {step}()",
            )
        for name in target:
            rows_of(self.made)[name]
        return self.recipe.resolve(target) if self.recipe is not None else self.made


class FittedModel(Planned):
    """A model that a plan fits: nothing runs before :meth:`run`."""

    def __repr__(self) -> str:
        return f"FittedModel by fit({self.made.vertex.operator.describe()}), not run"

    @worded
    def evaluate(self, rows: object, bins: int = 20) -> Collection:
        """Measure the model on raw rows: a row for all together, and one per site.

        Parameters
        ----------
        rows
            Rows as they were before the preprocessing steps.
        bins
            The number of bins of scores that AUC is computed from.
        """
        return self._asked("evaluate", rows, Evaluate(bins=given.whole("bins", bins, WORDS[".evaluate"])))

    @worded
    def predict(self, rows: object, name: str = "prediction") -> Collection:
        """Add what the model says to raw rows, as a column of this name: a probability, a number, a cluster.

        Of several components the columns are called by the name and a number, from 1.
        """
        return self._asked("predict", rows, Predict(column=given.text("name", name, WORDS[".predict"])))

    def _asked(self, verb: str, rows: object, operator: Evaluate | Predict) -> Collection:
        raw = _rows(rows, self.desk, verb)
        steps = step_above(raw.port)
        if steps is not None:
            raise OperatorError(
                f"{verb}() takes raw rows, and these went through {steps}() already",
                hint="Give the rows from before the steps: the model applies its own.",
            )
        for column in self._reads(verb):
            found = rows_of(raw.port)[column.name].type
            if common_type(found, column.type) is None:
                raise ExpressionTypeError(
                    f"the model was trained on {column.name} as {column.type}, and here it is {found}"
                )
        return Collection(VertexPort(Vertex(operator, (self.made, raw.port))), self.desk)

    def _reads(self, verb: str) -> tuple[Column, ...]:
        """Return the raw columns that the model needs: features, and for a measurement the target."""
        fit = cast("Fit", self.made.vertex.operator)
        raw = raw_rows(self.made.vertex.inputs[0])
        target = columns_of(fit.target)
        wanted = [name for name in fit.features or raw.names if name not in target]
        return tuple(c for c in raw if c.name in wanted or (verb == "evaluate" and c.name in target))


def placed(value: object, span: Span) -> object:
    """Return what a word made with its place in the cell; what has a place keeps it."""
    match value:
        case Pair(first=Collection(made=VertexPort(vertex=vertex))) if vertex.span is None:
            return parts(dataclasses.replace(vertex, span=span), value)
        case Planned(recipe=Recipe(steps=(*_, Step(span=None))) as recipe):
            return dataclasses.replace(value, recipe=recipe.with_last(span=span))
        case Planned(made=VertexPort(vertex=Vertex(span=None) as vertex, port=port), recipe=None):
            return dataclasses.replace(value, made=VertexPort(dataclasses.replace(vertex, span=span), port))
    return value


def read(
    desk: Desk,
    where: object,
    *,
    format: str | None = None,
    header: bool = True,
    names: Sequence[str] | None = None,
    nulls: str | Sequence[str] = ("",),
    types: Mapping[str, object] | None = None,
    delimiter: str | None = None,
    federation: str | None = None,
) -> Collection:
    """Read a file, or a table of the catalog or of a federation.

    Parameters
    ----------
    desk
        The session that finds it.
    where
        A path, a glob, or the name of a table.
    format, header, names, nulls, types, delimiter, federation
        See :class:`~jupyter_wayang.language.desk.ReadRequest`.
    """
    word = WORDS["read"]
    path = given.path(where)
    request = ReadRequest(
        where=path,
        format=None if format is None else given.choice("format", format, word, _FORMATS),
        header=given.flag("header", header, word),
        names=None if names is None else given.texts("names", names, word),
        nulls=given.texts("nulls", nulls, word),
        types=tuple((name, data_type(type_)) for name, type_ in given.mapping("types", types or {}, word).items()),
        delimiter=None if delimiter is None else given.text("delimiter", delimiter, word),
        federation=federation,
    )
    if federation is None and _PATTERN.search(path):
        made = [dataclasses.replace(request, where=one) for one in desk.matching(path)]
        first, *more = (Collection(VertexPort(Vertex(desk.source(one))), desk) for one in made)
        return functools.reduce(Collection.union, more, first)
    return Collection(VertexPort(Vertex(desk.source(request))), desk)


def frame(desk: Desk, value: object, label: str = "frame") -> Collection:
    """Return a DataFrame or Arrow table as a collection.

    Parameters
    ----------
    desk
        The session that keeps it.
    value
        The table.
    label
        What it is called in the plan.

    Raises
    ------
    OperatorError
        If it is no table.
    """
    operator = desk.frame(value, label)
    if operator is None:
        raise OperatorError(f"{a_kind(value)} is no collection, DataFrame or Arrow table", found=label)
    return Collection(VertexPort(Vertex(operator)), desk)


def _rows(value: object, desk: Desk, verb: str) -> Collection:
    if isinstance(value, FittedModel):
        raise OperatorError(f"{verb}() takes a collection, and this is a model")
    if not isinstance(value, Collection):
        return frame(desk, value)
    if value.desk is not desk:
        raise OperatorError(f"{verb}() cannot bring together collections of two sessions")
    return value
