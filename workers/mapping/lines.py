"""Lines of a sales document, written so that QuickBooks accepts their arithmetic."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from schemas.money import CENT, to_cents
from workers.steps import Json

LONGEST_DESCRIPTION = 4000
"""Source: Intuit's API reference."""
FINEST_PRICE = Decimal("0.0000001")
"""QuickBooks keeps unit prices to seven places."""
US_CODES = ("", "TAX", "NON")
"""Pseudo codes of US lines; a discount line does not take them. Source: Intuit's API reference."""


@dataclass(frozen=True, slots=True)
class DocLine:
    """One line. ``amount`` and ``tax`` in cents, net of tax; ``quantity`` None: an amount without a count.

    ``tax_code`` "" leaves the code out. ``account_id`` instead of ``item_id`` makes it a discount line, whose
    positive amount is subtracted.
    """

    amount: Decimal
    item_id: str = ""
    account_id: str = ""
    quantity: Decimal | None = None
    description: str = ""
    tax_code: str = ""
    tax: Decimal = Decimal(0)

    @property
    def signed(self) -> Decimal:
        """What the line adds to the document."""
        return -self.amount if self.account_id else self.amount


@dataclass(frozen=True, slots=True)
class Pricing:
    """Quantity and unit price whose product, rounded half up to cents, is the amount (fault 6070)."""

    quantity: Decimal
    unit_price: Decimal
    counted: bool


def priced(amount: Decimal, quantity: Decimal | None) -> Pricing:
    """Find a unit price that QuickBooks multiplies back to ``amount`` (rule A20).

    The price gets as many places as it needs, up to seven; what still does not divide becomes quantity 1.
    """
    if quantity:
        for step in (CENT, Decimal("0.0001"), FINEST_PRICE):
            price = (amount / quantity).quantize(step, rounding=ROUND_HALF_UP)
            if to_cents(price * quantity) == amount:
                return Pricing(quantity, price, counted=True)
    return Pricing(Decimal(1), amount, counted=False)


def render(line: DocLine, *, inclusive: bool) -> Json:
    """The line as QuickBooks reads it; ``inclusive`` adds the amount with tax."""
    if line.account_id:
        return _discount(line)
    pricing = priced(line.amount, line.quantity)
    detail: Json = {
        "ItemRef": {"value": line.item_id},
        "Qty": pricing.quantity,
        "UnitPrice": pricing.unit_price,
    }
    if line.tax_code:
        detail["TaxCodeRef"] = {"value": line.tax_code}
    if inclusive:
        detail["TaxInclusiveAmt"] = line.amount + line.tax
    description = line.description
    if line.quantity and not pricing.counted:
        description = f"{line.quantity.normalize():f} × {description}"
    return {
        "DetailType": "SalesItemLineDetail",
        "Amount": line.amount,
        "Description": description[:LONGEST_DESCRIPTION],
        "SalesItemLineDetail": detail,
    }


def _discount(line: DocLine) -> Json:
    detail: Json = {"PercentBased": False, "DiscountAccountRef": {"value": line.account_id}}
    if line.tax_code not in US_CODES:
        detail["TaxCodeRef"] = {"value": line.tax_code}
    return {
        "DetailType": "DiscountLineDetail",
        "Amount": line.amount,
        "Description": line.description[:LONGEST_DESCRIPTION],
        "DiscountLineDetail": detail,
    }
