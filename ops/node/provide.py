"""One call that gives a broker: the one that was named, this machine's, one from apt, or one from Docker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from ops.node import find, newer
from ops.node.docker import DockerNode
from ops.node.given import GivenBroker
from ops.node.install import BROKER_UNITS, apt_install
from ops.node.node import NodeFailed, PrivateNode
from ops.node.server import SERVER

USUAL_MANAGEMENT_URL = "http://guest:guest@127.0.0.1:15672"


class Node(Protocol):
    """What a program may do with its broker, whoever runs it."""

    @property
    def management_url(self) -> str: ...

    @property
    def prometheus_url(self) -> str: ...

    def amqp_url(self, vhost: str = ...) -> str: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def is_running(self) -> bool: ...

    def add_vhost(self, name: str) -> str: ...

    def ctl(self, *arguments: str) -> str: ...


def provide(
    folder: Path,
    *,
    say: Callable[[str], None],
    broker_url: str | None = None,
    management_url: str | None = None,
    generation: str = "",
) -> Node:
    """Find or install RabbitMQ and give a node, not yet started; its files go below ``folder``.

    ``generation`` "4" asks for RabbitMQ 4 where the machine's own is older; "" takes what there is.

    Raises:
        NodeFailed: there is none to be had; the message says what a person can do.
        InstallFailed: apt could not install it.
    """
    if generation and not broker_url:
        return PrivateNode(
            folder / f"rabbitmq-{generation}", server=newer.install(generation, say=say), say=say
        )
    match find.choose(find.look(broker_url=broker_url)):
        case find.Given(given):
            say("Using the broker of COUNTERFOIL_BROKER_URL; no node of our own is started.")
            return GivenBroker(given, management_url or USUAL_MANAGEMENT_URL)
        case find.OnThisMachine(server):
            return PrivateNode(folder / "rabbitmq", server=server, say=say)
        case find.ByApt():
            apt_install([SERVER], units=BROKER_UNITS, say=say)
            return PrivateNode(folder / "rabbitmq", say=say)
        case find.ByDocker():
            return DockerNode(folder / "rabbitmq", say=say)
        case find.Nowhere(advice):
            raise NodeFailed(advice)
