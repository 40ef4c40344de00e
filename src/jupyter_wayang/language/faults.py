"""The words of ``faults=[…]``: what is to go wrong in a federated fit, to see what is done about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language.arguments import shown
from jupyter_wayang.language.expressions import unboxed
from jupyter_wayang.language.unknown import unknown
from jupyter_wayang.language.word import Parameter, Word, option
from jupyter_wayang.plan.faults import AnyFault, Drop, Fail, Fault, Replay, Slow, Spoil

__all__ = ["FAULTS", "fault", "fault_list", "made_fault"]

_WHEN = (option("rounds", "None"), option("first", "1"), option("chance", "1.0"))


def _word(name: str, meaning: str, example: str, *own: Parameter) -> Word:
    return Word(name, ("fault",), meaning, example, (Parameter("site", "value"), *own, *_WHEN))


_KINDS: Mapping[str, tuple[type[AnyFault], Word]] = {
    "drop": (Drop, _word("drop", "the site hears nothing and answers nothing", 'drop("va", rounds=3)')),
    "slow": (
        Slow,
        _word("slow", "the site answers so many seconds later", 'slow("va", 5)', Parameter("seconds", "value")),
    ),
    "fail": (Fail, _word("fail", "the site answers that it cannot", 'fail("va", chance=0.2)')),
    "spoil": (
        Spoil,
        _word("spoil", "the site's update is of no use", 'spoil("va", "nan")', option("how", "'nan'")),
    ),
    "replay": (Replay, _word("replay", "the site sends an update of the round before", 'replay("va", first=4)')),
}

FAULTS: Mapping[str, Word] = {name: word for name, (_, word) in _KINDS.items()}
"""The words, by name: each takes the site, then what it needs, then when it strikes."""


def fault(name: str, /, *args: object, **named: object) -> AnyFault:
    """Return a fault by its name, for ``faults=[…]`` of ``fit()``.

    Parameters
    ----------
    name
        ``drop``, ``slow``, ``fail``, ``spoil`` or ``replay``.
    args, named
        The site; the ``seconds`` of ``slow`` or the ``how`` of ``spoil``; in how many ``rounds`` (None: in all), from
        which ``first`` on, and with what ``chance``.

    Examples
    --------
    >>> fault("slow", "hungarian", 5, rounds=2)
    Slow(site='hungarian', rounds=2, first=1, chance=1.0, seconds=5.0)
    """
    if name not in FAULTS:
        raise unknown("fault", name, FAULTS, "faults")
    FAULTS[name].check(len(args), named)
    return made_fault(name, args, named)


def made_fault(name: str, args: tuple[object, ...], named: Mapping[str, object]) -> AnyFault:
    """Return a fault of arguments that fit its word.

    Raises
    ------
    OperatorError
        If an argument has a value that it cannot have.
    """
    kind, word = _KINDS[name]
    values: dict[str, Any] = {p.name: unboxed(value) for p, value in zip(word.parameters, args, strict=False)}
    values.update({key: unboxed(value) for key, value in named.items()})
    for field in msgspec.structs.fields(kind):
        if field.name in values:
            try:
                values[field.name] = msgspec.convert(values[field.name], field.type)
            except msgspec.ValidationError as error:
                raise OperatorError(
                    f"{field.name}= of {name}() cannot be {shown(values[field.name])}",
                    found=str(values[field.name]),
                    hint=f"as in {word.example}",
                ) from error
    return kind(**values)


def fault_list(given: object) -> tuple[AnyFault, ...]:
    """Return what ``faults=`` was given: a list of faults, or one.

    Raises
    ------
    OperatorError
        If something in it is no fault.
    """
    items = given if isinstance(given, list | tuple) else [] if given is None else [given]
    for item in items:
        if not isinstance(item, Fault):
            raise OperatorError(
                f"faults= takes faults, not {shown(item)}", found="faults", hint='as in faults=[drop("va", rounds=3)]'
            )
    return tuple(items)
