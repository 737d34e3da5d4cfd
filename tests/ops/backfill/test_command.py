"""``counterfoil backfill`` as an operator sees it."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr

from ops.cli.main import cli
from ops.migrations.migrate import upgrade
from ops.settings import Settings
from tests.events.fetching.test_woocommerce import START, order
from tests.rig.ports import free_port
from tests.rig.stores.shopify import TOKEN, ShopifyShop
from tests.rig.stores.woocommerce import KEY, SECRET, WooCommerceShop
from workers.ledger.engine import open_ledger

LOCK = "MARKED" + "A" * 37 + "="
Run = Callable[..., Result]


@pytest.fixture
def run(sqlite_url: str, woo: WooCommerceShop) -> Run:
    """``counterfoil WORDS`` with a connection ``acme`` to the shop, and nobody at the broker's address."""
    engine = open_ledger(sqlite_url)
    upgrade(engine)
    engine.dispose()
    settings = Settings(
        database_url=sqlite_url,
        secret_key=SecretStr(LOCK),
        broker_url=f"amqp://guest:guest@127.0.0.1:{free_port()}/",
    )

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(cli, words, obj=settings)

    add = ("connections", "add")
    assert invoke(*add, "bare", "--platform", "woocommerce", "--webhook-secret", "x").exit_code == 0
    assert invoke(*add, "own", "--platform", "counterfoil", "--webhook-secret", "x").exit_code == 0
    access = ("--store-url", woo.url, "--store-key", KEY, "--store-secret", SECRET)
    done = invoke(*add, "acme", "--platform", "woocommerce", "--webhook-secret", "x", *access)
    assert done.exit_code == 0, done.output
    return invoke


def test_dry_run_says_what_would_be_published_without_a_broker(run: Run, woo: WooCommerceShop) -> None:
    woo.orders[1] = order(1)
    woo.customers[4] = {"id": 4, "email": "a@b.example", "date_modified_gmt": "2026-11-05T10:00:00"}

    shown = run("backfill", "acme", "--since", "2026-11-01", "--dry-run")
    facts = json.loads(run("backfill", "acme", "--since", "2026-11-01", "--dry-run", "--json").stdout)

    assert shown.exit_code == 0, shown.output
    assert "orders     1 read, 1 events would be published (since 2026-11-01 00:00 UTC)" in shown.output
    assert "orders.updated order/1" in shown.output
    assert [one["kind"] for one in facts["kinds"]] == ["products", "customers", "orders"]
    assert facts["kinds"][1]["would_publish"] == ["contacts.updated customer/4"]


def test_days_are_the_company_s_own_and_the_last_one_is_read_whole(run: Run, woo: WooCommerceShop) -> None:
    run("connections", "set", "acme", "time_zone=America/New_York")
    midnight = START.replace(hour=5, minute=0)  # in New York
    for number, at in enumerate((midnight - timedelta(seconds=1), midnight), start=1):
        woo.orders[number] = order(number, at)
    for number, at in enumerate((midnight, midnight + timedelta(seconds=1)), start=3):
        woo.orders[number] = order(number, at + timedelta(days=1) - timedelta(seconds=1))
    words = ("--since", "2026-11-02", "--until", "2026-11-02", "--only", "orders", "--dry-run", "--json")

    facts = json.loads(run("backfill", "acme", *words).stdout)

    assert facts["kinds"][0]["would_publish"] == ["orders.updated order/2", "orders.updated order/3"]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["nobody", "--since", "2026-11-01"], 1, 'There is no connection "nobody".'),
        (["bare", "--since", "2026-11-01"], 1, "counterfoil connections set bare store_url=… store_key=…"),
        (["own", "--since", "2026-11-01"], 1, "has no store that can be asked"),
        (["acme", "--dry-run"], 1, "Say where to begin: --since"),
        (["acme", "--since", "yesterday"], 2, "is no day such as 2026-01-31"),
        (["acme", "--since", "2026-11-01", "--only", "orders,coupons"], 2, "'coupons' is none of"),
        (["acme", "--since", "2026-11-01", "--only", ","], 2, "is none of"),
        (["acme", "--since", "2026-11-01", "--only", "payouts"], 1, "woocommerce store has no payouts"),
        (["acme"], 1, "Say where to begin"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_one_sentence(run: Run, words: list[str], code: int, sentence: str) -> None:
    done = run("backfill", *words)

    assert (done.exit_code, sentence in done.output) == (code, True), done.output
    assert KEY not in done.output and SECRET not in done.output


def test_wrong_credentials_and_a_closed_connection_are_said(run: Run, woo: WooCommerceShop) -> None:
    run("connections", "set", "acme", "store_secret=wrong")
    refused = run("backfill", "acme", "--since", "2026-11-01", "--dry-run")
    run("connections", "close", "acme", "--yes")
    closed = run("backfill", "acme", "--since", "2026-11-01", "--dry-run")

    assert (refused.exit_code, "does not accept our credentials" in refused.output) == (1, True)
    assert (closed.exit_code, "is closed" in closed.output) == (1, True)


@pytest.mark.slow
def test_store_that_cannot_be_reached_is_one_sentence(run: Run) -> None:
    run("connections", "set", "acme", f"store_url=http://127.0.0.1:{free_port()}")

    done = run("backfill", "acme", "--since", "2026-11-01", "--dry-run")

    assert (done.exit_code, done.output.count("\n")) == (1, 1), done.output
    assert "Traceback" not in done.output and SECRET not in done.output


def test_payouts_are_read_once_the_connection_says_where_they_go(run: Run) -> None:
    with ShopifyShop() as shop:
        access = ("--store-url", shop.url, "--store-token", TOKEN)
        run("connections", "add", "shopify", "--platform", "shopify", "--webhook-secret", "x", *access)
        words = ("backfill", "shopify", "--since", "2026-11-01", "--dry-run", "--json")
        without = json.loads(run(*words).stdout)
        run("connections", "set", "shopify", "accounts.bank.shopify_payments=35")

        having = json.loads(run(*words).stdout)

    assert [one["kind"] for one in without["kinds"]] == ["products", "customers", "orders"]
    assert [one["kind"] for one in having["kinds"]] == ["products", "customers", "orders", "payouts"]
