"""The seam of strategies: three pure functions over a frozen state, found by entry point."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Literal, Protocol, get_args, get_origin, runtime_checkable

import msgspec

from jupyter_wayang.errors import NameUnknownError, OperatorError, closest
from jupyter_wayang.federation.strategies.central import Central
from jupyter_wayang.federation.strategies.state import Client, GlobalModel, State
from jupyter_wayang.plan.models import ModelSpec, NamedArray, named_array
from jupyter_wayang.plan.tasks import LocalTask, Update

__all__ = [
    "GROUP",
    "Client",
    "GlobalModel",
    "Personal",
    "State",
    "Strategy",
    "check",
    "installed",
    "named",
    "parameters",
    "personal_of",
    "used_at",
]

GROUP = "jupyter_wayang.strategies"


class Strategy(Protocol):
    """How a global model comes from what sites learn on their own rows.

    A strategy is a frozen :class:`msgspec.Struct` whose fields are its parameters. Its functions are pure: all that
    they remember is in the state.
    """

    def init(self, start: GlobalModel, sites: tuple[str, ...]) -> State:
        """Return the state before the first round.

        Parameters
        ----------
        start
            The model as it starts.
        sites
            All sites of the federation, in order; those of a round may be fewer.

        Raises
        ------
        OperatorError
            If the strategy cannot serve so many sites, or so few.
        """
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


@runtime_checkable
class Personal(Protocol):
    """A strategy that keeps parameters for every site: the model is measured at each with these."""

    def personal(self, state: Any, site: str) -> tuple[NamedArray, ...]:
        """Return the parameters that a site uses, all of them."""
        ...


def used_at(strategy: Strategy, state: State, site: str) -> tuple[NamedArray, ...]:
    """Return the parameters that a site uses: the global ones, unless the strategy has some for it."""
    return strategy.personal(state, site) if isinstance(strategy, Personal) else state.current.parameters


def personal_of(
    strategy: Strategy, state: State, sites: tuple[str, ...]
) -> tuple[tuple[str, tuple[NamedArray, ...]], ...]:
    """Return the parameters of every site, if the strategy keeps some for each."""
    if not isinstance(strategy, Personal):
        return ()
    return tuple((site, strategy.personal(state, site)) for site in sites)


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
    FedAvg(learning_rate=0.5, local_epochs=5, batch=None, seed=0, weights='rows')
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


def check(strategy: Strategy, model: ModelSpec, sites: tuple[str, ...]) -> None:
    """Raise what a strategy raises that cannot serve the sites, before anything is asked of them.

    Examples
    --------
    >>> from jupyter_wayang.plan.model_specs import LogisticRegression
    >>> try:
    ...     check(named("krum", [("learning_rate", 0.5)]), LogisticRegression(), ("a", "b", "c", "d"))
    ... except OperatorError as error:
    ...     error.message
    'krum() protects 5 sites or more as it is set, and there are 4'
    """
    import numpy as np

    # Before the steps have learned nobody knows how many features there will be, and here it does not matter.
    arrays = (named_array("weights", np.zeros(0)), named_array("intercept", np.zeros(1)))
    strategy.init(GlobalModel(model=model, features=(), parameters=arrays), sites)


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
