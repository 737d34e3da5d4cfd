"""A WooCommerce shop's webhooks: topics, headers, signature, and the habits of its delivery.

Source: ``class-wc-webhook.php``. Bodies are JSON as PHP writes it: ASCII, with escaped slashes.
"""

import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import md5
from typing import Literal

from ops.demo.shops.delivery import Delivery
from ops.demo.shops.happening import CustomerChanged, Happening, OrderChanged, WareChanged
from ops.demo.shops.woocommerce.catalogue import customer_body, product_body
from ops.demo.shops.woocommerce.orders import order_body

WEBHOOK_IDS = {"order": 11, "product": 12, "customer": 13, "coupon": 14}
NOTICE = timedelta(seconds=4)
"""Action Scheduler delivers a moment after the change."""


class WooCommerceSender:
    """Turns what happens in the shop into deliveries to ``/webhooks/<connection>``."""

    platform: Literal["woocommerce"] = "woocommerce"

    def __init__(self, *, connection: str, secret: str, home_tax: str) -> None:
        self._path = f"/webhooks/{connection}"
        self._secret = secret
        self._home_tax = home_tax
        self._source = "https://shop.example/"

    def sent(self, happening: Happening) -> list[Delivery]:
        """What the shop sends: a new order comes as created and, with the same body, as updated."""
        match happening:
            case OrderChanged():
                return self._order(happening)
            case CustomerChanged():
                topic = "customer.created" if happening.new else "customer.updated"
                body = customer_body(happening.person, happening.at)
                return [self.signed(topic, body, happening.at, topic.replace(".", " "))]
            case WareChanged():
                topic = "product.created" if happening.new else "product.updated"
                body = product_body(happening.ware, happening.at, stock=None)
                return [self.signed(topic, body, happening.at, topic.replace(".", " "))]
            case _:
                body = product_body(happening.ware, happening.at, stock=happening.quantity)
                return [self.signed("product.updated", body, happening.at, "stock level")]

    def _order(self, change: OrderChanged) -> list[Delivery]:
        order = change.now.order
        body = order_body(change.now, foreign=order.tax.key != self._home_tax)
        kind = f"order {change.note}"
        if change.step != "placed":
            return [self.signed("order.updated", body, change.at, kind, about=order.number)]
        created = self.signed("order.created", body, change.at, kind, about=order.number)
        if order.order_id % 3:
            return [created]
        later = change.at + timedelta(seconds=1)
        again = self.signed(
            "order.updated", body, later, "same order as updated", noise=True, about=order.number
        )
        return [created, again]

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
    ) -> Delivery:
        """One delivery; ``secret`` other than the shop's makes a wrong signature."""
        raw = json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode("ascii")
        resource, _, event = topic.partition(".")
        webhook_id = WEBHOOK_IDS[resource]
        signature = hmac.digest((secret or self._secret).encode(), raw, "sha256")
        # WordPress hashes webhook and second: two deliveries of one second share their id.
        delivery_id = md5(f"{webhook_id}{int(at.timestamp())}".encode(), usedforsecurity=False).hexdigest()
        headers = {
            "User-Agent": "WooCommerce/9.8.1 Hookshot (WordPress/6.8)",
            "Content-Type": "application/json",
            "X-WC-Webhook-Source": self._source,
            "X-WC-Webhook-Topic": topic,
            "X-WC-Webhook-Resource": resource,
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-Signature": b64encode(signature).decode(),
            "X-WC-Webhook-ID": str(webhook_id),
            "X-WC-Webhook-Delivery-ID": delivery_id,
        }
        return Delivery(
            self._path, headers, raw, kind, at + NOTICE, expect=expect, books_nothing=noise, about=about
        )

    def oddities(self, at: datetime) -> list[Delivery]:
        """The ping when the webhook is switched on, and what a shop sends besides."""
        draft = {"id": 990001, "status": "checkout-draft", "currency": "USD", "total": "1.00"}
        refused = {"code": "woocommerce_rest_cannot_view", "message": "Sorry.", "data": {"status": 401}}
        coupon = {"id": 7, "code": "hello10", "amount": "10.00"}
        return [
            self._ping(at),
            self.signed("order.updated", draft, at, "wrong signature", secret="x", expect=401, noise=True),
            self.signed("coupon.created", coupon, at, "topic without use", noise=True),
            self.signed("order.updated", draft, at, "cart that is no order yet", noise=True),
            self.signed("order.updated", refused, at, "body that is no order"),
        ]

    def _ping(self, at: datetime) -> Delivery:
        headers = {
            "User-Agent": "WooCommerce/9.8.1 Hookshot (WordPress/6.8)",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return Delivery(self._path, headers, b"webhook_id=11", "ping", at, books_nothing=True)
