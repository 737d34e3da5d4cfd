"""Runs an undo through the workers' own round: a claim, an intent before each call, its result after it."""

import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from events.outgoing import NotConfirmed, Outgoing
from ops.metrics import Metrics
from ops.quickbooks import Online
from ops.undo.plan import Undo, UndoRefused
from ops.undo.steps import undo_steps
from schemas.envelope import Envelope, Workflow
from workers.context import Context
from workers.errors import NeedsAttention
from workers.ledger.claims import CLAIM_SECONDS
from workers.ledger.connections import read_connection
from workers.ledger.engine import reading
from workers.outcomes import Skipped
from workers.runtime.alone import run_alone
from workers.runtime.books import Books
from workers.runtime.delivery import Delivery, read_delivery
from workers.runtime.requests import ClaimLost, object_keys
from workers.runtime.round import Round
from workers.runtime.services import Services
from workers.runtime.settle import Policy
from workers.runtime.settlements import Settled
from workers.steps import Steps

BUSY_SECONDS = 1.0
REFUSED = Skipped("undo_refused")
"""Kept in the ledger, and no obstacle to another try."""


class Unsent:
    """An undo is in no queue: what a worker would send back to one, the operator repeats."""

    def publish_all(
        self,
        messages: Sequence[Outgoing],
        *,
        timeout_seconds: float,  # noqa: ARG002
    ) -> list[NotConfirmed | None]:
        """As if all were confirmed."""
        return [None for _ in messages]


class Carrier:
    """Carries undos out with this client. ``crash`` is called at the round's points; tests end the run there."""

    def __init__(
        self,
        engine: Engine,
        online: Online,
        *,
        owner: str,
        policy: Policy,
        crash: Callable[[str], None] = lambda _point: None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._online = online
        self._owner = owner
        self._policy = policy
        self._crash = crash
        self._sleep = sleep
        self._monotonic = monotonic

    def carry_out(self, undo: Undo) -> None:
        """Do it. Killed in between, the same undo goes on where it was.

        Raises:
            UndoRefused: with what QuickBooks, or the state of the connection, has against it.
        """
        refusals: list[str] = []
        started: list[bool] = []

        def steps(context: Context, _data: dict[str, Any]) -> Steps:
            started.append(True)
            try:
                return (yield from undo_steps(undo, context))
            except NeedsAttention as refusal:
                refusals.append(str(refusal))
                return REFUSED

        until = self._monotonic() + CLAIM_SECONDS
        word = self._run(_delivery(undo), steps)
        while not started and word == "delayed_retry" and self._monotonic() < until:
            self._sleep(BUSY_SECONDS)  # a worker has the order, or had it when it was killed
            word = self._run(_delivery(undo), steps)
        if refusals:
            raise UndoRefused(refusals[0])
        if word in ("booked", "skipped"):
            return
        raise UndoRefused(self._unfinished(undo, word, started=bool(started)))

    def _run(self, delivery: Delivery, steps: Callable[[Context, dict[str, Any]], Steps]) -> str:
        words: list[str] = []

        def settled(batch: list[Settled]) -> None:
            words.extend(one.word for one in batch)

        services = Services(
            engine=self._engine,
            quickbooks=self._online.client,
            budget=self._online.budget,
            breaker=self._online.breaker,
            mail=Unsent(),
            steps_for=steps,
            observer=Metrics(),
            policy=self._policy,
            owner=self._owner,
            clock=lambda: datetime.now(UTC),
            new_id=lambda: uuid.uuid4().hex,
            crash=self._crash,
        )
        round_, books = Round([delivery], services, settled), Books(services)

        def rest(seconds: float) -> None:
            books.keep(object_keys(round_.connection_id, round_.claimed))
            self._sleep(seconds)

        try:
            run_alone(round_, books, rest)
        except ClaimLost as lost:
            raise UndoRefused("A worker took the order over meanwhile. Run the undo again.") from lost
        except Exception:
            books.release(object_keys(round_.connection_id, round_.claimed))
            raise
        return words[-1] if words else ""

    def _unfinished(self, undo: Undo, word: str, *, started: bool) -> str:
        connection_id = undo.event.connection_id
        if word == "held":
            with reading(self._engine) as database:
                stored = read_connection(database, connection_id)
            why = stored.connection.pause_reason if stored is not None else "it is gone"
            return f'The connection "{connection_id}" is paused: {why}. Nothing was undone.'
        if not started:
            return f"A worker works on {undo.object_key} at this moment. Try again."
        return "QuickBooks gave no clear answer. Run the undo again: it goes on where it was."


def _delivery(undo: Undo) -> Delivery:
    event = undo.event
    envelope = Envelope(
        specversion="1.0",
        id=undo.undo_id,
        source=f"counterfoil/connections/{event.connection_id}",
        type=f"{event.workflow}.undone",
        subject=event.subject,
        time=datetime.now(UTC),
        connection=event.connection_id,
        partitionkey=undo.object_key,
        data={"event_id": event.event_id},
    )
    workflow: Workflow = envelope.workflow
    body = envelope.model_dump_json().encode()
    return read_delivery(workflow, body, {}, undo.undo_id, received_at=envelope.time, handle=None)
