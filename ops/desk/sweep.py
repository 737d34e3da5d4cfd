"""The sweep: takes copies out of an error queue whose failed message is settled, and keeps row and queue agreed.

A copy stays while its row is unresolved and names it, and while a command works on it: a cancelled one leaves the
copies that it has not come to in their places. A copy without a row (a restored database) becomes a row
again; a row without a copy (a purged queue) gets its copy back.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import ValidationError
from sqlalchemy import Engine

from events import names
from ops.desk.publishing import Publishes, publish_or_raise
from ops.desk.queue_pass import Lying, QueuePass, Spot
from schemas.envelope import Workflow
from schemas.failure import FailureHeaders
from workers.error_copies import error_copy
from workers.ledger.commands import running_commands
from workers.ledger.engine import reading, writing
from workers.ledger.entries import applied_events
from workers.ledger.failure_changes import add_missing_failures
from workers.ledger.failure_views import Copy, read_copies, read_failed, unresolved_copies
from workers.ledger.failures import Failure
from workers.runtime.delivery import read_delivery

COPY_BEFORE_ROW = timedelta(minutes=2)
"""A worker publishes the copy, then commits the row: so long a copy may be newer than its row."""

PUT_BACK_AT_ONCE = 500

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Swept:
    """What one pass did. ``strangers`` are messages that are no copies of ours: somebody put them there."""

    kept: int = 0
    taken_out: int = 0
    rows_rebuilt: int = 0
    copies_put_back: int = 0
    strangers: int = 0

    @property
    def disagreed(self) -> bool:
        """Whether row and queue had to be mended."""
        return bool(self.rows_rebuilt or self.copies_put_back or self.strangers)


@dataclass(slots=True)
class _Pass:
    """What one pass has found so far. ``wanted``: copies that lay there before; ``seen``: those that stay."""

    wanted: Mapping[str, str]
    seen: set[str] = field(default_factory=set)
    settled: list[Spot] = field(default_factory=list)
    swept: Swept = field(default_factory=Swept)


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Makes passes over the error queues of a broker. ``now`` gives aware UTC times."""

    broker_url: str
    ledger: Engine
    publisher: Publishes
    now: Callable[[], datetime]

    def sweep(self, workflow: Workflow, *, shared: bool = False) -> Swept:
        """One pass: take out what is settled, give back the rest in order, mend what disagrees.

        ``shared``: also while somebody else holds a part of the queue; copies are not put back then.

        Raises:
            QueueBusy: somebody else holds a part of the queue: another desk, or a person who looks.
            NotConfirmed, pika.exceptions.AMQPError, sqlalchemy.exc.DBAPIError: broker or database is away; the
                next pass finds everything as it was.
        """
        with reading(self.ledger) as connection:
            # Read before the pass: a row's copy is published before the row, so each of these must be found.
            found = _Pass(unresolved_copies(connection, workflow))
        with QueuePass(self.broker_url, names.errors(workflow), shared=shared) as walk:
            for chunk in walk.chunks():
                self._judge(workflow, chunk, found)
            found.swept.taken_out = walk.take_out(found.settled)
            complete = walk.complete
        if complete:  # else somebody holds a part of the queue, and what we did not see may be there
            found.swept.copies_put_back = self._put_back(workflow, found.wanted, found.seen)
        if found.swept.disagreed:
            log.warning("error queue and ledger disagreed", extra=_facts(workflow, found.swept))
        return found.swept

    def _judge(self, workflow: Workflow, chunk: Sequence[Lying], found: _Pass) -> None:
        """Sort a chunk. What was unresolved at the start stays without another look: the next pass takes it out."""
        rest: list[Lying] = []
        for one in chunk:
            copy_id = str(one.headers.get("copy_id"))
            if copy_id in found.wanted and copy_id not in found.seen:
                found.seen.add(copy_id)
                found.swept.kept += 1
            else:
                rest.append(one)
        if rest:
            self._look_up(workflow, rest, found)

    def _look_up(self, workflow: Workflow, chunk: Sequence[Lying], found: _Pass) -> None:
        named = [(one, ids) for one in chunk if (ids := _ids(one)) is not None]
        found.swept.strangers += len(chunk) - len(named)
        with reading(self.ledger) as connection:
            rows = read_copies(connection, workflow, [ids[1] for _, ids in named])
            running = {row.command_id for row in running_commands(connection, workflow)}
        orphans: list[tuple[Lying, FailureHeaders]] = []
        for one, (connection_id, event_id, copy_id) in named:
            row = rows.get((connection_id, event_id))
            if row is None:
                headers = _headers(one)
                orphans += [(one, headers)] if headers is not None else []
                found.swept.strangers += headers is None
            elif self._stays(one, copy_id, row, found.seen, running):
                found.seen.add(copy_id)
                found.swept.kept += 1
            else:
                found.settled.append(one.spot)
        if orphans:
            self._rebuild(workflow, orphans, found)

    def _stays(self, one: Lying, copy_id: str, row: Copy, seen: set[str], running: set[str]) -> bool:
        if copy_id == row.copy_id:
            claimed = row.status == "retry_issued" and row.command_id in running
            return (row.status == "unresolved" or claimed) and copy_id not in seen
        headers = _headers(one)
        if headers is None or headers.failed_at <= row.failed_at:
            return False
        return self.now() - headers.failed_at < COPY_BEFORE_ROW

    def _rebuild(
        self, workflow: Workflow, orphans: Sequence[tuple[Lying, FailureHeaders]], found: _Pass
    ) -> None:
        latest = {(headers.connection, headers.event_id): (one, headers) for one, headers in orphans}
        with writing(self.ledger) as connection:
            booked = applied_events(connection, latest)
            lost = [pair for event, pair in latest.items() if event not in booked]
            add_missing_failures(connection, [_failure(workflow, one, headers) for one, headers in lost])
        kept = {one.spot for one, _ in lost}
        found.settled += [one.spot for one, _ in orphans if one.spot not in kept]
        found.seen.update(headers.copy_id for _, headers in lost)
        found.swept.kept += len(lost)
        found.swept.rows_rebuilt += len(lost)

    def _put_back(self, workflow: Workflow, wanted: Mapping[str, str], seen: set[str]) -> int:
        missing = [event_id for copy_id, event_id in wanted.items() if copy_id not in seen]
        unseen = wanted.keys() - seen
        count = 0
        for start in range(0, len(missing), PUT_BACK_AT_ONCE):
            with reading(self.ledger) as connection:
                rows = read_failed(connection, workflow, missing[start : start + PUT_BACK_AT_ONCE])
            messages = [
                error_copy(workflow, row.event_id, row.body, row.headers())
                for row in rows
                if row.status == "unresolved" and row.copy_id in unseen
            ]
            publish_or_raise(self.publisher, messages)
            count += len(messages)
        return count


def _ids(one: Lying) -> tuple[str, str, str] | None:
    """Connection, event and copy; None for a message that somebody else put there. Most copies need no more."""
    connection_id, event_id = one.headers.get("connection"), one.headers.get("event_id")
    copy_id = one.headers.get("copy_id")
    if isinstance(connection_id, str) and isinstance(event_id, str) and isinstance(copy_id, str):
        return connection_id, event_id, copy_id
    return None


def _headers(one: Lying) -> FailureHeaders | None:
    """All headers of a copy; None if they are not ours."""
    known = {name: one.headers[name] for name in FailureHeaders.model_fields if name in one.headers}
    try:
        return FailureHeaders.model_validate(known)
    except ValidationError:
        return None


def _failure(workflow: Workflow, one: Lying, headers: FailureHeaders) -> tuple[Failure, datetime, str]:
    delivery = read_delivery(
        workflow, one.body, {}, headers.event_id, received_at=headers.failed_at, handle=None
    )
    failure = Failure(
        event_id=headers.event_id,
        workflow=workflow,
        connection_id=headers.connection,
        subject=delivery.subject,
        object_key=delivery.object_key,
        body=one.body,
        reason=headers.reason,
        cause="",  # only the group's id is on the copy; the cause comes back when the message fails again
        message=headers.message,
        fix=headers.fix,
        fault_code=headers.fault_code,
        attempts=headers.attempts,
        copy_id=headers.copy_id,
        failed_at=headers.failed_at,
        sequence=int(headers.failed_at.timestamp() * 1_000_000) * 1000,
    )
    return failure, headers.first_failed_at, headers.group


def _facts(workflow: Workflow, swept: Swept) -> dict[str, object]:
    return {
        "workflow": workflow,
        "rows_rebuilt": swept.rows_rebuilt,
        "copies_put_back": swept.copies_put_back,
        "strangers": swept.strangers,
    }
