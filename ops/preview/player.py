"""Plays events through the real workflow functions, with a ledger and a QuickBooks company that are only read."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from sqlalchemy import Engine

from ops.preview.outcome import PlannedWrite, Previewed, Result
from ops.preview.pretended import Pretended
from ops.preview.stock import PretendedStock
from schemas.connection import Connection
from schemas.envelope import Envelope
from workers.context import Context
from workers.errors import NeedsAttention, QuickBooksRejected, SyncError, Wait
from workers.ledger.engine import reading
from workers.ledger.failures import ignored_objects
from workers.ledger.mappings import recall_mappings
from workers.outcomes import Booked, Outcome, Skipped, Superseded
from workers.route import steps_for
from workers.runtime.delivery import object_key_of
from workers.runtime.requests import object_keys
from workers.steps import Company, Find, Json, Recall, Remember, Step, Steps, StoreKey, SyncMapping, Write
from workers.stock import NoteStock, RecallStock, SeeStock


class Player:
    """One preview: what an event would book, a later one finds as booked."""

    def __init__(
        self, engine: Engine, connection: Connection, company: Company, pretended: Pretended
    ) -> None:
        self._engine = engine
        self._connection = connection
        self._company = company
        self._pretended = pretended
        self._remembered: dict[StoreKey, SyncMapping] = {}
        self._stock = PretendedStock(engine, connection.connection_id, self._remembered)

    def play(self, envelope: Envelope) -> Previewed:
        """What this event would do now. One that fails may have written something before: that stays, as it would.

        Raises:
            SyncError: QuickBooks cannot be asked now.
        """
        if self._is_ignored(envelope):
            return _previewed(envelope, "skipped", why="ignored")
        writes: list[PlannedWrite] = []
        try:
            outcome = self._run_until_it_waits_for_nothing(envelope, writes)
        except Wait as waits:
            return _previewed(envelope, "waits", writes, why=waits.reason, message=str(waits))
        except NeedsAttention as failed:
            return _previewed(
                envelope, "fails", writes, why=failed.reason, message=str(failed), fix=failed.fix
            )
        except SyncError:
            raise
        except Exception as bug:
            message = f"Counterfoil would fail on this event ({type(bug).__name__}: {bug})."
            return _previewed(envelope, "fails", writes, why="bug", message=message)
        match outcome:
            case Booked():
                return _previewed(envelope, "books" if writes else "nothing", writes)
            case Superseded():
                return _previewed(envelope, "superseded")
            case Skipped(why=why):
                return _previewed(envelope, "skipped", writes, why=why)

    def _is_ignored(self, envelope: Envelope) -> bool:
        keys = object_keys(self._connection.connection_id, {envelope.subject, object_key_of(envelope)})
        with reading(self._engine) as database:
            return bool(ignored_objects(database, keys))

    def _run_until_it_waits_for_nothing(self, envelope: Envelope, writes: list[PlannedWrite]) -> Outcome:
        """What remembers that it has waited goes on when it comes again, after the events before it."""
        before = dict(self._remembered)
        try:
            return self._run(envelope, writes)
        except Wait:
            if self._remembered == before:
                raise
        return self._run(envelope, writes)

    def _run(self, envelope: Envelope, writes: list[PlannedWrite]) -> Outcome:
        steps = steps_for(Context(envelope, self._connection, self._company), envelope.data)
        try:
            step = next(steps)
            while True:
                step = self._moved(steps, step, writes)
        except StopIteration as stop:
            return cast(Outcome, stop.value)

    def _moved(self, steps: Steps, step: Step, writes: list[PlannedWrite]) -> Step:
        try:
            answer = self._answered(step, writes)
        except QuickBooksRejected as refusal:
            return steps.throw(refusal)
        return steps.send(answer)

    def _answered(self, step: Step, writes: list[PlannedWrite]) -> Any:
        match step:
            case Recall():
                return self._recalled(step.keys)
            case Remember():
                self._remembered[step.mapping.key] = step.mapping
                return None
            case NoteStock() | RecallStock() | SeeStock():
                return self._stock.answer(step)
            case Find():
                return self._pretended.find(step)
            case Write():
                answer = self._pretended.write(step)
                self._remember(step, answer)
                customer = self._pretended.name_of(answer.get("CustomerRef"))
                writes.append(PlannedWrite.of(step, answer, customer))
                return answer

    def _recalled(self, keys: Iterable[StoreKey]) -> Mapping[StoreKey, SyncMapping]:
        wanted = list(keys)
        with reading(self._engine) as database:
            known = recall_mappings(
                database,
                self._connection.connection_id,
                [key for key in wanted if key not in self._remembered],
            )
        return known | {key: self._remembered[key] for key in wanted if key in self._remembered}

    def _remember(self, step: Write, answer: Json) -> None:
        if step.key is None:
            return
        self._remembered[step.key] = SyncMapping(
            key=step.key,
            entity=step.entity,
            quickbooks_id=str(answer["Id"]),
            sync_token=str(answer["SyncToken"]),
            version=step.version,
            removed=step.operation in ("void", "delete"),
            detail=step.detail,
        )


def _previewed(
    envelope: Envelope,
    result: Result,
    writes: Iterable[PlannedWrite] = (),
    *,
    why: str = "",
    message: str = "",
    fix: str = "",
) -> Previewed:
    return Previewed(
        event_id=envelope.id,
        type=envelope.type,
        subject=envelope.subject,
        time=envelope.time.isoformat(),
        result=result,
        writes=tuple(writes),
        why=why,
        message=message,
        fix=fix,
    )
