"""The plug-in of pytest: which platform the suite runs on."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from jupyter_wayang.platforms.platform import Platform
    from jupyter_wayang.testing.runner import Bench

__all__ = ["bench", "platform_at", "pytest_addoption", "pytest_generate_tests"]

pytest.register_assert_rewrite("jupyter_wayang.testing.runner", "jupyter_wayang.testing.suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option and the setting."""
    meaning = "a platform that the conformance suite of jupyter-wayang runs on: its name, or package:attribute"
    parser.getgroup("wayang").addoption("--wayang-platform", action="append", metavar="NAME", help=meaning)
    parser.addini("wayang_platforms", meaning, type="args", default=[])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the suite once for every platform that was named."""
    names = _names(metafunc.config)
    if names and "bench" in metafunc.fixturenames and _is_ours(metafunc):
        metafunc.parametrize("bench", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """An open engine of the platform that was named."""
    from jupyter_wayang.testing.runner import Bench

    name = getattr(request, "param", None)
    if name is None:
        raise pytest.UsageError("which platform? pytest --wayang-platform NAME")
    platform = platform_at(name)
    reason = platform.missing()
    if reason is not None:
        pytest.fail(f"{platform.title} cannot be used here: {reason}")
    made = Bench.opened(platform, tmp_path_factory.mktemp(platform.name))
    yield made
    made.engine.close()


def platform_at(name: str) -> Platform:
    """Return a platform by its name, or by where it is, as in ``my_package:PLATFORM``.

    Examples
    --------
    >>> platform_at("jupyter_wayang.platforms.sqlite:PLATFORM").title
    'SQLite'
    """
    from jupyter_wayang.platforms.registry import named

    module, found, attribute = name.partition(":")
    if not found:
        return named([name])[0]
    platform: Any = getattr(import_module(module), attribute)
    made: Platform = platform
    return made


def _names(config: pytest.Config) -> list[str]:
    return list(config.getoption("--wayang-platform") or config.getini("wayang_platforms"))


def _is_ours(metafunc: pytest.Metafunc) -> bool:
    """Tell whether the fixture is the one above, and not one that stands nearer to the test."""
    found = metafunc._arg2fixturedefs.get("bench", ())  # noqa: SLF001 - pytest tells it nowhere else
    return bool(found) and found[-1].func.__module__ == __name__
