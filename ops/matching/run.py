"""One matching report: the store and QuickBooks' lists are read, and each thing of the store is looked up."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy import Engine

from events.fetching.store import EventPage
from events.stores.api import Kind, Span, StoreProblem
from ops.matching.choosing import Sides
from ops.matching.goods import Items, match_goods
from ops.matching.match import KINDS, Match
from ops.matching.money import lists_of, match_money
from ops.matching.needs import Needs
from ops.matching.people import Customers, match_people
from ops.preview.sources import from_ledger
from schemas.connection import Connection
from workers.ledger.engine import reading
from workers.ledger.holdings import held_mappings
from workers.mapping.frame import Frame
from workers.steps import Company, Json, StoreKey, SyncMapping

ORDER_DAYS = timedelta(days=365)
"""So long ago were the oldest orders changed that are looked at: a year has all seasons."""

SHOPIFY_DAYS = timedelta(days=59)
"""Shopify shows 60 days without a further scope. Source: shopify.dev, "Order"."""
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
MOST_KEPT = 10_000
PAGE: tuple[Kind, ...] = ("products", "customers", "orders")
LISTS = ("TaxCode", "PaymentMethod", "Account", "Term")


class Reads(Protocol):
    """What is needed of a company (ops.company_reader)."""

    def rows(self, entity: str, where: str = "") -> Iterator[Json]:
        """All objects of an entity."""
        ...


class Asked(Protocol):
    """What is needed of a store (events.fetching.store)."""

    def pages(self, kind: Kind, span: Span, cursor: str = "") -> Iterator[EventPage]:
        """What changed, page by page."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, and what choices are checked against. ``store``: "" when it was asked, else why not."""

    matches: tuple[Match, ...]
    sides: Sides
    orders: int
    store: str = ""


@dataclass(frozen=True, slots=True)
class Matcher:
    """Everything outside that a report reads. ``store`` None: only what the ledger kept of its events."""

    engine: Engine
    connection: Connection
    company: Company
    reader: Reads
    store: Asked | None
    why_no_store: str
    now: datetime
    tell: Callable[[str, int], None]

    def run(self) -> Report:
        """Match.

        Raises:
            SyncError: QuickBooks cannot be asked now.
        """
        frame = Frame(self.connection.connection_id, self.connection.settings, self.company, "Matching")
        needs, why = self._needs(frame)
        customers = Customers(self._rows("Customer", "Active IN (true, false)"))
        items = Items(self._rows("Item", ""))
        rows = {entity: list(self._rows(entity, "")) for entity in LISTS}
        if self.company.multicurrency:
            rows["CompanyCurrency"] = list(self._rows("CompanyCurrency", ""))
        rows |= {"Customer": list(customers.by_id.values()), "Item": list(items.by_id.values())}
        lists = lists_of(rows, self.company.tax_percent)
        known = self._known()
        matches = [
            *match_people(needs, customers, known, frame),
            *match_goods(needs, items, known, frame),
            *match_money(needs, lists, frame),
        ]
        matches.sort(key=lambda one: (KINDS.index(one.kind), one.status == "found", -one.used, one.key))
        by_key: dict[tuple[str, str], Match] = {(one.kind, one.key): one for one in matches}
        sides = Sides(by_key, needs, customers, items, lists, known, frame)
        return Report(tuple(matches), sides, needs.orders, why)

    def _needs(self, frame: Frame) -> tuple[Needs, str]:
        if self.store is None:
            return self._kept(frame), self.why_no_store
        needs = Needs()
        days = SHOPIFY_DAYS if self.connection.platform == "shopify" else ORDER_DAYS
        try:
            for kind in PAGE:
                since = self.now - days if kind == "orders" else BEGINNING
                read = 0
                for page in self.store.pages(kind, Span(since)):
                    needs.take(page.events, frame)
                    read += page.objects
                    self.tell(kind, read)
        except StoreProblem as error:
            return self._kept(frame), str(error)
        return needs, ""

    def _kept(self, frame: Frame) -> Needs:
        needs = Needs()
        needs.take(from_ledger(self.engine, self.connection.connection_id, MOST_KEPT).events, frame)
        return needs

    def _known(self) -> dict[StoreKey, SyncMapping]:
        with reading(self.engine) as database:
            held = held_mappings(database, self.connection.connection_id, ("customer", "email", "product"))
        return {one.mapping.key: one.mapping for one in held}

    def _rows(self, entity: str, where: str) -> Iterator[Json]:
        for number, row in enumerate(self.reader.rows(entity, where), start=1):
            self.tell(entity, number)
            yield row
