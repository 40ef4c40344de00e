"""Models as data: what to fit, the named arrays it comes to, and the preprocessing that belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jupyter_wayang.errors import NameUnknownError, OperatorError, closest
from jupyter_wayang.plan.expressions import (
    AnyExpression,
    Binary,
    Call,
    Case,
    Cast,
    ColumnRef,
    IsNull,
    Named,
    Negate,
    substitute,
    type_of,
)
from jupyter_wayang.plan.expressions import Literal as Constant
from jupyter_wayang.plan.model_specs import LogisticRegression, Makes, ModelSpec, makes
from jupyter_wayang.plan.schema import Schema

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "Facts",
    "ImputeFacts",
    "LogisticRegression",
    "Model",
    "ModelSpec",
    "NamedArray",
    "OneHotFacts",
    "ScaleFacts",
    "applied",
    "array",
    "expanded",
    "indicator",
    "named_array",
    "prepared",
    "sigmoid",
]


_WHOLE = 1e16
"""From here on floats are written with an exponent, as Python does."""


class NamedArray(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An array of 64-bit floats: name, shape, and the values as little-endian bytes in row-major order."""

    name: str
    shape: tuple[int, ...]
    data: bytes

    def __post_init__(self) -> None:
        size = 8
        for extent in self.shape:
            size *= extent
        if len(self.data) != size or any(extent < 0 for extent in self.shape):
            raise OperatorError(
                f"the array {self.name} of shape {self.shape} needs {size} bytes and has {len(self.data)}"
            )


def named_array(name: str, values: np.ndarray) -> NamedArray:
    """Make a named array of a NumPy array.

    Examples
    --------
    >>> import numpy as np
    >>> array(named_array("weights", np.array([1.0, 2.0])))
    array([1., 2.])
    """
    import numpy as np

    return NamedArray(name=name, shape=tuple(values.shape), data=np.ascontiguousarray(values, dtype="<f8").tobytes())


def array(named: NamedArray) -> np.ndarray:
    """Return the values as a NumPy array that may be written to."""
    import numpy as np

    return np.frombuffer(named.data, dtype="<f8").reshape(named.shape).astype(np.float64)


class ImputeFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="impute", tag_field="tag"):
    """The value that stands for null, per column. None: no value is known at any site."""

    values: tuple[tuple[str, float | None], ...]

    def projection(self) -> tuple[Named, ...]:
        """Return the columns with nulls replaced."""
        return tuple(
            Named(
                name=name,
                expression=Call(function="coalesce", args=(_double(name), Constant(value=value, type="float64"))),
            )
            for name, value in self.values
        )


class ScaleFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="scale", tag_field="tag"):
    """Mean and standard deviation (dividing by n) per column: (name, mean, deviation)."""

    values: tuple[tuple[str, float, float], ...]

    def projection(self) -> tuple[Named, ...]:
        """Return the columns centred and scaled; a column that does not vary is only centred."""
        return tuple(
            Named(name=name, expression=_scaled(name, mean, deviation)) for name, mean, deviation in self.values
        )


class OneHotFacts(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="one_hot", tag_field="tag"
):
    """The levels of every column, sorted. A value that is no level, and null, is 0 in every column."""

    levels: tuple[tuple[str, tuple[float | str | bool, ...]], ...]

    def columns(self) -> tuple[tuple[str, str], ...]:
        """Return (column, name of the indicator) of every indicator."""
        return tuple((name, indicator(name, level)) for name, levels in self.levels for level in levels)

    def projection(self) -> tuple[Named, ...]:
        """Return the indicators as numbers 0 and 1."""
        one, zero = Constant(value=1.0, type="float64"), Constant(value=0.0, type="float64")
        return tuple(
            Named(
                name=indicator(name, level),
                expression=Case(
                    condition=Binary(op="==", left=ColumnRef(name=name), right=Constant.of(level)),
                    then=one,
                    otherwise=zero,
                ),
            )
            for name, levels in self.levels
            for level in levels
        )


Facts = ImputeFacts | ScaleFacts | OneHotFacts
"""What a preprocessing step learned."""


def indicator(name: str, level: float | str | bool) -> str:
    """Return the name of an indicator column.

    Examples
    --------
    >>> indicator("cp", 4.0)
    'cp=4'
    >>> indicator("k", 1234567.5)
    'k=1234567.5'
    """
    # Every digit counts: two levels of one column never share a name.
    whole = isinstance(level, float) and level.is_integer() and abs(level) < _WHOLE
    return f"{name}={int(level) if whole else level}"


def _double(name: str) -> Cast:
    return Cast(arg=ColumnRef(name=name), to="float64")


def _scaled(name: str, mean: float, deviation: float) -> AnyExpression:
    centred = Binary(op="-", left=_double(name), right=Constant.of(float(mean)))
    return Binary(op="/", left=centred, right=Constant.of(float(deviation))) if deviation > 0 else centred


def applied(facts: Facts, schema: Schema) -> tuple[Named, ...]:
    """Return all columns after a step, as expressions over the columns before it, in order.

    Examples
    --------
    >>> step = OneHotFacts(levels=(("cp", (1.0, 4.0)),))
    >>> [named.name for named in applied(step, Schema.of(age="float64", cp="float64"))]
    ['age', 'cp=1', 'cp=4']
    """
    made: dict[str, list[Named]] = {}
    origins = (
        [name for name, _ in facts.columns()]
        if isinstance(facts, OneHotFacts)
        else [n.name for n in facts.projection()]
    )
    for origin, named in zip(origins, facts.projection(), strict=True):
        made.setdefault(origin, []).append(named)
    encoded = {name for name, _ in facts.levels} if isinstance(facts, OneHotFacts) else set()
    columns: list[Named] = []
    for name in schema.names:
        columns += made.get(name, [] if name in encoded else [Named(name=name, expression=ColumnRef(name=name))])
    return tuple(columns)


def expanded(features: tuple[str, ...], steps: tuple[Facts, ...]) -> tuple[str, ...]:
    """Return features with every encoded column replaced by its indicators, in place."""
    for facts in steps:
        if isinstance(facts, OneHotFacts):
            known = dict(facts.levels)
            features = tuple(
                made
                for name in features
                for made in ([indicator(name, level) for level in known[name]] if name in known else [name])
            )
    return features


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fitted model: specification, preprocessing, features in order, target, and named arrays.

    ``parameters`` are ``weights`` (one per feature) and ``intercept`` (one number) of a linear model, and what
    :mod:`jupyter_wayang.platforms.numpy.inference` says of the others. ``personal`` are those of sites that have their
    own, by site.
    """

    spec: ModelSpec
    steps: tuple[Facts, ...]
    inputs: Schema
    features: tuple[str, ...]
    target: AnyExpression
    parameters: tuple[NamedArray, ...]
    personal: tuple[tuple[str, tuple[NamedArray, ...]], ...] = ()

    def __getitem__(self, name: str) -> NamedArray:
        for named in self.parameters:
            if named.name == name:
                return named
        raise OperatorError(f"the model has no array {name}", expected=tuple(named.name for named in self.parameters))

    @property
    def makes(self) -> Makes:
        """What the model says of a row."""
        return makes(self.spec, type_of(self.target, self.inputs))

    def at(self, site: str) -> Model:
        """Return the model that a site uses: its own, if it has one, else this one.

        Raises
        ------
        NameUnknownError
            If other sites have one of their own, and this one does not.
        """
        own = dict(self.personal)
        if own and site not in own:
            guess = closest(site, own)
            raise NameUnknownError(
                f"{site} has no model of its own." + (f" Did you mean {guess}?" if guess else ""),
                found=site,
                expected=tuple(own),
            )
        return msgspec.structs.replace(self, parameters=own.get(site, self.parameters), personal=())

    def prepared(self) -> tuple[Named, ...]:
        """Return the features as expressions over the raw columns."""
        return prepared(self.steps, self.inputs, self.features)

    def linear(self) -> AnyExpression:
        """Return the linear predictor, whose :func:`sigmoid` is the probability, as an expression over the raw columns."""
        terms = [
            Binary(op="*", left=named.expression, right=Constant.of(float(weight)))
            for named, weight in zip(self.prepared(), array(self["weights"]), strict=True)
        ]
        return _sum([Constant.of(float(array(self["intercept"])[0])), *terms])


def prepared(steps: tuple[Facts, ...], inputs: Schema, features: tuple[str, ...]) -> tuple[Named, ...]:
    """Return features as expressions over the columns that come before the first step.

    Parameters
    ----------
    steps
        What each step learned, in order.
    inputs
        The columns before the first step.
    features
        Names of columns after the last step.

    Raises
    ------
    ColumnError
        If there is no such column.
    """
    columns: dict[str, AnyExpression] = {name: ColumnRef(name=name) for name in inputs.names}
    for facts in steps:
        shape = Schema.from_pairs((name, "float64") for name in columns)
        columns = {named.name: substitute(named.expression, columns) for named in applied(facts, shape)}
    known = Schema.from_pairs((name, "float64") for name in columns)
    return tuple(Named(name=name, expression=Cast(arg=columns[known[name].name], to="float64")) for name in features)


def sigmoid(z: AnyExpression) -> AnyExpression:
    """Return 1 / (1 + exp(-z)), written so that no exponential overflows.

    Null stays null.
    """
    one, zero = Constant.of(1.0), Constant.of(0.0)
    falling = Call(function="exp", args=(Negate(arg=Call(function="abs", args=(z,))),))
    large = Binary(op="/", left=one, right=Binary(op="+", left=one, right=falling))
    small = Binary(op="/", left=falling, right=Binary(op="+", left=one, right=falling))
    half = Case(condition=Binary(op=">=", left=z, right=zero), then=large, otherwise=small)
    return Case(condition=IsNull(arg=z), then=Constant(value=None, type="float64"), otherwise=half)


def _sum(terms: list[AnyExpression]) -> AnyExpression:
    # A balanced tree keeps the depth logarithmic; SQL engines and the depth limit both care.
    if len(terms) == 1:
        return terms[0]
    middle = len(terms) // 2
    return Binary(op="+", left=_sum(terms[:middle]), right=_sum(terms[middle:]))
