"""WooCommerce's API: the same events as its webhooks, every object once, refunds with their lines."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from events.fetching.store import StoreClient
from events.stores.api import Kind, Span
from schemas.orders import Refund
from tests.events.stores.deliveries import read
from tests.fixtures.webhooks import body_of
from tests.rig.stores.server import Asked
from tests.rig.stores.woocommerce import WooCommerceShop

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def order(number: int, changed: datetime = START, **changes: Any) -> dict[str, Any]:
    """A small paid order."""
    return {
        "id": number,
        "number": str(number),
        "status": "processing",
        "currency": "USD",
        "date_created_gmt": f"{START:%Y-%m-%dT%H:%M:%S}",
        "date_modified_gmt": f"{changed:%Y-%m-%dT%H:%M:%S}",
        "date_paid_gmt": f"{START:%Y-%m-%dT%H:%M:%S}",
        "total": "10.00",
        "total_tax": "0.00",
        "line_items": [{"id": 1, "name": "Mug", "quantity": 1, "subtotal": "10.00", "total": "10.00"}],
        "refunds": [],
        **changes,
    }


def subjects(client: StoreClient, kind: Kind = "orders", span: Span | None = None) -> list[str]:
    """Everything that a whole reading gives."""
    pages = client.pages(kind, span or Span(SINCE))
    return [event.subject for page in pages for event in page.events]


@pytest.mark.parametrize(
    ("fixture", "subject"),
    [
        ("order.created__two_taxes_and_discounts", "order"),
        ("order.updated__gift_cards", "order"),
        ("order.updated__odd_types", "order"),
        ("order.updated__prices_include_tax", "order"),
        ("order.updated__refunded_whole", "order"),
        ("order.updated__two_partial_refunds", "order"),
        ("product.updated__with_stock", "product"),
        ("product.updated__variable", "product"),
        ("product.updated__variation", "product"),
        ("customer.updated__plain", "customer"),
    ],
)
def test_object_asked_for_anew_is_the_event_that_its_webhook_made(
    woo: WooCommerceShop, woo_client: StoreClient, fixture: str, subject: str
) -> None:
    body = json.loads(body_of(f"woocommerce/{fixture}"))
    getattr(woo, f"{subject}s")[int(body["id"])] = body
    told = read(f"woocommerce/{fixture}")

    found = [woo_client.fetch_anew(one.subject, within=one.object_key) for one in told]

    assert [(one.id, one.time) for one in found if one] == [(one.id, one.time) for one in told]
    assert [one.data for one in found if one] == [one.data for one in told]


def test_object_that_is_gone_a_draft_or_of_no_kind_gives_nothing(
    woo: WooCommerceShop, woo_client: StoreClient
) -> None:
    woo.orders[7] = order(7, status="checkout-draft")

    found = [woo_client.fetch_anew(subject) for subject in ("order/7", "order/8", "webhook/ab", "order/../x")]

    assert found == [None] * 4


def test_every_change_since_the_moment_comes_once_and_oldest_first(
    woo: WooCommerceShop, woo_client: StoreClient
) -> None:
    for number in range(1, 251):
        woo.orders[number] = order(number, START + timedelta(minutes=number))
    woo.orders[251] = order(251, SINCE - timedelta(seconds=1))
    woo.orders[252] = order(252, SINCE)

    found = subjects(woo_client)

    assert list(dict.fromkeys(found)) == ["order/252", *(f"order/{number}" for number in range(1, 251))]


def test_orders_that_change_while_they_are_read_hide_no_other(
    woo: WooCommerceShop, woo_client: StoreClient
) -> None:
    """By page numbers the 101st order would move into the page that was read already."""
    for number in range(1, 251):
        woo.orders[number] = order(number, START + timedelta(minutes=number))

    def change(asked: Asked) -> None:
        place = len(woo.asked)
        woo.orders[place] = order(place, START + timedelta(days=5, minutes=place))

    woo.on_request = change

    assert set(subjects(woo_client)) == {f"order/{number}" for number in range(1, 251)}


def test_more_orders_of_one_second_than_fit_a_page_are_all_read(
    woo: WooCommerceShop, woo_client: StoreClient
) -> None:
    for number in range(1, 351):
        woo.orders[number] = order(number, START)
    woo.orders[400] = order(400, START + timedelta(seconds=1))

    assert list(dict.fromkeys(subjects(woo_client))) == [
        *(f"order/{number}" for number in range(1, 351)),
        "order/400",
    ]


def test_reading_goes_on_at_a_cursor_in_another_process(
    woo: WooCommerceShop, woo_client: StoreClient
) -> None:
    for number in range(1, 251):
        woo.orders[number] = order(number, START + timedelta(minutes=number))
    first = woo_client.page("orders", Span(SINCE))

    rest = [e.subject for page in woo_client.pages("orders", Span(SINCE), first.cursor) for e in page.events]

    assert {event.subject for event in first.events} | set(rest) == {f"order/{n}" for n in range(1, 251)}
    assert len(rest) == 152  # the last one of a page begins the next


def test_orders_can_be_read_by_the_day_they_were_made(woo: WooCommerceShop, woo_client: StoreClient) -> None:
    for day in range(1, 6):
        made = f"2026-11-0{day}T00:00:00"
        woo.orders[day] = order(day, START + timedelta(days=9 - day), date_created_gmt=made)
    span = Span(datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 4, tzinfo=UTC), by="created")

    assert subjects(woo_client, span=span) == ["order/2", "order/3"]


def test_refund_is_told_with_its_lines_under_the_id_that_the_webhook_gave(
    woo: WooCommerceShop, woo_client: StoreClient
) -> None:
    woo.orders[5] = order(
        5,
        total="24.00",
        total_tax="4.00",
        line_items=[
            {"id": 51, "name": "Mug", "quantity": 2, "subtotal": "20.00", "total": "20.00", "total_tax": "4.00",
             "taxes": [{"id": 1, "total": "4.00"}]},
        ],
        tax_lines=[{"rate_id": 1, "label": "VAT", "rate_percent": 20, "tax_total": "4.00"}],
        refunds=[{"id": 91, "reason": "broken", "total": "-12.00"}],
    )  # fmt: skip
    woo.refunds[5] = [
        {"id": 91, "date_created_gmt": "2026-11-03T10:00:00", "amount": "12.00", "reason": "broken",
         "line_items": [{"id": 99, "name": "Mug", "quantity": -1, "total": "-10.00", "total_tax": "-2.00",
                         "taxes": [{"id": 1, "total": "-2.00"}],
                         "meta_data": [{"key": "_refunded_item_id", "value": "51"}]}]},
    ]  # fmt: skip

    sale, back = woo_client.page("orders", Span(SINCE)).events
    again = woo_client.fetch_anew(back.subject, within=back.object_key)

    refund = Refund.model_validate(back.data)
    (line,) = refund.lines
    assert (sale.subject, back.subject, back.object_key) == ("order/5", "refund/91", "order/5")
    assert (line.line_id, line.quantity, line.total, line.tax) == ("51", 1, Decimal("10.00"), Decimal("2.00"))
    assert [(share.tax, share.amount) for share in refund.taxes] == [("VAT 20%", Decimal("2.00"))]
    assert (refund.total, refund.total_tax) == (Decimal("12.00"), Decimal("2.00"))
    assert refund.created_at == datetime(2026, 11, 3, 10, 0, tzinfo=UTC)
    assert again == back


def test_variations_come_as_their_webhooks_write_them(woo: WooCommerceShop, woo_client: StoreClient) -> None:
    changed = {"date_modified_gmt": "2026-11-05T10:00:00", "status": "publish"}
    woo.products[70] = {"id": 70, "name": "Shirt", "type": "variable", "variations": [71, 72], **changed}
    woo.products[80] = {"id": 80, "name": "Mug", "type": "simple", "sku": "MUG", **changed}
    blue = {"id": 71, "name": "Shirt - Blue", "type": "variation", "sku": "S-B", **changed}
    old = {**blue, "id": 72, "sku": "S-R", "date_modified_gmt": "2026-10-01T10:00:00"}
    woo.variations[70] = {71: blue, 72: old}

    events = [event for page in woo_client.pages("products", Span(SINCE)) for event in page.events]

    assert [event.subject for event in events] == ["product/70", "product/80", "product/71"]
    assert events[-1].data["name"] == "Shirt - Blue"
    assert events[-1] == woo_client.fetch_anew("product/71")


def test_customers_are_sifted_here_since_the_store_cannot(
    woo: WooCommerceShop, woo_client: StoreClient
) -> None:
    for number in range(1, 151):
        day = "2026-11-05" if number % 50 == 0 else "2026-10-05"
        woo.customers[number] = {"id": number, "email": "a@b.example", "date_modified_gmt": f"{day}T10:00:00"}

    assert subjects(woo_client, "customers") == ["customer/50", "customer/100", "customer/150"]


def test_body_that_cannot_be_read_becomes_an_event_that_says_so(
    woo: WooCommerceShop, woo_client: StoreClient
) -> None:
    woo.orders[1] = order(1, total="ten dollars")
    woo.orders[2] = order(2)

    (page,) = woo_client.pages("orders", Span(SINCE))

    assert [event.type for event in page.events] == ["orders.unreadable_webhook", "orders.updated"]
    assert "text of 11 characters" in page.events[0].data["problem"]
