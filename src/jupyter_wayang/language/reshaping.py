"""The words that draw and number rows, turn rows into columns and back, and put rows into files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, cast, get_args

from jupyter_wayang.errors import DisclosureError
from jupyter_wayang.language import arguments as given
from jupyter_wayang.language.functional import held_at_sites
from jupyter_wayang.language.words import WORDS, worded
from jupyter_wayang.plan.operators import Explode, Pivot, Sample, Unpivot, WriteFile, WriteMode, ZipWithId

if TYPE_CHECKING:
    from jupyter_wayang.language.builder import Collection
    from jupyter_wayang.language.desk import Desk
    from jupyter_wayang.plan.logical import VertexPort
    from jupyter_wayang.plan.operators import AnyOperator
    from jupyter_wayang.plan.schema import Schema

__all__ = ["ReshapingWords"]


class ReshapingWords(ABC):
    """Rows drawn by chance and numbered, columns of rows and rows of columns, files."""

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

    @worded
    def sample(self, n: int | None = None, fraction: float | None = None, seed: int = 0) -> Collection:
        """Draw some rows by chance, the same on every platform; at the sites of a federation, of each.

        Parameters
        ----------
        n, fraction
            How many, or how large a part; one of them.
        seed
            Another seed draws others.
        """
        word = WORDS[".sample"]
        operator = Sample(
            rows=None if n is None else given.whole("n", n, word),
            fraction=None if fraction is None else given.number("fraction", fraction, word),
            seed=given.whole("seed", seed, word),
        )
        return self._then(operator)

    @worded
    def zip_with_id(self, name: str = "id") -> Collection:
        """Number the rows from 0, in the order of all their columns from left to right, nulls last."""
        return self._then(ZipWithId(name=given.text("name", name, WORDS[".zip_with_id"])))

    @worded
    def pivot(self, on: object, values: object, agg: object, levels: object = None) -> Collection:
        """Make a column of every level of a column; rows that agree in all other columns become one.

        Parameters
        ----------
        on
            The column whose levels become columns.
        values
            The column whose values are in them.
        agg
            What becomes of several values: an aggregate, as in ``sum``, or its name.
        levels
            The levels; for a column of true and false they are known.
        """
        word = WORDS[".pivot"]
        name = given.column_name(on, word)
        known = given.levels(levels, name, self.schema[name].type, word)
        function = given.reducer(agg, word)
        return self._then(Pivot(on=name, values=given.column_name(values, word), function=function, levels=known))

    @worded
    def unpivot(self, columns: object, name: str = "variable", value: str = "value") -> Collection:
        """Make a row of every one of some columns, nulls too.

        Parameters
        ----------
        columns
            The columns, which have a type in common.
        name, value
            What the columns of their names and of their values are called.
        """
        word = WORDS[".unpivot"]
        names = given.column_names(columns if isinstance(columns, list | tuple) else [columns], word)
        operator = Unpivot(columns=names, name=given.text("name", name, word), value=given.text("value", value, word))
        return self._then(operator)

    @worded
    def explode(self, column: object) -> Collection:
        """Make a row of every item of a list; an empty list and null make none."""
        return self._then(Explode(column=given.column_name(column, WORDS[".explode"])))

    @worded
    def write(self, where: object, *, mode: str = "error") -> Collection:
        """Write the rows into a file when the plan runs: one row says where, and how many there are.

        Parameters
        ----------
        where
            The file, whose name ends in ``.csv``, ``.tsv`` or ``.parquet``. It is there in whole or not at all.
        mode
            What becomes of a file that is there: ``error``, ``overwrite``, or ``append`` the rows to it.
        """
        if held_at_sites(self.port):
            raise DisclosureError(
                "rows of sites are written nowhere", hint="aggregate first: group_by(…).agg(…), and write the result"
            )
        path, format_, delimiter = given.sink(where)
        chosen = given.choice("mode", mode, WORDS[".write"], get_args(WriteMode))
        return self._then(
            WriteFile(path=self.desk.place(path), format=format_, mode=cast("WriteMode", chosen), delimiter=delimiter)
        )
