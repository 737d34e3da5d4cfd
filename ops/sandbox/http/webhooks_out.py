"""Webhooks out: the sandbox tells an app what changed, in either of Intuit's formats, signed.

Sources: Intuit's page "Webhooks" (signature, three seconds to answer, the retry times) and its blog post
of 2025-11-12 about the CloudEvents payload.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import urllib3
from pydantic import BaseModel, ConfigDict, Field

from ops.sandbox.http.exact_json import write_json

log = logging.getLogger(__name__)

ANSWER_SECONDS = 3.0
RETRY_SECONDS = (10.0, 20.0, 30.0, 300.0, 1200.0, 7200.0, 14400.0, 21600.0)
MAX_EVENTS = 100
"""One POST carries at most so many events."""

_LEGACY_OPERATIONS = {
    "created": "Create",
    "updated": "Update",
    "deleted": "Delete",
    "voided": "Void",
    "merged": "Merge",
    "emailed": "Emailed",
}


class WebhookSubscription(BaseModel):
    """Where one app wants to hear of changes, of which realms and entities (all when empty).

    ``gather_seconds``: changes within this time travel in one POST.
    """

    model_config = ConfigDict(extra="forbid")

    url: str = Field(pattern=r"^https?://")
    verifier_token: str = "sandbox"
    format: Literal["cloudevents", "legacy"] = "cloudevents"
    realms: list[str] = []
    entities: list[str] = []
    gather_seconds: float = Field(0.05, ge=0)
    retry_scale: float = Field(1.0, ge=0)


@dataclass(frozen=True, slots=True)
class Change:
    """One object that a write created, changed or removed."""

    event_id: str
    realm_id: str
    entity: str
    entity_id: str
    action: str
    at: datetime


def signature(verifier_token: str, body: bytes) -> str:
    """The ``intuit-signature`` header: base64 of HMAC-SHA256 over the raw body."""
    return base64.b64encode(hmac.digest(verifier_token.encode(), body, hashlib.sha256)).decode()


def cloud_events(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """The payload since 2026: an array of CloudEvents 1.0."""
    return [
        {
            "specversion": "1.0",
            "id": change.event_id,
            "source": "intuit.c2FuZGJveA==",
            "type": f"qbo.{change.entity.lower()}.{change.action}.v1",
            "datacontenttype": "application/json",
            "time": change.at.isoformat().replace("+00:00", "Z"),
            "intuitentityid": change.entity_id,
            "intuitaccountid": change.realm_id,
            "data": {},
        }
        for change in changes
    ]


def legacy_notifications(changes: Sequence[Change]) -> dict[str, Any]:
    """The payload before 2026: one notification per realm."""
    realms: dict[str, list[dict[str, str]]] = {}
    for change in changes:
        entity = {
            "name": change.entity,
            "id": change.entity_id,
            "operation": _LEGACY_OPERATIONS[change.action],
            "lastUpdated": change.at.strftime("%Y-%m-%dT%H:%M:%S%z"),
        }
        realms.setdefault(change.realm_id, []).append(entity)
    return {
        "eventNotifications": [
            {"realmId": realm_id, "dataChangeEvent": {"entities": entities}}
            for realm_id, entities in realms.items()
        ]
    }


class WebhookSender:
    """Sends the changes of one subscription, in order, and repeats what was not answered with 200."""

    def __init__(self, subscription: WebhookSubscription) -> None:
        self.subscription = subscription
        self.sent = 0
        self.failed = 0
        self._changes: asyncio.Queue[Change] = asyncio.Queue()
        self._http = urllib3.PoolManager(num_pools=1, maxsize=1, retries=False)
        self._task: asyncio.Task[None] | None = None

    def offer(self, change: Change) -> None:
        """Send this change soon, if the subscription wants it."""
        wanted = self.subscription
        if (not wanted.realms or change.realm_id in wanted.realms) and (
            not wanted.entities or change.entity in wanted.entities
        ):
            self._changes.put_nowait(change)

    def start(self) -> None:
        """Begin to send."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End; what is not sent is lost, like the sandbox's memory."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._http.clear()

    async def _run(self) -> None:
        while True:
            changes = [await self._changes.get()]
            await asyncio.sleep(self.subscription.gather_seconds)
            while len(changes) < MAX_EVENTS and not self._changes.empty():
                changes.append(self._changes.get_nowait())
            await self._deliver(changes)

    async def _deliver(self, changes: list[Change]) -> None:
        legacy = self.subscription.format == "legacy"
        body = write_json(legacy_notifications(changes) if legacy else cloud_events(changes))
        for pause_seconds in (*RETRY_SECONDS, None):
            if await asyncio.to_thread(self._post, body):
                self.sent += len(changes)
                return
            self.failed += 1
            if pause_seconds is None:
                log.warning("webhook given up", extra={"url": self.subscription.url})
                return
            await asyncio.sleep(pause_seconds * self.subscription.retry_scale)

    def _post(self, body: bytes) -> bool:
        headers = {
            "Content-Type": "application/json",
            "intuit-signature": signature(self.subscription.verifier_token, body),
            "User-Agent": "counterfoil-sandbox",
        }
        try:
            answer = self._http.request(
                "POST", self.subscription.url, body=body, headers=headers, timeout=ANSWER_SECONDS
            )
        except urllib3.exceptions.HTTPError:
            return False
        return answer.status == 200


class WebhooksOut:
    """All subscriptions."""

    def __init__(self, new_event_id: Callable[[], str]) -> None:
        self._new_event_id = new_event_id
        self._senders: dict[str, WebhookSender] = {}

    def __bool__(self) -> bool:
        return bool(self._senders)

    def subscribe(self, subscription: WebhookSubscription) -> str:
        """Begin to send to this address; the id is for ``unsubscribe``."""
        subscription_id = self._new_event_id()
        sender = self._senders[subscription_id] = WebhookSender(subscription)
        sender.start()
        return subscription_id

    async def unsubscribe(self, subscription_id: str) -> bool:
        """Stop; False when there is no such subscription."""
        sender = self._senders.pop(subscription_id, None)
        if sender is not None:
            await sender.stop()
        return sender is not None

    async def close(self) -> None:
        """Stop all."""
        for subscription_id in list(self._senders):
            await self.unsubscribe(subscription_id)

    def documents(self) -> list[dict[str, Any]]:
        """The subscriptions with what they sent, for the admin API."""
        return [
            {"id": key, "sent": sender.sent, "failed": sender.failed, **sender.subscription.model_dump()}
            for key, sender in self._senders.items()
        ]

    def tell(self, realm_id: str, entity: str, entity_id: str, action: str, at: datetime) -> None:
        """A change, to everyone who wants to know."""
        change = Change(self._new_event_id(), realm_id, entity, entity_id, action, at)
        for sender in self._senders.values():
            sender.offer(change)
