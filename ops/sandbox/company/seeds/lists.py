"""Customers, vendors, items and the short lists of a new company."""

from ops.sandbox.company.company import Company
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.names import fold
from ops.sandbox.company.sync_tokens import as_created

_TERMS = (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30), ("Net 60", 60))
_METHODS = (
    ("Cash", "NON_CREDIT_CARD"),
    ("Check", "NON_CREDIT_CARD"),
    ("Visa", "CREDIT_CARD"),
    ("MasterCard", "CREDIT_CARD"),
    ("American Express", "CREDIT_CARD"),
    ("Web payment", "NON_CREDIT_CARD"),
)
_CUSTOMERS = (
    ("Ada", "Birch", "Ada Birch"),
    ("Ben", "Cole", "Ben Cole"),
    ("Cora", "Dale", "Cora's Kitchen"),
    ("Dev", "Eads", "Dev Eads"),
    ("Elin", "Frost", "Elin Frost Studio"),
    ("Finn", "Gray", "Finn Gray"),
    ("Gia", "Hart", "Gia Hart"),
    ("Hugo", "Ivers", "Hugo Ivers & Sons"),
)
_VENDORS = (
    ("Ivy", "Jones", "Northside Paper"),
    ("Jon", "Keel", "Keel Supplies"),
    ("Kim", "Lund", "Lund Freight"),
)
_ITEMS = (
    ("Alterations", "Service", "25", ""),
    ("Consulting", "Service", "80", ""),
    ("Delivery", "Service", "12.50", ""),
    ("Engraving", "Service", "15", ""),
    ("Lantern", "Inventory", "45", "18"),
    ("Field Notebook", "NonInventory", "9.50", ""),
    ("Gift Card", "Service", "0", ""),
    ("Handling", "Service", "4", ""),
    ("Installation", "Service", "50", ""),
    ("Care Plan", "Service", "35", ""),
    ("Kettle", "Inventory", "32", "14.25"),
    ("Refund Adjustment", "Service", "0", ""),
    ("Tin Mug", "Inventory", "11.99", "3.40"),
)
FIRST_DAY_OF_STOCK = "2020-01-01"


def fill_lists(company: Company) -> None:
    """Everything that transactions refer to."""
    for name, days in _TERMS:
        company.create("Term", {"Name": name, "DueDays": days})
    for name, kind in _METHODS:
        company.create("PaymentMethod", {"Name": name, "Type": kind})
    company.create("Class", {"Name": "Web"})
    company.create("Department", {"Name": "Main Store"})
    _people(company)
    for item in _ITEMS:
        company.create("Item", _item(*item))
    _bundle(company)
    if company.books.country.code == "US":
        company.create("CompanyCurrency", {"Code": "CAD"})


def _bundle(company: Company) -> None:
    """Bundles cannot be made through the API, so this one is put in place."""
    store = company.books.store
    id = str(store.next_number("id:item"))
    parts = [{"ItemRef": {"value": str(item)}, "Qty": quantity} for item, quantity in ((13, 2), (6, 1))]
    bundle = {
        "Name": "Camp Set",
        "Active": True,
        "FullyQualifiedName": "Camp Set",
        "Taxable": True,
        "UnitPrice": 0,
        "Type": "Group",
        "PrintGroupedItems": True,
        "ItemGroupDetail": {"ItemGroupLine": parts},
    }
    store.put(store.rows("Item"), id, as_created(company.books, bundle, id))
    store.put(store.tables.names, ("item", fold("Camp Set")), id)
    store.put(store.tables.changed_at, ("Item", id), company.books.now())
    store.commit()


def _people(company: Company) -> None:
    country = company.books.country
    address = company.books.store.rows("CompanyInfo")["1"]["CompanyAddr"]
    place = {key: value for key, value in address.items() if key not in ("Id", "Line1")}
    for number, (given, family, display) in enumerate(_CUSTOMERS, 1):
        company.create(
            "Customer",
            {
                "GivenName": given,
                "FamilyName": family,
                "DisplayName": display,
                "PrimaryEmailAddr": {"Address": f"{given.lower()}.{family.lower()}@example.com"},
                "PrimaryPhone": {"FreeFormNumber": f"555-01{number:02d}"},
                "BillAddr": {**place, "Line1": f"{number} Mill Road"},
                "ShipAddr": {**place, "Line1": f"{number} Mill Road"},
                "Taxable": country.us_tax,
            },
        )
    for given, family, display in _VENDORS:
        company.create("Vendor", {"GivenName": given, "FamilyName": family, "DisplayName": display})
    company.create("Employee", {"GivenName": "Sam", "FamilyName": "Keeper"})


def _item(name: str, kind: str, price: str, cost: str) -> Json:
    item: Json = {"Name": name, "Type": kind, "UnitPrice": price, "IncomeAccountRef": {"value": "1"}}
    if kind != "Service":
        item["IncomeAccountRef"] = {"value": "79"}
        item["Taxable"] = True
        item["Sku"] = name.upper().replace(" ", "-")
    if name == "Gift Card":
        item["IncomeAccountRef"] = {"value": "18"}
    if kind == "Inventory":
        item.update(
            ExpenseAccountRef={"value": "80"},
            AssetAccountRef={"value": "81"},
            PurchaseCost=cost,
            TrackQtyOnHand=True,
            QtyOnHand=100,
            InvStartDate=FIRST_DAY_OF_STOCK,
        )
    return item
