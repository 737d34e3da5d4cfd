"""A remembered customer that QuickBooks no longer takes: merged into another one, made inactive, or gone (A65)."""

from collections.abc import Generator
from typing import Any

from workers.errors import RemovedInQuickBooks
from workers.mapping.frame import Frame
from workers.mapping.names import quoted
from workers.parties.party import Party
from workers.parties.search import found_customer, matching_customers
from workers.steps import Step, find, remember

GONE = ("610", "2500")
"""Something that a document refers to is inactive, or is not there. Source: Intuit's page "Error codes"."""


def successor_of(customer_id: str, party: Party, frame: Frame) -> Generator[Step, Any, str | None]:
    """The customer who took over, remembered from now on; None when nothing is wrong with this one.

    Raises:
        RemovedInQuickBooks: no active customer is this buyer: a person must say who it is.
    """
    rows = yield from find("Customer", f"Id = {quoted(customer_id)} AND Active IN (true, false)")
    if rows and rows[0].get("Active", True):
        return None
    if frame.settings.inactive_customers == "reactivate":
        survivor = yield from found_customer(party, frame)
    else:
        others = yield from matching_customers(party, frame)
        active = [row for row in others if row.get("Active", True)]
        survivor = min(active, key=lambda row: int(row["Id"]), default=None)
    if survivor is None:
        raise customer_gone(customer_id, party, frame)
    for key in party.keys:
        yield from remember(party.mapping(key, str(survivor["Id"]), str(survivor["SyncToken"])))
    return str(survivor["Id"])


def customer_gone(customer_id: str, party: Party, frame: Frame) -> RemovedInQuickBooks:
    """The error that asks who the buyer is by now."""
    return RemovedInQuickBooks(
        f"{frame.subject}: QuickBooks customer {customer_id} was merged, removed or made inactive, and no other one is "
        "this buyer. Make it active there, or say which customer it is, then Retry.",
        cause=f"customer {customer_id}",
        fix=party.fix(frame),
    )
