"""The whole sandbox: its companies, its clock, who may call, and what is kept on disk."""

import random
import re
import secrets
from collections import Counter
from collections.abc import Callable
from uuid import UUID

from ops.sandbox.clock import SandboxClock
from ops.sandbox.company.json_values import Json
from ops.sandbox.http.exact_json import write_json
from ops.sandbox.http.metrics import SandboxMetrics
from ops.sandbox.http.oauth.grants import Grants
from ops.sandbox.http.webhooks_out import WebhooksOut
from ops.sandbox.journal import SETTINGS
from ops.sandbox.realm import COUNTRIES, Realm, new_realm
from ops.sandbox.storage import JournalRow, Storage

READS_PER_MONTH = 500_000
"""Reads that the free tier has each month, per app. Source: Intuit's blog, 2026-01-08, Builder tier."""
_REALM_ID = re.compile(r"[0-9]{1,20}")


class Sandbox:
    """Everything behind the HTTP front. Not thread-safe: one event loop owns it."""

    def __init__(
        self,
        *,
        clock: SandboxClock | None = None,
        storage: Storage | None = None,
        limits_on: bool = True,
        dice: random.Random | None = None,
        new_secret: Callable[[], str] = lambda: secrets.token_urlsafe(32),
    ) -> None:
        self.clock = clock or SandboxClock()
        self.storage = storage or Storage.nowhere()
        self.limits_on = limits_on
        self.dice = dice or random.Random()  # noqa: S311 it decides when to fail, not who may enter
        self.grants = Grants(self.clock.seconds, lambda prefix: f"{prefix}-{new_secret()}")
        self.webhooks = WebhooksOut(lambda: str(UUID(int=self.dice.getrandbits(128), version=4)))
        self.metrics = SandboxMetrics()
        self.realms: dict[str, Realm] = {}
        self.reads_per_month: int | None = READS_PER_MONTH
        self.reads: Counter[tuple[str, str]] = Counter()
        """App and month, then its metered reads."""
        self.storage.load_into(self)
        for number, country in enumerate(COUNTRIES, start=1):
            if str(number) not in self.realms:
                self.add_company(country, str(number))

    def add_company(self, country: str, realm_id: str | None = None) -> Realm:
        """A new company, seeded for its country.

        Raises:
            ValueError: the country is not one of COUNTRIES, the realm id is taken or not a number.
        """
        realm_id = realm_id or self._free_realm_id()
        if not _REALM_ID.fullmatch(realm_id):
            raise ValueError("a realm id has 1 to 20 digits")
        if realm_id in self.realms:
            raise ValueError(f"realm {realm_id} is there already")
        now = self.clock()
        with self.clock.back_at(now):
            realm = self.put_company(country, realm_id)
        self.storage.add_realm(realm_id, country, now)
        return realm

    def put_company(self, country: str, realm_id: str) -> Realm:
        """A freshly seeded company in this place, not written to storage.

        Raises:
            ValueError: the country is not one of COUNTRIES.
        """
        code = next((known for known in COUNTRIES if known == country), None)
        if code is None:
            raise ValueError(f"country must be one of {', '.join(COUNTRIES)}")
        realm = self.realms[realm_id] = new_realm(
            realm_id, code, clock=self.clock, limits_on=self.limits_on, dice=self.dice
        )
        return realm

    def _free_realm_id(self) -> str:
        return str(max((int(realm_id) for realm_id in self.realms), default=0) + 1)

    def save(self, realm: Realm, name: str) -> None:
        """Remember a company's books under a name."""
        realm.save(name, self.storage.end)

    def go_back(self, realm: Realm, name: str) -> None:
        """Put a company's books back to what was saved ("": as seeded).

        Raises:
            KeyError: nothing was saved under this name.
        """
        self.storage.cut_back(realm.realm_id, realm.go_back(name))

    def reset(self, realm: Realm) -> None:
        """Books as seeded; default switches, no faults, counters and limits at zero."""
        self.go_back(realm, "")
        realm.reset_front(limits_on=self.limits_on)
        self.storage.forget_front(realm.realm_id)

    def reset_all(self) -> None:
        """As just started: four companies, real time, one refresh token, no webhooks kept."""
        self.clock.reset()
        self.keep_clock()
        for realm in list(self.realms.values()):
            if int(realm.realm_id) > len(COUNTRIES):
                self.remove_company(realm.realm_id)
            else:
                self.reset(realm)
        self.grants.forget_all()
        self.keep_grants()
        self.reads.clear()
        self.reads_per_month = READS_PER_MONTH

    def remove_company(self, realm_id: str) -> None:
        """Take a company away with everything in it."""
        del self.realms[realm_id]
        self.storage.remove_realm(realm_id)

    def count_read(self, app: str) -> None:
        """One more metered read of this app in this month."""
        self.reads[app, self._month()] += 1

    def reads_left(self, app: str) -> bool:
        """Whether the app's reads of this month are not used up."""
        return self.reads_per_month is None or self.reads[app, self._month()] < self.reads_per_month

    def _month(self) -> str:
        return self.clock().strftime("%Y-%m")

    def set_settings(self, realm: Realm, changes: Json) -> None:
        """Change a company's settings; part of its journal, because what is refused depends on them.

        Raises:
            pydantic.ValidationError: an unknown name or a wrong value.
        """
        realm.set_settings(changes)
        if self.storage.is_on:
            self.keep([JournalRow(realm.realm_id, self.clock(), SETTINGS, "", "", write_json(changes))])

    def keep(self, rows: list[JournalRow]) -> None:
        """Write what is about to be answered."""
        self.storage.append(rows)

    def add_file(self, realm: Realm, attachable_id: str, content: bytes) -> None:
        """Keep the bytes of an upload."""
        realm.files[attachable_id] = content
        self.storage.add_file(realm.realm_id, attachable_id, content)

    def keep_grants(self) -> None:
        """Write apps, grants and tokens."""
        self.storage.keep("grants", self.grants.dump())

    def keep_clock(self) -> None:
        """Write how far the clock was moved."""
        self.storage.keep("clock", self.clock.dump())

    def keep_switches(self, realm: Realm) -> None:
        """Write a company's switches."""
        self.storage.keep_switches(realm.realm_id, realm.switches())

    def reads_by_month(self) -> dict[str, int]:
        """Metered reads by app and month, for the admin API."""
        return {f"{app} {month}": number for (app, month), number in self.reads.items()}
