"""The seam of strategies: three pure functions over a frozen state, found by entry point."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Literal, Protocol, get_args, get_origin

import msgspec

from jupyter_wayang.errors import NameUnknownError, OperatorError, closest
from jupyter_wayang.federation.strategies.central import Central
from jupyter_wayang.federation.strategies.state import Client, GlobalModel, State
from jupyter_wayang.plan.tasks import LocalTask, Update

__all__ = ["GROUP", "Client", "GlobalModel", "State", "Strategy", "installed", "named", "parameters"]

GROUP = "jupyter_wayang.strategies"


class Strategy(Protocol):
    """How a global model comes from what sites learn on their own rows.

    A strategy is a frozen :class:`msgspec.Struct` whose fields are its parameters. Its functions are pure: all that
    they remember is in the state.
    """

    def init(self, start: GlobalModel) -> State:
        """Return the state before the first round."""
        ...

    def task(self, state: Any, client: Client) -> LocalTask:
        """Return what one site is asked to do in one round."""
        ...

    def apply(self, state: Any, updates: tuple[tuple[str, Update], ...]) -> tuple[State, dict[str, float]]:
        """Return the state after a round, and numbers about it that are worth showing.

        Parameters
        ----------
        state
            The state before the round.
        updates
            Site and update, in the order of the federation's sites, whatever order they arrived in.
        """
        ...


@cache
def installed() -> dict[str, type[msgspec.Struct]]:
    """Return every declared strategy by name, in a fixed order.

    Examples
    --------
    >>> "fedavg" in installed()
    True
    """
    return {entry.name: entry.load() for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name)}


def parameters() -> Mapping[str, Mapping[str, Any]]:
    """Return the parameters of every strategy with their defaults; ``msgspec.NODEFAULT`` where one must be given.

    Examples
    --------
    >>> parameters()["fedavg"]["local_epochs"]
    1
    >>> parameters()["fedavg"]["learning_rate"] is msgspec.NODEFAULT
    True
    """
    return {
        name: {field.name: field.default for field in msgspec.structs.fields(cls)} for name, cls in installed().items()
    }


def named(name: str | None, arguments: Iterable[tuple[str, Any]] = ()) -> Strategy:
    """Make a strategy of its name and arguments; without a name, the ordinary fit at one place.

    Raises
    ------
    NameUnknownError
        If there is no strategy of the name.
    OperatorError
        If an argument is unknown, missing or of another kind.

    Examples
    --------
    >>> named("fedavg", [("learning_rate", 0.5), ("local_epochs", 5)])
    FedAvg(learning_rate=0.5, local_epochs=5, batch=None, weights='rows')
    >>> named(None)
    Central()
    """
    if name is None:
        return _made("central", Central, dict(arguments))
    known = installed()
    if name not in known:
        guess = closest(name, known)
        raise NameUnknownError(
            f'there is no strategy "{name}".' + (f" Did you mean {guess}?" if guess else ""),
            found=name,
            expected=tuple(known),
            hint="strategies: " + ", ".join(known),
        )
    return _made(name, known[name], dict(arguments))


def _made(name: str, cls: type[Any], arguments: dict[str, Any]) -> Strategy:
    fields = {field.name: field for field in msgspec.structs.fields(cls)}
    for argument, value in arguments.items():
        if argument not in fields:
            guess = closest(argument, fields)
            raise OperatorError(
                f'{name}() has no argument "{argument}".' + (f" Did you mean {guess}?" if guess else ""),
                found=argument,
                expected=tuple(fields),
                hint=_signature(name, fields),
            )
        try:
            arguments[argument] = msgspec.convert(value, fields[argument].type)
        except msgspec.ValidationError as error:
            raise OperatorError(
                f"{name}(): {argument} must be {_kind(fields[argument].type)}, not {value!r}",
                found=repr(value),
                hint=_signature(name, fields),
            ) from error
    missing = [field.name for field in fields.values() if field.required and field.name not in arguments]
    if missing:
        raise OperatorError(f"{name}() needs {' and '.join(missing)}", expected=missing, hint=_signature(name, fields))
    made: Strategy = cls(**arguments)
    return made


def _signature(name: str, fields: Mapping[str, msgspec.structs.FieldInfo]) -> str:
    parts = [f.name if f.required else f"{f.name}={f.default!r}" for f in fields.values()]
    return f"{name}({', '.join(parts)})"


def _kind(type_: Any) -> str:
    if get_origin(type_) is Literal:
        return " or ".join(repr(value) for value in get_args(type_))
    words = {int: "a whole number", float: "a number", str: "a text", bool: "true or false", type(None): "null"}
    if get_args(type_):
        return " or ".join(_kind(part) for part in get_args(type_))
    return words.get(type_) or inspect.formatannotation(type_)
