"""An event as a message on ``counterfoil.events``."""

from events import names
from events.outgoing import Outgoing
from schemas.envelope import Envelope


def event_message(envelope: Envelope) -> Outgoing:
    """Routing key = type, ``message_id`` = id, body = the envelope as JSON."""
    return Outgoing(
        exchange=names.EVENTS,
        routing_key=envelope.type,
        body=envelope.model_dump_json(exclude_none=True).encode(),
        message_id=envelope.id,
    )
