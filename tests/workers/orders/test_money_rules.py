"""Rules with a setting of their own: marketplace tax, discounts, store credit, tax by rate, terms, free orders."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas.orders import PaymentMethod, TaxShare, TaxTotal
from tests.workers.play import CLEARING, NOON, Play, played
from tests.workers.stories import back, line, money, order, refund, unpaid
from workers.errors import AccountUnmapped, ItemUnmapped, TotalsDiffer
from workers.outcomes import Booked, Skipped
from workers.steps import Json

LATER = NOON + timedelta(hours=1)
GIFT_CARDS = "18"
CARD = PaymentMethod(gateway="gift_card")


def lines(document: Json) -> list[tuple[str, Decimal]]:
    """Item and amount of each selling line."""
    return [
        (row["SalesItemLineDetail"]["ItemRef"]["value"], row["Amount"])
        for row in document["Line"]
        if row["DetailType"] == "SalesItemLineDetail"
    ]


def tax_of(document: Json) -> Decimal:
    return Decimal((document.get("TxnTaxDetail") or {}).get("TotalTax", 0))


def of_marketplace(price: str, tax: str) -> Any:
    share = TaxShare(tax="WA 10%", amount=money(tax), marketplace_liable=True)
    return line(price, tax=tax).model_copy(update={"taxes": (share,)})


THEIRS = of_marketplace("50.00", "5.00")
THEIR_TAX = (TaxTotal(tax="WA 10%", amount=money("5.00"), marketplace_liable=True),)


def sold_on_a_marketplace(**settings: Any) -> Play:
    play = played(**settings)
    play.run("orders.paid", order(THEIRS, taxes=THEIR_TAX))
    return play


@pytest.mark.parametrize(
    ("setting", "shown"),
    [("leave_out", []), ("show_and_reverse", [("2", money("5.00")), ("2", money("-5.00"))])],
)
def test_a45_marketplace_tax_is_never_the_merchants(setting: str, shown: list[tuple[str, Decimal]]) -> None:
    play = sold_on_a_marketplace(marketplace_tax=setting, items={"marketplace_tax": "2"})

    receipt = play.only("SalesReceipt")
    assert receipt["TotalAmt"] == Decimal("50.00")
    assert tax_of(receipt) == 0
    assert lines(receipt) == [("6", Decimal("50.00")), *shown]
    assert play.balance(CLEARING) == Decimal("50.00")


def test_a45_marketplace_tax_goes_back_through_the_marketplace_too() -> None:
    play = sold_on_a_marketplace()

    play.run("orders.refunded", refund(back(THEIRS), taxes=THEIR_TAX), time=LATER)

    receipt = play.only("RefundReceipt")
    assert (receipt["TotalAmt"], tax_of(receipt)) == (Decimal("50.00"), 0)
    assert play.balance(CLEARING) == 0


def test_a45_own_tax_beside_the_marketplaces_stays_the_merchants() -> None:
    play = played()
    own = line("10.00", sku="Alterations", line_id="b", tax="0.80")

    play.run(
        "orders.paid",
        order(THEIRS, own, taxes=(*THEIR_TAX, TaxTotal(tax="CA 8%", amount=money("0.80")))),
    )

    receipt = play.only("SalesReceipt")
    assert (receipt["TotalAmt"], tax_of(receipt)) == (Decimal("60.80"), Decimal("0.80"))


def test_a21_discount_after_each_product_keeps_gross_sales_and_the_tax() -> None:
    play = played(discounts="own_lines", items={"discount": "2"})
    taxed = line("20.00", total=money("15.00"), tax="1.20")
    free = line("10.00", total=money("9.00"), line_id="b")

    play.run("orders.paid", order(taxed, free))

    receipt = play.only("SalesReceipt")
    expected = [("6", "20.00"), ("2", "-5.00"), ("6", "10.00"), ("2", "-1.00")]
    assert lines(receipt) == [(item, money(amount)) for item, amount in expected]
    assert (receipt["TotalAmt"], tax_of(receipt)) == (Decimal("25.20"), Decimal("1.20"))


def test_a21_discount_with_inclusive_prices_keeps_what_the_buyer_paid() -> None:
    play = played("GB", taxes={"VAT": "3"}, untaxed_code="1", discounts="own_lines", items={"discount": "2"})
    sold = line("20.00", total=money("15.00"), tax="3.00", tax_name="VAT")

    play.run("orders.paid", order(sold, currency="GBP", prices_include_tax=True))

    receipt = play.only("SalesReceipt")
    assert (receipt["TotalAmt"], tax_of(receipt)) == (Decimal("18.00"), Decimal("3.00"))
    assert lines(receipt) == [("6", Decimal("20.00")), ("2", Decimal("-5.00"))]


def test_a21_discount_on_the_line_by_setting_also_where_an_account_is_chosen() -> None:
    play = played(discounts="on_lines", accounts={"discounts": "86"})

    play.run("orders.paid", order(line("20.00", total=money("15.00"), tax="1.20")))

    assert lines(play.only("SalesReceipt")) == [("6", Decimal("15.00"))]


def test_a21_one_discount_line_is_taken_off_before_the_tax() -> None:
    play = played(accounts={"discounts": "86"})

    play.run("orders.paid", order(line("20.00", total=money("15.00"), tax="1.20")))

    assert play.only("SalesReceipt")["ApplyTaxAfterDiscount"] is True


def test_a21_discount_line_without_an_item_names_the_setting() -> None:
    play = played(discounts="own_lines")

    with pytest.raises(ItemUnmapped) as raised:
        play.run("orders.paid", order(line("20.00", total=money("15.00"))))

    assert raised.value.fix == "counterfoil connections set acme-woo items.discount=ID"


def test_a27_order_paid_whole_by_gift_card_comes_out_of_the_liability() -> None:
    play = played(accounts={"gift_cards": GIFT_CARDS})
    before = play.posted(GIFT_CARDS)

    play.run("orders.paid", order(line("50.00"), payment_method=CARD))

    assert play.only("SalesReceipt")["TotalAmt"] == Decimal("50.00")
    assert play.posted(GIFT_CARDS) - before == Decimal("50.00")
    assert play.balance(CLEARING) == 0


def test_a27_gift_card_without_a_liability_account_never_goes_to_the_deposit_account() -> None:
    play = played()

    with pytest.raises(AccountUnmapped) as raised:
        play.run("orders.paid", order(line("50.00"), payment_method=CARD))

    assert raised.value.fix == "counterfoil connections set acme-woo accounts.gift_cards=ID"
    assert play.writes == []


def test_a27_order_that_a_gift_card_paid_in_part_says_so_in_its_note() -> None:
    play = played()
    both = PaymentMethod(gateway="stripe", title="gift_card, stripe")

    play.run("orders.paid", order(line("50.00"), payment_method=both))

    assert "Paid with gift_card, stripe" in play.only("SalesReceipt")["PrivateNote"]


def test_a28_refund_to_store_credit_is_paid_from_the_liability() -> None:
    play = played(accounts={"gift_cards": GIFT_CARDS})
    sold = line("50.00")
    play.run("orders.paid", order(sold))
    before = play.posted(GIFT_CARDS)

    play.run("orders.refunded", refund(back(sold), payment_method=CARD), time=LATER)

    receipt = play.only("RefundReceipt")
    assert receipt["DepositToAccountRef"]["value"] == GIFT_CARDS
    assert play.posted(GIFT_CARDS) - before == Decimal("-50.00")
    assert play.balance(CLEARING) == Decimal("50.00")


def test_a28_part_of_a_refund_that_went_to_a_gift_card_is_not_paid_out() -> None:
    play = played(accounts={"gift_cards": GIFT_CARDS})
    sold = line("50.00")
    play.run("orders.paid", order(sold))
    before = play.posted(GIFT_CARDS)

    play.run("orders.refunded", refund(back(sold), store_credit=money("20.00")), time=LATER)

    assert play.only("RefundReceipt")["TotalAmt"] == Decimal("30.00")
    assert play.posted(GIFT_CARDS) - before == Decimal("-20.00")
    assert play.balance(CLEARING) == Decimal("20.00")


def test_a28_store_credit_of_a_refund_stays_the_buyers_when_the_rest_is_cancelled() -> None:
    play = played()
    sold = line("50.00")
    play.run("orders.paid", order(sold, line("30.00", line_id="b")))
    play.run("orders.refunded", refund(back(sold), store_credit=money("20.00")), time=LATER)

    cancelled = order(sold, line("30.00", line_id="b"), lifecycle="cancelled")
    play.run("orders.cancelled", cancelled, time=LATER + timedelta(hours=1))

    assert sorted(row["TotalAmt"] for row in play.all("RefundReceipt")) == [Decimal("30.00")] * 2
    assert play.balance(CLEARING) == Decimal("20.00")


@pytest.mark.parametrize(("limit", "books"), [("0", False), ("0.10", True)], ids=["none", "ten-cents"])
def test_a29_limit_of_the_setting_decides_about_leftover_cents(limit: str, books: bool) -> None:
    play = played(rounding_limit=limit)
    sold = order(line("10.00"), total=money("10.08"))

    if books:
        play.run("orders.paid", sold)
        assert play.only("SalesReceipt")["TotalAmt"] == Decimal("10.08")
    else:
        with pytest.raises(TotalsDiffer, match=r"10\.08"):
            play.run("orders.paid", sold)
        assert play.writes == []


def test_a44_each_rate_of_a_code_is_rounded_by_itself() -> None:
    play = played(taxes={"Tucson": "3"}, items={"rounding": ""})
    sold = line("10.50", tax="0.96", tax_name="Tucson")  # 7.1 % is 0.7455, 2 % is 0.21: together 0.9555

    play.run("orders.paid", order(sold))

    receipt = play.only("SalesReceipt")
    assert [row["Amount"] for row in receipt["TxnTaxDetail"]["TaxLine"]] == [Decimal("0.75"), Decimal("0.21")]
    assert (receipt["TotalAmt"], len(lines(receipt))) == (Decimal("11.46"), 1)


def test_a44_sum_that_only_rates_apart_can_explain_needs_no_rounding_line() -> None:
    play = played(taxes={"Tucson": "3"}, items={"rounding": ""})
    sold = line("10.49", tax="0.95", tax_name="Tucson")  # 0.74479 and 0.2098: 0.74 + 0.21, not 0.9546

    play.run("orders.paid", order(sold))

    assert play.only("SalesReceipt")["TotalAmt"] == Decimal("11.44")


def test_a42_order_without_tax_is_out_of_scope_by_setting() -> None:
    play = played("GB", untaxed_orders="out_of_scope")
    sold = line("10.00")

    play.run("orders.paid", order(sold, currency="GBP", total=money("10.02")))
    play.run("orders.refunded", refund(back(sold), currency="GBP"), time=LATER)

    receipt, given_back = play.only("SalesReceipt"), play.only("RefundReceipt")
    assert (receipt["GlobalTaxCalculation"], receipt["TotalAmt"]) == ("NotApplicable", Decimal("10.02"))
    assert (given_back["GlobalTaxCalculation"], given_back["TotalAmt"]) == ("NotApplicable", Decimal("10.00"))


def test_a42_company_that_charges_no_tax_needs_no_codes() -> None:
    play = played("GB", company={"tax": "none"})

    play.run("orders.paid", order(line("10.00"), currency="GBP"))

    assert play.only("SalesReceipt")["GlobalTaxCalculation"] == "NotApplicable"


def test_a2_invoice_is_due_on_the_day_that_was_agreed_on() -> None:
    play = played(terms="3")

    play.run("orders.created", unpaid(line("20.00"), due_at=NOON + timedelta(days=10)))
    play.run("orders.created", unpaid(line("20.00"), order_id="2", number="2"))

    due = {row["DocNumber"]: row["DueDate"] for row in play.all("Invoice")}
    assert due == {"1001": "2026-12-04", "2": "2026-12-24"}


def test_a14_order_that_costs_nothing_is_skipped_by_setting() -> None:
    play = played(zero_orders="skip")

    outcome = play.run("orders.paid", order(line("9.50", total=money("0.00"))))

    assert outcome == Skipped("zero_total")
    assert isinstance(play.run("orders.paid", order(line("9.50"), order_id="2", number="2")), Booked)


def test_a1_date_is_that_of_the_payment_by_setting() -> None:
    play = played(order_date="payment", payment_methods={"stripe": "3"})

    play.run("orders.paid", order(line("9.50"), paid_at=NOON + timedelta(days=3)))

    receipt = play.only("SalesReceipt")
    assert receipt["TxnDate"] == "2026-11-27"
    assert receipt["PaymentMethodRef"]["value"] == "3"


def test_a64_note_of_the_buyer_that_is_cut_is_said_so() -> None:
    play = played()

    play.run("orders.paid", order(line("9.50"), note="x" * 1200))

    receipt = play.only("SalesReceipt")
    assert len(receipt["CustomerMemo"]["value"]) == 1000
    assert "1200 characters long; it is cut" in receipt["PrivateNote"]
