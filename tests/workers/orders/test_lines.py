"""Lines: amounts, discounts, shipping, fees, tips, gift cards, rounding, length."""

from datetime import timedelta
from decimal import Decimal

import pytest

from schemas.orders import ChargeLine, TaxShare
from tests.workers.play import NOON, played
from tests.workers.stories import line, money, order, shipping
from workers.errors import ItemUnmapped, OrderTooLong, ProductUnknown, SkuMissing, TotalsDiffer
from workers.steps import Json


def items(document: Json) -> list[tuple[str, Decimal]]:
    """Item and amount of each line that sells something."""
    return [
        (row["SalesItemLineDetail"]["ItemRef"]["value"], row["Amount"])
        for row in document["Line"]
        if row["DetailType"] == "SalesItemLineDetail"
    ]


@pytest.mark.parametrize(
    ("quantity", "total"),
    [("3", "10.00"), ("7", "0.01"), ("0.333", "12.34"), ("144", "1861.08"), ("0", "5.00")],
    ids=["thirds", "less-than-a-cent-each", "by-weight", "many", "no-quantity"],
)
def test_a20_total_that_does_not_divide_is_booked_to_the_cent(quantity: str, total: str) -> None:
    play = played()

    play.run("orders.paid", order(line(total, quantity=quantity)))

    receipt = play.only("SalesReceipt")
    assert receipt["TotalAmt"] == money(total)
    if money(quantity):
        assert receipt["Line"][0]["SalesItemLineDetail"]["Qty"] == money(quantity)


def test_a21_discount_is_one_line_to_the_contra_account() -> None:
    play = played(accounts={"discounts": "86"})
    sold = line("20.00", total=money("15.00"), tax="1.20")

    play.run("orders.paid", order(sold))

    receipt = play.only("SalesReceipt")
    discount = receipt["Line"][-1]
    assert receipt["TotalAmt"] == Decimal("16.20")
    assert receipt["TxnTaxDetail"]["TotalTax"] == Decimal("1.20")
    assert discount["DiscountLineDetail"]["DiscountAccountRef"]["value"] == "86"
    assert discount["Amount"] == Decimal("5.00")
    assert items(receipt) == [("6", Decimal("20.00"))]


def test_a21_discount_that_would_change_the_tax_stays_on_its_line() -> None:
    play = played(accounts={"discounts": "86"})
    taxed = line("20.00", total=money("15.00"), tax="1.20")

    play.run("orders.paid", order(taxed, line("10.00", line_id="b")))

    receipt = play.only("SalesReceipt")
    assert receipt["TotalAmt"] == Decimal("26.20")
    assert "discount 5.00 off 20.00" in receipt["Line"][0]["Description"]


def test_a22_shipping_has_its_own_line_and_tax() -> None:
    play = played()

    play.run("orders.paid", order(line("10.00"), shipping=(shipping("5.00", tax="0.40"),)))

    receipt = play.only("SalesReceipt")
    assert items(receipt) == [("6", Decimal("10.00")), ("SHIPPING_ITEM_ID", Decimal("5.00"))]
    assert receipt["TxnTaxDetail"]["TotalTax"] == Decimal("0.40")


def test_a22_company_without_shipping_uses_the_mapped_item() -> None:
    play = played(company={"shipping_on": False})

    play.run("orders.paid", order(line("10.00"), shipping=(shipping("5.00"),)))

    assert items(play.only("SalesReceipt"))[1] == ("3", Decimal("5.00"))


def test_a22_shipping_without_any_item_names_the_setting() -> None:
    play = played(company={"shipping_on": False}, items={"shipping": ""})

    with pytest.raises(ItemUnmapped) as raised:
        play.run("orders.paid", order(line("10.00"), shipping=(shipping("5.00"),)))

    assert raised.value.fix == "counterfoil connections set acme-woo items.shipping=ID"
    assert play.writes == []


@pytest.mark.parametrize("amount", ["2.50", "-2.50"], ids=["fee", "fee-used-as-a-discount"])
def test_a23_fee_goes_to_the_fee_item(amount: str) -> None:
    play = played()
    fee = ChargeLine(line_id="f", name="Gift wrap", total=money(amount))

    play.run("orders.paid", order(line("10.00"), fees=(fee,)))

    assert items(play.only("SalesReceipt"))[1] == ("8", money(amount))


def test_a25_tip_goes_to_the_tip_item_untaxed() -> None:
    play = played()

    play.run("orders.paid", order(line("10.00", tax="0.80"), tip=money("3.00")))

    receipt = play.only("SalesReceipt")
    assert receipt["TotalAmt"] == Decimal("13.80")
    assert receipt["Line"][1]["SalesItemLineDetail"]["TaxCodeRef"]["value"] == "NON"


def test_a26_gift_card_sold_is_a_liability() -> None:
    play = played()
    income = play.posted("79")
    card = line("50.00", sku="CARD", gift_card=True)

    play.run("orders.paid", order(card))

    assert items(play.only("SalesReceipt")) == [("7", Decimal("50.00"))]
    assert abs(play.balance("18")) == Decimal("50.00")
    assert play.posted("79") == income


def test_a27_gift_card_that_paid_a_part_reduces_the_liability() -> None:
    play = played()

    play.run("orders.paid", order(line("60.00"), gift_cards_redeemed=money("24.00")))

    receipt = play.only("SalesReceipt")
    assert receipt["TotalAmt"] == Decimal("36.00")
    assert items(receipt)[1] == ("7", Decimal("-24.00"))


def test_a29_leftover_cents_of_a_discounted_order_leave_its_tax_alone() -> None:
    play = played("CA", taxes={"GST + QST": "7"}, untaxed_code="1", accounts={"discounts": "86"})
    shares = (TaxShare(tax="GST", amount=money("1.40")), TaxShare(tax="QST", amount=money("2.79")))
    sold = line("41.63", total=money("27.89")).model_copy(update={"tax": money("4.19"), "taxes": shares})

    play.run("orders.paid", order(sold, currency="CAD", total=money("32.08")))

    receipt = play.only("SalesReceipt")
    assert receipt["TotalAmt"] == Decimal("32.08")
    assert receipt["TxnTaxDetail"]["TotalTax"] == Decimal("4.17")  # 1.39 and 2.78 of 27.89


def test_a29_leftover_cents_go_to_the_rounding_line() -> None:
    play = played()

    play.run("orders.paid", order(line("10.00"), total=money("10.03")))

    receipt = play.only("SalesReceipt")
    assert receipt["TotalAmt"] == Decimal("10.03")
    assert items(receipt)[1] == ("1", Decimal("0.03"))


def test_a29_more_than_the_limit_shows_both_totals_and_writes_nothing() -> None:
    play = played()

    with pytest.raises(TotalsDiffer, match=r"total is 12\.00, the document's would be 10\.00"):
        play.run("orders.paid", order(line("10.00"), total=money("12.00")))

    assert play.writes == []


def test_a29_cents_that_quickbooks_rounds_otherwise_are_put_right_after_sending() -> None:
    play = played(company={"tax_percent": {}, "tax_rates": {}})
    sold = order(line("13.55", tax="1.08"), total=money("14.64"), total_tax=money("1.09"))

    play.run("orders.paid", sold)

    assert play.only("SalesReceipt")["TotalAmt"] == Decimal("14.64")


def test_a29_document_of_another_sum_is_an_error_until_somebody_corrects_it() -> None:
    play = played(company={"tax_percent": {}, "tax_rates": {}}, taxes={"CA 8%": "3"})
    sold = order(line("100.00", tax="8.00"))
    with pytest.raises(TotalsDiffer, match=r"QuickBooks booked 109\.10"):
        play.run("orders.paid", sold)

    with pytest.raises(TotalsDiffer):
        play.run("orders.paid", sold)
    receipt = play.only("SalesReceipt")
    corrected = {"Id": receipt["Id"], "SyncToken": receipt["SyncToken"], "sparse": True}
    play.books.update("SalesReceipt", {**corrected, "TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}}})
    play.run("orders.paid", sold)

    assert play.only("SalesReceipt")["TotalAmt"] == Decimal("108.00")


def test_a30_too_many_taxable_lines_are_refused_before_sending() -> None:
    play = played(products={"X": "6"})
    lines = [line("1.00", sku="X", tax="0.08", line_id=str(n)) for n in range(750)]

    with pytest.raises(OrderTooLong, match="750 taxable lines"):
        play.run("orders.paid", order(*lines))

    assert play.writes == []


def test_a30_many_untaxed_lines_are_fine() -> None:
    play = played(products={"X": "6"})

    play.run("orders.paid", order(*(line("1.00", sku="X", line_id=str(n)) for n in range(800))))

    assert play.only("SalesReceipt")["TotalAmt"] == Decimal("800.00")


def test_a70_settings_come_before_everything() -> None:
    play = played(products={"FIELD-NOTEBOOK": "4"})

    play.run("orders.paid", order(line("9.50")))

    assert items(play.only("SalesReceipt")) == [("4", Decimal("9.50"))]


def test_a70_sku_is_matched_with_the_items_name_when_no_item_has_it() -> None:
    play = played()

    play.run("orders.paid", order(line("25.00", sku="Alterations")))

    assert items(play.only("SalesReceipt")) == [("1", Decimal("25.00"))]


def test_a70_another_case_is_not_assumed_to_be_the_same() -> None:
    play = played()

    with pytest.raises(ProductUnknown):
        play.run("orders.paid", order(line("9.50", sku="field-notebook", name="x")))


def test_a70_ten_new_products_need_one_query() -> None:
    play = played(unknown_product="fallback", items={"fallback": "2"})
    lines = [line("1.00", sku=f"S{n}") for n in range(10)]

    play.run("orders.paid", order(*lines))

    assert [find.entity for find in play.finds].count("Item") == 2


def test_a71_doubled_sku_in_quickbooks_asks_a_person() -> None:
    play = played()
    twin = {"Name": "Twin", "Type": "Service", "Sku": "FIELD-NOTEBOOK", "IncomeAccountRef": {"value": "1"}}
    play.books.create("Item", twin)

    with pytest.raises(SkuMissing) as raised:
        play.run("orders.paid", order(line("9.50")))

    assert raised.value.fix == "counterfoil connections set acme-woo products.FIELD-NOTEBOOK=ID"


def test_a72_unknown_product_stops_by_default() -> None:
    play = played()

    with pytest.raises(ProductUnknown) as raised:
        play.run("orders.paid", order(line("9.50", sku="NEW 1")))

    assert raised.value.cause == "NEW 1"
    assert raised.value.fix == "counterfoil connections set acme-woo 'products.\"NEW 1\"=ID'"
    assert play.writes == []


def test_a72_unknown_product_uses_the_fallback_item() -> None:
    play = played(unknown_product="fallback", items={"fallback": "2"})

    play.run("orders.paid", order(line("9.50", sku="NEW")))

    assert items(play.only("SalesReceipt")) == [("2", Decimal("9.50"))]


def test_a72_unknown_product_is_asked_for_once_a_day_where_it_has_a_fallback() -> None:
    play = played(unknown_product="fallback", items={"fallback": "2"})
    play.run("orders.paid", order(line("9.50", sku="NEW"), order_id="1", number="1"))
    assert [one.entity for one in play.finds if one.entity == "Item"] == ["Item", "Item"]

    play.run("orders.paid", order(line("9.50", sku="NEW"), order_id="2", number="2"))
    asked_on_the_same_day = list(play.finds)
    made = play.books.create(
        "Item", {"Name": "New", "Sku": "NEW", "Type": "Service", "IncomeAccountRef": {"value": "79"}}
    )
    tomorrow = NOON + timedelta(days=1)
    play.run("orders.paid", order(line("9.50", sku="NEW"), order_id="3", number="3"), time=tomorrow)

    assert [one.entity for one in asked_on_the_same_day if one.entity == "Item"] == []
    newest = max(play.all("SalesReceipt"), key=lambda row: int(row["Id"]))
    assert items(newest) == [(made["Id"], Decimal("9.50"))]


def test_a72_unknown_product_is_created_without_stock() -> None:
    play = played(unknown_product="create")

    play.run("orders.paid", order(line("9.50", sku="NEW", product_id=None)))
    play.run("orders.paid", order(line("9.50", sku="NEW", product_id=None), order_id="2", number="2"))

    (item,) = play.books.query("select * from Item where Sku = 'NEW'")["Item"]
    assert item["Type"] == "NonInventory"
    assert [write.name for write in play.writes] == ["sale"]


def test_a72_two_new_products_of_one_name_are_told_apart_by_their_sku() -> None:
    play = played(unknown_product="create")
    lines = [line("9.50", sku=sku, name="Scarf") for sku in ("SC-1", "SC-2")]

    play.run("orders.paid", order(*lines))

    made = play.books.query("select * from Item where Sku in ('SC-1', 'SC-2')")["Item"]
    assert {row["Name"] for row in made} == {"Scarf", "Scarf (SC-2)"}


def test_a72_two_custom_lines_of_one_name_are_one_item() -> None:
    play = played(unknown_product="create")
    lines = [line("9.50", sku="", name="Scarf", line_id=one, product_id=None) for one in "ab"]
    lines.append(line("9.50", sku="", name="Scarf", line_id="c", product_id="5", variant_id="51"))

    play.run("orders.paid", order(*lines))

    assert len(play.books.query("select * from Item where Name = 'Scarf'")["Item"]) == 1
