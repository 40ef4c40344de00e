"""Messages: what is not of this version, or no message, is refused with a typed error."""

from __future__ import annotations

import msgspec
import pyarrow as pa
import pytest

from jupyter_wayang.errors import WireError
from jupyter_wayang.plan.expressions import ColumnRef, Not
from jupyter_wayang.transport import messages
from jupyter_wayang.transport.bodies import from_bytes, to_bytes


def test_messages_come_back_as_they_went() -> None:
    message = messages.SubmitPlan(
        run="r", plan=messages.LogicalPlan(nodes=(), results=()), iterations=(("a", 3),), platforms=("pandas",)
    )
    assert messages.decode_request(messages.encode(message)) == message
    answer = messages.Aggregated(
        run="r", body=b"\x00\xff", note="said", progress=(messages.Progress(node="n", rows=None, seconds=0.5),)
    )
    assert messages.decode_answer(messages.encode(answer)) == answer


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"not msgpack at all",
        msgspec.msgpack.encode({"tag": "describe", "table": "t", "code": "import os"}),
        msgspec.msgpack.encode({"tag": "execute", "code": "1"}),
        msgspec.msgpack.encode({"tag": "describe"}),
        msgspec.msgpack.encode([1, 2]),
    ],
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(WireError, match="cannot be read"):
        messages.decode_request(data)


def test_another_version_is_refused() -> None:
    with pytest.raises(WireError, match="version 99"):
        messages.decode_request(messages.encode(messages.Describe(version=99, table="t")))


def test_an_answer_is_no_request() -> None:
    with pytest.raises(WireError):
        messages.decode_request(messages.encode(messages.Done()))


def test_expressions_nested_too_deeply_are_refused_and_no_crash() -> None:
    nested: object = {"tag": "column", "name": "a"}
    for _ in range(5_000):
        nested = {"tag": "not", "arg": nested}

    def pack(value: object) -> bytes:
        out = bytearray()
        while isinstance(value, dict) and "arg" in value:
            out += b"\x82\xa3tag\xa3not\xa3arg"
            value = value["arg"]
        return bytes(out) + msgspec.msgpack.encode(value)

    head = b"\x83\xa3tag\xa7learned\xa4node\xa1n\xa7columns\x91\x82\xa4name\xa1x\xaaexpression"
    with pytest.raises(WireError):
        messages.decode_request(head + pack(nested))


def test_depth_up_to_the_limit_passes() -> None:
    expression: object = ColumnRef(name="a")
    for _ in range(199):
        expression = Not(arg=expression)  # type: ignore[arg-type]
    message = messages.Learned(run="r", node="n", columns=(messages.Named(name="x", expression=expression),))  # type: ignore[arg-type]
    assert messages.decode_request(messages.encode(message)) == message


def test_tables_come_back_as_they_went() -> None:
    table = pa.table({"a": pa.array([1, None], pa.int64()), "b": ["x", "é"]})
    assert from_bytes(to_bytes(table)).equals(table)


@pytest.mark.parametrize("cut", [0, 10, -20])
def test_half_a_table_is_refused(cut: int) -> None:
    body = to_bytes(pa.table({"a": list(range(1000))}))
    with pytest.raises(WireError, match="cannot be read"):
        from_bytes(body[:cut])
