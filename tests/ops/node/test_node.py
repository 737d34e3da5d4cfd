"""The private node keeps to itself, and keeps what it was given."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.node.node import NodeFailed, PrivateNode
from ops.node.ports import accepts
from ops.node.process import own
from ops.node.server import Server
from ops.node.state import State
from tests.rig.broker import Broker
from tests.rig.fixtures import own_ports, rabbitmq_server
from tests.rig.waiting import wait_for

USUAL_PORTS = (5672, 15672, 15692, 4369)

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]  # several starts of a node, on a loaded machine


@pytest.fixture
def foreign_broker() -> Iterator[list[socket.socket]]:
    """Listeners on RabbitMQ's usual ports, where nothing listens yet."""
    with contextlib.ExitStack() as stack:
        listeners = []
        for port in USUAL_PORTS:
            with contextlib.suppress(OSError):
                listeners.append(stack.enter_context(socket.create_server(("127.0.0.1", port))))
        yield listeners


def test_broker_on_the_usual_ports_is_neither_used_nor_disturbed(
    foreign_broker: list[socket.socket], own_node: PrivateNode
) -> None:
    own_node.add_vhost("acme")

    assert own_node.ctl("list_vhosts", "name").splitlines()[-2:] != []
    assert set(own_node.ports.values()).isdisjoint(USUAL_PORTS)
    for listener in foreign_broker:
        listener.settimeout(0.0)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_durable_message_survives_a_kill_and_a_restart_on_the_same_ports(
    own_node: PrivateNode, own_broker: Broker
) -> None:
    with own_broker.channel() as channel:
        channel.queue_declare("orders", durable=True, arguments={"x-queue-type": "quorum"})
    assert own_broker.publish("", "orders", "kept")
    ports = own_node.ports
    own_node.write_down()

    own_node.kill()
    own_node.start()

    assert own_node.ports == ports
    wait_for(lambda: own_broker.count("orders") == 1)
    own_node.restart()
    wait_for(lambda: own_broker.count("orders") == 1)
    assert own_broker.take("orders")[0].body == b"kept"


def test_second_start_finds_the_node_and_second_stop_finds_nothing_to_do(own_node: PrivateNode) -> None:
    again = PrivateNode(own_node.folder, server=rabbitmq_server(), preferred_ports=own_ports())
    server = State(own_node.folder / "node.json").processes()["server"]

    again.start()

    assert again.ports == own_node.ports
    assert State(own_node.folder / "node.json").processes()["server"] == server
    epmd = State(own_node.folder / "node.json").processes()["epmd"]
    again.stop()
    again.stop()
    assert not server.is_running()
    assert not epmd.is_running()
    assert not any(accepts(port) for port in own_node.ports.values())
    with pytest.raises(NodeFailed, match="does not run"):
        again.ctl("status")


def test_taken_ports_are_moved_on_from_and_said(tmp_path: Path, node: PrivateNode) -> None:
    said: list[str] = []
    crowded = PrivateNode(
        tmp_path / "rabbitmq", server=rabbitmq_server(), preferred_ports=node.ports, say=said.append
    )

    try:
        crowded.start()

        assert set(crowded.ports.values()).isdisjoint(node.ports.values())
        assert any("moved on" in line for line in said)
        assert node.is_ready()
        assert crowded.name != node.name
    finally:
        crowded.remove()


def test_paused_node_is_silent_until_resumed(own_node: PrivateNode) -> None:
    own_node.pause()

    with socket.create_connection(("127.0.0.1", own_node.ports["amqp"]), timeout=5.0) as connection:
        connection.sendall(b"AMQP\x00\x00\x09\x01")
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        own_node.resume()
        connection.settimeout(10.0)
        assert connection.recv(1) == b"\x01"


def test_state_file_with_another_programs_pid_harms_nobody(tmp_path: Path) -> None:
    me = own(os.getpid())
    assert me is not None
    stale = State(tmp_path / "node.json")
    stale.save({"amqp": 5680}, {"server": type(me)(me.pid, me.started - 1, me.boot)})
    node = PrivateNode(tmp_path)

    node.stop()
    node.kill()

    assert not node.is_running()
    assert State(tmp_path / "node.json").processes() == {}


def test_failure_to_start_says_where_to_look(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    script = broken / "rabbitmq-server"
    script.write_text("#!/bin/sh\necho cannot boot >&2\nexit 1\n")
    script.chmod(0o755)
    node = PrivateNode(tmp_path / "rabbitmq", server=Server(broken), preferred_ports=own_ports())

    with pytest.raises(NodeFailed, match="cannot boot"):
        node.start()

    assert State(node.folder / "node.json").processes() == {}
