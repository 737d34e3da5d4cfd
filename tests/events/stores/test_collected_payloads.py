"""Bodies collected from real shops and official samples, when the folder with them is there."""

from pathlib import Path

import pytest

from events.stores.platform import Unreadable
from events.stores.reading import amount, amount_or_none, part, read_object, rows
from events.stores.registry import PLATFORMS
from events.stores.woocommerce.legacy import unwrapped
from tests.events.stores.deliveries import assert_payload_fits, leftover, order_of, webhook

FOLDER = Path(__file__).parents[4] / "shared" / "payloads"
FILES = sorted(path for name in ("woocommerce", "shopify") for path in (FOLDER / name).glob("*.json"))
SHOPIFY_RESOURCES = (
    "order_transactions", "tender_transactions", "inventory_levels", "inventory_items", "draft_orders",
    "fulfillment_events", "payment_terms",
)  # fmt: skip

pytestmark = pytest.mark.skipif(not FILES, reason="the collected payloads are not on this machine")


def topic_of(path: Path) -> str:
    name = path.name.partition("__")[0]
    if path.parent.name == "woocommerce":
        return name
    for resource in SHOPIFY_RESOURCES:
        if name.startswith(f"{resource}_"):
            return f"{resource}/{name.removeprefix(f'{resource}_')}"
    resource, _, action = name.partition("_")
    return f"{resource}/{action}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_collected_body_makes_events_or_a_sentence(path: Path) -> None:
    platform = path.parent.name
    delivery = webhook(platform, topic_of(path), path.read_bytes())

    try:
        events = PLATFORMS[platform].read(delivery)
    except Unreadable as refusal:
        assert refusal.problem.endswith(".")
        return

    for event in events:
        assert_payload_fits(event)
    if events and "total_tax" in events[0].data and store_total_adds_up(platform, delivery.body):
        assert leftover(order_of(events)) == 0


def store_total_adds_up(platform: str, body: bytes) -> bool:
    """The store's own identity, computed from its own fields."""
    order = read_object(body)
    if platform == "woocommerce":
        order = unwrapped(order)
        parts = [*rows(order, "line_items"), *rows(order, "shipping_lines"), *rows(order, "fee_lines")]
        cards = sum(amount(card, "amount") for card in rows(order, "gift_cards"))
        return (
            amount(order, "total")
            == sum(amount(row, "total") for row in parts) + amount(order, "total_tax") - cards
        )
    shipping = sum(
        amount(row, "price") - sum(amount(part_, "amount") for part_ in rows(row, "discount_allocations"))
        for row in rows(order, "shipping_lines")
    )
    duties = amount(part(part(order, "original_total_duties_set"), "shop_money"), "amount")
    tax = 0 if order.get("taxes_included") else amount(order, "total_tax")
    subtotal = amount_or_none(order, "subtotal_price")
    tip = amount(order, "total_tip_received")
    lines = rows(order, "line_items")
    sold = sum(amount(row, "price") * amount(row, "quantity") for row in lines)
    allocated = [amount(part_, "amount") for row in lines for part_ in rows(row, "discount_allocations")]
    discounts = sum(allocated) if allocated else amount(order, "total_discounts")
    return (
        subtotal == sold - discounts
        and amount(order, "total_price") == subtotal + shipping + duties + tax + tip
    )
