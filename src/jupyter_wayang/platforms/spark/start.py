"""One local Spark for the process: started when the first engine needs it, kept warm, and shared by all engines.

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

from jupyter_wayang.errors import PlatformError
from jupyter_wayang.platforms.spark.java import find_java, why_not

if TYPE_CHECKING:
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

__all__ = ["NO_PYSPARK", "load", "new_session"]

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

_loading = threading.Lock()
_lock = threading.Lock()


def new_session() -> SparkSession:
    """Return a session of its own on the process's Spark, which is started first where it does not run.

    Returns
    -------
    pyspark.sql.SparkSession
        With the settings that give SQL the one meaning of all platforms. A Spark that the user of the notebook started
        in this process is used as it is.

    Raises
    ------
    PlatformError
        If there is no pyspark or no Java, or if Java ends before Spark is up.
    """
    load()
    from pyspark.sql import SparkSession

    _silence_pandas()
    with _lock:
        context = _running() or _started()
        session = SparkSession(context).newSession()
    for key, value in _SESSION.items():
        session.conf.set(key, value)
    session.conf.set("spark.sql.shuffle.partitions", str(min(context.defaultParallelism, _MOST_PARTITIONS)))
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


def _started() -> SparkContext:
    from pyspark import SparkContext
    from pyspark.errors import PySparkException

    launch_gateway = importlib.import_module("pyspark.java_gateway").launch_gateway  # it has no types
    java = find_java()
    if java is None:
        raise PlatformError(f"Spark cannot be started: {why_not()}", hint=_JAVA_HINT)
    # What Java and Spark print goes to a file without a name: shown only if the start fails.
    with tempfile.TemporaryFile() as log, _environment(JAVA_HOME=str(java.path)):
        configuration = _configuration()
        try:
            if SparkContext._gateway is None:  # noqa: SLF001
                gateway = launch_gateway(configuration, popen_kwargs={"stdout": log, "stderr": log})
                return SparkContext(gateway=gateway, conf=configuration)
            return SparkContext(conf=configuration)
        except (PySparkException, OSError) as error:
            raise _failed(java.path, log) from error


_JAVA_HINT = "install a Java 17 or newer, or the extra `java`, which brings one; or leave spark out of the platforms"


def _configuration() -> SparkConf:
    from pyspark import SparkConf

    folder = tempfile.gettempdir()
    settings = {**_PROCESS, "spark.sql.warehouse.dir": os.path.join(folder, "spark-warehouse")}  # noqa: PTH118
    return SparkConf(loadDefaults=False).setAll(list(settings.items()))


@contextmanager
def _environment(**extra: str) -> Iterator[None]:
    """Set what Spark reads from the environment at its start, and put it back."""
    wanted = {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable, **extra}
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
