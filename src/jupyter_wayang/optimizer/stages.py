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
    before: dict[int, set[int]] = {}  # all stages that a stage waits for
    for id_ in operators:
        read = {found[other] for other in inputs.get(id_, ())}
        same = sorted({found[other] for other in inputs.get(id_, ()) if kinds[other] == kinds[id_]})
        open_ = [stage for stage in same if not any(stage in before[other] for other in read)]
        stage = open_[0] if open_ else len(found)
        before.setdefault(stage, set())
        # None of these waits for another: each reads nothing that is behind another of them.
        for other in open_[1:]:
            _merge(found, before, other, stage)
        found[id_] = stage
        waits = {other for other in read if other != stage and other in before}
        waits |= {far for other in waits for far in before[other]}
        for number, waited in before.items():
            if number == stage or stage in waited:
                waited.update(waits)
    order = _order(before)
    return {id_: order[stage] for id_, stage in found.items()}


def _merge(found: dict[str, int], before: dict[int, set[int]], gone: int, stage: int) -> None:
    found.update({id_: stage for id_, number in found.items() if number == gone})
    before[stage] |= before.pop(gone)
    for waited in before.values():
        if gone in waited:
            waited.discard(gone)
            waited.add(stage)
        if stage in waited:
            waited.update(before[stage])


def _order(before: dict[int, set[int]]) -> dict[int, int]:
    """Number stages so that each comes after those that it waits for."""
    done: dict[int, int] = {}
    while len(done) < len(before):
        number = next(stage for stage in before if stage not in done and before[stage] <= done.keys())
        done[number] = len(done)
    return done
