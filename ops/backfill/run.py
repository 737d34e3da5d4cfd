"""One run of a backfill over one kind of store object: read a page, publish what is lacking, remember the place.

A page's events are confirmed by the broker before its place is remembered, so a run that dies loses nothing: the next
one reads that page again. What is then published twice has the same id, and is booked once.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Engine

from events.fetching.store import EventPage
from events.outgoing import NotConfirmed, Outgoing, Unroutable
from events.stores.api import Kind, Span
from events.webhooks.message import event_message
from schemas.envelope import Envelope
from workers.ledger.backfills import Backfill, advance_backfill, begin_backfill, finished, read_backfill
from workers.ledger.engine import reading, writing
from workers.ledger.lacking import lacking_events

OVERLAP = timedelta(hours=6)
"""So much is read again by a run without ``--since``: the store's clock may be wrong, and a plugin may date back."""

CONFIRM_SECONDS = 60.0
TRIES = 5
"""A page that the broker does not confirm is published again so often, with a second between."""


class CannotBackfill(Exception):
    """The run cannot begin or go on; the text is a sentence for a person."""


class Store(Protocol):
    """What is needed of a store (events.fetching.store)."""

    @property
    def connection(self) -> str:
        """Whose store it is."""
        ...

    def pages(self, kind: Kind, span: Span, cursor: str = "") -> Iterator[EventPage]:
        """What changed, page by page."""
        ...


class Mail(Protocol):
    """Publishes under confirm (events.broker.publisher)."""

    def publish_all(
        self, messages: Sequence[Outgoing], *, timeout_seconds: float
    ) -> list[NotConfirmed | None]:
        """Publish; for each message None when confirmed, else why not."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asked for. ``since`` None: where the last good run ended, less OVERLAP."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """How far a run is. ``total``: objects to read, where the store says it. ``subjects``: what a dry run found."""

    kind: Kind
    since: datetime
    until: datetime | None
    resumed: bool
    objects: int = 0
    events: int = 0
    published: int = 0
    total: int | None = None
    subjects: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Backfiller:
    """Everything outside that a run touches. ``mail`` None: a dry run, which publishes and remembers nothing."""

    engine: Engine
    store: Store
    mail: Mail | None
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    tell: Callable[[Report], None]
    sleep: Callable[[float], None] = time.sleep

    def run(self, kind: Kind, wanted: Wanted) -> Report:
        """Read one kind to its end.

        Raises:
            CannotBackfill: never run before and no ``since``, or another run has taken over.
            StoreProblem: the store cannot be asked; the next run resumes here.
            NotConfirmed: the broker does not take the events; the next run resumes here.
        """
        run, report = self._begin(kind, wanted)
        before: set[str] = set()
        for page in self.store.pages(kind, Span(run.since, run.until), run.cursor):
            lacking = [event for event in self._lacking(page.events) if event.id not in before]
            if self.mail is not None:
                self._publish(self.mail, lacking)
            before = {event.id for event in page.events}
            run = replace(
                run,
                cursor=page.cursor,
                objects=run.objects + page.objects,
                published=run.published + len(lacking),
            )
            if not page.cursor:
                run = finished(run, self.clock())
            self._remember(run)
            report = _after(report, page, lacking, dry=self.mail is None)
            self.tell(report)
        return report

    def _begin(self, kind: Kind, wanted: Wanted) -> tuple[Backfill, Report]:
        with reading(self.engine) as database:
            last = read_backfill(database, self.store.connection, kind)
        run, resumed = planned(
            last, self.store.connection, kind, wanted, run_id=self.new_id(), now=self.clock()
        )
        if self.mail is not None:
            with writing(self.engine) as database:
                begin_backfill(database, run)
        report = Report(kind, run.since, run.until, resumed)
        self.tell(report)
        return run, report

    def _lacking(self, events: Sequence[Envelope]) -> list[Envelope]:
        with reading(self.engine) as database:
            return lacking_events(database, self.store.connection, events)

    def _publish(self, mail: Mail, events: Sequence[Envelope]) -> None:
        left = [event_message(event) for event in events]
        for again in range(TRIES):
            if again:
                self.sleep(1.0)
            outcomes = mail.publish_all(left, timeout_seconds=CONFIRM_SECONDS)
            problems = [problem for problem in outcomes if problem is not None]
            if not problems:
                return
            if any(isinstance(problem, Unroutable) for problem in problems):
                raise CannotBackfill("The queues are not declared. Run `counterfoil setup`.")
            left = [message for message, problem in zip(left, outcomes, strict=True) if problem is not None]
        raise problems[0]

    def _remember(self, run: Backfill) -> None:
        if self.mail is None:
            return
        with writing(self.engine) as database:
            if not advance_backfill(database, run):
                raise CannotBackfill(
                    f'Another backfill of "{run.connection_id}" has begun meanwhile and goes on; this one ends.'
                )


def planned(
    last: Backfill | None, connection_id: str, kind: Kind, wanted: Wanted, *, run_id: str, now: datetime
) -> tuple[Backfill, bool]:
    """The run to make, and whether it resumes an unfinished one (the same words, or none, are meant so).

    Raises:
        CannotBackfill: nobody ever said where to begin.
    """
    if last is not None and last.finished_at is None:
        same = wanted.since in (None, last.since) and wanted.until == last.until
        if same:
            return replace(last, run_id=run_id), True
    covered = last.covered_until if last is not None else None
    since = wanted.since or (covered - OVERLAP if covered is not None else None)
    if since is None:
        raise CannotBackfill(
            f"The {kind} of this store were never read to their end. Say where to begin: --since 2026-01-01"
        )
    begun = Backfill(connection_id, kind, run_id, since, wanted.until, started_at=now, covered_until=covered)
    return begun, False


def _after(report: Report, page: EventPage, lacking: Sequence[Envelope], *, dry: bool) -> Report:
    first = report.total is None and page.total is not None
    found = tuple(f"{event.type} {event.subject}" for event in lacking) if dry else ()
    return replace(
        report,
        objects=report.objects + page.objects,
        events=report.events + len(page.events),
        published=report.published + len(lacking),
        total=report.objects + (page.total or 0) if first else report.total,
        subjects=(*report.subjects, *found),
    )
