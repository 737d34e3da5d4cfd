"""Lines, totals and defaults of sales forms. Facts: recorded answers, Intuit's reference."""

from decimal import Decimal

import pytest

from ops.sandbox.company.company import Company
from tests.ops.sandbox.company.documents import (
    BUNDLE,
    LANTERN,
    NOTEBOOK,
    discount_line,
    key,
    refused,
    sale,
    sale_line,
)

CONSULTING = "2"


def test_sales_receipt_is_answered_as_quickbooks_does(company: Company) -> None:
    receipt = company.create(
        "SalesReceipt", sale(sale_line("337.5", item=CONSULTING, quantity="4.5", price=75))
    )

    expected = {
        "domain": "QBO",
        "sparse": False,
        "SyncToken": "0",
        "TxnDate": "2026-03-10",
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "TxnTaxDetail": {"TotalTax": 0},
        "TotalAmt": Decimal("337.5"),
        "ApplyTaxAfterDiscount": False,
        "PrintStatus": "NeedToPrint",
        "EmailStatus": "NotSet",
        "Balance": 0,
        "CustomField": [{"DefinitionId": "1", "Name": "Crew #", "Type": "StringType"}],
        "DepositToAccountRef": {"value": "4", "name": "Undeposited Funds"},
    }
    assert {name: receipt[name] for name in expected} == expected
    assert receipt["Line"] == [
        {
            "Id": "1",
            "LineNum": 1,
            "Amount": Decimal("337.5"),
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {
                "ItemRef": {"value": CONSULTING, "name": "Consulting"},
                "ItemAccountRef": {"value": "1", "name": "Services"},
                "Qty": Decimal("4.5"),
                "UnitPrice": 75,
                "TaxCodeRef": {"value": "NON"},
            },
        },
        {"Amount": Decimal("337.5"), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
    ]


def test_invoice_adds_due_date_balance_addresses_and_flags(company: Company) -> None:
    invoice = company.create("Invoice", sale(sale_line(100), TxnDate="2026-01-31"))

    assert invoice["DueDate"] == "2026-03-02"
    assert invoice["Balance"] == 100
    assert invoice["BillAddr"]["Line1"] == "1 Mill Road"
    assert invoice["BillAddr"]["Country"] == "USA"
    assert "BillEmail" not in invoice
    flags = ("AllowIPNPayment", "AllowOnlinePayment", "AllowOnlineCreditCardPayment", "AllowOnlineACHPayment")
    assert [invoice[flag] for flag in flags] == [False] * 4


def test_due_date_follows_the_terms_that_are_sent(company: Company) -> None:
    body = sale(sale_line(1), TxnDate="2026-02-01", SalesTermRef={"value": "2"})

    assert company.create("Invoice", body)["DueDate"] == "2026-02-16"


def test_invoice_needs_a_customer_and_a_receipt_does_not(company: Company) -> None:
    body = {"Line": [sale_line(1)]}

    assert refused(lambda: company.create("Invoice", body)).element == "CustomerRef"
    assert "CustomerRef" not in company.create("SalesReceipt", body)


@pytest.mark.parametrize(
    ("amount", "passes"), [("1861.08", True), ("1861.07", False), ("1861.075", False), ("1861.09", False)]
)
def test_amount_must_be_quantity_times_price_half_up(company: Company, amount: str, passes: bool) -> None:
    line = sale_line(amount, quantity="14.50", price="128.350")

    if passes:
        assert company.create("SalesReceipt", sale(line))["TotalAmt"] == Decimal("1861.08")
    else:
        error = refused(lambda: company.create("SalesReceipt", sale(line)))
        assert error.code == "6070"
        assert error.detail == f"Amount is not equal to UnitPrice * Qty. Supplied value:{Decimal(amount):,}"


def test_quantity_and_price_of_zero_count_as_not_sent(company: Company) -> None:
    receipt = company.create("SalesReceipt", sale(sale_line(200, quantity=0, price=0)))

    assert receipt["TotalAmt"] == 200


def test_amount_alone_is_rounded_half_up(company: Company) -> None:
    assert company.create("SalesReceipt", sale(sale_line("10.005")))["TotalAmt"] == Decimal("10.01")


def test_line_without_amount_is_2020(company: Company) -> None:
    line = sale_line(1, quantity=1, price=1)
    del line["Amount"]

    assert refused(lambda: company.create("SalesReceipt", sale(line))).element == "Line.Amount"


def test_line_without_item_is_a_description(company: Company) -> None:
    body = sale(sale_line(10), {**sale_line(99, item=None), "Description": "just words"})

    receipt = company.create("SalesReceipt", body)

    assert receipt["TotalAmt"] == 10
    assert receipt["Line"][1]["Description"] == "just words"
    assert "Amount" not in receipt["Line"][1]


def test_switch_gives_a_line_without_item_the_default_item(company: Company) -> None:
    company.settings.uncertain.line_without_item = "default_item"

    receipt = company.create("SalesReceipt", sale(sale_line(99, item=None)))

    assert receipt["TotalAmt"] == 99
    assert receipt["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] == "1"


def test_description_lines_carry_no_amount(company: Company) -> None:
    words = {"DetailType": "DescriptionOnly", "Description": "Thank you", "Amount": 7}

    receipt = company.create("SalesReceipt", sale(sale_line(10), words))

    assert receipt["TotalAmt"] == 10
    assert receipt["Line"][1] == {
        "Id": "2",
        "LineNum": 2,
        "DetailType": "DescriptionOnly",
        "Description": "Thank you",
        "DescriptionLineDetail": {},
    }


def test_subtotal_that_is_sent_back_is_not_counted(company: Company) -> None:
    subtotal = {"DetailType": "SubTotalLineDetail", "Amount": 999, "SubTotalLineDetail": {}}

    receipt = company.create("SalesReceipt", sale(sale_line(10), subtotal))

    assert [line["Amount"] for line in receipt["Line"]] == [10, 10]


def test_percent_discount_is_taken_off_after_the_subtotal(company: Company) -> None:
    receipt = company.create("SalesReceipt", sale(sale_line(35), discount_line("9.99", percent=10)))

    assert [line["DetailType"] for line in receipt["Line"]] == [
        "SalesItemLineDetail",
        "SubTotalLineDetail",
        "DiscountLineDetail",
    ]
    assert receipt["Line"][2]["Amount"] == Decimal("3.5")
    assert receipt["Line"][2]["DiscountLineDetail"]["DiscountAccountRef"]["name"] == "Discounts given"
    assert receipt["TotalAmt"] == Decimal("31.5")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (discount_line(), "6090"),
        (discount_line(-5), "2290"),
        (discount_line(percent=101), "2150"),
        ({**discount_line(5), "DiscountLineDetail": {"DiscountAccountRef": {"value": "35"}}}, "6430"),
    ],
)
def test_bad_discounts_are_refused(company: Company, line: dict[str, object], code: str) -> None:
    assert refused(lambda: company.create("SalesReceipt", sale(sale_line(10), line))).code == code


def test_discount_needs_the_preference(company: Company) -> None:
    preferences = company.read("Preferences", "1")
    off = {"Id": "1", "SyncToken": preferences["SyncToken"], "SalesFormsPrefs": {"AllowDiscount": False}}
    company.update("Preferences", {**off, "sparse": True})

    error = refused(lambda: company.create("SalesReceipt", sale(sale_line(10), discount_line(1))))

    assert error.code == "6000"


def test_total_below_zero_is_refused(company: Company) -> None:
    error = refused(lambda: company.create("SalesReceipt", sale(sale_line(10), sale_line(-11))))

    assert error.detail == "Business Validation Error: Transaction amount must be 0 or greater."


def test_zero_total_is_booked(company: Company) -> None:
    assert company.create("SalesReceipt", sale(sale_line(10), sale_line(-10)))["TotalAmt"] == 0


def test_shipping_has_an_item_of_its_own_where_it_is_turned_on(company: Company) -> None:
    receipt = company.create("SalesReceipt", sale(sale_line(10), sale_line(5, item="SHIPPING_ITEM_ID")))

    detail = receipt["Line"][1]["SalesItemLineDetail"]
    assert (receipt["TotalAmt"], detail["ItemRef"]["value"]) == (15, "SHIPPING_ITEM_ID")
    assert (
        refused(lambda: company.create("SalesReceipt", sale(sale_line(1, item="GRATUITY_ITEM_ID")))).code
        == "6000"
    )


def test_bundle_is_sold_with_its_parts(company: Company) -> None:
    bundle = {
        "DetailType": "GroupLineDetail",
        "GroupLineDetail": {"GroupItemRef": {"value": BUNDLE}, "Quantity": 2},
    }

    receipt = company.create("SalesReceipt", sale(sale_line(1), bundle))

    parts = receipt["Line"][1]["GroupLineDetail"]["Line"]
    assert [(part["Id"], part["LineNum"], part["Amount"]) for part in parts] == [
        ("3", 3, Decimal("47.96")),
        ("4", 4, Decimal("19.00")),
    ]
    assert receipt["TotalAmt"] == Decimal("67.96")
    assert company.read("Item", "13")["QtyOnHand"] == 96


def test_more_than_750_taxable_lines_are_refused(company: Company) -> None:
    lines = [sale_line(1, tax="TAX") for _ in range(750)]
    company.create("SalesReceipt", sale(*lines, sale_line(1, tax="NON")))

    error = refused(lambda: company.create("SalesReceipt", sale(*lines, sale_line(1, tax="TAX"))))

    assert error.code == "6000"


def test_address_of_the_customer_can_be_overridden_and_gets_an_id(company: Company) -> None:
    receipt = company.create(
        "SalesReceipt", sale(sale_line(1), ShipAddr={"Line1": "Pier 4", "Country": "Canada"})
    )

    assert receipt["ShipAddr"]["Country"] == "CAN"
    assert receipt["ShipAddr"]["Id"] != receipt["BillAddr"]["Id"]


@pytest.mark.parametrize("way", ["delete", "update"])
def test_estimate_is_open_again_without_its_invoice(company: Company, way: str) -> None:
    estimate = company.create("Estimate", sale(sale_line(80)))
    form = sale(sale_line(80))
    link = [{"TxnId": estimate["Id"], "TxnType": "Estimate"}]
    invoice = company.create("Invoice", {**form, "LinkedTxn": link})

    if way == "delete":
        company.delete("Invoice", key(invoice))
    else:
        company.update("Invoice", {**form, **key(invoice)})

    opened = company.read("Estimate", estimate["Id"])
    assert ("LinkedTxn" in opened, opened["TxnStatus"]) == (False, "Pending")


def test_estimate_stays_closed_when_its_invoice_is_voided(company: Company) -> None:
    estimate = company.create("Estimate", sale(sale_line(80)))
    link = [{"TxnId": estimate["Id"], "TxnType": "Estimate"}]
    invoice = company.create("Invoice", sale(sale_line(80), LinkedTxn=link))

    company.void("Invoice", key(invoice))

    closed = company.read("Estimate", estimate["Id"])
    assert closed["LinkedTxn"] == [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]
    assert closed["TxnStatus"] == "Closed"


def test_estimate_books_nothing_and_closes_when_it_is_invoiced(company: Company) -> None:
    before = company.report("TrialBalance", {})["Rows"]
    estimate = company.create("Estimate", sale(sale_line(80, item=LANTERN, quantity=1, price=80)))
    unchanged = company.report("TrialBalance", {})["Rows"]
    link = [{"TxnId": estimate["Id"], "TxnType": "Estimate"}]

    invoice = company.create("Invoice", sale(sale_line(80, item=NOTEBOOK), LinkedTxn=link))

    assert before == unchanged
    assert estimate["TxnStatus"] == "Pending"
    closed = company.read("Estimate", estimate["Id"])
    assert closed["TxnStatus"] == "Closed"
    assert closed["LinkedTxn"] == [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]
    assert invoice["LinkedTxn"] == link
