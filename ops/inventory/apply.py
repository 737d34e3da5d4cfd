"""Carries a plan out through a worker's rounds: a claim, an intent before each call, its result after it.

Killed in between, a new run plans anew: what was written is in QuickBooks' quantity, and a write of unknown outcome is
settled, by its own request id, before its item is counted again.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Engine

from ops.inventory.plan import Change, Shelf
from ops.quickbooks import Online
from ops.rounds import Rounds
from workers.context import Context
from workers.errors import NeedsAttention
from workers.inventory.asking import count_event
from workers.ledger.claims import CLAIM_SECONDS
from workers.outcomes import Booked, Outcome, Skipped
from workers.route import steps_for
from workers.runtime.delivery import Delivery, read_delivery
from workers.runtime.requests import ClaimLost
from workers.runtime.settle import Policy
from workers.steps import Steps

AT_ONCE = 30
"""As many as go into one batch. Source: Intuit, "Limits and throttles"."""

BUSY_SECONDS = 1.0
REFUSED = Skipped("count_refused")
COMES_BACK = frozenset({"delayed_retry", "held", ""})
"""Words of a settlement after which it is tried again, as long as a dead worker's claim lasts."""

Result = Literal["adjusted", "fits", "skipped", "refused", "unsettled"]


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one change. ``adjustment``: its QuickBooks id; ``message`` says why nothing was done."""

    change: Change
    result: Result
    adjustment: str = ""
    message: str = ""


class Applier:
    """``crash`` is called at the round's points; tests end the run there."""

    def __init__(
        self,
        engine: Engine,
        online: Online,
        *,
        connection_id: str,
        owner: str,
        policy: Policy,
        run_id: str,
        crash: Callable[[str], None] = lambda _point: None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rounds = Rounds(engine, online, owner, policy, crash, sleep)
        self._connection_id = connection_id
        self._run_id = run_id
        self._sleep = sleep
        self._monotonic = monotonic
        self._ends: dict[str, Outcome | NeedsAttention] = {}

    def tell(self, shelves: Sequence[Shelf]) -> None:
        """Let the ledger know all places of these things. Before stock is followed, nothing moves by it."""
        for start in range(0, len(shelves), AT_ONCE):
            self._settle([self._delivery(one, "told") for one in shelves[start : start + AT_ONCE]])

    def apply(self, changes: Sequence[Change], tell: Callable[[int], None]) -> list[Applied]:
        """Count each item and adjust it. ``tell`` hears how many are done."""
        done: list[Applied] = []
        for start in range(0, len(changes), AT_ONCE):
            some = [(one, self._delivery(one.shelf, "counted")) for one in changes[start : start + AT_ONCE]]
            words = self._settle([delivery for _, delivery in some])
            done += [
                self._applied(one, delivery.event_id, words[delivery.event_id]) for one, delivery in some
            ]
            tell(len(done))
        return done

    def _settle(self, deliveries: Sequence[Delivery]) -> dict[str, str]:
        until = self._monotonic() + CLAIM_SECONDS + BUSY_SECONDS
        left, words = list(deliveries), {one.event_id: "" for one in deliveries}
        while left:
            words |= self._run(left)
            left = [one for one in left if words[one.event_id] in COMES_BACK]
            if not left or self._monotonic() > until:
                break
            self._sleep(BUSY_SECONDS)
        return words

    def _applied(self, change: Change, event_id: str, word: str) -> Applied:
        if word in COMES_BACK:
            return Applied(
                change, "unsettled", message="It is being worked on, or QuickBooks gave no clear answer."
            )
        match self._ends.get(event_id):
            case Booked(documents=(document,)) if document.entity == "InventoryAdjustment":
                return Applied(change, "adjusted", adjustment=document.quickbooks_id)
            case Booked():
                return Applied(change, "fits")
            case Skipped(why=why):
                return Applied(change, "skipped", message=why)
            case NeedsAttention() as error:
                return Applied(change, "refused", message=str(error))
            case _:
                return Applied(change, "unsettled", message=f"It ended as {word}.")

    def _run(self, deliveries: Sequence[Delivery]) -> dict[str, str]:
        words: dict[str, str] = {}
        with suppress(ClaimLost):
            self._rounds.run(deliveries, self._steps, words)
        return words

    def _steps(self, context: Context, data: dict[str, Any]) -> Steps:
        """A refusal is told to the person who waits here, not to an error queue."""
        try:
            outcome = yield from steps_for(context, data)
        except NeedsAttention as refusal:
            self._ends[context.envelope.id] = refusal
            return REFUSED
        self._ends[context.envelope.id] = outcome
        return outcome

    def _delivery(self, shelf: Shelf, step: str) -> Delivery:
        now = datetime.now(UTC)
        event = count_event(self._connection_id, shelf.count, once=f"{self._run_id} {step}", now=now)
        body = event.model_dump_json().encode()
        return read_delivery("inventory", body, {}, event.id, received_at=now, handle=None)
