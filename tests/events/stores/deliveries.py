"""Webhooks for the tests, as the platforms deliver them."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from events.stores.registry import PLATFORMS
from events.stores.webhook import Webhook
from schemas.envelope import Envelope
from schemas.event_types import EVENT_TYPES
from schemas.orders import Order, Refund
from tests.fixtures.webhooks import body_of

RECEIVED_AT = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
TOPIC_HEADERS = {"woocommerce": "x-wc-webhook-topic", "shopify": "x-shopify-topic"}


def webhook(platform: str, topic: str, body: bytes, **headers: str) -> Webhook:
    """One delivery; ``headers`` with underscores for hyphens."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Webhook("acme", {TOPIC_HEADERS[platform]: topic, **sent}, body, RECEIVED_AT)


def recorded(fixture: str) -> Webhook:
    """One fixture under its own topic: ``orders_paid__x`` is ``orders/paid``."""
    platform, _, name = fixture.partition("/")
    topic = name.partition("__")[0]
    if platform == "shopify":
        resource, _, action = topic.rpartition("_")
        topic = f"{resource}/{action}"
    return webhook(platform, topic, body_of(fixture))


def read(fixture: str) -> list[Envelope]:
    """The events of one fixture."""
    return PLATFORMS[fixture.partition("/")[0]].read(recorded(fixture))


def changed(fixture: str, topic: str | None = None, **values: Any) -> list[Envelope]:
    """The events of one fixture with some top-level values changed (under another topic)."""
    platform = fixture.partition("/")[0]
    original = recorded(fixture)
    body = json.dumps({**json.loads(original.body), **values}).encode()
    topic = topic or original.header(TOPIC_HEADERS[platform])
    return PLATFORMS[platform].read(webhook(platform, topic, body))


def order_of(events: list[Envelope]) -> Order:
    """The order of the first event."""
    return Order.model_validate_json(json.dumps(events[0].data))


def refunds_of(events: list[Envelope]) -> list[Refund]:
    """All refunds, in order."""
    return [
        Refund.model_validate_json(json.dumps(event.data))
        for event in events
        if event.type == "orders.refunded"
    ]


def assert_payload_fits(event: Envelope) -> None:
    """The data is what the event type promises."""
    EVENT_TYPES[event.type].model_validate_json(json.dumps(event.data))


def leftover(document: Order | Refund) -> Decimal:
    """What the parts leave unexplained of the total; zero where all adds up."""
    parts = (*document.lines, *document.shipping, *document.fees)
    explained = sum((part.total for part in parts), document.total_tax)
    if isinstance(document, Order):
        explained += document.tip + document.cash_rounding - document.gift_cards_redeemed
    return document.total - explained
