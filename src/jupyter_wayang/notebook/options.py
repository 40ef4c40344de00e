"""The options of the ``%%wayang`` line. They stand on that line only; the body of a cell is never split by a shell's rules."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from jupyter_wayang.errors import OperatorError, closest
from jupyter_wayang.plan.preferences import OBJECTIVES

__all__ = ["Options", "parse_options"]

_FLAGS = ("explain", "wait", "sql")
_VALUES = ("as", "platforms", "sites", "objective", "max-bytes", "max-seconds")
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_FORMS = ("pandas", "polars", "arrow")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What stands on the line.

    ``label`` names the task, ``store`` the variable that gets the result, ``form`` what it is stored as.
    """

    label: str = ""
    store: str | None = None
    form: str | None = None
    platforms: tuple[str, ...] | None = None
    sites: str | None = None
    explain: bool = False
    wait: bool = False
    sql: bool = False
    objective: str | None = None
    max_bytes: int | None = None
    max_seconds: float | None = None

    @property
    def wanted(self) -> dict[str, object]:
        """The preferences that the line names."""
        named = {name: getattr(self, name) for name in ("objective", "max_bytes", "max_seconds")}
        return {name: value for name, value in named.items() if value is not None}


def parse_options(line: str) -> Options:
    """Read the line of a ``%%wayang`` cell.

    Raises
    ------
    OperatorError
        If an option is unknown or lacks its value.

    Examples
    --------
    >>> parse_options("heart << --sites hospitals --wait")
    Options(label='', store='heart', form=None, platforms=None, sites='hospitals', explain=False, wait=True, sql=False, objective=None, max_bytes=None, max_seconds=None)
    """
    words = _words(line)
    store, rest = (words[0], words[2:]) if words[1:2] == ["<<"] else (None, words)
    if store is not None:
        _variable(store)
    flags: set[str] = set()
    values: dict[str, str] = {}
    labels: list[str] = []
    while rest:
        word, rest = rest[0], rest[1:]
        if word == "-o":
            store, rest = _variable(_value("-o", rest)), rest[1:]
        elif not word.startswith("-"):
            labels.append(word)
        elif word[2:] in _FLAGS:
            flags.add(word[2:])
        else:
            name, given = _named(word)
            values[name], rest = (given, rest) if given is not None else (_value(word, rest), rest[1:])
    return _checked(store, flags, values, labels)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line.replace("<<", " << "))
    except ValueError as error:
        raise OperatorError(f"the line of the cell cannot be read: {str(error).lower()}", hint=_usage()) from error


def _named(word: str) -> tuple[str, str | None]:
    name, equals, given = word.removeprefix("--").partition("=")
    if not word.startswith("--") or name not in _VALUES:
        guess = closest(name.lstrip("-"), (*_FLAGS, *_VALUES))
        raise OperatorError(
            f"there is no option {word}." + (f" Did you mean --{guess}?" if guess else ""), found=word, hint=_usage()
        )
    return name, given if equals else None


def _value(option: str, rest: list[str]) -> str:
    if not rest or rest[0].startswith("-"):
        raise OperatorError(f"{option} needs a value", hint=_usage())
    return rest[0]


def _variable(name: str) -> str:
    if not name.isidentifier():
        raise OperatorError(f"{name} cannot be the name of a variable", hint=_usage())
    return name


def _checked(store: str | None, flags: set[str], values: dict[str, str], labels: list[str]) -> Options:
    form = values.get("as")
    if form is not None and form not in _FORMS:
        raise OperatorError(f"--as takes {', '.join(_FORMS)}, not {form}", hint=_usage())
    objective = values.get("objective")
    if objective is not None and objective not in OBJECTIVES:
        raise OperatorError(f"--objective takes {', '.join(OBJECTIVES)}, not {objective}", hint=_usage())
    if len(labels) > 1:
        raise OperatorError(f"the cell has one name, not {' and '.join(labels)}", hint=_usage())
    platforms = (
        tuple(name.strip() for name in values["platforms"].split(",") if name.strip())
        if "platforms" in values
        else None
    )
    if platforms == ():
        raise OperatorError("--platforms names no platform", hint=_usage())
    return Options(
        label=labels[0] if labels else "",
        store=store,
        form=form,
        platforms=platforms,
        sites=values.get("sites"),
        explain="explain" in flags,
        wait="wait" in flags,
        sql="sql" in flags,
        objective=objective,
        max_bytes=_bytes(values["max-bytes"]) if "max-bytes" in values else None,
        max_seconds=_seconds(values["max-seconds"]) if "max-seconds" in values else None,
    )


def _bytes(written: str) -> int:
    """Return a number of bytes, as in ``200000``, ``200kB``, ``1.5MB``."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([kmg]?)b?", written.lower())
    if found is None:
        raise OperatorError(f"--max-bytes takes a number of bytes, not {written}", hint="as in --max-bytes 2MB")
    return int(float(found[1]) * _UNITS[found[2]])


def _seconds(written: str) -> float:
    if re.fullmatch(r"\d+(\.\d+)?", written) is None:
        raise OperatorError(f"--max-seconds takes a number of seconds, not {written}", hint="as in --max-seconds 60")
    return float(written)


def _usage() -> str:
    return "%%wayang [NAME <<] [-o NAME] [--as pandas|polars|arrow] [--platforms a,b] [--sites FEDERATION] [--explain] [--wait] [--sql] [--objective time|bytes|money] [--max-bytes N] [--max-seconds S]"
