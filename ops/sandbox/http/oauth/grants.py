"""Apps, grants and tokens: who may call what, and until when. Pure: clock and token makers are passed in."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import Any

from ops.sandbox.http.oauth.tokens import (
    ALL_REALMS,
    ALL_SCOPES,
    SANDBOX,
    AccessToken,
    Code,
    Grant,
    IssuedTokens,
    OAuthError,
    OAuthSwitches,
)

A_DAY = 86_400


@dataclass(slots=True)
class Grants:
    """All apps, grants and tokens of the sandbox."""

    seconds: Callable[[], float]
    new_token: Callable[[str], str]
    switches: OAuthSwitches = field(default_factory=OAuthSwitches)
    apps: dict[str, str] = field(default_factory=lambda: {SANDBOX: SANDBOX})
    by_refresh: dict[str, Grant] = field(default_factory=dict)
    access: dict[str, AccessToken] = field(default_factory=dict)
    _codes: dict[str, Code] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reset_built_in()

    def reset_built_in(self) -> None:
        """Put the refresh token ``sandbox`` back as it was at the start."""
        now = self.seconds()
        self.by_refresh[SANDBOX] = Grant(
            SANDBOX, SANDBOX, ALL_REALMS, ALL_SCOPES, SANDBOX, now, now, never_rotates=True
        )

    def forget_all(self) -> None:
        """As at the start: one app, one refresh token, default switches."""
        self.apps = {SANDBOX: SANDBOX}
        self.switches = OAuthSwitches()
        for table in (self.by_refresh, self.access, self._codes):
            table.clear()
        self.reset_built_in()

    def dump(self) -> dict[str, Any]:
        """Everything, for storage."""
        return {
            "apps": self.apps,
            "switches": self.switches.model_dump(),
            "grants": [asdict(grant) for grant in self.all()],
            "refresh": {value: grant.id for value, grant in self.by_refresh.items()},
            "access": [[token.value, token.grant.id, token.expires_at] for token in self.access.values()],
            "codes": [
                [value, code.grant.id, code.redirect_uri, code.expires_at]
                for value, code in self._codes.items()
            ],
        }

    def all(self) -> list[Grant]:
        """Every grant once."""
        found = chain(
            self.by_refresh.values(),
            (token.grant for token in self.access.values()),
            (code.grant for code in self._codes.values()),
        )
        return list({grant.id: grant for grant in found}.values())

    def load(self, kept: dict[str, Any]) -> None:
        """Everything as it was kept."""
        grants = {one["id"]: Grant(**one) for one in kept["grants"]}
        self.apps = kept["apps"]
        self.switches = OAuthSwitches(**kept["switches"])
        self.by_refresh = {value: grants[grant_id] for value, grant_id in kept["refresh"].items()}
        self.access = {
            value: AccessToken(value, grants[grant_id], expires_at)
            for value, grant_id, expires_at in kept["access"]
        }
        self._codes = {
            value: Code(grants[grant_id], redirect_uri, expires_at)
            for value, grant_id, redirect_uri, expires_at in kept["codes"]
        }

    def authenticate(self, client_id: str, client_secret: str) -> None:
        """Raises OAuthError invalid_client unless this is an app and its secret."""
        if self.apps.get(client_id) != client_secret or not client_secret:
            raise OAuthError("invalid_client", status=401)

    def mint(self, client_id: str, realm_id: str, scope: str = ALL_SCOPES) -> Grant:
        """A new grant with a refresh token of its own."""
        now = self.seconds()
        grant = Grant(self.new_token("g"), client_id, realm_id, scope, self.new_token("RT1"), now, now)
        self.by_refresh[grant.refresh_token] = grant
        return grant

    def authorize(self, client_id: str, realm_id: str, scope: str, redirect_uri: str) -> str:
        """The user said yes: a code that is good once, for a short time."""
        code = self.new_token("XAB")
        grant = self.mint(client_id, realm_id, scope)
        self._codes[code] = Code(grant, redirect_uri, self.seconds() + self.switches.code_seconds)
        return code

    def exchange(self, client_id: str, code: str, redirect_uri: str) -> IssuedTokens:
        """Code for tokens.

        Raises:
            OAuthError: invalid_grant, when the code is unknown, used, too old, another app's, or was asked
                for with another redirect URI.
        """
        known = self._codes.pop(code, None)
        if (
            known is None
            or known.grant.client_id != client_id
            or known.redirect_uri != redirect_uri
            or self.seconds() > known.expires_at
        ):
            raise OAuthError("invalid_grant", "Invalid authorization code")
        return self._issue(known.grant)

    def refresh(self, client_id: str, refresh_token: str) -> IssuedTokens:
        """Refresh token for a new access token and the refresh token to use from now on.

        Raises:
            OAuthError: invalid_grant, when the value is unknown, replaced more than a day ago, expired,
                revoked or another app's.
        """
        grant = self.by_refresh.get(refresh_token)
        now, switches = self.seconds(), self.switches
        if grant is None or grant.client_id != client_id or grant.revoked:
            raise OAuthError("invalid_grant", "Incorrect or invalid refresh token")
        if grant.never_rotates:
            return self._issue(grant)
        if self._is_over(grant, refresh_token, now):
            raise OAuthError("invalid_grant", "Token has been expired or revoked")
        is_second = grant.last_refresh_at > 0 and now - grant.last_refresh_at < switches.parallel_seconds
        if is_second and switches.parallel_refresh == "second_fails":
            raise OAuthError("invalid_grant", "Incorrect or invalid refresh token")
        if is_second and switches.parallel_refresh == "first_dies":
            self._end_access(grant)
            self._rotate(grant, now)
            del self.by_refresh[grant.previous_token]
        elif now - grant.issued_at >= switches.rotation_seconds:
            self._rotate(grant, now)
        grant.last_refresh_at = now
        return self._issue(grant)

    def _is_over(self, grant: Grant, value: str, now: float) -> bool:
        switches = self.switches
        if now - grant.granted_at >= switches.hard_cap_seconds:
            return True
        if value == grant.refresh_token:
            return now - grant.issued_at >= switches.refresh_token_seconds
        return now >= grant.previous_until

    def _rotate(self, grant: Grant, now: float) -> None:
        self.by_refresh.pop(grant.previous_token, None)
        grant.previous_token = grant.refresh_token
        grant.previous_until = now + self.switches.overlap_seconds
        grant.refresh_token, grant.issued_at = self.new_token("RT1"), now
        self.by_refresh[grant.refresh_token] = grant

    def _issue(self, grant: Grant) -> IssuedTokens:
        now = self.seconds()
        token = AccessToken(self.new_token("eyJ"), grant, now + self.switches.access_token_seconds)
        self._drop_expired(now)
        self.access[token.value] = token
        left = self.switches.refresh_token_seconds - int(now - grant.issued_at)
        if grant.never_rotates:
            left = self.switches.refresh_token_seconds
        return IssuedTokens(token, grant, grant.refresh_token, left)

    def _drop_expired(self, now: float) -> None:
        # A day late, so that a client which comes with an old token is told "expired", not "unknown".
        for value, token in list(self.access.items()):
            if token.expires_at + A_DAY > now:
                break
            del self.access[value]

    def bearer(self, value: str) -> AccessToken | None:
        """The access token with this value while it is good."""
        token = self.access.get(value)
        if token is None or token.grant.revoked or token.expires_at <= self.seconds():
            return None
        return token

    def expire(self, value: str) -> None:
        """End one access token now."""
        token = self.access.get(value)
        if token is not None:
            token.expires_at = min(token.expires_at, self.seconds())

    def expire_grant(self, grant: Grant) -> None:
        """As if the refresh token had not been used for its whole life; its access tokens end too."""
        grant.issued_at = self.seconds() - self.switches.refresh_token_seconds
        grant.previous_until = 0.0
        for token in self.access.values():
            if token.grant is grant:
                token.expires_at = min(token.expires_at, self.seconds())

    def revoke(self, value: str) -> bool:
        """End the grant that this refresh or access token belongs to; False when nobody knows the value.

        The refresh token ``sandbox`` survives, or one careless disconnect would lock everyone out.
        """
        token = self.access.get(value)
        grant = self.by_refresh.get(value) or (token.grant if token is not None else None)
        if grant is None or grant.revoked:
            return False
        self._end_access(grant)
        grant.revoked = not grant.never_rotates
        return True

    def revoke_grant(self, grant: Grant) -> None:
        """End a grant for good, the built-in one too (until the sandbox is reset)."""
        self._end_access(grant)
        grant.revoked = True

    def _end_access(self, grant: Grant) -> None:
        for value in [token.value for token in self.access.values() if token.grant is grant]:
            del self.access[value]
