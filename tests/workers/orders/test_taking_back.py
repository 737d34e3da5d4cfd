"""Sales that are taken back by another road than they came: found by the generated month of a shop."""

from datetime import timedelta
from decimal import Decimal

from ops.sandbox.company.reports import run_report
from schemas.orders import Address, Buyer
from tests.workers.play import CLEARING, NOON, Play, played, prefer
from tests.workers.stories import back, line, money, order, refund, unpaid

LATER = NOON + timedelta(hours=1)
LAST = LATER + timedelta(hours=1)
OWED_TO_CALIFORNIA, OWED_TO_ARIZONA, OWED_TO_CANADA = "tax agency 2", "tax agency 1", "tax agency 1"


def owed(play: Play, role: str) -> Decimal:
    """What a tax agency gets by the postings."""
    return -play.posted(play.books.books.account_for(role))


def test_a40_refund_told_without_its_order_takes_the_tax_back_from_the_state_it_was_owed_to() -> None:
    play = played(company={"tax": "us_automated"})
    prefer(play, "TaxPrefs", PartnerTaxEnabled=True)
    before = owed(play, OWED_TO_ARIZONA), owed(play, OWED_TO_CALIFORNIA)
    sold = line("100.00", tax="7.10")
    tucson = Address(line1="1 Main Street", city="Tucson", region="AZ", country="US")
    play.run("orders.paid", order(sold, buyer=Buyer(shipping=tucson)))

    play.run("orders.refunded", refund(back(sold), buyer=Buyer()), time=LATER)

    assert (owed(play, OWED_TO_ARIZONA), owed(play, OWED_TO_CALIFORNIA)) == before


def test_a9_money_of_a_cancelled_invoice_leaves_the_account_that_it_came_into() -> None:
    play = played(accounts={"deposit": "4"})
    before = play.balance("4")
    play.run("orders.created", unpaid(line("20.00")))
    play.run("orders.paid", order(line("20.00")), time=LATER)

    play.run("orders.cancelled", order(line("20.00"), lifecycle="cancelled"), time=LAST)

    assert play.only("RefundReceipt")["DepositToAccountRef"]["value"] == CLEARING
    assert (play.balance(CLEARING), play.balance("4")) == (Decimal(0), before)


def test_a9_sale_with_a_discount_line_and_a_rounding_line_is_ours_to_take_back() -> None:
    play = played(company={"tax": "us_automated"}, accounts={"discounts": "86"})
    prefer(play, "TaxPrefs", PartnerTaxEnabled=True)
    sold = order(line("20.00", total=money("15.00"), tax="1.20"), total=money("16.22"))
    play.run("orders.paid", sold)

    play.run("orders.cancelled", sold.model_copy(update={"lifecycle": "cancelled"}), time=LATER)

    assert play.only("RefundReceipt")["TotalAmt"] == Decimal("16.22")
    assert play.balance(CLEARING) == 0


def test_a9_discount_of_a_sale_that_was_refunded_in_part_leaves_its_tax_as_it_was() -> None:
    for discount_item in ("", "2"):
        play = played(
            "CA",
            taxes={"GST": "3"},
            untaxed_code="1",
            accounts={"discounts": "86"},
            items={"discount": discount_item},
        )
        before = owed(play, OWED_TO_CANADA)
        sold = order(
            line("100.00", total=money("60.00"), tax="3.00", tax_name="GST"), currency="CAD", number="1"
        )
        play.run("orders.paid", sold)
        play.run("orders.refunded", refund(total=money("30.00"), currency="CAD"), time=LATER)

        play.run("orders.cancelled", sold.model_copy(update={"lifecycle": "cancelled"}), time=LAST)

        assert play.balance(CLEARING) == 0
        assert owed(play, OWED_TO_CANADA) == before


def test_a9_rest_of_an_inclusive_sale_that_comes_to_nothing_leaves_no_line() -> None:
    play = played("GB", taxes={"VAT": "4"}, untaxed_code="1")
    first = line("46.94", tax="2.35", tax_name="VAT", line_id="a")
    second = line("5.14", tax="0.26", tax_name="VAT", line_id="b", sku="", name="Care Plan")
    sold = order(first, second, currency="GBP", prices_include_tax=True)
    play.run("orders.paid", sold)
    play.run("orders.refunded", refund(back(second), currency="GBP"), time=LATER)

    play.run("orders.cancelled", sold.model_copy(update={"lifecycle": "cancelled"}), time=LAST)

    rest = next(row for row in play.all("RefundReceipt") if row["DocNumber"].endswith("-X"))
    assert [row["Description"] for row in rest["Line"] if "Description" in row] == ["Field-Notebook"]
    rows = run_report(play.books.books, "TrialBalance", {})["Rows"]["Row"]
    assert rows[-1]["Summary"]["ColData"][1] == rows[-1]["Summary"]["ColData"][2]
