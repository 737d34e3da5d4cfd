"""What the desk reads from the ledger for the metrics alone: the ends of consents and the reads of the month."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Protocol

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from workers.ledger.connections import read_connections
from workers.ledger.engine import reading
from workers.ledger.tokens import read_tokens
from workers.quickbooks.reads import ReadMeter

LOOK_SECONDS = 10.0
"""As often as the desk counts failed messages; Prometheus usually asks every 15 s."""

log = logging.getLogger(__name__)


class Observer(Protocol):
    """Who is told (ops.metrics)."""

    def consents_end(self, ends: Mapping[str, datetime]) -> None:
        """When the consent of each connection ends."""

    def reads_this_month(self, reads: int) -> None:
        """So many metered reads were made this month."""


@dataclass(frozen=True, slots=True)
class LedgerNumbers:
    """A thread's work: looks at the ledger every ten seconds until ``stopping`` is set."""

    ledger: Engine
    reads: ReadMeter
    observer: Observer
    stopping: Event

    def run(self) -> None:
        """Look, and look again; a database that is away is waited for."""
        while not self.stopping.is_set():
            try:
                self.look()
            except DBAPIError as error:
                log.warning(
                    "ledger not looked at", extra={"problem": f"{type(error).__name__}: {error}"[:500]}
                )
            self.stopping.wait(LOOK_SECONDS)

    def look(self) -> None:
        """Read once and tell the observer."""
        with reading(self.ledger) as database:
            stored = [one.connection for one in read_connections(database)]
            tokens = {one.realm_id: read_tokens(database, one.realm_id) for one in stored if one.realm_id}
        self.observer.consents_end(
            {
                one.connection_id: pair.refresh_expires_at
                for one in stored
                if one.status != "closed"
                and (pair := tokens.get(one.realm_id)) is not None
                and not pair.revoked
            }
        )
        self.observer.reads_this_month(self.reads.this_month())
