"""The door for senders of canonical envelopes: HMAC-SHA256 of the raw body, in hexadecimal."""

from collections.abc import Sequence

import orjson
from pydantic import ValidationError

from events.stores.platform import Unreadable
from events.stores.reading import read_object, text
from events.stores.signature import matches_hex
from events.stores.webhook import Webhook
from schemas.envelope import Envelope, Workflow
from schemas.event_types import EVENT_TYPES

SIGNATURE = "counterfoil-signature"


class Counterfoil:
    """Platform ``counterfoil``. The sender chooses the event id: the same id is the same event."""

    name = "counterfoil"

    def signature_is_good(self, webhook: Webhook, secrets: Sequence[str]) -> bool:
        """See ``Platform``."""
        return matches_hex(webhook.body, secrets, webhook.header(SIGNATURE))

    def is_ping(self, webhook: Webhook) -> bool:
        """There is none."""
        del webhook
        return False

    def topic(self, webhook: Webhook) -> str:
        """The event type that the envelope claims, "" where the body cannot be read."""
        try:
            return text(read_object(webhook.body), "type")
        except Unreadable:
            return ""

    def workflow(self, webhook: Webhook) -> Workflow:
        """See ``Platform``."""
        match self.topic(webhook).partition(".")[0]:
            case "inventory":
                return "inventory"
            case "contacts":
                return "contacts"
            case _:
                return "orders"

    def read(self, webhook: Webhook) -> list[Envelope]:
        """The one envelope that the body is, whole and valid."""
        try:
            envelope = Envelope.model_validate_json(webhook.body)
        except ValidationError as error:
            raise Unreadable(f"The body is no valid envelope: {_first(error)}") from error
        if envelope.connection != webhook.connection:
            raise Unreadable(
                f'The envelope is for connection "{envelope.connection}", but was sent to "{webhook.connection}".'
            )
        shape = EVENT_TYPES.get(envelope.type)
        if shape is None:
            raise Unreadable(f'The event type "{envelope.type}" is not known.')
        try:
            shape.model_validate_json(orjson.dumps(envelope.data))
        except (ValidationError, orjson.JSONEncodeError) as error:
            raise Unreadable(f'The data of "{envelope.type}" does not fit: {_first(error)}') from error
        return [envelope]


def _first(error: ValidationError | orjson.JSONEncodeError) -> str:
    if not isinstance(error, ValidationError):
        return "it holds what JSON cannot."
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(step) for step in first["loc"])
    return f"{where}: {first['msg']}." if where else f"{first['msg']}."
