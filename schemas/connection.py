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
    clearing: dict[Text, QuickBooksId] = Field(
        {},
        description='Clearing account for each payment gateway; "stripe EUR" for its money in another currency',
    )
    discounts: QuickBooksId = Field("", description="Contra-income account that discounts go to")
    gift_cards: QuickBooksId = Field(
        "", description="Liability account that gift cards and store credit are paid from and refunded to"
    )
    income: QuickBooksId = Field("", description="Income account of items that Counterfoil creates")
    expense: QuickBooksId = Field("", description="Cost of goods sold account of new inventory items")
    asset: QuickBooksId = Field("", description="Inventory asset account of new inventory items")
    stock_adjustments: QuickBooksId = Field("", description="Account that inventory adjustments go to")
    bank: dict[Text, QuickBooksId] = Field(
        {},
        description='Bank account that payouts of a gateway reach ("shopify_payments", or "shopify_payments EUR" for '
        "one currency); payouts of a gateway that is not here are skipped",
    )
    fees: QuickBooksId = Field(
        "", description="Expense account of the fees that a gateway keeps of its payouts"
    )
    payout_adjustments: dict[Text, QuickBooksId] = Field(
        {},
        description="Account of what else a payout holds, by the gateway's word for it (dispute, adjustment, "
        "shipping_label); other: the rest",
    )


class Items(Shape):
    """Which QuickBooks item stands for what is not a product."""

    shipping: QuickBooksId = Field("", description="Item for shipping where the company's shipping is off")
    fee: QuickBooksId = Field("", description="Item for fees charged to the buyer")
    tip: QuickBooksId = Field("", description="Item for tips")
    gift_card: QuickBooksId = Field("", description="Item for gift cards, on a liability account")
    discount: QuickBooksId = Field(
        "", description="Item for discounts that have a line of their own, on a contra-income account"
    )
    bundle: QuickBooksId = Field(
        "", description="Item for what the price of a bundle differs from the prices of its parts"
    )
    marketplace_tax: QuickBooksId = Field(
        "", description="Item for tax that a marketplace collects, where it is shown and reversed"
    )
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
    zero_orders: Literal["book", "skip"] = Field(
        "book", description="Orders that cost nothing: booked with all their lines, or skipped"
    )
    closed_period: Literal["hold", "first_open_day"] = Field(
        "hold",
        description="Documents of a closed period: held as an error, or dated on the first open day with a note",
    )
    sale_before_stock: Literal["hold", "move_item", "move_sale"] = Field(
        "hold",
        description="A sale dated before its item's first day of stock: held as an error, the item's first day is "
        "moved to it, or it is dated on that day with a note",
    )
    terms: QuickBooksId = Field(
        "", description="Payment terms of invoices whose order names no day of payment; empty: the customer's"
    )
    customers: Literal["per_email", "per_store"] = Field(
        "per_email", description="One customer for each e-mail, or one for the whole store"
    )
    guests: Literal["per_email", "per_store"] = Field(
        "per_email", description="Buyers without an account: one customer for each e-mail, or the store's own"
    )
    name_clash: Literal["web", "store_id", "number"] = Field(
        "web",
        description="What a new customer's name gets when it is taken: (Web), the store's id, or a number",
    )
    inactive_customers: Literal["ask", "reactivate", "create"] = Field(
        "ask",
        description="A buyer whose customer is inactive in QuickBooks: a person is asked, it is made active, or a new "
        "customer is created beside it",
    )
    buyers: dict[Text, QuickBooksId] = Field(
        {},
        description="Customer for each buyer (store id, e-mail, or the error's code) not matched by itself",
    )
    store_customer: Text = Field("Online sales", description="Display name of the store's own customer")
    unknown_product: Literal["stop", "fallback", "create"] = Field(
        "stop", description="What to do with a product that QuickBooks does not know"
    )
    unknown_customer: Literal["create", "stop"] = Field(
        "create", description="What to do with a buyer that QuickBooks does not know"
    )
    discounts: Literal["one_line", "own_lines", "on_lines"] = Field(
        "one_line",
        description="Discounts: one line for the order (where that leaves the tax alone and accounts.discounts is "
        "chosen), a line after each product (items.discount), or inside the product's line",
    )
    marketplace_tax: Literal["leave_out", "show_and_reverse"] = Field(
        "leave_out",
        description="Tax that a marketplace collects and remits: left out, or shown and taken off again",
    )
    untaxed_orders: Literal["code", "out_of_scope"] = Field(
        "code",
        description="Outside the US, orders without tax: untaxed_code on each line, or out of scope of tax",
    )
    money: Literal["shop", "presentment"] = Field(
        "shop", description="Orders in the shop's own currency, or in the one that the buyer saw (Shopify)"
    )
    exchange_rate: Literal["order_date", "settlement"] = Field(
        "order_date",
        description="Rate of a foreign currency: QuickBooks' of the document's day, or the store's where it says one",
    )
    store_credit_gateways: tuple[Text, ...] = Field(
        ("gift_card", "store_credit", "shopify_store_credit"),
        description="Payment gateways that stand for gift cards and store credit: accounts.gift_cards is theirs",
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
    bundles: dict[Text, QuickBooksId] = Field(
        {},
        description="Bundle for each SKU that is sold as its parts; one that is sold as a whole is among the products",
    )
    locations: tuple[Text, ...] = Field((), description="Stock locations that are summed; empty means all")
    stock: Literal["ask", "follow", "off"] = Field(
        "ask",
        description="Stock levels: kept until a person says follow, followed, or never followed",
    )
    rounding_limit: Money = Field(
        "0.05",
        validate_default=True,
        ge=0,
        le=10,
        description="Leftover that goes to a rounding line; more is an error",
    )


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
