"""What can be set about one company, and the named switches for what nobody has documented.

Each switch has the conservative default: the one that is hardest on a client.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal


@dataclass
class UncertainBehaviour:
    """Behaviour of QuickBooks that its documentation leaves open."""

    linking_bumps_token: bool = True
    """A payment that is linked to an invoice raises the invoice's SyncToken."""
    inactive_name_blocks_reuse: bool = True
    """The name of an inactive customer, vendor, employee or item cannot be taken by another."""
    item_name_gets_deleted_suffix: bool = True
    """An inactive item is renamed to "… (deleted)", as customers are."""
    line_without_item: Literal["description", "default_item"] = "description"
    """"description": such a line carries no amount; "default_item": it gets the company's default item."""
    doc_number_when_custom_off: Literal["keep", "ignore"] = "keep"
    """"keep" the number that was sent, or "ignore" it, in a company without custom transaction numbers."""
    doc_number_space: Literal["family", "type"] = "family"
    """"family": all sales forms share one space of numbers; "type": each type has its own."""
    max_results_above_limit: Literal["cap", "refuse"] = "cap"
    """"cap" a page of more than 1000 to 1000, or "refuse" it with 4001."""
    order_by_with_blank: bool = True
    """ORDER BY in two words is accepted beside ORDERBY."""
    not_equal_operator: bool = True
    """!= is accepted in queries."""
    query_length_limit: int | None = None
    """Longest statement in characters."""
    batch_limit: int = 30
    """More operations in one batch than this are refused with 1040."""
    deleting_a_paid_invoice: Literal["unapply", "refuse"] = "unapply"
    """"unapply" leaves its payments unapplied; "refuse" answers 6000."""
    adjustment_date_can_change: bool = True
    """TxnDate of an InventoryAdjustment can be updated."""
    adjustment_needs_sparse: bool = True
    """A full update of an InventoryAdjustment is refused."""
    sale_touches_customer: bool = True
    """A change of balance moves the customer's LastUpdatedTime, without a new SyncToken (seen in recorded
    traffic)."""


@dataclass
class Plan:
    """What the company has paid for."""

    name: str = "QuickBooks Online Plus"
    inventory: bool = True
    inventory_adjustments: bool = True
    classes: bool = True
    departments: bool = True


@dataclass
class CompanySettings:
    """The state of a company that no API call of its own can change."""

    subscription_ended: bool = False
    """Every call is refused with 6190."""
    closed_books_date: date | None = None
    """Nothing dated on or before this day can be written."""
    closed_books_password: bool = False
    """A password lies on the closed books: code 6210 instead of 6200."""
    warn_duplicate_numbers: bool = True
    """The company warns about document numbers that are used twice."""
    user_name: str = "Sam Keeper"
    """Who is named in stale-object faults."""
    plan: Plan = field(default_factory=Plan)
    uncertain: UncertainBehaviour = field(default_factory=UncertainBehaviour)
