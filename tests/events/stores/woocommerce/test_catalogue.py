"""WooCommerce products, stock and customers."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from events.stores.registry import PLATFORMS
from tests.events.stores.deliveries import assert_payload_fits, changed, read, recorded, webhook


def test_product_with_stock_makes_a_product_and_a_level() -> None:
    product, level = read("woocommerce/product.updated__with_stock")

    assert (product.type, product.subject) == ("inventory.product_updated", "product/640")
    assert product.data["name"] == "Oak & Ash board"
    assert (level.type, level.subject) == ("inventory.level_changed", "level/shop/640")
    assert (level.data["sku"], level.data["quantity"]) == ("OAK-1", "7")
    assert_payload_fits(product)
    assert_payload_fits(level)


@pytest.mark.parametrize("counted", [False, "parent", "no", None])
def test_thing_that_is_not_counted_itself_makes_no_level(counted: object) -> None:
    events = changed("woocommerce/product.updated__with_stock", manage_stock=counted)

    assert [event.type for event in events] == ["inventory.product_updated"]


def test_stock_that_moved_without_a_new_date_is_another_event() -> None:
    before = changed("woocommerce/product.updated__with_stock", stock_quantity=7)
    after = changed("woocommerce/product.updated__with_stock", stock_quantity=6)

    assert before[1].id != after[1].id
    assert before[1].time == after[1].time


def test_variation_is_named_by_its_options() -> None:
    (event,) = read("woocommerce/product.updated__variation")

    assert (event.data["name"], event.data["variants"][0]["sku"]) == ("Large, Linseed", "OAK-1-L")
    assert event.data["variants"][0]["price"] is None


def test_variable_product_is_not_sold_itself() -> None:
    (event,) = read("woocommerce/product.updated__variable")

    assert event.data["variants"] == []


def test_draft_product_makes_no_event() -> None:
    assert changed("woocommerce/product.updated__with_stock", status="draft") == []


def test_price_is_kept_exactly() -> None:
    (event, _) = changed("woocommerce/product.updated__with_stock", price=18.1)

    assert Decimal(event.data["variants"][0]["price"]) == Decimal("18.1")


def test_customer_s_empty_names_come_from_billing() -> None:
    (event,) = read("woocommerce/customer.updated__plain")

    assert (event.type, event.subject) == ("contacts.updated", "customer/31")
    assert (event.data["first_name"], event.data["email"]) == ("Mara", "mara@example.org")
    assert (event.data["company"], event.data["billing"]["region"]) == ("Lindqvist LLC", "OR")
    assert_payload_fits(event)


def test_customer_without_any_date_keeps_its_id_over_repeats() -> None:
    body = {**json.loads(recorded("woocommerce/customer.updated__plain").body), "date_created_gmt": None}
    body["date_modified_gmt"] = None
    first = webhook("woocommerce", "customer.updated", json.dumps(body).encode())
    repeat = replace(first, received_at=first.received_at + timedelta(minutes=1))
    renamed = replace(first, body=json.dumps({**body, "first_name": "Maria"}).encode())

    ids = [PLATFORMS["woocommerce"].read(delivery)[0].id for delivery in (first, repeat, renamed)]

    assert (ids[0] == ids[1], ids[0] == ids[2]) == (True, False)
