"""Juniper Goods in Texas, on WooCommerce."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from random import Random

from ops.demo.shops.catalogue import Place, Ware, people, wares
from ops.demo.shops.sale import ShopTax
from ops.demo.shops.shop import Shop, open_shop
from ops.demo.shops.story import Cast
from ops.demo.shops.woocommerce.sender import WooCommerceSender

SECRET = "juniper-webhook-secret"


def woocommerce_shop(*, seed: int, opened_at: datetime, connection: str = "juniper-woo") -> Shop:
    """Customers and guests, coupons, gift wrapping for a fee, a redeemed gift card, payment by bank transfer."""
    random = Random(seed)  # noqa: S311 - a story, no secret
    home = Place("", "Austin", "TX", "78701", "US")
    customers = people(random, domain="juniper.example", home=home, first_id=301, count=20)
    abroad = Place("77 King Street", "Toronto", "ON", "M5V 2T6", "CA")
    tax = ShopTax("TX Sales Tax", Decimal("8.25"))
    cast = Cast(
        buyers=customers,
        wares=wares(random, prefix="JUN", first_id=4000, count=15),
        tax=tax,
        foreign_tax=ShopTax("GST", Decimal(5)),
        foreigner=replace(customers[0], place=abroad),
        stranger=None,
        oddity=Ware(9990, 9991, 9992, "JUN-NEW", "Hand-painted plate JUN", Decimal("45.00"), 5),
        gateways=("stripe", "paypal"),
        later_gateway="bacs",
        first_order=10_001,
        shipping=Decimal("7.50"),
        fee=Decimal("3.00"),
        gift_card=Decimal("2.50"),
    )
    return open_shop(
        "Juniper Goods",
        connection=connection,
        secret=SECRET,
        cast=cast,
        sender=WooCommerceSender(connection=connection, secret=SECRET, home_tax=tax.key),
        random=random,
        opened_at=opened_at,
    )
