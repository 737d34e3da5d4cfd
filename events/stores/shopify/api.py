"""Shopify's REST Admin API: lists by time of change, single objects; the same bodies as the webhooks'.

Shopify calls it legacy and names GraphQL its heir, but webhooks still carry REST objects, and an event made from the
same body has the same id. Source: shopify.dev, "REST Admin API", "Paginate", "Rate limits", "Order".
"""

from collections.abc import Generator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import orjson

from events.stores.api import (
    Answer,
    Kind,
    Page,
    Place,
    Reading,
    Request,
    Span,
    StoreAccess,
    StoreObject,
    StoreRefuses,
)
from events.stores.platform import Unreadable
from events.stores.raw_json import object_in, objects_in
from events.stores.reading import Row, moment, rows_or_nothing, text
from events.stores.shopify.answers import next_page, store_clock
from events.stores.shopify.level_pages import levels_of, one_level
from events.stores.shopify.payout_pages import one_payout, payout_page
from events.stores.webhook import Webhook
from schemas.envelope import Envelope

API_VERSION = "2026-10"
"""The one place. Versions come quarterly and last a year. Source: shopify.dev, "API versioning"."""

LIMIT = 250
RECENT = timedelta(days=60)
"""Older orders need the scope ``read_all_orders``. Source: shopify.dev, "Order"."""

TOPICS = {"orders": "orders/updated", "products": "products/update", "customers": "customers/update"}
KINDS_OF_SUBJECT = {"order": ("orders", "order"), "product": ("products", "product"),
                    "customer": ("customers", "customer")}  # fmt: skip


class ShopifyApi:
    """See ``StoreApi``."""

    name = "shopify"
    kinds: tuple[Kind, ...] = ("products", "customers", "orders", "payouts")

    def address(self, access: StoreAccess) -> str:
        """``https://acme.myshopify.com/admin``."""
        return f"{access.url}/admin"

    def authorization(self, access: StoreAccess) -> Reading[Mapping[str, str]]:
        """The access token; an app of the Dev Dashboard exchanges its client id and secret for one.

        Source: shopify.dev, "Client credentials grant".
        """
        token = access.token
        if not token:
            grant = {
                "client_id": access.key,
                "client_secret": access.secret,
                "grant_type": "client_credentials",
            }
            (answer,) = yield (Request("/oauth/access_token", body=orjson.dumps(grant)),)
            token = text(object_in(answer.body)[0], "access_token")
        return {"X-Shopify-Access-Token": token}

    def page(self, kind: Kind, span: Span, cursor: str) -> Reading[Page]:
        """See ``StoreApi``."""
        place = Place.of(cursor, first=kind, since=span.since)
        if kind == "payouts":
            return (yield from payout_page(_api(), span, place, begins=not cursor))
        total = None
        if not cursor:
            if kind == "orders":
                yield from _require_old_orders(span)
            total = yield from _count(kind, span)
        (answer,) = yield (Request(f"{_api()}/{kind}.json", _query(kind, span, place)),)
        found = objects_in(answer.body, kind)
        within = next_page(answer)
        after = str(place.after(_newest([row for row, _ in found], span), within=within)) if within else ""
        objects = tuple(StoreObject(TOPICS[kind], row, raw) for row, raw in found)
        return Page(objects, after, total)

    def one(self, subject: str) -> Reading[StoreObject | None]:
        """See ``StoreApi``."""
        word, _, object_id = subject.rpartition("/")
        if not object_id.isdigit():
            return None
        if word == "payout":
            return (yield from one_payout(_api(), object_id))
        if word.startswith("level/"):
            return (yield from one_level(_api(), word.partition("/")[2], object_id))
        if word not in KINDS_OF_SUBJECT:
            return None
        kind, wrapper = KINDS_OF_SUBJECT[word]
        (answer,) = yield (Request(f"{_api()}/{kind}/{object_id}.json", may_be_absent=True),)
        if answer.status == 404:
            return None
        return StoreObject(TOPICS[kind], *object_in(answer.body, wrapper))

    def levels(self, products: Sequence[StoreObject]) -> Reading[tuple[StoreObject, ...]]:
        """See ``StoreApi``."""
        return (yield from levels_of(_api(), [one.row for one in products]))

    def webhook(self, found: StoreObject, connection: str, received_at: datetime) -> Webhook:
        """See ``StoreApi``."""
        headers = {"x-shopify-topic": found.topic, "x-shopify-api-version": API_VERSION}
        return Webhook(connection, headers, found.raw, received_at)

    def completed(self, events: list[Envelope], found: StoreObject) -> list[Envelope]:
        """Nothing to add: Shopify's orders hold their refunds whole."""
        del found
        return events


def _api() -> str:
    return f"/api/{API_VERSION}"


def _query(kind: Kind, span: Span, place: Place) -> dict[str, str]:
    """A page_info stands alone: it holds the filters. Source: "Paginate"."""
    if place.within:
        return {"limit": str(LIMIT), "page_info": place.within}
    return {"limit": str(LIMIT), "order": f"{_field(span)} asc", **_filters(kind, span, place.since)}


def _filters(kind: Kind, span: Span, since: datetime) -> dict[str, str]:
    query = {f"{_field(span)}_min": _written(since)}
    if kind == "orders":
        query["status"] = "any"
    if span.until is not None:
        query[f"{_field(span)}_max"] = _written(span.until)
    return query


def _count(kind: Kind, span: Span) -> Generator[tuple[Request, ...], list[Answer], int | None]:
    (answer,) = yield (
        Request(f"{_api()}/{kind}/count.json", _filters(kind, span, span.since), may_be_absent=True),
    )
    count = object_in(answer.body)[0].get("count") if answer.status == 200 else None
    return count if isinstance(count, int) else None


def _require_old_orders(span: Span) -> Generator[tuple[Request, ...], list[Answer], None]:
    """Shopify leaves older orders out without a word: that must not pass for a complete import.

    Raises:
        StoreRefuses: the span begins before them, and we may not read them.
    """
    (answer,) = yield (Request("/oauth/access_scopes.json", may_be_absent=True),)
    if answer.status != 200:
        return
    scopes = {text(row, "handle") for row in rows_or_nothing(object_in(answer.body)[0], "access_scopes")}
    if "read_all_orders" not in scopes and store_clock(answer) - span.since > RECENT:
        raise StoreRefuses(
            "Shopify shows this app orders of the last 60 days only. Give the app the scope read_all_orders, "
            "or begin later."
        )


def _newest(found: list[Row], span: Span) -> datetime | None:
    """The last one, if the page is sorted as it was asked for."""
    try:
        moments = [moment(row, _field(span)) for row in found]
    except Unreadable:
        return None
    known = [at for at in moments if at is not None]
    return known[-1] if known and known == sorted(known) and len(known) == len(moments) else None


def _field(span: Span) -> str:
    return "updated_at" if span.by == "changed" else "created_at"


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
