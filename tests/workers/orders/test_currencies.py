"""Foreign currencies: customers, rates, accounts, and which of two currencies reaches the books (A50 to A52)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas.orders import OrderAmounts, RefundAmounts, StoreRate
from tests.workers.play import CLEARING, NOON, Play, played, prefer
from tests.workers.stories import JANE, back, line, money, order, refund, unpaid
from workers.errors import CurrencyUnsupported, ExchangeRateMissing

LATER = NOON + timedelta(hours=1)
GAIN = "37"


def two_currencies(**settings: Any) -> Play:
    """A US company that also keeps Canadian dollars; one is worth 0.70 since Monday."""
    play = played(company={"multicurrency": True}, **settings)
    prefer(play, "CurrencyPrefs", MultiCurrencyEnabled=True)
    rate(play, "0.70", "2026-11-23")
    return play


def rate(play: Play, value: str, day: str) -> None:
    """Somebody enters a rate in QuickBooks."""
    play.books.create("ExchangeRate", {"SourceCurrencyCode": "CAD", "Rate": value, "AsOfDate": day})


def in_home(document: dict[str, Any]) -> Decimal:
    return Decimal(document["HomeTotalAmt"])


def test_a50_foreign_order_has_its_currency_and_a_customer_of_its_own() -> None:
    play = two_currencies()
    play.run("orders.created", unpaid(line("10.00")))

    play.run("orders.created", unpaid(line("10.00"), order_id="2", number="2", currency="CAD"))

    foreign = next(row for row in play.all("Invoice") if row["CurrencyRef"]["value"] == "CAD")
    assert foreign["CustomerRef"]["name"] == "Jane Doe (CAD)"
    assert {row["DisplayName"] for row in play.all("Customer")} == {"Jane Doe", "Jane Doe (CAD)"}


def test_a50_rate_is_that_of_the_orders_day_and_asked_for_once() -> None:
    play = two_currencies()
    rate(play, "0.80", "2026-11-25")

    play.run("orders.paid", order(line("10.00"), currency="CAD"))
    play.run("orders.paid", order(line("20.00"), currency="CAD", order_id="2", number="2"))

    receipts = play.all("SalesReceipt")
    assert [row["ExchangeRate"] for row in receipts] == [Decimal("0.70"), Decimal("0.70")]
    assert sorted(in_home(row) for row in receipts) == [Decimal("7.00"), Decimal("14.00")]
    assert play.balance(CLEARING) == Decimal("21.00")
    assert play.finds == []


def test_a50_settlement_rate_is_the_stores_where_it_says_one() -> None:
    play = two_currencies(exchange_rate="settlement")
    told = StoreRate(rate=money("0.73"), into="USD")

    play.run("orders.paid", order(line("10.00"), currency="CAD", exchange_rate=told))
    play.run("orders.paid", order(line("10.00"), currency="CAD", order_id="2", number="2"))

    rates = {row["DocNumber"]: row["ExchangeRate"] for row in play.all("SalesReceipt")}
    assert rates == {"1001": Decimal("0.73"), "2": Decimal("0.70")}


def test_a50_stores_rate_into_another_currency_is_not_used() -> None:
    play = two_currencies(exchange_rate="settlement")
    told = StoreRate(rate=money("0.60"), into="EUR")

    play.run("orders.paid", order(line("10.00"), currency="CAD", exchange_rate=told))

    assert play.only("SalesReceipt")["ExchangeRate"] == Decimal("0.70")


def test_a50_day_without_a_rate_is_never_booked_one_to_one() -> None:
    play = two_currencies()
    sold = order(line("10.00"), currency="CAD", created_at=NOON - timedelta(days=30))

    with pytest.raises(ExchangeRateMissing) as raised:
        play.run("orders.paid", sold)

    assert raised.value.cause == "CAD 2026-10-25"
    assert play.writes == []
    rate(play, "0.69", "2026-10-20")
    play.run("orders.paid", sold)
    assert play.only("SalesReceipt")["ExchangeRate"] == Decimal("0.69")


def test_a50_payment_at_the_rate_of_its_own_day_books_the_gain() -> None:
    play = two_currencies()
    rate(play, "0.75", "2026-11-26")
    play.run("orders.created", unpaid(line("100.00"), currency="CAD"))

    paid = order(line("100.00"), currency="CAD", paid_at=NOON + timedelta(days=2))
    play.run("orders.paid", paid, time=NOON + timedelta(days=2))

    assert play.only("Invoice")["Balance"] == 0
    assert play.balance(CLEARING) == Decimal("75.00")
    assert play.posted(GAIN) == Decimal("-5.00")


def test_a50_refund_at_settlement_goes_back_at_the_rate_of_its_sale() -> None:
    play = two_currencies(exchange_rate="settlement")
    sold = line("10.00")
    told = StoreRate(rate=money("0.73"), into="USD")
    play.run("orders.paid", order(sold, currency="CAD", exchange_rate=told))

    play.run("orders.refunded", refund(back(sold), currency="CAD"), time=LATER)

    assert play.only("RefundReceipt")["ExchangeRate"] == Decimal("0.73")
    assert play.balance(CLEARING) == 0


def test_a50_money_in_a_foreign_currency_may_have_an_account_of_its_own() -> None:
    play = two_currencies()
    body = {"Name": "Stripe CAD", "AccountType": "Other Current Asset", "CurrencyRef": {"value": "CAD"}}
    account = str(play.books.create("Account", body)["Id"])
    play.set(accounts={"clearing": {"stripe": CLEARING, "stripe CAD": account}})

    play.run("orders.paid", order(line("10.00"), currency="CAD"))
    play.run("orders.refunded", refund(total=money("4.00"), currency="CAD"), time=LATER)

    assert play.only("SalesReceipt")["DepositToAccountRef"]["value"] == account
    assert play.only("RefundReceipt")["DepositToAccountRef"]["value"] == account
    assert play.balance(CLEARING) == 0


def test_a51_foreign_order_without_multicurrency_is_never_booked_one_to_one() -> None:
    play = played()

    with pytest.raises(CurrencyUnsupported) as raised:
        play.run("orders.paid", order(line("10.00"), currency="EUR", buyer=JANE))

    assert raised.value.cause == "EUR"
    assert play.writes == []


SOLD = line("70.00")
SEEN = line("100.00")
AS_SEEN = OrderAmounts(
    currency="CAD",
    lines=(SEEN,),
    total=money("100.00"),
    amount_paid=money("100.00"),
    exchange_rate=StoreRate(rate=money("0.7"), into="USD"),
)


@pytest.mark.parametrize(
    ("setting", "currency", "total"),
    [("shop", "USD", "70.00"), ("presentment", "CAD", "100.00")],
    ids=["shop-by-default", "presentment-by-setting"],
)
def test_a52_books_use_the_currency_of_the_setting(setting: str, currency: str, total: str) -> None:
    play = two_currencies(money=setting)

    play.run("orders.paid", order(SOLD, presentment=AS_SEEN))

    receipt = play.only("SalesReceipt")
    assert receipt["CurrencyRef"]["value"] == currency
    assert receipt["TotalAmt"] == money(total)
    assert in_home(receipt) == money("70.00")
    assert play.balance(CLEARING) == money("70.00")


def test_a52_refund_is_in_the_currency_of_its_sale() -> None:
    play = two_currencies(money="presentment")
    play.run("orders.paid", order(SOLD, presentment=AS_SEEN))
    seen = RefundAmounts(currency="CAD", lines=(back(SEEN),), total=money("100.00"))

    play.run("orders.refunded", refund(back(SOLD), presentment=seen), time=LATER)

    receipt = play.only("RefundReceipt")
    assert (receipt["CurrencyRef"]["value"], receipt["TotalAmt"]) == ("CAD", money("100.00"))
    assert play.balance(CLEARING) == 0


def test_a52_another_setting_makes_no_booked_order_look_edited() -> None:
    play = two_currencies()
    sold = order(SOLD, presentment=AS_SEEN)
    play.run("orders.paid", sold)
    play.set(money="presentment")

    play.run("orders.updated", sold, time=LATER)

    assert play.writes == []
    assert len(play.all("SalesReceipt")) == 1


def test_a50_order_that_changed_its_currency_is_not_booked_in_another_one() -> None:
    play = two_currencies()
    play.run("orders.created", unpaid(line("10.00")))

    with pytest.raises(CurrencyUnsupported, match=r"is in CAD by now, but Invoice 1001 was booked in USD"):
        play.run("orders.paid", order(line("10.00"), currency="CAD"), time=LATER)

    assert play.writes == []
    assert play.only("Invoice")["Balance"] == Decimal("10.00")
