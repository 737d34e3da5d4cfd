"""Payouts to the bank: one deposit out of the clearing account, to the cent (A24)."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas.orders import PaymentMethod
from schemas.payouts import Payout, PayoutFailed, PayoutPart
from tests.ops.sandbox.company.documents import trial_balance_difference
from tests.workers.play import NOON, Died, Play, played, prefer
from tests.workers.stories import back, line, money, order, refund
from workers.errors import AccountUnmapped, CurrencyUnsupported, PayoutDiffers
from workers.mapping.deposit import MOST_LINES
from workers.outcomes import Booked, Document, Skipped

CLEARING, BANK, FEES, CHARGEBACKS = "21", "35", "9", "25"
CARD = PaymentMethod(gateway="shopify_payments")
ACCOUNTS = {
    "clearing": {"shopify_payments": CLEARING},
    "bank": {"shopify_payments": BANK},
    "fees": FEES,
    "payout_adjustments": {"dispute": CHARGEBACKS},
}
LATER = NOON + timedelta(days=3)


def part(kind: str, amount: str, fee: str = "0", **more: Any) -> PayoutPart:
    values: dict[str, Any] = {"part_id": f"{kind}{amount}", "kind": kind, "word": kind}
    return PayoutPart(amount=money(amount), fee=money(fee), **{**values, **more})


def payout(amount: str, *parts: PayoutPart, **more: Any) -> Payout:
    values: dict[str, Any] = {
        "payout_id": "614",
        "gateway": "shopify_payments",
        "paid_on": date(2026, 11, 26),
        "currency": "USD",
    }
    return Payout(amount=money(amount), parts=parts, **{**values, **more})


def sold(price: str, number: str) -> Any:
    return order(line(price), order_id=number, number=number, payment_method=CARD)


def shop(**accounts: Any) -> Play:
    """Two sales and a refund, whose money lies in the clearing account."""
    play = played(accounts={**ACCOUNTS, **accounts})
    play.run("orders.paid", sold("50.00", "1"))
    play.run("orders.paid", sold("30.00", "2"))
    given = refund(back(line("10.50")), order_id="1", order_number="1", payment_method=CARD)
    play.run("orders.refunded", given)
    return play


def deposit_of(play: Play) -> Document:
    return Document("Deposit", play.only("Deposit")["Id"])


SALES = (
    part("charge", "50.00", "1.75", order_id="1"),
    part("charge", "30.00", "1.22", order_id="2"),
    part("refund", "-10.50", order_id="1"),
)


def test_a24_payout_is_one_deposit_and_empties_the_clearing_account() -> None:
    play = shop()
    before = play.balance(BANK), play.posted(FEES)

    outcome = play.run("orders.payout_paid", payout("66.53", *SALES))

    deposit = play.only("Deposit")
    assert outcome == Booked((deposit_of(play),))
    assert (deposit["TotalAmt"], deposit["TxnDate"]) == (Decimal("66.53"), "2026-11-26")
    assert play.balance(CLEARING) == 0
    assert play.balance(BANK) - before[0] == Decimal("66.53")
    assert play.posted(FEES) - before[1] == Decimal("2.97")
    assert trial_balance_difference(play.books) == 0
    assert [(row["Amount"], row["Description"]) for row in deposit["Line"]] == [
        (Decimal("50.00"), "Charge (order 1)"),
        (Decimal("30.00"), "Charge (order 2)"),
        (Decimal("-10.50"), "Refund (order 1)"),
        (Decimal("-2.97"), "Fees of shopify_payments"),
    ]
    assert deposit["PrivateNote"].startswith("counterfoil:acme-woo:payout:614\n")


def test_a24_chargeback_goes_to_its_own_account_and_the_clearing_account_is_empty() -> None:
    play = shop()

    play.run(
        "orders.payout_paid", payout("41.53", *SALES, part("adjustment", "-10.00", "15.00", word="dispute"))
    )

    assert play.balance(CLEARING) == 0
    assert play.posted(CHARGEBACKS) == Decimal("10.00")
    assert play.posted(FEES) == Decimal("17.97")
    assert trial_balance_difference(play.books) == 0


def test_a24_reserve_stays_in_the_clearing_account_until_a_payout_releases_it() -> None:
    play = shop()
    play.run("orders.payout_paid", payout("46.53", *SALES, part("held", "-20.00", word="reserve")))
    held = play.balance(CLEARING)

    play.run(
        "orders.payout_paid",
        payout("20.00", part("held", "20.00", word="reserve"), payout_id="615"),
        time=LATER,
    )

    assert (held, play.balance(CLEARING)) == (Decimal("20.00"), 0)


def test_a24_payout_that_does_not_add_up_shows_both_sums_and_books_nothing() -> None:
    play = shop()

    with pytest.raises(PayoutDiffers) as raised:
        play.run("orders.payout_paid", payout("66.54", *SALES))

    message = str(raised.value)
    assert "66.54 USD" in message and "66.53 (charges 80.00, refunds -10.50" in message
    assert play.all("Deposit") == []


def test_a24_payout_without_parts_is_no_deposit() -> None:
    play = shop()

    with pytest.raises(PayoutDiffers):
        play.run("orders.payout_paid", payout("0.00"))


def test_a24_death_and_a_second_delivery_give_one_deposit() -> None:
    play = shop()
    play.dies_after = 0
    with pytest.raises(Died):
        play.run("orders.payout_paid", payout("66.53", *SALES))
    play.dies_after = None
    play.run("orders.payout_paid", payout("66.53", *SALES))

    outcome = play.run("orders.payout_paid", payout("66.53", *SALES), event_id="again")

    assert outcome == Booked((deposit_of(play),))
    assert play.writes == []


def test_a24_payout_that_takes_money_from_the_bank_is_a_journal_entry() -> None:
    play = shop()
    play.run("orders.payout_paid", payout("77.03", *SALES[:2]))
    before = play.balance(BANK)

    play.run("orders.payout_paid", payout("-10.50", SALES[2], payout_id="615"), time=LATER)

    assert play.balance(BANK) - before == Decimal("-10.50")
    assert play.balance(CLEARING) == 0
    assert len(play.all("JournalEntry")) == 1
    assert trial_balance_difference(play.books) == 0


def test_a24_payout_that_failed_later_leaves_the_books() -> None:
    play = shop()
    play.run("orders.payout_paid", payout("66.53", *SALES))

    play.run("orders.payout_failed", PayoutFailed(payout_id="614"), time=LATER)

    assert play.all("Deposit") == []
    assert play.balance(CLEARING) == Decimal("69.50")
    retried = payout("66.53", part("held", "69.50", "2.97", word="payout_failure"), payout_id="615")
    play.run("orders.payout_paid", retried, time=LATER)
    assert play.balance(CLEARING) == 0


def test_a24_failed_payout_is_not_booked_by_an_event_that_comes_late() -> None:
    play = shop()
    play.run("orders.payout_failed", PayoutFailed(payout_id="614"), time=LATER)

    assert play.run("orders.payout_paid", payout("66.53", *SALES)) == Skipped("payout_failed")
    assert play.all("Deposit") == []


def test_a24_deposit_that_a_person_deleted_first_is_no_error() -> None:
    play = shop()
    play.run("orders.payout_paid", payout("66.53", *SALES))
    row = play.only("Deposit")
    play.books.delete("Deposit", {"Id": row["Id"], "SyncToken": row["SyncToken"]})

    outcome = play.run("orders.payout_failed", PayoutFailed(payout_id="614"), time=LATER)

    assert isinstance(outcome, Booked)


@pytest.mark.parametrize(
    ("accounts", "cause"),
    [
        ({"fees": ""}, "fees"),
        ({"payout_adjustments": {"dispute": ""}}, "payout dispute"),
        ({"clearing": {"shopify_payments": BANK}}, "shopify_payments"),
    ],
    ids=["fees", "adjustment", "clearing-is-the-bank"],
)
def test_a24_account_that_nobody_chose_stops_the_payout(accounts: dict[str, Any], cause: str) -> None:
    play = played(accounts={**ACCOUNTS, **accounts})
    lost = part("adjustment", "-10.00", "15.00", word="dispute")

    with pytest.raises(AccountUnmapped) as raised:
        play.run("orders.payout_paid", payout("23.78", part("charge", "50.00", "1.22"), lost))

    assert raised.value.cause == cause
    assert raised.value.fix.startswith("counterfoil connections set acme-woo accounts.")


def test_a24_payouts_are_skipped_where_no_bank_account_is_chosen_and_before_the_start() -> None:
    play = played()
    assert play.run("orders.payout_paid", payout("77.03", *SALES[:2])) == Skipped("no_bank_account")
    play.set(accounts=ACCOUNTS, start_date=date(2026, 11, 27))

    assert play.run("orders.payout_paid", payout("77.03", *SALES[:2])) == Skipped("before_start_date")


def test_a24_payout_in_another_currency_needs_a_company_that_keeps_it() -> None:
    play = played(accounts={**ACCOUNTS, "bank": {"shopify_payments": BANK, "shopify_payments CAD": "36"}})
    foreign = payout("77.03", *SALES[:2], currency="CAD")
    with pytest.raises(CurrencyUnsupported):
        play.run("orders.payout_paid", foreign)
    play = played(
        accounts={**ACCOUNTS, "bank": {"shopify_payments": BANK, "shopify_payments CAD": "36"}},
        company={"multicurrency": True},
    )
    prefer(play, "CurrencyPrefs", MultiCurrencyEnabled=True)
    play.books.create("ExchangeRate", {"SourceCurrencyCode": "CAD", "Rate": "0.70", "AsOfDate": "2026-11-25"})

    play.run("orders.payout_paid", foreign)

    deposit = play.only("Deposit")
    assert (deposit["CurrencyRef"]["value"], deposit["ExchangeRate"]) == ("CAD", Decimal("0.70"))
    assert deposit["DepositToAccountRef"]["value"] == "36"
    assert trial_balance_difference(play.books) == 0


def test_a24_long_payout_has_one_line_for_each_account_and_kind() -> None:
    play = played(accounts=ACCOUNTS)
    many = [part("charge", "1.00", "0.05", part_id=str(n)) for n in range(MOST_LINES + 1)]

    play.run("orders.payout_paid", payout("940.95", *many, part("refund", "-10.00")))

    assert [row["Amount"] for row in play.only("Deposit")["Line"]] == [
        Decimal("1001.00"), Decimal("-10.00"), Decimal("-50.05"),
    ]  # fmt: skip
