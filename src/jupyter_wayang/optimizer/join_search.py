"""Orders of joins: the one that makes the fewest rows on the way, over relations and what their keys have in common.

Up to ten relations every connected pair of sub-sets is looked at (dynamic programming over connected sub-graphs); beyond
that the pair that makes the fewest rows is joined, again and again. Sizes follow from distinct keys, and the size of a
set of relations does not depend on the order in which they were joined.

References
----------
G. Moerkotte, T. Neumann, "Analysis of two existing and one new dynamic programming algorithm for the generation of
optimal bushy join trees without cross products", VLDB 2006.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

__all__ = ["Relation", "Tree", "original_cost", "search"]

Tree = int | tuple["Tree", "Tree"]
"""A relation, or two trees that are joined."""

_EXACT = 10


@dataclass(frozen=True)
class Relation:
    """What is joined: its rows, and for every class of equal keys that it has the distinct values, if they are known."""

    rows: float
    keys: Mapping[int, int | None]


def search(relations: tuple[Relation, ...]) -> tuple[float, Tree] | None:
    """Find the order with the fewest rows in all results of joins, the last one left out: it is always the same.

    Examples
    --------
    >>> large, middle, small = Relation(1e6, {0: 100, 1: 1000}), Relation(1e4, {0: 100}), Relation(10, {1: 10})
    >>> search((large, middle, small))
    (10000.0, ((0, 2), 1))
    """
    sizes = _Sizes(relations)
    return _exact(sizes) if len(relations) <= _EXACT else _greedy(sizes)


def original_cost(relations: tuple[Relation, ...], tree: Tree) -> float:
    """Return what :func:`search` minimizes, for a given order."""
    sizes = _Sizes(relations)

    def visit(tree: Tree) -> tuple[int, float]:
        if isinstance(tree, int):
            return 1 << tree, 0.0
        (one, cost), (other, more) = (visit(side) for side in tree)
        return one | other, cost + more + sizes.rows(one | other)

    mask, cost = visit(tree)
    return cost - sizes.rows(mask)


class _Sizes:
    """The rows of every set of relations, as a bit mask."""

    def __init__(self, relations: tuple[Relation, ...]) -> None:
        self.relations = relations
        members: dict[int, list[tuple[int, float]]] = {}
        for index, relation in enumerate(relations):
            for key, distinct in relation.keys.items():
                # Of a key of which nothing is known, every row may have another: as if it pointed to the smaller side.
                members.setdefault(key, []).append((index, float(distinct) if distinct else relation.rows))
        known = {key for index, r in enumerate(relations) for key, distinct in r.keys.items() if distinct}
        self._classes = [
            tuple(found) if key in known else tuple((index, min(d for _, d in found)) for index, _ in found)
            for key, found in members.items()
        ]
        self.neighbours = [0] * len(relations)
        for found in self._classes:
            mask = sum(1 << index for index, _ in found)
            for index, _ in found:
                self.neighbours[index] |= mask & ~(1 << index)
        self.rows = cache(self._rows)
        self.around = cache(self._around)

    def _rows(self, mask: int) -> float:
        rows = 1.0
        for index in _bits(mask):
            rows *= self.relations[index].rows
        for found in self._classes:
            counts = sorted(distinct for index, distinct in found if mask >> index & 1)
            for count in counts[1:]:
                rows /= max(1.0, count)
        return max(rows, 1.0)

    def _around(self, mask: int) -> int:
        """Return the relations that have a key in common with a set."""
        found = 0
        for index in _bits(mask):
            found |= self.neighbours[index]
        return found & ~mask


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _exact(sizes: _Sizes) -> tuple[float, Tree] | None:
    count = len(sizes.relations)
    best: dict[int, tuple[float, Tree]] = {1 << index: (0.0, index) for index in range(count)}
    everything = (1 << count) - 1
    # A set is a larger number than any of its parts.
    for mask in range(1, everything + 1):
        if mask & (mask - 1) == 0:
            continue
        own = 0.0 if mask == everything else sizes.rows(mask)
        lowest = mask & -mask
        part = (mask - 1) & mask
        while part:
            other = mask ^ part
            if part & lowest and part in best and other in best and sizes.around(part) & other:
                cost = best[part][0] + best[other][0] + own
                if mask not in best or cost < best[mask][0]:
                    best[mask] = cost, _larger_first(sizes, (part, best[part][1]), (other, best[other][1]))
            part = (part - 1) & mask
    return best.get(everything)


def _larger_first(sizes: _Sizes, one: tuple[int, Tree], other: tuple[int, Tree]) -> Tree:
    """Put the larger side to the left: engines build a table of the right one."""
    return (one[1], other[1]) if sizes.rows(one[0]) >= sizes.rows(other[0]) else (other[1], one[1])


def _greedy(sizes: _Sizes) -> tuple[float, Tree] | None:
    parts: dict[int, Tree] = {1 << index: index for index in range(len(sizes.relations))}
    spent = 0.0
    while len(parts) > 1:
        pairs = [(one, other) for one in parts for other in parts if one < other and sizes.around(one) & other]
        if not pairs:
            return None
        one, other = min(pairs, key=lambda pair: sizes.rows(pair[0] | pair[1]))
        tree = _larger_first(sizes, (one, parts.pop(one)), (other, parts.pop(other)))
        parts[one | other] = tree
        spent += sizes.rows(one | other) if len(parts) > 1 else 0.0
    return spent, next(iter(parts.values()))
