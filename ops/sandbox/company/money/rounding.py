"""Rounding: half-up to cents everywhere, as the 6070 rule of QuickBooks does."""

from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)
CENT = Decimal("0.01")
PERCENT = Decimal(100)


def cents(amount: Decimal) -> Decimal:
    """Round half-up to two places."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def percent_of(rate: Decimal, base: Decimal) -> Decimal:
    """``rate`` percent of ``base``, to cents."""
    return cents(base * rate / PERCENT)
