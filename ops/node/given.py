"""A broker that somebody else runs: used, never started, stopped or reconfigured."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

from ops.node.management import Management
from ops.node.node import NodeFailed


@dataclass(frozen=True)
class GivenBroker:
    """The broker behind ``COUNTERFOIL_BROKER_URL``, with its management API."""

    broker_url: str
    management_url: str

    @property
    def prometheus_url(self) -> str:
        """Its metrics on their usual port, if its plugin is on. Source: RabbitMQ docs, "Monitoring with Prometheus"."""
        return f"http://{urlsplit(self.broker_url).hostname}:15692/metrics"

    def amqp_url(self, vhost: str | None = None) -> str:
        """Where clients connect; without ``vhost`` the address as it was given."""
        if vhost is None:
            return self.broker_url
        path = "/" if vhost == "/" else "/" + quote(vhost, safe="")
        return urlunsplit(urlsplit(self.broker_url)._replace(path=path))

    def start(self) -> None:
        """Nothing: it runs or it does not, and clients will see."""

    def stop(self) -> None:
        """Nothing: it is not ours."""

    def is_running(self) -> bool:
        """Whether its management API answers."""
        return Management(self.management_url).answers()

    def add_vhost(self, name: str) -> str:
        """Make a virtual host, if our user may, and give its AMQP address."""
        Management(self.management_url).add_vhost(name)
        return self.amqp_url(name)

    def ctl(self, *arguments: str) -> str:
        """Always NodeFailed: rabbitmqctl reaches only a broker on its own machine."""
        raise NodeFailed(f"rabbitmqctl {' '.join(arguments)}: this broker is not ours to command.")
