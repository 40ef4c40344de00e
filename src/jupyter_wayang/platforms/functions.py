"""The seam for functions of the notebook: what an engine is handed with an operator that calls one.

A function is held as bytes that were made from it on this machine. They are opened in a process that the same person
owns, and nowhere else; no message has a place for them.
"""

from __future__ import annotations

import textwrap
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, runtime_checkable

from jupyter_wayang.errors import PlanError, PlatformError, RunStoppedError
from jupyter_wayang.plan.operators.functions import Calling, FunctionRef
from jupyter_wayang.plan.schema import Schema

__all__ = ["Call", "Function", "FunctionEngine", "Functions", "Stopping", "failed"]

_VALUES = 200


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function by value."""

    name: str
    """What it is called where it was written."""
    pickled: bytes = field(repr=False)
    """The function and all that it captured, as ``cloudpickle`` writes it."""
    first_line: int = 1
    """The number of its first line in the cell or file where it was written."""
    source: tuple[str, ...] = ()
    """Its text, if that can be had."""
    captured: tuple[str, ...] = ()
    """The names of the notebook's variables that it captured."""

    @property
    def text(self) -> str | None:
        """Its text as a person reads it, if that can be had."""
        return textwrap.dedent("\n".join(self.source)) or None

    def line(self, number: int) -> str | None:
        """Return a line of its text by its number in the cell or file, or None.

        Examples
        --------
        >>> Function(name="f", pickled=b"", first_line=3, source=("def f(x):", "    return 1 / x")).line(4)
        'return 1 / x'
        """
        index = number - self.first_line
        return self.source[index].strip() if 0 <= index < len(self.source) else None


class Stopping:
    """A wish to stop, and what is to be ended when it comes. May be asked from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopped = False
        self._ends: dict[int, Callable[[], None]] = {}

    @property
    def stopped(self) -> bool:
        """Whether somebody wished to stop."""
        return self._stopped

    def stop(self) -> None:
        """End what goes on, and whatever begins from now on."""
        with self._lock:
            self._stopped = True
            ends = list(self._ends.values())
        for end in ends:
            end()

    @contextmanager
    def ending(self, end: Callable[[], None]) -> Iterator[None]:
        """Have ``end`` called if the wish comes while the block runs.

        Raises
        ------
        RunStoppedError
            If it has come before.
        """
        with self._lock:
            if self._stopped:
                raise RunStoppedError("the run was stopped")
            self._ends[id(end)] = end
        try:
            yield
        finally:
            with self._lock:
                del self._ends[id(end)]


def _unheard(*told: object) -> None:
    """Take what nobody asked for."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """What goes with the operator: the function, whom to tell what it prints and what it took, and a wish to stop."""

    function: Function
    stopping: Stopping = field(default_factory=Stopping)
    printed: Callable[[str], None] = _unheard
    measured: Callable[[int, int, float], None] = _unheard


@dataclass(frozen=True, kw_only=True)
class Functions:
    """The functions that a place holds by key, and whom to tell, by node and by key, what they print and take."""

    held: Mapping[str, Function] = field(default_factory=dict)
    printed: Callable[[str, str], None] = _unheard
    measured: Callable[[str, int, int, float], None] = _unheard

    def call(self, node: str, function: FunctionRef, stopping: Stopping) -> Call:
        """Return what goes with an operator.

        Raises
        ------
        PlanError
            If the function is not held here: it belongs to another session, or to an earlier one.
        """
        if function.key not in self.held:
            raise PlanError(
                f"the function {function.name} is not in this session", hint="run the cell that defines it again"
            )
        return Call(
            function=self.held[function.key],
            stopping=stopping,
            printed=partial(self.printed, node),
            measured=partial(self.measured, function.key),
        )


@runtime_checkable
class FunctionEngine(Protocol):
    """An engine that calls functions of the notebook."""

    def call(self, operator: Calling, inputs: tuple[Any, ...], schemas: tuple[Schema, ...], call: Call) -> Any:
        """Run an operator that calls a function: rows in the platform's channel."""
        ...


def failed(operator: Calling, function: Function, report: dict[str, Any]) -> PlatformError:
    """Return the error of a function that raised, or that returned what it should not.

    Parameters
    ----------
    operator, function
        Who called whom.
    report
        What :func:`jupyter_wayang.platforms.python.calls.report` says.
    """
    who = f"{function.name} of {operator.verb}()"
    facts: list[tuple[str, str]] = []
    if report.get("row") is not None:
        number = report.get("number")
        facts.append(("row", (f"{number + 1}: " if number is not None else "") + report["row"][:_VALUES]))
    line = report.get("line")
    if line is not None:
        written = function.line(line)
        facts.append(("line", f"{line}: {written}" if written else str(line)))
    if report.get("inside"):
        facts.append(("inside", report["inside"]))
    if report.get("expected"):
        facts.append(("expected", report["expected"]))
    if "raised" in report:
        return PlatformError(f"{who} raised {report['raised']}"[:400], facts=facts, found=function.name)
    return PlatformError(f"{who} {report['wrong']}"[:400], facts=facts, found=function.name)
