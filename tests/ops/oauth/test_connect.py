"""Connecting a company of the sandbox, in each of the three ways."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
import urllib3
from pydantic import SecretStr
from sqlalchemy import Engine

from ops.oauth.connect import connect, connect_by_hand, connect_with_token
from ops.oauth.consent import ConnectFailed
from ops.sandbox.testing import SandboxServer
from ops.settings import Settings
from schemas.connection import Connection
from workers.ledger.connections import add_connection
from workers.ledger.engine import open_ledger, reading, writing
from workers.ledger.tables import metadata
from workers.ledger.tokens import read_tokens
from workers.secrets import SecretKeyError


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as sandbox:
        yield sandbox


@pytest.fixture
def settings(sandbox: SandboxServer, sqlite_url: str) -> Settings:
    return Settings(
        database_url=sqlite_url,
        secret_key=SecretStr("a passphrase"),
        quickbooks_url=sandbox.url,
        intuit_discovery_url=sandbox.discovery_url,
        intuit_client_id=sandbox.client_id,
        intuit_client_secret=SecretStr(sandbox.client_secret),
    )


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = open_ledger(settings.database_url)
    metadata.create_all(engine)
    with writing(engine) as database:
        for connection_id, realm_id in (("new", ""), ("linked", "4711")):
            connection = Connection(connection_id=connection_id, platform="woocommerce", realm_id=realm_id)
            add_connection(database, connection, secrets=b"", now=datetime.now(UTC))
    yield engine
    engine.dispose()


@pytest.fixture
def said() -> list[str]:
    return []


def is_connected(engine: Engine, realm_id: str) -> bool:
    with reading(engine) as database:
        return read_tokens(database, realm_id) is not None


def agree(address: str, realm_id: str, decision: str = "connect") -> str:
    """What a person does on the consent page; gives the address that the browser is sent to."""
    asked = dict(parse_qsl(urlsplit(address).query))
    with urllib3.PoolManager(retries=False, timeout=10.0) as pool:
        answer = pool.request(
            "POST",
            address.partition("?")[0],
            fields={**asked, "realmId": realm_id, "decision": decision},
            encode_multipart=False,
            redirect=False,
        )
    return str(answer.headers["Location"])


class Person:
    """A browser and who sits before it."""

    def __init__(self, realm_id: str, decision: str = "connect") -> None:
        self._realm_id, self._decision = realm_id, decision
        self._threads: list[threading.Thread] = []

    def browse(self, address: str) -> None:
        thread = threading.Thread(target=self._agree, args=(address,))
        self._threads.append(thread)
        thread.start()

    def _agree(self, address: str) -> None:
        with urllib3.PoolManager(retries=False, timeout=10.0) as pool:
            pool.request("GET", agree(address, self._realm_id, self._decision))

    def leave(self) -> None:
        for thread in self._threads:
            thread.join()


def test_a_person_agrees_in_the_browser(
    sandbox: SandboxServer, settings: Settings, engine: Engine, said: list[str]
) -> None:
    realm_id = sandbox.add_company("US")
    person = Person(realm_id)

    connected = connect(
        settings, engine, "new", open_browser=True, say=said.append, port=0, browse=person.browse
    )

    person.leave()
    assert connected == realm_id
    assert is_connected(engine, realm_id)
    assert "/connect/oauth2?" in said[0]
    assert said[-1].startswith("Connected to ")


def test_a_person_refuses(
    sandbox: SandboxServer, settings: Settings, engine: Engine, said: list[str]
) -> None:
    realm_id = sandbox.add_company("US")
    person = Person(realm_id, "cancel")

    with pytest.raises(ConnectFailed, match="you did not agree"):
        connect(settings, engine, "new", open_browser=True, say=said.append, port=0, browse=person.browse)

    person.leave()
    assert not is_connected(engine, realm_id)


def test_the_address_is_pasted_where_no_browser_can_come_back(
    sandbox: SandboxServer, settings: Settings, engine: Engine, said: list[str]
) -> None:
    realm_id = sandbox.add_company("CA")

    def ask(_question: str) -> str:
        return agree(said[0].partition(": ")[2], realm_id)

    connected = connect_by_hand(
        settings, engine, "new", redirect_uri="https://shop.example/back", say=said.append, ask=ask
    )

    assert connected == realm_id
    assert is_connected(engine, realm_id)


def test_a_refresh_token_connects_without_a_person(
    sandbox: SandboxServer, settings: Settings, engine: Engine, said: list[str]
) -> None:
    realm_id = sandbox.add_company("US")

    connect_with_token(
        settings, engine, "new", refresh_token=sandbox.refresh_token, realm_id=realm_id, say=said.append
    )

    assert is_connected(engine, realm_id)


def test_another_company_than_the_connections_is_refused(
    sandbox: SandboxServer, settings: Settings, engine: Engine, said: list[str]
) -> None:
    realm_id = sandbox.add_company("US")

    with pytest.raises(ConnectFailed, match="belongs to company 4711"):
        connect_with_token(
            settings,
            engine,
            "linked",
            refresh_token=sandbox.refresh_token,
            realm_id=realm_id,
            say=said.append,
        )

    assert not is_connected(engine, realm_id)


def test_a_token_of_another_company_is_found_out_before_it_is_stored(
    sandbox: SandboxServer, settings: Settings, engine: Engine, said: list[str]
) -> None:
    mine, other = sandbox.add_company("US"), sandbox.add_company("US")

    with pytest.raises(ConnectFailed, match="3100"):
        connect_with_token(
            settings, engine, "new", refresh_token=sandbox.mint_token(other), realm_id=mine, say=said.append
        )

    assert not is_connected(engine, mine)


def test_a_wrong_refresh_token_is_said(
    sandbox: SandboxServer, settings: Settings, engine: Engine, said: list[str]
) -> None:
    with pytest.raises(ConnectFailed, match="does not accept"):
        connect_with_token(
            settings,
            engine,
            "new",
            refresh_token="RT1-wrong",
            realm_id=sandbox.add_company("US"),
            say=said.append,
        )


def test_a_wrong_client_secret_names_the_setting(
    sandbox: SandboxServer, settings: Settings, engine: Engine, said: list[str]
) -> None:
    wrong = settings.model_copy(update={"intuit_client_secret": SecretStr("wrong")})

    with pytest.raises(ConnectFailed, match="COUNTERFOIL_INTUIT_CLIENT_SECRET"):
        connect_with_token(
            wrong, engine, "new", refresh_token="sandbox", realm_id=sandbox.add_company("US"), say=said.append
        )


def test_an_unknown_connection_is_said(settings: Settings, engine: Engine, said: list[str]) -> None:
    with pytest.raises(ConnectFailed, match='no open connection "nobody"'):
        connect_with_token(settings, engine, "nobody", refresh_token="x", realm_id="1", say=said.append)


def test_without_a_secret_key_nothing_is_asked(settings: Settings, engine: Engine, said: list[str]) -> None:
    keyless = settings.model_copy(update={"secret_key": SecretStr("")})

    with pytest.raises(SecretKeyError):
        connect(keyless, engine, "new", open_browser=False, say=said.append, port=0)

    assert said == []
