"""TaxAgency, TaxRate, TaxCode, and the TaxService that makes codes."""

from decimal import Decimal

from ops.sandbox.company.books import Books
from ops.sandbox.company.entity import READ_ONLY, Draft, Entity, Operation
from ops.sandbox.company.faults import duplicate_name, invalid_reference, missing, refusal
from ops.sandbox.company.fields import anything, boolean, choice, integer, number, reference, text
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.names import claim, fold
from ops.sandbox.company.shapes import BASE_FIELDS, Shape, nested_list
from ops.sandbox.company.sync_tokens import as_created

PSEUDO_CODES: tuple[Json, ...] = tuple(
    {
        "Id": code,
        "MetaData": {
            "CreateTime": "2012-05-10T00:15:18-07:00",
            "LastUpdatedTime": "2012-05-10T00:15:18-07:00",
        },
        "Name": code,
        "Description": code,
        "Taxable": taxable,
        "TaxGroup": group,
        "Active": True,
    }
    for code, taxable, group in (("TAX", True, False), ("NON", False, False), ("CustomSalesTax", True, True))
)
"""A US company answers these on top of its own tax codes. Source: recorded answers."""

TAX_CODE = Shape(
    "TaxCode",
    [
        *BASE_FIELDS,
        text("Name", 100, filterable=True),
        text("Description", 100, filterable=True),
        boolean("Active", filterable=True),
        boolean("Hidden", filterable=True),
        boolean("Taxable"),
        boolean("TaxGroup"),
        anything("SalesTaxRateList"),
        anything("PurchaseTaxRateList"),
        anything("AdjustmentTaxRateList"),
        text("TaxCodeConfigType"),
    ],
)
TaxCode = Entity("TaxCode", TAX_CODE, id_space="tax code", operations=READ_ONLY, name_field="Name")

TAX_RATE = Shape(
    "TaxRate",
    [
        *BASE_FIELDS,
        text("Name", 100, filterable=True),
        text("Description", 100, filterable=True),
        boolean("Active", filterable=True),
        number("RateValue", filterable=True),
        reference("AgencyRef", "TaxAgency"),
        reference("TaxReturnLineRef"),
        anything("EffectiveTaxRate"),
        text("SpecialTaxType"),
        text("DisplayType"),
        text("OriginalTaxRate"),
    ],
)
TaxRate = Entity("TaxRate", TAX_RATE, id_space="tax rate", operations=READ_ONLY, name_field="Name")

TAX_AGENCY = Shape(
    "TaxAgency",
    [
        *BASE_FIELDS,
        text("DisplayName", 100, required=True, filterable=True),
        text("TaxRegistrationNumber", 100),
        boolean("TaxTrackedOnSales"),
        boolean("TaxTrackedOnPurchases"),
        text("LastFileDate", read_only=True),
        text("TaxAgencyConfig", read_only=True),
    ],
)


def _agency(draft: Draft) -> None:
    document = draft.document
    document["DisplayName"] = document["DisplayName"].strip()
    if not document["DisplayName"]:
        raise missing("DisplayName")
    document.setdefault("TaxTrackedOnSales", True)
    document.setdefault("TaxTrackedOnPurchases", False)
    document.setdefault("TaxAgencyConfig", "USER_DEFINED")
    claim(draft, "tax agency", "DisplayName")


def _agency_saved(draft: Draft) -> None:
    open_tax_account(draft.books, draft.document)


TaxAgency = Entity(
    "TaxAgency",
    TAX_AGENCY,
    id_space="tax agency",
    operations=frozenset({"create", "read", "query"}),
    rules=(_agency,),
    saved=_agency_saved,
    name_field="DisplayName",
)


def open_tax_account(books: Books, agency: Json) -> None:
    """Every agency has a liability account of its own, named after it."""
    store = books.store
    sub_type = "SalesTaxPayable" if books.country.us_tax else "GlobalTaxPayable"
    account_id = str(store.next_number("id:account"))
    name = f"{agency['DisplayName']} Payable"
    account = {
        "Name": name,
        "SubAccount": False,
        "FullyQualifiedName": name,
        "Active": True,
        "Classification": "Liability",
        "AccountType": "Other Current Liability",
        "AccountSubType": sub_type,
        "CurrencyRef": books.currency_reference(books.country.currency),
    }
    store.put(store.rows("Account"), account_id, as_created(books, account, account_id))
    store.put(store.tables.names, ("Account", fold(name)), account_id)
    store.put(store.tables.changed_at, ("Account", account_id), books.now())
    books.give_role(f"tax agency {agency['Id']}", account_id)


TAX_RATE_DETAIL = Shape(
    "TaxRateDetails",
    [
        text("TaxRateId", 50),
        text("TaxRateName", 100),
        number("RateValue"),
        text("TaxAgencyId", 50),
        choice("TaxApplicableOn", "Sales", "Purchase"),
        integer("TaxOrder"),
    ],
)
TAX_SERVICE = Shape(
    "TaxService",
    [
        *BASE_FIELDS,
        text("TaxCode", 100, required=True),
        text("TaxCodeId", read_only=True),
        nested_list("TaxRateDetails", TAX_RATE_DETAIL, required=True),
    ],
)


def make_tax_code(books: Books, name: str, details: list[Json]) -> tuple[str, list[str]]:
    """Store a code and its rates; returns the code's id and the rates' ids."""
    store = books.store
    names = store.tables.names
    if ("tax code", fold(name)) in names:
        raise duplicate_name("Another tax code is already using this \nname. Please use a different name.")
    lists: dict[str, list[Json]] = {"Sales": [], "Purchase": []}
    ids = []
    for detail in details:
        rate_id = detail.get("TaxRateId") or _make_rate(books, detail)
        rate = books.row("TaxRate", rate_id)
        if rate is None:
            raise invalid_reference(f"TaxRate element id {rate_id} not found")
        ids.append(rate_id)
        lists[detail.get("TaxApplicableOn", "Sales")].append(
            {
                "TaxRateRef": {"value": rate_id, "name": rate["Name"]},
                "TaxTypeApplicable": "TaxOnAmount",
                "TaxOrder": detail.get("TaxOrder", 0),
            }
        )
    code_id = str(store.next_number("id:tax code"))
    code = {
        "Name": name,
        "Description": name,
        "Active": True,
        "Hidden": False,
        "Taxable": True,
        "TaxGroup": True,
        "SalesTaxRateList": {"TaxRateDetail": lists["Sales"]},
        "PurchaseTaxRateList": {"TaxRateDetail": lists["Purchase"]},
        "TaxCodeConfigType": "USER_DEFINED",
    }
    store.put(store.rows("TaxCode"), code_id, as_created(books, code, code_id))
    store.put(names, ("tax code", fold(name)), code_id)
    return code_id, ids


def _make_rate(books: Books, detail: Json) -> str:
    store = books.store
    absent = [name for name in ("TaxRateName", "RateValue", "TaxAgencyId") if detail.get(name) is None]
    if absent:
        raise missing(*(f"TaxRateDetails.{name}" for name in absent))
    if books.row("TaxAgency", detail["TaxAgencyId"]) is None:
        raise invalid_reference(f"TaxAgency element id {detail['TaxAgencyId']} not found")
    key = ("tax rate", fold(detail["TaxRateName"]))
    if key in store.tables.names:
        raise duplicate_name("Another tax rate is already using this \nname. Please use a different name.")
    if not Decimal(0) <= detail["RateValue"] <= Decimal(100):
        raise refusal("2150", "Invalid Percent", f"Invalid Percent : {detail['RateValue']}", "RateValue")
    rate_id = str(store.next_number("id:tax rate"))
    rate = {
        "Name": detail["TaxRateName"],
        "Description": detail["TaxRateName"],
        "Active": True,
        "RateValue": detail["RateValue"],
        "AgencyRef": {"value": detail["TaxAgencyId"]},
        "SpecialTaxType": "NONE",
        "DisplayType": "ReadOnly",
    }
    store.put(store.rows("TaxRate"), rate_id, as_created(books, rate, rate_id))
    store.put(store.tables.names, key, rate_id)
    return rate_id


def create_by_service(books: Books, body: Json) -> Json:
    """POST /taxservice/taxcode: a tax code with new or known rates."""
    sent = TAX_SERVICE.read(body)
    TAX_SERVICE.require(sent)
    if not sent["TaxRateDetails"]:
        raise missing("TaxRateDetails")
    code_id, rate_ids = make_tax_code(books, sent["TaxCode"], sent["TaxRateDetails"])
    details = []
    for detail, rate_id in zip(sent["TaxRateDetails"], rate_ids, strict=True):
        rate = books.store.rows("TaxRate")[rate_id]
        details.append(
            {
                "TaxRateName": rate["Name"],
                "TaxRateId": rate_id,
                "RateValue": rate["RateValue"],
                "TaxAgencyId": rate["AgencyRef"]["value"],
                "TaxApplicableOn": detail.get("TaxApplicableOn", "Sales"),
            }
        )
    return {"TaxCode": sent["TaxCode"], "TaxCodeId": code_id, "TaxRateDetails": details}


TaxService = Entity(
    "TaxService",
    TAX_SERVICE,
    id_space="tax code",
    operations=frozenset[Operation]({"create"}),
    make=create_by_service,
)
