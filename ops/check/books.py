"""QuickBooks' side of a check: the sales documents of the days that are checked, and those that the ledger names."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from workers.mapping.fingerprint import is_void
from workers.mapping.marks import mark_of
from workers.mapping.names import quoted
from workers.mapping.refund import TO_GIFT_CARD
from workers.steps import Json

SALES_FORMS = ("SalesReceipt", "Invoice", "RefundReceipt", "CreditMemo", "Payment")
PAYOUTS = ("Deposit", "JournalEntry")
OTHERS = (*PAYOUTS, "Transfer", "Purchase", "Bill")
"""What else moves a bank or current asset account. Source: Intuit's API reference of these entities."""

IN_ONE_QUERY = 30
ZERO, ONE = Decimal(0), Decimal(1)
DocumentId = tuple[str, str]
"""Entity and QuickBooks id."""


class Reads(Protocol):
    """What is needed of a company (ops.company_reader)."""

    def query(self, statement: str) -> list[Json]:
        """The rows of one query."""
        ...

    def rows(self, entity: str, where: str = "") -> Iterator[Json]:
        """All objects of an entity."""
        ...


@dataclass(frozen=True, slots=True)
class Booked:
    """One document. ``amount`` is what the ledger remembers of it: of a refund with what went to a gift card, of an
    applied credit what was applied. ``money`` is what moved in ``account_id``.
    """

    entity: str
    quickbooks_id: str
    mark: str
    number: str
    date: str
    amount: Decimal
    money: Decimal
    currency: str
    account_id: str
    void: bool = False
    rate: Decimal = ONE
    tax: Decimal = ZERO

    @property
    def id(self) -> DocumentId:
        """Entity and id."""
        return self.entity, self.quickbooks_id

    @property
    def name(self) -> str:
        """As a person finds it."""
        return f"{self.entity} {self.quickbooks_id}"


def booked(entity: str, row: Json) -> Booked:
    """Read one row. Pure."""
    total = _decimal(row.get("TotalAmt"))
    amount = total
    if entity in ("RefundReceipt", "CreditMemo"):
        amount += sum(
            (
                -_decimal(line.get("Amount"))
                for line in _lines(row)
                if line.get("Description") == TO_GIFT_CARD
            ),
            ZERO,
        )
    if entity == "Payment" and not total:
        amount = sum((_decimal(line.get("Amount")) for line in _lines(row) if _pays_invoice(line)), ZERO)
    return Booked(
        entity=entity,
        quickbooks_id=str(row.get("Id", "")),
        mark=mark_of(row),
        number=str(row.get("DocNumber") or ""),
        date=str(row.get("TxnDate") or ""),
        amount=amount,
        money=total,
        currency=_ref(row.get("CurrencyRef")),
        account_id=_ref(row.get("DepositToAccountRef")),
        void=is_void(row),
        rate=_decimal(row.get("ExchangeRate")) or ONE,
        tax=_decimal((row.get("TxnTaxDetail") or {}).get("TotalTax")),
    )


def read_others(reader: Reads, condition: str, tell: Callable[[str, int], None]) -> list[tuple[str, Json]]:
    """Everything that is no sales form and moves an account: entity and row.

    Raises:
        SyncError: QuickBooks cannot be asked now.
    """
    found: list[tuple[str, Json]] = []
    for entity in OTHERS:
        for number, row in enumerate(reader.rows(entity, condition), start=1):
            found.append((entity, row))
            tell(entity, number)
    return found


def read_books(
    reader: Reads,
    condition: str,
    named: Iterable[DocumentId],
    others: Iterable[tuple[str, Json]],
    tell: Callable[[str, int], None],
) -> dict[DocumentId, Booked]:
    """The documents of a condition, payouts among the ``others``, and those of ``named`` that the condition leaves out;
    what is deleted is not there.

    Raises:
        SyncError: QuickBooks cannot be asked now.
    """
    found = {one.id: one for one in (booked(entity, row) for entity, row in others if entity in PAYOUTS)}
    for entity in SALES_FORMS:
        for number, row in enumerate(reader.rows(entity, condition), start=1):
            one = booked(entity, row)
            found[one.id] = one
            tell(entity, number)
    if condition:
        lacking = sorted(set(named) - found.keys())
        for entity in (*SALES_FORMS, *PAYOUTS):
            ids = [quickbooks_id for of, quickbooks_id in lacking if of == entity]
            for start in range(0, len(ids), IN_ONE_QUERY):
                listed = ", ".join(quoted(one) for one in ids[start : start + IN_ONE_QUERY])
                for row in reader.query(f"select * from {entity} where Id IN ({listed})"):  # noqa: S608
                    found[entity, str(row["Id"])] = booked(entity, row)
                tell(entity, start + IN_ONE_QUERY)
    return found


def _lines(row: Json) -> list[Mapping[str, Any]]:
    return [line for line in row.get("Line") or () if isinstance(line, Mapping)]


def _pays_invoice(line: Mapping[str, Any]) -> bool:
    return any(link.get("TxnType") == "Invoice" for link in line.get("LinkedTxn") or ())


def _ref(value: Any) -> str:
    return str(value.get("value", "")) if isinstance(value, Mapping) else ""


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value)) if value is not None else ZERO
