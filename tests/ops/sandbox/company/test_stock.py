"""Quantity on hand and its value. Facts: Intuit's reference of Item and InventoryAdjustment."""

from decimal import Decimal

import pytest

from ops.sandbox.company.company import Company
from ops.sandbox.company.json_values import Json
from tests.ops.sandbox.company.documents import (
    LANTERN,
    balance,
    key,
    refused,
    sale,
    sale_line,
    trial_balance_difference,
)

STOCK, COGS, SHRINKAGE = "81", "80", "91"


def crate(company: Company, quantity: object = 10, cost: object = 4, start: str = "2026-01-01") -> str:
    """A new inventory item."""
    body = {
        "Name": "Crate",
        "Type": "Inventory",
        "TrackQtyOnHand": True,
        "QtyOnHand": quantity,
        "PurchaseCost": cost,
        "InvStartDate": start,
        "AssetAccountRef": {"value": STOCK},
        "IncomeAccountRef": {"value": "79"},
        "ExpenseAccountRef": {"value": COGS},
    }
    return str(company.create("Item", body)["Id"])


def sold(item: str, quantity: int, day: str = "2026-03-01") -> Json:
    return sale(sale_line(quantity * 9, item=item, quantity=quantity, price=9), TxnDate=day)


def bought(item: str, quantity: int, cost: int, day: str = "2026-02-01") -> Json:
    line = {
        "DetailType": "ItemBasedExpenseLineDetail",
        "Amount": quantity * cost,
        "ItemBasedExpenseLineDetail": {"ItemRef": {"value": item}, "Qty": quantity, "UnitPrice": cost},
    }
    return {"PaymentType": "Cash", "AccountRef": {"value": "35"}, "TxnDate": day, "Line": [line]}


def adjusted(item: str, difference: object, day: str = "2026-03-02") -> Json:
    detail = {"ItemRef": {"value": item}, "QtyDiff": difference}
    line = {"DetailType": "ItemAdjustmentLineDetail", "ItemAdjustmentLineDetail": detail}
    return {"AdjustAccountRef": {"value": SHRINKAGE}, "TxnDate": day, "Line": [line]}


def on_hand(company: Company, item: str) -> object:
    return company.read("Item", item)["QtyOnHand"]


def test_every_kind_of_document_moves_stock_its_own_way(company: Company) -> None:
    item = crate(company)

    company.create("SalesReceipt", sold(item, 3))
    company.create("Invoice", sold(item, 1))
    company.create("RefundReceipt", {**sold(item, 2), "DepositToAccountRef": {"value": "35"}})
    company.create("CreditMemo", sold(item, 1))
    company.create("Purchase", bought(item, 5, 6))
    company.create("InventoryAdjustment", adjusted(item, -4))
    company.create("Estimate", sold(item, 50))

    assert on_hand(company, item) == 10
    assert trial_balance_difference(company) == 0


def test_cost_of_sales_is_first_in_first_out(company: Company) -> None:
    item = crate(company, quantity=2, cost=4)
    company.create("Purchase", bought(item, 5, 6))
    before = balance(company, COGS)

    company.create("SalesReceipt", sold(item, 3))

    assert balance(company, COGS) - before == 2 * 4 + 1 * 6


def test_back_dated_purchase_changes_the_cost_of_later_sales(company: Company) -> None:
    item = crate(company, quantity=1, cost=4)
    company.create("Purchase", bought(item, 5, 8, "2026-02-20"))
    company.create("SalesReceipt", sold(item, 2))
    before = balance(company, COGS)

    company.create("Purchase", bought(item, 5, 6, "2026-02-10"))

    assert balance(company, COGS) - before == 6 - 8
    assert trial_balance_difference(company) == 0


def test_stock_sold_before_it_was_bought_gets_its_real_cost_later(company: Company) -> None:
    item = crate(company, quantity=0, cost=4)
    before = balance(company, COGS)
    company.create("SalesReceipt", sold(item, 3, "2026-02-01"))
    assumed = balance(company, COGS) - before

    company.create("Purchase", bought(item, 10, 5, "2026-03-01"))

    assert (assumed, balance(company, COGS) - before) == (12, 15)
    assert on_hand(company, item) == 7
    assert company.books.store.tables.stock[item].held.value == 35


def test_deleted_sale_brings_the_stock_and_its_cost_back(company: Company) -> None:
    item = crate(company)
    value, cost = balance(company, STOCK), balance(company, COGS)
    receipt = company.create("SalesReceipt", sold(item, 3))

    company.delete("SalesReceipt", key(receipt))

    assert (balance(company, STOCK), balance(company, COGS), on_hand(company, item)) == (value, cost, 10)


def test_voided_sale_brings_the_stock_back(company: Company) -> None:
    item = crate(company)
    receipt = company.create("SalesReceipt", sold(item, 3))

    company.update("SalesReceipt", key(receipt, sparse=True), include=frozenset({"void"}))

    assert on_hand(company, item) == 10


def test_sale_before_the_first_day_of_stock_is_6270(company: Company) -> None:
    item = crate(company, start="2026-02-01")

    error = refused(lambda: company.create("SalesReceipt", sold(item, 1, "2026-01-31")))

    assert error.code == "6270"
    assert error.message == "Transaction date is prior to start date for inventory item"


def test_first_day_of_stock_can_move_back_but_not_over_what_happened(company: Company) -> None:
    item = crate(company, start="2026-02-01")
    company.create("SalesReceipt", sold(item, 1, "2026-02-10"))

    earlier = company.update("Item", key(company.read("Item", item), sparse=True, InvStartDate="2026-01-01"))
    error = refused(lambda: company.update("Item", key(earlier, sparse=True, InvStartDate="2026-02-11")))

    assert (earlier["InvStartDate"], error.code) == ("2026-01-01", "6270")
    assert trial_balance_difference(company) == 0


def test_new_purchase_cost_does_not_revalue_the_opening_stock(company: Company) -> None:
    item = crate(company, quantity=10, cost=4)
    value = balance(company, STOCK)

    company.update("Item", key(company.read("Item", item), sparse=True, PurchaseCost=99))

    assert balance(company, STOCK) == value


def test_quantity_in_an_item_update_is_ignored(company: Company) -> None:
    item = crate(company)

    after = company.update("Item", key(company.read("Item", item), sparse=True, QtyOnHand=999))

    assert after["QtyOnHand"] == 10


def test_inventory_line_without_quantity_is_6520(company: Company) -> None:
    assert refused(lambda: company.create("SalesReceipt", sale(sale_line(9, item=LANTERN)))).code == "6520"


def test_adjustment_is_answered_as_quickbooks_does(company: Company) -> None:
    item = crate(company)

    adjustment = company.create("InventoryAdjustment", adjusted(item, -2))

    assert adjustment["AdjustAccountRef"] == {"value": SHRINKAGE, "name": "Inventory Shrinkage"}
    assert adjustment["PrivateNote"] == ""
    assert adjustment["Line"][0]["Id"] == "1"
    assert adjustment["Line"][0]["ItemAdjustmentLineDetail"]["QtyDiff"] == -2
    assert balance(company, SHRINKAGE) == 8


def test_adjustment_can_be_changed_sparsely_and_deleted(company: Company) -> None:
    item = crate(company)
    adjustment = company.create("InventoryAdjustment", adjusted(item, -2))
    lines = [{"Id": "1", "ItemAdjustmentLineDetail": {"ItemRef": {"value": item}, "QtyDiff": -3}}]

    full = refused(lambda: company.update("InventoryAdjustment", key(adjustment, **adjusted(item, -3))))
    after = company.update(
        "InventoryAdjustment", key(adjustment, sparse=True, Line=lines, PrivateNote="again")
    )

    assert (full.code, on_hand(company, item), after["SyncToken"]) == ("6000", 7, "1")
    company.delete("InventoryAdjustment", key(after))
    assert on_hand(company, item) == 10


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Line": []}, "2020"),
        ({"AdjustAccountRef": {"value": "35"}}, "6430"),
        ({"Line": [{"DetailType": "ItemAdjustmentLineDetail"}]}, "2020"),
    ],
)
def test_bad_adjustments_are_refused(company: Company, change: Json, code: str) -> None:
    body = {**adjusted(LANTERN, 1), **change}

    assert refused(lambda: company.create("InventoryAdjustment", body)).code == code


def test_plan_or_country_without_adjustments_is_5030(company: Company, company_in: object) -> None:
    company.settings.plan.inventory_adjustments = False

    assert refused(lambda: company.create("InventoryAdjustment", adjusted(LANTERN, 1))).code == "5030"
    abroad = company_in("GB")  # type: ignore[operator]
    assert refused(lambda: abroad.create("InventoryAdjustment", adjusted(LANTERN, 1))).code == "5030"


def test_stock_account_always_equals_the_layers(company: Company) -> None:
    item = crate(company, quantity=7, cost=Decimal("3.33"))
    for quantity in (1, 2, 1, 5):
        company.create("SalesReceipt", sold(item, quantity))

    layers = sum(stock.held.value for stock in company.books.store.tables.stock.values())

    assert balance(company, STOCK) == layers
