"""The events of a soak: objects of several versions, out of order, some twice, a few that a person must mend. Pure."""

import random
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ops.bench.soak.event import START, Event, make_event, moment

TWICE = 0.05
"""So many events are published twice."""

FOREIGN = 0.005
"""So many orders are in a currency that the company does not book: they end in the error queue."""

SHUFFLE = 40
"""How far an event may travel from its place."""

SHARES = {"orders": 80, "contacts": 12, "inventory": 8}
ITEMS = 5
"""Things with stock in each store: their levels come again and again."""

VERSIONS = (1, 1, 2, 3)


class Drawer:
    """Draws one store object after another."""

    def __init__(self, dice: random.Random, connections: Sequence[str]) -> None:
        self._dice = dice
        self._connections = connections
        self._number = 0
        self._levels: Counter[tuple[str, str]] = Counter()

    def draw(self) -> list[Event]:
        """All versions of one more object, or the next level of an item."""
        self._number += 1
        connection_id = self._dice.choice(self._connections)
        match self._dice.choices(list(SHARES), weights=list(SHARES.values()))[0]:
            case "contacts":
                return [self._contact(connection_id, version) for version in self._versions()]
            case "inventory":
                return [self._level(connection_id)]
            case _:
                currency = "CHF" if self._dice.random() < FOREIGN else "USD"
                return [self._order(connection_id, version, currency) for version in self._versions()]

    def _versions(self) -> range:
        return range(1, self._dice.choice(VERSIONS) + 1)

    def _order(self, connection_id: str, version: int, currency: str) -> Event:
        total = Decimal(self._dice.randrange(100, 50_000)) / 100
        type_ = "orders.paid" if version == 1 else "orders.updated"
        data = _order(self._number, version, total, currency)
        return make_event(connection_id, type_, f"order/{self._number}", version, total, data)

    def _contact(self, connection_id: str, version: int) -> Event:
        phone = f"+1 555 {self._dice.randrange(10**7):07}"
        data = {
            "contact_id": str(self._number),
            "email": f"buyer{self._number}@example.com",
            "first_name": "Ada",
            "last_name": f"Byron {self._number}",
            "phone": phone,
            "updated_at": moment(version),
        }
        type_ = "contacts.created" if version == 1 else "contacts.updated"
        return make_event(connection_id, type_, f"customer/{self._number}", version, phone, data)

    def _level(self, connection_id: str) -> Event:
        item = sku(self._dice.randrange(ITEMS))
        self._levels[connection_id, item] += 1
        version = self._levels[connection_id, item]
        quantity = Decimal(self._dice.randrange(1000))
        data = {"item_id": item, "sku": item, "quantity": str(quantity), "updated_at": moment(version)}
        return make_event(connection_id, "inventory.level_changed", f"level/{item}", version, quantity, data)


def sku(number: int) -> str:
    """What the store calls its ``number``-th thing with stock."""
    return f"SOAK-{number}"


def draw_events(seed: int, events: int, connections: list[str]) -> list[Event]:
    """So many different events, and the repeats, in the order in which they are published."""
    dice = random.Random(seed + 1)
    drawer = Drawer(dice, connections)
    drawn: list[Event] = []
    while len(drawn) < events:
        drawn += drawer.draw()[: events - len(drawn)]
    placed = [(place + dice.uniform(0, SHUFFLE), event) for place, event in enumerate(drawn)]
    placed += [
        (place + dice.uniform(0, 10 * SHUFFLE), event) for place, event in placed if dice.random() < TWICE
    ]
    return [event for _, event in sorted(placed, key=lambda item: item[0])]


def _order(number: int, version: int, total: Decimal, currency: str) -> dict[str, Any]:
    return {
        "order_id": str(number),
        "number": str(number),
        "store_status": "processing",
        "payment": "paid",
        "created_at": START.isoformat(),
        "updated_at": moment(version),
        "paid_at": START.isoformat(),
        "currency": currency,
        "lines": [
            {"line_id": "1", "name": "Mug", "quantity": "1", "subtotal": str(total), "total": str(total)}
        ],
        "total": str(total),
        "amount_paid": str(total),
        "payment_method": {"gateway": "stripe", "title": "Card"},
    }
