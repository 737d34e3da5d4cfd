"""A Shopify shop's webhooks: topics, headers, signature, and which of them one change sends.

Source: shopify.dev, "Webhooks". Several topics tell the same change; refunds come alone and inside their order.
"""

import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import NAMESPACE_URL, uuid5

from ops.demo.shops.delivery import Delivery
from ops.demo.shops.happening import CustomerChanged, Happening, OrderChanged, WareChanged
from ops.demo.shops.sale import GivenBack, Snapshot
from ops.demo.shops.shopify.catalogue import customer_body, level_body, product_body
from ops.demo.shops.shopify.orders import order_body
from ops.demo.shops.shopify.refunds import refund_body
from ops.demo.shops.shopify.writing import stamp

NOTICE = timedelta(seconds=2)
TOPICS = {"placed": "orders/create", "paid": "orders/paid", "cancelled": "orders/cancelled"}


class ShopifySender:
    """Turns what happens in the shop into deliveries to ``/webhooks/<connection>``."""

    platform: Literal["shopify"] = "shopify"

    def __init__(self, *, connection: str, secret: str, domain: str) -> None:
        self._path = f"/webhooks/{connection}"
        self._secret = secret
        self._domain = domain

    def sent(self, happening: Happening) -> list[Delivery]:
        """What the shop sends for one change."""
        match happening:
            case OrderChanged():
                return self._order(happening)
            case CustomerChanged():
                topic = "customers/create" if happening.new else "customers/update"
                kind = "customer created" if happening.new else "customer updated"
                return [self.signed(topic, customer_body(happening.person, happening.at), happening.at, kind)]
            case WareChanged():
                topic = "products/create" if happening.new else "products/update"
                kind = "product created" if happening.new else "product updated"
                return [self.signed(topic, product_body(happening.ware, happening.at), happening.at, kind)]
            case _:
                body = level_body(happening.ware, happening.quantity, happening.at)
                return [self.signed("inventory_levels/update", body, happening.at, "stock level")]

    def _order(self, change: OrderChanged) -> list[Delivery]:
        kind, now, at = f"order {change.note}", _as_cancelled(change.now), change.at
        body, number = order_body(now), now.order.number
        topic = TOPICS.get(change.step, "orders/updated")
        told = [self.signed(topic, body, at, kind, about=number)]
        match change.step:
            case "placed" if now.paid:
                told.append(
                    self.signed("orders/paid", body, at, "same order as paid", noise=True, about=number)
                )
            case "edited":
                edit = {"order_edit": {"id": now.order.order_id + 5, "order_id": now.order.order_id}}
                told.insert(0, self.signed("orders/edited", edit, at, "edit without prices", noise=True))
            case "refunded":
                refund = refund_body(now.refunds[-1], now.order)
                told.insert(0, self.signed("refunds/create", refund, at, kind, about=number))
        return told

    def signed(
        self,
        topic: str,
        body: Mapping[str, object],
        at: datetime,
        kind: str,
        *,
        noise: bool = False,
        secret: str = "",
        expect: int = 200,
        about: str = "",
        test: bool = False,
    ) -> Delivery:
        """One delivery; ``secret`` other than the shop's makes a wrong signature."""
        raw = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        signature = hmac.digest((secret or self._secret).encode(), raw, "sha256")
        action = uuid5(NAMESPACE_URL, f"{self._domain}/{at.isoformat()}")
        headers = {
            "User-Agent": "Shopify-Captain-Hook",
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": b64encode(signature).decode(),
            "X-Shopify-Shop-Domain": self._domain,
            "X-Shopify-API-Version": "2026-04",
            "X-Shopify-Webhook-Id": str(uuid5(action, f"{topic} {body.get('id', '')}")),
            "X-Shopify-Event-Id": str(action),
            "X-Shopify-Triggered-At": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.064630177Z",
        }
        if test:
            headers["X-Shopify-Test"] = "true"
        return Delivery(
            self._path, headers, raw, kind, at + NOTICE, expect=expect, books_nothing=noise, about=about
        )

    def oddities(self, at: datetime) -> list[Delivery]:
        """The test notification, and what a shop sends besides."""
        sample = {"id": 820982911946154508, "test": True, "total_price": "388.00", "currency": "USD"}
        cart = {"id": "c1", "line_items": [], "updated_at": stamp(at)}
        return [
            self.signed("orders/create", sample, at, "test notification", noise=True, test=True),
            self.signed("orders/paid", sample, at, "wrong signature", secret="x", expect=401, noise=True),
            self.signed("carts/update", cart, at, "topic without use", noise=True),
            self.signed("orders/create", {"hello": "world", "n": 1}, at, "body that is no order"),
        ]


def _as_cancelled(now: Snapshot) -> Snapshot:
    """Shopify gives the money back as it cancels: the refund is inside the order."""
    if not (now.cancelled and now.paid):
        return now
    order = now.order
    back = GivenBack(
        refund_id=order.order_id + 900_000,
        at=now.changed_at,
        net=order.total - order.total_tax,
        tax=order.total_tax,
        whole=True,
    )
    return Snapshot(order, now.changed_at, now.paid, now.paid_at, cancelled=True, refunds=(back,))
