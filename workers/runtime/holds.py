"""Held events flow back when their connection is active again: by a release command, which the desk carries out."""

from collections.abc import Iterable
from datetime import datetime
from typing import get_args

import orjson

from events import names
from events.outgoing import NotConfirmed, Outgoing
from schemas.envelope import Workflow
from workers.ledger.connections import (
    StoredConnection,
    change_status,
    read_connection,
    read_connections,
)
from workers.ledger.engine import reading, writing
from workers.runtime.services import Services

PUBLISH_SECONDS = 30.0


def pause_is_over(stored: StoredConnection, now: datetime) -> bool:
    """Whether a pause with an end has come to it."""
    paused = stored.connection.status == "paused"
    return paused and stored.paused_until is not None and stored.paused_until <= now


def end_pauses(services: Services) -> None:
    """Make connections active whose pause is over, and let their held events flow back.

    Released first: dead in between, we or another worker do it again. And once more: what another worker put there
    between the two found the connection paused, so it released nothing.

    Raises:
        NotConfirmed: the broker did not confirm.
    """
    now = services.clock()
    with reading(services.engine) as database:
        over = [one for one in read_connections(database) if pause_is_over(one, now)]
    for one in over:
        connection_id = one.connection.connection_id
        _release(services, connection_id, get_args(Workflow))
        with writing(services.engine) as database:
            stored = read_connection(database, connection_id)
            if stored is not None and pause_is_over(stored, now):
                change_status(database, connection_id, "active", now=now)
        _release(services, connection_id, get_args(Workflow))


def release_late(services: Services, connection_id: str, workflow: Workflow) -> None:
    """After events were held: when somebody resumed meanwhile, that release may have passed before they lay there.

    Raises:
        NotConfirmed: the broker did not confirm.
    """
    with reading(services.engine) as database:
        stored = read_connection(database, connection_id)
    if stored is not None and stored.connection.status == "active":
        _release(services, connection_id, [workflow])


def _release(services: Services, connection_id: str, workflows: Iterable[Workflow]) -> None:
    body = orjson.dumps({"command": "release", "connection": connection_id, "by": "worker"})
    commands = [
        Outgoing(names.COMMANDS, workflow, body, message_id=services.new_id()) for workflow in workflows
    ]
    for problem in services.mail.publish_all(commands, timeout_seconds=PUBLISH_SECONDS):
        if isinstance(problem, NotConfirmed):
            raise problem
