"""``counterfoil doctor``: each thing that can be wrong is one line that says what to do."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import SecretStr
from sqlalchemy import update

from events import names
from ops.cli.main import cli
from ops.doctor.examine import examine
from ops.doctor.finding import Finding
from ops.doctor.outside import check_clock, check_disk
from ops.doctor.queues import alarms
from ops.node.management import part
from ops.sandbox.testing import SandboxServer
from ops.settings import Settings
from tests.rig.broker import Broker
from tests.rig.fixtures import StartProcess
from tests.rig.stack import KEY, WEBHOOK_SECRET, Stack
from tests.rig.waiting import wait_for
from workers.ledger.connections import change_status, store_realm
from workers.ledger.engine import writing
from workers.ledger.tables import quickbooks_tokens

pytestmark = pytest.mark.broker
NOWHERE = "127.0.0.1:1"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def stack(
    broker: Broker, sqlite_url: str, sandbox: SandboxServer, process: StartProcess, tmp_path: Path
) -> Iterator[Stack]:
    stack = Stack(
        broker=broker,
        database_url=sqlite_url,
        sandbox=sandbox,
        start=process,
        spool_path=str(tmp_path / "spool.db"),
    )
    yield stack
    stack.close()


def found(settings: Settings, **changes: Any) -> dict[str, Finding]:
    changed = settings.model_copy(update=changes)
    return {finding.check: finding for finding in examine(changed, datetime.now(UTC))}


def tokens(**values: object) -> Callable[[Stack], None]:
    def change(stack: Stack) -> None:
        with writing(stack.engine) as database:
            database.execute(update(quickbooks_tokens).values(**values))

    return change


def pause(stack: Stack) -> None:
    with writing(stack.engine) as database:
        change_status(database, "acme-woo", "paused", reason="stock-taking", now=datetime.now(UTC))


def unlink(stack: Stack) -> None:
    with writing(stack.engine) as database:
        store_realm(database, "acme-woo", "", now=datetime.now(UTC))


def test_sound_set_up_has_a_tick_everywhere_and_exit_0(stack: Stack) -> None:
    done = CliRunner().invoke(cli, ["doctor", "--json"], obj=stack.settings)
    shown = CliRunner().invoke(cli, ["doctor"], obj=stack.settings)

    report = json.loads(done.stdout)
    assert (done.exit_code, report["ok"]) == (0, True), report
    assert {one["check"]: one["state"] for one in report["findings"]} == dict.fromkeys(
        (
            "broker",
            "topology",
            "management",
            "queue arguments",
            "policies",
            "rights",
            "plugins",
            "database",
            "secret key",
            "connection acme-woo",
            "payloads",
            "intuit",
            "clock",
            "quickbooks",
            "intuit app",
            "spool",
            "database disk",
        ),
        "good",
    )
    assert shown.exit_code == 0
    assert all(line.startswith("✓ ") for line in shown.output.splitlines())
    for secret in (KEY, WEBHOOK_SECRET, stack.sandbox.refresh_token + '"'):
        assert secret not in shown.output + done.output


@pytest.mark.parametrize(
    ("changes", "check", "says", "do"),
    [
        ({"broker_url": f"amqp://guest:MARKED@{NOWHERE}/"}, "broker", "does not let us in", "BROKER_URL"),
        ({"management_url": f"http://guest:MARKED@{NOWHERE}"}, "management", "not there", "MANAGEMENT_URL"),
        ({"database_url": "sqlite:////nowhere/c.db"}, "database", "There is no", "counterfoil setup"),
        (
            {"database_url": f"postgresql+psycopg://u:MARKED@{NOWHERE}/c"},
            "database",
            "does not answer",
            "DATABASE_URL",
        ),
        ({"secret_key": SecretStr("")}, "secret key", "is not set", "set it"),
        ({"secret_key": SecretStr("MARKED-other")}, "secret key", "of acme-woo", "the key they were stored"),
        ({"quickbooks_url": f"http://{NOWHERE}"}, "quickbooks", "cannot be reached", "QUICKBOOKS_URL"),
        ({"intuit_discovery_url": f"http://{NOWHERE}/"}, "intuit", "cannot be reached", "DISCOVERY_URL"),
        ({"intuit_client_id": ""}, "intuit app", "are missing", "COUNTERFOIL_INTUIT_CLIENT_ID"),
        ({"spool_path": "/nowhere/spool.db"}, "spool", "no folder", "COUNTERFOIL_SPOOL_PATH"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_wrong_setting_is_found_and_named(
    stack: Stack, changes: dict[str, Any], check: str, says: str, do: str
) -> None:
    changed = stack.settings.model_copy(update=changes)

    done = CliRunner().invoke(cli, ["doctor"], obj=changed)

    assert done.exit_code == 1
    (line,) = [line for line in done.output.splitlines() if line.startswith("✗")]
    assert line.startswith(f"✗ {check}: ")
    assert says in line
    assert do in line.partition("  Do: ")[2]
    assert "MARKED" not in done.output


@pytest.mark.parametrize(
    ("change", "state", "says", "do"),
    [
        pytest.param(tokens(revoked="Token revoked."), "bad", "Token revoked", "connect", id="revoked"),
        pytest.param(
            tokens(refresh_expires_at=datetime.now(UTC) - timedelta(days=1)),
            "bad",
            "ended",
            "connect",
            id="ended",
        ),
        pytest.param(
            tokens(refresh_expires_at=datetime.now(UTC) + timedelta(days=3)),
            "soon",
            "ends",
            "connect",
            id="ends-soon",
        ),
        pytest.param(unlink, "bad", "not linked", "connect", id="never-connected"),
        pytest.param(pause, "soon", "paused: stock-taking", "resume", id="paused"),
    ],
)
def test_connection_that_needs_somebody_is_named_with_its_command(
    stack: Stack, change: Callable[[Stack], None], state: str, says: str, do: str
) -> None:
    change(stack)

    finding = found(stack.settings)["connection acme-woo"]

    assert (finding.state, says in finding.text) == (state, True), finding
    assert finding.do == f"counterfoil connections {do} acme-woo"


def test_queue_that_is_missing_is_named(stack: Stack) -> None:
    with stack.broker.channel() as channel:
        channel.queue_delete(names.held("contacts"))
        channel.exchange_delete(names.COMMANDS)

    finding = found(stack.settings)["topology"]

    assert (finding.state, finding.do) == ("bad", "counterfoil setup")
    assert finding.text == "2 exchanges or queues are not declared: counterfoil.commands, contacts.held."
    assert not stack.broker.exists(names.held("contacts"))


def test_tables_that_are_missing_are_told_and_not_made(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()

    finding = found(stack.settings, database_url=f"sqlite:///{tmp_path / 'empty.db'}")["database"]

    assert (finding.state, finding.do) == ("bad", "counterfoil setup")


def _policy(stack: Stack, **definition: object) -> None:
    path = f"policies/{part(stack.broker.vhost)}/house-rules"
    policy = {"pattern": "^orders[.]errors$", "definition": definition, "apply-to": "queues"}
    stack.broker.management.request("PUT", path, policy)


@pytest.mark.parametrize(
    ("definition", "says"),
    [
        ({"message-ttl": 86_400_000}, "sets message-ttl on orders.errors"),
        ({"delivery-limit": 20}, "sets delivery-limit 20 on orders.errors"),
        ({"dead-letter-exchange": "elsewhere"}, "sets dead-letter-exchange on orders.errors"),
    ],
    ids=["expires", "peeking-uses-up", "goes-elsewhere"],
)
def test_policy_that_could_lose_messages_is_named(
    stack: Stack, definition: dict[str, object], says: str
) -> None:
    _policy(stack, **definition)

    def seen() -> Finding | None:
        finding = found(stack.settings)["policies"]
        return finding if finding.state == "bad" else None

    finding = wait_for(seen, what="RabbitMQ shows the policy on the queue")

    assert finding is not None
    assert f'Policy "house-rules" {says}' in finding.text
    assert "Policies" in finding.do


def test_queue_with_other_arguments_is_named(stack: Stack) -> None:
    with stack.broker.channel() as channel:
        channel.queue_delete(names.held("contacts"))
        channel.queue_declare(
            names.held("contacts"), durable=True, arguments={"x-queue-type": "quorum", "x-delivery-limit": 5}
        )

    finding = found(stack.settings)["queue arguments"]

    assert (finding.state, "counterfoil setup" in finding.do) == ("bad", True)
    assert finding.text == "contacts.held has x-delivery-limit 5 instead of 1000000."


def test_right_that_the_user_lacks_is_named(stack: Stack) -> None:
    management, vhost = stack.broker.management, stack.broker.vhost
    management.add_user("narrow", "narrow")
    management.allow(vhost, "narrow", configure="^$", write=".*", read="^orders")
    url = stack.settings.broker_url.replace("guest:guest@", "narrow:narrow@")

    finding = found(stack.settings, broker_url=url)["rights"]

    management.request("DELETE", "users/narrow")
    assert finding.state == "bad"
    assert finding.text.startswith("The user narrow has no read right for ")
    assert "set_permissions" in finding.do


SOUND = {"name": "rabbit@one", "running": True, "mem_alarm": False, "disk_free_alarm": False}


@pytest.mark.parametrize(
    ("trouble", "check", "says", "do"),
    [
        ({"mem_alarm": True}, "broker alarm", "rabbit@one is out of memory", "give it more memory"),
        ({"disk_free_alarm": True}, "broker alarm", "rabbit@one is out of disk", "give it more disk"),
        ({"running": False}, "broker node", "rabbit@one does not run", "start it again"),
    ],
    ids=["memory", "disk", "down"],
)
def test_node_that_is_down_or_takes_no_messages_is_named(
    trouble: dict[str, object], check: str, says: str, do: str
) -> None:
    (finding,) = alarms([SOUND | trouble, SOUND | {"name": "rabbit@two"}])

    assert (finding.check, finding.state) == (check, "bad")
    assert says in finding.text
    assert do in finding.do


def test_node_without_alarms_and_one_that_tells_nothing_of_itself_are_no_findings() -> None:
    assert list(alarms([SOUND, {"name": "rabbit@two"}])) == []


@pytest.mark.parametrize(
    ("mebibytes", "state"), [(100_000, "good"), (1000, "soon"), (100, "bad")], ids=["room", "little", "none"]
)
def test_disk_that_runs_full_is_told_of_spool_and_of_a_ledger_in_a_file(
    mebibytes: int, state: str, tmp_path: Path
) -> None:
    spool, file = str(tmp_path / "spool.db"), f"sqlite:///{tmp_path / 'books.db'}"

    findings = list(check_disk(spool, file, free=lambda _folder: mebibytes * 1024 * 1024))

    assert [(one.check, one.state) for one in findings] == [("spool", state), ("database disk", state)]
    assert all(f"{mebibytes:,} MiB are free in {tmp_path}" in one.text for one in findings)
    assert all(("make room" in one.do) == (state != "good") for one in findings)


def test_disk_of_a_database_server_is_its_own_affair(tmp_path: Path) -> None:
    findings = check_disk(str(tmp_path / "spool.db"), "postgresql+psycopg://u@db/books")

    assert [one.check for one in findings] == ["spool"]


def test_age_of_the_tokens_is_told(stack: Stack) -> None:
    with writing(stack.engine) as database:
        stored = datetime.now(UTC) - timedelta(days=5, hours=1)
        database.execute(update(quickbooks_tokens).values(updated_at=stored))

    finding = found(stack.settings)["connection acme-woo"]

    assert finding.state == "good"
    assert finding.text.startswith("Tokens are 5 days old; the consent lasts until 20")


@pytest.mark.parametrize(
    ("theirs", "state"),
    [
        ("Tue, 24 Nov 2026 12:00:10 GMT", "good"),
        ("Tue, 24 Nov 2026 12:02:00 GMT", "soon"),
        ("Tue, 24 Nov 2026 11:50:00 GMT", "bad"),
        ("", None),
    ],
    ids=["agrees", "drifts", "wrong", "unknown"],
)
def test_clock_that_is_off_is_told(theirs: str, state: str | None) -> None:
    findings = list(check_clock(theirs, datetime(2026, 11, 24, 12, tzinfo=UTC)))

    assert [finding.state for finding in findings] == ([state] if state else [])
