"""One pool of connections for the whole process, shared by all threads."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.exceptions import HTTPError

from workers.quickbooks.faults import unavailable

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 120.0
"""QuickBooks cuts a call after 120 s itself. Source: Intuit, "Limits and throttles"."""

CHUNK_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """One answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Http:
    """Sends requests. Never repeats one: only the caller knows whether that is safe."""

    def __init__(
        self,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
        connections: int = 64,
    ) -> None:
        self._answer_seconds = answer_seconds
        self._pool = PoolManager(
            maxsize=connections,
            retries=False,
            timeout=Timeout(connect=connect_seconds, read=answer_seconds),
        )

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None
    ) -> HttpAnswer:
        """Send one request and read its answer to the end.

        Raises:
            QuickBooksUnavailable: no connection, cut, or not complete within the time.
        """
        deadline = time.monotonic() + self._answer_seconds
        try:
            response = self._pool.request(
                method, url, body=body, headers=dict(headers), preload_content=False, redirect=False
            )
            content = _read(response, deadline)
        except HTTPError as error:
            raise unavailable(type(error).__name__) from error
        return HttpAnswer(
            response.status, {name.lower(): value for name, value in response.headers.items()}, content
        )

    def close(self) -> None:
        """Close every idle connection."""
        self._pool.clear()


def _read(response: BaseHTTPResponse, deadline: float) -> bytes:
    """Read chunk by chunk: the pool's time-out is one between two bytes, so a trickle would never end."""
    chunks = []
    while chunk := response.read1(CHUNK_BYTES):
        chunks.append(chunk)
        if time.monotonic() > deadline:
            response.close()
            raise unavailable("the answer takes too long")
    response.release_conn()
    return b"".join(chunks)
