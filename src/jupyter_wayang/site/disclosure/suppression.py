"""Which groups of a table are told: small ones are not, and no total minus the groups that are told is a small one.

Complementary suppression: where one group is left out, so is another, until what a line of the table hides is about
enough rows (Hundepool et al., *Statistical Disclosure Control*, 2012, section 4.4).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping

__all__ = ["told"]

Group = tuple[Hashable, ...]


def told(sizes: Mapping[Group, int], minimum: int) -> frozenset[Group]:
    """Return the groups that may leave.

    Parameters
    ----------
    sizes
        Rows by group; a group is a value per key.
    minimum
        The least number of rows that a number may be about.

    Returns
    -------
    frozenset
        The groups. In every line of the table (all keys but one fixed; with one key: the table) the hidden groups have
        ``minimum`` rows together, or none.

    Examples
    --------
    >>> sorted(told({("a",): 30, ("b",): 20, ("c",): 4}, minimum=10))
    [('a',)]
    >>> sorted(told({("a",): 30, ("b",): 20, ("c",): 4, ("d",): 6}, minimum=10))
    [('a',), ('b',)]
    """
    hidden = {group for group, size in sizes.items() if size < minimum}
    lines = _lines(sizes)
    open_lines = list(lines)
    while open_lines:
        line = open_lines.pop()
        away = [group for group in line if group in hidden]
        rows = sum(sizes[group] for group in away)
        if rows == 0 or rows >= minimum:
            continue
        rest = sorted((g for g in line if g not in hidden), key=lambda group: (sizes[group], repr(group)))
        if rest:
            hidden.add(rest[0])
            # What this hides may stand alone in another line.
            open_lines += [other for other in lines if rest[0] in other]
    return frozenset(sizes) - hidden


def _lines(groups: Iterable[Group]) -> list[frozenset[Group]]:
    found: dict[tuple[int, Group], set[Group]] = {}
    for group in groups:
        for place in range(len(group)):
            found.setdefault((place, group[:place] + group[place + 1 :]), set()).add(group)
    everything = frozenset(groups)
    return [frozenset(line) for line in found.values()] + ([everything] if everything else [])
