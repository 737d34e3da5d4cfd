"""A store as the rest of Counterfoil asks it: pages of events since a moment, and one object anew.

``StoreClient.fetch_anew(subject)`` gives the event that the object's webhook would make now, with the same id.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from events.fetching.http import StoreHttp
from events.stores.api import Answer, Kind, Page, Reading, Request, Span, StoreAccess, StoreApi, StoreObject
from events.stores.platform import Platform, Unreadable
from events.stores.unreadable import unreadable_event
from schemas.envelope import Envelope

THREADS = 4
"""Requests at the same time; more would be felt by the shop's own visitors."""

AUTHORIZATION_SECONDS = 6 * 3600.0
"""A fetched access token lasts a day; it is fetched anew long before. Source: shopify.dev, "Client credentials"."""

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""Before the first shop of either platform."""

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EventPage:
    """The events of one page, oldest object first, and where to go on ("" = that was the last page).

    ``objects``: how many store objects they come from; drafts and test orders make no event.
    """

    events: tuple[Envelope, ...]
    objects: int
    cursor: str
    total: int | None


class StoreClient:
    """One connection's store. Every method raises ``StoreProblem`` when the store cannot be asked."""

    def __init__(
        self,
        connection: str,
        *,
        api: StoreApi,
        platform: Platform,
        access: StoreAccess,
        clock: Callable[[], datetime],
        http: StoreHttp | None = None,
    ) -> None:
        """``clock``: when an object counts as received, where the store does not say when it changed."""
        self.connection = connection
        self._api, self._platform, self._access, self._clock = api, platform, access, clock
        self._http = http or StoreHttp(api.address(access), connections=THREADS)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="store")
        self._headers: Mapping[str, str] = {}
        self._authorized_at = float("-inf")

    def __enter__(self) -> "StoreClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let threads and connections go."""
        self._threads.shutdown()
        self._http.close()

    def pages(self, kind: Kind, span: Span, cursor: str = "") -> Iterator[EventPage]:
        """Read what changed, from a cursor on (the beginning without one), page by page."""
        while True:
            page = self.page(kind, span, cursor)
            yield page
            if not page.cursor:
                return
            cursor = page.cursor

    def page(self, kind: Kind, span: Span, cursor: str = "") -> EventPage:
        """Read one page. A body that cannot be read becomes the event that says so, as with a webhook."""
        page: Page = self._run(self._api.page(kind, span, cursor))
        events = tuple(event for found in page.objects for event in self._readable(found))
        return EventPage(events, len(page.objects), page.cursor, page.total)

    def shelves(self) -> Iterator[EventPage]:
        """Every product with its stock levels at all places, page by page."""
        cursor, more = "", True
        while more:
            page: Page = self._run(self._api.page("products", Span(BEGINNING), cursor))
            levels: tuple[StoreObject, ...] = self._run(self._api.levels(page.objects))
            events = tuple(event for found in (*page.objects, *levels) for event in self._readable(found))
            yield EventPage(events, len(page.objects), page.cursor, page.total)
            cursor, more = page.cursor, bool(page.cursor)

    def fetch_anew(self, subject: str, *, within: str = "") -> Envelope | None:
        """The event of one object as it is in the store now; None where it is gone, a draft or a test.

        ``within`` is the object that holds it where it cannot be asked for alone: a refund's is its order, which is
        its event's ``object_key``.

        Raises:
            StoreProblem: the store cannot be asked.
            Unreadable: what it tells cannot be read.
        """
        found = self._run(self._api.one(within or subject))
        if found is None:
            return None
        return next((event for event in self._events(found) if event.subject == subject), None)

    def _readable(self, found: StoreObject) -> list[Envelope]:
        try:
            return self._events(found)
        except Unreadable as error:
            webhook = self._api.webhook(found, self.connection, self._clock())
            return [unreadable_event(webhook, self._platform, error.problem)]

    def _events(self, found: StoreObject) -> list[Envelope]:
        webhook = self._api.webhook(found, self.connection, self._clock())
        return self._api.completed(self._platform.read(webhook), found)

    def _run(self, reading: Reading[T]) -> T:
        self._authorize()
        return self._drive(reading, self._headers)

    def _authorize(self) -> None:
        now = time.monotonic()
        if now - self._authorized_at > AUTHORIZATION_SECONDS:
            self._headers = self._drive(self._api.authorization(self._access), {})
            self._authorized_at = now

    def _drive(self, reading: Reading[T], headers: Mapping[str, str]) -> T:
        try:
            requests = next(reading)
            while True:
                requests = reading.send(self._answers(requests, headers))
        except StopIteration as end:
            result: T = end.value
            return result

    def _answers(self, requests: tuple[Request, ...], headers: Mapping[str, str]) -> list[Answer]:
        log.debug(
            "store asked", extra={"connection_id": self.connection, "paths": [one.path for one in requests]}
        )
        if len(requests) == 1:
            return [self._http.send(requests[0], headers)]
        return list(self._threads.map(lambda request: self._http.send(request, headers), requests))
