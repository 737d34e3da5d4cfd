"""WooCommerce's REST API v3: lists by time of change, single objects, refunds with their lines.

Source: WooCommerce REST API docs v3, and ``class-wc-rest-crud-controller.php``: ``modified_after`` is exclusive and
to the second, lists by ``modified`` are sorted by id within one second.
"""

import contextlib
from base64 import b64encode
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from events.stores.api import Answer, Kind, Page, Place, Reading, Request, Span, StoreAccess, StoreObject
from events.stores.platform import Unreadable
from events.stores.raw_json import object_in, objects_in
from events.stores.reading import Row, moment, store_id
from events.stores.webhook import Webhook
from events.stores.woocommerce import contacts
from events.stores.woocommerce.refund_lines import with_lines
from schemas.envelope import Envelope

PREFIX = "/wp-json/wc/v3"
PER_PAGE = 100
"""The most that WordPress gives. Source: WordPress REST API handbook, "Pagination"."""

PARENTS_PER_PAGE = 10
"""Variable products are asked for few at a time: each of their variations is a request of its own."""

SECOND = timedelta(seconds=1)
TOPICS = {"orders": "order.updated", "products": "product.updated", "variations": "product.updated",
          "customers": "customer.updated"}  # fmt: skip
KINDS_OF_SUBJECT = {"order": "orders", "product": "products", "customer": "customers", "level": "products"}


class WooCommerceApi:
    """See ``StoreApi``. Objects come as their webhooks carry them: WooCommerce builds those from the same API."""

    name = "woocommerce"
    kinds: tuple[Kind, ...] = ("products", "customers", "orders")

    def address(self, access: StoreAccess) -> str:
        """The shop's own address, below which WordPress has its API."""
        return access.url + PREFIX

    def authorization(self, access: StoreAccess) -> Reading[Mapping[str, str]]:
        """Consumer key and secret, as name and password. Source: "Authentication over HTTPS"."""
        yield from ()
        pair = b64encode(f"{access.key}:{access.secret}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}

    def page(self, kind: Kind, span: Span, cursor: str) -> Reading[Page]:
        """See ``StoreApi``. Variations come after the products: only their parents' lists name them."""
        place = Place.of(cursor, first=kind, since=span.since)
        match place.section:
            case "variations":
                return (yield from _variations(span, place))
            case "customers":
                return (yield from _customers(span, place))
            case "orders":
                return (yield from _with_refunds((yield from _by_time(span, place))))
            case _:
                page = yield from _by_time(span, place)
                return page if page.cursor else replace(page, cursor=str(Place("variations", span.since)))

    def one(self, subject: str) -> Reading[StoreObject | None]:
        """See ``StoreApi``. A stock level is in its product, a variation is asked for as a product."""
        word, _, object_id = subject.rpartition("/")
        kind = KINDS_OF_SUBJECT.get(word.partition("/")[0])
        if kind is None or not object_id.isdigit():
            return None
        (answer,) = yield (Request(f"/{kind}/{object_id}", may_be_absent=True),)
        if answer.status == 404:
            return None
        row, raw = object_in(answer.body)
        found = StoreObject(TOPICS[kind], row, raw)
        if kind != "orders":
            return found
        page = yield from _with_refunds(Page((found,), ""))
        return page.objects[0]

    def levels(self, products: Sequence[StoreObject]) -> Reading[tuple[StoreObject, ...]]:  # noqa: ARG002
        """None: a product tells its own."""
        yield from ()
        return ()

    def webhook(self, found: StoreObject, connection: str, received_at: datetime) -> Webhook:
        """See ``StoreApi``."""
        return Webhook(connection, {"x-wc-webhook-topic": found.topic}, found.raw, received_at)

    def completed(self, events: list[Envelope], found: StoreObject) -> list[Envelope]:
        """See ``StoreApi``."""
        return with_lines(events, found)


def _by_time(span: Span, place: Place) -> Generator[tuple[Request, ...], list[Answer], Page]:
    number = int(place.within or 1)
    changed = span.by == "changed"
    query = {
        "modified_after" if changed else "after": _written(place.since - SECOND),
        "dates_are_gmt": "true",
        "orderby": "modified" if changed else "date",
        "order": "asc",
        "per_page": str(PER_PAGE),
        "page": str(number),
    }
    if span.until is not None:
        query["modified_before" if changed else "before"] = _written(span.until)
    (answer,) = yield (Request(f"/{place.section}", query),)
    found = objects_in(answer.body)
    moments = [_moment(row, span) for row, _ in found]
    total = _number(answer, "x-wp-total")
    more = number < (_number(answer, "x-wp-totalpages") or 0)
    cursor = str(place.after(_newest(moments), within=str(number + 1))) if more else ""
    read = (number - 1) * PER_PAGE
    objects = _objects(place.section, found)
    return Page(objects, cursor, None if total is None else max(total - read, 0))


def _customers(span: Span, place: Place) -> Generator[tuple[Request, ...], list[Answer], Page]:
    """All of them, by id: this list knows no time of change. Source: "List all customers"."""
    number = int(place.within or 1)
    query = {"orderby": "id", "order": "asc", "per_page": str(PER_PAGE), "page": str(number)}
    (answer,) = yield (Request("/customers", query),)
    found = objects_in(answer.body)
    wanted = [(row, raw) for row, raw in found if _is_within(row, span)]
    more = number < (_number(answer, "x-wp-totalpages") or 0)
    cursor = str(replace(place, within=str(number + 1))) if more else ""
    return Page(_objects("customers", wanted), cursor, _number(answer, "x-wp-total"))


def _variations(span: Span, place: Place) -> Generator[tuple[Request, ...], list[Answer], Page]:
    """Those that changed, each asked for as its webhook would: the list of a product writes them otherwise."""
    number = int(place.within or 1)
    query = {"type": "variable", "orderby": "id", "order": "asc", "per_page": str(PARENTS_PER_PAGE)}
    (answer,) = yield (Request("/products", {**query, "page": str(number), "_fields": "id"}),)
    parents = [one for row, _ in objects_in(answer.body) if (one := store_id(row, "id"))]
    ids: list[str] = []
    for parent in parents:
        ids += yield from _changed_variations(parent, span)
    answers = (yield tuple(Request(f"/products/{one}", may_be_absent=True) for one in ids)) if ids else []
    found = [object_in(one.body) for one in answers if one.status == 200]
    more = number < (_number(answer, "x-wp-totalpages") or 0)
    cursor = str(replace(place, within=str(number + 1))) if more else ""
    return Page(_objects("variations", found), cursor)


def _changed_variations(parent: str, span: Span) -> Generator[tuple[Request, ...], list[Answer], list[str]]:
    ids: list[str] = []
    number, pages = 1, 1
    while number <= pages:
        query = {"per_page": str(PER_PAGE), "page": str(number), "_fields": "id,date_modified_gmt"}
        (answer,) = yield (Request(f"/products/{parent}/variations", query, may_be_absent=True),)
        if answer.status == 404:
            return ids
        found = [row for row, _ in objects_in(answer.body)]
        ids += [one for row in found if _is_within(row, span) and (one := store_id(row, "id"))]
        pages = _number(answer, "x-wp-totalpages") or 1
        number += 1
    return ids


def _with_refunds(page: Page) -> Generator[tuple[Request, ...], list[Answer], Page]:
    """The order itself says only the sums of its refunds; their lines are a request of its own."""
    refunded = [one for one in page.objects if one.row.get("refunds") and store_id(one.row, "id")]
    if not refunded:
        return page
    query = {"per_page": str(PER_PAGE)}
    ids = [store_id(one.row, "id") for one in refunded]
    answers = yield tuple(Request(f"/orders/{one}/refunds", query, may_be_absent=True) for one in ids)
    told = {
        one.raw: tuple(row for row, _ in objects_in(answer.body)) if answer.status == 200 else ()
        for one, answer in zip(refunded, answers, strict=True)
    }
    objects = (replace(one, refunds=told.get(one.raw, ())) for one in page.objects)
    return replace(page, objects=tuple(objects))


def _objects(section: str, found: Iterable[tuple[Row, bytes]]) -> tuple[StoreObject, ...]:
    return tuple(StoreObject(TOPICS[section], row, raw) for row, raw in found)


def _moment(row: Row, span: Span) -> datetime | None:
    """When it changed (a customer who never did: when it was made); None where that cannot be read."""
    with contextlib.suppress(Unreadable):
        if span.by == "created":
            return moment(row, "date_created_gmt") or moment(row, "date_created")
        return contacts.changed_at(row)
    return None


def _newest(moments: list[datetime | None]) -> datetime | None:
    """The last one, if the page is sorted as it was asked for (a plugin may sort otherwise)."""
    known = [moment for moment in moments if moment is not None]
    return known[-1] if known and known == sorted(known) and len(known) == len(moments) else None


def _is_within(row: Row, span: Span) -> bool:
    at = _moment(row, span)
    return at is None or (at >= span.since and (span.until is None or at < span.until))


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"


def _number(answer: Answer, header: str) -> int | None:
    value = answer.headers.get(header, "")
    return int(value) if value.isdigit() else None
