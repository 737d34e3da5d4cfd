"""Optimistic locking: SyncToken and MetaData."""

from ops.sandbox.company.books import Books
from ops.sandbox.company.faults import missing, stale_object
from ops.sandbox.company.json_values import Json


def check_token(books: Books, stored: Json, body: Json) -> None:
    """Raises 2020 without a token and 5010 when it is not the stored one."""
    token = body.get("SyncToken")
    if token is None or token == "":
        raise missing("SyncToken")
    if str(token) != stored["SyncToken"]:
        raise stale_object(books.settings.user_name)


def as_created(books: Books, document: Json, id: str) -> Json:
    """The document as it is stored first."""
    stamp = books.stamp(books.now())
    return {
        **document,
        "domain": "QBO",
        "sparse": False,
        "Id": id,
        "SyncToken": "0",
        "MetaData": {"CreateTime": stamp, "LastUpdatedTime": stamp},
    }


def as_changed(books: Books, document: Json, stored: Json, *, bump: bool = True) -> Json:
    """The document as it replaces the stored one: one token further, and a new time."""
    token = str(int(stored["SyncToken"]) + 1) if bump else stored["SyncToken"]
    meta = {**stored["MetaData"], "LastUpdatedTime": books.stamp(books.now())}
    return {
        **document,
        "domain": "QBO",
        "sparse": False,
        "Id": stored["Id"],
        "SyncToken": token,
        "MetaData": meta,
    }


_KEEPING = ("domain", "sparse", "Id", "SyncToken", "MetaData")


def is_same(document: Json, stored: Json) -> bool:
    """True when an update changes nothing: then neither token nor time moves (seen in recorded traffic)."""
    keeping = {name: stored[name] for name in _KEEPING if name in stored}
    return {**document, **keeping} == stored
