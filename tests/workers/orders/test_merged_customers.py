"""Customers that a person merges in QuickBooks: what comes later goes to the one who is left (A65)."""

from datetime import timedelta
from typing import Any

from tests.workers.play import NOON, Play, played
from tests.workers.stories import line, money, order, unpaid

LATER = NOON + timedelta(hours=1)
SOLD = line("9.50", tax="0.76")


def update(play: Play, entity: str, row: dict[str, Any], **changes: Any) -> None:
    now = play.books.read(entity, row["Id"])
    play.books.update(entity, {"Id": now["Id"], "SyncToken": now["SyncToken"], "sparse": True, **changes})


def test_a65_payment_of_an_invoice_that_moved_with_a_merge_is_the_survivors() -> None:
    play = played()
    play.run("orders.created", unpaid(SOLD))
    jane, invoice = play.only("Customer"), play.only("Invoice")
    survivor = play.books.create("Customer", {"DisplayName": "J. Doe"})
    update(play, "Invoice", invoice, CustomerRef={"value": survivor["Id"]})
    update(play, "Customer", jane, Active=False)

    play.run("orders.paid", order(SOLD), time=LATER)

    payment = play.only("Payment")
    assert (payment["CustomerRef"]["value"], payment["TotalAmt"]) == (survivor["Id"], money("10.26"))
    assert play.only("Invoice")["Balance"] == 0
