"""Ports on the loopback: a preferred one, moved on when somebody else listens there."""

from __future__ import annotations

import socket
from collections.abc import Mapping

LOOPBACK = "127.0.0.1"
TRIES = 400
"""How far a port moves on before we give up."""


class NoFreePort(RuntimeError):
    """Every port that was tried is taken. Raised by ``free_port``."""


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now, on the loopback and on every address."""
    for address in (LOOPBACK, "0.0.0.0"):  # noqa: S104 - a look, nothing ever listens here
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
                probe.listen(1)
            except OSError:
                return False
    return True


def accepts(port: int, *, timeout_seconds: float = 0.5) -> bool:
    """Whether something on the loopback takes connections on this port."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=timeout_seconds).close()
    except OSError:
        return False
    return True


def free_port(preferred: int, *, taken: set[int]) -> int:
    """The preferred port or the next free one after it; never one of ``taken``.

    Raises:
        NoFreePort: nothing free among the next ``TRIES`` ports.
    """
    for port in range(preferred, preferred + TRIES):
        if port not in taken and is_free(port):
            return port
    raise NoFreePort(f"no free port between {preferred} and {preferred + TRIES} on {LOOPBACK}")


def free_ports(preferred: Mapping[str, int]) -> dict[str, int]:
    """One free port for each name, all different."""
    found: dict[str, int] = {}
    for name, port in preferred.items():
        found[name] = free_port(port, taken=set(found.values()))
    return found
