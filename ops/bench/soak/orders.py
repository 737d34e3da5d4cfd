"""The events of a soak: orders of several versions, out of order, some twice, a few that a person must mend. Pure."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TWICE = 0.05
"""So many events are published twice."""

FOREIGN = 0.005
"""So many orders are in a currency that the company does not book: they end in the error queue."""

SHUFFLE = 40
"""How far an event may travel from its place."""


@dataclass(frozen=True, slots=True)
class Event:
    """One version of one order."""

    event_id: str
    connection_id: str
    number: int
    version: int
    total: Decimal
    currency: str
    body: bytes


def draw_events(seed: int, events: int, connections: list[str]) -> list[Event]:
    """So many different events, and the repeats, in the order in which they are published."""
    dice = random.Random(seed + 1)
    drawn: list[Event] = []
    number = 0
    while len(drawn) < events:
        number += 1
        connection = dice.choice(connections)
        currency = "CHF" if dice.random() < FOREIGN else "USD"
        for version in range(1, min(dice.choice((1, 1, 2, 3)), events - len(drawn)) + 1):
            total = Decimal(dice.randrange(100, 50_000)) / 100
            drawn.append(_event(connection, number, version, total, currency))
    placed = [(place + dice.uniform(0, SHUFFLE), event) for place, event in enumerate(drawn)]
    placed += [
        (place + dice.uniform(0, 10 * SHUFFLE), event) for place, event in placed if dice.random() < TWICE
    ]
    return [event for _, event in sorted(placed, key=lambda item: item[0])]


def _event(connection: str, number: int, version: int, total: Decimal, currency: str) -> Event:
    action = "paid" if version == 1 else "updated"
    event_id = f"order-{number}-{version}"
    envelope = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"counterfoil/connections/{connection}",
        "type": f"orders.{action}",
        "subject": f"order/{number}",
        "time": (START + timedelta(seconds=version)).isoformat(),
        "connection": connection,
        "data": _order(number, version, total, currency),
    }
    return Event(event_id, connection, number, version, total, currency, orjson.dumps(envelope))


def _order(number: int, version: int, total: Decimal, currency: str) -> dict[str, Any]:
    return {
        "order_id": str(number),
        "number": str(number),
        "store_status": "processing",
        "payment": "paid",
        "created_at": START.isoformat(),
        "updated_at": (START + timedelta(seconds=version)).isoformat(),
        "paid_at": START.isoformat(),
        "currency": currency,
        "lines": [
            {"line_id": "1", "name": "Mug", "quantity": "1", "subtotal": str(total), "total": str(total)}
        ],
        "total": str(total),
        "amount_paid": str(total),
        "payment_method": {"gateway": "stripe", "title": "Card"},
    }
