"""Payouts, the whole way: shop, backfill, broker, worker, QuickBooks. Each is one deposit, whatever is killed."""

import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import orjson
import pytest

from ops.processes.programs import environment
from tests.events.fetching.test_shopify_payouts import TODAY, add
from tests.faults.conftest import OpenStack
from tests.rig.broker import Broker
from tests.rig.fixtures import StartProcess
from tests.rig.stack import Stack
from tests.rig.stores.server import Asked
from tests.rig.stores.shopify import TOKEN, ShopifyShop

pytestmark = [pytest.mark.broker, pytest.mark.slow]
SINCE = TODAY - timedelta(days=40)
COMMAND = ("backfill", "acme-shop", "--since", SINCE.date().isoformat(), "--only", "payouts")


@pytest.fixture
def shop() -> Iterator[ShopifyShop]:
    with ShopifyShop() as shop:
        yield shop


@pytest.fixture
def stack(open_stack: OpenStack, broker: Broker, sqlite_url: str, shop: ShopifyShop) -> Stack:
    """With a connection ``acme-shop`` that has accounts for payouts and the shop's token."""
    stack = open_stack(broker, sqlite_url)
    accounts = {row["Name"]: row["Id"] for row in stack.sandbox.dump(stack.realm_id, "Account")}
    chosen = {
        "clearing": {"shopify_payments": accounts["Web Payments Clearing"]},
        "bank": {"shopify_payments": accounts["Checking"]},
        "fees": accounts["Gateway Fees"],
    }
    stack.connect("acme-shop", platform="shopify", accounts=chosen)
    stack.run_command("connections", "set", "acme-shop", f"store_url={shop.url}", f"store_token={TOKEN}")
    return stack


def test_a24_killed_in_the_middle_and_run_again_every_payout_is_one_deposit(
    stack: Stack, shop: ShopifyShop, process: StartProcess
) -> None:
    for number in range(1, 41):
        add(shop, number, SINCE + timedelta(days=number), f"{number}.00", "5.00")
    third, free = threading.Event(), threading.Event()

    def hold_third_page(_asked: Asked) -> None:
        if sum(path.endswith("payouts.json") for path in shop.paths()) == 3 and not third.is_set():
            third.set()
            free.wait(60.0)

    shop.on_request = hold_third_page
    running = process(
        sys.executable, "-m", "ops.cli.main", *COMMAND, environment=environment(stack.settings, {})
    )
    assert third.wait(60.0), running.describe()

    running.kill()
    free.set()
    again = orjson.loads(stack.run_command(*COMMAND, "--json").splitlines()[-1])

    (kind,) = again["kinds"]
    assert (kind["kind"], kind["resumed"], 0 < kind["published"] < 40) == ("payouts", True, True)
    stack.start("worker", "orders")
    stack.wait_entries(40)
    stack.assert_quiet()
    deposits = stack.documents("Deposit")
    assert sorted(Decimal(str(row["TotalAmt"])) for row in deposits) == [
        Decimal(number) + Decimal("4.80") for number in range(1, 41)
    ]
