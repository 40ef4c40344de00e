"""The words that take functions of the notebook. They run on this machine, never at a site."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from jupyter_wayang.errors import DisclosureError, OperatorError
from jupyter_wayang.language import arguments as given
from jupyter_wayang.language.callables import called, check_arity, checked, columns_said, given_of
from jupyter_wayang.language.words import WORDS, worded
from jupyter_wayang.plan.expressions import Named
from jupyter_wayang.plan.expressions import text as spelled
from jupyter_wayang.plan.operators import (
    CoGroup,
    Evaluate,
    FilterBy,
    FlatMap,
    GroupBy,
    Map,
    MapBatches,
    ReadFederated,
    Reduce,
    ReduceBy,
)
from jupyter_wayang.plan.operators.functions import Producing
from jupyter_wayang.plan.schema import Schema

if TYPE_CHECKING:
    from jupyter_wayang.language.builder import Collection
    from jupyter_wayang.language.desk import Desk
    from jupyter_wayang.plan.logical import VertexPort
    from jupyter_wayang.plan.operators import AnyOperator

__all__ = ["FunctionWords", "held_at_sites"]


class FunctionWords(ABC):
    """What functions of the notebook do with rows.

    A function of one parameter is given a row: ``row.age``, ``row["odd name"]``. Where there is one column only and
    the parameter says its type, as in ``def length(line: str)``, it is given the value itself. What it makes is said by
    its hint, ``-> dict(word=str, n=int)``, ``-> str``, a ``TypedDict``, a named tuple or a dataclass; without one it is
    learned from the first rows.
    """

    desk: Desk

    @property
    @abstractmethod
    def schema(self) -> Schema:
        """The columns and their types."""

    @property
    @abstractmethod
    def port(self) -> VertexPort:
        """The output in the plan."""

    @abstractmethod
    def _then(self, operator: AnyOperator, *more: VertexPort) -> Collection:
        """Apply an operator."""

    @abstractmethod
    def _other(self, value: object, verb: str) -> Collection:
        """Return another collection of the session, or a table as one."""

    @worded
    def map(self, f: Callable[..., Any]) -> Collection:
        """Make a row of every row."""
        function = self._function(f, "map", ("a row",))
        output = columns_said(function, several=False)
        operator = Map(function=self.desk.function(function), output=output, given=given_of(function, self.schema))
        return self._made(operator)

    @worded
    def flat_map(self, f: Callable[..., Any]) -> Collection:
        """Make any number of rows of every row: the function returns a list of them, or yields them."""
        function = self._function(f, "flat_map", ("a row",))
        output = columns_said(function, several=True)
        operator = FlatMap(function=self.desk.function(function), output=output, given=given_of(function, self.schema))
        return self._made(operator)

    @worded
    def map_batches(self, f: Callable[..., Any]) -> Collection:
        """Make an Arrow table of every table of some rows; where the rows are cut is not promised."""
        function = self._function(f, "map_batches", ("an Arrow table",))
        output = columns_said(function, several=False) or None
        known = output if output is not None and output.columns else None
        return self._made(MapBatches(function=self.desk.function(function), output=known))

    @worded
    def reduce(self, f: Callable[..., Any]) -> Collection:
        """Make one row of all, two at a time; of no rows, none.

        The function must not care for the order of rows, nor which are joined first.
        """
        function = self._function(f, "reduce", ("a row", "a row"))
        return self._then(Reduce(function=self.desk.function(function), given=given_of(function, self.schema)))

    @worded
    def reduce_by(self, key: object, f: Callable[..., Any]) -> Collection:
        """Make one row of all rows of a key, two at a time; null is a key.

        Parameters
        ----------
        key
            A column or expression, or a list of them.
        f
            Takes two rows, and returns one of the same columns. It must not care for their order.
        """
        function = self._function(f, "reduce_by", ("a row", "a row"))
        listed = key if isinstance(key, list | tuple) else [key]
        keys = tuple(Named(name=spelled(one), expression=one) for one in map(given.key, listed))
        held = self.desk.function(function)
        return self._then(ReduceBy(function=held, keys=keys, given=given_of(function, self.schema)))

    @worded
    def co_group(self, other: object, on: object, f: Callable[..., Any]) -> Collection:
        """Make rows of all rows of both that have the same key; null keys match nothing.

        Parameters
        ----------
        other
            Another collection, a DataFrame or an Arrow table.
        on
            A column of both, or a list of them and of pairs (column here, column there).
        f
            Takes a list of rows here and one of rows there, either may be empty, and returns a list of rows or yields
            them.
        """
        right = self._other(other, "co_group")
        function = self._function(f, "co_group", ("a list of rows", "a list of rows"))
        self._refuse_sites(right.port, "co_group", called(function))
        output = columns_said(function, several=True)
        operator = CoGroup(function=self.desk.function(function), output=output, on=given.join_keys(on))
        return self._made(operator, right.port)

    def _filter_by(self, f: Callable[..., Any]) -> Collection:
        """Keep the rows for which a function is true."""
        function = self._function(f, "filter", ("a row",))
        said = columns_said(function, several=False)
        if said is not None and [column.type for column in said] != ["bool"]:
            raise OperatorError(
                f"filter() needs a function that is true or false, and the hint of {called(function)} says it makes "
                + ", ".join(f"{column.name} ({column.type})" for column in said),
                hint="map() and flat_map() take functions that make rows",
            )
        return self._then(FilterBy(function=self.desk.function(function), given=given_of(function, self.schema)))

    def _function(self, value: object, verb: str, arguments: tuple[str, ...]) -> Callable[..., Any]:
        function = checked(value, verb, WORDS[f".{verb}"].example)
        check_arity(function, verb, arguments)
        self._refuse_sites(self.port, verb, called(function))
        return function

    def _refuse_sites(self, port: VertexPort, verb: str, name: str) -> None:
        if held_at_sites(port):
            raise DisclosureError(
                f"{verb}({name}) would need the rows of sites here, and no site runs a function of the notebook",
                facts=(
                    (
                        "at the sites",
                        "filter(age > 60), with_columns(…), select(…): expressions run where the rows are",
                    ),
                    ("here", "group_by(…).agg(…) first: what sites answer can be mapped"),
                ),
                hint="Refused before anything ran. No site was asked.",
            )

    def _made(self, operator: Producing, *more: VertexPort) -> Collection:
        """Apply an operator whose columns the function says, or shows on the first rows."""
        if operator.output is None:
            learned = self.desk.learned(operator, (self.port, *more))
            operator = msgspec.structs.replace(operator, output=learned, learned=True)
        return self._then(operator, *more)  # type: ignore[arg-type]


def held_at_sites(port: VertexPort) -> bool:
    """Tell whether rows are held at sites: they are of a federated table, and nothing has aggregated them."""
    waiting = [port]
    while waiting:
        vertex = waiting.pop().vertex
        if isinstance(vertex.operator, ReadFederated):
            return True
        if not isinstance(vertex.operator, GroupBy | Evaluate):
            waiting += [one for one in vertex.inputs if isinstance(one.output, Schema)]
    return False
