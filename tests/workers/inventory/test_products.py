"""Products as items."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from schemas.inventory import Product, ProductRemoved, Variant
from tests.workers.play import NOON, Play, played
from tests.workers.stories import line, order
from workers.errors import AccountUnmapped, ProductUnknown, SkuMissing
from workers.outcomes import Booked, Skipped, Superseded
from workers.steps import Json

LATER = NOON + timedelta(hours=1)


def variant(sku: str, **more: Any) -> Variant:
    values: Json = {"variant_id": f"v-{sku}", "sku": sku, "price": Decimal("20.00")}
    return Variant(**{**values, **more})


def shirt(*variants: Variant, **more: Any) -> Product:
    values: Json = {"product_id": "55", "name": "Shirt", "variants": variants, "updated_at": NOON}
    return Product(**{**values, **more})


def item(play: Play, sku: str) -> Json:
    (row,) = cast(list[Json], play.books.query(f"select * from Item where Sku = '{sku}'")["Item"])
    return row


def test_a70_each_variant_is_an_item_named_after_its_parent() -> None:
    play = played(unknown_product="create")

    play.run(
        "inventory.product_created", shirt(variant("S-1", name="Blue / M"), variant("S-2", name="Red / L"))
    )

    assert item(play, "S-1")["Name"] == "Shirt - Blue / M"
    assert item(play, "S-2")["Name"] == "Shirt - Red / L"


def test_a70_long_name_keeps_the_variants_part() -> None:
    play = played(unknown_product="create")

    play.run("inventory.product_created", shirt(variant("S-1", name="Blue / M"), name="x" * 300))

    name = item(play, "S-1")["Name"]
    assert len(name) == 100
    assert name.endswith("x - Blue / M")


def test_a70_item_of_the_same_sku_is_matched_and_keeps_its_own_words() -> None:
    play = played()

    outcome = play.run("inventory.product_created", shirt(variant("TIN-MUG"), name="Mug of tin"))

    assert isinstance(outcome, Booked)
    assert play.writes == []
    assert item(play, "TIN-MUG")["Name"] == "Tin Mug"


def test_product_that_was_synced_needs_no_read_at_its_first_order() -> None:
    play = played()
    play.run("inventory.product_created", shirt(variant("TIN-MUG")))
    play.run("orders.paid", order(line("9.50", sku="FIELD-NOTEBOOK")))

    sold = line("11.99", sku="TIN-MUG", product_id="55", variant_id="v-TIN-MUG")
    play.run("orders.paid", order(sold, order_id="2", number="2"))

    assert play.finds == []


@pytest.mark.parametrize("skus", [("", "S-2"), ("S-1", "S-1")], ids=["missing", "doubled"])
def test_a71_missing_or_doubled_sku_stops_the_product(skus: tuple[str, str]) -> None:
    play = played(unknown_product="create")
    variants = [variant(sku, variant_id=str(number)) for number, sku in enumerate(skus)]

    with pytest.raises(SkuMissing):
        play.run("inventory.product_created", shirt(*variants))

    assert play.writes == []


def test_a72_unknown_product_is_not_created_unless_the_settings_say_so() -> None:
    play = played()

    with pytest.raises(ProductUnknown) as raised:
        play.run("inventory.product_created", shirt(variant("S-1")))

    assert raised.value.fix == "counterfoil connections set acme-woo products.S-1=ID"
    assert play.writes == []


def test_a73_tracked_product_starts_on_the_connections_first_day() -> None:
    play = played(unknown_product="create", start_date=date(2026, 10, 1))

    play.run("inventory.product_created", shirt(variant("S-1", stock=Decimal(12))))

    made = item(play, "S-1")
    assert made["Type"] == "Inventory"
    assert made["InvStartDate"] == "2026-10-01"
    assert made["QtyOnHand"] == 12
    assert made["AssetAccountRef"]["value"] == "81"


def test_a73_without_an_income_account_nothing_is_created() -> None:
    play = played(unknown_product="create", accounts={"income": ""})

    with pytest.raises(AccountUnmapped):
        play.run("inventory.product_created", shirt(variant("S-1")))


def test_changed_price_is_a_sparse_update() -> None:
    play = played(unknown_product="create")
    play.run("inventory.product_created", shirt(variant("S-1")))

    play.run("inventory.product_updated", shirt(variant("S-1", price=Decimal("25.00"))), time=LATER)

    assert item(play, "S-1")["UnitPrice"] == 25
    assert set(play.writes[0].document) == {"UnitPrice", "Id", "SyncToken", "sparse"}


def test_unchanged_product_is_no_call() -> None:
    play = played(unknown_product="create")
    play.run("inventory.product_created", shirt(variant("S-1")))

    play.run("inventory.product_updated", shirt(variant("S-1")), time=LATER)

    assert (play.writes, play.finds) == ([], [])


def test_item_touched_by_a_person_is_read_again() -> None:
    play = played(unknown_product="create")
    play.run("inventory.product_created", shirt(variant("S-1")))
    made = item(play, "S-1")
    touched = {"Id": made["Id"], "SyncToken": made["SyncToken"], "sparse": True, "PurchaseDesc": "From Keel"}
    play.books.update("Item", touched)

    play.run("inventory.product_updated", shirt(variant("S-1", price=Decimal("25.00"))), time=LATER)

    after = item(play, "S-1")
    assert (after["UnitPrice"], after["PurchaseDesc"]) == (25, "From Keel")


def test_older_product_is_superseded() -> None:
    play = played(unknown_product="create")
    play.run("inventory.product_created", shirt(variant("S-1", price=Decimal("25.00"))), time=LATER)

    assert play.run("inventory.product_updated", shirt(variant("S-1"))) == Superseded()


def test_removed_product_stays_in_the_books() -> None:
    play = played()

    outcome = play.run("inventory.product_deleted", ProductRemoved(product_id="55"))

    assert outcome == Skipped("books_keep_the_item")
