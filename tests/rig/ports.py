"""Ports that nobody uses just now."""

import socket


def free_port() -> int:
    """A free TCP port on 127.0.0.1; somebody else may take it before you do, which no test has shown yet."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
