"""What happens in a shop, in the order of its own clock."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ops.demo.shops.catalogue import Person, Ware
from ops.demo.shops.sale import Snapshot

OrderStep = Literal["placed", "paid", "part_paid", "edited", "refunded", "cancelled"]


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """An order took a step. ``note`` says in plain words what is special about it."""

    at: datetime
    step: OrderStep
    now: Snapshot
    note: str = ""


@dataclass(frozen=True, slots=True)
class CustomerChanged:
    """A customer registered, or changed an address."""

    at: datetime
    person: Person
    new: bool


@dataclass(frozen=True, slots=True)
class WareChanged:
    """A product came into the shop, or its price changed."""

    at: datetime
    ware: Ware
    new: bool


@dataclass(frozen=True, slots=True)
class StockCounted:
    """Somebody counted: ``quantity`` is what is on the shelf."""

    at: datetime
    ware: Ware
    quantity: int


Happening = OrderChanged | CustomerChanged | WareChanged | StockCounted
