"""The reads of the month. Intuit meters them per app and blocks them when the quota is used up; writes are free.

Source: Intuit, "App Partner Program" (metered calls) and "Builder tier API limits".
"""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Engine

from workers.ledger import budgets as ledger
from workers.ledger.engine import reading, writing
from workers.quickbooks.faults import INTUIT_ZONE

QUOTA = 500_000
"""Reads a month of the free Builder tier, for all companies of the app. Source: Intuit's blog, 2026-01-08."""

AT_ONCE = 20
"""Reads kept in memory before they are written: so many may be forgotten when a worker is killed."""


class ReadMeter:
    """Counts the reads of one process into the ledger."""

    def __init__(
        self, *, engine: Engine, app: str, clock: Callable[[], datetime], quota: int = QUOTA
    ) -> None:
        self._engine = engine
        self._app = app[: ledger.APP_CHARACTERS]
        self._clock = clock
        self._quota = quota
        self._waiting: Counter[str] = Counter()
        self._lock = threading.Lock()

    def count_reads(self, realm_id: str, reads: int) -> None:
        """Count successful reads of a company."""
        with self._lock:
            self._waiting[realm_id] += reads
            if self._waiting.total() < AT_ONCE:
                return
        self.flush()

    def flush(self) -> None:
        """Write what was counted; call it once more at the end of the process."""
        with self._lock:
            waiting, self._waiting = self._waiting, Counter()
        if not waiting:
            return
        with writing(self._engine) as connection:
            for realm_id, reads in sorted(waiting.items()):
                ledger.add_reads(connection, realm_id, self._app, reads, month=month_of(self._clock()))

    def this_month(self) -> int:
        """Reads of this app this month, over all companies and workers."""
        with reading(self._engine) as connection:
            return ledger.reads_in(connection, self._app, month=month_of(self._clock()))

    def used_up(self) -> bool:
        """Whether the quota is used up; what other workers keep in memory is missing, so a little early."""
        return self.this_month() >= self._quota * 0.98


def month_of(now: datetime) -> datetime:
    """The first moment of the month in Intuit's zone."""
    local = now.astimezone(INTUIT_ZONE)
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
