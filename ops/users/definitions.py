"""Everything on the broker as RabbitMQ's definitions: ``python -m ops.users.definitions > ops/definitions.json``.

The roles are there as the users ``operator`` and ``viewer`` that cannot log in until ``counterfoil users password``
gives them a password. Source: RabbitMQ docs, "Schema Definition Export and Import".
"""

import sys
from typing import Any

import orjson

from events.broker.topology import EXCHANGES, QUEUES
from ops.users.roles import ROLES

VHOST = "counterfoil"


def definitions(vhost: str = VHOST) -> dict[str, Any]:
    """The virtual host with its exchanges, queues and bindings, and a user of each role."""
    queues: list[Any] = sorted(QUEUES, key=lambda queue: str(queue.name))  # kombu's types know no arguments
    exchanges: list[Any] = list(EXCHANGES)
    return {
        "vhosts": [{"name": vhost}],
        "users": [
            {
                "name": role.name,
                "password_hash": "",
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": list(role.tags),
            }
            for role in ROLES.values()
        ],
        "permissions": [{"user": role.name, "vhost": vhost, **role.rights} for role in ROLES.values()],
        "exchanges": [
            {
                "name": exchange.name,
                "vhost": vhost,
                "type": exchange.type,
                "durable": True,
                "auto_delete": False,
                "internal": False,
                "arguments": dict(exchange.arguments or {}),
            }
            for exchange in exchanges
        ],
        "queues": [
            {
                "name": queue.name,
                "vhost": vhost,
                "durable": True,
                "auto_delete": False,
                "arguments": dict(queue.queue_arguments),
            }
            for queue in queues
        ],
        "bindings": [
            {
                "source": queue.exchange.name,
                "vhost": vhost,
                "destination": queue.name,
                "destination_type": "queue",
                "routing_key": queue.routing_key,
                "arguments": {},
            }
            for queue in queues
            if queue.exchange is not None and queue.exchange.name
        ],
    }


def as_text(document: dict[str, Any]) -> str:
    """As it stands in the file."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


if __name__ == "__main__":
    sys.stdout.write(as_text(definitions(*sys.argv[1:2])))
