"""From an event's type to its workflow function: the payload is checked here, and nowhere else."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from schemas.event_types import EVENT_TYPES
from schemas.shape import Shape
from schemas.unreadable import UnreadableWebhook
from workers.contacts.privacy import answer_data_request, erase_contact, erase_store
from workers.contacts.sync_contact import remove_contact, sync_contact
from workers.context import Context
from workers.errors import InvalidEvent
from workers.inventory.sync_level import count_stock, recount, sync_level
from workers.inventory.sync_product import remove_product, sync_product
from workers.items.movements import with_stock
from workers.orders.gift_cards import sync_gift_card_payment
from workers.orders.remove_order import remove_order
from workers.orders.sync_order import sync_order
from workers.orders.sync_refund import remove_refund, sync_refund
from workers.payouts.sync_payout import sync_payout, take_payout_back
from workers.steps import Steps
from workers.unreadable import read_unreadable

Function = Callable[[Any, Context], Steps]


@dataclass(frozen=True, slots=True)
class Handler:
    """One event type: the shape of its payload, and what it does."""

    payload: type[Shape]
    function: Function


def _read_unreadable(webhook: UnreadableWebhook, context: Context) -> Steps:
    return read_unreadable(webhook, context, steps_for)


_FUNCTIONS: dict[str, Function] = {
    "orders.created": sync_order,
    "orders.paid": sync_order,
    "orders.updated": sync_order,
    "orders.edited": sync_order,
    "orders.cancelled": sync_order,
    "orders.restored": sync_order,
    "orders.deleted": remove_order,
    "orders.refunded": sync_refund,
    "orders.refund_deleted": remove_refund,
    "orders.gift_card_paid": sync_gift_card_payment,
    "orders.payout_paid": sync_payout,
    "orders.payout_failed": take_payout_back,
    "orders.unreadable_webhook": _read_unreadable,
    "inventory.product_created": sync_product,
    "inventory.product_updated": sync_product,
    "inventory.product_deleted": remove_product,
    "inventory.level_changed": sync_level,
    "inventory.recount_asked": recount,
    "inventory.stock_counted": count_stock,
    "inventory.unreadable_webhook": _read_unreadable,
    "contacts.created": sync_contact,
    "contacts.updated": sync_contact,
    "contacts.deleted": remove_contact,
    "contacts.erased": erase_contact,
    "contacts.store_erased": erase_store,
    "contacts.data_requested": answer_data_request,
    "contacts.unreadable_webhook": _read_unreadable,
}

HANDLERS: dict[str, Handler] = {name: Handler(EVENT_TYPES[name], _FUNCTIONS[name]) for name in EVENT_TYPES}


def steps_for(context: Context, data: dict[str, Any]) -> Steps:
    """Start the workflow function of an event.

    Raises:
        InvalidEvent: the type is not known, or the payload breaks its shape.
    """
    kind = context.envelope.type
    handler = HANDLERS.get(kind)
    if handler is None:
        raise InvalidEvent(
            f'Event type "{kind}" is not known. Correct the type and publish it again, then Ignore this one.',
            cause=kind,
            fix="counterfoil errors ignore EVENT",
        )
    try:
        payload = handler.payload.model_validate(data)
    except ValidationError as error:
        raise _invalid(context, error) from None
    return with_stock(handler.function(payload, context), payload, context)


def _invalid(context: Context, error: ValidationError) -> InvalidEvent:
    problem = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in problem["loc"]) or "data"
    rule = problem["msg"].removeprefix("Value error, ")
    return InvalidEvent(
        f'Event {context.envelope.id}: field "{field}" of {context.envelope.type}: {rule}. '
        "Whoever published it must correct it; then Ignore this one.",
        cause=f"{context.envelope.type} {field}: {problem['type']}",
        fix="counterfoil errors ignore EVENT",
    )
