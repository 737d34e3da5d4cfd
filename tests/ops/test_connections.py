"""Connections as the processes see them: the webhook process's directory, and settings changed by several people."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from ops.connections import (
    ConnectionRefusal,
    Directory,
    SettingRefused,
    change_settings,
    parse_assignment,
    require,
)
from schemas.connection import Connection
from workers.ledger.connections import add_connection, change_status
from workers.ledger.engine import open_ledger, reading, writing
from workers.ledger.tables import metadata
from workers.secrets import Secrets

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SECRETS = Secrets("A" * 43 + "=")


@pytest.fixture
def ledger(database_url: str) -> Iterator[Engine]:
    engine = open_ledger(database_url)
    metadata.create_all(engine)
    with writing(engine) as database:
        add_connection(
            database,
            Connection(connection_id="acme-woo", platform="woocommerce"),
            secrets=SECRETS.seal({"webhook_secrets": ["one", "two"]}),
            now=NOW,
        )
    yield engine
    engine.dispose()


def test_directory_gives_platform_status_and_secrets_and_sees_a_change_within_two_seconds(
    ledger: Engine,
) -> None:
    clock = [0.0]
    directory = Directory(ledger, SECRETS, monotonic=lambda: clock[0])
    before = directory.get("acme-woo")
    with writing(ledger) as database:
        change_status(database, "acme-woo", "closed", now=NOW)

    clock[0] = 1.9
    meanwhile = directory.get("acme-woo")
    clock[0] = 2.1
    after = directory.get("acme-woo")

    assert before is not None and meanwhile is not None and after is not None
    assert (before.platform, before.secrets) == ("woocommerce", ("one", "two"))
    assert (before.status, meanwhile.status, after.status) == ("active", "active", "closed")
    assert directory.get("nobody") is None


def test_people_who_set_at_once_are_all_served_or_told_and_lose_nothing(ledger: Engine) -> None:
    start = threading.Barrier(4)
    done: set[str] = set()
    told: list[str] = []

    def person(tax: str) -> None:
        start.wait()
        try:
            change_settings(ledger, "acme-woo", {"taxes": {tax: "1"}}, now=NOW)
        except ConnectionRefusal as error:
            told.append(str(error))
        else:
            done.add(tax)

    people = [threading.Thread(target=person, args=(f"T{number}",)) for number in range(4)]
    for one in people:
        one.start()
    for one in people:
        one.join()

    with reading(ledger) as database:
        stored = require(database, "acme-woo")
    assert len(done) + len(told) == 4
    assert set(stored.connection.settings.taxes) == done != set()
    assert set(told) <= {"Somebody changed the settings at the same time. Try again."}


def test_a_refused_setting_names_itself_and_changes_nothing(ledger: Engine) -> None:
    with pytest.raises(SettingRefused, match=r'no setting "accounts\.deposits"'):
        change_settings(ledger, "acme-woo", {"document": "invoice", "accounts": {"deposits": "1"}}, now=NOW)
    with pytest.raises(SettingRefused, match="rounding_limit"):
        change_settings(ledger, "acme-woo", {"rounding_limit": "much"}, now=NOW)

    with reading(ledger) as database:
        assert require(database, "acme-woo").settings_version == 1


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("document=invoice", ["document"], "invoice"),
        ('taxes."GST 5%"=12', ["taxes", "GST 5%"], "12"),
        ('taxes."a.b=c"=12', ["taxes", "a.b=c"], "12"),
        ("accounts.clearing.stripe=7", ["accounts", "clearing", "stripe"], "7"),
        ('statuses=["completed", "processing"]', ["statuses"], ["completed", "processing"]),
        ("number_prefix=", ["number_prefix"], None),
        ("number_prefix=a=b", ["number_prefix"], "a=b"),
    ],
)
def test_assignment_is_read_into_path_and_value(text: str, path: list[str], value: object) -> None:
    assert parse_assignment(text) == (path, value)


@pytest.mark.parametrize("text", ["document", "=x", ".document=x", 'taxes."GST=5', "a b=1", "statuses=[1"])
def test_what_is_no_assignment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"NAME=VALUE|not JSON"):
        parse_assignment(text)
