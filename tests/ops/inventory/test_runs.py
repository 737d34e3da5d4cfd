"""The first inventory run (A79): every change is shown, nothing moves before a person agrees, a death loses nothing."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ops.company_reader import open_company, read_open
from ops.inventory.apply import Applier
from ops.inventory.gather import make_plan
from ops.inventory.plan import Plan, Shelf
from ops.metrics import Metrics
from ops.quickbooks import open_quickbooks
from ops.stores import open_store
from schemas.inventory import CountedPlace
from tests.ops.office import KEY, Office, event
from tests.rig.stack import order_event
from tests.rig.stores.woocommerce import WooCommerceShop
from workers.ledger.claims import claim_objects
from workers.ledger.engine import writing
from workers.runtime.settle import Policy
from workers.secrets import Secrets

CHANGED = "2026-11-05T10:00:00"
HAVE = {"TIN-MUG": "80", "KETTLE": "100", "LANTERN": "97.5", "FIELD-NOTEBOOK": "5", "NOBODY": "3"}


class Killed(BaseException):
    """The operator's process ended."""


def stock(shop: WooCommerceShop, **quantities: str) -> None:
    """The shop has these things; ids follow their place."""
    for number, (sku, quantity) in enumerate(quantities.items(), start=1):
        shop.products[number] = {
            "id": number, "name": sku.title(), "type": "simple", "status": "publish", "sku": sku,
            "manage_stock": True, "stock_quantity": Decimal(quantity).__float__(), "date_modified_gmt": CHANGED,
        }  # fmt: skip


def on_hand(office: Office) -> dict[str, Decimal]:
    """QuickBooks' quantities by SKU."""
    rows = office.objects("Item").values()
    return {row["Sku"]: Decimal(str(row["QtyOnHand"])) for row in rows if "QtyOnHand" in row}


@pytest.fixture
def shop(woo: WooCommerceShop) -> WooCommerceShop:
    stock(woo, **HAVE)
    return woo


def test_a79_plan_shows_every_change_and_moves_nothing(office: Office, shop: WooCommerceShop) -> None:
    before = on_hand(office)

    shown = office.run("inventory", "plan", "acme-woo").output
    plan = office.json("inventory", "plan", "acme-woo")

    assert "2 quantities would change, 1 are right, 2 cannot be counted." in shown
    rows = [(row["sku"], row["item"], row["from"], row["to"], row["difference"]) for row in plan["changes"]]
    assert rows == [
        ("TIN-MUG", "Tin Mug", "100", "80", "-20"),
        ("LANTERN", "Lantern", "99", "97.5", "-1.5"),
    ]
    assert {row["sku"]: row["message"] for row in plan["problems"]} == {
        "FIELD-NOTEBOOK": 'QuickBooks does not track the stock of "Field Notebook".',
        "NOBODY": "QuickBooks has no item for it.",
    }
    assert (on_hand(office), office.documents("InventoryAdjustment")) == (before, [])
    assert office.book.stock == "ask"


def test_a79_plan_as_csv_has_a_row_for_each_thing(office: Office, shop: WooCommerceShop) -> None:
    shop.products[1]["name"] = "=HYPERLINK(1)"

    rows = list(csv.DictReader(io.StringIO(office.run("inventory", "plan", "acme-woo", "--csv").stdout)))

    assert [row["sku"] for row in rows] == ["TIN-MUG", "LANTERN", "FIELD-NOTEBOOK", "NOBODY"]
    assert (rows[0]["from"], rows[0]["to"], rows[0]["name"]) == ("100", "80", "'=HYPERLINK(1)")


def test_a79_without_a_yes_nothing_moves(office: Office, shop: WooCommerceShop) -> None:
    before = on_hand(office)

    refused = office.run("inventory", "apply", "acme-woo", answer="n\n", code=1)

    assert "Move 2 quantities in QuickBooks, and follow the store's stock from now on?" in refused.output
    assert "Tin Mug" in refused.output
    assert (on_hand(office), office.book.stock) == (before, "ask")


def test_a79_applied_quantities_are_the_stores_and_stock_is_followed(
    office: Office, shop: WooCommerceShop
) -> None:
    done = office.run("inventory", "apply", "acme-woo", answer="y\n")

    assert "2 of 2 quantities were adjusted." in done.output
    assert on_hand(office) == {"TIN-MUG": 80, "KETTLE": 100, "LANTERN": Decimal("97.5")}
    assert office.book.stock == "follow"
    assert office.json("connections", "history", "acme-woo")[-1]["why"] == "first inventory run"
    again = office.json("inventory", "apply", "acme-woo", "--yes")
    assert (again["changes"], again["fitting"]) == ([], 3)
    assert len(office.documents("InventoryAdjustment")) == 2


def test_a79_later_run_reckons_with_orders_that_are_not_booked_yet(
    office: Office, shop: WooCommerceShop
) -> None:
    office.set(stock="follow", items={"fallback": ""}, accounts={"deposit": ""})
    sold = order_event(1, moment="2026-11-04T10:00:00Z")
    sold["data"]["lines"][0] |= {"product_id": "1", "sku": "TIN-MUG", "quantity": "2"}
    assert office.deliver(sold) == "dead_letter", "its gateway has no account"

    plan = office.json("inventory", "plan", "acme-woo")

    mug = next(row for row in plan["changes"] if row["sku"] == "TIN-MUG")
    assert (mug["from"], mug["to"]) == ("100", "82"), "the sale will take two more"


def applier(office: Office, crash: Callable[[str], None] = lambda _point: None, **more: Any) -> Applier:
    return Applier(
        office.engine,
        open_quickbooks(office.settings, office.engine, Secrets(KEY), Metrics()),
        connection_id="acme-woo",
        owner=more.pop("owner", "operator"),
        policy=Policy(),
        run_id=more.pop("run_id", "run-1"),
        crash=crash,
        **more,
    )


def plan_of(office: Office) -> Plan:
    stored = read_open(office.engine, "acme-woo")
    with (
        open_store(stored, Secrets(KEY)) as store,
        open_company(office.settings, office.engine, stored) as company,
    ):
        return make_plan(office.engine, stored.connection, store, company)


@pytest.mark.parametrize("point", ["after claim", "after find", "after write", "before result"])
def test_a79_killed_anywhere_and_run_again_each_item_is_adjusted_once(
    office: Office, shop: WooCommerceShop, point: str
) -> None:
    def crash(name: str) -> None:
        if name == point:
            raise Killed

    office.set(stock="follow")
    with pytest.raises(Killed):
        applier(office, crash).apply(plan_of(office).changes, lambda _done: None)

    again = plan_of(office)
    done = applier(office, run_id="run-2").apply(again.changes, lambda _done: None)

    assert {one.result for one in done} <= {"adjusted", "fits"}
    assert on_hand(office) == {"TIN-MUG": 80, "KETTLE": 100, "LANTERN": Decimal("97.5")}
    assert len(office.documents("InventoryAdjustment")) == 2


def test_a79_item_that_a_worker_holds_is_waited_for_and_then_left(
    office: Office, shop: WooCommerceShop
) -> None:
    office.set(stock="follow")
    with writing(office.engine) as database:
        claim_objects(database, [("acme-woo", "level/1")], owner="worker", now=datetime.now(UTC))
    clock, waits = iter(range(100)), list[float]()
    patient = applier(office, sleep=waits.append, monotonic=lambda: 5.0 * next(clock))

    done = patient.apply(plan_of(office).changes, lambda _done: None)

    assert {one.change.shelf.sku: one.result for one in done} == {
        "TIN-MUG": "unsettled",
        "LANTERN": "adjusted",
    }
    assert len(waits) >= 2


def test_a76_level_of_one_place_after_the_run_is_not_taken_for_the_whole(
    office: Office, shop: WooCommerceShop
) -> None:
    places = tuple(
        CountedPlace(
            location_id=place, quantity=Decimal(quantity), updated_at=datetime(2026, 11, 5, tzinfo=UTC)
        )
        for place, quantity in (("1", "60"), ("2", "40"))
    )
    applier(office).tell([Shelf("9", "p9", "TIN-MUG", "Mug", places)])
    assert office.documents("InventoryAdjustment") == []
    office.set(stock="follow")
    level = {"item_id": "9", "location_id": "1", "quantity": "59", "updated_at": "2026-11-06T10:00:00Z"}

    told = event("inventory.level_changed", "level/1/9", level, time="2026-11-06T10:00:00Z")
    words = [office.deliver({**told, "partitionkey": "level/9"}) for _ in range(2)]

    assert words == ["delayed_retry", "booked"]
    assert on_hand(office)["TIN-MUG"] == 99


def test_a79_progress_is_told_in_batches(office: Office, shop: WooCommerceShop) -> None:
    office.set(stock="follow")
    told: list[int] = []

    applier(office).apply(plan_of(office).changes, told.append)

    assert told == [2]


def test_a79_plan_without_adjustments_says_so_for_each_item(office: Office, shop: WooCommerceShop) -> None:
    office.sandbox.switches(office.realm_id, settings={"plan": {"inventory_adjustments": False}})

    done = office.json("inventory", "apply", "acme-woo", "--yes", code=1)

    assert {row["result"] for row in done["changes"]} <= {"refused", "skipped"}
    assert any("plan or the settings" in row["message"] for row in done["changes"])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"stock": "off"}, "does not follow stock"),
        ({"accounts": {"stock_adjustments": ""}}, "accounts.stock_adjustments=ID"),
    ],
    ids=["off", "no-account"],
)
def test_a79_what_hinders_an_apply_is_one_sentence_before_anything_moves(
    office: Office, shop: WooCommerceShop, changes: dict[str, Any], sentence: str
) -> None:
    office.set(**changes)

    refused = office.run("inventory", "apply", "acme-woo", "--yes", code=1)

    assert sentence in refused.output and refused.output.count("\n") == 1
    assert office.documents("InventoryAdjustment") == []


def test_a79_level_that_came_by_webhook_meanwhile_counts(office: Office, shop: WooCommerceShop) -> None:
    newer = {"item_id": "1", "sku": "TIN-MUG", "quantity": "70", "updated_at": "2026-11-06T10:00:00Z"}
    office.deliver(event("inventory.level_changed", "level/shop/1", newer, time="2026-11-06T10:00:00Z"))

    office.run("inventory", "apply", "acme-woo", "--yes")

    assert on_hand(office)["TIN-MUG"] == 70
