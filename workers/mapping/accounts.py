"""Which account and payment method stand for a gateway, which item for a purpose, which currency may be used."""

from typing import Literal

from schemas.orders import PaymentMethod
from workers.errors import AccountUnmapped, CurrencyUnsupported, ItemUnmapped
from workers.mapping.frame import Frame
from workers.mapping.marks import LONGEST_NUMBER
from workers.steps import Json

Purpose = Literal["shipping", "fee", "tip", "gift_card", "refund_adjustment", "rounding"]


def clearing_account(method: PaymentMethod, frame: Frame) -> str:
    """The account that stands for the gateway until its payout reaches the bank.

    Raises:
        AccountUnmapped: the gateway has no account and there is no deposit account for all.
    """
    accounts = frame.settings.accounts
    account = accounts.clearing.get(method.gateway) or accounts.deposit
    if account:
        return account
    if not method.gateway:
        raise AccountUnmapped(
            f"{frame.subject} names no payment gateway and there is no deposit account. "
            "Choose the deposit account, then Retry.",
            cause="deposit",
            fix=frame.fix("accounts", "deposit"),
        )
    raise AccountUnmapped(
        f'{frame.subject}: payment gateway "{method.gateway}" has no QuickBooks account. '
        "Choose its clearing account, then Retry.",
        cause=method.gateway,
        fix=frame.fix("accounts", "clearing", method.gateway),
    )


def payment_fields(method: PaymentMethod, frame: Frame) -> Json:
    """PaymentMethodRef and PaymentRefNum, where they are known."""
    fields: Json = {}
    method_id = frame.settings.payment_methods.get(method.gateway, "")
    if method_id:
        fields["PaymentMethodRef"] = {"value": method_id}
    if method.transaction_id:
        fields["PaymentRefNum"] = method.transaction_id[:LONGEST_NUMBER]
    return fields


def purpose_item(purpose: Purpose, frame: Frame) -> str:
    """The item for what is no product.

    Raises:
        ItemUnmapped: nobody chose one.
    """
    item: str = getattr(frame.settings.items, purpose)
    if not item:
        raise ItemUnmapped(
            f"{frame.subject}: there is no QuickBooks item for {purpose.replace('_', ' ')}. "
            "Choose one, then Retry.",
            cause=purpose,
            fix=frame.fix("items", purpose),
        )
    return item


def currency_fields(currency: str, frame: Frame) -> Json:
    """CurrencyRef where the company keeps several currencies (rules A50, A51).

    Raises:
        CurrencyUnsupported: a foreign currency, and the company keeps only its own. Never booked one to one.
    """
    if frame.company.multicurrency:
        return {"CurrencyRef": {"value": currency}}
    if currency != frame.company.home_currency:
        raise CurrencyUnsupported(
            f"{frame.subject} is in {currency}, but the QuickBooks company keeps only "
            f"{frame.company.home_currency}. Switch multicurrency on in QuickBooks, then Retry.",
            cause=currency,
            fix="QuickBooks: Account and settings, Advanced, Currency: Multicurrency",
        )
    return {}
