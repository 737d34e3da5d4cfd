"""A RabbitMQ node of our own under one folder, apart from every other broker on this machine."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from ops.node import find, setting
from ops.node.addresses import Addresses
from ops.node.management import ManagementRefused
from ops.node.ports import accepts, free_ports, is_free
from ops.node.process import POLL_SECONDS, OwnProcess, spawn
from ops.node.server import SERVER, Server, installed
from ops.node.state import State

START_SECONDS = 90.0
"""A node is up in 5 to 10 s; a machine at its limits has been seen to take four times as long."""
STOP_SECONDS = 30.0
CTL_SECONDS = 60.0
PORTS_SECONDS = 5.0
PORT_TAKEN = ("eaddrinuse", "port_already_used")
"""What a node's log says when a listener's port, or the one for other nodes, is taken."""

START_TRIES = 3


class NodeFailed(RuntimeError):
    """The node did not start or a command to it failed; the message says where to look.

    Raised by ``PrivateNode.start`` and ``PrivateNode.ctl``.
    """


def say_nothing(_line: str) -> None:
    """For those who do not want to hear what the node does."""


@dataclass(frozen=True)
class Member:
    """A node's place in a cluster: its nodes share a cookie and the epmd on ``epmd_port``, which somebody else runs."""

    name: str
    epmd_port: int


class PrivateNode(Addresses):
    """One RabbitMQ node: own name, ports, cookie, data and log, all on the loopback, ended by its own pid.

    ``folder`` may hold the data of an earlier run, and may hold a node that still runs: ``start`` takes it over.
    """

    def __init__(
        self,
        folder: Path,
        *,
        server: Server | None = None,
        member: Member | None = None,
        preferred_ports: Mapping[str, int] = setting.PREFERRED_PORTS,
        say: Callable[[str], None] = say_nothing,
    ) -> None:
        self.folder = folder.resolve()
        self._given_server = server
        self._member = member
        self._preferred = dict(preferred_ports)
        self._say = say
        self._state = State(self.folder / "node.json")

    @property
    def ports(self) -> dict[str, int]:
        """The ports by name; before the first start the preferred ones."""
        return self._state.ports() or dict(self._preferred)

    def start(self) -> None:
        """Start the node and wait until it can be used; nothing to do if it already runs.

        Raises:
            NodeFailed: no RabbitMQ on this machine, or the node did not come up.
        """
        if self.is_running():
            self._wait_ready()
            self._say(f"The private RabbitMQ node already runs on port {self.ports['amqp']}.")
            return
        server = self._server()
        for left in range(START_TRIES - 1, -1, -1):
            try:
                self._launch(server)
                self._wait_ready()
            except ChildProcessError:
                self._end_all(grace_seconds=5.0)
                raise NodeFailed(f"The private RabbitMQ node ended at once: {self._last_words()}") from None
            except NodeFailed:
                self._end_all(grace_seconds=5.0)
                # Between the look for a free port and the server's bind another program may have taken it.
                if left and any(sign in self._log_text() for sign in PORT_TAKEN):
                    self._say("A port was taken in the meantime; trying others.")
                    continue
                raise
            break
        self._say(f"Private RabbitMQ node ready on port {self.ports['amqp']}, data in {self.folder}.")

    def stop(self) -> None:
        """End the node and its epmd, each by its own pid; nothing to do if it does not run."""
        was_running = self.is_running()
        self._end_all(grace_seconds=STOP_SECONDS)
        if was_running:
            self._say("Private RabbitMQ node stopped.")

    def kill(self) -> None:
        """End the server at once (SIGKILL), as a power cut does. ``start`` brings it back with its data.

        RabbitMQ 3.10 writes down a new quorum queue some seconds late: one that was declared just now comes back
        broken, unless ``write_down`` was called.
        """
        server = self._process("server")
        if server is not None:
            server.send(signal.SIGKILL)
            server.wait_gone(STOP_SECONDS)
            self._wait_ports_free("amqp", "management", "prometheus", "distribution")

    def write_down(self) -> None:
        """Make the server write its lists of queues to disk now. Seen November 2026 with 3.10.8."""
        self.ctl("eval", "[dets:sync(Table) || Table <- dets:all()].")

    def restart(self) -> None:
        """Stop and start, on the same ports and data."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Freeze the server (SIGSTOP): connections stay open and nothing answers, until ``resume``."""
        self._signal_server(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused server go on (SIGCONT)."""
        self._signal_server(signal.SIGCONT)

    def remove(self) -> None:
        """Stop the node and delete its folder with all its data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def is_running(self) -> bool:
        """Whether the server that we started (and no other program with its old pid) runs."""
        return self._process("server") is not None

    def is_ready(self) -> bool:
        """Whether clients can connect and the management API answers, as this node and no other."""
        if not accepts(self.ports["amqp"]) or self.management.node_name() != self.name:
            return False
        with suppress(ManagementRefused, OSError, HTTPException):  # a node that is still booting
            return self.management.is_served("/")
        return False

    @property
    def name(self) -> str:
        """The node's Erlang name; there is one from the first start on."""
        cookie = (self.folder / setting.COOKIE).read_text()
        return setting.node_name(cookie, self._member.name if self._member else "")

    def ctl(self, *arguments: str) -> str:
        """Run rabbitmqctl against this node and give what it prints.

        Raises:
            NodeFailed: the node does not run, or rabbitmqctl ended with an error, in its own words.
        """
        if not self.is_running():  # rabbitmqctl would start an epmd that nobody ends
            raise NodeFailed("The private RabbitMQ node does not run.")
        done = subprocess.run(  # noqa: S603
            self._server().command("rabbitmqctl", "-q", "-n", self.name, *arguments, folder=self.folder),
            env=setting.environment(self.folder, self.ports, name=self.name, inherited=os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=CTL_SECONDS,
            check=False,
        )
        if done.returncode:
            raise NodeFailed(
                f"rabbitmqctl {' '.join(arguments)} failed: {(done.stderr or done.stdout).strip()}"
            )
        return done.stdout.strip()

    def _server(self) -> Server:
        server = self._given_server or installed()
        if server is None:
            raise NodeFailed(find.NOT_FOUND)
        return server

    def _launch(self, server: Server) -> None:
        self._end_all(grace_seconds=5.0)
        known = self._state.ports()
        fits = known.keys() >= self._preferred.keys() and all(
            is_free(known[name]) for name in self._own_ports
        )
        keep = known if fits else None
        ports = keep or self._shared_ports | free_ports(
            {name: self._preferred[name] for name in self._own_ports}
        )
        moved = [name for name in self._own_ports if ports[name] != self._preferred[name]]
        if moved and keep is None:
            self._say(f"Other programs use some of the usual ports; moved on: {', '.join(moved)}.")
        setting.write_files(self.folder, ports)
        self._log.unlink(missing_ok=True)
        environment = setting.environment(self.folder, ports, name=self.name, inherited=os.environ)
        self._say(f"Starting a private RabbitMQ node on port {ports['amqp']}.")
        self._state.save(ports, {})
        started: dict[str, OwnProcess] = {}
        if self._member is None:
            # A server finds an epmd on its port or starts one that outlives it; ours is first, so we know its pid.
            log = self.folder / "log" / "epmd.log"
            started["epmd"] = spawn(server.epmd(folder=self.folder), environment=environment, log=log)
            self._state.save(ports, started)
        command = server.command(SERVER, folder=self.folder)
        started["server"] = spawn(command, environment=environment, log=self._log)
        self._state.save(ports, started)

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if not self.is_running():
                raise NodeFailed(f"The private RabbitMQ node ended while starting: {self._last_words()}")
            if time.monotonic() > deadline:
                raise NodeFailed(
                    f"The private RabbitMQ node is not ready after {START_SECONDS:.0f} s; see {self._log}"
                )
            time.sleep(POLL_SECONDS)

    def _end_all(self, *, grace_seconds: float) -> None:
        running = [process for name in ("server", "epmd") if (process := self._process(name)) is not None]
        for process in running:
            process.end(grace_seconds=grace_seconds)
        if running:
            self._wait_ports_free(*self._own_ports)
        self._state.forget_processes()

    def _wait_ports_free(self, *names: str) -> None:
        """The kernel gives a dead process's ports back a moment later; the next start shall find them."""
        deadline = time.monotonic() + PORTS_SECONDS
        while not all(is_free(self.ports[name]) for name in names) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)

    def _process(self, name: str) -> OwnProcess | None:
        process = self._state.processes().get(name)
        return process if process is not None and process.is_running() else None

    def _signal_server(self, number: signal.Signals) -> None:
        server = self._process("server")
        if server is None:
            raise NodeFailed("The private RabbitMQ node does not run.")
        server.send(number)

    @property
    def _shared_ports(self) -> dict[str, int]:
        return {"epmd": self._member.epmd_port} if self._member else {}

    @property
    def _own_ports(self) -> list[str]:
        return [name for name in self._preferred if name not in self._shared_ports]

    @property
    def _log(self) -> Path:
        return self.folder / "log" / "server.out"

    def _log_text(self) -> str:
        logs = sorted((self.folder / "log").glob("counterfoil*@localhost*.log"))
        return "".join(
            path.read_text(errors="replace")[-20000:] for path in (*logs, self._log) if path.exists()
        )

    def _last_words(self) -> str:
        lines = [line.strip() for line in self._log.read_text(errors="replace").splitlines() if line.strip()]
        return f"{' / '.join(lines[-4:])[-500:]} (see {self.folder / 'log'})"
