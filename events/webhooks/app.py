"""The ASGI application: ``POST /webhooks/{connection}``, and the pages that the process adds.

Bare ASGI: there is one route to match, and a router would cost more than all of our checks.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from events.webhooks import answer
from events.webhooks.answer import Answer
from events.webhooks.body import Incomplete, Receive, TooLarge, read_body
from events.webhooks.directory import WebhookConnection
from events.webhooks.door import Door
from events.webhooks.fault import place_of
from events.webhooks.observer import Observer

PREFIX = "/webhooks/"
JSON = b"application/json"

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Page:
    """What a GET gets: a health check or the metrics."""

    status: HTTPStatus
    content_type: bytes
    body: bytes


def webhook_app(
    door: Door,
    *,
    limit_bytes: int,
    observer: Observer,
    pages: Mapping[str, Callable[[], Page]],
    monotonic: Callable[[], float] = time.perf_counter,
) -> App:
    """The application. ``pages`` are served under their paths to GET and HEAD."""
    too_large = answer.too_large(limit_bytes)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return  # no WebSockets; the process itself starts and ends what the application needs
        path: str = scope["path"]
        if path.startswith(PREFIX):
            await webhook(path[len(PREFIX) :].removesuffix("/"), scope, receive, send)
        elif (page := pages.get(path)) is not None:
            await _send_page(page, scope, send)
        else:
            await _send(send, HTTPStatus.NOT_FOUND, JSON, b'{"error":"There is nothing here."}')

    async def webhook(connection_id: str, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await _method_not_allowed(send, b"POST")
            return
        started = monotonic()
        found = await door.look_up(connection_id)
        platform = found.platform if isinstance(found, WebhookConnection) else "unknown"
        try:
            given = await answer_to(found, connection_id, scope, receive)
        except Exception as error:
            extra = {"connection_id": connection_id, "error": type(error).__name__, "place": place_of(error)}
            log.error("a webhook could not be handled, by a mistake of ours", extra=extra)
            given = answer.FAULT
        observer.webhook_done(platform, given.result, seconds=monotonic() - started)
        await _send(send, given.status, JSON, given.body, *given.headers)

    async def answer_to(
        found: WebhookConnection | Answer, connection_id: str, scope: Scope, receive: Receive
    ) -> Answer:
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        try:
            declared = headers.get("content-length", "")
            size = int(declared) if declared.isdecimal() else None
            body = await read_body(receive, declared_bytes=size, limit_bytes=limit_bytes)
        except TooLarge:
            return too_large
        except Incomplete:
            return answer.INCOMPLETE
        if isinstance(found, Answer):
            return found
        return await door.receive(connection_id, found, headers, body)

    return app


async def _send_page(page: Callable[[], Page], scope: Scope, send: Send) -> None:
    if scope["method"] not in ("GET", "HEAD"):
        await _method_not_allowed(send, b"GET, HEAD")
        return
    made = page()
    await _send(send, made.status, made.content_type, made.body)


async def _method_not_allowed(send: Send, allowed: bytes) -> None:
    body = b'{"error":"This address takes another method."}'
    await _send(send, HTTPStatus.METHOD_NOT_ALLOWED, JSON, body, (b"allow", allowed))


async def _send(
    send: Send, status: HTTPStatus, content_type: bytes, body: bytes, *more: tuple[bytes, bytes]
) -> None:
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body)), *more]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
