"""The door of Shopify: topics into readers."""

from collections.abc import Sequence
from datetime import datetime
from decimal import DecimalException

from pydantic import ValidationError

from events.stores.envelopes import occurrence, snapshot
from events.stores.platform import Unreadable
from events.stores.reading import Row, need_id, read_object, utc
from events.stores.refusal import sentence
from events.stores.shopify import contacts, gift_cards, orders, payouts, products, refunds, signature, topics
from events.stores.webhook import Webhook
from schemas.contacts import ContactRemoved, StoreErased
from schemas.envelope import Envelope, Workflow
from schemas.inventory import ProductRemoved
from schemas.orders import OrderRemoved, Refund
from schemas.shape import Shape


class Shopify:
    """Platform ``shopify``. Refunds come alone and once more inside their order: the same event both times."""

    name = "shopify"

    def signature_is_good(self, webhook: Webhook, secrets: Sequence[str]) -> bool:
        """See ``Platform``."""
        return signature.signature_is_good(webhook, secrets)

    def is_ping(self, webhook: Webhook) -> bool:
        """Shopify sends none."""
        del webhook
        return False

    def topic(self, webhook: Webhook) -> str:
        """For example ``orders/paid``."""
        return webhook.header("x-shopify-topic")

    def workflow(self, webhook: Webhook) -> Workflow:
        """See ``Platform``."""
        return topics.workflow(self.topic(webhook))

    def read(self, webhook: Webhook) -> list[Envelope]:
        """See ``Platform``."""
        topic = self.topic(webhook)
        if not topic:
            raise Unreadable("The webhook does not say its topic: header X-Shopify-Topic is missing.")
        if topic not in topics.USED or webhook.header("x-shopify-test").lower() == "true":
            return []
        body = read_object(webhook.body)
        try:
            return _events(webhook, topic, body)
        except (ValidationError, DecimalException) as error:
            raise Unreadable(sentence(error)) from error


def _events(webhook: Webhook, topic: str, body: Row) -> list[Envelope]:
    if topic in topics.ORDER_EVENTS:
        return _orders(webhook, topics.ORDER_EVENTS[topic], body)
    if topic == topics.REFUND:
        return _refund_alone(webhook, body)
    if topic == topics.TRANSACTION:
        return _transaction(webhook, body)
    if topic in topics.PRODUCT_EVENTS:
        return _products(webhook, topics.PRODUCT_EVENTS[topic], body)
    if topic in topics.LEVELS:
        return _levels(webhook, body)
    if topic in topics.CONTACT_EVENTS:
        return _contacts(webhook, topics.CONTACT_EVENTS[topic], body)
    if topic == topics.PAYOUT:
        return _payouts(webhook, body)
    return [_gone(webhook, topic, body)]


def _orders(webhook: Webhook, event_type: str, body: Row) -> list[Envelope]:
    if orders.is_test(body):
        return []
    order, given_back = orders.read_order(body, received_at=webhook.received_at)
    if event_type == "orders.cancelled" and order.lifecycle != "cancelled":
        event_type = "orders.updated"
    subject = f"order/{order.order_id}"
    event = snapshot(webhook, event_type, subject, data=order, version=orders.changed_at(body))
    return [event, *(_refund(webhook, refund) for refund in given_back)]


def _refund_alone(webhook: Webhook, body: Row) -> list[Envelope]:
    """``refunds/create``. Its order's webhook tells it where it cannot stand alone: without money it may be half of a
    cancellation, and only the order names the taxes of its shipping.
    """
    order_id = need_id(body, "order_id", "The refund's order")
    if refunds.is_test(body) or not refunds.moves_money(body):
        return []
    refund = refunds.read_refund(body, sale=refunds.Sale(order_id), sequence=1)
    return [_refund(webhook, refund)] if refunds.names_its_taxes(refund) else []


def _refund(webhook: Webhook, refund: Refund) -> Envelope:
    return occurrence(
        webhook,
        "orders.refunded",
        f"refund/{refund.refund_id}",
        data=refund,
        time=refund.created_at,
        once="refunded",
        partitionkey=f"order/{refund.order_id}",
    )


def _transaction(webhook: Webhook, body: Row) -> list[Envelope]:
    paid = gift_cards.read_payment(body)
    if paid is None:
        return []
    return [
        occurrence(
            webhook,
            "orders.gift_card_paid",
            f"transaction/{paid.transaction_id}",
            data=paid,
            time=paid.paid_at,
            once="gift_card_paid",
            partitionkey=f"order/{paid.order_id}",
        )
    ]


def _products(webhook: Webhook, event_type: str, body: Row) -> list[Envelope]:
    if products.is_draft(body):
        return []
    product = products.read_product(body, received_at=webhook.received_at)
    subject = f"product/{product.product_id}"
    return [snapshot(webhook, event_type, subject, data=product, version=products.changed_at(body))]


def _levels(webhook: Webhook, body: Row) -> list[Envelope]:
    level = products.read_level(body, received_at=webhook.received_at)
    if level is None:
        return []
    subject = f"level/{level.location_id or 'shop'}/{level.item_id}"
    version = products.changed_at(body)
    item = f"level/{level.item_id}"  # the places of one item are summed, so they run one after another
    return [
        snapshot(webhook, "inventory.level_changed", subject, data=level, version=version, partitionkey=item)
    ]


def _contacts(webhook: Webhook, event_type: str, body: Row) -> list[Envelope]:
    contact = contacts.read_contact(body, received_at=webhook.received_at)
    subject = f"customer/{contact.contact_id}"
    return [snapshot(webhook, event_type, subject, data=contact, version=contacts.changed_at(body))]


def _payouts(webhook: Webhook, body: Row) -> list[Envelope]:
    """One that is paid or failed; the others are on their way."""
    status = payouts.status_of(body)
    if payouts.is_test(body) or status not in (payouts.PAID, *payouts.ENDED):
        return []
    data = payouts.read_payout(body) if status == payouts.PAID else payouts.read_failure(body)
    event_type = "orders.payout_paid" if status == payouts.PAID else "orders.payout_failed"
    subject, day = f"payout/{data.payout_id}", payouts.moment_of(body)
    return [occurrence(webhook, event_type, subject, data=data, time=day, once=event_type)]


def _gone(webhook: Webhook, topic: str, body: Row) -> Envelope:
    """A deletion, or what a privacy law asks for. The body has no time and no version: the delivery has."""
    data: Shape
    match topic:
        case "orders/delete":
            gone = need_id(body, "id", "The deleted order")
            event_type, subject, data = "orders.deleted", f"order/{gone}", OrderRemoved(order_id=gone)
        case "products/delete":
            gone = need_id(body, "id", "The deleted product")
            event_type, subject = "inventory.product_deleted", f"product/{gone}"
            data = ProductRemoved(product_id=gone)
        case "customers/delete":
            gone = need_id(body, "id", "The deleted customer")
            event_type, subject = "contacts.deleted", f"customer/{gone}"
            data = ContactRemoved(contact_id=gone)
        case "shop/redact":
            event_type, subject, data = "contacts.store_erased", "erasure/store", StoreErased()
        case "customers/data_request":
            data = asked = contacts.read_data_request(body)
            event_type, subject = "contacts.data_requested", f"data_request/{asked.request_id}"
        case _:
            data = erased = contacts.read_erasure(body)
            # Not customer/…: an operator who ignores the customer does not ignore the law.
            event_type, subject = "contacts.erased", f"erasure/{erased.contact_id}"
    delivery = webhook.header("x-shopify-webhook-id") or webhook.received_at.isoformat()
    return occurrence(
        webhook, event_type, subject, data=data, time=_happened_at(webhook), once=f"{event_type} {delivery}"
    )


def _happened_at(webhook: Webhook) -> datetime:
    """When the store made the webhook: a delivery that is tried again comes hours later."""
    try:
        return utc(webhook.header("x-shopify-triggered-at"))
    except (ValueError, OverflowError):
        return webhook.received_at
