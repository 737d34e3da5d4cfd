"""Short ways to write requests, and to read faults."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from ops.sandbox.company.company import Company
from ops.sandbox.company.faults import FaultError, QuickBooksFault
from ops.sandbox.company.json_values import Json

LANTERN, KETTLE, MUG = "5", "11", "13"
"""Inventory items of the seeded companies, 100 of each."""
SERVICE, NOTEBOOK, BUNDLE = "2", "6", "14"


def sale_line(
    amount: object,
    *,
    item: str | None = SERVICE,
    quantity: object = None,
    price: object = None,
    tax: str | None = None,
    **detail: Any,
) -> Json:
    """A line that sells something."""
    inner: Json = dict(detail)
    if item is not None:
        inner["ItemRef"] = {"value": item}
    if quantity is not None:
        inner["Qty"] = quantity
    if price is not None:
        inner["UnitPrice"] = price
    if tax is not None:
        inner["TaxCodeRef"] = {"value": tax}
    return {"DetailType": "SalesItemLineDetail", "Amount": amount, "SalesItemLineDetail": inner}


def discount_line(amount: object = None, *, percent: object = None) -> Json:
    line: Json = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {}}
    if percent is not None:
        line["DiscountLineDetail"] = {"PercentBased": True, "DiscountPercent": percent}
    if amount is not None:
        line["Amount"] = amount
    return line


def sale(*lines: Json, **head: Any) -> Json:
    """A SalesReceipt of the first customer."""
    return {"CustomerRef": {"value": "1"}, "Line": list(lines), **head}


def key(stored: Json, **more: Any) -> Json:
    """Id and token of a stored object, and what is to change."""
    return {"Id": stored["Id"], "SyncToken": stored["SyncToken"], **more}


def refused(call: Callable[[], object]) -> FaultError:
    """The first error of the fault that a call ends in."""
    return all_refused(call)[0]


def all_refused(call: Callable[[], object]) -> tuple[FaultError, ...]:
    with pytest.raises(QuickBooksFault) as caught:
        call()
    return caught.value.errors


def balance(company: Company, account_id: str) -> Decimal:
    """Net debit of an account."""
    return company.books.store.tables.account_balances.get(account_id, Decimal(0))


def trial_balance_difference(company: Company) -> Decimal:
    """Debits minus credits of the report."""
    total = company.report("TrialBalance", {})["Rows"]["Row"][-1]["Summary"]["ColData"]
    return Decimal(total[1]["value"]) - Decimal(total[2]["value"])
