"""Where RabbitMQ comes from: a broker that we were given, this machine, apt, Docker, or nowhere.

``choose`` is pure; ``look`` asks the machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass

from ops.node.server import Server, installed

NOT_FOUND = (
    "RabbitMQ is not here and cannot be installed from here: run `apt-get install rabbitmq-server` as root, "
    "start Docker, or set COUNTERFOIL_BROKER_URL to a broker of your own."
)


@dataclass(frozen=True)
class Machine:
    """What we know about this machine and what we were told."""

    broker_url: str | None
    server: Server | None
    is_root: bool
    has_apt: bool
    docker_answers: bool


@dataclass(frozen=True)
class Given:
    """Use this broker; start nothing."""

    broker_url: str


@dataclass(frozen=True)
class OnThisMachine:
    """Start a node of this RabbitMQ."""

    server: Server


@dataclass(frozen=True)
class ByApt:
    """Install Debian's package first."""


@dataclass(frozen=True)
class ByDocker:
    """Run the official image in a container of our own."""


@dataclass(frozen=True)
class Nowhere:
    """There is none to be had; ``advice`` says what a person can do."""

    advice: str


Choice = Given | OnThisMachine | ByApt | ByDocker | Nowhere


def choose(machine: Machine) -> Choice:
    """Decide where RabbitMQ comes from, in the order that the module names."""
    if machine.broker_url:
        return Given(machine.broker_url)
    if machine.server is not None:
        return OnThisMachine(machine.server)
    if machine.is_root and machine.has_apt:
        return ByApt()
    if machine.docker_answers:
        return ByDocker()
    return Nowhere(NOT_FOUND)


def look(*, broker_url: str | None = None) -> Machine:
    """Look at this machine. Docker is asked only when everything before it has failed: it may be slow."""
    server = installed()
    is_root = os.geteuid() == 0
    has_apt = shutil.which("apt-get") is not None
    settled = bool(broker_url) or server is not None or (is_root and has_apt)
    return Machine(broker_url, server, is_root, has_apt, docker_answers=not settled and docker_answers())


def docker_answers() -> bool:
    """Whether a Docker engine (not only its command) is there."""
    docker = shutil.which("docker")
    if docker is None:
        return False
    ask = [docker, "version", "--format", "{{.Server.Version}}"]
    try:
        return subprocess.run(ask, capture_output=True, timeout=10, check=False).returncode == 0  # noqa: S603
    except subprocess.TimeoutExpired:
        return False
