"""Taxes and currencies, in companies of four kinds."""

from decimal import Decimal

import pytest

from tests.workers.play import Play, played, prefer
from tests.workers.stories import line, money, order, shipping
from workers.errors import TaxCodeUnmapped, TotalsDiffer


def automated() -> Play:
    """A US company whose tax follows the address."""
    play = played(company={"tax": "us_automated"})
    prefer(play, "TaxPrefs", PartnerTaxEnabled=True)
    return play


def test_a40_automated_tax_takes_what_the_store_charged() -> None:
    play = automated()

    play.run("orders.paid", order(line("10.00", tax="0.83"), line("4.00", line_id="b")))

    receipt = play.only("SalesReceipt")
    assert receipt["TxnTaxDetail"]["TotalTax"] == Decimal("0.83")
    assert receipt["TotalAmt"] == Decimal("14.83")
    assert receipt["ShipAddr"]["CountrySubDivisionCode"] == "CA"
    codes = [row["SalesItemLineDetail"]["TaxCodeRef"]["value"] for row in receipt["Line"][:2]]
    assert codes == ["TAX", "NON"]


def test_a40_tax_that_quickbooks_does_not_take_is_found_by_comparing() -> None:
    play = automated()
    play.run("orders.paid", order(line("10.00")))
    customer = play.only("Customer")
    exempt = {"Id": customer["Id"], "SyncToken": customer["SyncToken"], "sparse": True, "Taxable": False}
    play.books.update("Customer", exempt)

    with pytest.raises(TotalsDiffer, match=r"total is 10\.80, but QuickBooks booked 10\.00"):
        play.run("orders.paid", order(line("10.00", tax="0.80"), order_id="2", number="2"))


def test_a41_manual_tax_takes_the_code_from_the_map() -> None:
    play = played()

    play.run("orders.paid", order(line("10.00", tax="0.80")))

    receipt = play.only("SalesReceipt")
    assert receipt["TxnTaxDetail"]["TxnTaxCodeRef"]["value"] == "2"
    assert receipt["TotalAmt"] == Decimal("10.80")


def test_a41_unmapped_tax_is_an_error_of_its_own_group() -> None:
    play = played(taxes={"CA 8%": ""})

    with pytest.raises(TaxCodeUnmapped) as raised:
        play.run("orders.paid", order(line("10.00", tax="0.80")))

    assert (
        str(raised.value) == 'Order 1001: store tax "CA 8%" has no QuickBooks tax code. Map it, then Retry.'
    )
    assert raised.value.cause == "CA 8%"
    assert raised.value.fix == "counterfoil connections set acme-woo 'taxes.\"CA 8%\"=ID'"
    assert play.writes == []


def canada() -> Play:
    return played("CA", taxes={"GST": "3", "GST + PST": "6"}, untaxed_code="1")


def test_a42_each_line_has_its_code_shipping_included() -> None:
    play = canada()
    sold = line("10.00", tax="0.50", tax_name="GST")

    play.run(
        "orders.paid",
        order(
            sold,
            line("4.00", line_id="b"),
            shipping=(shipping("5.00", tax="0.25", tax_name="GST"),),
            currency="CAD",
        ),
    )

    receipt = play.only("SalesReceipt")
    codes = [row["SalesItemLineDetail"]["TaxCodeRef"]["value"] for row in receipt["Line"][:3]]
    assert codes == ["3", "1", "3"]
    assert receipt["GlobalTaxCalculation"] == "TaxExcluded"
    assert receipt["TotalAmt"] == Decimal("19.75")


def test_a42_two_taxes_on_one_line_are_one_code() -> None:
    from schemas.orders import TaxShare

    play = canada()
    shares = (TaxShare(tax="PST", amount=money("0.70")), TaxShare(tax="GST", amount=money("0.50")))
    sold = line("10.00", tax="1.20").model_copy(update={"taxes": shares})

    play.run("orders.paid", order(sold, currency="CAD"))

    receipt = play.only("SalesReceipt")
    assert receipt["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"]["value"] == "6"
    assert receipt["TotalAmt"] == Decimal("11.20")


def test_a42_missing_code_for_untaxed_lines_stops_the_order() -> None:
    play = played("CA", taxes={"GST": "3"})

    with pytest.raises(TaxCodeUnmapped) as raised:
        play.run("orders.paid", order(line("10.00"), currency="CAD"))

    assert raised.value.cause == "untaxed"
    assert play.writes == []


@pytest.mark.parametrize(
    ("net", "tax", "gross"),
    [("13.55", "1.35", "14.90"), ("13.545455", "1.354545", "14.90"), ("8.33", "1.67", "10.00")],
    ids=["cents", "store-with-six-places", "a-fifth"],
)
def test_a43_inclusive_prices_book_what_the_buyer_paid(net: str, tax: str, gross: str) -> None:
    play = played("AU", taxes={"GST 10%": "1"}, untaxed_code="2")
    sold = line(net, tax=tax, tax_name="GST 10%")

    play.run("orders.paid", order(sold, currency="AUD", prices_include_tax=True, total=money(gross)))

    receipt = play.only("SalesReceipt")
    assert receipt["GlobalTaxCalculation"] == "TaxInclusive"
    assert receipt["TotalAmt"] == money(gross)


def test_a43_uk_order_with_vat_inside_is_booked_to_the_penny() -> None:
    play = played("GB", taxes={"VAT": "3"}, untaxed_code="1")
    lines = [line("8.33", tax="1.67", tax_name="VAT", line_id=str(n)) for n in range(3)]

    play.run("orders.paid", order(*lines, currency="GBP", prices_include_tax=True))

    assert play.only("SalesReceipt")["TotalAmt"] == Decimal("30.00")


def test_a43_us_net_and_tax_are_split_first() -> None:
    play = played()
    sold = line("13.796296", tax="1.103704")

    play.run("orders.paid", order(sold, prices_include_tax=True, total=money("14.90")))

    receipt = play.only("SalesReceipt")
    assert receipt["TotalAmt"] == Decimal("14.90")
    assert receipt["Line"][0]["Amount"] == Decimal("13.80")
    assert receipt["TxnTaxDetail"]["TotalTax"] == Decimal("1.10")


def test_a44_tax_is_rounded_once_for_all_lines_of_a_rate() -> None:
    play = played()
    lines = [line("0.55", tax="0.044", line_id=str(n)) for n in range(3)]

    play.run("orders.paid", order(*lines, total=money("1.78"), total_tax=money("0.13")))

    receipt = play.only("SalesReceipt")
    assert receipt["TxnTaxDetail"]["TotalTax"] == Decimal("0.13")
    assert receipt["TotalAmt"] == Decimal("1.78")
    assert len([row for row in receipt["Line"] if row["DetailType"] == "SalesItemLineDetail"]) == 3


def test_a44_code_of_two_rates_that_round_apart_is_put_right() -> None:
    play = played(taxes={"Tucson": "3"})
    sold = line("10.49", tax="0.95", tax_name="Tucson")

    play.run("orders.paid", order(sold))

    assert play.only("SalesReceipt")["TotalAmt"] == Decimal("11.44")


def test_a43_lines_of_a_store_with_six_places_come_to_what_the_buyer_paid_without_a_rounding_line() -> None:
    play = played("GB", taxes={"VAT": "3"}, untaxed_code="1", items={"rounding": ""})
    half_a_cent_each = line("8.345833", tax="1.669167", tax_name="VAT")  # 10.015 would be 8.35 + 1.67

    play.run(
        "orders.paid",
        order(half_a_cent_each, currency="GBP", prices_include_tax=True, total=money("10.02")),
    )
    play.run(
        "orders.paid",
        order(
            line("4.166667", tax="0.833333", tax_name="VAT", line_id="a"),
            line("4.175", tax="0.835", tax_name="VAT", line_id="b"),  # 4.18 + 0.84 would be 5.02
            currency="GBP",
            prices_include_tax=True,
            order_id="2",
            number="2",
            total=money("10.01"),
        ),
    )

    assert {row["TotalAmt"] for row in play.all("SalesReceipt")} == {Decimal("10.02"), Decimal("10.01")}
