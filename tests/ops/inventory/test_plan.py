"""What an inventory run compares: places are summed, items are found as the workers find them, nothing is guessed."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ops.inventory.plan import Plan, Shelf, planned
from schemas.connection import ConnectionSettings
from schemas.inventory import CountedPlace
from workers.inventory.levels import LevelRecord, Place, level_key
from workers.steps import Json, StoreKey, SyncMapping

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
MUG: Json = {"Id": "13", "Name": "Tin Mug", "Sku": "MUG", "Type": "Inventory", "QtyOnHand": Decimal("10.00")}


def shelf(*quantities: str, store_id: str = "1", sku: str = "MUG", **more: Any) -> Shelf:
    """A thing with these quantities at places "1", "2" and so on."""
    places = tuple(
        CountedPlace(location_id=str(number), quantity=Decimal(quantity), updated_at=AT)
        for number, quantity in enumerate(quantities, start=1)
    )
    return Shelf(store_id, more.get("product_id", f"p{store_id}"), sku, "Mug", places)


def compare(*shelves: Shelf, items: tuple[Json, ...] = (MUG,), moved: str = "0", **more: Any) -> Plan:
    known = {key: SyncMapping(key, "Item", item_id) for key, item_id in more.pop("known", {}).items()}
    settings = ConnectionSettings.model_validate(more)
    return planned(shelves, items, known, settings, lambda _shelf, _item, _at: Decimal(moved))


def quantities(plan: Plan) -> list[tuple[str, Decimal, Decimal]]:
    return [(one.item_id, one.before, one.after) for one in plan.changes]


def sentences(plan: Plan) -> list[str]:
    return [one.what for one in plan.problems]


def test_a76_places_are_summed_and_only_the_chosen_ones() -> None:
    whole = compare(shelf("3", "4"))
    chosen = compare(shelf("3", "4"), locations=("2",))
    none = compare(shelf("3", "4"), locations=("9",))

    assert quantities(whole) == [("13", 10, 7)]
    assert quantities(chosen) == [("13", 10, 4)]
    assert none == Plan()


def test_a79_what_orders_will_still_move_is_reckoned_with() -> None:
    assert quantities(compare(shelf("7"), moved="2")) == [("13", 10, 9)]
    assert compare(shelf("7"), moved="3").fitting == 1


def test_a76_fitting_thing_whose_places_the_ledger_lacks_is_told() -> None:
    record = LevelRecord("1").with_place("1", Place(Decimal(6), AT), "MUG")
    half = planned(
        (shelf("6", "4"),), (MUG,), {level_key("1"): record.mapping}, ConnectionSettings(), nothing
    )
    whole = record.with_place("2", Place(Decimal(4), AT), "MUG")

    full = planned((shelf("6", "4"),), (MUG,), {level_key("1"): whole.mapping}, ConnectionSettings(), nothing)

    assert [one.store_id for one in half.untold] == ["1"]
    assert (half.fitting, full.untold) == (1, ())


def nothing(_shelf: Shelf, _item_id: str, _at: datetime) -> Decimal:
    return Decimal(0)


def test_a79_item_chosen_by_hand_wins_over_memory_and_memory_over_the_sku() -> None:
    kettle: Json = {**MUG, "Id": "11", "Name": "Kettle", "Sku": "KETTLE"}
    remembered = {StoreKey("inventory_item", "1"): "11"}

    by_memory = compare(shelf("7"), items=(MUG, kettle), known=remembered)
    by_hand = compare(shelf("7"), items=(MUG, kettle), known=remembered, products={"MUG": "13"})

    assert [one.item_id for one in (*by_memory.changes, *by_hand.changes)] == ["11", "13"]


def test_a79_what_cannot_be_counted_is_said_and_not_guessed() -> None:
    twin: Json = {**MUG, "Id": "14", "Name": "Other mug"}
    service: Json = {**MUG, "Type": "NonInventory"}

    assert sentences(compare(shelf("7", sku=""))) == ["It has no SKU, and no item is known for it."]
    assert sentences(compare(shelf("7"), items=(MUG, twin))) == ["2 QuickBooks items have this SKU."]
    assert sentences(compare(shelf("7"), items=(service,))) == [
        'QuickBooks does not track the stock of "Tin Mug".'
    ]
    assert sentences(compare(shelf("7"), products={"MUG": "99"})) == [
        "QuickBooks item 99 is gone or inactive."
    ]
    assert len(sentences(compare(shelf("7"), shelf("8", store_id="2")))) == 2
