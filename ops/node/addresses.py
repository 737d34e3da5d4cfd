"""Where a node of our own is reached, whoever runs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from urllib.parse import quote

from ops.node.management import Management
from ops.node.ports import LOOPBACK


class Addresses(ABC):
    """The addresses that follow from a node's ports; its user is RabbitMQ's own ``guest``, loopback only."""

    @property
    @abstractmethod
    def ports(self) -> dict[str, int]:
        """The ports by name: ``amqp``, ``management``, ``prometheus`` at least."""

    def amqp_url(self, vhost: str = "/") -> str:
        """Where clients connect, for one virtual host."""
        path = "" if vhost == "/" else quote(vhost, safe="")
        return f"amqp://guest:guest@{LOOPBACK}:{self.ports['amqp']}/{path}"

    @property
    def management_url(self) -> str:
        """The Management UI and API, with user and password."""
        return f"http://guest:guest@{LOOPBACK}:{self.ports['management']}"

    @property
    def prometheus_url(self) -> str:
        """The node's own metrics."""
        return f"http://{LOOPBACK}:{self.ports['prometheus']}/metrics"

    @property
    def management(self) -> Management:
        """The management API of this node."""
        return Management(self.management_url)

    def add_vhost(self, name: str) -> str:
        """Make a virtual host for the node's user and give its AMQP address."""
        self.management.add_vhost(name)
        return self.amqp_url(name)

    def add_user(self, name: str, password: str, *, tags: str = "") -> None:
        """Make a user; ``management.allow`` gives it rights in a virtual host."""
        self.management.add_user(name, password, tags=tags)
