"""A74: whatever the order of arrival and whatever fails in between, QuickBooks ends with the store's quantity."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schemas.orders import Order
from tests.workers.inventory.shelf import MUG, Shelf, Trouble
from tests.workers.stories import back, line, order, refund

PRICE = Decimal("11.99")
CAMP_SET = "14"
"""The sandbox's bundle of two tin mugs and a notebook."""

Kind = Literal[
    "sell", "give_back", "keep_back", "edit", "cancel", "recount_shop", "recount_books",
    "orders", "inventory", "retry", "ignore", "look",
]  # fmt: skip
STORE: tuple[Kind, ...] = (
    "sell", "sell", "give_back", "keep_back", "edit", "cancel", "recount_shop", "recount_books",
)  # fmt: skip
WORK: tuple[Kind, ...] = ("orders", "orders", "inventory", "inventory", "retry", "ignore", "look")
TROUBLES: tuple[Trouble, ...] = (
    "", "", "", "refused", "lost before", "lost after", "dies before", "dies after",
)  # fmt: skip


@dataclass(frozen=True)
class Act:
    """One thing that happens. ``number`` chooses among what there is."""

    kind: Kind
    number: int
    trouble: Trouble


acts = st.lists(
    st.builds(Act, st.sampled_from(STORE + WORK), st.integers(0, 7), st.sampled_from(TROUBLES)),
    min_size=1,
    max_size=30,
)


@dataclass
class Shop:
    """A shop that sells, takes back, edits, cancels and counts; each of it told as a store tells it.

    ``pieces``: how many mugs are in one ``sku`` (a bundle has several).
    """

    shelf: Shelf
    sku: str = "TIN-MUG"
    pieces: int = 1
    orders: list[Order] = field(default_factory=list)
    returned: set[str] = field(default_factory=set)
    refunds: int = 0
    untold: bool = False

    def do(self, act: Act) -> None:
        """Let it happen, a second or more after what was before."""
        shelf = self.shelf
        shelf.now += timedelta(seconds=1 + act.number % 3)
        match act.kind:
            case "orders" | "inventory":
                shelf.work(act.kind, act.number, act.trouble)
            case "retry" | "ignore":
                failed = shelf.failed()
                if failed:
                    event_id = failed[act.number % len(failed)]
                    (shelf.retry if act.kind == "retry" else shelf.ignore)(event_id)
            case "look":
                shelf.recount()
            case "recount_books":
                self._recount_books(Decimal(act.number - 3))
            case "recount_shop":
                self._moved(Decimal(act.number - 3))
            case "sell":
                self._sell(1 + act.number % 3)
            case _:
                self._change(act)

    def _sell(self, quantity: int) -> None:
        number = str(1001 + len(self.orders))
        self._tell(self._mugs(number, quantity, created_at=self.shelf.now), "orders.paid")
        self._moved(Decimal(-quantity * self.pieces))

    def _mugs(self, number: str, quantity: int, **more: Any) -> Order:
        sold = line(str(PRICE * quantity), sku=self.sku, quantity=str(quantity))
        return order(sold, order_id=number, number=number, **more)

    def _change(self, act: Act) -> None:
        """Something happens to an order that nothing happened to before."""
        open_orders = [one for one in self.orders if one.order_id not in self.returned]
        if not open_orders:
            return
        sold = open_orders[act.number % len(open_orders)]
        quantity = sold.lines[0].quantity
        match act.kind:
            case "edit":
                again = self._mugs(sold.number, int(quantity) + 1, created_at=sold.created_at)
                self._tell(again, "orders.updated")
                self._moved(Decimal(-self.pieces))
            case "cancel":
                self.returned.add(sold.order_id)
                ended = sold.model_copy(
                    update={
                        "lifecycle": "cancelled",
                        "store_status": "cancelled",
                        "updated_at": self.shelf.now,
                    }
                )
                self._tell(ended, "orders.cancelled")
                self._moved(quantity * self.pieces)
            case _:
                self.returned.add(sold.order_id)
                self._give_back(sold, restocked=act.kind == "give_back")

    def _give_back(self, sold: Order, *, restocked: bool) -> None:
        self.refunds += 1
        given_back = refund(
            back(sold.lines[0], restocked=restocked),
            refund_id=str(self.refunds),
            order_id=sold.order_id,
            order_number=sold.number,
            created_at=self.shelf.now,
        )
        self.shelf.publish("orders.refunded", given_back, f"refund/{self.refunds}", f"order/{sold.order_id}")
        if restocked:
            self._moved(sold.lines[0].quantity * self.pieces)

    def _tell(self, told: Order, event_type: str) -> None:
        self.orders = [one for one in self.orders if one.order_id != told.order_id] + [told]
        self.shelf.publish(event_type, told, f"order/{told.order_id}", f"order/{told.order_id}")

    def _moved(self, difference: Decimal) -> None:
        self.shelf.quantity += difference
        self.shelf.tell_level()
        self.untold = False

    def _recount_books(self, difference: Decimal) -> None:
        """A bookkeeper corrects QuickBooks by hand; the shop's next level puts it right."""
        if not difference:
            return
        self.shelf.online.books.create(
            "InventoryAdjustment",
            {
                "AdjustAccountRef": {"value": "29"},
                "Line": [
                    {
                        "DetailType": "ItemAdjustmentLineDetail",
                        "ItemAdjustmentLineDetail": {"ItemRef": {"value": MUG}, "QtyDiff": difference},
                    }
                ],
            },
        )
        self.untold = True

    def end(self) -> None:
        """All is worked off; what failed is retried, once what was wrong is mended."""
        if self.untold:
            self.shelf.now += timedelta(seconds=1)
            self.shelf.tell_level()
        for _ in range(5):
            self.shelf.finish()
            failed = self.shelf.failed()
            if not failed:
                return
            for event_id in failed:
                self.shelf.retry(event_id)
        raise AssertionError(f"still failed: {self.shelf.failed()}")


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(acts)
def test_a74_quickbooks_ends_with_the_stores_quantity(happened: list[Act]) -> None:
    assert_quantities_agree(Shop(Shelf()), happened)


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example([Act("sell", 5, ""), Act("inventory", 0, ""), Act("inventory", 0, "")])
@given(acts)
def test_a78_stock_of_a_bundles_parts_ends_with_the_stores_quantity(happened: list[Act]) -> None:
    shelf = Shelf(bundles={"CAMP-SET": CAMP_SET}, items={"bundle": "8"})

    assert_quantities_agree(Shop(shelf, "CAMP-SET", 2), happened)


def assert_quantities_agree(shop: Shop, happened: list[Act]) -> None:
    for act in happened:
        shop.do(act)

    shop.end()

    assert shop.shelf.on_hand == shop.shelf.quantity
    shop.shelf.close()
