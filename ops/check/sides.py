"""The three sides of a check together, and which of their documents belong to its days. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops.check.books import Booked, DocumentId
from ops.check.days import Days
from ops.check.held import Held, Ledger
from ops.check.shop import Shop
from schemas.connection import ConnectionSettings
from workers.steps import StoreKey

ON_ITS_WAY = timedelta(minutes=15)
"""What changed in the store so lately may still be between webhook, queue and books."""


@dataclass(frozen=True, slots=True)
class Sides:
    """What is compared. ``shop`` None: the store was not asked. ``ledger`` was read after the others, ``steady`` are
    its documents that were so before them too; ``named`` are those that QuickBooks was asked for whatever their day.
    """

    connection_id: str
    days: Days
    ledger: Ledger
    steady: frozenset[StoreKey]
    books: Mapping[DocumentId, Booked]
    named: frozenset[DocumentId]
    shop: Shop | None
    now: datetime
    settings: ConnectionSettings

    def row_of(self, held: Held) -> Booked | None:
        """The document in QuickBooks."""
        return self.books.get((held.entity, held.quickbooks_id))

    def concerns(self, held: Held) -> bool:
        """Whether a document of the ledger belongs to the days: by its own day, or when it was told if it is gone."""
        row = self.row_of(held)
        if row is not None:
            return self.days.has(row.date)
        return (held.entity, held.quickbooks_id) in self.named

    def is_on_its_way(self, changed: datetime) -> bool:
        """Whether the books may still follow by themselves."""
        return changed > self.now - ON_ITS_WAY

    def marked(self) -> list[Booked]:
        """What stands in QuickBooks in these days with a mark of this connection."""
        prefix = f"counterfoil:{self.connection_id}:"
        return [row for row in self._standing() if row.mark.startswith(prefix)]

    def ours(self) -> list[Booked]:
        """The same, and what we took over or whose mark somebody deleted: the ledger knows it by its id."""
        prefix = f"counterfoil:{self.connection_id}:"
        held = {(one.entity, one.quickbooks_id) for one in self.ledger.held.values()}
        return [row for row in self._standing() if row.mark.startswith(prefix) or row.id in held]

    def _standing(self) -> Iterator[Booked]:
        return (row for row in self.books.values() if not row.void and self.days.has(row.date))


def named_documents(ledger: Ledger, shop: Shop | None, days: Days) -> frozenset[DocumentId]:
    """Documents to ask QuickBooks for even if it dates them on other days."""
    wanted = (
        held
        for held in ledger.held.values()
        if not days.month
        or (held.told is not None and days.has(_day_told(held, held.told, days)))
        or _is_of_store_day(held, shop, days)
    )
    return frozenset((held.entity, held.quickbooks_id) for held in wanted)


def steady_keys(before: Ledger, after: Ledger) -> frozenset[StoreKey]:
    """Documents that nobody worked on while QuickBooks was read."""
    return frozenset(key for key, held in after.held.items() if before.held.get(key) == held)


def key_of(mark: str, connection_id: str) -> tuple[StoreKey, int]:
    """Under which the ledger remembers a marked document, and its generation: an edited order has a second one."""
    kind, _, store_id = mark.removeprefix(f"counterfoil:{connection_id}:").partition(":")
    match kind:
        case "order":
            order_id, _, generation = store_id.partition("/")
            return StoreKey("order", order_id), int(generation) if generation.isdigit() else 1
        case "reversal":
            return StoreKey("refund", f"reversal/{store_id}"), 1
        case "credit":
            return StoreKey("payment", store_id), 1
        case _:
            return StoreKey(kind, store_id), 1


def subject_of(key: StoreKey) -> str:
    """The store object behind a key, as the ledger's entries name it."""
    match key.kind:
        case "refund" if key.store_id.startswith("reversal/"):
            return f"order/{key.store_id.split('/')[1]}"
        case "payment":
            head, _, tail = key.store_id.partition("/")
            return f"order/{head if tail.isdigit() and '-' not in head else tail}"
        case _:
            return f"{key.kind}/{key.store_id}"


def grouped(rows: Iterable[Booked]) -> dict[str, list[Booked]]:
    """Documents by their mark."""
    found: dict[str, list[Booked]] = {}
    for row in rows:
        found.setdefault(row.mark, []).append(row)
    return found


def _day_told(held: Held, told: datetime, days: Days) -> str:
    """A payout has a day and no time: its event is of midnight in Greenwich."""
    return told.date().isoformat() if held.role == "payout" else days.day_of(told)


def _is_of_store_day(held: Held, shop: Shop | None, days: Days) -> bool:
    if shop is None or held.role == "payout":
        return False
    sold = shop.orders.get(held.order_id)
    given = shop.refunds.get(held.key.store_id) if held.role == "refund" else None
    told = given or sold
    return told is not None and days.has(told.date)
