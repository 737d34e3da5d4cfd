"""Stock levels as adjustments, one event at a time."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas.inventory import CountedPlace, Product, Recount, StockCount, StockLevel, Variant
from tests.workers.play import NOON, Play, played
from tests.workers.stories import line, order
from workers.errors import (
    AccountUnmapped,
    ProductUnknown,
    RemovedInQuickBooks,
    UnsupportedByPlan,
    WaitsForOrders,
    WaitsForProduct,
)
from workers.outcomes import Booked, Outcome, Skipped, Superseded
from workers.steps import Json

LATER = NOON + timedelta(hours=1)


def level(quantity: str, **more: Any) -> StockLevel:
    values: Json = {"item_id": "55", "sku": "TIN-MUG", "quantity": Decimal(quantity), "updated_at": NOON}
    return StockLevel(**{**values, **more})


def counted(play: Play, what: StockLevel, *, time: datetime = NOON, event_id: str = "level") -> Outcome:
    """A level that does not fit waits once, in case the order that moved it follows; then it counts."""
    id_ = f"{event_id} {time.isoformat()}"
    try:
        return play.run("inventory.level_changed", what, time=time, event_id=id_)
    except WaitsForOrders:
        return play.run("inventory.level_changed", what, time=time, event_id=id_)


def on_hand(play: Play) -> Decimal:
    return Decimal(play.books.read("Item", "13")["QtyOnHand"])


@pytest.mark.parametrize("quantity", ["120", "7", "-3", "2.5"], ids=["more", "less", "owed", "by-weight"])
def test_a74_level_becomes_an_adjustment_by_the_difference(quantity: str) -> None:
    play = played()

    counted(play, level(quantity))

    assert on_hand(play) == Decimal(quantity)
    adjustment = play.only("InventoryAdjustment")
    assert adjustment["PrivateNote"] == f"counterfoil:acme-woo:level:55/level {NOON.isoformat()}"
    assert adjustment["AdjustAccountRef"]["value"] == "29"


def test_a74_sale_and_its_level_count_once() -> None:
    play = played()
    play.run("orders.paid", order(line("23.98", sku="TIN-MUG", quantity="2")))

    outcome = counted(play, level("98"))

    assert isinstance(outcome, Booked)
    assert play.writes == []
    assert on_hand(play) == 98


def test_a74_older_level_is_superseded() -> None:
    play = played()
    counted(play, level("50"), time=LATER)

    assert counted(play, level("70")) == Superseded()
    assert on_hand(play) == 50


def test_a74_second_delivery_of_a_level_adjusts_nothing() -> None:
    play = played()
    counted(play, level("50"))
    play.run("orders.paid", order(line("11.99", sku="TIN-MUG"), created_at=LATER))

    counted(play, level("50"))

    assert play.writes == []
    assert on_hand(play) == 49


def test_a74_level_names_the_variant_by_its_inventory_item() -> None:
    play = played()
    mug = Variant(variant_id="v-1", inventory_item_id="i-9", sku="TIN-MUG")
    mugs = Product(product_id="55", name="Mug", variants=(mug,), updated_at=NOON)
    play.run("inventory.product_created", mugs)

    counted(play, level("42", item_id="i-9", sku=""))

    assert on_hand(play) == 42


def test_a74_level_before_its_product_waits_and_then_asks_a_person() -> None:
    play = played()

    with pytest.raises(WaitsForProduct) as waits:
        play.run("inventory.level_changed", level("5", sku="NOT-THERE"))

    assert isinstance(waits.value.otherwise, ProductUnknown)


def test_a74_item_without_stock_is_skipped() -> None:
    play = played()

    outcome = counted(play, level("5", sku="FIELD-NOTEBOOK"))

    assert outcome == Skipped("stock_not_tracked")


def test_a74_item_made_inactive_asks_a_person() -> None:
    play = played(products={"TIN-MUG": "13"})
    mug = play.books.read("Item", "13")
    play.books.update("Item", {"Id": "13", "SyncToken": mug["SyncToken"], "sparse": True, "Active": False})

    with pytest.raises(RemovedInQuickBooks):
        counted(play, level("5"))


def test_a74_without_an_adjustment_account_nothing_moves() -> None:
    play = played(accounts={"stock_adjustments": ""})

    with pytest.raises(AccountUnmapped):
        counted(play, level("5"))


def test_a75_plan_without_adjustments_is_one_group() -> None:

    play = played()
    play.books.settings.plan.inventory_adjustments = False

    with pytest.raises(UnsupportedByPlan) as raised:
        counted(play, level("5"))

    assert raised.value.cause == "5030"


def test_a76_levels_of_all_places_are_summed() -> None:
    play = played()
    counted(play, level("30", location_id="1"))
    counted(play, level("12", location_id="2"), event_id="b")

    counted(play, level("31", location_id="1"), time=LATER)

    assert on_hand(play) == 43


def test_a76_only_chosen_places_count() -> None:
    play = played(locations=("1",))
    counted(play, level("30", location_id="1"))

    outcome = counted(play, level("12", location_id="2"), event_id="b")

    assert outcome == Skipped("location_not_chosen")
    assert on_hand(play) == 30


def test_a74_level_that_does_not_fit_waits_once_for_its_order() -> None:
    play = played()

    with pytest.raises(WaitsForOrders):
        play.run("inventory.level_changed", level("98"))

    play.run("orders.paid", order(line("23.98", sku="TIN-MUG", quantity="2")))
    assert isinstance(play.run("inventory.level_changed", level("98")), Booked)
    assert play.writes == []


def test_a75_after_the_first_report_other_levels_are_skipped() -> None:
    play = played()
    play.books.settings.plan.inventory_adjustments = False
    with pytest.raises(UnsupportedByPlan):
        counted(play, level("5"), event_id="first")

    outcome = counted(play, level("6"), time=LATER, event_id="second")

    assert outcome == Skipped("unsupported_by_plan")


def test_a75_retry_of_the_report_after_a_better_plan_adjusts_again() -> None:
    play = played()
    play.books.settings.plan.inventory_adjustments = False
    with pytest.raises(UnsupportedByPlan):
        counted(play, level("5"), event_id="first")
    play.books.settings.plan.inventory_adjustments = True
    counted(play, level("5"), event_id="first")

    counted(play, level("6"), time=LATER, event_id="second")

    assert on_hand(play) == 6


def test_a79_nothing_moves_before_the_first_run_and_the_level_is_kept_for_it() -> None:
    play = played(stock="ask")
    assert play.run("inventory.level_changed", level("5")) == Skipped("first_inventory_run")
    assert (play.finds, play.writes) == ([], [])
    play.set(stock="follow")

    play.run("inventory.recount_asked", Recount(item_id="55"), time=LATER)

    assert on_hand(play) == 5


def count(*quantities: str, at: datetime = NOON) -> StockCount:
    places = (
        CountedPlace(location_id=str(place), quantity=Decimal(quantity), updated_at=at)
        for place, quantity in enumerate(quantities, start=1)
    )
    return StockCount(item_id="55", sku="TIN-MUG", places=tuple(places))


def test_a79_count_of_all_places_moves_once_and_waits_for_no_order() -> None:
    play = played()

    play.run("inventory.stock_counted", count("30", "12"))

    assert on_hand(play) == 42
    assert len(play.all("InventoryAdjustment")) == 1


def test_a79_count_that_is_older_than_a_level_leaves_it() -> None:
    play = played()
    counted(play, level("31", location_id="1"), time=LATER)

    play.run("inventory.stock_counted", count("30", "12"), time=LATER)

    assert on_hand(play) == 43


def test_a79_count_before_the_first_run_is_kept_and_of_other_places_skipped() -> None:
    play = played(stock="ask")
    assert play.run("inventory.stock_counted", count("30")) == Skipped("first_inventory_run")
    play.set(locations=("9",))

    assert play.run("inventory.stock_counted", count("30").model_copy(update={"item_id": "56"})) == Skipped(
        "location_not_chosen"
    )
    assert play.writes == []


def test_stock_that_is_not_followed_moves_nothing() -> None:
    play = played(stock="off")

    assert play.run("inventory.level_changed", level("5")) == Skipped("stock_not_followed")
    assert play.writes == []
