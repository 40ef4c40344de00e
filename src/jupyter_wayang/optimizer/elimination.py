"""Tables of partial plans, joined and shortened: the arithmetic of :mod:`jupyter_wayang.optimizer.enumeration`.

A table holds, for every choice of platforms of the operators at its boundary, what the cheapest partial plan costs. It is
an array with an axis for each of these operators, behind one for the sets of platforms that are looked at together. A
join adds tables and the cost of moving rows up, and takes the least over operators that nothing outside looks at any
more; the way back gives the cheapest rest for every entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Axis", "Costs", "Join", "Pass", "Regroup"]

Costs: TypeAlias = "NDArray[np.float64]"
"""Costs by choice, an axis for each."""

Axis = int
"""An operator; below zero: the readers of an output that were gathered so far."""

Key = dict[Axis, int]
"""A choice for some axes."""

_Entry = tuple[int, tuple[int, ...]]
"""A table, and a choice for its axes."""


@dataclass(frozen=True)
class Regroup:
    """Axes that are told apart no further than by the readers that they make: ``targets`` by flat choice of ``axes``."""

    axes: tuple[Axis, ...]
    kept: tuple[Axis, ...]
    targets: NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Join:
    """Tables that become one.

    Parameters
    ----------
    tables
        Their numbers.
    axes
        All their axes.
    kept
        The axes of the result.
    moved
        What moving rows costs, with the axes of ``moved_axes``; None: nothing is moved yet.
    regroup
        How choices become entries of a gathered axis, the first of ``kept``.
    """

    tables: tuple[int, ...]
    axes: tuple[Axis, ...]
    kept: tuple[Axis, ...]
    moved: Costs | None = None
    moved_axes: tuple[Axis, ...] = ()
    regroup: Regroup | None = None


class Pass:
    """All joins, for some sets of platforms at once.

    Parameters
    ----------
    lengths
        By axis, how many choices it has.
    joins
        The joins, in order; the last has no axis left.
    operators
        By operator, costs with the sets as first axis; infinite where a platform is not in a set.
    """

    def __init__(self, lengths: dict[Axis, int], joins: Sequence[Join], operators: Sequence[Costs]) -> None:
        self._lengths = lengths
        self._joins = joins
        self._first = len(operators)
        self._axes: list[tuple[Axis, ...]] = [(index,) for index in range(len(operators))]
        self._inside = list(operators)
        self._over = {table: number for number, join in enumerate(joins) for table in join.tables}
        self._upward: dict[tuple[int, _Entry], tuple[_Entry | None, list[_Entry]]] = {}
        self._downward: dict[tuple[int, _Entry], list[_Entry]] = {}
        for join in joins:
            self._inside.append(self._joined(join))
            self._axes.append(join.kept)

    @property
    def least(self) -> Costs:
        """By set, what the best whole plan costs."""
        return self._inside[-1]

    def totals(self, operator: int) -> Costs:
        """Return, by set and platform of an operator, what the best whole plan costs."""
        return self._inside[operator] + self._outside[operator]

    # -- the way there ---------------------------------------------------------------------------------------------------

    def _parts(self, join: Join) -> list[tuple[Costs, tuple[Axis, ...]]]:
        found = [(self._inside[table], self._axes[table]) for table in join.tables]
        if join.moved is not None:
            found.append((join.moved[None], join.moved_axes))
        return found

    def _sum(self, parts: list[tuple[Costs, tuple[Axis, ...]]], order: tuple[Axis, ...]) -> Costs:
        """Add arrays up over the axes of an order, the sets in front."""
        import numpy as np

        place = {axis: index for index, axis in enumerate(order)}
        found: Any = 0.0
        for array, axes in parts:
            turned = np.transpose(array, (0, *(1 + axes.index(axis) for axis in sorted(axes, key=place.__getitem__))))
            shape = [turned.shape[0], *(self._lengths[axis] if axis in axes else 1 for axis in order)]
            found = found + turned.reshape(shape)
        sets = self._inside[0].shape[0]
        whole: Costs = np.broadcast_to(found, (sets, *(self._lengths[axis] for axis in order)))
        return whole

    def _order(self, join: Join) -> tuple[tuple[Axis, ...], tuple[Axis, ...]]:
        """Return the axes that stay, those that go together in front, and the axes that are left out."""
        if join.regroup is None:
            return join.kept, tuple(axis for axis in join.axes if axis not in join.kept)
        front = join.regroup.axes
        stay = (*front, *(axis for axis in join.kept[1:] if axis not in front))
        return stay, tuple(axis for axis in join.axes if axis not in stay)

    def _joined(self, join: Join) -> Costs:
        stay, out = self._order(join)
        whole = self._sum(self._parts(join), (*stay, *out))
        least: Costs = whole.min(axis=tuple(range(1 + len(stay), whole.ndim))) if out else whole
        return least if join.regroup is None else self._regrouped(join, join.regroup, least)

    def _regrouped(self, join: Join, regroup: Regroup, least: Costs) -> Costs:
        import numpy as np

        sets, choices = least.shape[0], len(regroup.targets)
        flat = least.reshape(sets, choices, -1)
        order = np.argsort(regroup.targets, kind="stable")
        found, starts = np.unique(regroup.targets[order], return_index=True)
        front = [self._lengths[axis] for axis in (join.kept[0], *regroup.kept)]
        made = np.full((sets, int(np.prod(front)), flat.shape[2]), np.inf)
        made[:, found] = np.minimum.reduceat(flat[:, order], starts, axis=1)
        rest = [axis for axis in join.kept[1:] if axis not in regroup.kept]
        now = (join.kept[0], *regroup.kept, *rest)
        shaped = made.reshape(sets, *(self._lengths[axis] for axis in now))
        return np.transpose(shaped, (0, *(1 + now.index(axis) for axis in join.kept)))

    # -- the way back ----------------------------------------------------------------------------------------------------

    @cached_property
    def _outside(self) -> list[Costs]:
        import numpy as np

        outside: list[Costs] = [np.zeros(self._inside[-1].shape)] * len(self._inside)
        for number in reversed(range(len(self._joins))):
            join = self._joins[number]
            above = self._above(join, outside[self._first + number])
            moved = [] if join.moved is None else [(join.moved[None], join.moved_axes)]
            for table in join.tables:
                axes = self._axes[table]
                others = [(self._inside[t], self._axes[t]) for t in join.tables if t != table]
                out = tuple(axis for axis in join.axes if axis not in axes)
                whole = self._sum([above, *moved, *others], (*axes, *out))
                outside[table] = whole.min(axis=tuple(range(1 + len(axes), whole.ndim))) if out else whole
        return outside

    def _above(self, join: Join, outside: Costs) -> tuple[Costs, tuple[Axis, ...]]:
        """Return the cheapest rest by the axes of the parts of a join, before they were regrouped."""
        import numpy as np

        if join.regroup is None:
            return outside, join.kept
        regroup = join.regroup
        rest = tuple(axis for axis in join.kept[1:] if axis not in regroup.kept)
        now = (join.kept[0], *regroup.kept, *rest)
        turned = np.transpose(outside, (0, *(1 + join.kept.index(axis) for axis in now)))
        front = int(np.prod([self._lengths[axis] for axis in now[: 1 + len(regroup.kept)]]))
        taken = turned.reshape(turned.shape[0], front, -1)[:, regroup.targets]
        axes = (*regroup.axes, *rest)
        return taken.reshape(taken.shape[0], *(self._lengths[axis] for axis in axes)), axes

    # -- plans -----------------------------------------------------------------------------------------------------------

    def best(self, set_: int) -> list[int]:
        """Return the best whole plan of a set: a choice for every operator."""
        return self._filled(set_, [(len(self._inside) - 1, ())], {})

    def best_with(self, set_: int, operator: int, choice: int) -> list[int]:
        """Return the best whole plan of a set with one choice made."""
        entry: _Entry | None = (operator, (choice,))
        waiting: list[_Entry] = []
        while entry is not None:
            # Plans with different choices agree in most parts, which are looked up once.
            known = self._upward.get((set_, entry))
            if known is None:
                known = self._upward[set_, entry] = self._up(set_, entry)
            entry, others = known
            waiting += others
        return self._filled(set_, waiting, {operator: choice})

    def _up(self, set_: int, entry: _Entry) -> tuple[_Entry | None, list[_Entry]]:
        """Return the entry that the cheapest rest makes of one, and those that it needs for it."""
        table, values = entry
        number = self._over.get(table)
        if number is None:
            return None, []
        join = self._joins[number]
        parts = [self._above(join, self._outside[self._first + number]), *self._parts(join)]
        found = self._least(set_, parts, join.axes, dict(zip(self._axes[table], values, strict=True)))
        others = [self._entry(t, found) for t in join.tables if t != table]
        key = self._key(join, found)
        return (self._first + number, tuple(key[axis] for axis in join.kept)), others

    def _filled(self, set_: int, waiting: list[_Entry], chosen: Key) -> list[int]:
        while waiting:
            entry = waiting.pop()
            table, values = entry
            if table < self._first:
                chosen[table] = values[0]
                continue
            known = self._downward.get((set_, entry))
            if known is None:
                join = self._joins[table - self._first]
                found = self._within(set_, join, dict(zip(join.kept, values, strict=True)))
                known = self._downward[set_, entry] = [self._entry(t, found) for t in join.tables]
            waiting += known
        return [chosen[operator] for operator in range(self._first)]

    def _entry(self, table: int, found: Key) -> _Entry:
        return table, tuple(found[axis] for axis in self._axes[table])

    def _within(self, set_: int, join: Join, key: Key) -> Key:
        """Return the cheapest choice for all axes of a join that makes an entry of its result."""
        import numpy as np

        if join.regroup is None:
            return self._least(set_, self._parts(join), join.axes, key)
        regroup = join.regroup
        front = [self._lengths[axis] for axis in (join.kept[0], *regroup.kept)]
        target = np.ravel_multi_index([key[axis] for axis in (join.kept[0], *regroup.kept)], front)
        lengths = [self._lengths[axis] for axis in regroup.axes]
        fixed = {axis: value for axis, value in key.items() if axis != join.kept[0]}
        made = []
        for choice in np.flatnonzero(regroup.targets == target):
            values = np.unravel_index(int(choice), lengths)
            own = {axis: int(value) for axis, value in zip(regroup.axes, values, strict=True)}
            made.append(self._least(set_, self._parts(join), join.axes, fixed | own))
        return min(made, key=lambda one: self._cost(set_, self._parts(join), one))

    def _key(self, join: Join, found: Key) -> Key:
        """Return the entry of a join's result that a choice for all its axes makes."""
        import numpy as np

        if join.regroup is None:
            return {axis: found[axis] for axis in join.kept}
        regroup = join.regroup
        flat = np.ravel_multi_index([found[a] for a in regroup.axes], [self._lengths[a] for a in regroup.axes])
        front = (join.kept[0], *regroup.kept)
        values = np.unravel_index(int(regroup.targets[int(flat)]), [self._lengths[axis] for axis in front])
        return {axis: found[axis] for axis in join.kept[1:]} | {join.kept[0]: int(values[0])}

    def _least(self, set_: int, parts: list[tuple[Costs, tuple[Axis, ...]]], axes: tuple[Axis, ...], fixed: Key) -> Key:
        """Return the choice for all axes with the least sum, some being fixed; of equal ones the first."""
        import numpy as np

        free = tuple(axis for axis in axes if axis not in fixed)
        whole: Any = 0.0
        for array, own in parts:
            cut = array[(min(set_, array.shape[0] - 1), *(fixed.get(axis, slice(None)) for axis in own))]
            left = [axis for axis in own if axis not in fixed]
            turned = np.transpose(cut, [left.index(axis) for axis in free if axis in left])
            whole = whole + turned.reshape([self._lengths[axis] if axis in left else 1 for axis in free])
        whole = np.broadcast_to(whole, [self._lengths[axis] for axis in free])
        values = np.unravel_index(int(np.argmin(whole)), whole.shape) if free else ()
        return {axis: fixed[axis] for axis in axes if axis in fixed} | {
            axis: int(value) for axis, value in zip(free, values, strict=True)
        }

    @staticmethod
    def _cost(set_: int, parts: list[tuple[Costs, tuple[Axis, ...]]], found: Key) -> float:
        return float(sum(a[(min(set_, a.shape[0] - 1), *(found[axis] for axis in axes))] for a, axes in parts))
