"""WooCommerce orders. ``total`` never shrinks: refunds stand beside it.

Source: WooCommerce REST API v3, "Orders", and ``class-wc-order.php``.
"""

from datetime import datetime
from decimal import Decimal

from events.stores.platform import Unreadable
from events.stores.reading import (
    FINEST,
    ZERO,
    Row,
    amount,
    moment,
    need_id,
    part,
    rows,
    rows_or_nothing,
    text,
)
from events.stores.reading import flag as is_true
from events.stores.woocommerce.buyers import buyer
from events.stores.woocommerce.lines import charge_line, product_line, tax_names, tax_totals
from schemas.orders import (
    ChargeLine,
    Lifecycle,
    Order,
    OrderLine,
    PaymentMethod,
    PaymentState,
    StoreRate,
)

NOT_YET_ORDERS = frozenset({"checkout-draft", "auto-draft", "draft", "new", "trash"})
"""Sent by ``order.updated`` although nothing was ordered yet, or no longer."""

CASH_ON_DELIVERY = "cod"
RATE = "_wcpay_multi_currency_"
LARGEST_RATE = 1_000_000


def is_not_yet_an_order(body: Row) -> bool:
    """True for a cart that the block checkout saved, a draft of the admin screen, and the trash."""
    return _status(body) in NOT_YET_ORDERS


def changed_at(body: Row) -> datetime | None:
    """The order's version; the local time only where an old plugin leaves the UTC one out."""
    return moment(body, "date_modified_gmt") or moment(body, "date_modified")


def read_order(body: Row, *, received_at: datetime) -> Order:
    """One order as it stands."""
    order_id = need_id(body, "id", "The order")
    names = tax_names(body)
    lines = tuple(product_line(line, names) for line in rows(body, "line_items"))
    shipping = tuple(
        charge_line(line, names, title="method_title", owner="A shipping line")
        for line in rows(body, "shipping_lines")
    )
    fees = tuple(
        charge_line(line, names, title="name", owner="A fee line") for line in rows(body, "fee_lines")
    )
    parts: tuple[OrderLine | ChargeLine, ...] = (*lines, *shipping, *fees)
    charged = [share for line in parts for share in line.taxes]
    total = _total(body, order_id)
    paid_at = moment(body, "date_paid_gmt") or moment(body, "date_paid")
    state = _payment(body, paid_at)
    created_at = moment(body, "date_created_gmt") or moment(body, "date_created")
    updated_at = changed_at(body) or created_at or received_at
    return Order(
        order_id=order_id,
        number=text(body, "number") or order_id,
        store_status=_status(body),
        lifecycle=_lifecycle(body),
        payment=state,
        created_at=created_at or updated_at,
        updated_at=updated_at,
        paid_at=paid_at,
        cancelled_at=updated_at if _status(body) == "cancelled" else None,
        currency=_currency(body, order_id),
        prices_include_tax=is_true(body, "prices_include_tax"),
        buyer=buyer(body),
        lines=lines,
        shipping=shipping,
        fees=fees,
        gift_cards_redeemed=sum((amount(card, "amount") for card in rows(body, "gift_cards")), ZERO),
        taxes=tax_totals(body, charged),
        total_tax=amount(body, "total_tax"),
        total=total,
        amount_paid=total if state == "paid" else ZERO,
        payment_method=PaymentMethod(
            gateway=text(body, "payment_method"),
            title=text(body, "payment_method_title"),
            transaction_id=text(body, "transaction_id"),
        ),
        exchange_rate=_rate(body),
        refund_ids=_refund_ids(body),
        note=text(body, "customer_note"),
    )


def _refund_ids(body: Row) -> tuple[str, ...] | None:
    """All refunds that stand: a deleted one is not told but missing. Legacy bodies and plugins may list none at all."""
    listed = body.get("refunds")
    if not isinstance(listed, list | dict):
        return None
    return tuple(sorted(need_id(row, "id", "A refund") for row in rows(body, "refunds")))


def _rate(body: Row) -> StoreRate | None:
    """What WooPayments keeps of a foreign order: Stripe's rate, else the shop's own, which is the other way round.

    Source: WooPayments, ``MultiCurrency\\Analytics::update_order_stats_data``.
    """
    meta = {text(row, "key"): row for row in rows_or_nothing(body, "meta_data")}
    into = text(meta.get(f"{RATE}order_default_currency", {}), "value").upper()
    if len(into) != 3 or not into.isascii() or not into.isalpha():
        return None
    stripe = _number(meta.get(f"{RATE}stripe_exchange_rate", {}))
    shop = _number(meta.get(f"{RATE}order_exchange_rate", {}))
    rate = stripe or (1 / shop if shop else ZERO)
    return StoreRate(rate=rate.quantize(FINEST), into=into) if FINEST <= rate < LARGEST_RATE else None


def _number(meta: Row) -> Decimal:
    """Zero where a plugin wrote something else: a rate is a help, not a reason to refuse an order."""
    try:
        return max(amount(meta, "value"), ZERO)
    except Unreadable:
        return ZERO


def _status(body: Row) -> str:
    return text(body, "status").removeprefix("wc-")


def _total(body: Row, order_id: str) -> Decimal:
    if body.get("total") in (None, ""):
        raise Unreadable(f"Order {order_id} has no total: this is not a WooCommerce order.")
    return amount(body, "total")


def _currency(body: Row, order_id: str) -> str:
    currency = text(body, "currency").strip().upper()
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha():
        raise Unreadable(f'Order {order_id}: "{currency[:20]}" is not a currency of three letters.')
    return currency


def _payment(body: Row, paid_at: datetime | None) -> PaymentState:
    """Paid once the store dated the payment, or in a status that it reaches only by payment.

    An order that is paid on delivery is "processing" before any money came; its payment is dated when it
    is completed. Source: ``WC_Order::maybe_set_date_paid``, ``WC_Gateway_COD``.
    """
    if paid_at is not None or _status(body) == "completed":
        return "paid"
    if _status(body) == "processing" and text(body, "payment_method") != CASH_ON_DELIVERY:
        return "paid"
    return "unpaid"


def _lifecycle(body: Row) -> Lifecycle:
    """A failed payment is "draft": nothing is owed yet, and the buyer may try again."""
    match _status(body):
        case "failed":
            return "draft"
        case "cancelled":
            return "cancelled"
        case _:
            return "open"


def is_error_object(body: Row) -> bool:
    """WooCommerce sends its own REST error as the "order" when the webhook's author lost the right to read it."""
    return "id" not in body and "code" in body and ("message" in body or "status" in part(body, "data"))
