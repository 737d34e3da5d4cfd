"""Runs a worker's rounds for a person who started something and waits for it: an undo, a count of the stock."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlalchemy import Engine

from events.outgoing import NotConfirmed, Outgoing
from ops.metrics import Metrics
from ops.quickbooks import Online
from workers.context import Context
from workers.runtime.alone import run_alone
from workers.runtime.books import Books
from workers.runtime.delivery import Delivery
from workers.runtime.requests import ClaimLost, object_keys
from workers.runtime.round import Round
from workers.runtime.services import Services
from workers.runtime.settle import Policy
from workers.runtime.settlements import Settled
from workers.steps import Steps

StepsFor: TypeAlias = Callable[[Context, dict[str, Any]], Steps]


class Unsent:
    """What a person started is in no queue: what a worker would send back to one, the person repeats."""

    def publish_all(
        self,
        messages: Sequence[Outgoing],
        *,
        timeout_seconds: float,  # noqa: ARG002
    ) -> list[NotConfirmed | None]:
        """As if all were confirmed."""
        return [None for _ in messages]


@dataclass(frozen=True, slots=True)
class Rounds:
    """``crash`` is called at the round's points; tests end the run there."""

    engine: Engine
    online: Online
    owner: str
    policy: Policy
    crash: Callable[[str], None]
    sleep: Callable[[float], None]

    def run(self, deliveries: Sequence[Delivery], steps_for: StepsFor, words: dict[str, str]) -> None:
        """Run one round over all of them; ``words`` gets each settlement by event id, as it comes.

        Raises:
            ClaimLost: a worker took an object over.
        """

        def settled(batch: list[Settled]) -> None:
            words.update({one.delivery.event_id: one.word for one in batch})

        services = Services(
            engine=self.engine,
            quickbooks=self.online.client,
            budget=self.online.budget,
            breaker=self.online.breaker,
            mail=Unsent(),
            steps_for=steps_for,
            observer=Metrics(),
            policy=self.policy,
            owner=self.owner,
            clock=lambda: datetime.now(UTC),
            new_id=lambda: uuid.uuid4().hex,
            crash=self.crash,
        )
        round_, books = Round(deliveries, services, settled), Books(services)

        def rest(seconds: float) -> None:
            books.keep(object_keys(round_.connection_id, round_.claimed))
            self.sleep(seconds)

        try:
            run_alone(round_, books, rest)
        except ClaimLost:
            raise
        except Exception:
            books.release(object_keys(round_.connection_id, round_.claimed))
            raise
