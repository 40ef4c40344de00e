"""Loops: names that go round, what a turn makes of them, and when it ends; for cells and for Python."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import overload

from jupyter_wayang.errors import OperatorError, Span
from jupyter_wayang.language import arguments as given
from jupyter_wayang.language.builder import Collection
from jupyter_wayang.language.unknown import a_kind
from jupyter_wayang.language.words import WORDS
from jupyter_wayang.plan.logical import Vertex, VertexPort
from jupyter_wayang.plan.operators import Carry, Repeat
from jupyter_wayang.plan.operators.loops import MOST_TURNS

__all__ = ["Rounds", "Step", "loop", "repeat"]

Step = Callable[..., object]


@dataclass(frozen=True)
class Rounds:
    """A loop that is being written: the carried collections as a turn finds them.

    Parameters
    ----------
    names
        What they are called.
    carried
        What each is at the beginning of a turn.
    """

    names: tuple[str, ...]
    carried: tuple[Collection, ...]

    @classmethod
    def of(cls, names: tuple[str, ...], first: tuple[Collection, ...], span: Span | None = None) -> Rounds:
        """Begin a loop over collections."""
        carries = tuple(
            Collection(VertexPort(Vertex(Carry(name=name), (one.port,), span=span)), one.desk)
            for name, one in zip(names, first, strict=True)
        )
        return cls(names, carries)

    def closed(
        self,
        after: tuple[Collection, ...],
        *,
        turns: int | None = None,
        condition: Collection | None = None,
        limit: int = MOST_TURNS,
        span: Span | None = None,
    ) -> tuple[Collection, ...]:
        """Return what the names hold after the last turn.

        Parameters
        ----------
        after
            What a turn makes of each.
        turns
            How many there are; None: as long as the condition is true.
        condition
            One row with one truth value, over what a turn finds.
        limit
            The turns at most.
        span
            Where the loop stands in the cell.
        """
        operator = Repeat(names=self.names, turns=turns, limit=limit)
        ports = [one.port for one in (*self.carried, *after)] + ([] if condition is None else [condition.port])
        vertex = Vertex(operator, tuple(ports), span=span)
        return tuple(
            dataclasses.replace(one, made=VertexPort(vertex, index), recipe=None)
            for index, one in enumerate(self.carried)
        )


@overload
def repeat(turns: int, step: Step, one: Collection, /, *, limit: int = MOST_TURNS) -> Collection: ...
@overload
def repeat(turns: int, step: Step, /, *collections: Collection, limit: int = MOST_TURNS) -> tuple[Collection, ...]: ...
def repeat(
    turns: int, step: Step, /, *collections: Collection, limit: int = MOST_TURNS
) -> Collection | tuple[Collection, ...]:
    """Take turns: each makes new collections of those that the turn before has made.

    Parameters
    ----------
    turns
        How many.
    step
        Takes as many collections as there are, and returns as many, with the same columns. It is called once, to see
        what a turn does.
    collections
        What the first turn finds.
    limit
        The turns at most.

    Returns
    -------
    Collection or tuple of Collection
        What the last turn has made: one for one, a tuple for several.
    """
    word = WORDS["repeat"]
    names, first = _first(step, collections, "repeat")
    rounds = Rounds.of(names, first)
    made = rounds.closed(
        _stepped(step, rounds, "repeat"),
        turns=given.whole("turns", turns, word),
        limit=given.whole("limit", limit, word),
    )
    return made[0] if len(made) == 1 else made


@overload
def loop(condition: Step, step: Step, one: Collection, /, *, limit: int = MOST_TURNS) -> Collection: ...
@overload
def loop(
    condition: Step, step: Step, /, *collections: Collection, limit: int = MOST_TURNS
) -> tuple[Collection, ...]: ...
def loop(
    condition: Step, step: Step, /, *collections: Collection, limit: int = MOST_TURNS
) -> Collection | tuple[Collection, ...]:
    """Take turns as long as a condition is true, which is looked at before each.

    Parameters
    ----------
    condition
        Takes the collections, and returns one of one row and one column that is true or false.
    step, collections, limit
        As in :func:`repeat`. A loop whose condition is still true after ``limit`` turns is an error.
    """
    names, first = _first(step, collections, "loop")
    if not callable(condition):
        raise OperatorError(f"loop() takes a function that makes the condition first, not {a_kind(condition)}")
    rounds = Rounds.of(names, first)
    go = condition(*rounds.carried)
    if not isinstance(go, Collection):
        raise OperatorError(f"the condition of loop() makes {a_kind(go)}, not a collection of one row and one column")
    after = _stepped(step, rounds, "loop")
    made = rounds.closed(after, condition=go, limit=given.whole("limit", limit, WORDS["loop"]))
    return made[0] if len(made) == 1 else made


def _first(
    step: Step, collections: tuple[Collection, ...], word: str
) -> tuple[tuple[str, ...], tuple[Collection, ...]]:
    if not callable(step):
        raise OperatorError(
            f"{word}() takes a function that makes a turn, not {a_kind(step)}", hint=f"as in {WORDS[word].example}"
        )
    for one in collections:
        if not isinstance(one, Collection):
            raise OperatorError(f"{word}() goes round with collections, and this is {a_kind(one)}")
    if not collections:
        raise OperatorError(f"{word}() needs the collections that it begins with", hint=f"as in {WORDS[word].example}")
    code = getattr(step, "__code__", None)
    named = code.co_varnames[: code.co_argcount] if code is not None else ()
    plain = tuple(f"value_{index + 1}" for index in range(len(collections)))
    return (named if len(named) == len(collections) else plain), collections


def _stepped(step: Step, rounds: Rounds, word: str) -> tuple[Collection, ...]:
    made = step(*rounds.carried)
    after = made if isinstance(made, tuple) else (made,)
    if len(after) != len(rounds.carried) or not all(isinstance(one, Collection) for one in after):
        kinds = ", ".join(a_kind(one) for one in after)
        raise OperatorError(
            f"a turn of {word}() must make as many collections as it takes, {len(rounds.carried)}, and made {kinds}"
        )
    return tuple(one for one in after if isinstance(one, Collection))
