"""Both shops send what their platforms send, and their books follow from it to the cent."""

import json
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from events.stores.platform import Unreadable
from events.stores.registry import PLATFORMS
from events.stores.webhook import Webhook
from ops.demo.shops.delivery import Delivery
from ops.demo.shops.shop import Shop
from ops.demo.shops.shopify.shop import shopify_shop
from ops.demo.shops.woocommerce.shop import woocommerce_shop
from schemas.envelope import Envelope
from schemas.orders import Order, Refund

OPENED_AT = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
MAKERS = {"woocommerce": woocommerce_shop, "shopify": shopify_shop}


@pytest.fixture(scope="module", params=sorted(MAKERS))
def shop(request: pytest.FixtureRequest) -> Shop:
    return MAKERS[request.param](seed=7, opened_at=OPENED_AT)


def as_webhook(shop: Shop, delivery: Delivery) -> Webhook:
    headers = {name.lower(): value for name, value in delivery.headers.items()}
    return Webhook(shop.connection, headers, delivery.body, delivery.at)


def read(shop: Shop, delivery: Delivery) -> list[Envelope]:
    try:
        return PLATFORMS[shop.platform].read(as_webhook(shop, delivery))
    except Unreadable:
        return []


@pytest.fixture(scope="module")
def events(shop: Shop) -> list[Envelope]:
    return [event for delivery in shop.deliveries for event in read(shop, delivery)]


@pytest.fixture(scope="module")
def orders(events: list[Envelope]) -> dict[str, Order]:
    """The newest snapshot of each order, as an events reader sees it."""
    newest: dict[str, tuple[datetime, Order]] = {}
    for event in events:
        if event.type.startswith("orders.") and "lifecycle" in event.data:
            order = Order.model_validate_json(json.dumps(event.data))
            if event.subject not in newest or event.time >= newest[event.subject][0]:
                newest[event.subject] = (event.time, order)
    return {order.number: order for _, order in newest.values()}


def refunds_of(events: list[Envelope]) -> dict[str, dict[str, Decimal]]:
    """Refund totals by order id and refund id."""
    found: dict[str, dict[str, Decimal]] = {}
    for event in events:
        if event.type == "orders.refunded":
            refund = Refund.model_validate_json(json.dumps(event.data))
            found.setdefault(refund.order_id, {})[refund.refund_id] = refund.total
    return found


def leftover(order: Order) -> Decimal:
    parts = (*order.lines, *order.shipping, *order.fees)
    explained = sum((part.total for part in parts), order.total_tax)
    return order.total - explained - order.tip - order.cash_rounding + order.gift_cards_redeemed


def test_two_shops_make_three_hundred_deliveries_of_every_kind() -> None:
    shops = [make(seed=7, opened_at=OPENED_AT) for make in MAKERS.values()]

    kinds = Counter(delivery.kind for one in shops for delivery in one.deliveries)

    assert sum(kinds.values()) >= 300
    assert sum(len(one.wares) for one in shops) == 30
    assert sum(len(one.customers) for one in shops) == 40
    assert {
        "ping", "duplicate", "wrong signature", "body that is no order", "order paid", "order unpaid",
        "order paid later", "order refunded", "order partly refunded", "order cancelled",
        "order cancelled after payment", "order edited", "customer created", "product created", "stock level",
        "order with a tax that nobody mapped", "order with a SKU that nobody knows",
        "order of a buyer whom nobody knows",
    } <= set(kinds)  # fmt: skip
    assert any(kind.endswith("out of order") for kind in kinds)


def test_same_seed_tells_the_same_story_byte_for_byte(shop: Shop) -> None:
    again = MAKERS[shop.platform](seed=7, opened_at=OPENED_AT)
    other = MAKERS[shop.platform](seed=8, opened_at=OPENED_AT)

    assert again == shop
    assert other.books != shop.books


def test_every_signature_is_good_but_the_wrong_one(shop: Shop) -> None:
    platform = PLATFORMS[shop.platform]
    wrong = [
        delivery.kind
        for delivery in shop.deliveries
        if not platform.is_ping(as_webhook(shop, delivery))
        and not platform.signature_is_good(as_webhook(shop, delivery), [shop.secret])
    ]

    assert wrong == ["wrong signature"]
    assert [one.kind for one in shop.deliveries if one.expect != 200] == ["wrong signature"]


def test_only_the_body_that_is_no_order_is_unreadable(shop: Shop) -> None:
    unreadable = []
    for delivery in shop.deliveries:
        webhook = as_webhook(shop, delivery)
        if delivery.expect != 200 or PLATFORMS[shop.platform].is_ping(webhook):
            continue
        try:
            PLATFORMS[shop.platform].read(webhook)
        except Unreadable:
            unreadable.append(delivery.kind)

    assert unreadable == ["body that is no order"]


def test_every_order_adds_up(orders: dict[str, Order]) -> None:
    leftovers = {number: leftover(order) for number, order in orders.items()}

    assert set(leftovers.values()) == {Decimal(0)}


def test_books_agree_with_what_the_webhooks_say(
    shop: Shop, events: list[Envelope], orders: dict[str, Order]
) -> None:
    refunds = refunds_of(events)

    assert set(orders) == set(shop.books.orders)
    for number, expected in shop.books.orders.items():
        order = orders[number]
        assert order.order_id == expected.order_id
        if expected.void:
            assert (order.lifecycle, order.amount_paid, expected.net) == ("cancelled", 0, 0)
            continue
        assert (order.total, order.total_tax) == (expected.sale, expected.tax)
        assert order.total - order.amount_paid == expected.open_balance
        if order.lifecycle == "cancelled":
            assert expected.refunded == order.total
        else:
            assert sum(refunds.get(order.order_id, {}).values()) == expected.refunded


def test_refund_is_never_more_than_its_sale(shop: Shop) -> None:
    assert all(one.refunded <= one.sale for one in shop.books.orders.values())


def test_each_trouble_is_in_the_orders_that_the_books_name(shop: Shop, orders: dict[str, Order]) -> None:
    unmapped = {n for n, one in orders.items() if any(tax.tax == "GST 5%" for tax in one.taxes)}
    known = {ware.sku for ware in shop.wares}
    unknown = {n for n, one in orders.items() if any(line.sku not in known for line in one.lines)}
    people = {person.email for person in shop.customers}
    strangers = {n for n, one in orders.items() if one.buyer.email not in people}

    assert unmapped == {one.number for one in shop.books.in_trouble("unmapped_tax")} != set()
    assert unknown == {one.number for one in shop.books.in_trouble("unknown_sku")} != set()
    assert strangers == {one.number for one in shop.books.in_trouble("unknown_customer")}
    assert bool(strangers) == (shop.unknown_customer == "stop")


def test_every_tax_and_gateway_is_named_for_the_set_up(shop: Shop, orders: dict[str, Order]) -> None:
    taxes = {tax.tax for one in orders.values() for tax in one.taxes}

    assert taxes == {shop.tax.key, shop.foreign_tax.key}
    assert {one.payment_method.gateway for one in orders.values()} <= set(shop.gateways)


def test_noise_and_duplicates_make_no_new_event(shop: Shop, events: list[Envelope]) -> None:
    business = [one for one in shop.deliveries if not one.books_nothing]

    of_business = {event.id for one in business for event in read(shop, one)}

    assert {event.id for event in events} == of_business
    assert len(business) < len(shop.deliveries)


def test_last_count_of_the_shelf_is_what_was_not_sold(shop: Shop, events: list[Envelope]) -> None:
    levels = [event for event in events if event.type == "inventory.level_changed"]

    assert len(levels) == len(shop.stock) == 10
    assert sorted(Decimal(event.data["quantity"]) for event in levels) == sorted(shop.stock.values())
    assert all(quantity >= 0 for quantity in shop.stock.values())


def test_ignored_orders_leave_the_books() -> None:
    shop = woocommerce_shop(seed=7, opened_at=OPENED_AT)
    (odd,) = shop.books.in_trouble("unknown_sku")

    left = shop.books.without({odd.number})

    assert left.sales == shop.books.sales - odd.sale
    assert odd.number not in left.orders
