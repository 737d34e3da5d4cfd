"""``counterfoil connections match`` on a shop and a sandbox company: found, ambiguous, missing; nothing is assumed."""

import csv
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.ops.matching.conftest import ANN, MatchingShop
from tests.ops.office import NAME
from workers.ledger.engine import reading
from workers.ledger.mappings import recall_mappings
from workers.steps import StoreKey

pytestmark = pytest.mark.slow
"""Each has a company of its own; ``test_rules`` has the rules themselves."""

TAXED: dict[str, Any] = {
    "total": "10.80",
    "total_tax": "0.80",
    "tax_lines": [
        {"rate_id": 1, "label": "CA Tax", "rate_percent": 8, "tax_total": "0.80", "shipping_tax_total": "0.00"},
    ],
    "line_items": [
        {"id": 1, "name": "Mug", "quantity": 1, "subtotal": "10.00", "total": "10.00", "total_tax": "0.80",
         "taxes": [{"id": 1, "total": "0.80", "subtotal": "0.80"}]}
    ],
}  # fmt: skip


def names(line: dict[str, Any]) -> list[str]:
    return [one["name"] for one in line["candidates"]]


def sheet(shop: MatchingShop, choices: dict[tuple[str, str], str], path: Path) -> str:
    """The report as a file, edited."""
    shop.office.run("connections", "match", NAME, "--csv", str(path))
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["choose"] = choices.get((row["kind"], row["key"]), "")
    text = StringIO()
    table = csv.DictWriter(text, rows[0].keys())
    table.writeheader()
    table.writerows(rows)
    path.write_text("\ufeff" + text.getvalue(), encoding="utf-8")  # as a spreadsheet program does
    return str(path)


def test_customers_are_found_by_email_and_never_by_their_name_alone(shop: MatchingShop) -> None:
    shop.customer(1, "Ann", "Lee", "Ann@Example.com")
    shop.customer(2, "Bo", "Kim", "bo@example.com")
    shop.customer(3, "Cy", "Fox", "cy@example.com")
    shop.customer(4, "Di", "Orr", "di@example.com")
    ann = shop.person("Annie", "ann@example.com")
    shop.person("bo  kim")
    for name in ("Cy", "Cy (2)"):
        shop.person(name, "cy@example.com")

    found = {one["key"]: one for one in shop.match()["matches"] if one["kind"] == "customer"}

    assert (found["customer/1"]["status"], found["customer/1"]["found"]["quickbooks_id"]) == ("found", ann)
    assert (found["customer/2"]["status"], names(found["customer/2"])) == ("missing", ["bo  kim"])
    assert (found["customer/3"]["status"], len(found["customer/3"]["candidates"])) == ("ambiguous", 2)
    assert (found["customer/4"]["status"], found["customer/4"]["note"]) == (
        "missing",
        "A customer is created.",
    )


def test_customer_that_was_merged_away_is_missing_or_found_anew(shop: MatchingShop) -> None:
    shop.customer(1, "Ann", "Lee", "ann@example.com")
    first = shop.person("Ann Lee", "ann@example.com")
    shop.office.set(buyers={"1": first})
    row = shop.office.objects("Customer")["Ann Lee"]
    key = {"Id": row["Id"], "SyncToken": row["SyncToken"], "sparse": True}
    shop.office.write("Customer", "update", {**key, "Active": False})

    gone = shop.line("customer", "customer/1")
    survivor = shop.person("Ann L.", "ann@example.com")
    after = shop.line("customer", "customer/1")

    assert (gone["status"], gone["found"]) == ("missing", None)
    assert f"Customer {first} was merged, removed or made inactive." in gone["note"]
    assert (after["status"], after["found"]["quickbooks_id"]) == ("found", survivor)


def test_products_are_found_by_sku_or_name_and_near_ones_are_only_suggested(shop: MatchingShop) -> None:
    shop.product(1, "Blue Mug", "MUG-1")
    shop.product(2, "Red Mug", "mug-2")
    shop.product(3, "Plate", "PL 3")
    shop.product(4, "Bowl", "")
    mug, plate = shop.item("Blue", "MUG-1"), shop.item("PL 3")
    shop.item("Red", "MUG-2")
    shop.item("bowl ")

    found = {one["key"]: one for one in shop.match()["matches"] if one["kind"] == "product"}

    assert (found["product/1"]["found"]["quickbooks_id"], found["product/1"]["how"]) == (mug, "SKU")
    assert (found["product/3"]["found"]["quickbooks_id"], found["product/3"]["how"]) == (plate, "name")
    assert (found["product/2"]["status"], found["product/2"]["found"], names(found["product/2"])) == (
        "missing",
        None,
        ["Red"],
    )
    assert "wait for a person" in found["product/2"]["note"]
    assert (found["product/4"]["status"], names(found["product/4"])) == ("missing", ["bowl"])
    assert "no SKU" in found["product/4"]["note"]


def test_sku_that_two_products_or_two_items_have_is_ambiguous(shop: MatchingShop) -> None:
    shop.product(1, "Blue Mug", "MUG-1")
    shop.product(2, "Red Mug", "MUG-1")
    shop.product(3, "Plate", "PL-3")
    for name, sku in (("Mug", "MUG-1"), ("Plate", "PL-3"), ("Old plate", "PL-3")):
        shop.item(name, sku)

    found = {one["key"]: one for one in shop.match()["matches"] if one["kind"] == "product"}

    assert {key: one["status"] for key, one in found.items()} == dict.fromkeys(found, "ambiguous")
    assert "several products (A71)" in found["product/1"]["note"]
    assert sorted(names(found["product/3"])) == ["Old plate", "Plate"]


def test_taxes_gateways_and_currencies_of_the_orders_are_told(shop: MatchingShop) -> None:
    shop.office.set(accounts={"deposit": None})
    shop.sell(1, payment_method="stripe", payment_method_title="Visa", **TAXED)
    shop.sell(2, payment_method="paypal", currency="EUR")

    report = shop.match()

    found = {(one["kind"], one["key"]): one for one in report["matches"]}
    assert (found["tax", "CA Tax 8%"]["status"], names(found["tax", "CA Tax 8%"])) == (
        "missing",
        ["California"],
    )
    assert names(found["payment_method", "stripe"]) == ["Visa"]
    assert (found["clearing_account", "stripe"]["status"], names(found["clearing_account", "stripe"])) == (
        "missing",
        ["Stripe clearing"],
    )
    assert (found["currency", "USD"]["status"], found["currency", "EUR"]["status"]) == ("found", "missing")
    assert (report["orders"], report["store"]) == (2, "")
    assert report["counts"]["clearing_account"] == {"found": 0, "ambiguous": 0, "missing": 2}


def test_setting_that_names_what_is_not_there_is_told(shop: MatchingShop) -> None:
    shop.office.set(items={"rounding": "99999"}, accounts={"discounts": "88888"})

    missing = {one["key"]: one["note"] for one in shop.match()["matches"] if one["status"] == "missing"}

    assert missing["items.rounding"] == "Item 99999 is not there, or inactive."
    assert missing["accounts.discounts"] == "Account 88888 is not there, or inactive."


def test_choices_of_an_edited_file_are_shown_asked_and_kept_where_undo_knows_them(
    shop: MatchingShop, tmp_path: Path
) -> None:
    shop.customer(1, "Bo", "Kim", "bo@example.com")
    shop.product(7, "Red Mug", "mug-2")
    shop.sell(1, **TAXED)
    bo, red = shop.person("bo kim"), shop.item("Red", "MUG-2")
    visa = shop.office.objects("PaymentMethod")["Visa"]["Id"]
    california = next(
        row["Id"] for name, row in shop.office.objects("TaxCode").items() if name == "California"
    )
    choices = {
        ("customer", "customer/1"): bo,
        ("product", "product/7"): red,
        ("tax", "CA Tax 8%"): california,
        ("payment_method", "stripe"): visa,
        ("clearing_account", "stripe"): shop.clearing,
    }
    file = sheet(shop, choices, tmp_path / "match.csv")

    dry = shop.match("--import", file)
    refused = shop.office.run("connections", "match", NAME, "--import", file, answer="n\n", code=1)
    untouched = shop.office.book
    done = shop.office.run("connections", "match", NAME, "--import", file, answer="y\n")
    again = shop.office.run("connections", "match", NAME, "--import", file)

    assert (dry["dry_run"], len(dry["changes"])) == (True, 5)
    assert f"product Red Mug (SKU mug-2): by itself → {red} Red" in refused.output
    assert (untouched.taxes, untouched.payment_methods) == ({}, {})
    assert "Changed." in done.output
    assert "The file chooses nothing that is not so already." in again.output
    book = shop.office.book
    assert (book.taxes, book.payment_methods) == ({"CA Tax 8%": california}, {"stripe": visa})
    assert book.accounts.clearing == {"stripe": shop.clearing}
    lines = [shop.line(kind, key) for kind, key in choices]
    assert [line["found"]["quickbooks_id"] for line in lines] == list(choices.values())
    assert remembered(shop) == {"customer/1": bo, "email/bo@example.com": bo, "product/7": red}
    history = shop.office.json("connections", "history", NAME)[-1]
    assert (history["why"], len(history["mappings"])) == ("match", 3)

    shop.office.run("connections", "undo", NAME)

    assert remembered(shop) == {}
    assert shop.office.book.taxes == {}


def remembered(shop: MatchingShop) -> dict[str, str]:
    keys = [StoreKey("customer", "1"), StoreKey("email", "bo@example.com"), StoreKey("product", "7")]
    with reading(shop.office.engine) as database:
        found = recall_mappings(database, NAME, keys)
    return {f"{key.kind}/{key.store_id}": one.quickbooks_id for key, one in found.items() if not one.removed}


def test_chosen_customer_and_item_are_those_that_are_booked(shop: MatchingShop, tmp_path: Path) -> None:
    shop.office.set(buyers={"ann@example.com": "1"})
    shop.sell(1, billing=ANN, line_items=[{"id": 1, "name": "Mug", "sku": "M-1", "product_id": 7, "quantity": 1,
                                           "subtotal": "10.00", "total": "10.00"}])  # fmt: skip
    ann, mug = shop.person("Annie"), shop.item("Pottery")
    file = sheet(
        shop,
        {("customer", "email/ann@example.com"): ann, ("product", "product/7"): mug},
        tmp_path / "match.csv",
    )
    shop.office.run("connections", "match", NAME, "--import", file, "--yes")

    shop.book(1)

    receipt = shop.document("1")
    assert receipt["CustomerRef"]["value"] == ann
    assert receipt["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] == mug
    assert shop.office.book.buyers == {}


def test_product_that_is_a_bundle_is_chosen_as_such(shop: MatchingShop, tmp_path: Path) -> None:
    shop.product(7, "Camping set", "SET-1")
    bundle = shop.office.objects("Item")["Camp Set"]["Id"]
    line = ("product", "product/7")

    shop.office.run(
        "connections", "match", NAME, "--import", sheet(shop, {line: bundle}, tmp_path / "1.csv"), "--yes"
    )
    chosen, bundles = shop.line(*line), shop.office.book.bundles
    single = shop.item("Set")
    shop.office.run(
        "connections", "match", NAME, "--import", sheet(shop, {line: single}, tmp_path / "2.csv"), "--yes"
    )

    assert (chosen["found"]["name"], chosen["how"], bundles) == ("Camp Set", "chosen", {"SET-1": bundle})
    assert (shop.line(*line)["found"]["quickbooks_id"], shop.office.book.bundles) == (single, {})


def test_choice_that_was_taken_back_is_matched_by_itself_again(shop: MatchingShop, tmp_path: Path) -> None:
    shop.product(7, "Mug", "M-1")
    by_sku, chosen = shop.item("Cup", "M-1"), shop.item("Pottery")
    line = ("product", "product/7")
    shop.office.run(
        "connections", "match", NAME, "--import", sheet(shop, {line: chosen}, tmp_path / "1.csv"), "--yes"
    )
    before = shop.line(*line)

    shop.office.run(
        "connections", "match", NAME, "--import", sheet(shop, {line: "-"}, tmp_path / "2.csv"), "--yes"
    )

    after = shop.line(*line)
    assert (before["found"]["quickbooks_id"], before["how"]) == (chosen, "remembered")
    assert (after["found"]["quickbooks_id"], after["how"]) == (by_sku, "SKU")


def test_one_wrong_line_and_nothing_is_changed(shop: MatchingShop, tmp_path: Path) -> None:
    shop.product(7, "Mug", "M-1")
    shop.product(8, "Bowl", "")
    shop.sell(1)
    item, bundle = shop.item("Pottery"), shop.office.objects("Item")["Camp Set"]["Id"]
    file = tmp_path / "match.csv"
    lines = [
        "kind;key;choose",
        f"product;product/7;{item}",
        f"product;product/8;{bundle}",
        "product;product/9;1",
        "clearing_account;stripe;1",
        "currency;USD;1",
        f"product;name/Mug;{item}",
    ]
    file.write_text("\n".join(lines), encoding="utf-8")

    said = shop.office.run("connections", "match", NAME, "--import", str(file), "--yes", code=1).output

    assert f"Line 3: Item {bundle} is a Group, which is not sold." in said
    assert "Line 4: the report has no product product/9." in said
    assert "Line 5: account 1 is of the type" in said
    assert "Line 6: nothing can be chosen for a currency." in said
    assert "Line 7: Mug has neither id nor SKU in the store" in said
    assert shop.line("product", "product/7")["status"] == "missing"


def test_store_that_cannot_be_asked_leaves_what_the_ledger_kept(shop: MatchingShop) -> None:
    shop.office.set(accounts={"deposit": None})
    shop.sell(1, **TAXED)
    shop.book(1)
    shop.office.run("connections", "set", NAME, "store_secret=wrong")

    report = shop.match()
    text = shop.office.run("connections", "match", NAME).output

    assert "does not accept our credentials" in report["store"]
    assert [one["key"] for one in report["matches"] if one["kind"] == "tax"] == ["CA Tax 8%"]
    assert "These are events that failed and were kept." in " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "words", "code", "says"),
    [
        ("a,b\n1,2\n", (), 1, "no column kind and no column key and no column choose"),
        ("kind,key,choose\ntax,GST,1\ntax,GST,2\n", (), 1, "Line 3: tax GST is chosen for twice."),
        ("", (), 1, "no column kind"),
        ("kind,key,choose\n", ("--csv", "-"), 2, "do not go together"),
    ],
    ids=["no-columns", "twice", "empty", "with-csv"],
)
def test_files_that_are_no_report_are_refused(
    shop: MatchingShop, tmp_path: Path, text: str, words: tuple[str, ...], code: int, says: str
) -> None:
    file = tmp_path / "match.csv"
    file.write_text(text, encoding="utf-8")

    said = shop.office.run("connections", "match", NAME, "--import", str(file), *words, code=code).output

    assert says in said
