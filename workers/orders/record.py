"""What the ledger remembers of an order: the document that stands for it, and what happened to it since."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from workers.steps import Json, StoreKey, SyncMapping

ZERO = Decimal(0)
NOT_YET = ("status_not_chosen", "trashed", "draft", "no_lines")
"""Why a sale is not booked that may be booked later. Its refund waits while the order's snapshot of that moment may be
on its way; when that books nothing either, the refund is skipped, and looked at again when a later one tells it."""
LET_GO = "removed"
"""How a document ended that a person took away and an operator lets go: the order may be posted again (A11)."""


@dataclass(frozen=True, slots=True)
class RefundNote:
    """A refund that is booked for the order. ``invoice`` is the one that a credit memo was applied to, or ""."""

    total: Decimal
    number: str
    entity: str
    quickbooks_id: str
    invoice: str = ""


@dataclass(frozen=True, slots=True)
class SaleRecord:
    """An order's sync mapping in words. ``entity`` "": nothing is booked, only a version is remembered.

    ``generation`` counts the documents of one order, ``expected`` is the fingerprint of what we sent last,
    ``paid_before`` what was already settled on an invoice when it became ours, ``carried`` the credit memo whose rest
    pays a new invoice after an edit, ``beyond`` what was paid beyond the new invoice's total and is the customer's
    credit since, ``differs`` the total that QuickBooks answered where it is not ours, ``ended`` how the document ended
    (``voided``, ``reversed``) or "". ``rate`` is the exchange rate that was sent, "" in home currency; ``dated`` is the
    open day that a document of a closed period was given, else ""; ``gift_cards`` is what each gift card transaction
    paid of it; ``listed`` are the refunds that the store listed at ``version``, None where it lists none.
    """

    order_id: str
    entity: str = ""
    quickbooks_id: str = ""
    sync_token: str = "0"
    version: datetime | None = None
    total: Decimal = ZERO
    tax: Decimal = ZERO
    hash: str = ""
    expected: str = ""
    generation: int = 1
    number: str = ""
    customer_id: str = ""
    account_id: str = ""
    currency: str = ""
    inclusive: bool = False
    out_of_scope: bool = False
    rate: str = ""
    dated: str = ""
    carried: str = ""
    paid_before: Decimal = ZERO
    beyond: Decimal = ZERO
    differs: str = ""
    ended: str = ""
    why: str = ""
    refunds: Mapping[str, RefundNote] = field(default_factory=dict)
    gift_cards: Mapping[str, str] = field(default_factory=dict)
    listed: tuple[str, ...] | None = None

    @classmethod
    def of(cls, mapping: SyncMapping) -> "SaleRecord":
        """Read the mapping."""
        detail = mapping.detail
        return cls(
            order_id=mapping.key.store_id,
            entity=mapping.entity,
            quickbooks_id=mapping.quickbooks_id,
            sync_token=mapping.sync_token,
            version=mapping.version,
            refunds={
                refund_id: RefundNote(
                    Decimal(note["total"]), note["number"], note["entity"], note["id"], note["invoice"]
                )
                for refund_id, note in detail.get("refunds", {}).items()
            },
            listed=tuple(detail["listed"]) if "listed" in detail else None,
            **{name: _read(name, detail[name]) for name in _PLAIN if name in detail},
        )

    @property
    def standing(self) -> bool:
        """True while a document stands in QuickBooks for the order."""
        return bool(self.quickbooks_id) and not self.ended

    @property
    def refunded(self) -> Decimal:
        """What all booked refunds gave back."""
        return sum((note.total for note in self.refunds.values()), ZERO)

    @property
    def credited(self) -> Decimal:
        """What booked credit memos took off this very invoice."""
        memos = (note.total for note in self.refunds.values() if note.invoice == self.quickbooks_id)
        return sum(memos, ZERO)

    @property
    def paid_by_gift_card(self) -> Decimal:
        """What gift cards paid of it by transactions of their own."""
        return sum((Decimal(amount) for amount in self.gift_cards.values()), ZERO)

    @property
    def detail(self) -> Json:
        """The mapping's small facts, as JSON."""
        found: Json = {name: _write(getattr(self, name)) for name in _PLAIN if getattr(self, name)}
        if self.refunds:
            found["refunds"] = {
                refund_id: {
                    "total": str(note.total),
                    "number": note.number,
                    "entity": note.entity,
                    "id": note.quickbooks_id,
                    "invoice": note.invoice,
                }
                for refund_id, note in self.refunds.items()
            }
        if self.listed is not None:
            found["listed"] = list(self.listed)
        return found

    @property
    def mapping(self) -> SyncMapping:
        """The mapping to remember."""
        return SyncMapping(
            order_key(self.order_id),
            self.entity,
            self.quickbooks_id,
            self.sync_token,
            version=self.version,
            removed=bool(self.ended),
            detail=self.detail,
        )

    def with_refund(self, refund_id: str, note: RefundNote) -> "SaleRecord":
        """The record after a refund."""
        return replace(self, refunds={**self.refunds, refund_id: note})

    def without_refund(self, refund_id: str) -> "SaleRecord":
        """The record after a refund was taken back."""
        return replace(self, refunds={one: note for one, note in self.refunds.items() if one != refund_id})


def order_key(order_id: str) -> StoreKey:
    """Under which an order's document is remembered."""
    return StoreKey("order", order_id)


_AMOUNTS = ("total", "tax", "paid_before", "beyond")
_PLAIN = (
    *_AMOUNTS, "hash", "expected", "generation", "number", "customer_id", "account_id", "currency",
    "inclusive", "out_of_scope", "rate", "dated", "carried", "differs", "ended", "why",
    "gift_cards",
)  # fmt: skip


def _read(name: str, value: Any) -> Any:
    return Decimal(value) if name in _AMOUNTS else value


def _write(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value
