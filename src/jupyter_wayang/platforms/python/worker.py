"""A process that runs functions of the notebook, so that one that never returns or breaks down harms nobody else.

Started as ``python -m jupyter_wayang.platforms.python.worker`` by the engine, which is the only one to write to its
pipe. It ends when that pipe is closed.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import queue
import sys
import threading
import time
from typing import IO

import msgspec
import pyarrow as pa

from jupyter_wayang.plan.operators.functions import Calling
from jupyter_wayang.platforms.python import frames
from jupyter_wayang.platforms.python.calls import RaisedError, apply, report
from jupyter_wayang.platforms.python.job import Job
from jupyter_wayang.platforms.python.rows import WrongShapeError

__all__ = ["main"]

_PRINTED_MOST = 100_000


def main() -> None:
    """Do one job after the other, until the pipe is closed."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # What C code prints goes where errors go: the pipe belongs to the answers.
    os.dup2(2, 1)
    sys.stdin = io.StringIO()
    incoming: queue.SimpleQueue[tuple[bytes, bytes]] = queue.SimpleQueue()
    threading.Thread(target=_reading, args=(requests, incoming), daemon=True).start()
    # Arrow looks for pandas when it makes its first array: that is no function's time.
    pa.array([0])
    answers.write(b"\n")
    answers.flush()
    while True:
        _, body = incoming.get()
        job = msgspec.json.decode(body, type=Job)
        _, pickled = incoming.get()
        tables = [_table(incoming.get()[1]) for _ in range(job.tables)]
        keys = [_table(incoming.get()[1]) for _ in range(job.keys)]
        _answer(job, pickled, tables, keys, answers)


def _reading(pipe: IO[bytes], incoming: queue.SimpleQueue[tuple[bytes, bytes]]) -> None:
    """Read ahead, also while a function runs: whoever started this process may end, and then so does it."""
    try:
        while True:
            incoming.put(frames.read(pipe))
    except (EOFError, OSError):
        os._exit(0)


def _answer(job: Job, pickled: bytes, tables: list[pa.Table], keys: list[pa.Table], answers: IO[bytes]) -> None:
    printer = _Printer(answers)
    sys.stdout = sys.stderr = printer
    assert isinstance(job.operator, Calling)  # noqa: S101 - the engine sends nothing else
    began = time.perf_counter()
    try:
        # The pipe is the person's own, and so is the function: nothing from a network comes here.
        function = pickle.loads(pickled)  # noqa: S301
        loaded = time.perf_counter()
        made = apply(job.operator, function, tables, keys)
        seconds = time.perf_counter() - loaded
    except (RaisedError, WrongShapeError) as error:
        printer.close()
        _write(answers, frames.ERROR, json.dumps(report(error, function, tables[0])).encode())
        return
    except Exception as error:  # noqa: BLE001 - whatever it is, the other end is told, and the worker lives on
        printer.close()
        told = {"wrong": f"could not be run: {type(error).__name__}: {error}", "number": 0}
        _write(answers, frames.ERROR, json.dumps(told).encode())
        return
    finally:
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    printer.close()
    _write(answers, frames.RESULT, json.dumps({"seconds": seconds, "started": loaded - began}).encode())
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, made.schema) as writer:
        writer.write_table(made)
    _write(answers, frames.TABLE, memoryview(sink.getvalue()))


def _write(pipe: IO[bytes], kind: bytes, body: bytes | memoryview) -> None:
    frames.write(pipe, kind, body)
    pipe.flush()


def _table(body: bytes) -> pa.Table:
    return pa.ipc.open_stream(body).read_all()


class _Printer(io.TextIOBase):
    """Sends on what a function prints, a line at a time, and no more than a reader would read."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._begun = ""
        self._left = _PRINTED_MOST

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._begun += text
        if "\n" in self._begun:
            lines, _, self._begun = self._begun.rpartition("\n")
            self._send(lines + "\n")
        return len(text)

    def close(self) -> None:
        if self._begun:
            self._send(self._begun + "\n")
            self._begun = ""

    def _send(self, text: str) -> None:
        if self._left <= 0:
            return
        if len(text) > self._left:
            text = text[: self._left] + "…\n(more was printed than is shown)\n"
        self._left -= len(text)
        _write(self._pipe, frames.PRINTED, text.encode("utf-8", "replace"))


if __name__ == "__main__":
    main()
