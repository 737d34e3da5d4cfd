"""The month as it arrives: webhooks of both platforms, some twice, some late, refunds before their sale."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from events.stores.api import StoreObject
from events.stores.reading import read_object
from events.stores.registry import PLATFORMS
from events.stores.webhook import Webhook
from events.stores.woocommerce.refund_lines import with_lines
from schemas.envelope import Envelope
from tests.events.stores.deliveries import TOPIC_HEADERS
from tests.workers.month import bodies_shopify, bodies_woocommerce
from tests.workers.month.facts import Refund, Sale, State

Json = dict[str, Any]
TWICE = 0.08
SWAPPED = 0.06


@dataclass(frozen=True)
class Delivery:
    """One webhook. ``refunds`` are what the store's API says of them, where it is asked."""

    platform: str
    topic: str
    at: datetime
    body: Json
    refunds: tuple[Json, ...] = ()

    def events(self) -> list[Envelope]:
        """What the platform's own converter makes of it."""
        raw = json.dumps(self.body).encode()
        headers = {TOPIC_HEADERS[self.platform]: self.topic}
        events = PLATFORMS[self.platform].read(Webhook("acme-woo", headers, raw, self.at))
        if not self.refunds:
            return events
        asked = tuple(read_object(json.dumps(row).encode()) for row in self.refunds)
        return with_lines(events, StoreObject(self.topic, read_object(raw), raw, asked))


def deliveries(sales: list[Sale], seed: int, *, swaps: bool) -> list[Delivery]:
    """All of them by time of arrival. ``swaps``: some overtake each other."""
    random = Random(seed)
    arrived: list[tuple[datetime, int, Delivery]] = []
    for sale in sales:
        told = [one for state in sale.states for one in _told(sale, state, random)]
        times = [one.at for one in told]
        for position in range(len(told) - 1):
            if swaps and random.random() < SWAPPED and _may_overtake(told[position + 1]):
                told[position], told[position + 1] = told[position + 1], told[position]
        for at, one in zip(times, told, strict=True):
            arrived.append((at, len(arrived), one))
            if random.random() < TWICE:
                arrived.append((at + timedelta(minutes=random.randint(0, 3000)), len(arrived), one))
    return [one for _, _, one in sorted(arrived, key=lambda entry: entry[:2])]


def _may_overtake(delivery: Delivery) -> bool:
    """Not what ends an order after money came or went: the books then rightly hold less than they would have."""
    ends = (
        delivery.topic in ("order.deleted", "orders/cancelled") or delivery.body.get("status") == "cancelled"
    )
    return not (ends and (delivery.topic == "order.deleted" or delivery.body["refunds"]))


def _told(sale: Sale, state: State, random: Random) -> Iterator[Delivery]:
    """What the store sends when an order comes into this state."""
    at = state.at + timedelta(seconds=2)
    if sale.platform == "woocommerce":
        yield _from_woocommerce(sale, state, at)
        return
    order = Delivery("shopify", _topic(sale, state), at, bodies_shopify.order_body(sale, state))
    news = [one for one in state.refunds if one.at == state.at and not state.ending]
    alone = [
        Delivery("shopify", "refunds/create", at, bodies_shopify.refund_body(sale, refund)) for refund in news
    ]
    if sale.card_paid and state is sale.states[0]:
        alone.append(
            Delivery("shopify", "order_transactions/create", at, bodies_shopify.transaction_body(sale))
        )
    yield from (*alone, order) if random.random() < 0.5 else (order, *alone)


def _topic(sale: Sale, state: State) -> str:
    if state.ending:
        return "orders/cancelled"
    return "orders/create" if state is sale.states[0] else "orders/updated"


def _from_woocommerce(sale: Sale, state: State, at: datetime) -> Delivery:
    if state.ending == "trashed":
        return Delivery("woocommerce", "order.deleted", at, {"id": sale.order_id})
    topic = "order.created" if state is sale.states[0] else "order.updated"
    asked = tuple(bodies_woocommerce.refund_row(one) for one in state.refunds if _only_the_api_tells(one))
    return Delivery("woocommerce", topic, at, bodies_woocommerce.order_body(sale, state), asked)


def _only_the_api_tells(refund: Refund) -> bool:
    return refund.as_lines and not refund.whole
