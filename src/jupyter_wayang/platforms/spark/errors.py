"""What Spark throws, as one sentence for the person who asked: no Java stack, no address of a task, no value.

Spark runs a chain of operators at once and late, so each payload remembers its :class:`Step`; the piece of SQL that
Spark names as guilty tells which step it was.
"""

from __future__ import annotations

import importlib
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from jupyter_wayang.errors import DataError, PlatformError, WayangError
from jupyter_wayang.plan.operators.functions import Calling
from jupyter_wayang.platforms.functions import Function, failed
from jupyter_wayang.platforms.spark.functions import reported
from jupyter_wayang.platforms.spark.start import load

if TYPE_CHECKING:
    from pyspark.errors import PySparkException

    from jupyter_wayang.platforms.relational.sql import Source

__all__ = ["Step", "translated"]


@dataclass(frozen=True, kw_only=True)
class Step:
    """An operator that was added to what will run.

    ``verb`` is its word in a cell, ``source`` the statement up to it; a read has the name of its ``file`` instead, and
    what calls a function of the notebook has itself and the function.
    """

    verb: str
    source: Source | None = None
    file: str | None = None
    call: tuple[Calling, Function] | None = None

    def says(self, fragment: str) -> bool:
        """Tell whether a piece of SQL stands in the statement."""
        from jupyter_wayang.platforms.relational.sql import to_sql

        return self.source is not None and fragment in to_sql(self.source, "spark")

    def columns(self, fragment: str) -> tuple[str, ...]:
        """Return the columns of the statement whose expressions have a piece of SQL in them."""
        shown = self.source.expressions if self.source is not None else ()
        return tuple(column.alias_or_name for column in shown if fragment in column.sql(dialect="spark"))


_REASONS = {
    "ARITHMETIC_OVERFLOW": "a result does not fit into a 64-bit integer",
    "CAST_OVERFLOW": "a number does not fit into the type that is asked for",
    "CAST_INVALID_INPUT": "a value cannot be read as the type that is asked for",
    "NUMERIC_VALUE_OUT_OF_RANGE": "a result has more digits than its decimal",
    "DIVIDE_BY_ZERO": "a number is divided by zero",
    "UNRESOLVED_COLUMN": "there is no such column",
}
# Of these Spark names no piece of SQL. What they come from, the likeliest first.
_SILENT = {"ARITHMETIC_OVERFLOW": ("SUM(", "ABS(", "-"), "CAST_OVERFLOW": ("CAST(",)}
_CONDITION = re.compile(r"\[([A-Z][A-Z0-9_]+)(?:\.[A-Z0-9_]+)?\] ")
_CAUSE = re.compile(r"^(?:: |Caused by: )[\w.$]+(?:: (.*))?$", re.MULTILINE)
_NAME = re.compile(r"`((?:[^`]|``)+)`")
_FILE = re.compile(r"(?:while reading file|does not exist:?|file:?) file:/*(/\S+?)\.?(?=\s|$)")
# Spark ends its messages with advice about its settings, and with codes.
_ADVICE = re.compile(
    r"\s*(?:\.? Use [`']|If necessary|To (?:tolerate|return|process)|SQLSTATE|Parse Mode|== SQL|;$).*", re.DOTALL
)
_MISFIT = "a line does not have the columns that are expected, or a value not their type"
_DAMAGED = "it is missing, or damaged, or has changed since it was looked at"
_DEAD = "spark's Java process has ended"


_translating: ContextVar[bool] = ContextVar("translating", default=False)


def _quiet(record: logging.LogRecord) -> bool:
    # pyspark writes every failed statement to stderr, with values and Java's stack; we say it ourselves.
    return not _translating.get()


@contextmanager
def translated(steps: tuple[Step, ...] = ()) -> Iterator[None]:
    """Turn what Spark throws inside into an error of ours.

    Parameters
    ----------
    steps
        The operators that run in it, first to last.

    Raises
    ------
    DataError
        If a file cannot be read.
    PlatformError
        If anything else is wrong: a value, a statement, or Java has ended.
    """
    load()
    from pyspark.errors import PySparkException

    py4j = importlib.import_module("py4j.protocol")  # it ships no types

    _quieten()
    token = _translating.set(True)
    try:
        yield
    except PySparkException as error:
        told = reported(str(error))
        calls = [step.call for step in steps if step.call is not None]
        if told is not None and calls:
            raise failed(*calls[-1], told) from error
        raise _ours(_described(error), _fragment(error), steps) from error
    except py4j.Py4JJavaError as error:
        raise _of_causes([message for message in _CAUSE.findall(str(error)) if message], steps) from error
    except (py4j.Py4JNetworkError, ConnectionError) as error:
        raise PlatformError(
            _DEAD, hint="run it again: Spark is then started anew; it may have lacked memory"
        ) from error
    except py4j.Py4JError as error:
        raise PlatformError(f"spark failed: {_sentence(str(error))}") from error
    finally:
        _translating.reset(token)


def _quieten() -> None:
    from pyspark.logger import PySparkLogger

    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        PySparkLogger.getLogger(name).addFilter(_quiet)


def _described(error: PySparkException) -> str:
    condition = error.getCondition()
    if condition == "PYTHON_EXCEPTION":
        return (error.getMessageParameters() or {}).get("traceback", "").strip().splitlines()[-1]
    text = str(error).strip()
    return text if condition is None or text.startswith("[") else f"[{condition}] {text}"


def _fragment(error: PySparkException) -> str:
    """Return the piece of SQL that Spark names as guilty, if it names one."""
    for context in error.getQueryContext():
        if context.contextType().name == "SQL" and context.fragment():
            return str(context.fragment())
    return ""


def _ours(text: str, fragment: str, steps: tuple[Step, ...]) -> WayangError:
    condition = (_CONDITION.findall(text) or [""])[0]
    reason = _REASONS.get(condition)
    facts = [("spark", _sentence(text))] if reason else []
    step, piece = _guilty(steps, fragment, condition)
    if step is not None and step.file:
        column = _NAME.search(fragment)
        where = f" in the column {column.group(1)}" if column else ""
        return DataError(f'"{step.file}" cannot be read: {reason or _sentence(text)}{where}', facts=facts)
    said = fragment.replace("`", "")
    made = " or ".join(step.columns(piece)) if step is not None and piece else ""
    where = " = ".join(part for part in (made, said) if part)
    who = f"{step.verb}() failed on spark" if step is not None else "spark failed"
    return PlatformError(f"{who}: {reason or _sentence(text)}" + (f" in {where}" if where else ""), facts=facts)


def _of_causes(causes: list[str], steps: tuple[Step, ...]) -> WayangError:
    """Make an error of what Java reports, outermost first: the last one is what happened first, and tells most."""
    text = causes[-1] if causes else ""
    file = next((found for found in map(_FILE.search, causes) if found), None)
    if file is None:
        return _ours(text, "", steps)
    name = Path(unquote(file.group(1))).resolve().name
    misfit = any(condition.startswith("MALFORMED") for cause in causes for condition in _CONDITION.findall(cause))
    reason = _MISFIT if misfit else _DAMAGED
    return DataError(f'"{name}" cannot be read: {reason}', facts=[("spark", _sentence(text))])


def _guilty(steps: tuple[Step, ...], fragment: str, condition: str) -> tuple[Step | None, str]:
    """Return the step that failed, and the piece of its SQL that did."""
    if fragment:
        # Statements grow: the first one that says it is where it came in. What none says comes from a read.
        saying = next((step for step in steps if step.says(fragment)), None)
        return saying or next((step for step in steps if step.file), None), fragment
    for piece in _SILENT.get(condition, ()):
        for step in steps:
            if step.says(piece):
                return step, piece
    return (steps[-1] if len(steps) == 1 else None), ""


def _sentence(text: str) -> str:
    """Return the first line without Spark's codes and advice.

    Examples
    --------
    >>> _sentence("[DIVIDE_BY_ZERO] Division by zero. Use `try_divide` to tolerate … SQLSTATE: 22012")
    'Division by zero'
    """
    line = next((line for line in _CONDITION.sub("", text).splitlines() if line.strip()), "no reason given")
    return _ADVICE.sub("", line).strip().rstrip(".")[:200]
