"""COUNTERFOIL_FETCH_BEFORE_RETRY: the real desk asks the real store API before it retries."""

from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from events import names
from ops.cli.main import cli
from ops.sandbox.testing import SandboxServer
from tests.journeys.orders import order
from tests.rig.broker import Broker
from tests.rig.fixtures import StartProcess
from tests.rig.stack import SETTLE_SECONDS, Stack, order_event, paid
from tests.rig.stores.woocommerce import KEY, SECRET, WooCommerceShop
from tests.rig.waiting import wait_for

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def store() -> Iterator[WooCommerceShop]:
    with WooCommerceShop() as store:
        yield store


@pytest.fixture
def stack(
    broker: Broker,
    sandbox: SandboxServer,
    usual_database_url: str,
    process: StartProcess,
    store: WooCommerceShop,
) -> Iterator[Stack]:
    """Worker and desk of a connection whose store may be asked."""
    stack = Stack(
        broker=broker,
        database_url=usual_database_url,
        sandbox=sandbox,
        start=process,
        fetch_before_retry=True,
    )
    access = (f"store_url={store.url}", f"store_key={KEY}", f"store_secret={SECRET}")
    words = ["connections", "set", "acme-woo", *access]
    done = CliRunner().invoke(cli, words, obj=stack.settings)
    assert done.exit_code == 0, done.output
    stack.start("worker", "orders")
    stack.start("desk")
    yield stack
    stack.close()


def retry(stack: Stack, number: int) -> str:
    """Retry by hand; the answer's explanation."""
    stack.broker.publish(names.COMMANDS, "orders", {"command": "retry", "event_id": paid(number)})

    def answers() -> list[str]:
        log = [message.json() for message in stack.broker.peek(names.COMMANDS_LOG, 100)]
        ended = [one for one in log if one["event_id"] == paid(number) and one["result"] == "accepted"]
        return [one["why"] for one in ended]

    return wait_for(answers, timeout_seconds=SETTLE_SECONDS, what=f"the retry of {number} is answered")[0]


def test_retry_books_what_the_store_says_now_never_an_older_state_and_needs_no_store(
    stack: Stack, store: WooCommerceShop
) -> None:
    stack.publish(*(order_event(number, currency="EUR") for number in (1, 2, 3, 4)))
    for number in (1, 2, 3, 4):
        stack.wait_failed(paid(number))
    stack.publish(order_event(2, action="updated", moment="2026-11-20T12:00:00Z", total="20.00"))
    stack.wait_settled("order-2-updated")
    store.orders[1] = order(1, changed="11:00:00")  # corrected by the shopkeeper: in dollars
    store.orders[2] = order(2, changed="11:00:00")  # the store's cache is behind its own webhooks

    corrected, behind, gone = (retry(stack, number) for number in (1, 2, 3))

    assert (corrected, behind) == ("Fetched anew: 1.", "Fetched anew: 1.")
    assert gone.startswith("Fetched anew: 0. Retried as they were: 1 (the store has order/3 no longer")
    entries = stack.wait_settled(paid(1), paid(2))
    assert (entries[paid(1)], entries[paid(2)]) == ("booked", "superseded")
    booked = {document["DocNumber"]: document["TotalAmt"] for document in stack.documents()}
    assert booked == {"1": 10, "2": 20}
    assert wait_for(lambda: stack.wait_failed(paid(3)).failures == 2, timeout_seconds=SETTLE_SECONDS)

    store.key = "another key since yesterday"
    refused = retry(stack, 4)

    assert refused.startswith("Fetched anew: 0. Retried as they were: 1 (")
    assert wait_for(lambda: stack.wait_failed(paid(4)).failures == 2, timeout_seconds=SETTLE_SECONDS)
