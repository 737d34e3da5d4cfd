"""Access tokens: kept in memory, refreshed early, by one worker at a time over all processes and machines.

A pair is stored before it is used. Death between Intuit's answer and the commit costs nothing: the old refresh
token stays good for 24 hours (Intuit, "OAuth 2.0", FAQ), and the lease ends by itself.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from workers.errors import QuickBooksUnavailable, ReconnectNeeded, SyncError
from workers.ledger import tokens as ledger
from workers.ledger.engine import reading, writing
from workers.ledger.tokens import StoredTokens
from workers.quickbooks.errors import SetupWrong
from workers.quickbooks.oauth import OAuth, TokenPair
from workers.secrets import SecretKeyError, Secrets

EARLY = timedelta(minutes=5)
"""Refreshed so long before the end, or a tenth of the token's life when that is shorter."""

SPARE = timedelta(seconds=30)
"""A token may still go out so long before its end while somebody refreshes, or the token endpoint is away."""

LEASE = timedelta(seconds=60)
"""Longer than a refresh can take; how long others wait for a worker that died in it."""

LOOK_EVERY_SECONDS = 0.2
LOOKS = 350


@dataclass(frozen=True, slots=True)
class _Access:
    value: str
    refresh_at: datetime
    ends_at: datetime


class TokenSource:
    """The access tokens of all companies, for the threads of one process."""

    def __init__(
        self,
        *,
        engine: Engine,
        secrets: Secrets,
        oauth: OAuth,
        owner: str,
        clock: Callable[[], datetime],
        sleep: Callable[[float], object],
    ) -> None:
        self._engine = engine
        self._secrets = secrets
        self._oauth = oauth
        self._owner = owner
        self._clock = clock
        self._sleep = sleep
        self._kept: dict[str, _Access] = {}
        self._locks: dict[str, threading.Lock] = {}

    def access_token(self, realm_id: str, *, refused: str = "") -> str:
        """A token that is good now; never ``refused``, which QuickBooks did not accept.

        Raises:
            ReconnectNeeded: never connected, or the consent has ended.
            QuickBooksUnavailable: Intuit gives no new one just now.
            SetupWrong: client id, secret or secret key are wrong.
        """
        kept = self._usable(realm_id, refused)
        if kept is not None:
            return kept.value
        with self._locks.setdefault(realm_id, threading.Lock()):
            kept = self._usable(realm_id, refused) or self._from_ledger(realm_id, refused)
            return kept.value

    def _usable(self, realm_id: str, refused: str) -> _Access | None:
        kept = self._kept.get(realm_id)
        return kept if kept is not None and _is_good(kept, refused, self._clock()) else None

    def _from_ledger(self, realm_id: str, refused: str) -> _Access:
        for _ in range(LOOKS):
            stored = self._read(realm_id)
            access = self._access(stored)
            if _is_good(access, refused, self._clock()):
                return self._keep(realm_id, access)
            leased = self._lease(stored)
            if leased is not None:
                refreshed = self._refresh(leased, refused)
                if refreshed is not None:
                    return self._keep(realm_id, refreshed)
            elif _lasts(access, refused, self._clock()):
                return access
            else:
                self._sleep(LOOK_EVERY_SECONDS)
        raise QuickBooksUnavailable(
            "Another worker refreshes the QuickBooks token and has not come to an end."
        )

    def _refresh(self, leased: StoredTokens, refused: str) -> _Access | None:
        """Under the lease: a new pair, or the one that somebody stored just before; None means look again."""
        realm_id = leased.realm_id
        old = self._access(leased)
        if _is_good(old, refused, self._clock()):
            self._release(realm_id)
            return old
        try:
            pair = self._oauth.refresh(self._open(leased)["refresh_token"])
        except ReconnectNeeded as error:
            with writing(self._engine) as connection:
                ours = ledger.mark_revoked(connection, leased, why=str(error))
            if ours:
                self._kept.pop(realm_id, None)
                raise
            return None
        except SyncError:
            self._release(realm_id)
            now = self._clock()
            if not _lasts(old, refused, now):
                raise
            return _Access(old.value, min(now + SPARE, old.ends_at), old.ends_at)
        return self._store(leased, pair)

    def _store(self, leased: StoredTokens, pair: TokenPair) -> _Access | None:
        now = self._clock()
        with writing(self._engine) as connection:
            stored = ledger.store_refreshed(
                connection,
                leased,
                sealed=_seal(self._secrets, pair),
                access_expires_at=pair.access_expires_at,
                refresh_expires_at=pair.refresh_expires_at,
                now=now,
            )
        return _access(pair.access_token, now, pair.access_expires_at) if stored else None

    def _keep(self, realm_id: str, access: _Access) -> _Access:
        self._kept[realm_id] = access
        return access

    def _read(self, realm_id: str) -> StoredTokens:
        with reading(self._engine) as connection:
            stored = ledger.read_tokens(connection, realm_id)
        if stored is None:
            raise ReconnectNeeded(
                f"Company {realm_id} is not connected to QuickBooks. Run: counterfoil connections connect"
            )
        if stored.revoked:
            raise ReconnectNeeded(stored.revoked)
        return stored

    def _lease(self, stored: StoredTokens) -> StoredTokens | None:
        now = self._clock()
        if stored.refreshing_until is not None and stored.refreshing_until >= now:
            return None  # those who wait only read
        with writing(self._engine) as connection:
            return ledger.lease_refresh(
                connection, stored.realm_id, owner=self._owner, now=now, until=now + LEASE
            )

    def _release(self, realm_id: str) -> None:
        with writing(self._engine) as connection:
            ledger.release_refresh(connection, realm_id, owner=self._owner)

    def _access(self, stored: StoredTokens) -> _Access:
        return _access(self._open(stored)["access_token"], stored.stored_at, stored.access_expires_at)

    def _open(self, stored: StoredTokens) -> dict[str, str]:
        return _open(self._secrets, stored)


def save_tokens(engine: Engine, secrets: Secrets, realm_id: str, pair: TokenPair, *, now: datetime) -> None:
    """Store what a person's consent gave; workers use it from their next call on."""
    with writing(engine) as connection:
        ledger.put_tokens(
            connection,
            realm_id,
            sealed=_seal(secrets, pair),
            access_expires_at=pair.access_expires_at,
            refresh_expires_at=pair.refresh_expires_at,
            now=now,
        )


def forget_tokens(engine: Engine, secrets: Secrets, oauth: OAuth, realm_id: str) -> None:
    """End the consent at Intuit and forget the tokens; nothing to do for a company without any.

    Raises:
        SyncError: Intuit did not take it; the tokens are still there.
    """
    with reading(engine) as connection:
        stored = ledger.read_tokens(connection, realm_id)
    if stored is None:
        return
    if not stored.revoked:
        oauth.revoke(_open(secrets, stored)["refresh_token"])
    with writing(engine) as connection:
        ledger.delete_tokens(connection, realm_id)


def _access(value: str, stored_at: datetime, ends_at: datetime) -> _Access:
    early = min(EARLY, (ends_at - stored_at) / 10)
    return _Access(value, ends_at - early, ends_at)


def _is_good(access: _Access, refused: str, now: datetime) -> bool:
    return access.value != refused and now < access.refresh_at


def _lasts(access: _Access, refused: str, now: datetime) -> bool:
    return access.value != refused and now + SPARE < access.ends_at


def _seal(secrets: Secrets, pair: TokenPair) -> bytes:
    return secrets.seal({"access_token": pair.access_token, "refresh_token": pair.refresh_token})


def _open(secrets: Secrets, stored: StoredTokens) -> dict[str, str]:
    try:
        return secrets.open(stored.sealed)
    except SecretKeyError as error:
        raise SetupWrong(str(error), seconds=300.0) from error
