"""RabbitMQ: is it there, is it new enough, is everything declared, can an operator use its UI."""
# mypy: allow-untyped-calls

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from amqp.exceptions import AccessRefused, NotFound
from kombu.connection import Connection

from events.broker.addresses import addresses, tries
from events.broker.topology import EXCHANGES, QUEUES
from ops.doctor.finding import Finding, bad, good, short, soon
from ops.node.management import Management, ManagementRefused, part

OLDEST = (3, 10)
"""The oldest version that the topology was tried on: quorum queues with at-least-once dead lettering."""

CONNECT_SECONDS = 5.0
NAMES_SHOWN = 5


def check_broker(url: str) -> Iterator[Finding]:
    """The broker and its topology. Declares nothing."""
    with Connection(url, connect_timeout=CONNECT_SECONDS) as connection:
        try:
            connection.ensure_connection(max_retries=tries(url), interval_start=0)
            amqp: Any = connection.connection
        except Exception as error:  # whatever is wrong on the way to it, the answer is the same
            yield bad(
                "broker", f"RabbitMQ does not let us in ({short(error)}).", "check COUNTERFOIL_BROKER_URL"
            )
            return
        yield _version(amqp.server_properties)
        yield _topology(connection)


def check_management(url: str, broker_url: str) -> Iterator[Finding]:
    """The management API, with the virtual host that the broker's address names."""
    vhost = unquote(urlsplit(addresses(broker_url)[0]).path.removeprefix("/")) or "/"
    management = Management(url)
    if not management.answers():
        yield bad(
            "management",
            "The management API is not there or does not let us in; operators need its UI.",
            "rabbitmq-plugins enable rabbitmq_management, and check COUNTERFOIL_MANAGEMENT_URL",
        )
        return
    try:
        management.request("GET", f"vhosts/{part(vhost)}")
    except (ManagementRefused, OSError):
        text = f'The management API does not show us the virtual host "{vhost}".'
        yield soon("management", text, "check COUNTERFOIL_MANAGEMENT_URL: it may be another RabbitMQ's")
        return
    yield good("management", "The management API answers.")


def _version(properties: dict[str, Any]) -> Finding:
    version = str(properties.get("version", ""))
    numbers = tuple(int(number) for number in version.split(".")[:2] if number.isdigit())
    if numbers < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        return bad("broker", f"RabbitMQ {version or '?'} is too old.", f"install RabbitMQ {wanted} or newer")
    return good("broker", f"RabbitMQ {version} answers.")


def _topology(connection: Any) -> Finding:
    missing: list[str] = []
    items: tuple[Any, ...] = (*EXCHANGES, *QUEUES)
    for item in items:
        channel = connection.channel()  # a refusal closes it
        try:
            if item in EXCHANGES:
                item(channel).declare(passive=True)
            else:
                item(channel).queue_declare(passive=True)
            channel.close()
        except NotFound:
            missing.append(item.name)
        except AccessRefused as error:
            return bad(
                "topology", f"This user may not see {item.name} ({short(error)}).", "allow it in RabbitMQ"
            )
    if missing:
        shown = ", ".join(missing[:NAMES_SHOWN]) + (", …" if len(missing) > NAMES_SHOWN else "")
        return bad(
            "topology", f"{len(missing)} exchanges or queues are not declared: {shown}.", "counterfoil setup"
        )
    return good("topology", f"All {len(EXCHANGES) + len(QUEUES)} exchanges and queues are declared.")
