"""Release: a connection's held events go back to their workflow; those of other connections stay, in order."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import orjson
from sqlalchemy import Engine

from events import names
from events.outgoing import HeaderValue, Outgoing
from ops.desk.publishing import Checkpoint, Publishes, no_checkpoint, publish
from ops.desk.queue_pass import Lying, QueueBusy, QueuePass, Spot
from schemas.envelope import Workflow
from workers.ledger.commands import CommandRow, update_command
from workers.ledger.engine import writing

ALONE_SECONDS = 5.0

PASSES = 3
"""Enough for acks that RabbitMQ forgot; a connection that is paused again meanwhile must not keep us here."""


@dataclass(frozen=True, slots=True)
class Release:
    """Carries out the command ``release``. Safe to run again: an event that comes twice is booked once."""

    broker_url: str
    ledger: Engine
    publisher: Publishes
    now: Callable[[], datetime]
    checkpoint: Checkpoint = no_checkpoint

    def __call__(self, row: CommandRow, keep_alive: Callable[[], None]) -> CommandRow:
        """Move the connection's events and write down that it is done.

        Raises:
            NotConfirmed, pika.exceptions.AMQPError: the broker is away; the command comes again.
        """
        moved = 0
        for _ in range(PASSES):
            once = self._pass(row.workflow, row.arguments["connection"], keep_alive)
            moved += once
            if once == 0:
                break
        row = replace(row, matched=moved, done=moved, status="done", finished_at=self.now())
        with writing(self.ledger) as connection:
            update_command(connection, row)
        return row

    def _pass(self, workflow: Workflow, connection_id: str, keep_alive: Callable[[], None]) -> int:
        released: list[Spot] = []
        with self._open(names.held(workflow), keep_alive) as walk:
            for chunk in walk.chunks():
                mine = [one for one in chunk if connection_of(one) == connection_id]
                refused = set(publish(self.publisher, _messages(workflow, mine)))
                released += [one.spot for place, one in enumerate(mine) if place not in refused]
            self.checkpoint("published")
            walk.take_out(released)
        return len(released)

    def _open(self, queue: str, keep_alive: Callable[[], None]) -> QueuePass:
        """Alone if we can: what a person looks at just now would else stay behind."""
        until = time.monotonic() + ALONE_SECONDS
        while time.monotonic() < until:
            try:
                return QueuePass(self.broker_url, queue, keep_alive=keep_alive)
            except QueueBusy:
                keep_alive()
                time.sleep(ALONE_SECONDS / 20)
        return QueuePass(self.broker_url, queue, shared=True, keep_alive=keep_alive)


def _messages(workflow: Workflow, held: Sequence[Lying]) -> list[Outgoing]:
    return [Outgoing("", workflow, one.body, one.message_id or None, kept_headers(one)) for one in held]


def kept_headers(one: Lying) -> dict[str, HeaderValue]:
    """The message's own headers, without RabbitMQ's: a copied ``x-delivery-count`` would count on a fresh message."""
    return {
        name: value
        for name, value in one.headers.items()
        if isinstance(value, str | int) and not name.startswith("x-")
    }


def connection_of(one: Lying) -> str:
    """Whose event this is: what the worker that held it says, else the event itself; "" for neither."""
    named = one.headers.get("connection")
    if isinstance(named, str) and named:
        return named
    try:
        envelope = orjson.loads(one.body)
    except orjson.JSONDecodeError:
        return ""
    return str(envelope.get("connection", "")) if isinstance(envelope, dict) else ""
