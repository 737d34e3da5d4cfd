"""A74 where orders are not in the books yet: failed, of unknown outcome, ignored, or late."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from schemas.orders import Order
from tests.workers.inventory.shelf import Shelf, Trouble
from tests.workers.stories import line, order


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    made = Shelf()
    yield made
    made.close()


def sell(shelf: Shelf, *, quantity: str = "2") -> Order:
    """The shop sells mugs; its order and its level are on their way."""
    price = str(Decimal("11.99") * int(quantity))
    sold = order(line(price, sku="TIN-MUG", quantity=quantity), created_at=shelf.now)
    shelf.quantity -= int(quantity)
    shelf.publish("orders.paid", sold, "order/1001", "order/1001")
    shelf.tell_level()
    return sold


def count(shelf: Shelf) -> None:
    """The level's event runs, and once more after its wait."""
    for _ in range(2):
        shelf.work("inventory", 0)


def test_a74_order_in_the_error_queue_is_not_adjusted_away(shelf: Shelf) -> None:
    sell(shelf)
    shelf.work("orders", 0, "refused")

    count(shelf)

    assert shelf.adjustments() == []
    shelf.retry(shelf.failed()[0])
    shelf.finish()
    assert shelf.on_hand == 98
    assert shelf.adjustments() == []


@pytest.mark.parametrize("trouble", ["lost before", "lost after", "dies before", "dies after"])
def test_a74_level_waits_while_an_orders_outcome_is_unknown(shelf: Shelf, trouble: Trouble) -> None:
    sell(shelf)
    shelf.work("orders", 0, trouble)

    count(shelf)

    assert shelf.adjustments() == []
    shelf.finish()
    assert shelf.on_hand == 98
    assert shelf.adjustments() == []


def test_a74_order_that_is_ignored_later_becomes_an_adjustment(shelf: Shelf) -> None:
    sell(shelf)
    shelf.work("orders", 0, "refused")
    count(shelf)

    shelf.ignore(shelf.failed()[0])

    shelf.recount()
    shelf.finish()
    assert shelf.on_hand == 98
    assert shelf.adjustments() == [-2]


def test_a74_order_that_comes_long_after_its_level_is_not_counted_twice(shelf: Shelf) -> None:
    sell(shelf)
    count(shelf)
    assert shelf.adjustments() == [-2]

    shelf.work("orders", 0)

    shelf.finish()
    assert shelf.on_hand == 98
    assert shelf.adjustments() == [-2, 2]


def test_a74_sale_after_the_level_was_counted_stays(shelf: Shelf) -> None:
    shelf.quantity = Decimal(90)
    shelf.tell_level()
    level = shelf.queues["inventory"].pop()
    shelf.now = shelf.now.replace(minute=5)
    sell(shelf)
    shelf.work("orders", 0)
    shelf.queues["inventory"] = [level]

    count(shelf)

    assert shelf.on_hand == 88
    assert shelf.adjustments() == [-10]


def test_ordinary_sales_need_no_adjustment_and_no_second_count(shelf: Shelf) -> None:
    sell(shelf)
    shelf.work("orders", 0)

    shelf.work("inventory", 0)

    assert shelf.queues == {"orders": [], "inventory": []}
    assert (shelf.recount(), shelf.adjustments()) == (0, [])
