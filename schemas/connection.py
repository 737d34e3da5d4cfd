"""One connection: a store linked to a QuickBooks company, and the settings of its books.

Every setting has a default that suits a small shop. Ids are QuickBooks ids (text); "" means not chosen.
"""

from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints

from schemas.money import Money
from schemas.shape import ConnectionId, Shape, Text

Platform = Literal["woocommerce", "shopify", "counterfoil"]
PLATFORMS: tuple[Platform, ...] = ("woocommerce", "shopify", "counterfoil")
ConnectionStatus = Literal["active", "paused", "closed"]
QuickBooksId = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9_]{0,40}$")]
"""A QuickBooks id: digits, or a word such as ``SHIPPING_ITEM_ID``, ``TAX``, ``NON``; "" = not chosen."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not a time zone of the IANA database") from error
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]


class Accounts(Shape):
    """Which QuickBooks account stands for what."""

    deposit: QuickBooksId = Field("", description="Deposit account of a gateway that has no clearing account")
    clearing: dict[Text, QuickBooksId] = Field({}, description="Clearing account for each payment gateway")
    discounts: QuickBooksId = Field("", description="Contra-income account that discounts go to")
    income: QuickBooksId = Field("", description="Income account of items that Counterfoil creates")
    expense: QuickBooksId = Field("", description="Cost of goods sold account of new inventory items")
    asset: QuickBooksId = Field("", description="Inventory asset account of new inventory items")
    stock_adjustments: QuickBooksId = Field("", description="Account that inventory adjustments go to")


class Items(Shape):
    """Which QuickBooks item stands for what is not a product."""

    shipping: QuickBooksId = Field("", description="Item for shipping where the company's shipping is off")
    fee: QuickBooksId = Field("", description="Item for fees charged to the buyer")
    tip: QuickBooksId = Field("", description="Item for tips")
    gift_card: QuickBooksId = Field("", description="Item for gift cards, on a liability account")
    refund_adjustment: QuickBooksId = Field("", description="Item for the part of a refund that has no line")
    rounding: QuickBooksId = Field("", description="Item for leftover cents")
    fallback: QuickBooksId = Field("", description="Item for unknown products, if the setting says so")


class ConnectionSettings(Shape):
    """How one connection's events become books. Rule numbers (A1 …) are those of the accounting rules."""

    document: Literal["sales_receipt", "invoice"] = Field(
        "sales_receipt",
        description="What a paid order becomes: a sales receipt, or an invoice with a payment",
    )
    order_date: Literal["order", "payment"] = Field(
        "order", description="The document's date: when it was ordered or when it was paid"
    )
    time_zone: TimeZone = Field("UTC", description="The company's time zone, which decides the date")
    number_prefix: Annotated[str, StringConstraints(max_length=8)] = Field(
        "", description="Stands before the order number in DocNumber"
    )
    start_date: date | None = Field(None, description="Orders created before this day are skipped")
    statuses: tuple[Text, ...] = Field(
        (), description="Only orders with these store statuses are booked; empty means all"
    )
    customers: Literal["per_email", "per_store"] = Field(
        "per_email", description="One customer for each e-mail, or one for the whole store"
    )
    store_customer: Text = Field("Online sales", description="Display name of the store's own customer")
    unknown_product: Literal["stop", "fallback", "create"] = Field(
        "stop", description="What to do with a product that QuickBooks does not know"
    )
    unknown_customer: Literal["create", "stop"] = Field(
        "create", description="What to do with a buyer that QuickBooks does not know"
    )
    accounts: Accounts = Accounts()
    items: Items = Items()
    taxes: dict[Text, QuickBooksId] = Field({}, description="Tax code for each of the store's taxes")
    untaxed_code: QuickBooksId = Field("NON", description="Tax code of a line without tax")
    taxed_code: QuickBooksId = Field("TAX", description="Tax code of a taxed line in a US company")
    payment_methods: dict[Text, QuickBooksId] = Field({}, description="Payment method for each gateway")
    products: dict[Text, QuickBooksId] = Field(
        {}, description="Item for each SKU that is not matched by itself"
    )
    locations: tuple[Text, ...] = Field((), description="Stock locations that are summed; empty means all")
    rounding_limit: Money = Field("0.05", validate_default=True, description="Leftover that goes to rounding")


class Connection(Shape):
    """One store linked to one QuickBooks company."""

    connection_id: ConnectionId
    platform: Platform
    realm_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{0,32}$")] = ""
    status: ConnectionStatus = "active"
    pause_reason: Text = ""
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "US"
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "USD"
    settings: ConnectionSettings = ConnectionSettings()
