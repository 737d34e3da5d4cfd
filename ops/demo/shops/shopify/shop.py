"""Lumen Studio in California, on Shopify."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from random import Random

from ops.demo.shops.catalogue import Place, Ware, people, person, wares
from ops.demo.shops.sale import ShopTax
from ops.demo.shops.shop import Shop, open_shop
from ops.demo.shops.shopify.sender import ShopifySender
from ops.demo.shops.story import Cast

SECRET = "shpss_lumen_client_secret"


def shopify_shop(*, seed: int, opened_at: datetime, connection: str = "lumen-shop") -> Shop:
    """Known customers only (but for one stranger), discount codes, tips, payments in two parts."""
    random = Random(seed)  # noqa: S311 - a story, no secret
    home = Place("", "Oakland", "CA", "94607", "US")
    customers = people(random, domain="lumen.example", home=home, first_id=6_000_000_301, count=20)
    abroad = Place("12 Queen Street", "Vancouver", "BC", "V6B 1A1", "CA")
    stranger = person(
        random, "Zoë", "Unbekannt", customer_id=6_000_000_999, domain="nowhere.example", home=home
    )
    cast = Cast(
        buyers=customers,
        wares=wares(random, prefix="LUM", first_id=8_000_000_000, count=15),
        tax=ShopTax("CA State Tax", Decimal("7.25")),
        foreign_tax=ShopTax("GST", Decimal(5)),
        foreigner=replace(customers[0], place=abroad),
        stranger=stranger,
        oddity=Ware(
            8_000_009_990, 8_000_009_991, 8_000_009_992, "LUM-NEW", "Paper moon LUM", Decimal("38.00"), 5
        ),
        gateways=("shopify_payments", "paypal"),
        later_gateway="manual",
        first_order=20_001,
        shipping=Decimal("9.90"),
        tip=Decimal("4.00"),
        part_payments=True,
    )
    return open_shop(
        "Lumen Studio",
        connection=connection,
        secret=SECRET,
        cast=cast,
        sender=ShopifySender(connection=connection, secret=SECRET, domain="lumen-studio.myshopify.com"),
        random=random,
        opened_at=opened_at,
    )
