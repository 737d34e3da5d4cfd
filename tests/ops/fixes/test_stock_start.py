"""A sale older than its item's stock (A77), the whole way: it fails, ``errors fix`` repairs it, it is booked."""

from typing import Any

import pytest

from tests.ops.office import Office
from tests.rig.stack import order_event

BEGINS = "2026-11-22"


def of_mug() -> dict[str, Any]:
    """A mug of 20 November."""
    event = order_event(1)
    event["data"]["lines"][0] |= {"product_id": "77", "sku": "TIN-MUG"}
    return event


def begin_late(office: Office) -> dict[str, Any]:
    mug = next(row for row in office.objects("Item").values() if row.get("Sku") == "TIN-MUG")
    key = {"Id": mug["Id"], "SyncToken": mug["SyncToken"], "sparse": True}
    office.write("Item", "update", {**key, "InvStartDate": BEGINS})
    return mug


@pytest.mark.parametrize(
    ("way", "sold", "begins"),
    [("move-item", "2026-11-20", "2026-11-20"), ("move-sale", BEGINS, BEGINS)],
)
def test_a77_fails_then_is_fixed_then_booked(way: str, sold: str, begins: str, office: Office) -> None:
    mug = begin_late(office)
    event = of_mug()
    word = office.deliver(event)
    assert (word, office.failed(event["id"]).reason) == ("dead_letter", "before_stock_start")

    office.run("errors", "fix", event["id"], "--way", way, "--no-retry")

    assert office.deliver(event) == "booked"
    assert office.failed(event["id"]).status == "resolved"
    (receipt,) = office.documents()
    now = next(row for row in office.objects("Item").values() if row["Id"] == mug["Id"])
    assert (receipt["TxnDate"], now["InvStartDate"]) == (sold, begins)
