"""What one transaction does to the books beside being stored."""

from dataclasses import dataclass, field
from decimal import Decimal

from ops.sandbox.company.stock import Movement


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a posting: debits are positive, credits negative."""

    account_id: str
    amount: Decimal
    """In home currency."""
    party_id: str = ""
    """Customer or vendor, on receivables and payables."""
    party_amount: Decimal = Decimal(0)
    """What it does to that party's balance, in the transaction's currency."""


@dataclass(slots=True)
class Settlement:
    """A part of this transaction settles ``amount`` of another one."""

    target_type: str
    target_id: str
    amount: Decimal


@dataclass(slots=True)
class Effects:
    """What a transaction does beside being stored."""

    date: str
    entries: list[Entry] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)
    deposits: list[tuple[str, str]] = field(default_factory=list)
    """Type and id of the transactions that this deposit takes to the bank."""
