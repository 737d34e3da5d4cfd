"""Orders that a gift card paid in part, told by a transaction of its own (A27)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas.orders import GiftCardPayment, PaymentMethod
from tests.workers.play import CLEARING, NOON, Died, Play, played
from tests.workers.stories import back, line, money, order, refund, unpaid
from workers.errors import AccountUnmapped, CurrencyUnsupported, WaitsForSale
from workers.outcomes import Skipped

GIFT_CARDS = "18"
LATER = NOON + timedelta(hours=1)
LAST = LATER + timedelta(hours=1)
SOLD = line("50.00")


def shop(**settings: Any) -> Play:
    return played(accounts={"gift_cards": GIFT_CARDS, "deposit": "4"}, **settings)


def card(amount: str = "30.00", **more: Any) -> GiftCardPayment:
    values: dict[str, Any] = {
        "transaction_id": "77",
        "order_id": "1001",
        "amount": money(amount),
        "currency": "USD",
        "paid_at": NOON,
        "gateway": "gift_card",
    }
    return GiftCardPayment(**{**values, **more})


def used(play: Play) -> Decimal:
    """How much less the shop owes to holders of gift cards."""
    return play.posted(GIFT_CARDS)


def test_a27_part_that_a_gift_card_paid_leaves_the_clearing_account_for_the_liability() -> None:
    play = shop()
    play.run("orders.paid", order(SOLD))

    play.run("orders.gift_card_paid", card(), time=LATER)

    assert (play.balance(CLEARING), used(play)) == (Decimal("20.00"), Decimal("30.00"))
    assert play.only("SalesReceipt")["TotalAmt"] == Decimal("50.00")


def test_a27_gift_card_that_is_told_before_its_order_waits() -> None:
    play = shop()

    with pytest.raises(WaitsForSale):
        play.run("orders.gift_card_paid", card())

    play.run("orders.created", unpaid(SOLD))
    with pytest.raises(WaitsForSale):
        play.run("orders.gift_card_paid", card(), time=LATER)
    play.run("orders.paid", order(SOLD), time=LATER)
    play.run("orders.gift_card_paid", card(), time=LATER)
    assert (play.balance(CLEARING), used(play)) == (Decimal("20.00"), Decimal("30.00"))


def test_a27_gift_card_that_is_told_again_moves_nothing_also_after_a_death() -> None:
    play = shop()
    play.run("orders.paid", order(SOLD))
    play.run("orders.gift_card_paid", card(), time=LATER)

    play.run("orders.gift_card_paid", card(), time=LATER)

    assert play.writes == []
    assert len(play.all("JournalEntry")) == 1


@pytest.mark.parametrize("writes", [0, 1, 2], ids=["at-once", "before-the-card", "never"])
def test_a27_cancelled_order_gives_the_gift_card_its_value_again_once(writes: int) -> None:
    play = shop()
    play.run("orders.paid", order(SOLD))
    play.run("orders.gift_card_paid", card(), time=LATER)
    cancelled = order(SOLD, lifecycle="cancelled")
    play.dies_after = writes
    if writes < 2:
        with pytest.raises(Died):
            play.run("orders.cancelled", cancelled, time=LAST)
    play.dies_after = None

    play.run("orders.cancelled", cancelled, time=LAST)
    play.run("orders.cancelled", cancelled, time=LAST)

    assert (play.balance(CLEARING), used(play)) == (0, 0)


def test_a27_edited_order_remembers_what_its_gift_card_paid() -> None:
    play = shop()
    play.run("orders.paid", order(SOLD))
    play.run("orders.gift_card_paid", card(), time=LATER)
    play.run("orders.edited", order(line("60.00")), time=LATER)

    play.run("orders.cancelled", order(line("60.00"), lifecycle="cancelled"), time=LAST)

    assert (play.balance(CLEARING), used(play)) == (0, 0)


def test_a27_refund_to_the_gift_card_and_the_money_leaves_nothing() -> None:
    play = shop()
    play.run("orders.paid", order(SOLD))
    play.run("orders.gift_card_paid", card(), time=LATER)

    play.run("orders.refunded", refund(back(SOLD), store_credit=money("30.00")), time=LAST)

    assert (play.balance(CLEARING), used(play)) == (0, 0)


def test_a27_order_that_a_gift_card_paid_whole_moves_nothing_more() -> None:
    play = shop()
    play.run("orders.paid", order(SOLD, payment_method=PaymentMethod(gateway="gift_card")))

    outcome = play.run("orders.gift_card_paid", card("50.00"), time=LATER)

    assert outcome == Skipped("paid_from_the_liability")
    assert used(play) == Decimal("50.00")


def test_a27_gift_card_of_an_order_that_is_not_booked_is_skipped() -> None:
    play = shop()
    play.run("orders.paid", order(SOLD, test=True))

    assert play.run("orders.gift_card_paid", card()) == Skipped("sale_not_booked")


def test_a27_gift_card_without_a_liability_account_names_the_setting() -> None:
    play = played()
    play.run("orders.paid", order(SOLD))

    with pytest.raises(AccountUnmapped) as raised:
        play.run("orders.gift_card_paid", card(), time=LATER)

    assert raised.value.fix == "counterfoil connections set acme-woo accounts.gift_cards=ID"


def test_a27_gift_card_in_another_currency_than_its_sale_is_left_to_a_person() -> None:
    play = shop()
    play.run("orders.paid", order(SOLD))

    with pytest.raises(CurrencyUnsupported, match="is in EUR, but SalesReceipt 1001 was booked in USD"):
        play.run("orders.gift_card_paid", card(currency="EUR"), time=LATER)
