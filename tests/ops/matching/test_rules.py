"""The rules of matching themselves, without store and QuickBooks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ops.matching.goods import Items, match_goods
from ops.matching.match import Listed, Match, counts
from ops.matching.money import lists_of, match_money, references
from ops.matching.needs import Needs
from ops.matching.people import Customers, match_people
from ops.matching.sheet import Choice, SheetRefused, read, written
from schemas.connection import ConnectionSettings
from schemas.envelope import Envelope
from tests.ops.office import event
from tests.rig.stack import order_event
from workers.mapping.frame import Frame
from workers.steps import Company, StoreKey, SyncMapping

TAXES: dict[str, Any] = {
    "total": "13.00",
    "taxes": [
        {"tax": "GST 5%", "amount": "0.50", "percent": "5"},
        {"tax": "PST 7%", "amount": "0.70", "percent": "7"},
    ],
    "lines": [
        {"line_id": "1", "name": "Mug", "sku": "M-1", "quantity": "1", "subtotal": "10", "total": "10", "tax": "1.20",
         "taxes": [{"tax": "GST 5%", "amount": "0.50"}, {"tax": "PST 7%", "amount": "0.70"}]},
    ],
    "shipping": [{"line_id": "2", "total": "1.71", "tax": "0.09", "taxes": [{"tax": "GST 5%", "amount": "0.09"}]}],
}  # fmt: skip
BUYER = {"email": "ann@example.com", "first_name": "Ann", "last_name": "Lee"}


def frame(tax: Any = "elsewhere", *, multicurrency: bool = False, **settings: Any) -> Frame:
    company = Company("1", tax=tax, home_currency="CAD", country="CA", multicurrency=multicurrency)
    return Frame("acme-woo", ConnectionSettings.model_validate(settings), company, "Matching")


def needs(of: Frame, *events: dict[str, Any]) -> Needs:
    found = Needs()
    found.take([Envelope.model_validate(one) for one in events], of)
    return found


def order(number: int = 1, **changes: Any) -> dict[str, Any]:
    data: dict[str, Any] = {"currency": "CAD", "buyer": BUYER, "total": "10.00", **changes}
    return order_event(number, **data)


def by_key(matches: Any) -> dict[tuple[str, str], Match]:
    return {(one.kind, one.key): one for one in matches}


def test_taxes_are_those_that_the_tax_map_is_asked_for() -> None:
    """Elsewhere each line asks for its own taxes together; in the US the document asks once; automated tax never."""
    asked = {
        tax: list(needs(frame(tax), order(**TAXES)).taxes)
        for tax in ("elsewhere", "us_manual", "us_automated")
    }

    assert asked == {
        "elsewhere": ["GST 5% + PST 7%", "GST 5%"],
        "us_manual": ["GST 5% + PST 7%"],
        "us_automated": [],
    }


def test_code_of_the_same_rate_is_suggested_and_a_mapped_tax_is_found() -> None:
    codes = [{"Id": "5", "Name": "GST/PST BC"}, {"Id": "3", "Name": "GST"}]
    lists = lists_of({"TaxCode": codes}, {"5": Decimal(12), "3": Decimal(5)})
    of = frame(taxes={"GST 5%": "3"})

    found = by_key(match_money(needs(of, order(**TAXES)), lists, of))

    together, alone = found["tax", "GST 5% + PST 7%"], found["tax", "GST 5%"]
    assert (together.status, [one.name for one in together.candidates]) == ("missing", ["GST/PST BC"])
    assert (alone.status, alone.found) == ("found", Listed("3", "GST"))


def test_two_codes_that_could_be_meant_are_ambiguous() -> None:
    codes: list[dict[str, Any]] = [
        {"Id": "3", "Name": "GST"},
        {"Id": "4", "Name": "gst 5%"},
        {"Id": "9", "Name": "Old", "Active": False},
    ]
    lists = lists_of({"TaxCode": codes}, {"3": Decimal(5), "4": Decimal(5), "9": Decimal(5)})
    of = frame()

    found = by_key(match_money(needs(of, order(**TAXES)), lists, of))

    assert found["tax", "GST 5%"].status == "ambiguous"
    assert [one.quickbooks_id for one in found["tax", "GST 5%"].candidates] == ["4", "3"]


def test_foreign_money_has_a_line_of_its_own_for_account_and_currency() -> None:
    of = frame(multicurrency=True, accounts={"clearing": {"stripe EUR": "7"}})
    rows: dict[str, list[dict[str, Any]]] = {
        "Account": [{"Id": "7", "Name": "Stripe EUR", "AccountType": "Bank"}],
        "CompanyCurrency": [{"Id": "1", "Code": "EUR"}],
    }

    found = by_key(match_money(needs(of, order(), order(2, currency="EUR")), lists_of(rows, {}), of))

    accounts = {key: one.status for (kind, key), one in found.items() if kind == "clearing_account"}
    assert accounts == {"stripe": "missing", "stripe EUR": "found"}
    assert found["currency", "EUR"].status == "found"


def test_guest_and_account_of_one_person_are_two_lines_each_with_its_orders() -> None:
    of = frame()
    account = {**BUYER, "customer_id": "77"}
    asked = needs(of, order(1), order(2), order(3, buyer=account))
    row = {"Id": "4", "DisplayName": "Ann Lee", "PrimaryEmailAddr": {"Address": "ANN@example.com"}}

    found = by_key(match_people(asked, Customers([row]), {}, of))

    lines = {key: (one.status, one.used) for (_, key), one in found.items()}
    assert lines == {"email/ann@example.com": ("found", 2), "customer/77": ("found", 1)}


@pytest.mark.parametrize(
    ("setting", "note"),
    [("ask", "a person is asked."), ("reactivate", "it is made active."), ("create", "beside it.")],
)
def test_inactive_customer_says_what_happens(setting: str, note: str) -> None:
    of = frame(inactive_customers=setting)
    row = {
        "Id": "4", "DisplayName": "Ann Lee (deleted)", "PrimaryEmailAddr": {"Address": "ann@example.com"},
        "Active": False,
    }  # fmt: skip

    (line,) = match_people(needs(of, order()), Customers([row]), {}, of)

    assert (line.status, line.found, line.note.endswith(note)) == ("missing", None, True)


def test_customer_of_another_currency_is_somebody_else() -> None:
    of = frame(multicurrency=True)
    row = {
        "Id": "4", "DisplayName": "Ann Lee", "PrimaryEmailAddr": {"Address": "ann@example.com"},
        "CurrencyRef": {"value": "EUR"},
    }  # fmt: skip

    found = by_key(match_people(needs(of, order(), order(2, currency="EUR")), Customers([row]), {}, of))

    assert {key: one.status for (_, key), one in found.items()} == {
        "email/ann@example.com": "missing",
        "email/ann@example.com/EUR": "found",
    }


def test_one_customer_for_all_is_one_line() -> None:
    of = frame(customers="per_store")

    (line,) = match_people(
        needs(of, order(), order(2)), Customers([{"Id": "4", "DisplayName": "Online sales"}]), {}, of
    )

    assert (line.key, line.status, line.used) == ("customer/store", "found", 2)


def test_product_of_catalogue_and_orders_is_one_line() -> None:
    of = frame()
    product = {
        "product_id": "7", "name": "Shirt", "updated_at": "2026-11-20T10:00:00Z",
        "variants": [
            {"variant_id": "71", "sku": "S-1", "name": "Red"}, {"variant_id": "72", "sku": "s-2", "name": "Blue"},
        ],
    }  # fmt: skip
    told = event("inventory.product_updated", "product/7", product, time="2026-11-20T10:00:00Z")
    line = {"line_id": "1", "product_id": "7", "variant_id": "72", "sku": "s-2", "name": "Shirt", "quantity": "1",
            "subtotal": "10", "total": "10"}  # fmt: skip
    rows = [
        {"Id": "1", "Name": "A", "Sku": "S-1", "Type": "Service"},
        {"Id": "2", "Name": "B", "Sku": "S-2", "Type": "Service"},
    ]
    known = {StoreKey("product", "71"): SyncMapping(StoreKey("product", "71"), "Item", "9")}

    found = by_key(match_goods(needs(of, told, order(lines=[line])), Items(rows), known, of))

    red, blue = found["product", "product/71"], found["product", "product/72"]
    assert (red.status, red.how, "Item 9 was removed" in red.note) == ("found", "SKU", True)
    assert (blue.status, blue.used, blue.candidates) == ("missing", 1, (Listed("2", "B"),))


def test_sku_of_a_bundle_is_for_a_person_to_say() -> None:
    of = frame()
    line = {"line_id": "1", "sku": "SET", "name": "Set", "quantity": "1", "subtotal": "10", "total": "10"}
    rows = [{"Id": "1", "Name": "Camp Set", "Sku": "SET", "Type": "Group"}]

    (open_,) = match_goods(needs(of, order(lines=[line])), Items(rows), {}, of)
    of = frame(bundles={"SET": "1"})
    (chosen,) = match_goods(needs(of, order(lines=[line])), Items(rows), {}, of)

    assert (open_.status, open_.candidates) == ("missing", (Listed("1", "Camp Set"),))
    assert "It is a bundle in QuickBooks" in open_.note
    assert (chosen.status, chosen.how) == ("found", "chosen")


def test_test_orders_and_drafts_need_nothing() -> None:
    found = needs(
        frame(), order(test=True), order(2, lifecycle="draft"), {**order(3), "data": {"order_id": 1}}
    )

    assert (found.orders, found.products, found.gateways) == (0, {}, {})


def test_every_id_in_the_settings_is_looked_at() -> None:
    settings = ConnectionSettings.model_validate(
        {
            "accounts": {"deposit": "1", "clearing": {"stripe": "2"}},
            "items": {"tip": "3"},
            "buyers": {"77": "4"},
            "products": {"A": "5"},
            "taxes": {"GST": "6"},
            "payment_methods": {"stripe": "7"},
            "terms": "8",
            "bundles": {"B": "9"},
        }
    )

    found = {
        quickbooks_id: (path, entity)
        for path, entity, quickbooks_id in references(settings.model_dump(mode="json"))
    }

    assert [found[str(number)][1] for number in range(1, 10)] == [
        "Account", "Account", "Item", "Customer", "Item", "TaxCode", "PaymentMethod", "Term",
        "Item",
    ]  # fmt: skip


def test_sheet_keeps_formulas_of_a_store_harmless_and_keys_as_they_are() -> None:
    line = Match("product", "product/sku/=1+1", "=HYPERLINK(1)", "missing", candidates=(Listed("3", "@x"),))

    text = written([line])
    edited = text.replace("\n", "\r\n").rstrip("\r\n") + "12\r\n"

    assert "'=HYPERLINK(1)" in text
    assert read(edited) == [Choice(2, "product", "product/sku/=1+1", "12")]
    assert read(text) == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_sheet_of_any_country_is_read(delimiter: str) -> None:
    lines = [
        ("choose", "extra", "kind", "key"),
        ("12", "", "tax", "'-5%"),
        ("", "", "tax", "x"),
        ("-", "", "tax", "y"),
    ]
    text = "\n".join(delimiter.join(line) for line in lines)

    assert read("\ufeff" + text) == [Choice(2, "tax", "-5%", "12"), Choice(4, "tax", "y", "-")]


def test_line_that_is_too_short_chooses_nothing() -> None:
    assert read("kind,key,choose\ntax,GST\n") == []
    with pytest.raises(SheetRefused, match="no column choose"):
        read("kind,key\n")


def test_lines_are_counted_by_kind_and_status() -> None:
    lines = [Match("tax", "a", "a", "found"), Match("tax", "b", "b", "missing")]

    assert counts(lines) == {"tax": {"found": 1, "ambiguous": 0, "missing": 1}}
