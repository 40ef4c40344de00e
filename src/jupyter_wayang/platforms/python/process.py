"""Worker processes, as the engine sees them: started when needed, used by one call at a time, ended by force."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from jupyter_wayang.errors import PlatformError, RunStoppedError
from jupyter_wayang.plan.operators.functions import Calling
from jupyter_wayang.platforms.functions import Call, failed
from jupyter_wayang.platforms.python import frames
from jupyter_wayang.platforms.python.job import encoded

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Worker", "Workers"]


class Worker:
    """A running worker."""

    def __init__(self) -> None:
        # Functions find what the notebook finds: the same modules, and the same folder.
        path = os.pathsep.join(part or str(Path.cwd()) for part in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_wayang.platforms.python.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            # Ctrl-C in a terminal is for the session, which then ends its workers.
            start_new_session=True,
        )
        self._started = False
        self._in = cast("IO[bytes]", self._process.stdin)
        self._out = cast("IO[bytes]", self._process.stdout)

    def run(
        self, operator: Calling, call: Call, tables: Sequence[pa.Table], keys: Sequence[pa.Table]
    ) -> tuple[pa.Table, float]:
        """Do a job; return the rows that were made, and the seconds that the function took.

        Raises
        ------
        EOFError, OSError
            If the worker has ended.
        PlatformError
            If the function failed.
        """
        if not self._started:
            self._started = True
            if not self._out.read(1):
                raise EOFError
        frames.write(self._in, frames.JOB, encoded(operator, len(tables), len(keys)))
        frames.write(self._in, frames.FUNCTION, call.function.pickled)
        for table in (*tables, *keys):
            frames.write(self._in, frames.TABLE, _stream(table))
        self._in.flush()
        while True:
            kind, body = frames.read(self._out)
            if kind == frames.PRINTED:
                call.printed(body.decode())
            elif kind == frames.ERROR:
                raise failed(operator, call.function, json.loads(body))
            else:
                _, rows = frames.read(self._out)
                import pyarrow as pa

                return pa.ipc.open_stream(rows).read_all(), float(json.loads(body)["seconds"])

    def kill(self) -> None:
        """End it by force, whatever it does."""
        self._process.kill()

    def close(self) -> int:
        """End it, wait until it has ended, and free its pipes; return its exit code."""
        self._process.kill()
        code = self._process.wait()
        for pipe in (self._in, self._out):
            try:
                pipe.close()
            except OSError:
                # What it was not told any more cannot be flushed.
                continue
        return code


class Workers:
    """The workers of an engine. Each serves one call at a time; those that are free are kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: list[Worker] = []
        self._busy: set[Worker] = set()
        self._closed = False

    def run(
        self, operator: Calling, call: Call, tables: Sequence[pa.Table], keys: Sequence[pa.Table]
    ) -> tuple[pa.Table, float]:
        """Do a job on a free worker.

        Raises
        ------
        RunStoppedError
            If somebody wished to stop.
        PlatformError
            If the function failed, or brought its process down.
        """
        worker = self._taken()
        try:
            with call.stopping.ending(worker.kill):
                made = worker.run(operator, call, tables, keys)
        except (EOFError, OSError) as error:
            code = self._dropped(worker)
            if call.stopping.stopped or self._closed:
                raise RunStoppedError("the run was stopped") from error
            raise _ended(operator, call, code) from error
        except (PlatformError, RunStoppedError):
            self._given_back(worker)
            raise
        except BaseException:
            # An interrupt in the middle: what the worker says next would be taken for another answer.
            self._dropped(worker)
            raise
        self._given_back(worker)
        return made

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            self._closed = True
            free, self._free = self._free, []
            for worker in self._busy:
                worker.kill()
        for worker in free:
            worker.close()

    def _taken(self) -> Worker:
        with self._lock:
            if self._closed:
                raise PlatformError("this Python engine is closed", hint="open another one")
            worker = self._free.pop() if self._free else Worker()
            self._busy.add(worker)
            return worker

    def _given_back(self, worker: Worker) -> None:
        with self._lock:
            self._busy.discard(worker)
            if not self._closed:
                self._free.append(worker)
                return
        worker.close()

    def _dropped(self, worker: Worker) -> int:
        with self._lock:
            self._busy.discard(worker)
        return worker.close()


def _ended(operator: Calling, call: Call, code: int) -> PlatformError:
    how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
    return PlatformError(
        f"{call.function.name} of {operator.verb}() brought its process down, {how}",
        found=call.function.name,
        hint="it may have lacked memory, called exit(), or broken in compiled code",
    )


def _stream(table: pa.Table) -> memoryview:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return memoryview(sink.getvalue())
