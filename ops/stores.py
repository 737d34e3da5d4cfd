"""A connection's store, asked with the credentials that are kept for it.

``fetch_anew(stored, secrets, subject, within=...)`` gives one object's event as the store tells it now.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from events.fetching.registry import APIS
from events.fetching.store import StoreClient
from events.stores.api import StoreAccess
from events.stores.registry import PLATFORMS
from ops.connections import ConnectionRefusal
from schemas.connection import Platform
from schemas.envelope import Envelope
from workers.ledger.connections import StoredConnection
from workers.secrets import Secrets

WEBHOOK_SECRETS, STORE = "webhook_secrets", "store"
"""What is under lock for a connection: a list, and a map of ACCESS_PARTS."""

ACCESS_PARTS = ("url", "key", "secret", "token")
SECRET_NAMES = frozenset({"webhook_secret", *(f"store_{part}" for part in ACCESS_PARTS)})
"""What ``connections set`` takes besides settings."""

NEEDED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "woocommerce": (("key", "secret"),),
    "shopify": (("token",), ("key", "secret")),
}
"""Which parts together let us in."""


class NoStoreAccess(ConnectionRefusal):
    """The connection has no credentials for its store's API, or the platform has none."""


def open_store(stored: StoredConnection, secrets: Secrets) -> StoreClient:
    """A client of the connection's store; close it after use.

    Raises:
        NoStoreAccess: there are no credentials, or not all that are needed.
        SecretKeyError: they cannot be opened.
    """
    connection = stored.connection
    api = APIS.get(connection.platform)
    if api is None:
        raise NoStoreAccess(
            f'A connection of platform "{connection.platform}" has no store that can be asked.'
        )
    kept = secrets.open(stored.secrets).get(STORE) or {}
    access = StoreAccess(**{part: str(kept.get(part, "")) for part in ACCESS_PARTS})
    choices = NEEDED[connection.platform]
    if not access.url or not any(all(getattr(access, part) for part in parts) for parts in choices):
        words = " ".join(f"store_{part}=…" for part in ("url", *choices[0]))
        raise NoStoreAccess(
            f'"{connection.connection_id}" has no credentials for its store\'s API. '
            f"Run: counterfoil connections set {connection.connection_id} {words}"
        )
    return StoreClient(
        connection.connection_id,
        api=api,
        platform=PLATFORMS[connection.platform],
        access=access,
        clock=lambda: datetime.now(UTC),
    )


def fetch_anew(
    stored: StoredConnection, secrets: Secrets, subject: str, *, within: str = ""
) -> Envelope | None:
    """The event of one store object as it is now, with the id that its webhook's would have; None: it is gone.

    ``within``: the object that holds it (``envelope.object_key``); a refund can only be asked for by its order.

    Raises:
        NoStoreAccess, SecretKeyError: as ``open_store``.
        StoreProblem: the store cannot be asked; a sentence for a person.
        Unreadable: what it tells cannot be read.
    """
    with open_store(stored, secrets) as store:
        return store.fetch_anew(subject, within=within)


def changed_secrets(kept: Mapping[str, Any], given: Mapping[str, str], platform: Platform) -> dict[str, Any]:
    """What is kept under lock after ``given`` (names of SECRET_NAMES; "" removes) was set; the rest stays.

    Raises:
        ValueError: ``store_url`` is no address that credentials may be sent to.
    """
    changed = dict(kept)
    access = dict(kept.get(STORE) or {})
    for name, value in given.items():
        part = name.removeprefix("store_")
        if name == "webhook_secret":
            secrets = [one.strip() for one in value.split(",") if one.strip()]
            changed[WEBHOOK_SECRETS] = secrets or list(kept.get(WEBHOOK_SECRETS, ()))
        elif value:
            access[part] = store_address(value, platform) if part == "url" else value.strip()
        else:
            access.pop(part, None)
    return {**changed, STORE: access} if access else {k: v for k, v in changed.items() if k != STORE}


def store_address(written: str, platform: Platform) -> str:
    """``https://shop.example`` of what somebody typed; a Shopify shop may be given by its name alone.

    Raises:
        ValueError: credentials may only go to https, or to this machine.
    """
    text = written.strip()
    if "://" not in text:
        shop = text if "." in text or platform != "shopify" else f"{text}.myshopify.com"
        text = f"https://{shop}"
    parts = urlsplit(text)
    if not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError("store_url must be the store's address, for example https://shop.example")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_this_machine(parts.hostname)):
        raise ValueError("store_url must begin with https://: credentials are sent to it")
    return text.rstrip("/")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
