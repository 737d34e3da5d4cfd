"""Several private nodes as one cluster on this machine: to be killed one by one, as machines are.

Source: RabbitMQ docs, "Cluster Formation and Peer Discovery", classic config.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

from ops.node import setting
from ops.node.management import POLL_SECONDS, part
from ops.node.node import START_SECONDS, Member, NodeFailed, PrivateNode, say_nothing
from ops.node.ports import free_ports
from ops.node.process import spawn
from ops.node.server import Server
from ops.node.state import State

LETTERS = "abcdefg"
PORTS_APART = 40
DEFAULT_VHOST = "/"


class PrivateCluster:
    """``nodes`` share a cookie, an epmd and what is declared; the folder holds all of it until ``remove``."""

    def __init__(
        self,
        folder: Path,
        *,
        server: Server,
        size: int = 3,
        preferred_ports: Mapping[str, int] = setting.PREFERRED_PORTS,
        say: Callable[[str], None] = say_nothing,
    ) -> None:
        self.folder = folder.resolve()
        self._server = server
        self._letters = LETTERS[:size]
        self._preferred = dict(preferred_ports)
        self._say = say
        self._state = State(self.folder / "cluster.json")

    @cached_property
    def nodes(self) -> list[PrivateNode]:
        """The nodes in the order of their addresses."""
        epmd = self._state.ports()["epmd"]
        return [
            PrivateNode(
                self.folder / letter,
                server=self._server,
                member=Member(letter, epmd),
                preferred_ports={name: port + PORTS_APART * place for name, port in self._preferred.items()},
                say=self._say,
            )
            for place, letter in enumerate(self._letters)
        ]

    def start(self) -> None:
        """Start epmd and all nodes, and wait until they are one cluster.

        Raises:
            NodeFailed: a node did not come up or found no others.
        """
        self._write_files()
        self._start_epmd()
        with ThreadPoolExecutor(len(self._letters)) as pool:
            list(pool.map(_start_wholly, self.nodes))
        deadline = time.monotonic() + START_SECONDS
        for node in self.nodes:
            while not self._is_whole_for(node):
                if time.monotonic() > deadline:
                    raise NodeFailed(
                        f"{node.name} does not see all nodes of its cluster; see {node.folder / 'log'}"
                    )
                time.sleep(POLL_SECONDS)

    def _is_whole_for(self, node: PrivateNode) -> bool:
        """Whether a node sees all nodes run and serve."""
        found = node.management.request("GET", "nodes")
        seen = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        served = node.management.serving(DEFAULT_VHOST)
        return len(served) == len(self.nodes) == sum(one.get("running") is True for one in seen)

    def remove(self) -> None:
        """End every node and epmd, each by its own pid, and delete the folder."""
        if self._state.ports():
            for node in self.nodes:
                node.kill()
                node.remove()
        for process in self._state.processes().values():
            process.end(grace_seconds=5.0)
        shutil.rmtree(self.folder, ignore_errors=True)

    def amqp_urls(self, vhost: str) -> list[str]:
        """Where clients connect, one address for each node."""
        return [node.amqp_url(vhost) for node in self.nodes]

    def add_vhost(self, name: str) -> str:
        """Make a virtual host that every node serves; gives all addresses, as COUNTERFOIL_BROKER_URL takes them."""
        self.nodes[0].management.add_vhost(name)
        return ";".join(self.amqp_urls(name))

    def leader(self, vhost: str, queue: str) -> PrivateNode:
        """The node that leads a quorum queue just now, as any node that runs tells it.

        Raises:
            LookupError: no node of ours leads it.
        """
        asked = next(node for node in self.nodes if node.is_running())
        found = asked.management.request("GET", f"queues/{part(vhost)}/{part(queue)}")
        name = found.get("leader") if isinstance(found, dict) else None
        for node in self.nodes:
            if node.name == name:
                return node
        raise LookupError(f"{queue} is led by {name}")

    def _write_files(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        cookie = secrets.token_hex(20)
        members = "".join(
            f"cluster_formation.classic_config.nodes.{number} = {setting.node_name(cookie, letter)}\n"
            for number, letter in enumerate(self._letters, start=1)
        )
        for letter in self._letters:
            file = self.folder / letter / setting.COOKIE
            file.parent.mkdir(parents=True, mode=0o700)
            file.touch(mode=0o600)
            file.write_text(cookie)
            file.chmod(0o400)
            config = self.folder / letter / "conf.d" / "10-cluster.conf"
            config.parent.mkdir(mode=0o700)
            config.write_text(f"cluster_formation.peer_discovery_backend = classic_config\n{members}")

    def _start_epmd(self) -> None:
        ports = free_ports({"epmd": self._preferred["epmd"]})
        environment = setting.environment(
            self.folder / self._letters[0], {**self._preferred, **ports}, name="", inherited=os.environ
        )
        log = self.folder / "epmd.log"
        epmd = spawn(self._server.epmd(folder=self.folder), environment=environment, log=log)
        self._state.save(ports, {"epmd": epmd})


def _start_wholly(node: PrivateNode) -> None:
    """Start a node and wait for the end of its boot. A node lets clients in a moment before, and gets no part of what
    is made in that moment: a new virtual host waits for it in vain, and a new queue does without its copy.
    Seen November 2026 with 3.10.8.
    """
    node.start()
    node.ctl("await_startup")
