"""Names of buyers and products that do not fit: what is cut, what is refused, and where the message is now."""

from collections.abc import Iterator

import pytest

from tests.workers.bad_input.test_bad_orders import Ways
from tests.workers.bad_input.way import Way, line, order, product
from tests.workers.play import played
from tests.workers.runtime.rig import Rig

LONG = "Ottokar " * 75


@pytest.fixture
def way(usual_database_url: str) -> Iterator[Ways]:
    rig = Rig(usual_database_url)
    yield lambda **settings: Way(rig, played(**settings))
    rig.close()


def buyer(first_name: str, last_name: str = "Doe") -> dict[str, str]:
    return {"first_name": first_name, "last_name": last_name, "email": "jane@example.com"}


def test_name_with_colons_and_tabs_is_booked_without_them(way: Ways) -> None:
    shop = way()

    shop.send("woocommerce", "order.created", order(billing=buyer("Jane: the\tGreat\n")))

    assert shop.failed() == []
    assert shop.play.only("Customer")["DisplayName"] == "Jane the Great Doe"


def test_name_of_emoji_is_booked_as_it_is(way: Ways) -> None:
    shop = way()

    shop.send("woocommerce", "order.created", order(billing=buyer("🦊🚀", "O'Hara \\ Sons")))

    assert shop.failed() == []
    assert shop.play.only("Customer")["DisplayName"] == "🦊🚀 O'Hara \\ Sons"


def test_name_of_600_characters_is_cut_and_the_note_says_so(way: Ways) -> None:
    shop = way()

    shop.send("woocommerce", "order.created", order(billing=buyer(LONG)))

    customer = shop.play.only("Customer")
    assert shop.failed() == []
    assert (len(customer["DisplayName"]) <= 500, len(customer["GivenName"]) <= 100) == (True, True)
    assert "display name" in customer["Notes"]


def test_two_buyers_whose_names_begin_with_the_same_600_characters_stay_two(way: Ways) -> None:
    shop = way()

    shop.send("woocommerce", "order.created", order(billing=buyer(LONG)))
    other = {**buyer(LONG), "email": "other@example.com"}
    shop.send("woocommerce", "order.created", order(id=1002, number="1002", customer_id=8, billing=other))

    assert shop.failed() == []
    assert len(shop.play.all("Customer")) == 2


def test_email_longer_than_quickbooks_takes_is_refused_since_it_says_who_somebody_is(way: Ways) -> None:
    shop = way()

    billing = {**buyer("Jane"), "email": f"{'j' * 600}@example.com"}
    settled = shop.send("woocommerce", "order.created", order(billing=billing))

    failed = shop.the_failed()
    assert (settled, failed.reason, shop.documents()) == (["dead_letter"], "does_not_fit", [])
    assert "e-mail is longer than the 100 characters" in failed.message


def test_order_line_and_note_of_600_characters_are_booked(way: Ways) -> None:
    shop = way()

    named = line(name=f"Notebook: 🦊 {LONG}")
    shop.send("woocommerce", "order.created", order(line_items=[named], customer_note=LONG))

    receipt = shop.play.only("SalesReceipt")
    assert shop.failed() == []
    assert receipt["Line"][0]["Description"].startswith("Notebook: 🦊 Ottokar")
    assert receipt["CustomerMemo"]["value"].startswith("Ottokar")


def test_product_without_sku_is_refused_and_none_is_invented(way: Ways) -> None:
    shop = way(unknown_product="create")

    settled = shop.send("woocommerce", "product.created", product(sku=""))

    failed = shop.the_failed("inventory")
    assert (settled, failed.reason) == (["dead_letter"], "sku_missing")
    assert 'a variant of "Field Notebook" has no SKU' in failed.message


def test_product_name_of_600_characters_with_colons_and_emoji_becomes_an_item_of_100(way: Ways) -> None:
    shop = way(unknown_product="create")

    shop.send("woocommerce", "product.created", product(sku="LONG-1", name=f"Tea: 🦊 {LONG}"))

    (item,) = shop.play.books.query("select * from Item where Sku = 'LONG-1'")["Item"]
    assert shop.failed() == []
    assert item["Name"].startswith("Tea 🦊 Ottokar")
    assert len(item["Name"]) <= 100


def test_two_products_whose_names_begin_with_the_same_600_characters_stay_two(way: Ways) -> None:
    shop = way(unknown_product="create")

    shop.send("woocommerce", "product.created", product(sku="LONG-1", name=LONG))
    shop.send("woocommerce", "product.created", product(id=502, sku="LONG-2", name=LONG))

    found = shop.play.books.query("select * from Item where Sku in ('LONG-1', 'LONG-2')")["Item"]
    assert shop.failed() == []
    assert sorted(item["Sku"] for item in found) == ["LONG-1", "LONG-2"]


def test_sku_over_100_characters_is_refused_since_it_says_which_product_it_is(way: Ways) -> None:
    shop = way(unknown_product="create")
    before = len(shop.play.books.query("select * from Item")["Item"])

    settled = shop.send("woocommerce", "product.created", product(sku="S" * 101, name="Tea"))

    failed = shop.the_failed("inventory")
    assert (settled, failed.reason) == (["dead_letter"], "does_not_fit")
    assert 'the SKU of "Tea" is 101 characters long; QuickBooks takes 100' in failed.message
    assert len(shop.play.books.query("select * from Item")["Item"]) == before


def test_sku_of_100_characters_is_taken_whole(way: Ways) -> None:
    shop = way(unknown_product="create")

    shop.send("woocommerce", "product.created", product(sku="S" * 100, name="Tea"))

    assert shop.failed() == []
    assert len(shop.play.books.query(f"select * from Item where Sku = '{'S' * 100}'")["Item"]) == 1
