"""What the desk answers when a command matches nothing, and how an answer reads. Pure: no broker, no clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from events import names
from events.outgoing import Outgoing
from schemas.commands import Cancel, Command, IgnoreAll, Release, Restore, RetryAll
from workers.ledger.commands import CommandRow
from workers.ledger.failure_views import FailedMessage


def arguments_of(command: Command) -> dict[str, str]:
    """What the command said besides its name, its id and its giver; the event of an edit is kept elsewhere."""
    if isinstance(command, Cancel):
        return {"cancels": command.id}
    said = command.model_dump(exclude={"id", "by", "command", "event"}, exclude_none=True, mode="json")
    return {name: str(value) for name, value in said.items() if value != ""}


def why_nothing_matched(command: Command, workflow: str, found: Sequence[FailedMessage]) -> str:
    """Why a command about one event changed nothing. ``found``: the rows of that event."""
    assert not isinstance(command, RetryAll | IgnoreAll | Release | Cancel)
    here = next((row for row in found if row.workflow == workflow), None)
    if here is None and found:
        other = found[0].workflow
        return f"{command.event_id} is a failed message of {other}: publish with routing key {other}."
    if here is None:
        return f"There is no failed message {command.event_id} in {workflow}."
    who = f" by {here.changed_by}" if here.changed_by else ""
    when = f"{here.changed_at:%Y-%m-%d %H:%M:%S} UTC"
    match here.status:
        case "retry_issued":
            return f"{command.event_id} is being retried already, since {when}{who}."
        case "resolved":
            return f"{command.event_id} is resolved since {when}: there is nothing left to do."
        case "ignored" if isinstance(command, Restore):
            return f"{command.event_id} was changed by somebody else just now. Try again."
        case "ignored":
            return f"{command.event_id} is ignored since {when}{who}. Restore it to sync it again."
        case "unresolved" if isinstance(command, Restore):
            return f"{command.event_id} is not ignored. Use retry."
    return f"{command.event_id} was changed by somebody else just now. Try again."


def why_bulk_matched_nothing(command: RetryAll | IgnoreAll, workflow: str, *, group_known: bool) -> str:
    """A sentence for a command about many that found none. A group that never was is a typo."""
    if command.group is not None and not group_known:
        return f"There is no failure group {command.group} in {workflow}."
    return "Nothing is unresolved there any more."


def why_not_replayed(event_id: str, emptied: int, replayed: int) -> str:
    """What a restore says of messages whose payloads were emptied (COUNTERFOIL_PAYLOAD_DAYS)."""
    if replayed:
        return (
            f"Replayed: {replayed}. Not replayed: {emptied} older of the same store object, whose payloads were "
            "emptied, as COUNTERFOIL_PAYLOAD_DAYS says."
        )
    return (
        f"The payload of {event_id} was emptied, as COUNTERFOIL_PAYLOAD_DAYS says, so nothing is replayed. Its store "
        "object is synced again from its next event on; `counterfoil backfill` fetches it from the store now."
    )


def why_not_cancelled(found: CommandRow | None, command_id: str, workflow: str) -> str:
    """Why a command cannot be stopped. ``found``: its row."""
    if found is None:
        return f"There is no command {command_id} in {workflow}."
    if found.status == "done":
        return f"Command {command_id} is done: {found.done} of {found.matched}."
    return f"Command {command_id} was {found.status} already."


@dataclass(frozen=True, slots=True)
class Answer:
    """One message in ``commands.log``."""

    workflow: str
    command: str
    command_id: str
    result: str
    why: str
    by: str
    arguments: Mapping[str, str]
    matched: int
    done: int
    received_at: str
    answered_at: str

    def message(self) -> Outgoing:
        """The answer as it is published; readable in the Management UI, one key a line."""
        body = {
            "command": self.command,
            **self.arguments,
            "workflow": self.workflow,
            "result": self.result,
            "why": self.why,
            "matched": self.matched,
            "done": self.done,
            "by": self.by or "unknown",
            "id": self.command_id,
            "received_at": self.received_at,
            "answered_at": self.answered_at,
        }
        return Outgoing(
            "", names.COMMANDS_LOG, orjson.dumps(body, option=orjson.OPT_INDENT_2), self.command_id
        )


def answer_for(row: CommandRow, *, at: datetime | None = None) -> Answer:
    """The answer to a command that was carried out, cancelled or refused; ``at``: to one that runs."""
    ended = at or row.finished_at or row.received_at
    return Answer(
        workflow=row.workflow,
        command=row.command,
        command_id=row.command_id,
        result="accepted" if row.status == "done" else row.status,
        why=row.why,
        by=row.by,
        arguments=row.arguments,
        matched=row.matched,
        done=row.done,
        received_at=row.received_at.isoformat().replace("+00:00", "Z"),
        answered_at=ended.isoformat().replace("+00:00", "Z"),
    )
