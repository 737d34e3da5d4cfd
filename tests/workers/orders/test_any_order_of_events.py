"""Whatever the order of arrival, however often delivered, whenever a worker dies: the books end up the same."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.orders import Order, Refund
from schemas.shape import Shape
from tests.workers.play import CLEARING, NOON, Died, Play, played, prefer
from tests.workers.stories import back, line, money, order, refund, unpaid
from workers.errors import WaitsForSale
from workers.steps import Json

CHEAP = line("20.00", tax="1.60")
DEAR = line("30.00", tax="2.40", quantity="2")
STORY: tuple[tuple[str, Shape], ...] = (
    ("orders.created", unpaid(CHEAP)),
    ("orders.edited", unpaid(DEAR)),
    ("orders.updated", unpaid(DEAR, payment="part_paid", amount_paid=money("10.00"))),
    ("orders.paid", order(DEAR, amount_paid=money("32.40"))),
    ("orders.refunded", refund(back(DEAR, total=money("10.00"), tax=money("0.00"), taxes=()))),
    ("orders.refunded", refund(refund_id="10", total=money("5.00"))),
    ("orders.updated", order(DEAR, amount_paid=money("32.40"), store_status="completed")),
)
"""One order's life: made, edited, paid in two parts, refunded twice, completed; one hour between the chapters."""


def deliver(play: Play, chapter: int, dies_after: int | None) -> bool:
    """Hand one event over as RabbitMQ does: again after a death. False: it waits for its sale."""
    event_type, payload = STORY[chapter]
    time = NOON + timedelta(hours=chapter)
    play.dies_after = dies_after
    try:
        play.run(event_type, payload, time=time)
    except Died:
        play.dies_after = None
        return deliver(play, chapter, None)
    except WaitsForSale:
        return False
    return True


def total(rows: list[Json]) -> Decimal:
    return sum((Decimal(row["TotalAmt"]) for row in rows), Decimal(0))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.permutations(range(len(STORY))),
    st.lists(st.integers(0, len(STORY) - 1), max_size=4),
    st.lists(st.sampled_from([None, None, 0, 1, 2]), min_size=20, max_size=20),
)
def test_any_arrival_ends_in_the_same_books(
    arrival: list[int], repeats: list[int], deaths: list[int | None]
) -> None:
    play = played(company={"custom_numbers": True}, number_prefix="W-")
    prefer(play, "SalesFormsPrefs", CustomTxnNumbers=True)
    queue = [*arrival, *repeats]
    rounds = 0
    while queue:
        rounds += 1
        assert rounds < 100, "a refund waits for a sale that was booked"
        chapter = queue.pop(0)
        if not deliver(play, chapter, deaths[rounds % len(deaths)]):
            queue.append(chapter)

    sold = total(play.all("SalesReceipt")) + total(play.all("Invoice"))
    given_back = total(play.all("RefundReceipt")) + total(play.all("CreditMemo"))
    assert sold - given_back == Decimal("17.40")
    assert play.balance(CLEARING) == Decimal("17.40")
    assert all(row["Balance"] == 0 for row in play.all("Invoice"))
    assert len(play.all("Customer")) == 1


def test_the_story_is_told_in_shapes_that_stores_send() -> None:
    assert all(isinstance(payload, Order | Refund) for _, payload in STORY)
