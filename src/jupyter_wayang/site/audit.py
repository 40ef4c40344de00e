"""The audit of a site: what was asked and what left, one line each, kept at the site."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Lock

from jupyter_wayang.plan.logical import Port
from jupyter_wayang.transport import messages

__all__ = ["Audit", "detail_of", "held_back"]


class Audit:
    """Appends to a file of JSON lines; without a path it keeps nothing.

    Parameters
    ----------
    path
        The file, made with its folder at the first entry.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = Lock()

    def record(
        self,
        *,
        site: str,
        analyst: str,
        run: str,
        asked: str,
        detail: str,
        answered: str,
        held: str | None,
        bytes_out: int,
    ) -> None:
        """Write down who asked what in which run, what was answered and held back, and how many bytes left."""
        line = {"site": site, "analyst": analyst, "run": run, "asked": asked, "detail": detail, "answered": answered}
        self._append({**line, "held": held, "bytes_out": bytes_out})

    def failed(self, *, site: str, run: str, text: str) -> None:
        """Keep the traceback of an error that nobody foresaw."""
        self._append({"site": site, "run": run, "failed": text})

    def _append(self, line: Mapping[str, object]) -> None:
        if self._path is None:
            return
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"at_s": round(time.time(), 3), **line}) + "\n")


def held_back(answer: messages.Answer) -> str | None:
    """Return what an answer holds back and why, for whoever reads the audit."""
    match answer:
        case messages.Aggregated(note=note) | messages.Scored(note=note) | messages.Summed(note=note):
            return note
        case messages.Failure(kind=kind, message=message):
            return f"{kind}: {message}"
    return None


def detail_of(message: messages.Request) -> str:
    """Write down what a request asks for, for whoever reads the audit."""
    match message:
        case messages.Describe(table=table):
            return table
        case messages.SubmitPlan(plan=plan):
            return "; ".join(f"{node.operator.verb}({node.operator.describe()})" for node in plan.nodes)
        case messages.Aggregate(port=port, operator=operator, purpose=purpose):
            return f"{purpose} over {port.node}: {operator.describe()}"
        case (
            messages.Sum(node=node, round=number)
            | messages.Train(node=node, round=number)
            | messages.Secure(node=node, round=number)
            | messages.Score(node=node, round=number)
            | messages.Turn(node=node, round=number)
        ):
            return f"{node}, round {number}"
        case messages.Sample(operator=operator):
            return f"{operator.verb}({operator.describe()})"
        case messages.Learned(node=node) | messages.Collect(port=Port(node=node)):
            return node
    return ""
