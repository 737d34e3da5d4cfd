"""What a store gets to read."""

from dataclasses import dataclass
from http import HTTPStatus

import orjson

from events.webhooks.observer import Result


@dataclass(frozen=True, slots=True)
class Answer:
    """A status with a small JSON body, and the word for it in the metrics."""

    status: HTTPStatus
    result: Result
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


def taken(result: Result, *, events: int) -> Answer:
    """Everything is stored where it cannot get lost."""
    return Answer(HTTPStatus.OK, result, b'{"events":%d}' % events)


def refused(status: HTTPStatus, result: Result, sentence: str, *headers: tuple[bytes, bytes]) -> Answer:
    """Nothing is stored, and why."""
    return Answer(status, result, orjson.dumps({"error": sentence}), headers)


NO_SIGNATURE = refused(
    HTTPStatus.UNAUTHORIZED, "bad_signature", "The signature is missing or wrong. Check the webhook's secret."
)
UNKNOWN = refused(HTTPStatus.NOT_FOUND, "unknown_connection", "There is no such connection.")
CLOSED = refused(HTTPStatus.GONE, "closed_connection", "This connection is closed. Remove the webhook.")
INCOMPLETE = refused(HTTPStatus.BAD_REQUEST, "incomplete", "The body did not arrive in time.")
FAULT = refused(HTTPStatus.INTERNAL_SERVER_ERROR, "fault", "Counterfoil made a mistake; it is in its log.")
RETRY_AFTER_SECONDS = b"30"
NOT_STORED = refused(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "not_stored",
    "The webhook could not be stored. Send it again later.",
    (b"retry-after", RETRY_AFTER_SECONDS),
)


def too_large(limit_bytes: int) -> Answer:
    """The body is over the limit."""
    return refused(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "too_large",
        f"The body is over {limit_bytes} bytes.",
        (b"connection", b"close"),
    )
