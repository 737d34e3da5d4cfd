"""Carrying out the commands of one workflow: claim, publish, commit, answer. Each step can be done again.

``handle`` returns when the command may be acked. Until then RabbitMQ delivers it again after a crash, and it is
known again by its id, or, when it has none, by its body: commands come one at a time, so only the last one can.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from events import names
from events.outgoing import HeaderValue, Outgoing
from ops.desk.decide import (
    Answer,
    answer_for,
    arguments_of,
    why_bulk_matched_nothing,
    why_nothing_matched,
)
from ops.desk.publishing import Checkpoint, Publishes, no_checkpoint, publish_or_raise
from ops.desk.reading import Arrival, NotUnderstood, Understood, read_command
from ops.desk.replay import replay
from schemas.commands import Command, Ignore, IgnoreAll, Release, Restore, Retry, RetryAll
from schemas.envelope import Workflow
from workers.ledger.commands import (
    CommandRow,
    find_command,
    latest_command,
    running_commands,
    store_command,
)
from workers.ledger.connections import read_connection
from workers.ledger.engine import reading, writing
from workers.ledger.failure_changes import Order, Target, claim_for_retry, ignore, restore
from workers.ledger.failure_views import find_failed, group_workflow

Releaser = Callable[[CommandRow, Callable[[], None]], CommandRow]
"""Moves the held events of a connection back, calling the second argument now and then; returns the command as done."""


@dataclass(frozen=True, slots=True)
class Handled:
    """How a command ended, for the log and the metrics."""

    command: str
    result: str
    matched: int = 0


@dataclass(slots=True)
class Workbench:
    """The desk of one workflow. ``keep_alive`` is called now and then in a long command."""

    workflow: Workflow
    ledger: Engine
    publisher: Publishes
    release: Releaser
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    checkpoint: Checkpoint = no_checkpoint
    keep_alive: Callable[[], None] = lambda: None
    looked_for_begun: bool = False

    def handle(self, arrival: Arrival) -> Handled:
        """Carry out one command, or refuse it, and answer.

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

    def resume(self) -> int:
        """Finish commands that began and whose message is gone (a purged queue). Returns how many.

        Commands come one at a time, so what runs while another one arrives has lost its message. Done once after
        each connect: within one connection a command that began also ends.
        """
        if self.looked_for_begun:
            return 0
        with reading(self.ledger) as connection:
            begun = running_commands(connection, self.workflow)
        for row in begun:
            self._finish(row)
        self.looked_for_begun = True
        return len(begun)

    def _known(self, arrival: Arrival, understood: Understood) -> CommandRow | None:
        """The row of this very message, if we have had it before."""
        if not arrival.redelivered:
            return None
        with reading(self.ledger) as connection:
            latest = latest_command(connection, self.workflow)
        given = understood.command.id
        if latest is None or latest.status == "refused":  # a refusal changed nothing: look again
            return None
        same = latest.command_id == given if given else latest.command_id.startswith(arrival.digest)
        return latest if same else None

    def _begin(self, arrival: Arrival, understood: Understood) -> CommandRow:
        """Claim and write the command in one transaction; a refused one changes nothing else."""
        command = understood.command
        row = CommandRow(
            workflow=self.workflow,
            command_id=command.id or f"{arrival.digest}-{self.new_id()}",
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
                return _refused(row, f"A command with the id {row.command_id} was carried out already.")
            row = (
                _refused(row, understood.refusal)
                if understood.refusal
                else self._claim(connection, command, row)
            )
            store_command(connection, row)
        self.checkpoint("claimed")
        return row

    def _claim(self, connection: Connection, command: Command, row: CommandRow) -> CommandRow:
        order = Order(row.command_id, row.by, row.received_at)
        match command:
            case Retry(event_id=event_id):
                matched = claim_for_retry(connection, Target(self.workflow, event_id), order)
            case Ignore(event_id=event_id) if self._is_of_several(connection, event_id):
                return _refused(row, f"Several connections have a failed message {event_id}: name its group.")
            case Ignore(event_id=event_id, reason=reason):
                matched = ignore(connection, Target(self.workflow, event_id), order, reason)
            case Restore(event_id=event_id):
                matched = restore(connection, self.workflow, event_id, order)
            case RetryAll(group=group, connection=connection_id):
                target = Target(self.workflow, None, group, connection_id)
                matched = claim_for_retry(connection, target, order)
            case IgnoreAll(group=group, connection=connection_id, reason=reason):
                target = Target(self.workflow, None, group, connection_id)
                matched = ignore(connection, target, order, reason)
            case Release(connection=connection_id):
                return _release(connection, row, connection_id)
        if matched == 0:
            return self._nothing(connection, command, row)
        row = replace(row, matched=matched)
        if isinstance(command, Ignore | IgnoreAll):
            return replace(row, done=matched, status="done", finished_at=row.received_at)
        return row

    def _is_of_several(self, connection: Connection, event_id: str) -> bool:
        """Senders choose ids: ignoring one store's event must not ignore another's."""
        found = find_failed(connection, event_id)
        return sum(one.workflow == self.workflow and one.status == "unresolved" for one in found) > 1

    def _nothing(self, connection: Connection, command: Command, row: CommandRow) -> CommandRow:
        assert not isinstance(command, Release)
        if isinstance(command, RetryAll | IgnoreAll):
            known = command.group is None or group_workflow(connection, command.group) == self.workflow
            why = why_bulk_matched_nothing(command, self.workflow, group_known=known)
            if known:
                return replace(row, status="done", why=why, finished_at=row.received_at)
            return _refused(row, why)
        found = find_failed(connection, command.event_id)
        return _refused(row, why_nothing_matched(command, self.workflow, found))

    def _finish(self, row: CommandRow) -> Handled:
        if row.status == "running" and row.command == "release":
            row = self.release(row, self.keep_alive)
        elif row.status == "running":
            row = replay(
                self.ledger,
                self.publisher,
                row,
                now=self.now,
                checkpoint=self.checkpoint,
                keep_alive=self.keep_alive,
            )
        answer = answer_for(row)
        publish_or_raise(self.publisher, [answer.message()])
        self.checkpoint("answered")
        return Handled(row.command, answer.result, matched=row.matched)

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


def _release(connection: Connection, row: CommandRow, connection_id: str) -> CommandRow:
    if read_connection(connection, connection_id) is None:
        return _refused(row, f"There is no connection {connection_id}.")
    return row


def _refused(row: CommandRow, why: str) -> CommandRow:
    return replace(row, status="refused", why=why, finished_at=row.received_at)
