"""One classifier for everything that QuickBooks can answer instead of a document. Pure.

It goes by code; texts are localized, so they decide only where a code says too little (6000, and the month's
quota behind a 429). Of several errors in one fault the worst decides. Sources: Intuit, "Error codes", "Handling
common errors", "Limits and throttles"; recorded answers in public SDKs.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from workers.errors import QuickBooksUnavailable, ReconnectNeeded, SyncError, Throttled
from workers.quickbooks.errors import (
    CompanySuspended,
    InventoryLocked,
    ReadQuotaUsedUp,
    Refused,
    SetupWrong,
    TokenExpired,
)
from workers.quickbooks.fault_shapes import Fault, FaultError

THROTTLE_PAUSE_SECONDS = 60.0
"""Intuit asks for this pause after a 429. Source: "Limits and throttles"."""

LONGEST_RETRY_AFTER_SECONDS = 3600.0
SETUP_LOOK_AGAIN_SECONDS = 300.0
TOKEN_LOOK_AGAIN_SECONDS = 900.0
SHOWN_CHARACTERS = 300
INTUIT_ZONE = ZoneInfo("America/Los_Angeles")

_UNKNOWN_6000 = re.compile(  # the write may have been saved all the same
    r"unexpected error|wait a few minutes|erreur inattendue|quelques minutes"
    r"|error inesperado|unos minutos|erro inesperado|alguns minutos",
    re.IGNORECASE,
)
_LOCKED_6000 = re.compile(
    r"exactly the same time|en même temps|au même moment|mismo tiempo|mismo momento|mesmo tempo|mesmo momento",
    re.IGNORECASE,
)
_QUOTA = re.compile(r"quota|per month|monthly|mensuel|mensual|mensal", re.IGNORECASE)
_TRANSACTION_ID = re.compile(r"\bTxnId\s*=\s*(\w+)")
_GATEWAY_TYPES = {"service", "authentication", "authenticationfault", "authorization", "authorizationfault"}
_DETAIL_IS_CAUSE = {"610", "2500"}
_HEALABLE = {"610", "2500", "5010", "6140", "6240"}
"""Codes that a workflow knows how to heal: they decide only when nothing else is in the fault."""


class Answered(NamedTuple):
    """The answer a fault came in. ``what`` names the thing sent, for the sentence (``SalesReceipt``)."""

    status: int
    headers: Mapping[str, str]
    what: str
    now: datetime


Verdict = tuple[int, Callable[[], SyncError]]
"""How bad (higher is worse), and the error to raise."""


def error_for(fault: Fault | None, answered: Answered) -> SyncError:
    """The error to raise for an answer that is no document; ``fault`` is None when nothing in it could be read."""
    if fault is None or not fault.errors:
        return _by_status(fault, answered)
    verdicts = [_verdict(error, fault, answered) for error in fault.errors]
    return max(verdicts, key=lambda verdict: verdict[0])[1]()


def unavailable(why: str) -> QuickBooksUnavailable:
    """The error of an answer that does not tell what happened."""
    return QuickBooksUnavailable(f"QuickBooks gave no clear answer ({why}); it is asked again.")


def _by_status(fault: Fault | None, answered: Answered) -> SyncError:
    if answered.status == 429:
        return _throttled("", answered)
    if answered.status == 401:
        return _expired("401")
    if answered.status == 403 and fault is not None:
        return _reconnect("403", fault.type)
    return unavailable(f"status {answered.status}")


def _verdict(error: FaultError, fault: Fault, answered: Answered) -> Verdict:
    code, detail = error.code.lstrip("0"), error.detail or error.message
    match code:
        case "invalid_grant" | "100" | "110" | "120" | "3100":
            return 9, lambda: _reconnect(code, detail)
        case "invalid_client" | "unauthorized_client":
            return 8, lambda: _setup_wrong(code)
        case "6190":
            return 8, lambda: CompanySuspended(
                f"QuickBooks closed this company to us ({_short(detail)}). "
                "Its owner must look at the subscription; then resume the connection."
            )
        case "3200":
            return 7, lambda: _expired(code)
        case "3001":
            return 6, lambda: _throttled(detail, answered)
        case "130" | "140" | "150":
            return 5, lambda: unavailable(f"company not available, {code}: {_short(detail)}")
        case "6000" if _LOCKED_6000.search(detail):
            return 4, lambda: InventoryLocked(
                "Somebody saves a transaction with stock in QuickBooks at this moment; tried again."
            )
        case "6000" if _UNKNOWN_6000.search(detail):
            return 5, lambda: unavailable("6000: unexpected error while saving")
    if _tells_nothing(code, fault, answered.status):
        return 5, lambda: unavailable(f"status {answered.status}, code {code or 'none'}")
    if answered.status == 429:
        return 6, lambda: _throttled(detail, answered)
    if answered.status == 401:
        return 7, lambda: _expired(code or "401")
    if answered.status == 403 and fault.type in _GATEWAY_TYPES:
        return 9, lambda: _reconnect(code or "403", detail)
    return (1 if code in _HEALABLE else 2), lambda: _refused(error, fault, answered.what)


def _tells_nothing(code: str, fault: Fault, status: int) -> bool:
    if fault.type == "oauth":
        return True  # every other error of the token endpoint is trouble at Intuit
    if code == "500":
        return False  # "Unsupported Operation" comes with status 500 and is final
    return status >= 500 or code == "10000" or fault.type == "systemfault"


def _throttled(detail: str, answered: Answered) -> SyncError:
    if _QUOTA.search(detail):
        return read_quota_used_up(answered.now)
    seconds = _retry_after(answered.headers.get("retry-after", ""), answered.now)
    return Throttled("QuickBooks asks us to slow down (429).", seconds=seconds)


def _retry_after(value: str, now: datetime) -> float:
    """Seconds, or an HTTP date; anything else gives the pause that Intuit asks for."""
    seconds = THROTTLE_PAUSE_SECONDS
    if value.strip().isdigit():
        seconds = float(value)
    elif value:
        try:
            seconds = (parsedate_to_datetime(value) - now).total_seconds()
        except (ValueError, TypeError):  # no date, or one without a zone
            return THROTTLE_PAUSE_SECONDS
    return min(max(seconds, 1.0), LONGEST_RETRY_AFTER_SECONDS)


def read_quota_used_up(now: datetime) -> ReadQuotaUsedUp:
    """The error of a read that Intuit blocks until the 1st.

    On the 1st itself it is tried again after an hour: nobody says in which zone Intuit's month begins.
    """
    local = now.astimezone(INTUIT_ZONE)
    next_month = (local.replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=0, second=0)
    seconds = 3600.0 if local.day == 1 else (next_month.astimezone(UTC) - now).total_seconds()
    return ReadQuotaUsedUp("The QuickBooks reads of this month are used up.", seconds=seconds)


def _reconnect(code: str, detail: str) -> ReconnectNeeded:
    said = f": {_short(detail)}" if detail else ""
    return ReconnectNeeded(
        f"QuickBooks refuses this connection ({code}{said}). Connect it again: counterfoil connections connect"
    )


def _expired(code: str) -> TokenExpired:
    """Intuit's own text is left out: it holds the token. Some 401s are Intuit's mistake, so the hold ends by itself."""
    return TokenExpired(
        f"QuickBooks does not accept our token ({code}). "
        "If that does not pass, connect it again: counterfoil connections connect",
        seconds=TOKEN_LOOK_AGAIN_SECONDS,
    )


def _setup_wrong(code: str) -> SetupWrong:
    return SetupWrong(
        f"Intuit does not accept our client id and secret ({code}). "
        "Correct COUNTERFOIL_INTUIT_CLIENT_ID and COUNTERFOIL_INTUIT_CLIENT_SECRET.",
        seconds=SETUP_LOOK_AGAIN_SECONDS,
    )


def _refused(error: FaultError, fault: Fault, what: str) -> Refused:
    detail = error.detail or error.message
    duplicate = _TRANSACTION_ID.search(detail) if error.code == "6140" else None
    field = f", field {error.element}" if error.element else ""
    return Refused(
        f"QuickBooks refused the {what}: {_short(detail) or 'no reason given'} (code {error.code or 'none'}{field}).",
        cause=_cause(error),
        fault_code=error.code,
        detail=error.detail,
        element=error.element,
        codes=tuple(one.code for one in fault.errors),
        duplicate_of=duplicate[1] if duplicate else "",
    )


def _cause(error: FaultError) -> str:
    """What failures have in common that one fix repairs: the code, and the field or rule or object it names."""
    if error.element:
        return f"{error.code} {error.element}"
    if error.code in _DETAIL_IS_CAUSE:
        return f"{error.code} {_short(error.detail)}"
    if error.code == "6000":
        return f"{error.code} {re.sub(r'[0-9]+', '#', _short(error.detail))}"
    return error.code


def _short(detail: str) -> str:
    text = detail.removeprefix("Business Validation Error: ").rstrip(". ")
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS].rstrip()} …"
