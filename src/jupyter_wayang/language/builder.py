"""The Python API: collections and fitted models, each word of the language a method.

A cell calls the same methods, so that both ways of writing make equal plans.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self, cast, get_args

import msgspec

from jupyter_wayang.errors import ExpressionTypeError, OperatorError, Span
from jupyter_wayang.language import arguments as given
from jupyter_wayang.language.desk import Desk, ReadRequest
from jupyter_wayang.language.expressions import data_type, lift
from jupyter_wayang.language.graphs import GraphWords
from jupyter_wayang.language.learners import Strategy, fit_options
from jupyter_wayang.language.recipe import Recipe, Step, raw_rows, rows_of, sites_of, step_above
from jupyter_wayang.language.unknown import a_kind, guessed, unknown
from jupyter_wayang.language.words import WORDS, worded
from jupyter_wayang.plan.expressions import Aggregate, Named, columns_of
from jupyter_wayang.plan.logical import Hints, Pin, Vertex, VertexPort
from jupyter_wayang.plan.models import ModelSpec
from jupyter_wayang.plan.operators import (
    AnyOperator,
    Drop,
    Evaluate,
    Filter,
    Fit,
    Goal,
    GroupBy,
    Impute,
    Join,
    Limit,
    OneHot,
    Predict,
    Rename,
    Scale,
    Select,
    Sort,
    SortKey,
    Split,
    WithColumns,
)
from jupyter_wayang.plan.operators.relational import JoinHow
from jupyter_wayang.plan.operators.sources import FileFormat
from jupyter_wayang.plan.schema import Column, Schema, common_type

_FORMATS = (*get_args(FileFormat), "tsv")

__all__ = ["Collection", "FittedModel", "Grouped", "Pair", "Planned", "frame", "placed", "read"]


@dataclass(frozen=True, eq=False, repr=False)
class Planned:
    """What collections and models share: they can be pinned, planned and run.

    Parameters
    ----------
    made
        The output that it is, or that its pending preprocessing steps start from.
    desk
        The session that it belongs to.
    recipe
        Preprocessing steps that wait for what consumes them, or None.
    """

    made: VertexPort
    desk: Desk
    recipe: Recipe | None = None

    @property
    def port(self) -> VertexPort:
        """The output in the plan."""
        return self.recipe.resolve() if self.recipe is not None else self.made

    @property
    def ports(self) -> tuple[VertexPort, ...]:
        """All outputs that the name of this may stand at: pending steps have one per target."""
        return tuple(self.recipe.made.values()) if self.recipe is not None else (self.made,)

    @worded
    def on(self, platform: str, site: str | None = None) -> Self:
        """Pin the operator to a platform.

        Parameters
        ----------
        platform
            The name of a platform.
        site
            The one site where it is pinned; None: everywhere.
        """
        known = tuple(self.desk.platforms())
        name = given.text("platform", platform, WORDS[".on"])
        if name not in known:
            raise unknown("platform", name, known)
        if site is not None:
            sites = sites_of(self.made)
            if not sites:
                raise OperatorError("site= is for collections of a federation, and this is none", found=str(site))
            if site not in sites:
                raise unknown("site", str(site), sites)
        kept = tuple(pin for pin in self._hints.pins if pin.site != site)
        return self._hinted(pins=(*kept, Pin(platform=name, site=site)))

    def plan(self, platforms: Sequence[str] | str | None = None, *, name: str = "") -> Any:
        """Plan without running.

        Parameters
        ----------
        platforms
            The platforms that may be used, one or several; None: all.
        name
            A name for the plan.
        """
        return self.desk.plan((self.port,), names={}, platforms=platforms, name=name, captured=())

    def run(self, platforms: Sequence[str] | str | None = None, *, name: str = "", wait: bool | None = None) -> Any:
        """Plan and run.

        Parameters
        ----------
        platforms
            The platforms that may be used, one or several; None: all.
        name
            A name for the run.
        wait
            Whether to wait for the end; None: the session decides.
        """
        return self.desk.run((self.port,), names={}, platforms=platforms, name=name, captured=(), wait=wait)

    @property
    def _hints(self) -> Hints:
        return self.recipe.steps[-1].hints if self.recipe is not None else self.made.vertex.hints

    def _hinted(self, **changes: object) -> Self:
        hints = msgspec.structs.replace(self._hints, **changes)
        if self.recipe is not None:
            return dataclasses.replace(self, recipe=self.recipe.with_last(hints=hints))
        vertex = dataclasses.replace(self.made.vertex, hints=hints)
        return dataclasses.replace(self, made=VertexPort(vertex, self.made.port))


class Collection(Planned, GraphWords):
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
    def filter(self, condition: object) -> Collection:
        """Keep the rows where a condition is true; null is not."""
        if callable(condition):
            raise OperatorError("functions of the notebook are not in this version", hint="as in filter(col.age >= 18)")
        return self._then(Filter(condition=lift(condition)))

    @worded
    def select(self, /, *columns: object, **named: object) -> Collection:
        """Keep these columns, old ones by name and new ones by expression."""
        return self._then(Select(columns=given.named_columns(columns, named, WORDS[".select"])))

    @worded
    def with_columns(self, /, **named: object) -> Collection:
        """Add columns, or replace those of the same name."""
        made = given.named_columns((), named, WORDS[".with_columns"])
        if not made:
            raise OperatorError("with_columns() needs at least one column", hint="as in with_columns(old=col.age > 60)")
        return self._then(WithColumns(columns=made))

    @worded
    def drop(self, *columns: object) -> Collection:
        """Leave columns out."""
        return self._then(Drop(columns=given.column_names(columns, WORDS[".drop"])))

    @worded
    def rename(self, /, **names: str) -> Collection:
        """Give columns new names: ``rename(old="new")``."""
        pairs = tuple((old, given.text(old, new, WORDS[".rename"])) for old, new in names.items())
        return self._then(Rename(names=pairs))

    @worded
    def group_by(self, /, *columns: object, **named: object) -> Grouped:
        """Group rows; :meth:`Grouped.agg` says what becomes of a group."""
        keys = given.named_columns(columns, named, WORDS[".group_by"])
        if not keys:
            raise OperatorError("group_by() needs at least one column", hint="for one row of all: agg(n=count())")
        return Grouped(self, keys)

    @worded
    def agg(self, /, **named: object) -> Collection:
        """Aggregate all rows into one."""
        return self._then(GroupBy(aggregates=given.named_columns((), named, WORDS[".agg"])))

    @worded
    def count(self) -> Collection:
        """Count the rows: one row with a column ``count``."""
        return self._then(GroupBy(aggregates=(Named(name="count", expression=Aggregate(function="count")),)))

    @worded
    def join(self, other: object, on: object = (), how: str = "inner", suffix: str = "_right") -> Collection:
        """Join rows of both whose keys are equal; null keys match nothing.

        Parameters
        ----------
        other
            Another collection, a DataFrame or an Arrow table.
        on
            A column of both, or a list of them and of pairs (column here, column there).
        how
            ``inner``, ``left``, ``full``, ``semi``, ``anti`` or ``cross``.
        suffix
            What the name of a column of ``other`` gets if it is taken.
        """
        if how not in get_args(JoinHow):
            kinds = get_args(JoinHow)
            raise OperatorError(
                guessed(f'there is no join "{how}".', str(how), kinds), hint="joins: " + ", ".join(kinds)
            )
        right = _rows(other, self.desk, "join")
        operator = Join(
            on=given.join_keys(on), how=cast("JoinHow", how), suffix=given.text("suffix", suffix, WORDS[".join"])
        )
        return self._then(operator, right.port)

    @worded
    def sort(self, *columns: object, descending: bool | Sequence[bool] = False) -> Collection:
        """Order rows; nulls come last, and equal rows keep their order.

        Parameters
        ----------
        columns
            Columns or expressions.
        descending
            From high to low: one answer for all, or one for each.
        """
        keys = [given.key(column) for column in columns]
        down = [descending] * len(keys) if isinstance(descending, bool) else descending
        if (
            not isinstance(down, list | tuple)
            or len(down) != len(keys)
            or not all(isinstance(answer, bool) for answer in down)
        ):
            raise OperatorError(
                f"descending= takes True or False, or a list of {len(keys)} of them", found=repr(descending)
            )
        return self._then(
            Sort(keys=tuple(SortKey(expression=k, descending=d) for k, d in zip(keys, down, strict=True)))
        )

    @worded
    def limit(self, rows: int) -> Collection:
        """Keep the first rows."""
        return self._then(Limit(rows=given.whole("rows", rows, WORDS[".limit"])))

    @worded
    def split(self, fraction: float, seed: int = 0, by: object = ()) -> Pair:
        """Cut in two, the same rows on every platform.

        Parameters
        ----------
        fraction
            Which part of the rows the first of the two gets.
        seed
            Another seed cuts otherwise.
        by
            Expressions; the cut is made in every group of equal values.
        """
        strata = by if isinstance(by, list | tuple) else [by]
        operator = Split(
            fraction=given.number("fraction", fraction, WORDS[".split"]),
            seed=given.whole("seed", seed, WORDS[".split"]),
            by=tuple(given.key(stratum) for stratum in strata),
        )
        vertex = Vertex(operator, (self.port,))
        return Pair(*(Collection(VertexPort(vertex, index), self.desk) for index in (0, 1)))

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
        target: object,
        features: object = None,
        rounds: int | None = None,
        strategy: Strategy | None = None,
        until: Goal | None = None,
    ) -> FittedModel:
        """Fit a model.

        Parameters
        ----------
        model
            As in ``logistic_regression(l2=1e-3)``.
        target
            What is to be predicted, an expression that is true or false.
        features
            Columns as they are before the steps; None: all that the target does not read.
        rounds, strategy
            How many rounds at most, and what happens in each; None: to convergence, where the rows are.
        until
            Stop as soon as this is reached, as in ``metric.log_loss < 0.4``.
        """
        if not isinstance(model, ModelSpec):
            raise OperatorError(f"fit() takes a model first, not {model!r}", hint=f"as in {WORDS['.fit'].example}")
        wanted = given.key(target)
        options = fit_options(self.desk.strategies(), rounds, strategy, until)
        names = None if features is None else given.features(features)
        base = self._trained_on(columns_of(wanted))
        operator = Fit(model=model, target=wanted, features=names, options=options)
        vertex = Vertex(operator, (base,))
        given.check_features(raw_rows(base), rows_of(base), names, columns_of(wanted))
        return FittedModel(VertexPort(vertex), self.desk)

    @worded
    def selectivity(self, part: float) -> Collection:
        """Tell the optimizer which part of the rows the operator keeps, between 0 and 1."""
        value = given.number("part", part, WORDS[".selectivity"])
        if not 0 <= value <= 1:
            raise OperatorError("selectivity() takes a part between 0 and 1", found=str(part))
        return self._hinted(selectivity=value)

    @worded
    def rows(self, number: int) -> Collection:
        """Tell the optimizer how many rows come out of the operator."""
        value = given.whole("number", number, WORDS[".rows"])
        if value < 0:
            raise OperatorError("rows() takes a number of 0 or more", found=str(number))
        return self._hinted(rows=value)

    def _then(self, operator: AnyOperator, *more: VertexPort) -> Collection:
        return Collection(VertexPort(Vertex(operator, (self.port, *more))), self.desk)

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


@dataclass(frozen=True, eq=False)
class Grouped:
    """Groups of rows, waiting for :meth:`agg`."""

    collection: Collection
    keys: tuple[Named, ...]

    @worded
    def agg(self, /, **named: object) -> Collection:
        """Make one row of every group."""
        operator = GroupBy(keys=self.keys, aggregates=given.named_columns((), named, WORDS[".agg"]))
        return self.collection._then(operator)  # noqa: SLF001 -- the other half of one operator


class Pair(NamedTuple):
    """The two parts of a split."""

    first: Collection
    second: Collection

    def on(self, platform: str, site: str | None = None) -> Pair:
        """Pin the split to a platform: see :meth:`Planned.on`."""
        vertex = self.first.on(platform, site).made.vertex
        return _parts(vertex, self)


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
        """Add the predicted probability to raw rows, as a column of this name."""
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
            return _parts(dataclasses.replace(vertex, span=span), value)
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
    request = ReadRequest(
        where=given.path(where),
        format=None if format is None else given.choice("format", format, word, _FORMATS),
        header=given.flag("header", header, word),
        names=None if names is None else given.texts("names", names, word),
        nulls=given.texts("nulls", nulls, word),
        types=tuple((name, data_type(type_)) for name, type_ in given.mapping("types", types or {}, word).items()),
        delimiter=None if delimiter is None else given.text("delimiter", delimiter, word),
        federation=federation,
    )
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


def _parts(vertex: Vertex, pair: Pair) -> Pair:
    return Pair(*(dataclasses.replace(part, made=VertexPort(vertex, part.made.port)) for part in pair))
