"""Which payload belongs to which event type. An event type that is not here is not known."""

from schemas.contacts import Contact, ContactRemoved, DataRequest, StoreErased
from schemas.inventory import Product, ProductRemoved, Recount, StockCount, StockLevel
from schemas.orders import GiftCardPayment, Order, OrderRemoved, Refund, RefundRemoved
from schemas.payouts import Payout, PayoutFailed
from schemas.shape import Shape
from schemas.unreadable import UnreadableWebhook

Payload = (
    Order
    | OrderRemoved
    | Refund
    | RefundRemoved
    | GiftCardPayment
    | Payout
    | PayoutFailed
    | Contact
    | ContactRemoved
    | StoreErased
    | DataRequest
    | Product
    | ProductRemoved
    | StockLevel
    | Recount
    | StockCount
    | UnreadableWebhook
)

EVENT_TYPES: dict[str, type[Shape]] = {
    "orders.created": Order,
    "orders.paid": Order,
    "orders.updated": Order,
    "orders.edited": Order,
    "orders.cancelled": Order,
    "orders.restored": Order,
    "orders.deleted": OrderRemoved,
    "orders.refunded": Refund,
    "orders.refund_deleted": RefundRemoved,
    "orders.gift_card_paid": GiftCardPayment,
    "orders.payout_paid": Payout,
    "orders.payout_failed": PayoutFailed,
    "orders.unreadable_webhook": UnreadableWebhook,
    "inventory.product_created": Product,
    "inventory.product_updated": Product,
    "inventory.product_deleted": ProductRemoved,
    "inventory.level_changed": StockLevel,
    "inventory.recount_asked": Recount,
    "inventory.stock_counted": StockCount,
    "inventory.unreadable_webhook": UnreadableWebhook,
    "contacts.created": Contact,
    "contacts.updated": Contact,
    "contacts.deleted": ContactRemoved,
    "contacts.erased": ContactRemoved,
    "contacts.store_erased": StoreErased,
    "contacts.data_requested": DataRequest,
    "contacts.unreadable_webhook": UnreadableWebhook,
}
