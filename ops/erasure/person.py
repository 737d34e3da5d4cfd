"""Who is to be erased, and which messages are about them. Pure."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

SHORTEST_WORD = 4
"""A shorter word ("Li", "12") would also be found in sentences that name nobody."""

PERSONAL = frozenset(
    (
        *("email", "first_name", "last_name", "company", "phone", "line1", "line2", "city", "postal_code"),
        *("note", "reason", "billing_email", "contact_email", "customer_note", "zip", "postcode"),
        *("address1", "address2", "address_1", "address_2"),
    )
)
"""Keys whose values say who somebody is: of canonical payloads, then of the two platforms' own bodies."""


@dataclass(frozen=True, slots=True)
class Person:
    """One contact of a store, by its ids there and its e-mail addresses (folded); or everybody of a connection."""

    contact_ids: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    everybody: bool = False

    @classmethod
    def of(cls, *, contact_id: str = "", email: str = "") -> "Person":
        """One contact."""
        return cls(frozenset({contact_id} - {""}), frozenset({email.strip().casefold()} - {""}))

    def concerns(self, body: bytes) -> bool:
        """Whether a message is about this person: it is their account, their purchase, or names their e-mail."""
        if self.everybody:
            return True
        data = read_data(body)
        if data is None:
            return self.is_named_in(body.decode("utf-8", "replace"))
        buyer = data.get("buyer")
        ids = {data.get("contact_id"), buyer.get("customer_id") if isinstance(buyer, dict) else None}
        return bool(ids & self.contact_ids) or any(self.is_named_in(text) for text in _texts(data))

    def is_named_in(self, text: str) -> bool:
        """Whether a text holds one of the e-mail addresses."""
        folded = text.casefold()
        return any(email in folded for email in self.emails)

    def is_buyer(self, name: str) -> bool:
        """Whether a key of the setting ``buyers`` is this person's e-mail; a currency may stand behind it."""
        email = name.casefold().partition(" ")[0]
        return email in self.emails or (self.everybody and "@" in email)


def read_data(body: bytes) -> dict[str, Any] | None:
    """An event's payload as it came, however wrong it is; None where there is none."""
    try:
        envelope = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    data = envelope.get("data") if isinstance(envelope, dict) else None
    return data if isinstance(data, dict) else None


def personal_words(body: bytes) -> list[str]:
    """What in this message says who somebody is, longest first: names, addresses, e-mail, phone."""
    words = {word.strip() for word in _personal(read_data(body) or {})}
    return sorted((word for word in words if len(word) >= SHORTEST_WORD), key=len, reverse=True)


def _personal(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for inner in value:
            yield from _personal(inner)
    if not isinstance(value, dict):
        return
    names = [value.get(key) for key in ("first_name", "last_name")]
    yield " ".join(name for name in names if isinstance(name, str))
    for key, inner in value.items():
        if key == "body_base64":
            yield from _personal(_json(_decoded(inner)))
        elif key in PERSONAL and isinstance(inner, str):
            yield inner
        else:
            yield from _personal(inner)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from [_decoded(inner)] if key == "body_base64" else _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value


def _decoded(text: Any) -> str:
    """A kept webhook's body; JSON may have written its letters as numbers."""
    try:
        raw = b64decode(str(text)).decode("utf-8", "replace")
    except (NotBase64, ValueError):
        return str(text)
    read = _json(raw)
    return raw if read is None else orjson.dumps(read).decode()


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
