"""A connection is paused, loses its consent, is connected again, is closed: no event is lost on the way."""

import pytest
from click.testing import CliRunner

from ops.cli.main import cli
from tests.journeys.orders import delivery, order
from tests.journeys.shop import Shop
from tests.rig.waiting import wait_for

pytestmark = pytest.mark.broker


def held(shop: Shop, count: int) -> None:
    wait_for(
        lambda: shop.broker.count("orders.held") == count,
        timeout_seconds=30.0,
        what=f"{count} events are held",
    )


def status_of(shop: Shop, name: str) -> tuple[str, str]:
    facts = shop.command("connections", "show", name)
    return facts["status"], facts["pause_reason"]


def test_events_of_a_paused_connection_wait_and_flow_again_after_resume(shop: Shop) -> None:
    realm_id = shop.open("till")
    shop.command("connections", "pause", "till", "--reason", "stock-taking")

    shop.send(delivery(order(7001)), "till")
    held(shop, 1)
    assert status_of(shop, "till") == ("paused", "stock-taking")
    shop.command("connections", "resume", "till")

    shop.wait_receipt(7001, realm_id=realm_id)
    held(shop, 0)


def test_ended_consent_pauses_the_connection_until_a_person_connects_again(shop: Shop) -> None:
    sandbox = shop.stack.sandbox
    realm_id = shop.open("fair")
    sandbox.admin("POST", "/tokens/revoke", {"realm_id": realm_id})

    shop.send(delivery(order(7101)), "fair")
    held(shop, 1)
    # the copy in the held queue is published before the pause is committed
    wait_for(lambda: status_of(shop, "fair")[0] == "paused", what="fair is paused")
    refused = CliRunner().invoke(cli, ["connections", "resume", "fair"], obj=shop.stack.settings)
    assert (refused.exit_code, "counterfoil connections connect fair" in refused.output) == (1, True)

    new = sandbox.mint_token(realm_id)
    shop.command("connections", "connect", "fair", "--refresh-token", new, "--realm", realm_id)

    shop.wait_receipt(7101, realm_id=realm_id)
    assert status_of(shop, "fair") == ("active", "")


def test_webhooks_of_a_closed_connection_are_answered_410_and_leave_nothing(shop: Shop) -> None:
    shop.open("stall")
    assert shop.send(delivery(order(7201)), "stall").status == 200
    shop.command("connections", "close", "stall", "--yes")

    shop.wait_status("stall", 410)
    reply = shop.send(delivery(order(7202)), "stall")

    assert reply.status == 410
    assert [row for row in shop.stack.failures() if row.subject == "order/7202"] == []
