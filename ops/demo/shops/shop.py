"""A shop as the demo needs it: how to set it up, what it sends, and what its books must say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Literal, Protocol

from ops.demo.shops.arrival import arrived
from ops.demo.shops.books import ExpectedBooks, expected_books
from ops.demo.shops.catalogue import Person, Ware
from ops.demo.shops.delivery import Delivery
from ops.demo.shops.happening import Happening, StockCounted
from ops.demo.shops.life import life_of
from ops.demo.shops.sale import ShopTax
from ops.demo.shops.story import Cast, Teller

PURPOSES = ("shipping", "fee", "tip", "gift_card", "refund_adjustment", "rounding")
"""What needs an item in QuickBooks besides the wares: the names are those of the connection's settings."""


class Sender(Protocol):
    """The store side of one platform."""

    @property
    def platform(self) -> Literal["woocommerce", "shopify"]:
        """The platform's name in a connection."""

    def sent(self, happening: Happening) -> list[Delivery]:
        """The webhooks of one change."""

    def oddities(self, at: datetime) -> list[Delivery]:
        """What a shop sends besides its business, and one delivery that somebody else signed."""


@dataclass(frozen=True, slots=True)
class Shop:
    """One shop. ``wares`` and ``customers`` are to be in QuickBooks before its webhooks come.

    ``tax`` is to be mapped, ``foreign_tax`` is the one that nobody mapped; ``unknown_ware`` has no item.
    ``stock`` is what was counted in the end, by SKU.
    """

    name: str
    connection: str
    platform: Literal["woocommerce", "shopify"]
    secret: str
    unknown_customer: Literal["create", "stop"]
    tax: ShopTax
    foreign_tax: ShopTax
    wares: tuple[Ware, ...]
    unknown_ware: Ware
    customers: tuple[Person, ...]
    stranger: Person | None
    gateways: tuple[str, ...]
    deliveries: tuple[Delivery, ...]
    books: ExpectedBooks
    stock: Mapping[str, int]


def open_shop(
    name: str,
    *,
    connection: str,
    secret: str,
    cast: Cast,
    sender: Sender,
    random: Random,
    opened_at: datetime,
) -> Shop:
    """Let the whole story happen."""
    tracks = Teller(cast, random, opened_at).tracks()
    life = life_of(cast, tracks, cast.buyers, opened_at)
    sent = [*sender.oddities(opened_at), *(one for happening in life for one in sender.sent(happening))]
    return Shop(
        name=name,
        connection=connection,
        platform=sender.platform,
        secret=secret,
        unknown_customer="create" if cast.stranger is None else "stop",
        tax=cast.tax,
        foreign_tax=cast.foreign_tax,
        wares=cast.wares,
        unknown_ware=cast.oddity,
        customers=cast.buyers,
        stranger=cast.stranger,
        gateways=(*cast.gateways, cast.later_gateway),
        deliveries=tuple(arrived(sent, random)),
        books=expected_books((track.last, track.trouble) for track in tracks),
        stock={one.ware.sku: one.quantity for one in life if isinstance(one, StockCounted)},
    )
