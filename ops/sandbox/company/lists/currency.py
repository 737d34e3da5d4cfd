"""CompanyCurrency and ExchangeRate."""

from decimal import Decimal

from ops.sandbox.company.books import Books
from ops.sandbox.company.country import CURRENCY_NAMES
from ops.sandbox.company.entity import LIST, Draft, Entity, Operation
from ops.sandbox.company.faults import duplicate_name, missing, refusal
from ops.sandbox.company.fields import anything, boolean, day, number, text
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.shapes import BASE_FIELDS, CUSTOM_FIELD, Shape, nested_list
from ops.sandbox.company.sync_tokens import as_changed, as_created, is_same

COMPANY_CURRENCY = Shape(
    "CompanyCurrency",
    [
        *BASE_FIELDS,
        text("Code", 3, required=True, filterable=True),
        text("Name", 100, filterable=True),
        boolean("Active", filterable=True),
        nested_list("CustomField", CUSTOM_FIELD),
    ],
)


def _currency(draft: Draft) -> None:
    document = draft.document
    code = document["Code"] = document["Code"].upper()
    if code not in CURRENCY_NAMES:
        raise refusal("2220", "Invalid Currency Type", f"Invalid Currency Type : {code}", "Code")
    for row in draft.books.store.rows("CompanyCurrency").values():
        if row["Code"] == code and row["Id"] != draft.id:
            raise duplicate_name("Another currency is already using this \ncode.")
    document["Name"] = CURRENCY_NAMES[code]
    document.setdefault("Active", True)


CompanyCurrency = Entity(
    "CompanyCurrency",
    COMPANY_CURRENCY,
    id_space="currency",
    operations=frozenset[Operation](LIST | {"delete"}),
    rules=(_currency,),
    name_field="Name",
)

EXCHANGE_RATE = Shape(
    "ExchangeRate",
    [
        *BASE_FIELDS,
        text("SourceCurrencyCode", 3, required=True, filterable=True),
        text("TargetCurrencyCode", 3, filterable=True),
        number("Rate", required=True),
        day("AsOfDate", filterable=True),
        anything("CustomField"),
    ],
)


def set_rate(books: Books, body: Json) -> Json:
    """Store the rate of a currency on a day; there is one per currency and day, with no Id in the request."""
    sent = EXCHANGE_RATE.read(body)
    absent = [name for name in ("SourceCurrencyCode", "Rate") if sent.get(name) is None]
    if absent:
        raise missing(*absent)
    if not 0 < sent["Rate"] < 1_000_000:
        raise refusal("2110", "Invalid Decimal", f"Invalid Decimal : {sent['Rate']}", "Rate")
    if sent["SourceCurrencyCode"] not in CURRENCY_NAMES:
        raise refusal(
            "2220", "Invalid Currency Type", f"Invalid Currency Type : {sent['SourceCurrencyCode']}"
        )
    document = {
        "SourceCurrencyCode": sent["SourceCurrencyCode"],
        "TargetCurrencyCode": books.country.currency,
        "Rate": sent["Rate"],
        "AsOfDate": sent.get("AsOfDate") or books.today(),
    }
    store = books.store
    rows = store.rows("ExchangeRate")
    for id, row in rows.items():
        if all(row[name] == document[name] for name in ("SourceCurrencyCode", "AsOfDate")):
            if not is_same(document, row):
                store.put(rows, id, as_changed(books, document, row))
            return rows[id]
    id = str(store.next_number("id:exchange rate"))
    store.put(rows, id, as_created(books, document, id))
    return rows[id]


ExchangeRate = Entity(
    "ExchangeRate",
    EXCHANGE_RATE,
    id_space="exchange rate",
    operations=frozenset({"create", "update", "read", "query"}),
    name_field="SourceCurrencyCode",
    make=set_rate,
)


def latest_rate(books: Books, currency: str, day: str) -> Json | None:
    """The stored rate of a currency that counts on a day, or None."""
    best = None
    for row in books.store.rows("ExchangeRate").values():
        if row["SourceCurrencyCode"] != currency or row["AsOfDate"] > day:
            continue
        if best is None or row["AsOfDate"] >= best["AsOfDate"]:
            best = row
    return best


def rate_on(books: Books, currency: str, day: str) -> Decimal:
    """The latest rate up to a day, or 1 when there is none."""
    best = latest_rate(books, currency, day)
    return best["Rate"] if best is not None else Decimal(1)
