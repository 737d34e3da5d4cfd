"""Putting claimed messages back into their workflow, in the order in which they failed, from where we stopped."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine

from events.outgoing import Outgoing
from ops.desk.publishing import Checkpoint, Publishes, publish
from schemas.envelope import Workflow
from workers.ledger.commands import CommandRow, update_command
from workers.ledger.engine import reading, writing
from workers.ledger.failure_changes import Place, claimed_places, give_back, read_bodies

CHUNK = 1000
"""Messages between two commits of the progress: what is published twice at most after a crash."""


def replay(
    ledger: Engine,
    publisher: Publishes,
    row: CommandRow,
    *,
    now: Callable[[], datetime],
    checkpoint: Checkpoint,
    keep_alive: Callable[[], None],
) -> CommandRow:
    """Publish what the command has claimed and write down that it is done. Safe to run again after a crash.

    A message published twice does no harm: the ledger knows the event. Rows whose message the broker will not
    take (no such queue) are given back.

    Raises:
        NotConfirmed: the broker is away; the command stays "running" and goes on when it is back.
    """
    only_event = row.arguments.get("event_id") if row.matched == 1 else None
    with reading(ledger) as connection:
        places = claimed_places(
            connection, row.workflow, row.command_id, row.published_to, only_event=only_event
        )
    for start in range(0, len(places), CHUNK):
        chunk = places[start : start + CHUNK]
        refused = _publish_chunk(ledger, publisher, row.workflow, chunk)
        checkpoint("published")
        last = start + CHUNK >= len(places)
        row = replace(row, done=row.done + len(chunk) - len(refused), published_to=chunk[-1])
        if refused:
            row = replace(row, why=_refused_sentence(row.workflow))
        if last:
            row = _done(row, now())
        with writing(ledger) as connection:
            give_back(
                connection,
                row.workflow,
                [place.event_id for place in refused],
                row.command_id,
                "ignored" if row.command == "restore" else "unresolved",
            )
            update_command(connection, row)
        keep_alive()
    if row.status != "done":  # nothing was left to publish
        row = _done(row, now())
        with writing(ledger) as connection:
            update_command(connection, row)
    checkpoint("committed")
    return row


def _publish_chunk(
    ledger: Engine, publisher: Publishes, workflow: Workflow, chunk: Sequence[Place]
) -> list[Place]:
    with reading(ledger) as connection:
        bodies = read_bodies(connection, workflow, chunk)
    # Only the body and the event's id go back: the headers of the error queue were for the reader.
    messages = [Outgoing("", workflow, body, place.event_id) for place, body in bodies.items()]
    places = list(bodies)
    return [places[number] for number in publish(publisher, messages)]


def _done(row: CommandRow, now: datetime) -> CommandRow:
    return replace(row, status="done", finished_at=now)


def _refused_sentence(workflow: str) -> str:
    return (
        f"RabbitMQ did not take all messages back into the queue {workflow}; those are still failed. "
        "Run `counterfoil setup`, then try again."
    )
