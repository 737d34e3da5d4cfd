"""``counterfoil connections`` as an operator uses it: names, settings, status. No secret is ever printed."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr

from ops.cli.main import cli
from ops.migrations.migrate import upgrade
from ops.settings import Settings
from workers.ledger.connections import read_connection
from workers.ledger.engine import open_ledger, reading
from workers.secrets import Secrets

KEY = "MARKED" + "A" * 37 + "="
"""A key, not a passphrase: that would take 0.1 s each time."""

WEBHOOK_SECRET = "MARKED-secret-of-the-store"
Run = Callable[..., Result]


@pytest.fixture
def settings(sqlite_url: str) -> Settings:
    engine = open_ledger(sqlite_url)
    upgrade(engine)
    engine.dispose()
    return Settings(
        database_url=sqlite_url, broker_url="amqp://guest:guest@127.0.0.1:1/", secret_key=SecretStr(KEY)
    )


@pytest.fixture
def run(settings: Settings) -> Run:
    def invoke(*words: str, answer: str | None = None) -> Result:
        result = CliRunner().invoke(cli, ["connections", *words], obj=settings, input=answer)
        assert "MARKED" not in result.output, "a secret is printed"
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return invoke


@pytest.fixture
def added(run: Run) -> str:
    done = run("add", "acme-woo", "--platform", "woocommerce", "--webhook-secret", WEBHOOK_SECRET)
    assert done.exit_code == 0, done.output
    return "acme-woo"


def shown(run: Run, name: str = "acme-woo") -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(run("show", name, "--json").stdout)
    return facts


def secrets_of(settings: Settings, name: str) -> list[str]:
    engine = open_ledger(settings.database_url)
    with reading(engine) as database:
        stored = read_connection(database, name)
    engine.dispose()
    assert stored is not None
    return list(Secrets(KEY).open(stored.secrets)["webhook_secrets"])


def test_new_connection_is_listed_and_shown_and_its_secret_is_kept(
    run: Run, added: str, settings: Settings
) -> None:
    listed = json.loads(run("list", "--json").stdout)

    assert [(one["connection"], one["platform"], one["status"]) for one in listed] == [
        ("acme-woo", "woocommerce", "active")
    ]
    assert shown(run)["settings"]["document"] == "sales_receipt"
    assert "acme-woo" in run("list").output
    assert "not connected" in run("list").output
    assert secrets_of(settings, added) == [WEBHOOK_SECRET]


def test_secret_is_asked_for_and_not_echoed(run: Run, settings: Settings) -> None:
    done = run("add", "shop-2", "--platform", "shopify", answer=f"{WEBHOOK_SECRET}\n")

    assert done.exit_code == 0
    assert "Next: counterfoil connections connect shop-2" in done.output
    assert secrets_of(settings, "shop-2") == [WEBHOOK_SECRET]


def test_second_connection_of_that_name_is_refused(run: Run, added: str, settings: Settings) -> None:
    again = run("add", added, "--platform", "shopify", "--webhook-secret", "other")

    assert (again.exit_code, again.output) == (1, 'Error: There is a connection "acme-woo" already.\n')
    assert shown(run)["platform"] == "woocommerce"
    assert secrets_of(settings, added) == [WEBHOOK_SECRET]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["add", "Acme Woo", "--platform", "woocommerce"], 2, "connection_id"),
        (["add", "shop", "--platform", "magento"], 2, "'magento' is not one of"),
        (["add", "shop"], 2, "Missing option '--platform'"),
        (["add", "shop", "--platform", "shopify", "--realm", "abc"], 2, "realm_id"),
        (["show", "nobody"], 1, 'There is no connection "nobody".'),
        (["set", "nobody", "document=invoice"], 1, 'There is no connection "nobody".'),
        (["set", "acme-woo"], 2, "Missing argument"),
        (["set", "acme-woo", "document"], 2, "is not NAME=VALUE"),
        (["set", "acme-woo", "documents=invoice"], 2, 'There is no setting "documents".'),
        (["set", "acme-woo", "accounts.deposits=12"], 2, 'There is no setting "accounts.deposits".'),
        (["set", "acme-woo", "document=bill"], 2, "document: Input should be"),
        (["set", "acme-woo", "time_zone=Mars"], 2, "'Mars' is not a time zone"),
        (["set", "acme-woo", 'statuses=["paid'], 2, "is not JSON"),
        (["set", "acme-woo", "taxes.GST 5%=12"], 2, "need quotes"),
        (["pause", "nobody"], 1, 'There is no connection "nobody".'),
        (["resume", "acme-woo"], 1, "Run: counterfoil connections connect acme-woo"),
        (["close", "nobody", "--yes"], 1, 'There is no connection "nobody".'),
        (["connect", "nobody"], 1, 'There is no connection "nobody".'),
        (["connect", "acme-woo", "--refresh-token", "MARK"], 2, "belong together"),
        (["rename", "acme-woo"], 2, "No such command"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_words_get_one_sentence_and_change_nothing(
    run: Run, added: str, words: list[str], code: int, sentence: str
) -> None:
    before = shown(run)

    result = run(*words, answer="x\n")

    assert (result.exit_code, sentence in result.output) == (code, True), result.output
    assert shown(run) == before


def test_set_changes_values_maps_and_lists_and_removes_a_key(run: Run, added: str) -> None:
    done = run(
        "set", added, "document=invoice", 'taxes."GST 5%"=12', 'statuses=["completed"]', "accounts.deposit=4"
    )
    assert done.exit_code == 0, done.output

    run("set", added, 'taxes."PST 7%"=13')
    run("set", added, 'taxes."GST 5%"=')

    settings = shown(run)["settings"]
    assert (settings["document"], settings["statuses"]) == ("invoice", ["completed"])
    assert (settings["taxes"], settings["accounts"]["deposit"]) == ({"PST 7%": "13"}, "4")


def test_dry_run_checks_and_changes_nothing(run: Run, added: str, settings: Settings) -> None:
    good = run("set", added, "document=invoice", "webhook_secret=MARKED-new", "--dry-run")
    bad = run("set", added, "document=bill", "--dry-run")

    assert (good.exit_code, "nothing was changed" in good.output, bad.exit_code) == (0, True, 2)
    assert (shown(run)["settings"]["document"], shown(run)["settings_version"]) == ("sales_receipt", 1)
    assert secrets_of(settings, added) == [WEBHOOK_SECRET]


def test_one_bad_value_among_good_ones_changes_nothing(run: Run, added: str, settings: Settings) -> None:
    result = run("set", added, "number_prefix=W-", "webhook_secret=MARKED-new", "document=bill")

    assert result.exit_code == 2
    assert shown(run)["settings"]["number_prefix"] == ""
    assert secrets_of(settings, added) == [WEBHOOK_SECRET]


def test_secret_is_replaced_by_two_while_the_store_changes_it(
    run: Run, added: str, settings: Settings
) -> None:
    done = run("set", added, "webhook_secret=MARKED-old, MARKED-new", "--json")

    assert done.exit_code == 0
    assert secrets_of(settings, added) == ["MARKED-old", "MARKED-new"]


def test_pause_says_why(run: Run, added: str) -> None:
    done = run("pause", added, "--reason", "stock-taking")

    assert (done.exit_code, shown(run)["status"], shown(run)["pause_reason"]) == (0, "paused", "stock-taking")


def test_close_asks_forgets_the_secrets_and_is_final(run: Run, added: str, settings: Settings) -> None:
    kept = run("close", added, answer="n\n")
    still_open = shown(run)["status"]
    closed = run("close", added, answer="y\n")

    assert (kept.exit_code, still_open) == (1, "active")
    assert "RabbitMQ does not answer, so what is held there is not dropped yet." in closed.output
    assert (shown(run)["status"], secrets_of(settings, added)) == ("closed", [])
    for words in (["pause"], ["resume"], ["connect"], ["set", "document=invoice"]):
        after = run(words[0], added, *words[1:])
        assert (after.exit_code, "is closed" in after.output) == (1, True), after.output


def test_explain_says_what_each_setting_is_for(run: Run, added: str) -> None:
    facts = json.loads(run("show", added, "--explain", "--json").stdout)

    assert facts["explanations"]["start_date"] == "Orders created before this day are skipped"
    assert "Orders created before this day are skipped" in run("show", added, "--explain").output


def test_without_a_secret_key_nothing_is_stored(settings: Settings) -> None:
    keyless = settings.model_copy(update={"secret_key": SecretStr("")})
    words = ["connections", "add", "acme-woo", "--platform", "shopify", "--webhook-secret", "x"]

    result = CliRunner().invoke(cli, words, obj=keyless)
    listed = CliRunner().invoke(cli, ["connections", "list", "--json"], obj=keyless)

    assert (result.exit_code, "COUNTERFOIL_SECRET_KEY is not set" in result.output) == (1, True)
    assert json.loads(listed.stdout) == []


def test_credentials_of_the_store_are_kept_beside_its_webhook_secret(
    run: Run, added: str, settings: Settings
) -> None:
    done = run("set", added, "store_url=shop.example/", "store_key=MARKED-key", "store_secret=MARKED-secret")
    run("set", added, "webhook_secret=MARKED-new")
    run("set", added, "store_secret=-", answer="MARKED-typed\n")

    assert done.exit_code == 0, done.output
    assert kept(settings, added) == {
        "webhook_secrets": ["MARKED-new"],
        "store": {"url": "https://shop.example", "key": "MARKED-key", "secret": "MARKED-typed"},
    }
    assert shown(run)["settings_version"] >= 1


def test_credentials_of_the_store_can_be_given_when_it_is_added(run: Run, settings: Settings) -> None:
    words = ["--webhook-secret", "x", "--store-url", "lumen", "--store-token", "MARKED-token"]

    done = run("add", "shop-2", "--platform", "shopify", *words)

    assert done.exit_code == 0, done.output
    assert kept(settings, "shop-2")["store"] == {
        "url": "https://lumen.myshopify.com",
        "token": "MARKED-token",
    }


@pytest.mark.parametrize(
    "address", ["http://shop.example", "ftp://shop.example", "https://", "https://a@b.c"]
)
def test_credentials_go_to_no_address_that_others_can_listen_at(
    run: Run, added: str, settings: Settings, address: str
) -> None:
    refused = run("set", added, f"store_url={address}", "number_prefix=W-")

    assert (refused.exit_code, "store_url must be" in refused.output) == (2, True)
    assert (shown(run)["settings"]["number_prefix"], "store" in kept(settings, added)) == ("", False)


def kept(settings: Settings, name: str) -> dict[str, Any]:
    """What is under lock for a connection."""
    engine = open_ledger(settings.database_url)
    with reading(engine) as database:
        stored = read_connection(database, name)
    engine.dispose()
    assert stored is not None
    return Secrets(KEY).open(stored.secrets)
