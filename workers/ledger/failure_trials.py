"""Suspects: messages that RabbitMQ gave up because workers died that held them. Which is tried alone next."""

from datetime import datetime

from sqlalchemy import Connection, Select, select

from schemas.envelope import Workflow
from workers.errors import DeliveryLimit
from workers.ledger.tables import connections
from workers.ledger.tables import failed_messages as rows

SUSPECT = "not tried alone yet"
"""The cause of a failed message that waits for its trial: a group of its own, apart from those that failed it."""

TRIAL = "trial-"
"""How the id of the command begins by which the desk tries a message alone."""


def on_trial(
    connection: Connection, workflow: Workflow, *, since: datetime, event_id: str | None = None
) -> str | None:
    """The event that is tried just now; with ``event_id``: if it still is that one.

    ``since``: a trial that began earlier keeps the others waiting no longer: its event is delayed. Nor does one of a
    paused connection, whose events do not come before a worker.
    """
    wanted = _of_active(workflow, "retry_issued").where(
        rows.c.command_id.startswith(TRIAL), rows.c.changed_at > since
    )
    if event_id is not None:
        wanted = wanted.where(rows.c.event_id == event_id)
    return connection.execute(wanted.limit(1)).scalar()


def next_suspect(connection: Connection, workflow: Workflow) -> str | None:
    """The event that waits longest for its trial."""
    wanted = _of_active(workflow, "unresolved").where(rows.c.cause == SUSPECT)
    return connection.execute(wanted.order_by(rows.c.sequence).limit(1)).scalar()


def _of_active(workflow: Workflow, status: str) -> Select[str]:
    paused = select(connections.c.connection_id).where(connections.c.status == "paused")
    return select(rows.c.event_id).where(
        rows.c.workflow == workflow,
        rows.c.status == status,
        rows.c.reason == DeliveryLimit.reason,
        rows.c.connection_id.not_in(paused),
    )
