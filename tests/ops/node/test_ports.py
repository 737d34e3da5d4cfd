"""A port that somebody uses is left to them."""

from __future__ import annotations

import socket

import pytest

from ops.node.ports import accepts, free_port, free_ports, is_free


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_taken_port_is_moved_on_from(address: str) -> None:
    with socket.create_server((address, 0)) as other:
        taken = other.getsockname()[1]

        port = free_port(taken, taken=set())

        assert port > taken
        assert not is_free(taken)
        assert is_free(port)


def test_two_names_never_get_the_same_port() -> None:
    ports = free_ports({"amqp": 23456, "management": 23456})

    assert ports["amqp"] != ports["management"]


def test_only_a_listener_counts_as_accepting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert accepts(port)

    assert not accepts(port)
