"""Everything that can stop an event, sorted by what happens next.

    SyncError
    ├── RetryLater            try again by itself, an attempt is used
    │   ├── QuickBooksUnavailable   5xx, cut connection, time-out, not JSON: the outcome is unknown
    │   └── StaleObject             5010 after a re-read: somebody was faster
    ├── Wait                  not yet: comes back in a moment, no attempt is used
    │   ├── WaitsForSale            a refund whose sale is not booked yet
    │   ├── WaitsForProduct         a stock level whose product is not known yet
    │   ├── WaitsForOrders          a stock level whose orders are just being booked
    │   └── ObjectBusy              another worker holds this store object
    ├── Hold                  the connection is paused; nothing is wrong with the message
    │   ├── Throttled               429: this company's budget is used up for the moment
    │   ├── ConnectionPaused        paused by a person or by an earlier error
    │   └── ReconnectNeeded         invalid_grant, 3100: a person must connect again
    └── NeedsAttention        a person must act: the event goes to the error queue
        ├── InvalidEvent, UnreadableWebhook, UnknownConnection
        ├── TaxCodeUnmapped, ProductUnknown, CustomerUnknown, AccountUnmapped, …
        └── QuickBooksRejected      QuickBooks understood and refused

``reason`` is the slug: metric label, part of the failure group, name of the runbook page.
"""


class SyncError(Exception):
    """Why one event is not booked by this delivery."""

    reason = "sync_error"


class RetryLater(SyncError):
    """Trouble that passes by itself: the event is tried again later, and one attempt is used up."""

    reason = "retry_later"


class QuickBooksUnavailable(RetryLater):
    """QuickBooks did not answer in a way that tells what happened: the outcome is unknown."""

    reason = "quickbooks_unavailable"


class StaleObject(RetryLater):
    """The document changed in QuickBooks while we worked on it (5010), also after a re-read."""

    reason = "stale_object"


class Wait(SyncError):
    """Not this event's turn yet; it comes back after ``delay_seconds`` or more, and no attempt is used up.

    After ``limit_seconds`` (None: as the setting says) it becomes ``otherwise``, and a person must act.
    """

    reason = "wait"

    def __init__(
        self,
        message: str,
        *,
        delay_seconds: int = 5,
        limit_seconds: float | None = None,
        otherwise: "NeedsAttention | None" = None,
    ) -> None:
        super().__init__(message)
        self.delay_seconds = delay_seconds
        self.limit_seconds = limit_seconds
        self.otherwise = otherwise


class WaitsForSale(Wait):
    """A refund came before its sale was booked."""

    reason = "waits_for_sale"


class WaitsForProduct(Wait):
    """A stock level came before its product."""

    reason = "waits_for_product"


class WaitsForOrders(Wait):
    """A stock level whose orders are just being booked, or may follow it."""

    reason = "waits_for_orders"


class ObjectBusy(Wait):
    """Another worker works on the same store object."""

    reason = "object_busy"


class Hold(SyncError):
    """Its connection is paused: for ``seconds``, or until a person acts. Nothing is wrong with the message."""

    reason = "hold"

    def __init__(self, message: str, *, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


class Throttled(Hold):
    """QuickBooks answered 429. Intuit asks for a pause of 60 s ("Limits and throttles")."""

    reason = "throttled"


class ConnectionPaused(Hold):
    """The connection is paused; the event waits in the held queue."""

    reason = "connection_paused"


class ReconnectNeeded(Hold):
    """QuickBooks no longer accepts our token; only ``connections connect`` helps."""

    reason = "reconnect_needed"


class NeedsAttention(SyncError):
    """A person must act. ``cause`` is what exactly (this tax, this SKU): failures of one cause are one group.

    ``fix`` is the command or setting that repairs it.
    """

    reason = "needs_attention"

    def __init__(self, message: str, *, cause: str = "", fix: str = "", fault_code: str = "") -> None:
        super().__init__(message)
        self.cause = cause
        self.fix = fix
        self.fault_code = fault_code


class InvalidEvent(NeedsAttention):
    """The envelope or its payload is not valid."""

    reason = "invalid_event"


class UnreadableWebhook(NeedsAttention):
    """A signed webhook that the platform's module cannot read."""

    reason = "unreadable_webhook"


class UnknownConnection(NeedsAttention):
    """The event names a connection that does not exist or is closed."""

    reason = "unknown_connection"


class DataRequested(NeedsAttention):
    """A customer asks the store which of their personal data is kept: a person must answer."""

    reason = "data_requested"


class DeliveryLimit(NeedsAttention):
    """RabbitMQ gave the message up: its workers died too often while they held it."""

    reason = "delivery_limit"


class TaxCodeUnmapped(NeedsAttention):
    """A store tax has no QuickBooks tax code."""

    reason = "tax_code_unmapped"


class ProductUnknown(NeedsAttention):
    """A product of the store has no QuickBooks item."""

    reason = "product_unknown"


class SkuMissing(NeedsAttention):
    """A product has no SKU, or one that another product has too."""

    reason = "sku_missing"


class CustomerUnknown(NeedsAttention):
    """The buyer has no QuickBooks customer and the setting says not to create one."""

    reason = "customer_unknown"


class CustomerClash(NeedsAttention):
    """The display name is taken by another customer, vendor or employee (6240)."""

    reason = "customer_clash"


class AccountUnmapped(NeedsAttention):
    """A payment gateway, or a purpose, has no QuickBooks account."""

    reason = "account_unmapped"


class ItemUnmapped(NeedsAttention):
    """Shipping, fee, tip, gift card, refund adjustment or rounding has no QuickBooks item."""

    reason = "item_unmapped"


class TotalsDiffer(NeedsAttention):
    """The store's total and the document's total differ by more than the rounding limit."""

    reason = "totals_differ"


class PayoutDiffers(NeedsAttention):
    """A payout's transactions do not come to what the bank got."""

    reason = "payout_differs"


class CurrencyUnsupported(NeedsAttention):
    """The order's currency is not the company's and multicurrency is off."""

    reason = "currency_unsupported"


class ExchangeRateMissing(NeedsAttention):
    """QuickBooks has no exchange rate for a foreign currency and day: it would book one to one."""

    reason = "exchange_rate_missing"


class DoesNotFit(NeedsAttention):
    """What tells one buyer or product from another is longer than QuickBooks takes, so it is not shortened."""

    reason = "does_not_fit"


class OrderTooLong(NeedsAttention):
    """More lines than QuickBooks takes in one document."""

    reason = "order_too_long"


class RemovedInQuickBooks(NeedsAttention):
    """A person deleted or voided the document in QuickBooks: it is never created again silently."""

    reason = "removed_in_quickbooks"


class ChangedInQuickBooks(NeedsAttention):
    """A person changed the document in QuickBooks: it is never overwritten blindly."""

    reason = "changed_in_quickbooks"


class SaleMissing(NeedsAttention):
    """A refund whose sale was not booked within the set time."""

    reason = "sale_missing"


class PeriodClosed(NeedsAttention):
    """The books of that date are closed (6200, 6210)."""

    reason = "period_closed"


class BeforeStockStart(NeedsAttention):
    """A sale dated before the first day of stock of one of its items (6270)."""

    reason = "before_stock_start"


class QuickBooksRejected(NeedsAttention):
    """QuickBooks understood the request and refused it; ``fault_code`` is Intuit's code."""

    reason = "quickbooks_rejected"


class StockUnsettled(NeedsAttention):
    """An order of this item has an unknown outcome for too long, so its stock cannot be counted."""

    reason = "stock_unsettled"


class UnsupportedByPlan(NeedsAttention):
    """The QuickBooks company's plan or settings lack what the event needs (5020, 5030)."""

    reason = "unsupported_by_plan"


class NumberTaken(NeedsAttention):
    """The document number belongs to another document, which is not this one (6140)."""

    reason = "number_taken"
