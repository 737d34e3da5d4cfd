"""What a gift card paid of a Shopify order: only its transaction says it (``order_transactions/create``).

Source: shopify.dev, "Transaction" (REST).
"""

from events.stores.platform import Unreadable
from events.stores.reading import Row, amount, moment, need_id, text
from events.stores.reading import flag as is_true
from events.stores.shopify.payments import STORE_CREDIT
from schemas.orders import GiftCardPayment

PAYS = frozenset({"sale", "capture"})


def read_payment(body: Row) -> GiftCardPayment | None:
    """None for every other transaction: money is in its order, and what goes back is in its refund."""
    paid = text(body, "kind") in PAYS and text(body, "status") == "success"
    gateway = text(body, "gateway")
    if not paid or gateway not in STORE_CREDIT or is_true(body, "test") or amount(body, "amount") <= 0:
        return None
    transaction_id = need_id(body, "id", "The transaction")
    paid_at = moment(body, "processed_at") or moment(body, "created_at")
    if paid_at is None:
        raise Unreadable(
            f"Transaction {transaction_id} has no created_at: this is not a Shopify transaction."
        )
    return GiftCardPayment(
        transaction_id=transaction_id,
        order_id=need_id(body, "order_id", "The transaction's order"),
        amount=amount(body, "amount"),
        currency=text(body, "currency").strip().upper(),
        paid_at=paid_at,
        gateway=gateway,
    )
