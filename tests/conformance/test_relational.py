"""Every operator on every relational platform gives the rows of the reference."""

from __future__ import annotations

import pytest
from conformance.cases import CASES, CHAINS, FAILURES, Case
from conformance.reference import Refused, apply
from conformance.runner import Bench, Table, assert_rows

from jupyter_wayang.errors import WayangError
from jupyter_wayang.plan.schema import Schema


def _names(cases: list[Case]) -> list[str]:
    names = [case.name for case in cases]
    assert len(set(names)) == len(names)
    return names


def _declared(bench: Bench, case: Case) -> bool:
    """Tell whether a platform says that it runs the case; if not, it must say why."""
    reason = bench.refusal(case.operator, case.tables)
    assert reason is None or len(reason) > 10
    return reason is None


@pytest.mark.parametrize("case", CASES, ids=_names(CASES))
def test_rows_are_those_of_the_reference(bench: Bench, case: Case) -> None:
    if not _declared(bench, case):
        return
    (schema,) = case.operator.outputs(tuple(table.schema for table in case.tables))
    assert isinstance(schema, Schema)
    wanted = apply(case.operator, [(table.rows, table.schema) for table in case.tables])
    assert_rows(bench.run(case.operator, *case.tables), wanted, schema, ordered=case.ordered)


@pytest.mark.parametrize("case", FAILURES, ids=_names(FAILURES))
def test_what_has_no_value_is_an_error(bench: Bench, case: Case) -> None:
    with pytest.raises(Refused):
        apply(case.operator, [(table.rows, table.schema) for table in case.tables])
    if not _declared(bench, case):
        return
    with pytest.raises(WayangError) as caught:
        bench.run(case.operator, *case.tables)
    assert case.operator.verb in caught.value.message
    assert "Traceback" not in caught.value.render()
    if "overflow" in case.name:
        column = case.operator.outputs(tuple(table.schema for table in case.tables))[0].names[0]
        assert column in caught.value.render()


@pytest.mark.parametrize("name", CHAINS)
def test_chains_give_the_rows_of_the_reference(bench: Bench, name: str) -> None:
    table, operators = CHAINS[name]
    rows, schema = table.rows, table.schema
    for operator in operators:
        rows = apply(operator, [(rows, schema)])
        (schema,) = operator.outputs((schema,))
    assert_rows(bench.chain(table, *operators), rows, schema, ordered="sort" in name or "limit" in name)


def test_a_kept_payload_is_read_twice_and_counted(bench: Bench) -> None:
    table = Table.of({"a": "int64", "A": "string"}, (1, "x"), (2, None))
    payload = bench.engine.keep(bench.read(table))
    assert bench.engine.count(payload) == 2
    assert bench.collect(payload, table.schema).equals(bench.collect(payload, table.schema))
    assert_rows(bench.collect(payload, table.schema), table.rows, table.schema, ordered=True)
