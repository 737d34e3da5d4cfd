"""Canonical payouts: what a payment gateway paid to the bank, and what it is made of."""

from datetime import date
from decimal import Decimal
from typing import Literal

from schemas.money import CurrencyCode, Money
from schemas.shape import Shape, StoreId, Text

ZERO = Decimal(0)


class PayoutPart(Shape):
    """One movement of the gateway's balance that a payout settles.

    ``amount`` is before the fee, as the merchant sees it: a charge is positive, a refund negative. ``fee`` is what the
    gateway keeps; one that it gives back is negative. ``held``: money that stays with the gateway, or comes back to
    it (a reserve, a payout that failed). ``word`` is the gateway's own for it (``dispute``, ``shipping_label``).
    """

    part_id: StoreId
    kind: Literal["charge", "refund", "adjustment", "held"]
    amount: Money
    fee: Money = ZERO
    word: Text = ""
    order_id: StoreId | None = None


class Payout(Shape):
    """A payout that reached the bank. ``amount`` is the bank's; a negative one took money from there.

    ``gateway`` is the key of its clearing account and its bank account in the settings.
    """

    payout_id: StoreId
    gateway: Text
    paid_on: date
    currency: CurrencyCode
    amount: Money
    parts: tuple[PayoutPart, ...] = ()


class PayoutFailed(Shape):
    """The bank refused a payout, or the gateway cancelled it: the money is in the gateway's balance again."""

    payout_id: StoreId
