"""What OAuth is about: grants, the tokens made from them, the switches, the refusal.

Sources: Intuit's pages "OAuth 2.0" and its FAQ (access 3600 s; the refresh value changes about every
24 hours and the old one is good for 24 more; rolling 100 days; hard cap 5 years).
"""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

ACCOUNTING_SCOPE = "com.intuit.quickbooks.accounting"
ALL_SCOPES = f"{ACCOUNTING_SCOPE} openid profile email phone address"
ALL_REALMS = "*"
SANDBOX = "sandbox"
"""The client id, the client secret and the refresh token that are there from the start."""


class OAuthSwitches(BaseModel):
    """Life times in seconds, and what happens when two calls refresh one token at once.

    ``parallel_refresh``: both get the same new tokens (``both``, as the FAQ reads), the second within
    ``parallel_seconds`` gets invalid_grant (``second_fails``), or the second wins and kills what the
    first was given (``first_dies``); users report both of the latter. ``failures``: so many of the next
    calls for tokens are answered with 503 and plain text.
    """

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    code_seconds: float = 600
    access_token_seconds: int = 3600
    rotation_seconds: float = 86_400
    overlap_seconds: float = 86_400
    refresh_token_seconds: int = 8_726_400
    hard_cap_seconds: int = 157_680_000
    parallel_refresh: Literal["both", "second_fails", "first_dies"] = "both"
    parallel_seconds: float = 5
    failures: int = Field(0, ge=0)


class OAuthError(Exception):
    """The token endpoint refuses; becomes ``{"error", "error_description"}``."""

    def __init__(self, error: str, description: str = "", status: int = 400) -> None:
        super().__init__(description or error)
        self.error = error
        self.description = description
        self.status = status


@dataclass(slots=True)
class Grant:
    """One user's consent for one app; ``realm_id`` is ``*`` when it is good for every company."""

    id: str
    client_id: str
    realm_id: str
    scope: str
    refresh_token: str
    issued_at: float
    granted_at: float
    never_rotates: bool = False
    revoked: bool = False
    previous_token: str = ""
    previous_until: float = 0.0
    last_refresh_at: float = 0.0

    def covers(self, realm_id: str) -> bool:
        """Whether it gives access to this company."""
        return self.realm_id in (ALL_REALMS, realm_id)

    def has_scope(self, scope: str) -> bool:
        """Whether the user agreed to this scope."""
        return scope in self.scope.split()


@dataclass(slots=True)
class AccessToken:
    """A bearer token of a grant, and when it ends."""

    value: str
    grant: Grant
    expires_at: float


@dataclass(slots=True)
class IssuedTokens:
    """What one token answer holds."""

    access: AccessToken
    grant: Grant
    refresh_token: str
    refresh_seconds_left: int


@dataclass(slots=True)
class Code:
    """An authorization code, before it is exchanged."""

    grant: Grant
    redirect_uri: str
    expires_at: float
