"""Intuit's OAuth endpoints. Source: Intuit, "OAuth 2.0" and its discovery document."""

import base64
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from workers.quickbooks.answers import read_answer
from workers.quickbooks.documents import encode_document
from workers.quickbooks.faults import unavailable
from workers.quickbooks.http import Http, HttpAnswer
from workers.steps import Json

SCOPE = "com.intuit.quickbooks.accounting"


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What Intuit gives for a consent or a refresh. The refresh token may be a new one: keep the latest."""

    access_token: str
    refresh_token: str
    access_expires_at: datetime
    refresh_expires_at: datetime

    def __repr__(self) -> str:
        return f"TokenPair(access_expires_at={self.access_expires_at.isoformat()})"


class OAuth:
    """One app's way to tokens. Every method raises ``workers.errors.SyncError`` only."""

    def __init__(
        self,
        *,
        http: Http,
        discovery_url: str,
        client_id: str,
        client_secret: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._http = http
        self._discovery_url = discovery_url
        self._client_id = client_id
        self._basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._clock = clock
        self._discovered: Json = {}
        self._lock = threading.Lock()

    def authorize_url(self, *, redirect_uri: str, state: str) -> str:
        """Where a person says yes."""
        parameters = {
            "client_id": self._client_id,
            "response_type": "code",
            "scope": SCOPE,
            "redirect_uri": redirect_uri,
            "state": state,
        }
        return f"{self._endpoint('authorization_endpoint')}?{urlencode(parameters)}"

    def exchange(self, code: str, *, redirect_uri: str) -> TokenPair:
        """Turn the code that the callback brought into tokens."""
        return self._tokens({"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri})

    def refresh(self, refresh_token: str) -> TokenPair:
        """Get the next pair.

        Raises:
            ReconnectNeeded: invalid_grant, a person must connect again.
            QuickBooksUnavailable: no clear answer; the old refresh token stays good for 24 hours.
            SetupWrong: the client id or secret is wrong.
        """
        return self._tokens({"grant_type": "refresh_token", "refresh_token": refresh_token})

    def revoke(self, refresh_token: str) -> None:
        """End the consent. One that Intuit does not know any more (400) is fine."""
        body = encode_document({"token": refresh_token})
        answer = self._post("revocation_endpoint", body, content_type="application/json")
        if answer.status != 400:
            self._check(answer)

    def _tokens(self, form: dict[str, str]) -> TokenPair:
        answer = self._post(
            "token_endpoint", urlencode(form).encode(), content_type="application/x-www-form-urlencoded"
        )
        pair = self._read(answer)
        now = self._clock()
        try:
            return TokenPair(
                access_token=str(pair["access_token"]),
                refresh_token=str(pair["refresh_token"]),
                access_expires_at=now + timedelta(seconds=int(pair["expires_in"])),
                refresh_expires_at=now + timedelta(seconds=int(pair["x_refresh_token_expires_in"])),
            )
        except (KeyError, ValueError, TypeError):
            raise unavailable("a token answer without tokens") from None

    def _post(self, endpoint: str, body: bytes, *, content_type: str) -> HttpAnswer:
        headers = {
            "Authorization": f"Basic {self._basic}",
            "Accept": "application/json",
            "Content-Type": content_type,
        }
        return self._http.send("POST", self._endpoint(endpoint), headers=headers, body=body)

    def _check(self, answer: HttpAnswer) -> None:
        if not 200 <= answer.status < 300:
            self._read(answer)

    def _read(self, answer: HttpAnswer) -> Json:
        return read_answer(
            answer.status, answer.headers, answer.body, what="token request", now=self._clock()
        )

    def _endpoint(self, name: str) -> str:
        with self._lock:
            if not self._discovered:
                headers = {"Accept": "application/json"}
                self._discovered = self._read(self._http.send("GET", self._discovery_url, headers=headers))
            found = self._discovered.get(name)
            if not isinstance(found, str):
                self._discovered = {}
        if not isinstance(found, str):
            raise unavailable(f"a discovery document without {name}")
        return found
