"""The private node as a container of the official image, where Debian's package cannot be had."""

from __future__ import annotations

import hashlib
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from ops.node import setting
from ops.node.addresses import Addresses
from ops.node.node import START_SECONDS, NodeFailed, say_nothing
from ops.node.ports import LOOPBACK, accepts, free_ports
from ops.node.state import State

IMAGE = "rabbitmq:4-management"
INSIDE = {"amqp": 5672, "management": 15672, "prometheus": 15692}
"""The image's own ports. Source: the image's page on Docker Hub; RabbitMQ docs, "Monitoring with Prometheus"."""
DOCKER_SECONDS = 300.0
"""Long enough to pull the image."""
LOOK_EVERY_SECONDS = 0.2


class DockerNode(Addresses):
    """One container with a name of its own; its data stays in it until ``remove``."""

    def __init__(self, folder: Path, *, say: Callable[[str], None] = say_nothing) -> None:
        self.folder = folder.resolve()
        self.name = f"counterfoil-{hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]}"
        self._say = say
        self._state = State(self.folder / "docker.json")

    @property
    def ports(self) -> dict[str, int]:
        """The ports on the loopback by name."""
        return self._state.ports() or {name: setting.PREFERRED_PORTS[name] for name in INSIDE}

    def start(self) -> None:
        """Start the container, made on the first call; nothing to do if it runs.

        Raises:
            NodeFailed: Docker refused, or the broker inside did not come up.
        """
        if not self.is_running():
            if self._state.ports() and self._exists():
                self._docker("start", self.name)
            else:
                ports = free_ports({name: setting.PREFERRED_PORTS[name] for name in INSIDE})
                self._say(f"Starting {IMAGE} in Docker as {self.name}, on port {ports['amqp']}.")
                self._docker(*run_arguments(self.name, ports))
                self._state.save(ports, {})
        deadline = time.monotonic() + START_SECONDS
        while not (accepts(self.ports["amqp"]) and self.management.answers()):
            if time.monotonic() > deadline:
                raise NodeFailed(f"RabbitMQ in Docker is not ready; see `docker logs {self.name}`.")
            time.sleep(LOOK_EVERY_SECONDS)
        self._say(f"RabbitMQ in Docker ready on port {self.ports['amqp']}.")

    def stop(self) -> None:
        """Stop the container, keep its data."""
        if self.is_running():
            self._docker("stop", self.name)
            self._say("RabbitMQ in Docker stopped.")

    def kill(self) -> None:
        """End the broker at once (SIGKILL)."""
        self._docker("kill", "--signal", "KILL", self.name)

    def restart(self) -> None:
        """Stop and start, on the same ports and data."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Freeze the broker until ``resume``."""
        self._docker("pause", self.name)

    def resume(self) -> None:
        """Let a paused broker go on."""
        self._docker("unpause", self.name)

    def remove(self) -> None:
        """Remove the container with its data."""
        if self._exists():
            self._docker("rm", "--force", "--volumes", self.name)
        self._state.path.unlink(missing_ok=True)

    def is_running(self) -> bool:
        """Whether the container runs."""
        return self._inspect() == "true"

    def ctl(self, *arguments: str) -> str:
        """Run rabbitmqctl inside the container and give what it prints."""
        return self._docker("exec", self.name, "rabbitmqctl", "-q", *arguments)

    def _exists(self) -> bool:
        return self._inspect() is not None

    def _inspect(self) -> str | None:
        try:
            return self._docker("inspect", "--format", "{{.State.Running}}", self.name)
        except NodeFailed:
            return None

    def _docker(self, *arguments: str) -> str:
        done = subprocess.run(  # noqa: S603
            ["docker", *arguments],  # noqa: S607
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DOCKER_SECONDS,
            check=False,
        )
        if done.returncode:
            raise NodeFailed(f"docker {arguments[0]} failed: {(done.stderr or done.stdout).strip()}")
        return done.stdout.strip()


def run_arguments(name: str, ports: Mapping[str, int]) -> list[str]:
    """What ``docker`` is told. The host name is fixed because RabbitMQ keeps its data under it."""
    published = [
        word for key, port in ports.items() for word in ("--publish", f"{LOOPBACK}:{port}:{INSIDE[key]}")
    ]
    return ["run", "--detach", "--name", name, "--hostname", "counterfoil", *published, IMAGE]
