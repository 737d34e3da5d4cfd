"""The soak's proxy, for tests."""

from ops.node.proxy import TcpProxy

__all__ = ["TcpProxy"]
