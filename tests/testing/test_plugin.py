"""What a third party does: a distribution with an entry point, and the suite by the option of the plug-in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SUITE = (
    "-m",
    "pytest",
    "-q",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:randomly",
    "--pyargs",
    "jupyter_wayang.testing.suite",
)

BROKEN = """
import dataclasses
import arrow_platform as other
from jupyter_wayang.plan.operators import Filter

class Keeping(other.ArrowEngine):
    def apply(self, operator, inputs, schemas, frames, salt):
        return inputs if isinstance(operator, Filter) else super().apply(operator, inputs, schemas, frames, salt)

PLATFORM = dataclasses.replace(other.PLATFORM, engine=lambda: Keeping)
"""

SESSION = """
import jupyter_wayang as wy
with __import__("contextlib").closing(wy.Session()) as session:
    ages = session.values([{"age": 17}, {"age": 42}]).filter(wy.col.age > 18).on("arrow")
    print(ages.plan())
    print(ages.run().to_arrow().to_pylist())
"""


def python(*arguments, path, cwd):
    paths = os.pathsep.join([str(path), str(HERE), *sys.path])
    environment = {**os.environ, "PYTHONPATH": paths}
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=cwd, timeout=300, check=False)


@pytest.fixture
def installed(tmp_path):
    """A folder as pip leaves it: a distribution that names the platform."""
    made = tmp_path / "arrow_wayang-1.0.dist-info"
    made.mkdir()
    (made / "METADATA").write_text("Metadata-Version: 2.1\nName: arrow-wayang\nVersion: 1.0\n")
    (made / "entry_points.txt").write_text("[jupyter_wayang.platforms]\narrow = arrow_platform:PLATFORM\n")
    return tmp_path


@pytest.mark.slow
def test_the_suite_runs_on_a_platform_by_its_name(installed):
    done = python(*SUITE, "--wayang-platform", "arrow", "-k", "filter or limit", path=installed, cwd=installed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout


@pytest.mark.slow
def test_the_suite_finds_a_platform_that_is_wrong(tmp_path):
    (tmp_path / "broken_platform.py").write_text(BROKEN)
    name = "broken_platform:PLATFORM"
    done = python(*SUITE, "--wayang-platform", name, "-k", "filter", path=tmp_path, cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "failed" in done.stdout


@pytest.mark.slow
def test_the_suite_asks_for_a_platform(tmp_path):
    done = python(*SUITE, "-k", "kept", path=tmp_path, cwd=tmp_path)
    assert done.returncode != 0
    assert "--wayang-platform NAME" in done.stdout + done.stderr


@pytest.mark.slow
def test_a_session_plans_and_runs_on_it(installed):
    done = python("-c", SESSION, path=installed, cwd=installed)
    assert done.returncode == 0, done.stderr
    assert "Arrow" in done.stdout
    assert "[{'age': 42}]" in done.stdout


@pytest.mark.slow
def test_the_suite_for_strategies_runs_by_the_option(tmp_path):
    (tmp_path / "my_strategy.py").write_text(
        "from jupyter_wayang.federation.strategies.fedavg import FedAvg\n"
        "class Mine(FedAvg, frozen=True, kw_only=True):\n"
        "    def apply(self, state, updates):\n"
        "        return super().apply(state, updates[:1])\n"
    )
    suite = (*SUITE[:-1], "jupyter_wayang.testing.strategy_suite")
    done = python(
        *suite,
        *("--wayang-strategy", "fedavg(learning_rate=0.5)"),
        *("--wayang-strategy", "my_strategy:Mine(learning_rate=0.5)"),
        path=tmp_path,
        cwd=tmp_path,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "test_the_order_of_sites_does_not_matter[my_strategy:Mine(learning_rate=0.5)]" in done.stdout
    assert "1 failed, 21 passed" in done.stdout
    done = python(*suite, path=tmp_path, cwd=tmp_path)
    assert "--wayang-strategy 'NAME(learning_rate=0.5)'" in done.stdout + done.stderr
