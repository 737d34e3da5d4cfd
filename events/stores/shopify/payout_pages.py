"""Asking Shopify for payouts: by windows of days from the oldest on, each payout with all its transactions.

Lists come newest first and cannot be turned round, so a window is what makes a run that was killed go on where it was.
Source: shopify.dev, "Payouts", "Transactions", "Paginate".
"""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta

from events.stores.api import (
    Answer,
    Page,
    Place,
    Reading,
    Request,
    Span,
    StoreObject,
    StoreRefuses,
    StoreUnavailable,
)
from events.stores.raw_json import object_in, objects_in
from events.stores.reading import Row, rows_or_nothing, text
from events.stores.shopify import topics
from events.stores.shopify.answers import next_page, store_clock

LATE = timedelta(days=14)
"""A payout keeps the day on which it was issued, and is paid, or refused by the bank, days later: so much is read
again. A guess: banks take some business days."""

WINDOW = timedelta(days=14)
FEW = "50"
"""Payouts in one page: each costs a request of its own, or more, for its transactions."""

MANY = "250"
SCOPES = (
    "read_shopify_payments_payouts",
    "shopify_payments_payouts",
    "read_shopify_payments",
    "shopify_payments",
)
Found = tuple[Row, bytes]
"""A row with its own bytes."""


def payout_page(api: str, span: Span, place: Place, *, begins: bool) -> Reading[Page]:
    """One page of a window. ``place.since`` is the window's first day, but where the reading ``begins``.

    Raises:
        StoreRefuses: the app may not read payouts.
    """
    if begins:
        yield from _require_scope()
    first = place.since - LATE if begins else place.since
    last = first + WINDOW - timedelta(days=1)
    end = span.until - timedelta(microseconds=1) if span.until is not None else last
    answer, found = yield from _payouts(api, first, min(last, end), place.within)
    found.sort(key=lambda one: (text(one[0], "date"), text(one[0], "id")))
    objects = yield from _with_transactions(api, found)
    within = next_page(answer)
    if within:
        return Page(objects, str(Place(place.section, first, within)))
    following = first + WINDOW
    is_last = following > min(span.until or _now(answer), _now(answer))
    return Page(objects, "" if is_last else str(Place(place.section, following)))


def one_payout(api: str, payout_id: str) -> Reading[StoreObject | None]:
    """A payout as it is now; None where it is not there."""
    (answer,) = yield (Request(f"{api}/shopify_payments/payouts/{payout_id}.json", may_be_absent=True),)
    if answer.status == 404:
        return None
    (found,) = yield from _with_transactions(api, [object_in(answer.body, "payout")])
    return found


def _payouts(
    api: str, first: datetime, last: datetime, within: str
) -> Generator[tuple[Request, ...], list[Answer], tuple[Answer, list[Found]]]:
    """A shop without Shopify Payments has no such list."""
    query = (
        {"limit": FEW, "page_info": within}
        if within
        else {"limit": FEW, "date_min": _day(first), "date_max": _day(last)}
    )
    (answer,) = yield (Request(f"{api}/shopify_payments/payouts.json", query, may_be_absent=True),)
    return answer, objects_in(answer.body, "payouts") if answer.status == 200 else []


def _with_transactions(api: str, payouts: list[Found]) -> Reading[tuple[StoreObject, ...]]:
    """The first pages of all payouts are asked for at the same time; one that is not paid needs none."""
    paid = [text(row, "id") for row, _ in payouts if text(row, "status") == "paid"]
    path = f"{api}/shopify_payments/balance/transactions.json"
    answers = yield tuple(Request(path, {"limit": MANY, "payout_id": one}) for one in paid)
    listed: dict[str, list[Found]] = {}
    for payout_id, first in zip(paid, answers, strict=True):
        answer = first
        listed[payout_id] = objects_in(answer.body, "transactions")
        while within := next_page(answer):
            (answer,) = yield (Request(path, {"limit": MANY, "page_info": within}),)
            listed[payout_id] += objects_in(answer.body, "transactions")
    return tuple(_joined(row, raw, listed.get(text(row, "id"), [])) for row, raw in payouts)


def _joined(row: Row, raw: bytes, transactions: list[Found]) -> StoreObject:
    """One body of both, byte for byte as they came."""
    body = b'{"payout":' + raw + b',"transactions":[' + b",".join(one for _, one in transactions) + b"]}"
    return StoreObject(topics.PAYOUT, {"payout": row, "transactions": [one for one, _ in transactions]}, body)


def _require_scope() -> Generator[tuple[Request, ...], list[Answer], None]:
    (answer,) = yield (Request("/oauth/access_scopes.json", may_be_absent=True),)
    if answer.status != 200:
        return
    scopes = {text(row, "handle") for row in rows_or_nothing(object_in(answer.body)[0], "access_scopes")}
    if not scopes.intersection(SCOPES):
        raise StoreRefuses(
            "Shopify does not show this app payouts. Give the app the scope read_shopify_payments_payouts."
        )


def _now(answer: Answer) -> datetime:
    """Without it nobody knows where to end."""
    now = store_clock(answer)
    if now.year == 1:
        raise StoreUnavailable("Shopify's answer does not say what time it is.")
    return now


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()
