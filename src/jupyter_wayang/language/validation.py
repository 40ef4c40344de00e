"""Cross-validation, in the words of the language: rows are split, and every part is measured by what the others teach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language import arguments as given
from jupyter_wayang.language.recipe import Recipe, rows_of
from jupyter_wayang.language.words import WORDS
from jupyter_wayang.plan.expressions import AnyExpression, Binary, ColumnRef, Literal, Named, type_of
from jupyter_wayang.plan.logical import Vertex, VertexPort
from jupyter_wayang.plan.operators import Drop, Filter, Select, Split, Union, WithColumns
from jupyter_wayang.plan.schema import Schema

if TYPE_CHECKING:
    from jupyter_wayang.language.builder import Collection

__all__ = ["FOLD", "fold", "numbered", "numbered_rows", "prepared", "together"]

FOLD = "__fold"
"""The column that numbers the folds; rows have it between the cut and the fit only."""

_MOST = 50


def numbered_rows(rows: VertexPort, target: AnyExpression, folds: object, seed: object) -> tuple[VertexPort, int]:
    """Number the folds of rows in a column, all of the same size; of a yes or no, with as many of each in every fold.

    Returns
    -------
    tuple
        The rows with their fold, from 1, and how many folds there are.

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
    marked = [
        VertexPort(Vertex(WithColumns(columns=(Named(name=FOLD, expression=Literal.of(number + 1)),)), (part,)))
        for number, part in enumerate((*parts, rest))
    ]
    return together(tuple(marked)), count


def fold(rows: VertexPort, number: int, *, of: bool) -> VertexPort:
    """Return the rows of a fold, or of all others."""
    condition = Binary(op="==" if of else "!=", left=ColumnRef(name=FOLD), right=Literal.of(number))
    kept = VertexPort(Vertex(Filter(condition=condition), (rows,)))
    return VertexPort(Vertex(Drop(columns=(FOLD,)), (kept,)))


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
