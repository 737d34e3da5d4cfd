"""Which account and payment method stand for a gateway, which item for a purpose, which currency may be used."""

from typing import Literal

from schemas.orders import PaymentMethod
from workers.errors import AccountUnmapped, CurrencyUnsupported, ItemUnmapped
from workers.mapping.frame import Frame
from workers.mapping.marks import LONGEST_NUMBER
from workers.steps import Json

Purpose = Literal[
    "shipping",
    "fee",
    "tip",
    "gift_card",
    "discount",
    "bundle",
    "marketplace_tax",
    "refund_adjustment",
    "rounding",
]


def clearing_account(method: PaymentMethod, currency: str, frame: Frame) -> str:
    """The account that stands for the gateway until its payout reaches the bank; a foreign currency may have its own.

    Gift cards and store credit are no money: what they pay comes from the liability, and goes back there (A27, A28).

    Raises:
        AccountUnmapped: the gateway has no account and there is no deposit account for all.
    """
    accounts = frame.settings.accounts
    account = accounts.clearing.get(f"{method.gateway} {currency}") or accounts.clearing.get(method.gateway)
    if account:
        return account
    if is_store_credit(method, frame):
        return gift_card_account(frame)
    if accounts.deposit:
        return accounts.deposit
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


def is_store_credit(method: PaymentMethod, frame: Frame) -> bool:
    """True for a gateway that stands for gift cards or the buyer's credit with the shop."""
    return method.gateway in frame.settings.store_credit_gateways


def gift_card_account(frame: Frame) -> str:
    """The liability that gift cards and store credit are paid from.

    Raises:
        AccountUnmapped: nobody chose one.
    """
    if not frame.settings.accounts.gift_cards:
        raise AccountUnmapped(
            f"{frame.subject}: there is no liability account for gift cards and store credit. "
            "Choose it, then Retry.",
            cause="gift_cards",
            fix=frame.fix("accounts", "gift_cards"),
        )
    return frame.settings.accounts.gift_cards


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
            f"{frame.company.home_currency}. Switch multicurrency on in QuickBooks, have "
            "the company read anew, then Retry.",
            cause=currency,
            fix="counterfoil errors fix EVENT",
        )
    return {}
