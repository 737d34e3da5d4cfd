"""A message and its sentences without what says who somebody is. Pure."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
from pydantic import ValidationError

from ops.erasure.person import Person, personal_words
from schemas.contacts import Contact, ContactRemoved, DataRequest
from schemas.event_types import EVENT_TYPES
from schemas.orders import Address, Buyer, Order, Refund
from schemas.shape import Shape
from schemas.unreadable import UnreadableWebhook
from workers.ledger.erasure import Payload

ERASED = "[erased]"
NOTHING_LEFT = b'{"erased":true}'
"""What stays of a message that is no event: nothing in it can be told apart."""


def scrubbed_body(body: bytes) -> bytes:
    """The same event of nobody: an order keeps its amounts and can still be booked, for the store's own customer.

    A payload that breaks its shape loses all of itself.
    """
    try:
        envelope = orjson.loads(body)
    except orjson.JSONDecodeError:
        return NOTHING_LEFT
    if not isinstance(envelope, dict) or not isinstance(envelope.get("data"), dict):
        return NOTHING_LEFT
    data = _scrubbed(str(envelope.get("type")), envelope["data"])
    return body if data == envelope["data"] else orjson.dumps(envelope | {"data": data})


def scrubbed_text(text: str, words: Sequence[str]) -> str:
    """A sentence without these words, however they are written."""
    for word in words:
        text = re.sub(re.escape(word), ERASED, text, flags=re.IGNORECASE)
    return text


def scrubbed_payload(old: Payload, person: Person) -> Payload:
    """A failed message's words without the person's."""
    words = words_about(old.body, person)
    body = scrubbed_body(old.body)
    if person.is_named_in(body.decode("utf-8", "replace")):
        body = NOTHING_LEFT  # named where no e-mail belongs: in an attribute, a line, an id
    return replace(
        old,
        body=body,
        cause=scrubbed_text(old.cause, words),
        message=scrubbed_text(old.message, words),
        fix=scrubbed_text(old.fix, words),
        ignore_reason=scrubbed_text(old.ignore_reason, words),
    )


def scrubbed_edit(body: bytes, person: Person) -> bytes:
    """An edited message, or its original; one that is not about the person as it was."""
    return scrubbed_body(body) if body and person.concerns(body) else body


def words_about(body: bytes, person: Person) -> list[str]:
    """What must not stay in sentences about this message."""
    return [*personal_words(body), *sorted(person.emails)]


def _scrubbed(event_type: str, data: dict[str, Any]) -> dict[str, Any]:
    shape = EVENT_TYPES.get(event_type)
    if shape is None:
        return {}
    try:
        payload: Shape = shape.model_validate(data)
    except ValidationError:
        return {}
    changes: dict[str, Any]
    match payload:
        case Order():
            changes = {"buyer": _nobody(payload.buyer), "note": ""}
        case Refund():
            changes = {"buyer": _nobody(payload.buyer), "reason": ""}
        case Contact():
            payload = Contact(contact_id=payload.contact_id, updated_at=payload.updated_at)
            changes = {}
        case ContactRemoved() | DataRequest():
            changes = {"email": ""}
        case UnreadableWebhook():
            changes = {"body_base64": "", "problem": ERASED}
        case _:
            return data
    return payload.model_copy(update=changes).model_dump(mode="json", exclude_defaults=True)


def _nobody(buyer: Buyer) -> Buyer:
    """Tax needs to know where goods went; a region says that of nobody in particular."""
    billing, shipping = buyer.billing, buyer.shipping
    return Buyer(
        billing=Address(region=billing.region, country=billing.country),
        shipping=Address(region=shipping.region, country=shipping.country),
    )
