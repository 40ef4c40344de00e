"""Functions of the notebook taken by value: what they captured goes with them, as it is now."""

from __future__ import annotations

import dis
import functools
import hashlib
import inspect
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language.callables import called
from jupyter_wayang.plan.operators.functions import FunctionRef
from jupyter_wayang.platforms.functions import Function

__all__ = ["taken"]

_DIGEST = 16
_registering = threading.Lock()


def taken(function: Callable[..., Any]) -> tuple[FunctionRef, Function]:
    """Return how a plan names a function, and the function by value.

    Raises
    ------
    OperatorError
        If it captures what cannot be handed to another process.
    """
    name = called(function)
    captured = tuple(dict.fromkeys(_captured(function)))
    try:
        pickled = _pickled(function)
    except Exception as error:
        # What is captured may be anything, and its own code says how it is written down.
        held = ", ".join(captured)
        raise OperatorError(
            f"the function {name} cannot be handed to another process: {str(error) or type(error).__name__}"[:300],
            found=name,
            hint=f"it captures {held}" if held else None,
        ) from error
    lines, first = _source(function)
    digest = _digest("".join(lines).encode()) if lines else None
    reference = FunctionRef(name=name, key=f"{name}-{_digest(pickled)}", digest=digest)
    stripped = tuple(line.rstrip("\n") for line in lines)
    return reference, Function(name=name, pickled=pickled, first_line=first, source=stripped, captured=captured)


def _pickled(function: Callable[..., Any]) -> bytes:
    """Write a function down. Those of files of the person's own go by value too: the files may change, or move."""
    import cloudpickle  # type: ignore[import-untyped]

    found = {one.__module__: sys.modules.get(one.__module__) for one, _ in _walked(function)}
    own = [module for module in found.values() if module is not None and _own(module)]
    with _registering:
        for module in own:
            cloudpickle.register_pickle_by_value(module)
        try:
            return bytes(cloudpickle.dumps(function))
        finally:
            for module in own:
                cloudpickle.unregister_pickle_by_value(module)


def _own(module: ModuleType) -> bool:
    """Tell whether a module is a file of the person's own: neither Python's, nor of a package that was installed."""
    file = getattr(module, "__file__", None)
    if file is None or module.__name__ == "__main__":
        return False
    places = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    if module.__name__.partition(".")[0] == __name__.partition(".")[0]:
        return False
    return not any(Path(file).resolve().is_relative_to(Path(place).resolve()) for place in places)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_DIGEST]


def _source(function: Callable[..., Any]) -> tuple[list[str], int]:
    plain = function.func if isinstance(function, functools.partial) else function
    target = plain if inspect.isroutine(plain) or isinstance(plain, type) else type(plain)
    try:
        return inspect.getsourcelines(target)
    except (OSError, TypeError):  # typed in without a cell, or written in C
        return [], 1


def _captured(function: Any) -> Iterator[str]:
    """Yield the names of variables that go with a function, and with the functions among them."""
    for _, variables in _walked(function):
        yield from variables


def _walked(function: Any) -> Iterator[tuple[FunctionType, Mapping[str, object]]]:
    """Yield a function and those that go with it by value, each with the variables that it captures."""
    seen: set[int] = set()
    waiting = [function]
    while waiting:
        one = waiting.pop()
        one = one.func if isinstance(one, functools.partial) else one
        if not isinstance(one, FunctionType) or id(one) in seen or not _by_value(one):
            continue
        seen.add(id(one))
        closed = zip(one.__code__.co_freevars, one.__closure__ or (), strict=True)
        inner = {name: cell.cell_contents for name, cell in closed if _filled(cell)}
        outer = {name: one.__globals__[name] for name in _globals(one.__code__) if name in one.__globals__}
        held = {name: value for name, value in {**inner, **outer}.items() if not isinstance(value, ModuleType)}
        yield one, held
        waiting += held.values()


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:  # named, but not set yet
        return False


def _by_value(function: FunctionType) -> bool:
    """Tell whether a function goes by value: one of an installed module is found there by its name."""
    module = sys.modules.get(function.__module__)
    if function.__module__ == "__main__" or module is None or not hasattr(module, function.__qualname__):
        return True
    return _own(module)


def _globals(code: CodeType) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield str(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals(constant)
