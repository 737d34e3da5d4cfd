"""A round's calls to QuickBooks: when budget and breaker allow, and again while their outcome is unknown."""

from collections.abc import Callable, Generator
from functools import partial
from typing import Any, TypeVar

from workers.errors import QuickBooksUnavailable, SyncError, Throttled
from workers.runtime.call import Answer, Call, make_call
from workers.runtime.requests import Apart, Asking, LedgerRequest, Pause, Permit, Request
from workers.runtime.services import Services

MAX_PAUSE_SECONDS = 120.0
"""A longer pause is no pause but a hold: the events go to the held queue."""

THROTTLE_SECONDS = 60.0
"""The pause after a 429 that names none. Source: Intuit's page "Limits and throttles"."""

REPEATS = 5
"""How often one call is made when its outcome is unknown, before an attempt is used up: as often as opens the
breaker, so that a lone event uses up none in an outage."""

T = TypeVar("T")


class Caller:
    """Calls one company. ``realm_id`` is known once the round has begun."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.realm_id = ""

    def with_permit(self, work: LedgerRequest, call: Call | None) -> Generator[Request, Any, bool]:
        """Let the ledger do ``work``, and ask for the call's permit in the same transaction.

        True when the permit is ours: not when the breaker is open, which is asked again before each call.
        """
        if call is None or self._services.breaker.open:
            yield (work,)
            return False
        at_hand = self._services.budget.at_hand(self.realm_id, batch=call.is_batch)
        if at_hand is not None:
            yield (work,)
            return at_hand == 0.0
        _, seconds = yield (work, Permit(self.realm_id, call.is_batch))
        return bool(seconds == 0.0)

    def send(
        self, call: Call, *, is_permitted: bool = False
    ) -> Generator[Request, Any, list[Answer] | SyncError]:
        """Make the call; the outcome of a whole call that failed comes back."""
        action = partial(make_call, self._services.quickbooks, call)
        return (yield from self.attempt(action, batch=call.is_batch, is_permitted=is_permitted))

    def attempt(
        self, action: Callable[[], T], *, batch: bool = False, permits: int = 1, is_permitted: bool = False
    ) -> Generator[Request, Any, T | SyncError]:
        """Act as soon as budget and breaker allow; again when the outcome is unknown and may yet become known."""
        services = self._services
        repeats = 0
        while True:
            for _ in range(permits - 1):
                while (pause := (yield from self._take(batch=batch))) > 0:
                    yield Pause(pause)
            if not is_permitted:
                yield from self._permit(batch=batch)
            is_permitted = False
            try:
                answers: T = yield Apart(action)
            except Throttled as error:
                services.breaker.succeeded()
                if (error.seconds or THROTTLE_SECONDS) > MAX_PAUSE_SECONDS:
                    return error
                services.budget.throttled(self.realm_id, error.seconds or THROTTLE_SECONDS)
            except QuickBooksUnavailable as error:
                services.breaker.failed()
                repeats += 1
                if repeats >= REPEATS and not services.breaker.open:
                    return error
                yield Pause(0.1 * 2**repeats)
            except SyncError as error:
                services.breaker.succeeded()
                return error
            else:
                services.breaker.succeeded()
                return answers

    def _permit(self, *, batch: bool) -> Asking:
        """Wait until one call may go out."""
        breaker = self._services.breaker
        while True:
            pause = breaker.delay()
            if pause <= 0:
                pause = yield from self._take(batch=batch)
                if pause <= 0:
                    return
                breaker.unused()  # we may have been the probe; somebody else can be it meanwhile
            yield Pause(pause)

    def _take(self, *, batch: bool) -> Generator[Request, Any, float]:
        """Seconds to wait for the right to one call; 0.0 when it is ours."""
        at_hand = self._services.budget.at_hand(self.realm_id, batch=batch)
        if at_hand is not None:
            return at_hand
        (seconds,) = yield (Permit(self.realm_id, batch),)
        return float(seconds)
