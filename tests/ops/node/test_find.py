"""Where RabbitMQ comes from, decided in one fixed order."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.node.find import ByApt, ByDocker, Choice, Given, Machine, Nowhere, OnThisMachine, choose
from ops.node.given import GivenBroker
from ops.node.provide import provide
from ops.node.server import Server

SERVER = Server(Path("/usr/lib/rabbitmq/lib/rabbitmq_server-3.10.8/sbin"))
URL = "amqp://acme:secret@broker.example:5672/books"


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        pytest.param(Machine(URL, SERVER, True, True, True), Given(URL), id="a-named-broker-comes-first"),
        pytest.param(
            Machine(None, SERVER, True, True, True), OnThisMachine(SERVER), id="installed-beats-installing"
        ),
        pytest.param(
            Machine(None, SERVER, False, True, False), OnThisMachine(SERVER), id="installed-needs-no-root"
        ),
        pytest.param(Machine("", SERVER, True, True, True), OnThisMachine(SERVER), id="empty-url-is-no-url"),
        pytest.param(Machine(None, None, True, True, True), ByApt(), id="root-with-apt-installs"),
        pytest.param(Machine(None, None, False, True, True), ByDocker(), id="apt-without-root-is-no-use"),
        pytest.param(Machine(None, None, True, False, True), ByDocker(), id="root-without-apt-takes-docker"),
    ],
)
def test_first_source_that_can_serve_is_taken(machine: Machine, expected: Choice) -> None:
    assert choose(machine) == expected


def test_without_any_source_one_sentence_says_what_to_do() -> None:
    choice = choose(Machine(None, None, False, True, False))

    assert isinstance(choice, Nowhere)
    assert "apt-get install rabbitmq-server" in choice.advice
    assert "COUNTERFOIL_BROKER_URL" in choice.advice
    assert choice.advice.count(".") == 1


def test_named_broker_is_used_as_it_is_and_nothing_is_started(tmp_path: Path) -> None:
    said: list[str] = []

    node = provide(tmp_path, say=said.append, broker_url=URL, management_url="http://127.0.0.1:1")

    node.start()
    assert isinstance(node, GivenBroker)
    assert node.amqp_url() == URL
    assert node.amqp_url("a b") == "amqp://acme:secret@broker.example:5672/a%20b"
    assert list(tmp_path.iterdir()) == []
    assert len(said) == 1
