"""Carrying out the commands of one workflow: claim, publish, commit, answer. Each step can be done again.

``handle`` returns when the command may be acked. Until then RabbitMQ delivers it again after a crash, and it is
known again by its id, or, when it has none, by its body: commands come one at a time, so only the last one can.
A long one may be acked as soon as it is claimed: its row says that it runs, and ``work`` brings it forward chunk by
chunk, so that other commands, a cancel too, are not kept waiting.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine

from events import names
from events.outgoing import HeaderValue, Outgoing
from ops.desk.anew import Anew
from ops.desk.claiming import Claims, refused
from ops.desk.decide import Answer, answer_for, arguments_of
from ops.desk.publishing import Checkpoint, Publishes, no_checkpoint, publish_or_raise
from ops.desk.reading import Arrival, NotUnderstood, Understood, read_command
from ops.desk.replay import CHUNK, Replay
from schemas.commands import Cancel, Command
from schemas.envelope import Workflow
from workers.ledger.commands import (
    CommandRow,
    find_command,
    latest_command,
    running_commands,
    store_command,
)
from workers.ledger.engine import reading, writing

PROGRESS_EVERY = timedelta(seconds=2)
"""How often a long command tells in ``commands.log`` how far it is."""

Releaser = Callable[[CommandRow, Callable[[], None]], CommandRow]
"""Moves the held events of a connection back, calling the second argument now and then; returns the command as done."""


@dataclass(frozen=True, slots=True)
class Handled:
    """How a command ended, for the log and the metrics; ``running``: it has begun and goes on in ``work``."""

    command: str
    result: str
    matched: int = 0


@dataclass(slots=True)
class Workbench:
    """The desk of one workflow. ``keep_alive`` is called now and then in a command that cannot be interrupted.

    ``anew`` makes what fetches a command's messages anew from the store; None: they are retried as they were.
    """

    workflow: Workflow
    ledger: Engine
    publisher: Publishes
    release: Releaser
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    checkpoint: Checkpoint = no_checkpoint
    allow_edit: bool = False
    anew: Callable[[], Anew] | None = None
    progress_every: timedelta = PROGRESS_EVERY
    keep_alive: Callable[[], None] = lambda: None
    looked_for_begun: bool = False
    _at_work: dict[str, Replay] = field(default_factory=dict)
    _told_at: dict[str, datetime] = field(default_factory=dict)

    def handle(self, arrival: Arrival) -> Handled:
        """Carry out one command, or begin it, or refuse it, and answer.

        Raises:
            NotConfirmed, sqlalchemy.exc.OperationalError: the broker or the database is away; nothing is lost,
                the command comes again.
        """
        self.checkpoint("received")
        understood = read_command(arrival)
        if isinstance(understood, NotUnderstood):
            return self._set_aside(arrival, understood)
        row = self._known(arrival, understood)
        if row is None:
            self.resume()
            row = self._begin(arrival, understood)
        return self._finish(row)

    def give(self, command: Command, *, by: str) -> Handled:
        """Carry out a command of the desk's own, which has an id and no message.

        Raises:
            As ``handle``; after a crash ``resume`` takes it up.
        """
        return self._finish(self._begin(Arrival(b""), Understood(command, by)))

    def work(self) -> Handled | None:
        """Bring the command that waits longest forward by a chunk; how it ended, if it did.

        Raises:
            As ``handle``; the command goes on after ``resume``.
        """
        command_id = next(iter(self._at_work), None)
        if command_id is None:
            return None
        replay = self._at_work.pop(command_id)
        replay.step()
        if not replay.ended:
            self._at_work[command_id] = replay  # behind the others: each in turn
            self._tell_progress(replay.row)
            return None
        self._told_at.pop(command_id, None)
        return self._answer(replay.row) if not replay.ended_elsewhere else None

    @property
    def busy(self) -> bool:
        """Whether a long command is at work."""
        return bool(self._at_work)

    @property
    def left(self) -> int:
        """How many messages the running commands have still to publish."""
        return sum(replay.left for replay in self._at_work.values())

    def forget(self) -> None:
        """The connection is lost: another desk may have taken over what runs. ``resume`` looks again."""
        self._at_work.clear()
        self._told_at.clear()
        self.looked_for_begun = False

    def resume(self) -> int:
        """Take up commands that began and whose message is gone. Returns how many.

        Commands come one at a time, so what runs while another one arrives has no message any more. Done once
        after each connect: within one connection a command that began also ends.
        """
        if self.looked_for_begun:
            return 0
        with reading(self.ledger) as connection:
            begun = running_commands(connection, self.workflow)
        for row in begun:
            if row.command_id not in self._at_work:
                self._finish(row)
        self.looked_for_begun = True
        return len(begun)

    def _known(self, arrival: Arrival, understood: Understood) -> CommandRow | None:
        """The row of this very message, if we have had it before."""
        if not arrival.redelivered:
            return None
        with reading(self.ledger) as connection:
            latest = latest_command(connection, self.workflow)
        given = understood.own_id
        if latest is None or latest.status == "refused":  # a refusal changed nothing: look again
            return None
        same = latest.command_id == given if given else latest.command_id.startswith(arrival.digest)
        return latest if same else None

    def _begin(self, arrival: Arrival, understood: Understood) -> CommandRow:
        """Claim and write the command in one transaction; a refused one changes nothing else."""
        command = understood.command
        row = CommandRow(
            workflow=self.workflow,
            command_id=understood.own_id or f"{arrival.digest}-{self.new_id()}",
            command=command.command,
            arguments=arguments_of(command),
            by=understood.by,
            status="running",
            received_at=self.now(),
        )
        with writing(self.ledger) as connection:
            known = find_command(connection, self.workflow, row.command_id)
            if known is not None and known.status != "refused":
                # The row is the first command's; this answer is the only trace of the second.
                return refused(row, f"A command with the id {row.command_id} was carried out already.")
            if understood.refusal:
                row = refused(row, understood.refusal)
            else:
                row = Claims(self.workflow, allow_edit=self.allow_edit).claim(connection, command, row)
            store_command(connection, row)
        if isinstance(command, Cancel):
            self._at_work.pop(command.id, None)
        self.checkpoint("claimed")
        return row

    def _finish(self, row: CommandRow) -> Handled:
        if row.status == "running" and row.command == "release":
            row = self.release(row, self.keep_alive)
        elif row.status == "running":
            replay = Replay(self.ledger, self.publisher, row, self.now, self.checkpoint, self._anew(row))
            if row.matched > CHUNK or replay.anew is not None:
                self._at_work[row.command_id] = replay
                self._told_at[row.command_id] = self.now()
                return Handled(row.command, "running", matched=row.matched)
            while not replay.ended:
                replay.step()
            row = replay.row
        return self._answer(row)

    def _anew(self, row: CommandRow) -> Anew | None:
        return self.anew() if self.anew is not None and row.command in ("retry", "retry_all") else None

    def _answer(self, row: CommandRow) -> Handled:
        answers = [answer_for(row)]
        if row.command == "cancel" and row.status == "done":
            with reading(self.ledger) as connection:
                stopped = find_command(connection, self.workflow, row.arguments["cancels"])
            assert stopped is not None, "a cancelled command has its row"
            answers.insert(0, answer_for(stopped))
        publish_or_raise(self.publisher, [answer.message() for answer in answers])
        self.checkpoint("answered")
        return Handled(row.command, answers[-1].result, matched=row.matched)

    def _tell_progress(self, row: CommandRow) -> None:
        now = self.now()
        if now - self._told_at[row.command_id] >= self.progress_every:
            self._told_at[row.command_id] = now
            publish_or_raise(self.publisher, [answer_for(row, at=now).message()])

    def _set_aside(self, arrival: Arrival, problem: NotUnderstood) -> Handled:
        now = self.now().isoformat().replace("+00:00", "Z")
        answer = Answer(
            workflow=self.workflow,
            command="not understood",
            command_id=f"{arrival.digest}-{self.new_id()}",
            result="refused",
            why=f"{problem.why} The message is in {names.COMMANDS_REJECTED}.",
            by=problem.by,
            arguments={},
            matched=0,
            done=0,
            received_at=now,
            answered_at=now,
        )
        publish_or_raise(self.publisher, [rejected(arrival, problem.why), answer.message()])
        self.checkpoint("answered")
        return Handled("not understood", "refused")


def rejected(arrival: Arrival, why: str) -> Outgoing:
    """The message as it came, to the byte, with the reason in a header."""
    properties = arrival.properties or {}
    headers: dict[str, HeaderValue] = {
        name: value
        for name, value in (properties.get("headers") or {}).items()
        if isinstance(value, str | int) and not name.startswith("x-")
    }
    message_id = properties.get("message_id")
    content_type = properties.get("content_type")
    return Outgoing(
        "",
        names.COMMANDS_REJECTED,
        arrival.body,
        str(message_id) if message_id else None,
        {**headers, "reason": why},
        str(content_type) if content_type else None,
    )
