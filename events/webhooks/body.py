"""Reading a request's body, with its limit enforced while it is read."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

READ_SECONDS = 30.0
"""A sender that trickles its body may hold a connection so long. WooCommerce itself gives up after 60 s."""

DISCARD_BYTES = 33_554_432
"""So much of a body that is too large is read and thrown away: many clients read no answer while they send."""

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class TooLarge(Exception):
    """The body is over the limit. Raised by ``read_body``."""


class Incomplete(Exception):
    """The sender hung up, or was too slow. Raised by ``read_body``."""


async def read_body(receive: Receive, *, declared_bytes: int | None, limit_bytes: int) -> bytes:
    """The whole body; no more than the limit is ever kept.

    Raises:
        TooLarge: it declares more, or sends more.
        Incomplete: it does not end.
    """
    if declared_bytes is not None and declared_bytes > max(limit_bytes, DISCARD_BYTES):
        raise TooLarge
    first = await receive()
    if first["type"] == "http.request" and not first.get("more_body", False):
        body: bytes = first.get("body", b"")
        if len(body) > limit_bytes:
            raise TooLarge
        return body
    try:
        async with asyncio.timeout(READ_SECONDS):
            return await _read_on(receive, first, limit_bytes)
    except TimeoutError:
        raise Incomplete from None


async def _read_on(receive: Receive, first: MutableMapping[str, Any], limit_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    event = first
    while True:
        if event["type"] != "http.request":
            raise Incomplete
        part = event.get("body", b"")
        size += len(part)
        if size <= limit_bytes:
            parts.append(part)
        else:
            parts.clear()
        if size > max(limit_bytes, DISCARD_BYTES):
            raise TooLarge
        if not event.get("more_body", False):
            break
        event = await receive()
    if size > limit_bytes:
        raise TooLarge
    return b"".join(parts)
