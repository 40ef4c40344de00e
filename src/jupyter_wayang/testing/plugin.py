"""The plug-in of pytest: which platforms and strategies the suites run on."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_wayang.errors import WayangError

if TYPE_CHECKING:
    from jupyter_wayang.federation.strategy import Strategy
    from jupyter_wayang.platforms.platform import Platform
    from jupyter_wayang.testing.runner import Bench

__all__ = ["bench", "platform_at", "pytest_addoption", "pytest_generate_tests", "strategy", "strategy_at"]

pytest.register_assert_rewrite(
    *(f"jupyter_wayang.testing.{name}" for name in ("runner", "strategy_suite", "suite", "trial"))
)

_OPTIONS = {
    "bench": (
        "platform",
        "platforms",
        "a platform that the conformance suite of jupyter-wayang runs on: its name, or package:attribute",
    ),
    "strategy": (
        "strategy",
        "strategies",
        "a strategy that its suite runs on, as in 'fedprox(learning_rate=0.5)', or package:attribute",
    ),
}
"""By fixture: what it is made of, of several, and what the option means."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the settings."""
    for one, several, meaning in _OPTIONS.values():
        parser.getgroup("wayang").addoption(f"--wayang-{one}", action="append", metavar="NAME", help=meaning)
        parser.addini(f"wayang_{several}", meaning, type="args", default=[])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the suites once for every platform, and for every strategy, that was named."""
    for fixture in _OPTIONS:
        names = _names(metafunc.config, fixture)
        if names and fixture in metafunc.fixturenames and _is_ours(metafunc, fixture):
            metafunc.parametrize(fixture, names, indirect=True, scope="session")


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


@pytest.fixture(scope="session")
def strategy(request: pytest.FixtureRequest) -> Strategy:
    """The strategy that was named."""
    name = getattr(request, "param", None)
    if name is None:
        raise pytest.UsageError("which strategy? pytest --wayang-strategy 'NAME(learning_rate=0.5)'")
    try:
        return strategy_at(name)
    except WayangError as error:
        raise pytest.UsageError(error.render()) from error


def strategy_at(text: str) -> Strategy:
    """Return a strategy by its name or by where it is, with its parameters.

    Examples
    --------
    >>> strategy_at("fedavg(learning_rate=0.5)").local_epochs
    1
    >>> strategy_at("jupyter_wayang.federation.strategies.fedprox:FedProx(learning_rate=0.5, mu=0.1)").mu
    0.1
    """
    from jupyter_wayang.federation.strategy import named

    name, _, given = text.partition("(")
    call = ast.parse(f"f({given}" if given else "f()", mode="eval").body
    arguments = {one.arg or "**": ast.literal_eval(one.value) for one in getattr(call, "keywords", ())}
    module, found, attribute = name.strip().partition(":")
    if not found:
        return named(module, arguments.items())
    made: Strategy = getattr(import_module(module), attribute)(**arguments)
    return made


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


def _names(config: pytest.Config, fixture: str) -> list[str]:
    one, several, _ = _OPTIONS[fixture]
    return list(config.getoption(f"--wayang-{one}") or config.getini(f"wayang_{several}"))


def _is_ours(metafunc: pytest.Metafunc, fixture: str) -> bool:
    """Tell whether a fixture is the one above, and not one that stands nearer to the test."""
    found = metafunc._arg2fixturedefs.get(fixture, ())  # noqa: SLF001 - pytest tells it nowhere else
    return bool(found) and found[-1].func.__module__ == __name__
