"""Worker processes end with whoever started them, whatever they do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

_PARENT = """
import os, sys
from pathlib import Path
import cloudpickle, pyarrow as pa
from jupyter_wayang.plan.operators.functions import FilterBy, FunctionRef
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.functions import Call, Function
from jupyter_wayang.platforms.python.engine import PythonEngine

def never(row):
    import os
    print(os.getpid())
    while True:
        pass

engine = PythonEngine(Path(sys.argv[1]))
call = Call(function=Function(name="never", pickled=cloudpickle.dumps(never)), printed=lambda text: print(text, flush=True))
engine.call(FilterBy(function=FunctionRef(name="never", key="never")), (pa.table({"a": [1]}),), (Schema.of(a="int64"),), call)
"""


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A process that ended and that nobody waits for any more.
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_worker_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert not _gone(worker)
        parent.send_signal(signal.SIGKILL)
    until = time.monotonic() + 20
    while not _gone(worker):
        assert time.monotonic() < until, "the worker outlives its parent"
        time.sleep(0.01)
