"""Canonical data into envelopes, with ids that are the same for the same store change."""

from datetime import UTC, datetime
from hashlib import sha256

import orjson

from events.stores.webhook import Webhook
from schemas.envelope import Envelope
from schemas.shape import Shape

NOT_STATE = frozenset({"updated_at"})
"""Left out of the digest: it is the version already, or only the time of arrival."""


def snapshot(
    webhook: Webhook,
    event_type: str,
    subject: str,
    *,
    data: Shape,
    version: datetime | None,
    happened: str = "",
    partitionkey: str | None = None,
) -> Envelope:
    """The whole state of one object. The same state is the same event, whatever topic it came under.

    ``version`` None: the store does not say when it changed. ``happened`` makes the same state another
    event, where the action itself matters (an order that came back from the trash). ``partitionkey``: the
    object whose events must run one after another, where that is not the subject.
    """
    state = data.model_dump(mode="json")
    digest = sha256(
        orjson.dumps({key: state[key] for key in state if key not in NOT_STATE}, option=orjson.OPT_SORT_KEYS)
    ).hexdigest()
    stamp = "" if version is None else version.astimezone(UTC).isoformat()
    event_id = derived_id(webhook.connection, subject, stamp, digest, happened)
    return Envelope(
        specversion="1.0",
        id=event_id,
        source=source(webhook),
        type=event_type,
        subject=subject,
        time=version or webhook.received_at,
        connection=webhook.connection,
        partitionkey=partitionkey,
        data=state,
    )


def occurrence(
    webhook: Webhook,
    event_type: str,
    subject: str,
    *,
    data: Shape,
    time: datetime,
    once: str,
    partitionkey: str | None = None,
) -> Envelope:
    """Something that happens once to an object and is then told again and again (a refund, a deletion).

    ``once`` is what tells it from another one, for example a delivery id; it must not change later.
    """
    return Envelope(
        specversion="1.0",
        id=derived_id(webhook.connection, subject, once),
        source=source(webhook),
        type=event_type,
        subject=subject,
        time=time,
        connection=webhook.connection,
        partitionkey=partitionkey,
        data=data.model_dump(mode="json"),
    )


def source(webhook: Webhook) -> str:
    """The CloudEvents source of everything that one connection's store sends."""
    return f"counterfoil/connections/{webhook.connection}"


def derived_id(*facts: str) -> str:
    """32 hex characters that follow from ``facts`` alone."""
    return sha256("\x1f".join(facts).encode()).hexdigest()[:32]
