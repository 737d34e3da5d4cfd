"""The door of WooCommerce: topics into readers."""

from collections.abc import Sequence
from decimal import DecimalException

from pydantic import ValidationError

from events.stores.envelopes import occurrence, snapshot
from events.stores.platform import Unreadable
from events.stores.reading import Row, need_id, read_object
from events.stores.refusal import sentence
from events.stores.webhook import Webhook
from events.stores.woocommerce import contacts, orders, products, signature
from events.stores.woocommerce.legacy import unwrapped
from events.stores.woocommerce.refunds import read_refunds
from schemas.contacts import ContactRemoved
from schemas.envelope import Envelope, Workflow
from schemas.inventory import ProductRemoved
from schemas.orders import OrderRemoved
from schemas.shape import Shape

WORKFLOWS: dict[str, Workflow] = {"order": "orders", "product": "inventory", "customer": "contacts"}
ACTIONS = ("created", "updated", "restored", "deleted")


class WooCommerce:
    """Platform ``woocommerce``. There is no refund topic: refunds come inside ``order.updated``."""

    name = "woocommerce"

    def signature_is_good(self, webhook: Webhook, secrets: Sequence[str]) -> bool:
        """See ``Platform``."""
        return signature.signature_is_good(webhook, secrets)

    def is_ping(self, webhook: Webhook) -> bool:
        """See ``Platform``."""
        return signature.is_ping(webhook)

    def topic(self, webhook: Webhook) -> str:
        """``order.updated``; also where a proxy kept only its two halves."""
        resource, event = webhook.header("x-wc-webhook-resource"), webhook.header("x-wc-webhook-event")
        return webhook.header("x-wc-webhook-topic") or (f"{resource}.{event}" if resource and event else "")

    def workflow(self, webhook: Webhook) -> Workflow:
        """See ``Platform``."""
        return WORKFLOWS.get(self.topic(webhook).partition(".")[0], "orders")

    def read(self, webhook: Webhook) -> list[Envelope]:
        """See ``Platform``."""
        topic = self.topic(webhook)
        if not topic:
            raise Unreadable("The webhook does not say its topic: header X-WC-Webhook-Topic is missing.")
        resource, _, action = topic.partition(".")
        if resource not in WORKFLOWS or action not in ACTIONS:
            return []
        body = unwrapped(read_object(webhook.body))
        if orders.is_error_object(body):
            raise Unreadable(_permission_problem(body))
        try:
            if action == "deleted":
                return [_removed(webhook, resource, body)]
            return _READERS[resource](webhook, action, body)
        except (ValidationError, DecimalException) as error:
            raise Unreadable(sentence(error)) from error


def _orders(webhook: Webhook, action: str, body: Row) -> list[Envelope]:
    if orders.is_not_yet_an_order(body):
        return []
    order = orders.read_order(body, received_at=webhook.received_at)
    subject = f"order/{order.order_id}"
    event = snapshot(
        webhook,
        f"orders.{action}",
        subject,
        data=order,
        version=orders.changed_at(body),
        happened="restored" if action == "restored" else "",
    )
    refunds = [
        occurrence(
            webhook,
            "orders.refunded",
            f"refund/{refund.refund_id}",
            data=refund,
            time=refund.created_at,
            once="refunded",
            partitionkey=subject,
        )
        for refund in read_refunds(body, order)
    ]
    return [event, *refunds]


def _products(webhook: Webhook, action: str, body: Row) -> list[Envelope]:
    if products.is_draft(body):
        return []
    product = products.read_product(body, received_at=webhook.received_at)
    version = products.changed_at(body)
    events = [
        snapshot(
            webhook,
            "inventory.product_created" if action == "created" else "inventory.product_updated",
            f"product/{product.product_id}",
            data=product,
            version=version,
            happened="restored" if action == "restored" else "",
        )
    ]
    level = products.read_level(product, body)
    if level is not None:
        subject = f"level/shop/{level.item_id}"
        events.append(snapshot(webhook, "inventory.level_changed", subject, data=level, version=version))
    return events


def _contacts(webhook: Webhook, action: str, body: Row) -> list[Envelope]:
    contact = contacts.read_contact(body, received_at=webhook.received_at)
    return [
        snapshot(
            webhook,
            "contacts.created" if action == "created" else "contacts.updated",
            f"customer/{contact.contact_id}",
            data=contact,
            version=contacts.changed_at(body),
        )
    ]


_READERS = {"order": _orders, "product": _products, "customer": _contacts}


def _removed(webhook: Webhook, resource: str, body: Row) -> Envelope:
    """A deletion says only the id; for an order it means the trash, from which it may come back."""
    removed = need_id(body, "id", f"The deleted {resource}")
    data: Shape
    match resource:
        case "order":
            event_type, data = "orders.deleted", OrderRemoved(order_id=removed)
        case "product":
            event_type, data = "inventory.product_deleted", ProductRemoved(product_id=removed)
        case _:
            event_type, data = "contacts.deleted", ContactRemoved(contact_id=removed)
    return occurrence(
        webhook,
        event_type,
        f"{resource}/{removed}",
        data=data,
        time=webhook.received_at,
        once=f"deleted {webhook.header('x-wc-webhook-delivery-id') or webhook.received_at.isoformat()}",
    )


def _permission_problem(body: Row) -> str:
    return (
        f"WooCommerce sent an error instead of the object ({str(body.get('code'))[:80]}): the user who made the "
        "webhook may no longer read it. Let an administrator save the webhook again, then Retry."
    )
