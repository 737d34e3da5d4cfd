"""From a command to its row: what it means is claimed in the same transaction, or it is refused with a sentence."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from ops.desk.decide import (
    why_bulk_matched_nothing,
    why_not_cancelled,
    why_not_replayed,
    why_nothing_matched,
)
from ops.desk.editing import EditRefused, edited
from schemas.commands import (
    Cancel,
    Command,
    Edit,
    Ignore,
    IgnoreAll,
    Release,
    Restore,
    Retry,
    RetryAll,
)
from schemas.envelope import Workflow
from workers.ledger.commands import CommandRow, find_command, update_command
from workers.ledger.connections import read_connection
from workers.ledger.edits import Edit as EditRow
from workers.ledger.edits import store_edit
from workers.ledger.failure_changes import (
    Before,
    Order,
    Target,
    claim_for_retry,
    give_back_rest,
    ignore,
    restore,
)
from workers.ledger.failure_views import find_failed, group_workflow

EDIT_IS_OFF = "Edit and retry is switched off. COUNTERFOIL_ALLOW_EDIT=true, set for the desk, switches it on."


@dataclass(frozen=True, slots=True)
class Claims:
    """Claims what a command means. ``allow_edit``: whether failed messages may be edited."""

    workflow: Workflow
    allow_edit: bool = False

    def claim(self, connection: Connection, command: Command, row: CommandRow) -> CommandRow:
        """The row as it is to be written: running, done or refused."""
        order = Order(row.command_id, row.by, row.received_at)
        match command:
            case Retry(event_id=event_id):
                matched = claim_for_retry(connection, Target(self.workflow, event_id), order)
            case Ignore(event_id=event_id) | Edit(event_id=event_id) if self._is_of_several(
                connection, event_id
            ):
                return refused(row, f"Several connections have a failed message {event_id}: name its group.")
            case Edit():
                return self._edit(connection, command, row, order)
            case Ignore(event_id=event_id, reason=reason):
                matched = ignore(connection, Target(self.workflow, event_id), order, reason)
            case Restore(event_id=event_id):
                found = restore(connection, self.workflow, event_id, order)
                matched = found.replayed
                if found.emptied:
                    row = replace(row, why=why_not_replayed(event_id, found.emptied, matched))
                    if not matched:
                        return replace(row, status="done", finished_at=row.received_at)
            case RetryAll(group=group, connection=connection_id):
                target = Target(self.workflow, None, group, connection_id)
                matched = claim_for_retry(connection, target, order)
            case IgnoreAll(group=group, connection=connection_id, reason=reason):
                target = Target(self.workflow, None, group, connection_id)
                matched = ignore(connection, target, order, reason)
            case Release(connection=connection_id):
                return _release(connection, row, connection_id)
            case Cancel(id=command_id):
                return self._cancel(connection, command_id, row)
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

    def _edit(self, connection: Connection, command: Edit, row: CommandRow, order: Order) -> CommandRow:
        if not self.allow_edit:
            return refused(row, EDIT_IS_OFF)
        failed = [one for one in find_failed(connection, command.event_id) if one.workflow == self.workflow]
        unresolved = next((one for one in failed if one.status == "unresolved"), None)
        if unresolved is None:
            return self._nothing(connection, command, row)
        try:
            body = edited(unresolved.body, command.event)
        except EditRefused as error:
            return refused(row, str(error))
        if claim_for_retry(connection, Target(self.workflow, command.event_id), order) == 0:
            return self._nothing(connection, command, row)
        store_edit(
            connection,
            EditRow(
                self.workflow,
                row.command_id,
                unresolved.connection_id,
                command.event_id,
                unresolved.body,
                body,
                row.by,
                row.received_at,
            ),
        )
        return replace(row, matched=1)

    def _cancel(self, connection: Connection, command_id: str, row: CommandRow) -> CommandRow:
        stopped = find_command(connection, self.workflow, command_id)
        if stopped is None or stopped.status != "running":
            return refused(row, why_not_cancelled(stopped, command_id, self.workflow))
        before: Before = "ignored" if stopped.command == "restore" else "unresolved"
        rest = give_back_rest(connection, self.workflow, command_id, stopped.published_to, before)
        by = f" by {row.by}" if row.by else ""
        why = f"Cancelled{by}: {stopped.done} went back to {self.workflow}, {rest} stay {before}."
        update_command(connection, replace(stopped, status="cancelled", why=why, finished_at=row.received_at))
        return replace(row, matched=rest, done=rest, status="done", why=why, finished_at=row.received_at)

    def _nothing(self, connection: Connection, command: Command, row: CommandRow) -> CommandRow:
        assert not isinstance(command, Release | Cancel)
        if isinstance(command, RetryAll | IgnoreAll):
            known = command.group is None or group_workflow(connection, command.group) == self.workflow
            why = why_bulk_matched_nothing(command, self.workflow, group_known=known)
            if known:
                return replace(row, status="done", why=why, finished_at=row.received_at)
            return refused(row, why)
        found = find_failed(connection, command.event_id)
        return refused(row, why_nothing_matched(command, self.workflow, found))


def refused(row: CommandRow, why: str) -> CommandRow:
    """The command changes nothing, and says why."""
    return replace(row, status="refused", why=why, finished_at=row.received_at)


def _release(connection: Connection, row: CommandRow, connection_id: str) -> CommandRow:
    if read_connection(connection, connection_id) is None:
        return refused(row, f"There is no connection {connection_id}.")
    return row
