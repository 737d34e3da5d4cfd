"""Random broken requests: each ends in a fault of the client's making and leaves everything as it was."""

import copy
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.sandbox.company.batch import run_batch
from ops.sandbox.company.company import Company
from ops.sandbox.company.faults import QuickBooksFault
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.seed import seeded_company
from tests.ops.sandbox.company.documents import (
    BUNDLE,
    LANTERN,
    discount_line,
    key,
    sale,
    sale_line,
    trial_balance_difference,
)

SALE = sale(
    sale_line("23.98", item="13", quantity=2, price="11.99", tax="TAX"),
    sale_line("5", item="SHIPPING_ITEM_ID"),
    {"DetailType": "GroupLineDetail", "GroupLineDetail": {"GroupItemRef": {"value": BUNDLE}, "Quantity": 1}},
    {"DetailType": "DescriptionOnly", "Description": "words"},
    discount_line(percent=5),
    TxnTaxDetail={"TxnTaxCodeRef": {"value": "2"}, "TotalTax": "1"},
    DocNumber="R-1",
    TxnDate="2026-02-02",
    ShipAddr={"Line1": "1 Way", "Country": "US"},
    BillEmail={"Address": "a@b.cd"},
    LinkedTxn=[],
    ApplyTaxAfterDiscount=True,
)
_EXPENSE = {
    "DetailType": "AccountBasedExpenseLineDetail",
    "Amount": 5,
    "AccountBasedExpenseLineDetail": {"AccountRef": {"value": "14"}, "TaxCodeRef": {"value": "NON"}},
}
_BOUGHT = {
    "DetailType": "ItemBasedExpenseLineDetail",
    "Amount": 5,
    "ItemBasedExpenseLineDetail": {"ItemRef": {"value": LANTERN}, "Qty": 1, "UnitPrice": 5},
}
_PAID = {"Amount": "10", "LinkedTxn": [{"TxnId": "1", "TxnType": "Invoice"}]}


def _journal(side: str) -> Json:
    detail = {
        "PostingType": side,
        "AccountRef": {"value": "84"},
        "Entity": {"Type": "Customer", "EntityRef": {"value": "1"}},
    }
    return {"DetailType": "JournalEntryLineDetail", "Amount": 5, "JournalEntryLineDetail": detail}


_DEPOSITED = {
    "DetailType": "DepositLineDetail",
    "Amount": 5,
    "DepositLineDetail": {"AccountRef": {"value": "1"}, "Entity": {"value": "1"}},
}
_ADJUSTED = {
    "DetailType": "ItemAdjustmentLineDetail",
    "ItemAdjustmentLineDetail": {"ItemRef": {"value": "13"}, "QtyDiff": -1},
}
BODIES: dict[str, Json] = {
    "SalesReceipt": SALE,
    "Invoice": SALE,
    "CreditMemo": SALE,
    "Estimate": SALE,
    "RefundReceipt": {**SALE, "DepositToAccountRef": {"value": "35"}},
    "Payment": {
        "CustomerRef": {"value": "1"},
        "TotalAmt": 30,
        "Line": [_PAID],
        "PaymentMethodRef": {"value": "1"},
    },
    "Purchase": {"PaymentType": "Cash", "AccountRef": {"value": "35"}, "Line": [_EXPENSE, _BOUGHT]},
    "Bill": {"VendorRef": {"value": "9"}, "Line": [_EXPENSE, _BOUGHT], "SalesTermRef": {"value": "3"}},
    "JournalEntry": {"Line": [_journal("Debit"), _journal("Credit")], "DocNumber": "J-1"},
    "Deposit": {
        "DepositToAccountRef": {"value": "35"},
        "Line": [_DEPOSITED],
        "CashBack": {"AccountRef": {"value": "20"}, "Amount": 1},
    },
    "Transfer": {"FromAccountRef": {"value": "35"}, "ToAccountRef": {"value": "36"}, "Amount": 5},
    "InventoryAdjustment": {
        "AdjustAccountRef": {"value": "91"},
        "Line": [_ADJUSTED],
        "TxnDate": "2026-02-02",
    },
    "Customer": {
        "DisplayName": "Odd",
        "Job": True,
        "ParentRef": {"value": "2"},
        "BillAddr": {"Line1": "x"},
        "PrimaryEmailAddr": {"Address": "a@b.cd"},
        "CurrencyRef": {"value": "USD"},
        "DefaultTaxCodeRef": {"value": "2"},
    },
    "Vendor": {"DisplayName": "Odd", "TermRef": {"value": "1"}, "Vendor1099": True},
    "Employee": {"GivenName": "Odd", "HiredDate": "2026-01-01"},
    "Item": {
        "Name": "Odd",
        "Type": "Inventory",
        "TrackQtyOnHand": True,
        "QtyOnHand": 5,
        "PurchaseCost": 2,
        "InvStartDate": "2026-01-01",
        "AssetAccountRef": {"value": "81"},
        "IncomeAccountRef": {"value": "79"},
        "ExpenseAccountRef": {"value": "80"},
    },
    "Account": {
        "Name": "Odd",
        "AccountType": "Bank",
        "AccountSubType": "Checking",
        "ParentRef": {"value": "35"},
    },
    "Term": {"Name": "Odd", "DueDays": 5},
    "Class": {"Name": "Odd", "ParentRef": {"value": "1"}},
    "PaymentMethod": {"Name": "Odd", "Type": "CREDIT_CARD"},
    "TaxAgency": {"DisplayName": "Odd"},
    "TaxService": {
        "TaxCode": "Odd",
        "TaxRateDetails": [
            {"TaxRateName": "Odd", "RateValue": 5, "TaxAgencyId": "1", "TaxApplicableOn": "Sales"}
        ],
    },
    "CompanyCurrency": {"Code": "EUR"},
    "ExchangeRate": {"SourceCurrencyCode": "EUR", "Rate": "1.1", "AsOfDate": "2026-01-01"},
    "Attachable": {"Note": "n", "AttachableRef": [{"EntityRef": {"type": "Invoice", "value": "1"}}]},
}
UPDATABLE = sorted(set(BODIES) - {"TaxAgency", "TaxService"})

junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**14), 10**14),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["", "1", "²", "9" * 5000, "2026-02-30", "SHIPPING_ITEM_ID", "TAX", "1e400", " ", "a:b", {}, []]
    ),
    st.just({"value": "1"}),
    st.just({"value": {"value": 1}}),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=2),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a document."""
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        found.extend(places(one, (*path, name)))
    return found


def broken(draw: Any, body: Json) -> Json:
    """A document with something replaced, taken out, doubled or put in."""
    document = copy.deepcopy(body)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(document) or [()]))
        if not path:
            break
        holder: Any = document
        for step in path[:-1]:
            holder = holder[step]
        act = draw(st.sampled_from(["replace", "replace", "remove", "double", "add"]))
        put_in = copy.deepcopy(draw(junk))
        if act == "remove":
            del holder[path[-1]]
        elif act == "double" and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[path[-1]]))
        elif act == "add" and isinstance(holder, dict):
            holder[draw(st.sampled_from(["Line", "Amount", "Id", "value", "Bogus", "LinkedTxn"]))] = put_in
        else:
            holder[path[-1]] = put_in
    return document


def state(company: Company) -> object:
    """Everything the company holds, to compare."""
    tables = company.books.store.tables
    plain = {one.name: copy.copy(getattr(tables, one.name)) for one in fields(tables) if one.name != "stock"}
    plain["rows"] = {entity: dict(rows) for entity, rows in tables.rows.items() if rows}
    return plain, {item: stock.posted() for item, stock in tables.stock.items()}


def refused_or_balanced(company: Company, call: Any) -> None:
    """Carry a request out: it works and the books balance, or it is refused and nothing has changed."""
    before = state(company)
    try:
        call()
    except QuickBooksFault as fault:
        assert fault.status == 400, fault
        assert state(company) == before
    else:
        assert trial_balance_difference(company) == 0
        assert sum(company.books.store.tables.account_balances.values(), Decimal(0)) == 0


def still_now() -> datetime:
    return datetime(2026, 3, 10, 18, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def seeded() -> tuple[Company, object]:
    company = seeded_company("US", "7", clock=still_now)
    return company, company.snapshot()


@pytest.mark.parametrize("entity", sorted(BODIES))
def test_the_bodies_that_get_broken_are_good_ones(seeded: tuple[Company, object], entity: str) -> None:
    company, snapshot = seeded
    company.restore(snapshot)

    company.create(entity, BODIES[entity])

    assert trial_balance_difference(company) == 0


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_broken_creates_change_nothing(seeded: tuple[Company, object], data: Any) -> None:
    company, snapshot = seeded
    company.restore(snapshot)
    entity = data.draw(st.sampled_from(sorted(BODIES)))
    body = broken(data.draw, BODIES[entity])

    refused_or_balanced(company, lambda: company.create(entity, body))


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_broken_updates_deletes_and_voids_change_nothing(seeded: tuple[Company, object], data: Any) -> None:
    company, snapshot = seeded
    company.restore(snapshot)
    entity = data.draw(st.sampled_from(UPDATABLE))
    stored = company.create(entity, BODIES[entity])
    sparse = data.draw(st.booleans())
    body = broken(data.draw, {**key(stored), **BODIES[entity]} if sparse else stored)
    body["sparse"] = sparse
    acts = [lambda: company.update(entity, body)]
    if entity in ("SalesReceipt", "Payment", "Invoice"):
        acts.append(lambda: company.update(entity, body, include=frozenset({"void"})))
    if entity in ("SalesReceipt", "Payment", "Invoice", "Deposit", "Purchase", "CreditMemo"):
        acts.append(lambda: company.delete(entity, body))

    refused_or_balanced(company, data.draw(st.sampled_from(acts)))


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_broken_preferences_change_nothing_and_break_nothing(
    seeded: tuple[Company, object], data: Any
) -> None:
    company, snapshot = seeded
    company.restore(snapshot)
    body = broken(data.draw, company.read("Preferences", "1"))

    refused_or_balanced(company, lambda: company.update("Preferences", body))
    refused_or_balanced(company, lambda: company.create("Invoice", SALE))


WORDS = [
    *("select", "count", "(", ")", "*", "from", "where", "and", "orderby", "order", "by", "asc", "desc"),
    *("startposition", "maxresults", "in", "like", "=", "<", ">", "<=", ">=", "!=", ",", ";", "'", '"', "²"),
    *("Customer", "Invoice", "Item", "TaxCode", "Id", "DisplayName", "Balance", "Active", "TxnDate"),
    *("MetaData.CreateTime", "CustomerRef", "'1'", "'a%'", "5", "0", "true", r"'x\'y'", "'2026-01-01'", "-3"),
]


@settings(max_examples=300, deadline=None)
@given(words=st.lists(st.sampled_from(WORDS), max_size=14), start=st.booleans())
def test_any_words_are_a_query_or_a_fault(
    seeded: tuple[Company, object], words: list[str], start: bool
) -> None:
    company, _ = seeded
    statement = " ".join((["select", "*", "from", "Customer"] if start else []) + words)

    refused_or_balanced(company, lambda: company.query(statement))


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_broken_batches_answer_every_item(seeded: tuple[Company, object], data: Any) -> None:
    company, snapshot = seeded
    company.restore(snapshot)
    good = {"bId": "1", "operation": "create", "SalesReceipt": SALE}
    items = [broken(data.draw, good), {"bId": "2", "operation": "create", "Class": {"Name": "Fine"}}]

    answers = run_batch(company, items)

    assert len(answers) == 2
    assert answers[1]["Class"]["Name"] == "Fine"
    assert trial_balance_difference(company) == 0
