"""Random valid documents against a second, plain calculation of totals, balances, stock and trial balance."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.sandbox.company.company import Company
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.seed import CountryCode, seeded_company
from tests.ops.sandbox.company.documents import discount_line, key, trial_balance_difference

MUG, KETTLE = "13", "11"
STOCK, RECEIVABLE, UNDEPOSITED, EXCHANGE = "81", "84", "4", "37"
RATES = {
    "US": {"TAX": Decimal(8), "NON": Decimal(0)},
    "GB": {"3": Decimal(20), "4": Decimal(5), "5": Decimal(0)},
}
DAYS = [f"2026-02-{day:02d}" for day in range(1, 29)]
FORMS = {"SalesReceipt": 1, "Invoice": 1, "CreditMemo": -1, "RefundReceipt": -1}


def half_up(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass
class Model:
    """What the books must say, worked out the slow way."""

    rates: dict[str, Decimal]
    customer: Decimal
    documents: dict[tuple[str, str], Json] = field(default_factory=dict)
    moves: dict[str, list[tuple[str, int, Decimal, Decimal | None]]] = field(default_factory=dict)

    def total(self, sent: Json) -> Decimal:
        """Lines, less the discount, plus the tax of each rate on the sum of its lines."""
        sums: dict[str, Decimal] = {}
        for line in sent["Line"]:
            if line["DetailType"] == "SalesItemLineDetail":
                code = line["SalesItemLineDetail"]["TaxCodeRef"]["value"]
                sums[code] = sums.get(code, Decimal(0)) + Decimal(line["Amount"])
        net = sum(sums.values(), Decimal(0))
        percents = [
            one["DiscountLineDetail"]["DiscountPercent"]
            for one in sent["Line"]
            if "DiscountLineDetail" in one
        ]
        discount = half_up(net * sum(percents, Decimal(0)) / 100)
        outside = "TAX" not in self.rates
        if outside and net:
            sums = {code: half_up(one * (net - discount) / net) for code, one in sums.items()}
        tax = sum((half_up(one * self.rates[code] / 100) for code, one in sums.items()), Decimal(0))
        return net - discount + tax

    def stock(self, item: str) -> tuple[Decimal, Decimal]:
        """Quantity and value by a plain first-in-first-out over all moves; only for stock that stays positive."""
        layers: deque[list[Decimal]] = deque()
        for _, _, quantity, value in sorted(self.moves.get(item, []), key=lambda one: one[:2]):
            if quantity > 0:
                if value is None:
                    held, worth = layers[-1]
                    value = half_up(quantity * worth / held)
                if layers and layers[-1][1] * quantity == value * layers[-1][0]:
                    layers[-1] = [layers[-1][0] + quantity, layers[-1][1] + value]
                else:
                    layers.append([quantity, value])
                continue
            left = -quantity
            while left:
                held, worth = layers[0]
                taken = min(left, held)
                cost = worth if taken == held else half_up(worth * taken / held)
                layers[0] = [held - taken, worth - cost]
                if taken == held:
                    layers.popleft()
                left -= taken
        return sum((one[0] for one in layers), Decimal(0)), sum((one[1] for one in layers), Decimal(0))


money = st.decimals(min_value="0.01", max_value="999.99", places=2)
quantities = st.integers(1, 3)


@st.composite
def forms(draw: st.DrawFn, codes: list[str]) -> tuple[str, Json]:
    """A random valid sales form of the first customer."""
    lines: list[Json] = []
    for _ in range(draw(st.integers(1, 4))):
        detail: Json = {"TaxCodeRef": {"value": draw(st.sampled_from(codes))}}
        if draw(st.booleans()):
            quantity, price = draw(quantities), draw(money)
            detail.update(
                ItemRef={"value": draw(st.sampled_from([MUG, KETTLE]))}, Qty=quantity, UnitPrice=price
            )
            amount = half_up(quantity * price)
        else:
            detail["ItemRef"] = {"value": draw(st.sampled_from(["1", "2", "6"]))}
            amount = draw(money)
        lines.append({"DetailType": "SalesItemLineDetail", "Amount": amount, "SalesItemLineDetail": detail})
    if draw(st.booleans()):
        lines.append(discount_line(percent=Decimal(draw(st.integers(0, 100)))))
    body: Json = {"CustomerRef": {"value": "1"}, "Line": lines, "TxnDate": draw(st.sampled_from(DAYS))}
    kind = draw(st.sampled_from(sorted(FORMS)))
    if kind == "RefundReceipt":
        body["DepositToAccountRef"] = {"value": UNDEPOSITED}
    if "TAX" in codes:
        body["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": "2"}}
    return kind, body


@st.composite
def bodies(draw: st.DrawFn, codes: list[str]) -> tuple[str, Json]:
    """A random valid document: a sales form, a purchase of stock, or an adjustment."""
    choice = draw(st.integers(0, 5))
    if choice == 0:
        line = {"ItemRef": {"value": draw(st.sampled_from([MUG, KETTLE]))}, "Qty": draw(quantities)}
        if "TAX" not in codes:
            line["TaxCodeRef"] = {"value": "5"}
        bought = {
            "DetailType": "ItemBasedExpenseLineDetail",
            "Amount": draw(money),
            "ItemBasedExpenseLineDetail": line,
        }
        head = {"PaymentType": "Cash", "AccountRef": {"value": "35"}, "TxnDate": draw(st.sampled_from(DAYS))}
        return "Purchase", {**head, "Line": [bought]}
    if choice == 1 and "TAX" in codes:
        detail = {
            "ItemRef": {"value": draw(st.sampled_from([MUG, KETTLE]))},
            "QtyDiff": draw(st.sampled_from([-2, -1, 1, 2])),
        }
        line = {"DetailType": "ItemAdjustmentLineDetail", "ItemAdjustmentLineDetail": detail}
        day = draw(st.sampled_from(DAYS))
        return "InventoryAdjustment", {"AdjustAccountRef": {"value": "91"}, "TxnDate": day, "Line": [line]}
    return draw(forms(codes))


def record(model: Model, kind: str, stored: Json, sent: Json) -> None:
    """Put a stored document into the model, in the place of what was there."""
    forget(model, kind, stored["Id"])
    model.documents[(kind, stored["Id"])] = sent
    sequence = int(stored["Id"])
    for line in sent["Line"]:
        detail = line[line["DetailType"]]
        item = detail.get("ItemRef", {}).get("value")
        if item not in (MUG, KETTLE):
            continue
        if kind in FORMS:
            move = (Decimal(-detail["Qty"] * FORMS[kind]), None)
        elif kind == "Purchase":
            move = (Decimal(detail["Qty"]), Decimal(line["Amount"]))
        else:
            move = (Decimal(detail["QtyDiff"]), None)
        model.moves.setdefault(item, []).append((sent["TxnDate"], sequence, *move))


def forget(model: Model, kind: str, id: str) -> None:
    model.documents.pop((kind, id), None)
    for item, moves in model.moves.items():
        model.moves[item] = [one for one in moves if one[1] != int(id)]


def check(company: Company, model: Model) -> None:
    """Every number of the books against the model."""
    owed = model.customer
    for (kind, id), sent in model.documents.items():
        stored = company.read(kind, id)
        if kind in FORMS:
            assert stored["TotalAmt"] == model.total(sent)
        if kind in ("Invoice", "CreditMemo"):
            assert stored["Balance"] == stored["TotalAmt"]
            owed += stored["TotalAmt"] * FORMS[kind]
    assert company.read("Customer", "1")["Balance"] == owed
    layers = Decimal(0)
    for item in (MUG, KETTLE):
        quantity, value = model.stock(item)
        assert company.read("Item", item)["QtyOnHand"] == quantity
        assert company.books.store.tables.stock[item].held.value == value
        layers += value
    lantern = company.books.store.tables.stock["5"].held.value
    balances = company.books.store.tables.account_balances
    assert balances[STOCK] == layers + lantern
    assert sum(balances.values()) == 0
    customers = company.query("select * from Customer")["Customer"]
    assert balances[RECEIVABLE] == sum(row["Balance"] for row in customers)
    assert EXCHANGE not in balances
    assert trial_balance_difference(company) == 0
    shown = {
        row["ColData"][0]["id"]: Decimal(row["ColData"][1]["value"] or "0")
        - Decimal(row["ColData"][2]["value"] or "0")
        for row in company.report("TrialBalance", {})["Rows"]["Row"][:-1]
    }
    assert shown == {account: amount for account, amount in balances.items() if amount}


def still_now() -> datetime:
    return datetime(2026, 3, 10, 18, 0, tzinfo=UTC)


@pytest.fixture(scope="module", params=["US", "GB"])
def seeded(request: pytest.FixtureRequest) -> tuple[Company, object, CountryCode]:
    country: CountryCode = request.param
    company = seeded_company(country, "7", clock=still_now)
    return company, company.snapshot(), country


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_books_agree_with_a_plain_calculation(seeded: tuple[Company, object, CountryCode], data: Any) -> None:
    company, snapshot, country = seeded
    company.restore(snapshot)
    model = Model(RATES[country], company.read("Customer", "1")["Balance"])
    for item, cost in ((MUG, "3.40"), (KETTLE, "14.25")):
        model.moves[item] = [("2020-01-01", 0, Decimal(100), 100 * Decimal(cost))]
    codes = sorted(RATES[country])

    for _ in range(data.draw(st.integers(1, 12))):
        act = data.draw(st.sampled_from(["create", "create", "create", "update", "delete"]))
        if act == "create" or not model.documents:
            kind, sent = data.draw(bodies(codes))
            record(model, kind, company.create(kind, sent), sent)
            continue
        kind, id = data.draw(st.sampled_from(sorted(model.documents)))
        stored = company.read(kind, id)
        if act == "delete":
            company.delete(kind, key(stored))
            forget(model, kind, id)
        elif kind in FORMS:
            _, sent = data.draw(forms(codes))
            sent = {name: value for name, value in sent.items() if name != "DepositToAccountRef"}
            record(model, kind, company.update(kind, key(stored, sparse=True, **sent)), sent)

    check(company, model)
