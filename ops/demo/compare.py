"""The shops' own figures against what QuickBooks holds, read from it over HTTP."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ops.demo.shops.books import ExpectedBooks
from ops.sandbox.testing import SandboxServer

Json = dict[str, Any]
ZERO = Decimal("0.00")
SIGNS = {"SalesReceipt": 1, "Invoice": 1, "RefundReceipt": -1, "CreditMemo": -1}
"""What adds to a shop's sales and what takes off them."""

COUNTED = (*SIGNS, "Payment", "InventoryAdjustment")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One shop's books. ``missing`` and ``different`` are order numbers, ``doubled`` are markers."""

    documents: Mapping[str, int]
    expected_net: Decimal
    booked_net: Decimal
    missing: tuple[str, ...]
    different: tuple[str, ...]
    doubled: tuple[str, ...]

    @property
    def lost(self) -> int:
        """Orders that are not in the books as the shop has them."""
        return len(self.missing) + len(self.different)


def compare_books(
    sandbox: SandboxServer,
    realm_id: str,
    connection_id: str,
    books: ExpectedBooks,
    *,
    ignored: Collection[str],
) -> Comparison:
    """Compare order by order: sales less refunds, tax included, to the cent."""
    mark = f"counterfoil:{connection_id}:"
    documents = {
        entity: [one for one in sandbox.dump(realm_id, entity) if mark in one.get("PrivateNote", "")]
        for entity in COUNTED
    }
    net: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for entity, sign in SIGNS.items():
        for document in documents[entity]:
            net[_order_number(document)] += sign * Decimal(str(document["TotalAmt"]))
    expected = books.without(ignored).orders
    missing = [number for number, order in expected.items() if number not in net and not order.may_be_absent]
    different = [number for number, order in expected.items() if number in net and net[number] != order.net]
    surplus = [number for number in net if number not in expected]
    return Comparison(
        documents={entity: len(found) for entity, found in documents.items() if found},
        expected_net=sum((order.net for order in expected.values()), ZERO),
        booked_net=sum(net.values(), ZERO),
        missing=tuple(missing),
        different=tuple(different),
        doubled=(*_twice(documents, mark), *surplus, *_customers_twice(sandbox, realm_id)),
    )


def _order_number(document: Json) -> str:
    return str(document.get("DocNumber", "")).partition("-")[0]


def _twice(documents: Mapping[str, list[Json]], mark: str) -> list[str]:
    counted: Counter[tuple[str, str, str]] = Counter()
    for entity, found in documents.items():
        for document in found:
            note = document["PrivateNote"]
            marker = note[note.index(mark) :].split()[0]
            counted[entity, marker, str(document.get("DocNumber", document["Id"]))] += 1
    return [f"{entity} {marker}" for (entity, marker, _), times in counted.items() if times > 1]


def _customers_twice(sandbox: SandboxServer, realm_id: str) -> list[str]:
    emails = Counter(
        customer["PrimaryEmailAddr"]["Address"].casefold()
        for customer in sandbox.dump(realm_id, "Customer")
        if customer.get("PrimaryEmailAddr")
    )
    return [f"Customer {email}" for email, times in emails.items() if times > 1]
