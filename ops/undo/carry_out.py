"""Runs an undo through a worker's round: a claim, an intent before each call, its result after it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from ops.quickbooks import Online
from ops.rounds import Rounds, StepsFor
from ops.undo.plan import Undo, UndoRefused
from ops.undo.steps import undo_steps
from schemas.envelope import Envelope, Workflow
from workers.context import Context
from workers.errors import NeedsAttention
from workers.ledger.claims import CLAIM_SECONDS
from workers.ledger.connections import read_connection
from workers.ledger.engine import reading
from workers.outcomes import Skipped
from workers.runtime.delivery import Delivery, read_delivery
from workers.runtime.requests import ClaimLost
from workers.runtime.settle import Policy
from workers.steps import Steps

BUSY_SECONDS = 1.0
REFUSED = Skipped("undo_refused")
"""Kept in the ledger, and no obstacle to another try."""


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
        self._rounds = Rounds(engine, online, owner, policy, crash, sleep)
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

    def _run(self, delivery: Delivery, steps: StepsFor) -> str:
        words: dict[str, str] = {}
        try:
            self._rounds.run([delivery], steps, words)
        except ClaimLost as lost:
            raise UndoRefused("A worker took the order over meanwhile. Run the undo again.") from lost
        return words.get(delivery.event_id, "")

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
