"""Every operator on a platform gives the rows of the reference, or the platform says why it does not run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_wayang.errors import WayangError
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.testing import cases, cases_expressions
from jupyter_wayang.testing.cases import CHAINS, Case
from jupyter_wayang.testing.reference import apply
from jupyter_wayang.testing.reference_functions import Refused
from jupyter_wayang.testing.runner import Table, assert_rows

if TYPE_CHECKING:
    from jupyter_wayang.testing.runner import Bench

__all__ = [
    "test_a_kept_payload_is_read_twice_and_counted",
    "test_chains_give_the_rows_of_the_reference",
    "test_rows_are_those_of_the_reference",
    "test_what_has_no_value_is_an_error",
    "test_what_is_declared_has_a_cost",
]

_CASES = [*cases.CASES, *cases_expressions.EXPRESSIONS]
_FAILURES = [*cases.FAILURES, *cases_expressions.FAILURES]


def _names(of: list[Case]) -> list[str]:
    names = [case.name for case in of]
    assert len(set(names)) == len(names)
    return names


def _declared(bench: Bench, case: Case) -> bool:
    """Tell whether a platform says that it runs the case; if not, it must say why."""
    reason = bench.refusal(case.operator, case.tables)
    assert reason is None or len(reason) > 10
    return reason is None


def test_what_is_declared_has_a_cost(bench: Bench) -> None:
    """The optimizer weighs every operator and conversion of a platform."""
    platform = bench.platform
    assert platform.operators <= set(platform.costs.operators)
    steps = {f"{step.source}>{step.target}" for step in platform.conversions}
    assert steps <= set(platform.costs.conversions)


@pytest.mark.parametrize("case", _CASES, ids=_names(_CASES))
def test_rows_are_those_of_the_reference(bench: Bench, case: Case) -> None:
    """The same rows, floats to 1e-12."""
    if not _declared(bench, case):
        return
    (schema,) = case.operator.outputs(tuple(table.schema for table in case.tables))
    assert isinstance(schema, Schema)
    wanted = apply(case.operator, [(table.rows, table.schema) for table in case.tables])
    assert_rows(bench.run(case.operator, *case.tables), wanted, schema, ordered=case.ordered)


@pytest.mark.parametrize("case", _FAILURES, ids=_names(_FAILURES))
def test_what_has_no_value_is_an_error(bench: Bench, case: Case) -> None:
    """An overflow, or a cast that cannot be, is an error that names the operator."""
    with pytest.raises(Refused):
        apply(case.operator, [(table.rows, table.schema) for table in case.tables])
    if not _declared(bench, case):
        return
    with pytest.raises(WayangError) as caught:
        bench.run(case.operator, *case.tables)
    assert case.operator.verb in caught.value.message
    assert "Traceback" not in caught.value.render()
    if "overflow" in case.name:
        (schema,) = case.operator.outputs(tuple(table.schema for table in case.tables))
        assert isinstance(schema, Schema)
        assert schema.names[0] in caught.value.render()


@pytest.mark.parametrize("name", CHAINS)
def test_chains_give_the_rows_of_the_reference(bench: Bench, name: str) -> None:
    """Operators one after the other, without a look in between."""
    table, operators = CHAINS[name]
    rows, schema = table.rows, table.schema
    for operator in operators:
        if bench.refused(operator, (schema,)) is not None:
            return
        rows = apply(operator, [(rows, schema)])
        (made,) = operator.outputs((schema,))
        assert isinstance(made, Schema)
        schema = made
    assert_rows(bench.chain(table, *operators), rows, schema, ordered="sort" in name or "limit" in name)


def test_a_kept_payload_is_read_twice_and_counted(bench: Bench) -> None:
    """Rows that are kept can be read again, under names that differ in case only."""
    table = Table.of({"a": "int64", "A": "string"}, (1, "x"), (2, None))
    payload = bench.engine.keep(bench.read(table))
    assert bench.engine.count(payload) == 2
    assert bench.collect(payload, table.schema).equals(bench.collect(payload, table.schema))
    assert_rows(bench.collect(payload, table.schema), table.rows, table.schema, ordered=True)
