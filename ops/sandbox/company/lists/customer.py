"""Customer. Source: Intuit's reference of Customer, and recorded answers."""

from decimal import Decimal

from ops.sandbox.company import addresses
from ops.sandbox.company.books import Books
from ops.sandbox.company.entity import LIST, Draft, Entity
from ops.sandbox.company.fields import anything, boolean, day, integer, number, reference, text
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.lists.people import (
    PERSON_FIELDS,
    check_currency,
    check_email,
    check_no_balance,
    hold_name,
    name_person,
    with_balance,
)
from ops.sandbox.company.money.rounding import ZERO
from ops.sandbox.company.names import qualify
from ops.sandbox.company.references import resolve, resolve_all
from ops.sandbox.company.shapes import ADDRESS, BASE_FIELDS, CUSTOM_FIELD, Shape, nested, nested_list

CUSTOMER = Shape(
    "Customer",
    [
        *BASE_FIELDS,
        *PERSON_FIELDS,
        text("FullyQualifiedName", 4000, read_only=True, filterable=True),
        text("CompanyName", 100, filterable=True),
        boolean("Active", filterable=True),
        text("Notes", 2000),
        boolean("Taxable"),
        boolean("Job", filterable=True),
        boolean("IsProject"),
        boolean("BillWithParent"),
        reference("ParentRef", "Customer"),
        integer("Level", read_only=True),
        nested("BillAddr", ADDRESS),
        nested("ShipAddr", ADDRESS),
        nested_list("OtherAddr", ADDRESS),
        number("Balance", read_only=True, filterable=True),
        number("BalanceWithJobs", read_only=True, filterable=True),
        number("OpenBalance", read_only=True),
        number("TotalRevenue", read_only=True),
        number("TotalExpense", read_only=True),
        day("OpenBalanceDate"),
        number("CreditLimit"),
        reference("DefaultTaxCodeRef", "TaxCode"),
        reference("SalesTermRef", "Term"),
        reference("PaymentMethodRef", "PaymentMethod"),
        reference("SalesRepRef"),
        reference("PriceLevelRef"),
        reference("CustomerTypeRef"),
        reference("ARAccountRef", "Account"),
        reference("CurrencyRef"),
        reference("TaxRegimeRef"),
        text("PreferredDeliveryMethod", 10),
        text("ResaleNum", 16),
        text("PrimaryTaxIdentifier", 20),
        text("SecondaryTaxIdentifier", 20),
        text("BusinessNumber", 10),
        text("GSTIN", 15),
        text("GSTRegistrationType", 15),
        text("TaxExemptionReasonId", 20),
        text("AltContactName", 100),
        text("AcctNum", 100),
        text("JobInfo"),
        text("ClientEntityId", read_only=True),
        text("V4IDPseudonym", read_only=True),
        text("source", read_only=True),
        text("IntuitId", read_only=True),
        text("UserId", 100),
        text("ContactName", 100),
        boolean("Organization"),
        anything("CCDetail"),
        anything("CustomerEx"),
        anything("AttachableRef"),
        nested_list("CustomField", CUSTOM_FIELD),
    ],
)


def _defaults(draft: Draft) -> None:
    document, books = draft.document, draft.books
    document.setdefault("Taxable", True)
    document.setdefault("BillWithParent", False)
    document.setdefault("PreferredDeliveryMethod", "Print")
    if books.country.us_tax and document["Taxable"] and draft.before is None:
        group = books.preferences["TaxPrefs"].get("TaxGroupCodeRef")
        if group:
            document.setdefault("DefaultTaxCodeRef", {"value": group["value"]})


def _family(draft: Draft) -> None:
    """ParentRef and Job go together, and the full name follows."""
    document = draft.document
    resolve(draft.books, document, "ParentRef", "Customer", draft.before)
    document["Job"] = document.get("ParentRef") is not None if "Job" not in document else document["Job"]
    if document.get("ParentRef") is not None and not document["Job"]:
        document["Job"] = True
    qualify(draft, "Customer", "DisplayName", "Job")


def _references(draft: Draft) -> None:
    document = draft.document
    others = tuple(one for one in CUSTOMER.references if one[0] not in ("ParentRef", "DefaultTaxCodeRef"))
    resolve_all(draft.books, document, others, draft.before)
    code = document.get("DefaultTaxCodeRef")
    if code is not None:
        resolve(draft.books, document, "DefaultTaxCodeRef", "TaxCode", draft.before)
        document["DefaultTaxCodeRef"] = {"value": code["value"]}


def _addresses(draft: Draft) -> None:
    addresses.complete(draft.books, draft.document, ("BillAddr", "ShipAddr"), draft.before)


def _saved(draft: Draft) -> None:
    """Sub-customers are found from their parent, and carry its name."""
    store = draft.books.store
    children = store.tables.children
    new = (draft.document.get("ParentRef") or {}).get("value")
    old = ((draft.before or {}).get("ParentRef") or {}).get("value")
    if new != old:
        if old is not None:
            store.put(children, old, tuple(one for one in children[old] if one != draft.id))
        if new is not None:
            store.put(children, new, (*children.get(new, ()), draft.id))
    if (
        draft.before is not None
        and draft.before["FullyQualifiedName"] != draft.document["FullyQualifiedName"]
    ):
        _rename_children(draft.books, draft.id)


def _rename_children(books: Books, id: str) -> None:
    rows = books.store.rows("Customer")
    for child_id in books.store.tables.children.get(id, ()):
        child = rows[child_id]
        name = f"{rows[id]['FullyQualifiedName']}:{child['DisplayName']}"
        books.store.put(rows, child_id, {**child, "FullyQualifiedName": name})
        _rename_children(books, child_id)


def _view(books: Books, row: Json) -> Json:
    shown = with_balance(books, row)
    shown["BalanceWithJobs"] = shown["Balance"]
    if row["Id"] in books.store.tables.children:
        shown["BalanceWithJobs"] = _balance_with_jobs(books, row["Id"])
    return shown


def _balance_with_jobs(books: Books, id: str) -> Decimal:
    tables = books.store.tables
    total = tables.party_balances.get(id, ZERO)
    for child in tables.children.get(id, ()):
        total += _balance_with_jobs(books, child)
    return total


Customer = Entity(
    "Customer",
    CUSTOMER,
    id_space="person",
    operations=LIST,
    rules=(
        name_person,
        check_email,
        _defaults,
        check_currency,
        _references,
        check_no_balance,
        hold_name,
        _family,
        _addresses,
    ),
    view=_view,
    viewed=frozenset({"Balance", "BalanceWithJobs", "MetaData"}),
    saved=_saved,
    name_field="FullyQualifiedName",
)
