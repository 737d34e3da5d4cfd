"""Customers, vendors, employees, items, accounts and the short lists."""

from typing import Any

from tests.ops.sandbox.http.caller import Caller, Reply

PLACE = {"Line1": "3 Quay Street", "City": "Astoria", "CountrySubDivisionCode": "OR", "PostalCode": "97103"}
PERSON = {
    "GivenName": "Nora",
    "FamilyName": "Quill",
    "CompanyName": "Quill & Daughters",
    "DisplayName": "Quill & Daughters",
    "PrimaryPhone": {"FreeFormNumber": "555-0180"},
    "PrimaryEmailAddr": {"Address": "nora@quill.example"},
}
INVENTORY = {
    "Name": "Oil Lamp",
    "Type": "Inventory",
    "TrackQtyOnHand": True,
    "QtyOnHand": 12,
    "InvStartDate": "2024-02-01",
    "AssetAccountRef": {"value": "81"},
    "IncomeAccountRef": {"value": "79"},
    "ExpenseAccountRef": {"value": "80"},
}


def _change(caller: Caller, entity: str, row: Any, **values: Any) -> Reply:
    return caller.post(
        entity.lower(), {"Id": row["Id"], "SyncToken": row["SyncToken"], "sparse": True, **values}
    )


def _read(caller: Caller, entity: str, document: dict[str, Any]) -> Reply:
    return caller.get(f"{entity.lower()}/{caller.create(entity, document)['Id']}")


def customer_created(us: Caller) -> Reply:
    return us.post("customer", {"DisplayName": "Quill, Nora"}, requestid="")


def customer_read(us: Caller) -> Reply:
    return _read(us, "Customer", {**PERSON, "BillAddr": PLACE, "ShipAddr": PLACE})


def customer_inactive(us: Caller) -> Reply:
    place = {**PLACE, "Country": "United States"}
    phones = {name: {"FreeFormNumber": "555-0181"} for name in ("AlternatePhone", "Mobile", "Fax")}
    web = {"WebAddr": {"URI": "https://quill.example"}}
    row = us.create("Customer", {**PERSON, "BillAddr": place, "ShipAddr": place, **phones, **web})
    _change(us, "Customer", row, Active=False)
    return us.get(f"customer/{row['Id']}")


def customers_counted(us: Caller) -> Reply:
    return us.get("query", query="SELECT COUNT(*) FROM Customer")


def customers_listed(us: Caller) -> Reply:
    us.create("Customer", {"DisplayName": "Only A Name"})
    return us.get("query", query="SELECT * FROM Customer MAXRESULTS 1000 STARTPOSITION 1")


def customer_with_apostrophe(us: Caller) -> Reply:
    us.create("Customer", {**PERSON, "DisplayName": "Nora's Lamps", "BillAddr": PLACE, "ShipAddr": PLACE})
    return us.get("query", query=r"SELECT * FROM Customer WHERE DisplayName = 'Nora\'s Lamps'")


def vendor_read(us: Caller) -> Reply:
    more = {"AcctNum": "Q-77", "WebAddr": {"URI": "https://quill.example"}, "BillAddr": PLACE}
    return _read(us, "Vendor", {**PERSON, **more})


def vendor_with_ampersand(us: Caller) -> Reply:
    person = {name: value for name, value in PERSON.items() if name != "PrimaryEmailAddr"}
    us.create("Vendor", {**person, "AcctNum": "Q-77", "BillAddr": PLACE})
    return us.get("query", query="SELECT * FROM Vendor WHERE DisplayName = 'Quill & Daughters'")


def vendors_inactive_too(us: Caller) -> Reply:
    us.create("Vendor", {"DisplayName": "Still Here", "BillAddr": {**PLACE, "Country": "USA"}})
    _change(us, "Vendor", us.create("Vendor", {**PERSON, "TermRef": {"value": "3"}}), Active=False)
    return us.get("query", query="SELECT * FROM Vendor WHERE Active IN (true, false)")


def employee_made_inactive_twice(us: Caller) -> Reply:
    row = us.create("Employee", {"GivenName": "Orla", "FamilyName": "Reed"})
    row = _change(us, "Employee", row, Active=False).json["Employee"]
    return _change(us, "Employee", row, Active=False)


def account_read(us: Caller) -> Reply:
    return _read(us, "Account", {"Name": "Lamp Repairs", "AccountType": "Income"})


def item_created(us: Caller) -> Reply:
    return us.post("item", INVENTORY)


def item_read(us: Caller) -> Reply:
    return _read(us, "Item", {**INVENTORY, "Description": "Burns oil", "PurchaseDesc": "Lamp, oil"})


def item_updated(us: Caller) -> Reply:
    row = us.create("Item", {**INVENTORY, "PurchaseDesc": "Lamp, oil"})
    return _change(us, "Item", row, Description="Burns oil or paraffin")


def items_listed(us: Caller) -> Reply:
    us.create("Item", {**INVENTORY, "Description": "Burns oil", "PurchaseDesc": "Lamp, oil"})
    us.create("Item", {"Name": "Oil Delivery", "Type": "Service", "IncomeAccountRef": {"value": "1"}})
    return us.get("query", query="SELECT * FROM Item WHERE Name LIKE 'Oil%'")


def services_listed(us: Caller) -> Reply:
    service = {"Name": "Oil Delivery", "Type": "Service", "Description": "By van"}
    us.create("Item", {**service, "IncomeAccountRef": {"value": "1"}})
    return us.get("query", query="SELECT * FROM Item WHERE Name = 'Oil Delivery'")


def payment_methods_listed(us: Caller) -> Reply:
    return us.get("query", query="SELECT * FROM PaymentMethod")


def tax_codes_listed(us: Caller) -> Reply:
    return us.get("query", query="SELECT * FROM TaxCode")


def tax_rates_listed(us: Caller) -> Reply:
    return us.get("query", query="SELECT * FROM TaxRate")


def tax_code_read(gb: Caller) -> Reply:
    return gb.get("taxcode/3")


def tax_service_used(us: Caller) -> Reply:
    detail = {"TaxRateName": "Lamp duty", "RateValue": "2.5", "TaxAgencyId": "1", "TaxApplicableOn": "Sales"}
    return us.post("taxservice/taxcode", {"TaxCode": "Lamp duty", "TaxRateDetails": [detail]})


def exchange_rate_read(us: Caller) -> Reply:
    us.post("exchangerate", {"SourceCurrencyCode": "CAD", "Rate": "0.74", "AsOfDate": "2026-03-01"})
    return us.get("exchangerate", sourcecurrencycode="CAD", asofdate="2026-03-01")


def company_read(us: Caller) -> Reply:
    web = {"WebAddr": {"URI": "https://lamps.example"}, "EmployerId": "12-3456789"}
    _change(
        us, "CompanyInfo", {"Id": "1", "SyncToken": "0"}, PrimaryPhone={"FreeFormNumber": "555-0100"}, **web
    )
    return us.get(f"companyinfo/{us.realm_id}")


def preferences_read(us: Caller) -> Reply:
    return us.get("preferences")


def preferences_read_when_books_are_closed(us: Caller) -> Reply:
    us.server.switches(us.realm_id, settings={"closed_books_date": "2020-12-31"})
    return us.get("preferences")


def preferences_updated(us: Caller) -> Reply:
    return _change(us, "Preferences", {"Id": "1", "SyncToken": "0"}, SalesFormsPrefs={"AllowDeposit": True})


def attachable_note_read(us: Caller) -> Reply:
    to = {"EntityRef": {"type": "Customer", "value": "2"}, "IncludeOnSend": False}
    return _read(us, "Attachable", {"Note": "Asked for green glass.", "AttachableRef": [to]})


SITUATIONS = (
    customer_created,
    customer_read,
    customer_inactive,
    customers_counted,
    customers_listed,
    customer_with_apostrophe,
    vendor_read,
    vendor_with_ampersand,
    vendors_inactive_too,
    employee_made_inactive_twice,
    account_read,
    item_created,
    item_read,
    item_updated,
    items_listed,
    services_listed,
    payment_methods_listed,
    tax_codes_listed,
    tax_rates_listed,
    tax_code_read,
    tax_service_used,
    exchange_rate_read,
    company_read,
    preferences_read,
    preferences_read_when_books_are_closed,
    preferences_updated,
    attachable_note_read,
)
