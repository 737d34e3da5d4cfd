"""The ports that tests are given."""

import subprocess
import sys
from pathlib import Path

from ops.node.ports import is_free
from tests.rig.ports import free_ports

OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_two_processes_are_never_given_the_same_port() -> None:
    command = [
        sys.executable,
        "-c",
        "from tests.rig.ports import free_port\nfor _ in range(50): print(free_port())",
    ]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]

    given = [int(line) for process in running for line in process.communicate(timeout=60)[0].split()]

    assert len(given) == len(set(given)) == 150


def test_ports_in_a_row_are_free_and_no_outgoing_connection_can_take_them() -> None:
    first = free_ports(5)

    assert all(is_free(port) for port in range(first, first + 5))
    assert first + 5 < int(OUTGOING.read_text().split()[0])
