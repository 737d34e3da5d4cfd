"""Vendor and Employee."""

from ops.sandbox.company import addresses
from ops.sandbox.company.books import Books
from ops.sandbox.company.entity import LIST, Draft, Entity
from ops.sandbox.company.fields import anything, boolean, day, number, reference, text
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
from ops.sandbox.company.references import resolve_all
from ops.sandbox.company.shapes import ADDRESS, BASE_FIELDS, CUSTOM_FIELD, Shape, nested, nested_list

VENDOR = Shape(
    "Vendor",
    [
        *BASE_FIELDS,
        *PERSON_FIELDS,
        text("CompanyName", 100, filterable=True),
        boolean("Active", filterable=True),
        text("ContactName", 100),
        text("AltContactName", 100),
        text("Notes", 2000),
        nested("BillAddr", ADDRESS),
        nested("ShipAddr", ADDRESS),
        nested_list("OtherAddr", ADDRESS),
        anything("OtherContactInfo"),
        text("TaxIdentifier", 20),
        text("TaxCountry", 50),
        text("BusinessNumber", 10),
        reference("ParentRef", "Vendor"),
        reference("VendorTypeRef"),
        reference("TermRef", "Term"),
        reference("PrefillAccountRef", "Account"),
        number("Balance", read_only=True, filterable=True),
        day("OpenBalanceDate"),
        number("BillRate"),
        number("CostRate"),
        number("CreditLimit"),
        text("AcctNum", 100),
        boolean("Vendor1099"),
        boolean("T4AEligible"),
        boolean("T5018Eligible"),
        reference("CurrencyRef"),
        reference("APAccountRef", "Account"),
        text("TaxReportingBasis", 20),
        text("GSTIN", 15),
        text("GSTRegistrationType", 15),
        boolean("HasTPAR"),
        boolean("IsSubContractor"),
        anything("SubcontractorType"),
        anything("CISRate"),
        anything("VendorEx"),
        anything("VendorPaymentBankDetail"),
        text("IntuitId", read_only=True),
        text("source", read_only=True),
        text("V4IDPseudonym", read_only=True),
        text("UserId", 100),
        boolean("Organization"),
        anything("AttachableRef"),
        nested_list("CustomField", CUSTOM_FIELD),
    ],
)


def _vendor_defaults(draft: Draft) -> None:
    draft.document.setdefault("Vendor1099", False)
    resolve_all(draft.books, draft.document, VENDOR.references, draft.before)
    addresses.complete(draft.books, draft.document, ("BillAddr", "ShipAddr"), draft.before)


def _vendor_view(books: Books, row: Json) -> Json:
    return with_balance(books, row)


Vendor = Entity(
    "Vendor",
    VENDOR,
    id_space="person",
    operations=LIST,
    rules=(name_person, check_email, _vendor_defaults, check_currency, check_no_balance, hold_name),
    view=_vendor_view,
    viewed=frozenset({"Balance", "MetaData"}),
    name_field="DisplayName",
)

EMPLOYEE = Shape(
    "Employee",
    [
        *BASE_FIELDS,
        *PERSON_FIELDS,
        boolean("Active", filterable=True),
        boolean("Organization"),
        nested("PrimaryAddr", ADDRESS),
        anything("OtherAddr"),
        anything("OtherContactInfo"),
        text("SSN", 100),
        text("EmployeeNumber", 100),
        text("EmployeeType", 50),
        number("BillRate"),
        number("CostRate"),
        boolean("BillableTime"),
        day("BirthDate"),
        day("HiredDate"),
        day("ReleasedDate"),
        text("Gender", 10),
        text("Notes", 2000),
        text("UserId", 100),
        text("V4IDPseudonym", read_only=True),
        anything("EmployeeEx"),
        anything("UseTimeEntry"),
        anything("AttachableRef"),
        nested_list("CustomField", CUSTOM_FIELD),
    ],
)


def _employee_defaults(draft: Draft) -> None:
    draft.document.setdefault("BillableTime", False)
    addresses.complete(draft.books, draft.document, ("PrimaryAddr",), draft.before)


Employee = Entity(
    "Employee",
    EMPLOYEE,
    id_space="person",
    operations=LIST,
    rules=(name_person, check_email, _employee_defaults, hold_name),
    name_field="DisplayName",
)
