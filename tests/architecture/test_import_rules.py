from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def lint_imports(source: Path) -> subprocess.CompletedProcess[str]:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", program, "--no-cache", "--config", str(ROOT / "pyproject.toml")]
    environment = {**os.environ, "PYTHONPATH": str(source)}
    return subprocess.run(
        command, cwd=source.parent, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_rooms_import_downwards_only():
    result = lint_imports(ROOT / "src")
    assert result.returncode == 0, result.stdout + result.stderr


def package(tmp_path: Path, **rooms: str) -> Path:
    source = tmp_path / "src"
    for room in ("", *rooms):
        folder = source / "jupyter_wayang" / room
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").write_text(rooms.get(room, ""))
    return source


def test_a_clean_package_is_kept_though_rooms_are_missing(tmp_path):
    result = lint_imports(package(tmp_path, plan="", platforms="import jupyter_wayang.plan"))
    assert result.returncode == 0, result.stdout + result.stderr


def test_an_upward_import_is_seen(tmp_path):
    result = lint_imports(package(tmp_path, plan="import jupyter_wayang.platforms", platforms=""))
    assert result.returncode == 1
    assert "Rooms import downwards only BROKEN" in result.stdout


def test_strangers_are_kept_apart(tmp_path):
    result = lint_imports(package(tmp_path, optimizer="import jupyter_wayang.federation", federation=""))
    assert result.returncode == 1
    assert "Rooms import downwards only BROKEN" in result.stdout


def test_a_site_that_reads_program_text_is_seen(tmp_path):
    result = lint_imports(package(tmp_path, site="import jupyter_wayang.language", language=""))
    assert result.returncode == 1
    assert "A site reads no program text and knows no notebook BROKEN" in result.stdout


def test_a_site_that_needs_ipython_is_seen(tmp_path):
    source = package(tmp_path, site="")
    (source / "jupyter_wayang" / "site" / "agent.py").write_text("import IPython")
    result = lint_imports(source)
    assert result.returncode == 1
    assert "A site runs without IPython BROKEN" in result.stdout


def test_example_data_stays_out_of_the_engine(tmp_path):
    result = lint_imports(package(tmp_path, optimizer="import jupyter_wayang.datasets", datasets=""))
    assert result.returncode == 1
    assert "Example data is for the demo and the notebook BROKEN" in result.stdout


def test_a_room_without_a_place_is_seen(tmp_path):
    result = lint_imports(package(tmp_path, attic=""))
    assert result.returncode == 1
    assert "jupyter_wayang.attic" in result.stdout
