"""An event as a message on ``counterfoil.events``."""

from events import names
from events.outgoing import Outgoing
from schemas.envelope import Envelope

AMQP_NAME_BYTES = 255
"""AMQP's short strings end here; an id of many wide letters has no ``message_id`` but is still in the body."""


def event_message(envelope: Envelope) -> Outgoing:
    """Routing key = type, ``message_id`` = id, body = the envelope as JSON."""
    fits = len(envelope.id.encode()) <= AMQP_NAME_BYTES
    return Outgoing(
        exchange=names.EVENTS,
        routing_key=envelope.type,
        body=envelope.model_dump_json(exclude_none=True).encode(),
        message_id=envelope.id if fits else None,
    )
