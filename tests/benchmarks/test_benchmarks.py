"""The benchmarks run, and print what they promise; how long anything takes is no matter here."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_wayang.platforms import channels
from jupyter_wayang.platforms.registry import installed

FOLDER = Path(__file__).parents[2] / "benchmarks"
QUICK = {name: platform for name, platform in installed().items() if name != "spark" and platform.missing() is None}

pytestmark = pytest.mark.slow


def output(script: str, *arguments: str) -> str:
    command = [sys.executable, str(FOLDER / script), *arguments]
    environment = {**os.environ, "PYTHONWARNINGS": "default"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded(path: Path) -> object:
    spec = importlib.util.spec_from_file_location(f"costs_of_{path.parent.name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_costs_are_measured_for_all_that_platforms_declare(tmp_path):
    printed = output("fit_costs.py", "--quick", "--into", str(tmp_path))
    for name, platform in QUICK.items():
        made = loaded(tmp_path / name / "costs.py").COSTS
        # A function of a person costs what it costs: nothing is measured of it.
        assert set(made.operators) == set(platform.costs.operators), name
        assert set(made.conversions) == {f"{c.source}>{c.target}" for c in platform.conversions}, name
        for coefficient in (*made.operators.values(), *made.conversions.values()):
            parts = (coefficient.fixed_s, coefficient.row_s, coefficient.out_row_s, coefficient.byte_s)
            parts += (coefficient.operation_s, coefficient.decimal_s)
            assert min(parts) >= 0 < max(parts)
            assert coefficient.spread >= 1
        assert f"{platform.title}: start-up" in printed
    between = loaded(tmp_path / "channel_costs.py").COSTS
    assert set(between) == {f"{c.source}>{c.target}" for c in channels.CONVERSIONS}
    assert re.search(r"^join +[\d.e-]+ .*2,000: [\d.]+ +worst of all [\d.]+$", printed, re.MULTILINE)


def test_what_is_written_is_what_is_shipped_in_form(tmp_path):
    output("fit_costs.py", "--quick", "--platforms", "numpy", "--into", str(tmp_path))
    made, shipped = (
        (folder / "numpy" / "costs.py").read_text() for folder in (tmp_path, Path(channels.__file__).parent)
    )
    number = re.compile(r"\d{4}-\d\d-\d\d, .* memory|[\d.]+(e-\d+)?|, \w+_s=|\s")
    assert number.sub("", made) == number.sub("", shipped)


def rows_of(printed: str, head: str) -> list[list[str]]:
    """Return the cells of the Markdown table whose head begins so, without its head."""
    lines = printed.splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith(f"| {head}"))
    found = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def test_tables_of_rounds_planning_running_and_operators():
    printed = output("run.py", "--quick", "--without-browser")
    assert [row[0].split(" (")[0] for row in rows_of(printed, "seconds a round")][:2] == [
        "plain NumPy loop",
        "federation in this process",
    ]
    assert all(float(number) > 0 for row in rows_of(printed, "seconds a round") for number in row[1:])
    assert [row[0].split(",")[0] for row in rows_of(printed, "seconds a round, digits")][:2] == [
        "plain NumPy batch",
        "simulated clients",
    ]
    assert len(rows_of(printed, "LEAF's synthetic task")) == 2
    assert len(rows_of(printed, "Fed-Heart")) == 4
    assert len(rows_of(printed, "before anything runs")) == 3
    assert rows_of(printed, "filter of")[0][-1] == "1.0"
    tasks = rows_of(printed, "task")
    assert len(tasks) == 10
    assert all(float(row[2].replace(",", "")) > 0 for row in tasks), "the free plan of each was timed"
    for size in ("20", "100", "1,000"):
        table = rows_of(printed, f"{size} rows, ms")
        assert {row[0].split()[0].rstrip(",") for row in table} >= {
            "filter",
            "select",
            "group",
            "join",
            "sort",
            "split",
        }
        for row in table:
            times, (taken, ratio) = row[1:-2], row[-2:]
            assert sum(time.startswith("**") for time in times) == 1
            assert all(float(time.strip("*")) > 0 for time in times)
            assert taken in {platform.title for platform in QUICK.values()}
            assert float(ratio) >= 1


def test_fed_heart_comes_to_what_was_published():
    rows = {row[0]: row[1:] for row in rows_of(output("fed_heart.py"), "Fed-Heart")}
    pooled = {name: float(cells[4].split()[0]) for name, cells in rows.items()}
    assert abs(pooled["FedAvg, 0.001"] - 0.748) < 0.024, "one standard deviation of the published runs"
    assert abs(pooled["pooled, Adam 0.001"] - 0.795) < 0.01
    assert pooled["FedAvg, 0.01"] > 0.78
    larger = [float(cell) for cell in rows["always the larger class of the training rows"][:4]]
    assert larger == [0.538, 0.629, 0.938, 0.778]


def test_simulated_clients_learn_as_a_plain_batch_does():
    printed = output("simulation.py", "--quick")
    plain, ours, *rivals = rows_of(printed, "seconds a round, digits")
    assert plain[3] == ours[3], "the same accuracy"
    assert [row[0].split()[0] for row in rivals] == ["pfl-research", "Flower"]
    assert all("not timed: " in row[1] or float(row[1]) > 0 for row in rivals)
    for row in rows_of(printed, "LEAF's synthetic task"):
        last, first = map(float, row[4].split(", "))
        assert last > first
        assert float(row[3].replace(",", "")) < 2_000


@pytest.mark.browser
def test_table_of_widgets():
    table = rows_of(output("widgets.py", "--quick"), "from … until it is painted")
    assert [row[0].split(" (")[0] for row in table] == [
        "a plan of 10 operators",
        "a plan of 100 operators",
        "a plan of 300 operators",
        "a frame of 10 sites × 50 rounds × 3 metrics",
        "an event in the kernel, JupyterLab",
        "running a cell until its plan, JupyterLab",
    ]
    assert [row[-1] for row in table] == ["–", "–", "< 500", "–", "< 400", "< 300"]
    for row in table:
        middle, high = (float(cell.split()[0].replace(",", "")) for cell in row[1:3])
        assert 0 < middle <= high


def test_table_of_planning():
    printed = output("planning.py", "--quick")
    assert [row[0] for row in rows_of(printed, "operators × platforms")] == ["10 × 3", "20 × 3"]
    assert all(cell.endswith("ms") for row in rows_of(printed, "operators × platforms") for cell in row[1:4])


def test_table_of_plans_that_are_made_again():
    printed = output("replanning.py", "--quick")
    cases = rows_of(printed, "2,000 rows")
    assert [row[0].split(",")[0] for row in cases] == ["keeps 99.9 %", "keeps 99.9 %", "keeps 0.1 %"]
    assert {row[3] for row in cases} <= {"yes", "no"}
