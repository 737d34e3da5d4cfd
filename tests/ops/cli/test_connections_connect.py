"""``connections connect``, ``resume`` and ``close`` against the sandbox's real consent page. No secret is printed."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
import urllib3
from click.testing import CliRunner, Result
from pydantic import SecretStr

from ops.cli.main import cli
from ops.migrations.migrate import upgrade
from ops.processes.programs import counterfoil, environment
from ops.sandbox.testing import SandboxServer
from ops.settings import Settings
from tests.rig.browser import browser_page
from tests.rig.fixtures import StartProcess
from tests.rig.processes import Process
from workers.ledger.connections import change_status, read_connection
from workers.ledger.engine import open_ledger, reading, writing
from workers.ledger.tokens import mark_revoked, read_tokens

KEY = "MARKED" + "A" * 37 + "="
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def realm_id(sandbox: SandboxServer) -> str:
    return sandbox.add_company("US")


@pytest.fixture
def settings(sqlite_url: str, sandbox: SandboxServer) -> Settings:
    engine = open_ledger(sqlite_url)
    upgrade(engine)
    engine.dispose()
    return Settings(
        database_url=sqlite_url,
        broker_url="amqp://guest:guest@127.0.0.1:1/",
        secret_key=SecretStr(KEY),
        quickbooks_url=sandbox.url,
        intuit_discovery_url=sandbox.discovery_url,
        intuit_client_id=sandbox.client_id,
        intuit_client_secret=SecretStr(sandbox.client_secret),
    )


@pytest.fixture
def run(settings: Settings) -> Run:
    def invoke(*words: str, answer: str | None = None) -> Result:
        result = CliRunner().invoke(cli, ["connections", *words], obj=settings, input=answer)
        assert "MARKED" not in result.output, "a secret is printed"
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    for name in ("acme-woo", "second"):
        done = invoke("add", name, "--platform", "woocommerce", "--webhook-secret", "MARKED-secret")
        assert done.exit_code == 0, done.output
    return invoke


def with_token(run: Run, sandbox: SandboxServer, realm_id: str, name: str = "acme-woo") -> str:
    token = sandbox.mint_token(realm_id)
    done = run("connect", name, "--refresh-token", "-", "--realm", realm_id, answer=f"{token}\n")
    assert done.exit_code == 0, done.output
    assert token not in done.output
    return token


def status_of(settings: Settings, name: str = "acme-woo") -> tuple[str, str]:
    engine = open_ledger(settings.database_url)
    with reading(engine) as database:
        stored = read_connection(database, name)
    engine.dispose()
    assert stored is not None
    return stored.connection.realm_id, stored.connection.status


def has_tokens(settings: Settings, realm_id: str) -> bool:
    engine = open_ledger(settings.database_url)
    with reading(engine) as database:
        found = read_tokens(database, realm_id)
    engine.dispose()
    return found is not None


def agree(address: str, realm_id: str, decision: str = "connect") -> str:
    """Fill in the consent form as a browser would; gives the address it leads to."""
    with urllib3.PoolManager(retries=False, timeout=10.0) as pool:
        page = pool.request("GET", address).data.decode()
        hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
        action = re.search(r'action="([^"]+)"', page)
        assert action is not None, page
        parts = urlsplit(address)
        answer = pool.request(
            "POST",
            f"{parts.scheme}://{parts.netloc}{urlsplit(action[1]).path}",
            fields=dict(parse_qsl(parts.query)) | hidden | {"realmId": realm_id, "decision": decision},
            encode_multipart=False,
            redirect=False,
        )
    return str(answer.headers["Location"])


def start_connect(process: StartProcess, settings: Settings) -> tuple[Process, str]:
    words = ("connections", "connect", "acme-woo", "--no-browser", "--port", "0")
    running = process(*counterfoil(*words), environment=environment(settings, {}))
    return running, running.wait_line(r"Agree in the browser: (\S+)").group(1)


def test_a_person_agrees_and_the_connection_is_linked(
    run: Run, settings: Settings, realm_id: str, process: StartProcess
) -> None:
    running, address = start_connect(process, settings)

    with urllib3.PoolManager(retries=False, timeout=10.0) as pool:
        page = pool.request("GET", agree(address, realm_id))

    assert running.wait_end() == 0
    assert b"Connected" in page.data
    assert status_of(settings) == (realm_id, "active")
    assert has_tokens(settings, realm_id)
    assert "MARKED" not in running.output


@pytest.mark.slow
def test_a_person_agrees_in_a_real_browser(
    run: Run, settings: Settings, realm_id: str, process: StartProcess
) -> None:
    running, address = start_connect(process, settings)

    with browser_page() as page:
        page.goto(address)
        page.check(f'input[value="{realm_id}"]')
        page.click("button[value=connect]")
        page.wait_for_selector("h1:text-is('Connected')")

    assert running.wait_end() == 0
    assert status_of(settings) == (realm_id, "active")


def test_a_person_who_refuses_is_told_and_nothing_is_linked(
    run: Run, settings: Settings, realm_id: str, process: StartProcess
) -> None:
    running, address = start_connect(process, settings)

    with urllib3.PoolManager(retries=False, timeout=10.0) as pool:
        pool.request("GET", agree(address, realm_id, "cancel"))

    assert running.wait_end() == 1
    assert "Error: Intuit gave no consent: you did not agree." in running.output
    assert status_of(settings) == ("", "active")


def test_refresh_token_links_without_a_person_and_is_never_shown(
    run: Run, settings: Settings, sandbox: SandboxServer, realm_id: str
) -> None:
    with_token(run, sandbox, realm_id)

    assert status_of(settings) == (realm_id, "active")


def test_json_is_all_that_is_on_stdout(run: Run, sandbox: SandboxServer, realm_id: str) -> None:
    words = ["connect", "acme-woo", "--refresh-token", sandbox.mint_token(realm_id), "--realm", realm_id]

    done = run(*words, "--json")

    assert json.loads(done.stdout) == {
        "connection": "acme-woo",
        "realm_id": realm_id,
        "status": "active",
        "still_paused": [],
    }


def test_wrong_token_and_another_company_are_refused_with_a_sentence(
    run: Run, settings: Settings, sandbox: SandboxServer, realm_id: str
) -> None:
    wrong = run("connect", "acme-woo", "--refresh-token", "MARKED-wrong", "--realm", realm_id)
    with_token(run, sandbox, realm_id)
    other = sandbox.add_company("US")

    moved = run("connect", "acme-woo", "--refresh-token", sandbox.mint_token(other), "--realm", other)

    assert (wrong.exit_code, "does not accept this consent or token" in wrong.output) == (1, True)
    assert (moved.exit_code, f"belongs to company {realm_id}" in moved.output) == (1, True)
    assert status_of(settings) == (realm_id, "active")


def test_resume_needs_good_tokens(
    run: Run, settings: Settings, sandbox: SandboxServer, realm_id: str
) -> None:
    with_token(run, sandbox, realm_id)
    engine = open_ledger(settings.database_url)
    with writing(engine) as database:
        change_status(database, "acme-woo", "paused", reason="invalid_grant", now=datetime.now(UTC))
        tokens = read_tokens(database, realm_id)
        assert tokens is not None
        mark_revoked(database, tokens, why="Token revoked by a person.")
    engine.dispose()

    refused = run("resume", "acme-woo")

    assert refused.exit_code == 1
    assert "no longer lets us in: Token revoked by a person." in refused.output
    assert "counterfoil connections connect acme-woo" in refused.output
    assert status_of(settings) == (realm_id, "paused")


def test_connect_of_a_paused_one_makes_it_active_and_says_what_the_broker_still_holds(
    run: Run, settings: Settings, sandbox: SandboxServer, realm_id: str
) -> None:
    with_token(run, sandbox, realm_id)
    run("pause", "acme-woo")
    words = ["connect", "acme-woo", "--refresh-token", sandbox.mint_token(realm_id), "--realm", realm_id]

    done = run(*words)

    assert done.exit_code == 1
    assert "The connection is active, but RabbitMQ does not answer" in done.output
    assert "Later: counterfoil connections resume acme-woo" in done.output
    assert status_of(settings) == (realm_id, "active")


def test_close_revokes_the_tokens_at_intuit(
    run: Run, settings: Settings, sandbox: SandboxServer, realm_id: str
) -> None:
    token = with_token(run, sandbox, realm_id)

    closed = run("close", "acme-woo", "--yes")

    assert (closed.exit_code, "RabbitMQ does not answer" in closed.output) == (1, True)
    assert not has_tokens(settings, realm_id)
    again = run("connect", "second", "--refresh-token", token, "--realm", realm_id)
    assert (again.exit_code, "does not accept" in again.output) == (1, True)


def test_close_keeps_tokens_that_another_connection_uses(
    run: Run, settings: Settings, sandbox: SandboxServer, realm_id: str
) -> None:
    with_token(run, sandbox, realm_id)
    with_token(run, sandbox, realm_id, "second")

    first = run("close", "acme-woo", "--yes")
    kept = has_tokens(settings, realm_id)
    run("close", "second", "--yes")

    assert "are not revoked" not in first.output
    assert kept
    assert not has_tokens(settings, realm_id)


def test_close_while_intuit_is_away_is_finished_by_a_second_close(
    run: Run, settings: Settings, sandbox: SandboxServer, realm_id: str
) -> None:
    with_token(run, sandbox, realm_id)
    away = settings.model_copy(update={"intuit_discovery_url": "http://127.0.0.1:1/"})

    first = CliRunner().invoke(cli, ["connections", "close", "acme-woo", "--yes"], obj=away)
    kept = has_tokens(settings, realm_id)
    second = run("close", "acme-woo", "--yes")

    assert (first.exit_code, "are not revoked yet" in first.output, kept) == (1, True, True)
    assert ("are not revoked" in second.output, has_tokens(settings, realm_id)) == (False, False)
    assert status_of(settings) == (realm_id, "closed")
