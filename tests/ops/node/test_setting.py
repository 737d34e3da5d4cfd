"""What a private node is told."""

from __future__ import annotations

from pathlib import Path

from ops.node.docker import run_arguments
from ops.node.setting import PREFERRED_PORTS, config, environment, node_name, write_files


def test_node_inherits_neither_secrets_nor_another_nodes_settings() -> None:
    inherited = {
        "PATH": "/usr/bin",
        "COUNTERFOIL_SECRET_KEY": "k",
        "RABBITMQ_NODE_PORT": "5672",
        "ERL_FLAGS": "-x",
    }

    told = environment(Path("/srv/node"), PREFERRED_PORTS, name=node_name("c"), inherited=inherited)

    assert told["PATH"] == "/usr/bin"
    assert told["HOME"] == "/srv/node/home"
    assert told["ERL_EPMD_PORT"] == str(PREFERRED_PORTS["epmd"])
    assert not {"COUNTERFOIL_SECRET_KEY", "RABBITMQ_NODE_PORT", "ERL_FLAGS"} & told.keys()


def test_two_nodes_never_share_a_name() -> None:
    assert node_name("one cookie") != node_name("another")
    assert node_name("one cookie") == node_name("one cookie")
    assert node_name("one cookie").endswith("@localhost")


def test_every_listener_is_bound_to_the_loopback() -> None:
    text = config(PREFERRED_PORTS)

    assert "listeners.tcp.1 = 127.0.0.1:5680" in text
    assert text.count("127.0.0.1") == text.count("ip =") + 1
    assert "listeners.tcp.default" not in text


def test_cookie_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    write_files(tmp_path, PREFERRED_PORTS)
    cookie = tmp_path / "home" / ".erlang.cookie"
    first = cookie.read_text()

    write_files(tmp_path, PREFERRED_PORTS)

    assert cookie.read_text() == first
    assert cookie.stat().st_mode & 0o777 == 0o400
    assert len(first) == 40


def test_container_publishes_its_ports_on_the_loopback_only() -> None:
    words = run_arguments("counterfoil-test", {"amqp": 5681, "management": 15681, "prometheus": 15701})

    published = [words[place + 1] for place, word in enumerate(words) if word == "--publish"]
    assert published == ["127.0.0.1:5681:5672", "127.0.0.1:15681:15672", "127.0.0.1:15701:15692"]
    assert words[-1] == "rabbitmq:4-management"
