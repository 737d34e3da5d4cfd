"""Putting claimed messages back into their workflow, in the order in which they failed, chunk by chunk."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Engine

from events.outgoing import Outgoing
from ops.desk.anew import Anew
from ops.desk.publishing import CONFIRM_SECONDS, Checkpoint, Publishes, refused_of, send
from workers.ledger.commands import CommandRow, update_command
from workers.ledger.edits import edited_body
from workers.ledger.engine import reading, writing
from workers.ledger.failure_changes import Place, claimed_places, give_back, read_bodies

CHUNK = 1000
"""Messages between two commits of the progress: what is published twice at most after a crash."""


@dataclass(slots=True)
class Replay:
    """One command at work. Safe to begin again after a crash: a message published twice is booked once.

    ``row`` is what is committed. Rows whose message the broker will not take (no such queue) are given back.
    ``ended_elsewhere``: another desk that took over has ended the command, and answers.
    """

    ledger: Engine
    publisher: Publishes
    row: CommandRow
    now: Callable[[], datetime]
    checkpoint: Checkpoint
    anew: Anew | None = None
    ended_elsewhere: bool = False
    _places: list[Place] = field(default_factory=list)
    _next: int = 0
    _ahead: "_Chunk | None" = None

    def __post_init__(self) -> None:
        """Find what is claimed and not published yet."""
        only_event = self.row.arguments.get("event_id") if self.row.matched == 1 else None
        with reading(self.ledger) as connection:
            self._places = claimed_places(
                connection,
                self.row.workflow,
                self.row.command_id,
                self.row.published_to,
                only_event=only_event,
            )

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do."""
        return self.ended_elsewhere or self.row.status != "running"

    @property
    def left(self) -> int:
        """How many messages are still to be published."""
        return len(self._places) - self._next

    def step(self) -> None:
        """Publish one chunk and write down how far we are; the last one ends the command.

        While the broker confirms it, the next one is read.

        Raises:
            NotConfirmed: the broker is away; the command stays "running" and goes on when it is back.
        """
        chunk = self._ahead or self._read()
        batch = send(self.publisher, chunk.messages)
        self._next += len(chunk.places)
        self._ahead = self._read() if self.left and self.anew is None else None
        refused = [chunk.sent[number] for number in refused_of(batch.wait(CONFIRM_SECONDS))]
        self.checkpoint("published")
        row = self.row
        if chunk.places:
            row = replace(
                row, done=row.done + len(chunk.places) - len(refused), published_to=chunk.places[-1]
            )
        if refused:
            row = replace(row, why=_refused_sentence(row.workflow))
        if self.left == 0:
            row = replace(row, status="done", finished_at=self.now())
            if self.anew is not None and not refused:
                row = replace(row, why=self.anew.sentence())
        self._write(row, refused)
        self.checkpoint("committed")

    def _write(self, row: CommandRow, refused: Sequence[Place]) -> None:
        with writing(self.ledger) as connection:
            if not update_command(connection, row):
                self.ended_elsewhere, self._next = True, len(self._places)
                return
            give_back(
                connection,
                row.workflow,
                [place.event_id for place in refused],
                row.command_id,
                "ignored" if row.command == "restore" else "unresolved",
            )
        self.row = row

    def _read(self) -> "_Chunk":
        size = CHUNK if self.anew is None else self.anew.at_once
        chunk = self._places[self._next : self._next + size]
        with reading(self.ledger) as connection:
            bodies = read_bodies(connection, self.row.workflow, chunk)
            if self.row.command == "edit":
                edited = edited_body(connection, self.row.workflow, self.row.command_id)
                bodies = {place: edited or body for place, body in bodies.items()}
        if self.anew is not None:
            bodies = {place: self.anew.body(body) for place, body in bodies.items()}
        # Only the body and the event's id go back: the headers of the error queue were for the reader.
        messages = [Outgoing("", self.row.workflow, body, place.event_id) for place, body in bodies.items()]
        return _Chunk(chunk, list(bodies), messages)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """What goes back together. ``sent``: the places of the messages, since some place may have none any more."""

    places: Sequence[Place]
    sent: Sequence[Place]
    messages: Sequence[Outgoing]


def _refused_sentence(workflow: str) -> str:
    return (
        f"RabbitMQ did not take all messages back into the queue {workflow}; those are still failed. "
        "Run `counterfoil setup`, then try again."
    )
