"""Starting and ending Spark's Java, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from jupyter_wayang.platforms.spark import PLATFORM

pytestmark = [pytest.mark.spark, pytest.mark.slow]

_LIFE = """
import os, pathlib, signal, sys, tempfile, threading
import pyarrow as pa
from jupyter_wayang.errors import PlatformError
from jupyter_wayang.plan.operators import ReadFrame
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.spark import PLATFORM

before = dict(os.environ)
read = ReadFrame(key="k", label="k", schema=Schema.of(x="int64"))

def opened():
    engine = PLATFORM.open(pathlib.Path(sys.argv[1]))
    payload = engine.apply(read, (), (), {"k": pa.table({"x": [1, 2]})}, "")[0]
    return engine, payload, engine.session.sparkContext._gateway.proc

engines, threads = [], []
for _ in range(2):
    threads.append(threading.Thread(target=lambda: engines.append(opened())))
    threads[-1].start()
for thread in threads:
    thread.join()
(engine, payload, java), (_, _, other) = engines
assert java is other and engine.count(payload) == 2
assert dict(os.environ) == before
print(java.pid)

java.kill()
java.wait()
try:
    engine.count(payload)
except PlatformError as error:
    print(error.message)
engine, payload, java = opened()
assert engine.count(payload) == 2
print(java.pid)
"""


def _run(script, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
        timeout=200,
    )


def _gone(pid):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_one_java_serves_all_dies_with_the_process_and_is_replaced_when_it_dies(tmp_path):
    if PLATFORM.missing():
        pytest.skip(PLATFORM.missing())
    done = _run(_LIFE, str(tmp_path))
    assert done.returncode == 0, done.stderr
    first, said, second = done.stdout.splitlines()
    assert said == "spark's Java process has ended"
    assert first != second
    assert _gone(int(second)), "Java outlives the process that started it"
    assert "WARN" not in done.stderr


_FAKE = """\
#!/usr/bin/env bash
case " $* " in
  *-XshowSettings*) printf '    java.home = {home}\\n    java.specification.version = 17\\n' >&2 ;;
  *) echo 'Error: Could not create the Java Virtual Machine.' >&2; exit 1 ;;
esac
"""

_START = """
from jupyter_wayang.errors import PlatformError
from jupyter_wayang.platforms.spark.start import new_session
try:
    new_session()
except PlatformError as error:
    print(error.render())
"""


@pytest.mark.skipif(os.name == "nt", reason="the Java that fails is a shell script")
def test_a_java_that_does_not_start_is_named_with_what_it_said(tmp_path):
    pytest.importorskip("pyspark")
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(_FAKE.format(home=tmp_path))
    java.chmod(0o755)
    done = _run(_START, JAVA_HOME=str(tmp_path))
    assert "PlatformError: Spark cannot be started: Java ended before Spark was up" in done.stdout, done.stderr
    assert "Error: Could not create the Java Virtual Machine." in done.stdout
    assert "Java 17 or newer" in done.stdout
    assert done.stderr == ""
