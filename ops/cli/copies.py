"""Copies whose failed messages are settled leave the error queues at once, also where no desk runs."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pika.exceptions
from sqlalchemy import Engine

from events.broker.publisher import Publisher
from events.broker.topology import WORKFLOWS
from events.outgoing import NotConfirmed
from ops.desk.queue_pass import QueueBusy
from ops.desk.sweep import Sweeper
from ops.settings import Settings
from schemas.envelope import Workflow

CONNECT_SECONDS = 5.0
BUSY_SECONDS = 10.0
"""So long somebody else's look at an error queue may keep ours waiting."""


@contextmanager
def publishing(settings: Settings) -> Iterator[Publisher]:
    """A publisher for the time of the block.

    Raises:
        NotConfirmed: the broker is away.
    """
    publisher = Publisher(settings.broker_url, connection_name="counterfoil command line")
    publisher.start()
    try:
        publisher.wait_connected(CONNECT_SECONDS)
        yield publisher
    finally:
        publisher.close(CONNECT_SECONDS)


def sweep_copies(settings: Settings, engine: Engine, publisher: Publisher) -> str:
    """One pass over each error queue. Returns a sentence about what could not be done, or ""."""
    sweeper = Sweeper(settings.broker_url, engine, publisher, now)
    until = time.monotonic() + BUSY_SECONDS
    busy = [workflow for workflow in WORKFLOWS if not _swept(sweeper, workflow, until)]
    if not busy:
        return ""
    queues = ", ".join(f"{workflow}.errors" for workflow in busy)
    return f"Old copies still lie in {queues}; a desk that runs takes them out."


def _swept(sweeper: Sweeper, workflow: Workflow, until: float) -> bool:
    while True:
        try:
            sweeper.sweep(workflow)
        except QueueBusy:
            if time.monotonic() > until:
                return False
            time.sleep(BUSY_SECONDS / 40)
        except (pika.exceptions.AMQPError, NotConfirmed, OSError):
            return False
        else:
            return True


def now() -> datetime:
    """Aware UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """For one copy."""
    return uuid.uuid4().hex
