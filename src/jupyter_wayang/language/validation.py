"""Cross-validation, in the words of the language: rows are split, and every part is measured by what the others teach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language import arguments as given
from jupyter_wayang.language.recipe import Recipe, rows_of
from jupyter_wayang.language.words import WORDS
from jupyter_wayang.plan.expressions import AnyExpression, Literal, Named, type_of
from jupyter_wayang.plan.logical import Vertex, VertexPort
from jupyter_wayang.plan.operators import Select, Split, Union
from jupyter_wayang.plan.schema import Schema

if TYPE_CHECKING:
    from jupyter_wayang.language.builder import Collection

__all__ = ["numbered", "parts_of", "prepared", "together"]

_MOST = 50


def parts_of(rows: VertexPort, target: AnyExpression, folds: object, seed: object) -> tuple[VertexPort, ...]:
    """Cut rows into folds of the same size; of a yes or no, with as many of each in every fold.

    Raises
    ------
    OperatorError
        If the number of folds makes no sense.
    """
    word = WORDS[".cross_validate"]
    count, first = given.whole("folds", folds, word), given.whole("seed", seed, word)
    if not 2 <= count <= _MOST:
        raise OperatorError(f"folds is a number between 2 and {_MOST}", found=str(count))
    strata = (target,) if type_of(target, rows_of(rows)) == "bool" else ()
    parts, rest = [], rows
    for number in range(count - 1):
        cut = Vertex(Split(fraction=1 / (count - number), seed=first + number, by=strata), (rest,))
        parts.append(VertexPort(cut, 0))
        rest = VertexPort(cut, 1)
    return (*parts, rest)


def together(ports: tuple[VertexPort, ...]) -> VertexPort:
    """Return the rows of all ports."""
    first, *others = ports
    for port in others:
        first = VertexPort(Vertex(Union(), (first, port)))
    return first


def prepared(collection: Collection, rows: VertexPort) -> Recipe | None:
    """Return the preprocessing steps of a collection, to be learned on other rows."""
    return None if collection.recipe is None else Recipe(base=rows, steps=collection.recipe.steps)


def numbered(port: VertexPort, fold: int) -> VertexPort:
    """Return the figures of a fold with its number."""
    schema = port.output
    figures = [name for name in (schema.names if isinstance(schema, Schema) else ()) if name not in ("site", "note")]
    columns = (Named(name="fold", expression=Literal.of(fold)), *given.named_columns(figures, {}, WORDS[".select"]))
    return VertexPort(Vertex(Select(columns=columns), (port,)))
