"""A signed body that could not be read, as an event: a person sees it, and a Retry reads it again."""

from base64 import b64decode, b64encode
from hashlib import sha256

from events.stores.envelopes import derived_id, source
from events.stores.platform import Platform, Unreadable
from events.stores.reading import clean
from events.stores.registry import PLATFORMS
from events.stores.webhook import Webhook
from schemas.envelope import Envelope
from schemas.unreadable import UnreadableWebhook

ACTION = "unreadable_webhook"
KEPT_HEADERS = ("x-wc-", "x-shopify-", "counterfoil-", "content-type", "user-agent")
"""What a later reading needs, and what helps a person; no cookies and no address of a client."""


def unreadable_event(webhook: Webhook, platform: Platform, problem: str) -> Envelope:
    """The same body is the same event, however often the store sends it."""
    digest = sha256(webhook.body).hexdigest()
    topic = clean(platform.topic(webhook))[:200]
    data = UnreadableWebhook(
        platform=platform.name,
        topic=topic,
        body_base64=b64encode(webhook.body).decode(),
        headers={
            name: clean(value) for name, value in webhook.headers.items() if name.startswith(KEPT_HEADERS)
        },
        received_at=webhook.received_at,
        problem=problem,
    )
    return Envelope(
        specversion="1.0",
        id=derived_id(webhook.connection, "webhook", topic, digest),
        source=source(webhook),
        type=f"{platform.workflow(webhook)}.{ACTION}",
        subject=f"webhook/{digest[:32]}",
        time=webhook.received_at,
        connection=webhook.connection,
        data=data.model_dump(mode="json"),
    )


def read_again(envelope: Envelope) -> list[Envelope]:
    """The events of a body that today's code can read; none is an answer too (a topic without use).

    Raises:
        Unreadable: it still cannot be read; ``problem`` says why today.
    """
    kept = UnreadableWebhook.model_validate(envelope.data)
    platform = PLATFORMS.get(kept.platform)
    if platform is None:
        raise Unreadable(f'The platform "{kept.platform}" is not known.')
    try:
        body = b64decode(kept.body_base64, validate=True)
    except ValueError as error:
        raise Unreadable(f"The kept copy is damaged: {error}.") from error
    return platform.read(
        Webhook(
            connection=envelope.connection,
            headers=kept.headers,
            body=body,
            received_at=kept.received_at,
        )
    )
