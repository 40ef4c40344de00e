"""What holds for every test: no network but loopback."""

from __future__ import annotations

import ipaddress
import socket

import pytest

_connect = socket.socket.connect


def _is_local(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = str(address[0])
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback or host in _own_addresses()
    except ValueError:
        return False


def _own_addresses() -> set[str]:
    # Spark's gateway binds the machine's own address.
    try:
        return {str(entry[4][0]) for entry in socket.getaddrinfo(socket.gethostname(), None)}
    except OSError:
        return set()


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(self: socket.socket, address: object) -> None:
        if not _is_local(address):
            pytest.fail(f"a test connects to {address}: no network but loopback")
        _connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
