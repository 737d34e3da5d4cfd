"""HTTP to one store: what passes by itself is tried again, everything else is one sentence."""

import time
from collections.abc import Callable, Mapping
from urllib.parse import urlencode, urlsplit

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)
from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.exceptions import HTTPError, LocationParseError

from events.stores.api import Answer, Request, StoreProblem, StoreRefuses, StoreUnavailable

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 60.0
"""A small shop takes its time for 100 orders; a proxy before it usually gives up after 60 s."""

ATTEMPTS = 6
LONGEST_PAUSE_SECONDS = 60.0
LARGEST_ANSWER_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 65_536
PASSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
"""Answers that pass by themselves; 52x are Cloudflare's, which stands before many shops."""

CALL_LIMIT = "x-shopify-shop-api-call-limit"
NEARLY_FULL = 0.8
CALL_LIMIT_PAUSE_SECONDS = 1.0
"""Shopify's bucket loses two calls a second. Source: shopify.dev, "Rate limits"."""


class _Again(Exception):
    """It may pass. ``seconds``: the pause that the store asks for, or None."""

    def __init__(self, why: str, seconds: float | None = None) -> None:
        super().__init__(why)
        self.seconds = seconds


class StoreHttp:
    """The connections to one store, shared by a few threads. ``sleep`` and ``jitter`` can be the tests' own."""

    def __init__(
        self,
        address: str,
        *,
        connections: int = 4,
        attempts: int = ATTEMPTS,
        answer_seconds: float = ANSWER_SECONDS,
        longest_pause_seconds: float = LONGEST_PAUSE_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._address = address.rstrip("/")
        self._host = urlsplit(address).netloc
        self._attempts, self._longest_pause_seconds = attempts, longest_pause_seconds
        self._answer_seconds = answer_seconds
        self._sleep = sleep
        self._backoff = wait_random_exponential(multiplier=0.5, max=longest_pause_seconds)
        self._pool = PoolManager(
            maxsize=connections,
            retries=False,
            timeout=Timeout(connect=CONNECT_SECONDS, read=answer_seconds),
        )

    def send(self, request: Request, headers: Mapping[str, str]) -> Answer:
        """Send one request; it must be safe to repeat, as all reading is.

        Raises:
            StoreRefuses: the store does not let us in, or has no such API.
            StoreUnavailable: no sensible answer, also after several tries.
        """
        retrying = Retrying(
            stop=stop_after_attempt(self._attempts),
            wait=self._pause,
            retry=retry_if_exception_type(_Again),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(self._once, request, headers)
        except _Again as error:
            raise StoreUnavailable(
                f"The store at {self._host} gives no answer that helps ({error}), also after {self._attempts} tries."
            ) from error

    def close(self) -> None:
        """Close every connection."""
        self._pool.clear()

    def _once(self, request: Request, headers: Mapping[str, str]) -> Answer:
        url = f"{self._address}{request.path}"
        if request.query:
            url += f"?{urlencode(request.query)}"
        sent = {"Accept": "application/json", "User-Agent": "Counterfoil", **headers}
        if request.body is not None:
            sent["Content-Type"] = "application/json"
        deadline = time.monotonic() + self._answer_seconds
        try:
            response = self._pool.request(
                "GET" if request.body is None else "POST",
                url,
                body=request.body,
                headers=sent,
                preload_content=False,
                redirect=False,
            )
            body = _read(response, deadline)
        except LocationParseError as error:
            raise StoreRefuses(f"{self._address!r} is no address of a store.") from error
        except HTTPError as error:
            raise _Again(type(error).__name__) from error
        answer = Answer(
            response.status, {name.lower(): value for name, value in response.headers.items()}, body
        )
        self._judge(request, answer)
        self._spare(answer)
        return answer

    def _judge(self, request: Request, answer: Answer) -> None:
        status = answer.status
        if 200 <= status < 300 or (status == 404 and request.may_be_absent):
            return
        if status in PASSES:
            raise _Again(f"status {status}", _retry_after(answer))
        raise self._refusal(answer)

    def _refusal(self, answer: Answer) -> StoreProblem:
        match answer.status:
            case 401 | 403:
                return StoreRefuses(
                    f"The store at {self._host} does not accept our credentials, or they may not read this "
                    f"(status {answer.status})."
                )
            case 404:
                return StoreRefuses(f"There is no store API at {self._address} (status 404).")
            case status if 300 <= status < 400:
                elsewhere = urlsplit(answer.headers.get("location", "")).netloc or "another address"
                return StoreRefuses(
                    f"The store at {self._host} sends us on to {elsewhere}: set that address."
                )
            case status:
                return StoreRefuses(f"The store at {self._host} refuses what we ask (status {status}).")

    def _pause(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        asked = error.seconds if isinstance(error, _Again) else None
        seconds = self._backoff(state) if asked is None else asked
        return min(seconds, self._longest_pause_seconds)

    def _spare(self, answer: Answer) -> None:
        """Slow down before the store must say so."""
        used, _, limit = answer.headers.get(CALL_LIMIT, "").partition("/")
        if used.isdigit() and limit.isdigit() and int(used) >= NEARLY_FULL * int(limit) > 0:
            self._sleep(min(CALL_LIMIT_PAUSE_SECONDS, self._longest_pause_seconds))


def _read(response: BaseHTTPResponse, deadline: float) -> bytes:
    """Chunk by chunk: the pool's time-out is one between two bytes, so a trickle would never end."""
    chunks, size = [], 0
    while chunk := response.read1(CHUNK_BYTES):
        chunks.append(chunk)
        size += len(chunk)
        if time.monotonic() > deadline or size > LARGEST_ANSWER_BYTES:
            response.close()
            raise _Again("the answer does not end")
    response.release_conn()
    return b"".join(chunks)


def _retry_after(answer: Answer) -> float | None:
    """Seconds, with a fraction at Shopify; a date or anything else counts as not said."""
    value = answer.headers.get("retry-after", "").strip()
    try:
        return max(float(value), 0.0) if value else None
    except ValueError:
        return None
