"""One Spark for all tests of this folder, started when the first of them asks for it."""

from __future__ import annotations

import pytest

from jupyter_wayang.platforms.spark import PLATFORM


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    if PLATFORM.missing():
        pytest.skip(PLATFORM.missing())
    made = PLATFORM.open(tmp_path_factory.mktemp("spark"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def entered(engine):
    """Hand an Arrow table to Spark: ``entered(table)`` is a payload."""
    from jupyter_wayang.plan.operators import ReadFrame
    from jupyter_wayang.plan.rows import schema_of

    def enter(table):
        operator = ReadFrame(key="rows", label="rows", schema=schema_of(table.schema))
        return engine.apply(operator, (), (), {"rows": table}, "here")[0]

    return enter


@pytest.fixture(scope="session")
def applied(engine):
    """Add an operator: ``applied(operator, payload, …)`` is the payload of its first output."""

    def apply(operator, *payloads):
        return engine.apply(operator, payloads, tuple(payload.schema for payload in payloads), {}, "here")[0]

    return apply


@pytest.fixture(scope="session")
def collected(engine):
    """Bring a payload out as an Arrow table."""

    def collect(payload):
        return engine.convert(payload, "spark.frame", "arrow.table", payload.schema)

    return collect
