"""The payloads of resolved and ignored messages are emptied after so many days, in small steps."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Engine

from ops.erasure.person import personal_words
from ops.erasure.scrub import scrubbed_text
from workers.ledger.engine import reading, writing
from workers.ledger.retention import START, OldPayload, Place, empty_edits, empty_payloads, old_payloads

ROWS_AT_ONCE = 200
"""What one transaction looks at: it lasts milliseconds, since on SQLite all writers wait for it."""

log = logging.getLogger(__name__)


class Observer(Protocol):
    """Who is told (ops.metrics)."""

    def payloads_emptied(self, messages: int) -> None:
        """So many payloads were emptied."""


@dataclass(slots=True)
class Payloads:
    """One pass over the failed messages at a time, a step now and then. ``days`` 0: payloads are kept for ever."""

    ledger: Engine
    observer: Observer
    now: Callable[[], datetime]
    days: int
    rows_at_once: int = ROWS_AT_ONCE
    _after: Place = START
    _emptied: int = field(default=0)

    def step(self) -> bool:
        """Look at the next rows; False when the pass has come to its end. The next step begins anew.

        Raises:
            sqlalchemy.exc.DBAPIError: the database is away; the next step goes on here.
        """
        if not self.days:
            return False
        before = self.now() - timedelta(days=self.days)
        with reading(self.ledger) as connection:
            stretch = old_payloads(connection, after=self._after, before=before, limit=self.rows_at_once)
        emptied = 0
        cleaned = [_cleaned(one) for one in stretch.old]
        if cleaned:
            with writing(self.ledger) as connection:
                emptied = empty_payloads(connection, cleaned, before=before)
        if stretch.end is None:
            with writing(self.ledger) as connection:
                emptied += empty_edits(connection, before=before, limit=self.rows_at_once)
        self._count(emptied)
        self._after = stretch.end or START
        if stretch.end is None and self._emptied:
            log.info("payloads emptied", extra={"messages": self._emptied, "older_than_days": self.days})
            self._emptied = 0
        return stretch.end is not None

    def _count(self, emptied: int) -> None:
        if emptied:
            self._emptied += emptied
            self.observer.payloads_emptied(emptied)


def _cleaned(old: OldPayload) -> OldPayload:
    """A sentence may name whom the payload named; without the payload nobody could find it there any more."""
    words = personal_words(old.body)
    return replace(
        old,
        body=b"",
        cause=scrubbed_text(old.cause, words),
        message=scrubbed_text(old.message, words),
        fix=scrubbed_text(old.fix, words),
        ignore_reason=scrubbed_text(old.ignore_reason, words),
    )
