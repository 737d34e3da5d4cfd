"""What QuickBooks says of one company's orders, contacts and stock, compared with the events that were done."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from ops.bench.soak.event import Event, Value

ORDER_MARK = re.compile(r"counterfoil:[^:]+:(?:order|reversal):(\d+)[/\d]*")
LEVEL_MARK = re.compile(r"counterfoil:[^:]+:level:\S+")
EMAIL = re.compile(r"buyer(\d+)@example\.com")


def sales(receipts: Iterable[Mapping[str, Any]], refunds: Iterable[Mapping[str, Any]]) -> "Booked":
    """Orders by number, with what their documents come to.

    An edited sale is reversed and booked anew, so one order has several documents, each with a mark of its own.
    """
    booked = Booked()
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    for documents, sign in ((receipts, 1), (refunds, -1)):
        for document in documents:
            mark = ORDER_MARK.search(document.get("PrivateNote", ""))
            if mark is not None:
                booked.marks[mark[0]] += 1
                totals[mark[1]] += sign * Decimal(str(document["TotalAmt"]))
    booked.values.update(totals)
    return booked


def contacts(customers: Iterable[Mapping[str, Any]]) -> "Booked":
    """Contacts by their id, with the phone of their customer."""
    booked = Booked()
    for customer in customers:
        known = EMAIL.fullmatch(customer.get("PrimaryEmailAddr", {}).get("Address", ""))
        if known is not None:
            booked.marks[f"customer {known[1]}"] += 1
            booked.values[known[1]] = customer.get("PrimaryPhone", {}).get("FreeFormNumber", "")
    return booked


def stock(items: Iterable[Mapping[str, Any]], adjustments: Iterable[Mapping[str, Any]]) -> "Booked":
    """Items by SKU, with the quantity on hand."""
    booked = Booked()
    for item in items:
        if item["Type"] == "Inventory":
            booked.values[item.get("Sku", "")] = Decimal(str(item["QtyOnHand"]))
    for adjustment in adjustments:
        mark = LEVEL_MARK.search(adjustment.get("PrivateNote", ""))
        if mark is not None:
            booked.marks[mark[0]] += 1
    return booked


class Booked:
    """``values``: what the books say of each object; ``marks``: how often each document of ours is there."""

    def __init__(self) -> None:
        self.values: dict[str, Value] = {}
        self.marks: Counter[str] = Counter()

    def doubled(self) -> list[tuple[int, str]]:
        """Documents too many, and a sentence for each mark."""
        return [(n - 1, f"{mark} is booked {n} times") for mark, n in self.marks.items() if n > 1]


def newest(events: Iterable[Event]) -> dict[str, Event]:
    """The newest version of each object."""
    return {event.thing: event for event in sorted(events, key=lambda event: event.version)}
