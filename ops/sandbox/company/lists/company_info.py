"""CompanyInfo and Preferences: one of each, never created."""

from ops.sandbox.company import addresses
from ops.sandbox.company.books import Books
from ops.sandbox.company.entity import SINGLE, Draft, Entity
from ops.sandbox.company.faults import business_rule, unreadable_property
from ops.sandbox.company.fields import anything, text
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.shapes import ADDRESS, BASE_FIELDS, EMAIL, PHONE, WEB_ADDRESS, Shape, nested

COMPANY_INFO = Shape(
    "CompanyInfo",
    [
        *BASE_FIELDS,
        text("CompanyName", 1024, required=True),
        text("LegalName", 1024),
        text("CompanyStartDate"),
        text("EmployerId", 100),
        text("FiscalYearStartMonth"),
        text("Country", read_only=True),
        text("SupportedLanguages"),
        text("DefaultTimeZone"),
        text("MultiByteCharsSupported"),
        nested("CompanyAddr", ADDRESS),
        nested("CustomerCommunicationAddr", ADDRESS),
        nested("LegalAddr", ADDRESS),
        nested("PrimaryPhone", PHONE),
        nested("Email", EMAIL),
        nested("CustomerCommunicationEmailAddr", EMAIL),
        nested("CompanyEmailAddr", EMAIL),
        nested("WebAddr", WEB_ADDRESS),
        anything("NameValue", read_only=True),
        anything("CompanyFileName"),
        anything("FlavorStratum"),
        anything("SampleFile"),
        anything("CompanyUserId"),
        anything("CompanyUserAdminEmail"),
        anything("LastSyncTime"),
        anything("LastImportedTime"),
        anything("AttachableRef"),
        anything("CustomField"),
    ],
)


def _addresses(draft: Draft) -> None:
    names = ("CompanyAddr", "CustomerCommunicationAddr", "LegalAddr")
    addresses.complete(draft.books, draft.document, names, draft.before)


CompanyInfo = Entity(
    "CompanyInfo",
    COMPANY_INFO,
    id_space="company",
    operations=SINGLE,
    rules=(_addresses,),
    name_field="CompanyName",
    kept_on_full_update=frozenset(COMPANY_INFO.fields),
)

GROUPS = (
    "AccountingInfoPrefs",
    "ProductAndServicesPrefs",
    "SalesFormsPrefs",
    "EmailMessagesPrefs",
    "VendorAndPurchasesPrefs",
    "TimeTrackingPrefs",
    "TaxPrefs",
    "CurrencyPrefs",
    "ReportPrefs",
    "OtherPrefs",
    "AdvancedInventoryPrefs",
    "PrintDocumentPrefs",
)
PREFERENCES = Shape("Preferences", [*BASE_FIELDS, *(anything(name) for name in GROUPS)])


def _groups(draft: Draft) -> None:
    """What a group leaves out stays as it was; multicurrency, once on, stays on."""
    assert draft.before is not None
    document = draft.document
    for name in GROUPS:
        sent = draft.sent.get(name)
        if sent is None:
            continue
        if type(sent) is not dict:
            raise business_rule(f"The group {name} of preferences must be an object.")
        known = draft.before.get(name, {})
        for key, value in sent.items():
            _check_value(key, value, known.get(key))
        document[name] = {**known, **sent}
    for name in GROUPS:
        if name not in document and name in draft.before:
            document[name] = draft.before[name]
    if draft.before["CurrencyPrefs"].get("MultiCurrencyEnabled") and not document["CurrencyPrefs"].get(
        "MultiCurrencyEnabled"
    ):
        raise business_rule("Multicurrency cannot be turned off once it is on.")
    accounting = {**document["AccountingInfoPrefs"]}
    accounting.pop("BookCloseDate", None)
    document["AccountingInfoPrefs"] = accounting
    home = {"value": draft.books.country.currency}
    document["CurrencyPrefs"] = {**document["CurrencyPrefs"], "HomeCurrency": home}


def _check_value(key: str, value: object, known: object) -> None:
    """Raises 2010 for a value of another kind than the preference has."""
    if known is not None and type(known) is not type(value):
        raise unreadable_property()
    is_reference = key.endswith("Ref") or (type(known) is dict and "value" in known)
    if is_reference and not (isinstance(value, dict) and type(value.get("value")) is str):
        raise unreadable_property()
    if isinstance(value, list) and not all(type(pair) is dict for pair in value):
        raise unreadable_property()
    if key == "CustomField" and not (isinstance(value, list) and all(map(_is_custom_field, value))):
        raise unreadable_property()


def _is_custom_field(group: Json) -> bool:
    pairs = group.get("CustomField", [])
    return type(pairs) is list and all(
        type(pair) is dict and type(pair.get("Name", "")) is str and type(pair.get("StringValue", "")) is str
        for pair in pairs
    )


def _view(books: Books, row: Json) -> Json:
    """BookCloseDate is there as long as books are closed; a client cannot write it."""
    closed = books.settings.closed_books_date
    if closed is None:
        return row
    return {**row, "AccountingInfoPrefs": {**row["AccountingInfoPrefs"], "BookCloseDate": closed.isoformat()}}


Preferences = Entity(
    "Preferences",
    PREFERENCES,
    id_space="company",
    operations=SINGLE,
    rules=(_groups,),
    view=_view,
    viewed=frozenset({"AccountingInfoPrefs"}),
    name_field="Id",
)
