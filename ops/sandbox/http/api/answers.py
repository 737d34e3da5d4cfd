"""What leaves the company API: answers, and the five shapes of a failure.

Shapes as recorded from QuickBooks: Fault (400), the gateway's lower-case envelope (401, 403), the throttle
(JSON or XML), plain text from a proxy, and no answer at all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from ops.sandbox.http.exact_json import JSON_TYPE, write_json

Header = tuple[bytes, bytes]
UNAUTHORIZED: Header = (b"www-authenticate", b'Bearer realm="Intuit", error="invalid_token"')
THROTTLE_TEXT = "message=ThrottleExceeded; errorCode=003001; statusCode={}"
THROTTLE_DETAIL = "The request limit was reached.  Try again later"


@dataclass(slots=True)
class Answer:
    """One HTTP answer before the headers that all of them carry."""

    status: int
    body: bytes
    content_type: bytes = JSON_TYPE
    headers: Sequence[Header] = field(default_factory=tuple)


class CutConnection(Exception):
    """The caller gets no answer: the connection is closed under it."""


def fault_document(type_: str, errors: Iterable[dict[str, str]]) -> dict[str, Any]:
    """The ``Fault`` of a refused request or batch item."""
    return {"Error": list(errors), "type": type_}


def gateway_answer(
    status: int, type_: str, code: str, message: str, detail: str | None, epoch_seconds: float
) -> Answer:
    """The gateway's own envelope (lower case, time in milliseconds), with 401 or 403."""
    error = {"message": message, "detail": detail, "code": code, "element": None}
    document: dict[str, Any] = {
        "warnings": None,
        "intuitObject": None,
        "fault": {"error": [error], "type": type_},
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": int(epoch_seconds * 1000),
        "status": None,
        "cdcresponse": [],
    }
    headers = (UNAUTHORIZED,) if status == 401 else ()
    return Answer(status, write_json(document), b"application/json", headers)


def authentication_failed(detail: str, epoch_seconds: float) -> Answer:
    """401, code 3200."""
    message = "message=AuthenticationFailed; errorCode=003200; statusCode=401"
    return gateway_answer(401, "AUTHENTICATION", "3200", message, detail, epoch_seconds)


def authorization_failed(epoch_seconds: float) -> Answer:
    """403, code 3100: the token is good, but not for this company."""
    message = "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403"
    return gateway_answer(403, "SERVICE", "3100", message, None, epoch_seconds)


def throttled(time: str, *, status: int, as_xml: bool, retry_after_seconds: int | None) -> Answer:
    """429, or 403 as was seen once; code 3001."""
    message = THROTTLE_TEXT.format(status)
    headers: tuple[Header, ...] = ()
    if retry_after_seconds is not None:
        headers = ((b"retry-after", str(retry_after_seconds).encode()),)
    if as_xml:
        text = (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            f'<IntuitResponse time="{escape(time)}" xmlns="http://schema.intuit.com/finance/v3">'
            f'<Fault type="SERVICE"><Error code="3001"><Message>{message}</Message>'
            f"<Detail>{THROTTLE_DETAIL}</Detail></Error></Fault></IntuitResponse>"
        )
        return Answer(status, text.encode(), b"application/xml", headers)
    error = {"Message": message, "Detail": THROTTLE_DETAIL, "code": "3001"}
    document: dict[str, Any] = {"Fault": fault_document("SERVICE", [error]), "time": time}
    return Answer(status, write_json(document), JSON_TYPE, headers)


def system_failure(time: str) -> Answer:
    """500, code 10000: the outcome is unknown to the caller."""
    error = {
        "Message": "An application error has occurred while processing your request",
        "Detail": "System Failure Error: An unexpected error occurred",
        "code": "10000",
    }
    return Answer(500, write_json({"Fault": fault_document("SystemFault", [error]), "time": time}))


def stream_timeout() -> Answer:
    """What the gateway says when the service behind it took too long: bare text."""
    return Answer(504, b"stream timeout", b"text/plain")


def not_found() -> Answer:
    """A path that is no resource at all."""
    return Answer(404, b"Not Found", b"text/plain")


def too_long() -> Answer:
    """A body that is not read to its end; the connection is of no use after that."""
    return Answer(413, b"Content Too Large", b"text/plain", ((b"connection", b"close"),))
