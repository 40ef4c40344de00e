"""A server out of a wheel: it ends with whoever asked for it, and changes nobody's folders."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from jupyter_wayang.datasets import postgres

ASKING = """
import sys
from jupyter_wayang.datasets import postgres
print(postgres.address(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_is_root", lambda: True)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that everybody may enter, as those of tests are not, in which temporary folders are made."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve()
        folder.chmod(0o755)
        if any(part.stat().st_mode & 0o055 != 0o055 for part in folder.parents):
            pytest.skip("temporary folders cannot be entered by everybody on this machine")
        (folder / "tmp").mkdir(mode=0o755)
        monkeypatch.setattr(tempfile, "tempdir", str(folder / "tmp"))
        yield folder
        monkeypatch.undo()


def modes(folder: Path) -> list[int]:
    return [stat.S_IMODE(part.stat().st_mode) for part in (folder, *folder.parents)]


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.slow
@pytest.mark.skipif(postgres.missing() is not None, reason=f"no server here: {postgres.missing()}")
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_and_its_folder_go_with_a_process_that_is_killed(ending):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", ASKING], text=True, **pipes) as asking:
        data = Path(parse_qs(urlsplit(asking.stdout.readline().strip()).query)["host"][0])
        pid = int((data / "postmaster.pid").read_text().split()[0])
        assert not gone(pid)
        asking.send_signal(ending)
        # Until whoever stops the server has ended too.
        said = asking.stderr.read()
    assert not data.parent.exists(), said
    deadline = time.monotonic() + 60
    while not gone(pid):
        assert time.monotonic() < deadline, said


@pytest.mark.parametrize("mode", [0o700, 0o711])
def test_a_folder_that_the_server_may_not_enter_stays_as_it_is(root, place, mode):
    (place / "mine").mkdir()
    (place / "mine").chmod(mode)
    before = modes(place / "mine")
    home = postgres._home(place / "mine" / "project" / "postgres")
    assert home.parent == place / "tmp"
    assert list((place / "mine").iterdir()) == []
    assert modes(place / "mine") == before


def test_a_folder_that_the_server_may_enter_is_its_home(root, place):
    folder = place / "project" / "postgres"
    assert postgres._home(folder) == folder
    assert folder.is_dir()


def test_a_name_too_long_for_a_socket_is_none_for_root(root, place):
    assert postgres._home(place / ("x" * 100)).parent == place / "tmp"


def test_without_a_way_to_the_wheel_or_for_its_data_there_is_no_server(root, place, monkeypatch):
    wheel = place / "mine" / "pgserver"
    wheel.mkdir(parents=True)
    monkeypatch.setattr(postgres, "_wheel", lambda: ("pgserver", wheel))
    monkeypatch.setattr(postgres, "find_spec", lambda name: name)
    assert postgres.missing() is None
    wheel.parent.chmod(0o700)
    assert f"may not enter {wheel.parent}, where pgserver would be" in (postgres.missing() or "")
    wheel.parent.chmod(0o755)
    (place / "tmp").chmod(0o700)
    assert f"may not enter {place / 'tmp'}, where its data would be" in (postgres.missing() or "")
    assert stat.S_IMODE((place / "tmp").stat().st_mode) == 0o700
