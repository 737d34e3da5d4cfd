"""``counterfoil connections connect``: tokens for a connection's company, checked before they are stored.

Three ways to them: a browser on this machine, the address that a browser elsewhere ended on, a refresh token.
All raise ConnectFailed, with one sentence for a person, and SecretKeyError when there is no key to encrypt with.
They return the realm id; linking the connection to it is up to the caller.
"""

import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from secrets import token_urlsafe

from sqlalchemy import Engine

from ops.oauth.callback import PATH, Callback
from ops.oauth.consent import ConnectFailed, Consent, consent_in
from ops.quickbooks import open_oauth, utc_now
from ops.settings import Settings
from workers.errors import ReconnectNeeded, SyncError
from workers.ledger.connections import read_connection
from workers.ledger.engine import reading
from workers.quickbooks.client import QuickBooks
from workers.quickbooks.http import Http
from workers.quickbooks.oauth import OAuth, TokenPair
from workers.quickbooks.tokens import save_tokens
from workers.secrets import Secrets

CALLBACK_PORT = 8484
CONSENT_SECONDS = 600.0

Say = Callable[[str], object]
Browse = Callable[[str], object]


def connect(
    settings: Settings,
    engine: Engine,
    connection_id: str,
    *,
    open_browser: bool,
    say: Say,
    port: int = CALLBACK_PORT,
    consent_seconds: float = CONSENT_SECONDS,
    browse: Browse = webbrowser.open,
) -> str:
    """Let a person agree in a browser on this machine.

    ``http://localhost:8484/connected`` must be among the app's redirect URIs; Intuit takes such an address for
    development keys only.
    """
    with _Session.opened(settings, engine, connection_id, say) as session:
        state = token_urlsafe(24)
        with Callback(port, state=state) as callback:
            redirect_uri = f"http://localhost:{callback.port}{PATH}"
            address = session.oauth.authorize_url(redirect_uri=redirect_uri, state=state)
            say(f"Agree in the browser: {address}")
            if open_browser:
                browse(address)
            consent = callback.wait(consent_seconds)
        return session.finish(consent, redirect_uri)


def connect_by_hand(
    settings: Settings,
    engine: Engine,
    connection_id: str,
    *,
    redirect_uri: str,
    say: Say,
    ask: Callable[[str], str],
) -> str:
    """Let a person agree in any browser and paste the address that it ends on.

    For production keys: their redirect URIs must be public HTTPS addresses; what is behind it does not matter.
    """
    with _Session.opened(settings, engine, connection_id, say) as session:
        state = token_urlsafe(24)
        say(f"Agree in a browser: {session.oauth.authorize_url(redirect_uri=redirect_uri, state=state)}")
        return session.finish(consent_in(ask("Address that it ends on"), state=state), redirect_uri)


def connect_with_token(
    settings: Settings, engine: Engine, connection_id: str, *, refresh_token: str, realm_id: str, say: Say
) -> str:
    """Use a refresh token that somebody got already, from Intuit's OAuth playground or from the sandbox."""
    with _Session.opened(settings, engine, connection_id, say) as session:
        session.check_company(realm_id)
        return session.keep(session.oauth.refresh(refresh_token), realm_id)


@dataclass(frozen=True, slots=True)
class _Session:
    """What one attempt needs."""

    settings: Settings
    engine: Engine
    secrets: Secrets
    http: Http
    oauth: OAuth
    expected_realm: str
    say: Say

    @classmethod
    @contextmanager
    def opened(cls, settings: Settings, engine: Engine, connection_id: str, say: Say) -> Iterator["_Session"]:
        secrets = Secrets(settings.secret_key.get_secret_value())
        with reading(engine) as database:
            stored = read_connection(database, connection_id)
        if stored is None or stored.connection.status == "closed":
            raise ConnectFailed(f'There is no open connection "{connection_id}".')
        http = Http()
        try:
            oauth = open_oauth(settings, http)
            yield cls(settings, engine, secrets, http, oauth, stored.connection.realm_id, say)
        except ReconnectNeeded as error:
            raise ConnectFailed(f"Intuit does not accept this consent or token. It said: {error}") from error
        except SyncError as error:
            raise ConnectFailed(str(error)) from error
        finally:
            http.close()

    def finish(self, consent: Consent, redirect_uri: str) -> str:
        """Exchange the code, and keep the tokens."""
        self.check_company(consent.realm_id)
        return self.keep(self.oauth.exchange(consent.code, redirect_uri=redirect_uri), consent.realm_id)

    def check_company(self, realm_id: str) -> None:
        """A connection stays with its company: its ledger holds that company's ids."""
        if self.expected_realm not in ("", realm_id):
            raise ConnectFailed(
                f"This connection belongs to company {self.expected_realm}, but you chose {realm_id}. "
                "Choose that company, or add another connection."
            )

    def keep(self, pair: TokenPair, realm_id: str) -> str:
        """Try the tokens on the company, then store them."""
        quickbooks = QuickBooks(
            self.settings.quickbooks_url, http=self.http, tokens=_Only(pair), clock=utc_now
        )
        info = quickbooks.read(realm_id, "CompanyInfo", realm_id)
        save_tokens(self.engine, self.secrets, realm_id, pair, now=utc_now())
        self.say(f"Connected to {info.get('CompanyName', 'the company')} ({realm_id}).")
        return realm_id


@dataclass(frozen=True, slots=True)
class _Only:
    """The token source of the one call that tries new tokens."""

    pair: TokenPair

    def access_token(self, realm_id: str, *, refused: str = "") -> str:
        """The new token; there is no other."""
        if refused:
            raise ReconnectNeeded(f"QuickBooks refuses the new token for company {realm_id}.")
        return self.pair.access_token
