"""Ports that nobody uses just now, and that nobody is given by chance."""

import fcntl
import os
import tempfile
from pathlib import Path

from ops.node.ports import NoFreePort, is_free

FIRST, LAST = 19_000, 25_600
"""Between the ports of the tests' own nodes, and below 32768, where the kernel takes the ports of connections that go
out from: one of those on a port that was "free" a moment ago kept a server off it for half a minute."""

_LAST_GIVEN = Path(tempfile.gettempdir()) / f"counterfoil-tests-last-port-{os.getuid()}"


def free_port() -> int:
    """A free TCP port on 127.0.0.1, which no other test process gets before all others have been given."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """The first of so many free ports in a row.

    Raises:
        NoFreePort: there are not so many in a row.
    """
    with _LAST_GIVEN.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        last = int(file.read() or LAST)
        for _ in range(FIRST, LAST, count):
            first = last + 1 if FIRST <= last < LAST - count else FIRST
            last = first + count - 1
            if all(is_free(port) for port in range(first, last + 1)):
                file.truncate(0)
                file.write(str(last))
                return first
    raise NoFreePort(f"no {count} free ports in a row between {FIRST} and {LAST}")
