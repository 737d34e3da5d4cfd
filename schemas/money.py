"""Amounts of money: Decimal from the JSON text to the books, never a float."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, StringConstraints

CENT = Decimal("0.01")


def _exact(value: Any) -> Any:
    if isinstance(value, float):
        raise ValueError("an amount must be written as text or as a whole number, not as a float")
    if isinstance(value, bool):
        raise ValueError("an amount must be a number")
    return value


Money = Annotated[
    Decimal,
    Field(max_digits=24, decimal_places=8, allow_inf_nan=False),
    BeforeValidator(_exact),
    PlainSerializer(lambda amount: format(amount, "f"), return_type=str, when_used="json"),
]
"""An amount in a currency that its neighbour field names; in JSON it travels as text."""

Quantity = Money
"""How many; may be fractional (shops sell by weight) and, in a stock level, negative."""

CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""Three letters. Not always ISO 4217: some shops use codes of their own (``IRT``)."""


def to_cents(amount: Decimal) -> Decimal:
    """Round to cents, half up, as QuickBooks does. Source: Intuit's error 6070 and its own invoices."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)
