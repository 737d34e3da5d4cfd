"""A round's calls to QuickBooks: when budget and breaker allow, and again while their outcome is unknown."""

from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from workers.errors import Hold, QuickBooksUnavailable, SyncError, Throttled
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

LONGEST_REST_SECONDS = 5.0
"""Between two of those calls: the end of an outage is seen within seconds however long it was."""

SILENCE = timedelta(minutes=5)
"""When QuickBooks answers others but not this company for so long, an attempt is used up: a person must see it."""

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
        if call is None or self._services.breaker.is_open(self.realm_id):
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
        made = partial(make_call, self._services.quickbooks, call)
        deliveries = [task.delivery for ask in call.asks for task in ask.tasks]
        action = partial(self._services.traces.call, made, deliveries, request_id=call.request_id)
        return (yield from self.attempt(action, batch=call.is_batch, is_permitted=is_permitted))

    def attempt(
        self, action: Callable[[], T], *, batch: bool = False, permits: int = 1, is_permitted: bool = False
    ) -> Generator[Request, Any, T | SyncError]:
        """Act as soon as budget and breaker allow; again when the outcome is unknown and may yet become known."""
        services = self._services
        breaker, realm_id = services.breaker, self.realm_id
        repeats = 0
        since = services.clock()
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
                breaker.succeeded(realm_id)
                if (error.seconds or THROTTLE_SECONDS) > MAX_PAUSE_SECONDS:
                    return error
                services.budget.throttled(realm_id, error.seconds or THROTTLE_SECONDS)
            except QuickBooksUnavailable as error:
                breaker.failed(realm_id)
                repeats += 1
                if repeats >= REPEATS and self._is_in_vain(since):
                    return error
                yield Pause(min(0.1 * 2 ** min(repeats, 10), LONGEST_REST_SECONDS))
            except Hold as error:  # known without asking: it says nothing about QuickBooks
                breaker.unused(realm_id)
                return error
            except SyncError as error:
                breaker.succeeded(realm_id)
                return error
            else:
                breaker.succeeded(realm_id)
                return answers

    def _is_in_vain(self, since: datetime) -> bool:
        """Whether waiting for QuickBooks no longer helps: it answers others, and it is this call that fails."""
        breaker = self._services.breaker
        if not breaker.is_open(self.realm_id):
            return True
        return breaker.others_answered(self.realm_id) and self._services.clock() - since > SILENCE

    def _permit(self, *, batch: bool) -> Asking:
        """Wait until one call may go out."""
        breaker = self._services.breaker
        while True:
            pause = breaker.delay(self.realm_id)
            if pause <= 0:
                pause = yield from self._take(batch=batch)
                if pause <= 0:
                    return
                breaker.unused(self.realm_id)  # we may have been the probe; somebody else can be it meanwhile
            yield Pause(pause)

    def _take(self, *, batch: bool) -> Generator[Request, Any, float]:
        """Seconds to wait for the right to one call; 0.0 when it is ours."""
        at_hand = self._services.budget.at_hand(self.realm_id, batch=batch)
        if at_hand is not None:
            return at_hand
        (seconds,) = yield (Permit(self.realm_id, batch),)
        return float(seconds)
