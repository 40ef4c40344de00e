"""Servers of Spark, each a process that is started from the jars of the wheel."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from jupyter_wayang.platforms.spark.java import find_java

START_S = 120.0


@contextmanager
def connect(folder: Path) -> Iterator[str]:
    """Start a server of Spark Connect, with tables in a folder, and give its address."""
    port = _free()
    settings = {
        "spark.connect.grpc.binding.port": port,
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.master": "local[2]",
        "spark.ui.enabled": "false",
        "spark.sql.warehouse.dir": (folder / "warehouse").as_uri(),
        "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    }
    command = ["org.apache.spark.deploy.SparkSubmit"]
    command += [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
    with _running(command, folder, port):
        yield f"sc://127.0.0.1:{port}"


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Start a master and a worker, and give the address of the master."""
    port, page = _free(), _free()
    where = f"spark://127.0.0.1:{port}"
    ports = ["--host", "127.0.0.1", "--port", str(port), "--webui-port", str(page)]
    worker = ["--host", "127.0.0.1", "--cores", "2", "--memory", "1g", "--webui-port", "0", "--work-dir", str(folder)]
    with (
        _running(["org.apache.spark.deploy.master.Master", *ports], folder, port),
        _running(["org.apache.spark.deploy.worker.Worker", *worker, where], folder),
    ):
        yield where


@contextmanager
def _running(command: list[str], folder: Path, port: int | None = None) -> Iterator[None]:
    import pyspark

    java, home = find_java(), Path(pyspark.__file__).parent
    assert java is not None
    environment = {**os.environ, "JAVA_HOME": str(java.path), "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}
    environment |= {"PYSPARK_PYTHON": sys.executable, "PYTHONPATH": os.pathsep.join(sys.path)}
    log = folder / f"{command[0].rpartition('.')[2]}.log"
    with log.open("wb") as heard:
        process = subprocess.Popen(
            [str(home / "bin" / "spark-class"), *command], env=environment, stdout=heard, stderr=heard, cwd=folder
        )
    try:
        if port is not None:
            _answers(process, port, log)
        yield
    finally:
        process.terminate()
        process.wait(START_S)


def _answers(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1.0).close()
            return
        time.sleep(0.05)
    raise AssertionError(f"no server at port {port}:\n{log.read_text()[-2000:]}")


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
