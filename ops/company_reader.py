"""A person's reads of one QuickBooks company, within the same budget as the workers' calls."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Protocol, TypeVar

from sqlalchemy import Engine

from ops.connections import ConnectionRefusal, require_open
from ops.metrics import Metrics
from ops.quickbooks import Online, open_quickbooks
from ops.settings import Settings
from workers.errors import QuickBooksUnavailable, Throttled
from workers.ledger.connections import StoredConnection
from workers.ledger.engine import reading
from workers.runtime.company import READS, known_company
from workers.secrets import Secrets
from workers.steps import Company, Json

PAGE_ROWS = 1000
"""Most rows of one query. Source: Intuit's page "Data queries"."""

TRIES = 4
THROTTLE_SECONDS = 60.0
"""Source: Intuit's page "Limits and throttles"."""

LONGEST_WAIT_SECONDS = 120.0
T = TypeVar("T")


class Reader(Protocol):
    """What preview and matching ask of a company."""

    def query(self, statement: str) -> list[Json]:
        """The rows of one query."""
        ...

    def closed_until(self) -> date | None:
        """The last day of the closed books, if any are closed."""
        ...


class CompanyReader:
    """Reads of one company; each waits until the company's budget allows it. ``reads`` counts them."""

    def __init__(self, online: Online, realm_id: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._online = online
        self._realm_id = realm_id
        self._sleep = sleep
        self._closed: list[date | None] = []
        self.reads = 0

    def query(self, statement: str) -> list[Json]:
        """The rows of one query, 1000 at most.

        Raises:
            SyncError: QuickBooks cannot be asked now.
        """
        return self._asked(lambda: self._online.client.query(self._realm_id, statement))

    def rows(self, entity: str, where: str = "") -> Iterator[Json]:
        """All objects of an entity, page by page. Raises as ``query`` does."""
        condition = f" where {where}" if where else ""
        start = 1
        while True:
            page = self.query(
                f"select * from {entity}{condition} startposition {start} maxresults {PAGE_ROWS}"  # noqa: S608
            )
            yield from page
            if len(page) < PAGE_ROWS:
                return
            start += PAGE_ROWS

    def company(self) -> Company:
        """What the workflows must know of the company, read anew. Raises as ``query`` does."""
        return self._asked(lambda: self._online.client.company(self._realm_id), permits=READS)

    def closed_until(self) -> date | None:
        """The last day of the closed books, asked once. Raises as ``query`` does."""
        if not self._closed:
            preferences = self._asked(lambda: self._online.client.read(self._realm_id, "Preferences", ""))
            day = (preferences.get("AccountingInfoPrefs") or {}).get("BookCloseDate")
            self._closed.append(date.fromisoformat(str(day)) if day else None)
        return self._closed[0]

    def _asked(self, ask: Callable[[], T], *, permits: int = 1) -> T:
        tries = 0
        while True:
            for _ in range(permits):
                while (pause := self._online.budget.take(self._realm_id, batch=False)) > 0:
                    self._sleep(pause)
            tries += 1
            self.reads += permits
            try:
                return ask()
            except Throttled as error:
                seconds = error.seconds or THROTTLE_SECONDS
                self._online.budget.throttled(self._realm_id, seconds)
                if tries >= TRIES or seconds > LONGEST_WAIT_SECONDS:
                    raise
            except QuickBooksUnavailable:
                if tries >= TRIES:
                    raise
                self._sleep(0.2 * 2**tries)


@contextmanager
def open_company(settings: Settings, engine: Engine, stored: StoredConnection) -> Iterator[CompanyReader]:
    """A reader of the company behind a connection.

    Raises:
        ConnectionRefusal: the connection is not linked to a company yet.
    """
    connection = stored.connection
    if not connection.realm_id:
        raise ConnectionRefusal(
            f'"{connection.connection_id}" is not connected to QuickBooks. '
            f"Run: counterfoil connections connect {connection.connection_id}"
        )
    secrets = Secrets(settings.secret_key.get_secret_value())
    online = open_quickbooks(settings, engine, secrets, Metrics())
    try:
        yield CompanyReader(online, connection.realm_id)
    finally:
        online.reads.flush()


def read_open(engine: Engine, connection_id: str) -> StoredConnection:
    """A connection that must be there and not closed. Raises ConnectionRefusal."""
    with reading(engine) as database:
        return require_open(database, connection_id)


def company_of(stored: StoredConnection, reader: CompanyReader) -> Company:
    """The company as the ledger knows it, else read; nothing is stored."""
    return known_company(stored) or reader.company()
