"""Stages: connected operators of one platform that run together, numbered in an order in which inputs come first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["stages"]


def stages(
    operators: Sequence[str], inputs: Mapping[str, Sequence[str]], kinds: Mapping[str, object]
) -> dict[str, int]:
    """Return the number of the stage of every operator, from 0.

    Parameters
    ----------
    operators
        Ids in an order in which inputs come first.
    inputs
        What each reads.
    kinds
        Operators of one stage are of one kind (platform and number of iterations).

    Notes
    -----
    An operator joins the stage of an input unless another of its inputs needs that stage to be over first: no two
    stages ever wait for each other.

    Examples
    --------
    >>> stages(["a", "b", "c"], {"b": ["a"], "c": ["a", "b"]}, {"a": "x", "b": "y", "c": "x"})
    {'a': 0, 'b': 1, 'c': 2}
    """
    found: dict[str, int] = {}
    before: list[set[int]] = []  # all stages that a stage waits for
    for id_ in operators:
        read = {found[other] for other in inputs.get(id_, ())}
        same = [found[other] for other in inputs.get(id_, ()) if kinds[other] == kinds[id_]]
        stage = next((s for s in same if not any(s in before[other] for other in read)), None)
        if stage is None:
            stage = len(before)
            before.append(set())
        found[id_] = stage
        added = {other for other in read if other != stage}
        added |= {far for other in added for far in before[other]}
        for number, waits in enumerate(before):
            if number == stage or stage in waits:
                waits.update(added)
    order = _order(before)
    return {id_: order[stage] for id_, stage in found.items()}


def _order(before: list[set[int]]) -> dict[int, int]:
    """Number stages so that each comes after those that it waits for."""
    done: dict[int, int] = {}
    while len(done) < len(before):
        number = next(s for s in range(len(before)) if s not in done and before[s] <= done.keys())
        done[number] = len(done)
    return done
