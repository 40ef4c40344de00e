"""Sessions on a Spark: that of this process, which is started when the first engine needs it, or one that was named.

The process has one Spark, on this machine or on a cluster, kept warm and shared by all engines. Behind Spark Connect it
belongs to a server, and each session is one of its own there.

Every engine works in a session of its own (settings and views), so that neither another site's engine nor a Spark of
the notebook's user is disturbed. Nothing stops Spark but the end of the process, which ends its Java too.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from jupyter_wayang.errors import PlatformError
from jupyter_wayang.platforms.spark.java import find_java, why_not
from jupyter_wayang.platforms.spark.places import NO_CONNECT, OWN, address, answering, is_connect, is_own

if TYPE_CHECKING:
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

__all__ = ["NO_PYSPARK", "load", "new_session", "persons_session"]

NO_PYSPARK = "pyspark is not installed (extra `spark`)"


_PROCESS = {
    "spark.master": "local[*]",
    "spark.app.name": "jupyter-wayang",
    # Loopback only, and no web page that shows data to whoever asks.
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    # One small process: compile little and collect with one thread, which starts in two thirds of the time.
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    "spark.driver.memory": "2g",
    "spark.driver.maxResultSize": "0",
    "spark.sql.catalogImplementation": "in-memory",
}

_SESSION = {
    # What Spark concludes of kept rows it later takes for true of other columns: a union of them then fails.
    "spark.sql.constraintPropagation.enabled": "false",
    # One meaning everywhere: exact names, errors instead of wraps, moments without a zone.
    "spark.sql.caseSensitive": "true",
    "spark.sql.ansi.enabled": "true",
    # A product of decimals keeps its digits, or fails.
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # Planning again between stages costs a quarter of a small query's time.
    "spark.sql.adaptive.enabled": "false",
}

_MOST_PARTITIONS = 8
_RETRIES = 5
"""Each after four times as long as the one before: some 17 seconds in all."""

_loading = threading.Lock()
_lock = threading.Lock()


def new_session(place: str = OWN) -> SparkSession:
    """Return a session of its own on a Spark, which is started first where it is this process's and does not run.

    Parameters
    ----------
    place
        The name of a connection, or ``spark``: the Spark of this process. One that the user of the notebook started is
        used as it is.

    Returns
    -------
    pyspark.sql.SparkSession
        With the settings that give SQL the one meaning of all platforms.

    Raises
    ------
    PlatformError
        If there is no pyspark or no Java, if Java ends before Spark is up, if a server cannot be reached, or if another
        cluster's Spark runs in this process.
    """
    load()
    _silence_pandas()
    if is_connect(place):
        return _served(place)
    from pyspark.sql import SparkSession

    with _lock:
        context = _context(place)
        session = SparkSession(context).newSession()
    for key, value in _SESSION.items():
        session.conf.set(key, value)
    session.conf.set("spark.sql.shuffle.partitions", str(min(context.defaultParallelism, _MOST_PARTITIONS)))
    return session


def persons_session(session: SparkSession) -> SparkSession:
    """Return the session of who started the Spark of this process: it has the temporary views of the notebook."""
    from pyspark.sql import SparkSession

    return SparkSession(session.sparkContext)


def _context(place: str) -> SparkContext:
    running, where = _running(), "" if is_own(place) else address(place)
    if running is not None and where and running.master != where:
        raise PlatformError(
            f"{place} is {where}, and the Spark of this process runs at {running.master}",
            hint="a process has one: restart the notebook's kernel, and connect before anything runs on Spark",
        )
    if running is None and where:
        answering(place, where)
    return running or _started(where)


def _served(place: str) -> SparkSession:
    """Return a session on a server."""
    where = address(place)
    try:
        client = importlib.import_module("pyspark.sql.connect.client.retries")
        sessions = importlib.import_module("pyspark.sql.connect.session")
    except ImportError as error:
        raise PlatformError(f"{place} cannot be used: {NO_CONNECT}", hint=str(error).splitlines()[0]) from error
    answering(place, where)
    # Made by itself, it becomes nobody's default session.
    session: SparkSession = sessions.SparkSession(connection=where)
    session.client.set_retry_policies([client.DefaultPolicy(max_retries=_RETRIES)])
    for key, value in _SESSION.items():
        session.conf.set(key, value)
    return session


def load() -> None:
    """Import pyspark. Its modules import each other in a circle, which two threads at once would find half done.

    Raises
    ------
    PlatformError
        If it is not installed.
    """
    with _loading:
        try:
            importlib.import_module("pyspark.sql")
        except ImportError as error:
            raise PlatformError(f"Spark cannot be started: {NO_PYSPARK}", hint=str(error)) from error


def _silence_pandas() -> None:
    # Said of every conversion; ours go through Arrow. Removed and added again, the filter stays one and stays first.
    text = "PySpark does not yet fully support pandas"
    warnings.filterwarnings("ignore", message=text, category=FutureWarning)


def _running() -> SparkContext | None:
    from pyspark import SparkContext

    context = SparkContext._active_spark_context  # noqa: SLF001 - the only way to ask without starting one
    if context is None or context._jsc is None:  # noqa: SLF001
        return None
    process = getattr(context._gateway, "proc", None)  # noqa: SLF001
    if process is not None and process.poll() is not None:
        _forget(context)
        return None
    return context


def _forget(context: SparkContext) -> None:
    # pyspark keeps the gateway to a Java that was killed, and would go on talking to it for ever.
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    context._jsc = None  # noqa: SLF001
    SparkContext._active_spark_context = None  # noqa: SLF001
    SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001
    SparkSession._instantiatedSession = None  # noqa: SLF001


def _started(master: str = "") -> SparkContext:
    from pyspark import SparkContext
    from pyspark.errors import PySparkException

    launch_gateway = importlib.import_module("pyspark.java_gateway").launch_gateway  # it has no types
    java = find_java()
    if java is None:
        raise PlatformError(f"Spark cannot be started: {why_not()}", hint=_JAVA_HINT)
    # What Java and Spark print goes to a file without a name: shown only if the start fails.
    with tempfile.TemporaryFile() as log, _environment(master, JAVA_HOME=str(java.path)):
        configuration = _configuration(master)
        try:
            if SparkContext._gateway is None:  # noqa: SLF001
                gateway = launch_gateway(configuration, popen_kwargs={"stdout": log, "stderr": log})
                return SparkContext(gateway=gateway, conf=configuration)
            return SparkContext(conf=configuration)
        except (PySparkException, OSError) as error:
            raise _failed(java.path, log) from error


_JAVA_HINT = "install a Java 17 or newer, or the extra `java`, which brings one; or leave spark out of the platforms"


def _configuration(master: str = "") -> SparkConf:
    from pyspark import SparkConf

    folder = tempfile.gettempdir()
    settings = {**_PROCESS, "spark.sql.warehouse.dir": os.path.join(folder, "spark-warehouse")}  # noqa: PTH118
    if master:
        settings["spark.master"] = master
    if not _on_loopback(master):
        # Executors on other machines call back.
        del settings["spark.driver.host"], settings["spark.driver.bindAddress"]
    return SparkConf(loadDefaults=False).setAll(list(settings.items()))


def _on_loopback(master: str) -> bool:
    return not master or urlsplit(master).hostname in {"127.0.0.1", "localhost", "::1"}


@contextmanager
def _environment(master: str = "", **extra: str) -> Iterator[None]:
    """Set what Spark reads from the environment at its start, and put it back."""
    wanted = {"PYSPARK_PYTHON": sys.executable, **extra}
    if _on_loopback(master):
        wanted["SPARK_LOCAL_IP"] = "127.0.0.1"
    elif "PYSPARK_PYTHON" in os.environ:
        del wanted["PYSPARK_PYTHON"]  # that of machines which are not this one
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _failed(java: os.PathLike[str], log: IO[bytes]) -> PlatformError:
    log.seek(0)
    lines = [line.strip() for line in log.read().decode(errors="replace").splitlines()]
    telling = [line for line in lines if "rror" in line or "xception" in line]
    said = (telling or [line for line in lines if line])[:1]
    return PlatformError(
        "Spark cannot be started: Java ended before Spark was up",
        hint=f"try {os.fspath(java)}/bin/java -version; " + _JAVA_HINT,
        facts=[("Java", os.fspath(java)), *(("it said", line) for line in said)],
    )
