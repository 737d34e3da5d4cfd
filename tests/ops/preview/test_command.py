"""``counterfoil connections preview`` as an operator uses it, on a sandbox company."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu.connection import Connection as BrokerConnection

from events import names
from events.broker.topology import declare
from ops.sandbox.testing import SandboxServer
from tests.ops.office import Office, open_office
from tests.rig.broker import Broker
from tests.rig.stack import order_event

GST = {"taxes": [{"tax": "GST 5%", "amount": "0.50", "percent": "5"}], "total_tax": "0.50"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(limits=False) as server:
        yield server


@pytest.fixture
def office(sandbox: SandboxServer, sqlite_url: str) -> Iterator[Office]:
    with open_office(sandbox, sqlite_url) as office:
        yield office


def taxed(number: int) -> dict[str, object]:
    """An order with a tax that nobody mapped."""
    event = order_event(number)
    line = event["data"]["lines"][0]
    line |= {"tax": "0.50", "taxes": [{"tax": "GST 5%", "amount": "0.50"}]}
    event["data"] |= {**GST, "total": "13.00", "amount_paid": "13.00"}
    return event


def test_failed_events_are_previewed_with_the_settings_of_now_and_nothing_is_written(office: Office) -> None:
    office.deliver(taxed(1))
    office.deliver(taxed(2))
    failing = office.json("connections", "preview", "acme-woo")

    office.set(taxes={"GST 5%": "2"}, rounding_limit="1")
    booking = office.json("connections", "preview", "acme-woo", "--last", "1")
    text = office.run("connections", "preview", "acme-woo").output

    assert failing["counts"] == {"fails": 2}
    assert failing["events"][0]["why"] == "tax_code_unmapped"
    assert "RabbitMQ does not answer" in failing["notes"][0]
    assert booking["counts"] == {"books": 1}
    assert [one["entity"] for one in booking["events"][0]["writes"]][-1] == "SalesReceipt"
    assert booking["events"][0]["writes"][-1]["total"] == "13.00"
    assert "2 events: 2 would be booked. Nothing was written" in text
    assert office.documents() == []
    assert office.failed("order-1-paid").status == "unresolved"


def test_a_file_of_events_or_of_the_stores_own_bodies_is_previewed(office: Office, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    events.write_text("\n".join(json.dumps(order_event(number)) for number in (1, 2)) + "\n")
    bodies = tmp_path / "bodies.json"
    bodies.write_text(json.dumps([{"id": 5, "status": "draft"}, {"id": "?"}]))

    found = office.json("connections", "preview", "acme-woo", "--file", str(events))
    own = office.json("connections", "preview", "acme-woo", "--file", str(bodies), "--topic", "order.updated")
    table = office.run("connections", "preview", "acme-woo", "--file", str(events), "--csv").stdout

    assert found["counts"] == {"books": 2}
    assert own["events"] == []
    assert len(own["unreadable"]) == 1 and own["unreadable"][0].startswith("Number 2 in the file:")
    assert table.splitlines()[0].startswith("event_id,")
    assert sum("SalesReceipt" in row for row in table.splitlines()) == 2


def test_what_is_booked_already_is_said(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(order_event(1)))
    office.deliver(order_event(1))

    found = office.json("connections", "preview", "acme-woo", "--file", str(file))

    assert found["counts"] == {"nothing": 1}


@pytest.mark.broker
def test_events_that_are_held_back_are_previewed_and_stay_where_they_are(
    office: Office, broker: Broker
) -> None:
    with BrokerConnection(broker.url) as connection:
        declare(connection)
    office.settings = office.settings.model_copy(update={"broker_url": broker.url})
    for number in (1, 2):
        broker.publish("", names.held("orders"), order_event(number))
    broker.publish("", names.held("orders"), order_event(3, connection="other-shop"))

    found = office.json("connections", "preview", "acme-woo")

    assert [one["subject"] for one in found["events"]] == ["order/1", "order/2"]
    assert (found["counts"], found["notes"]) == ({"books": 2}, [])
    assert [one.json()["subject"] for one in broker.peek(names.held("orders"), 10)] == [
        "order/1",
        "order/2",
        "order/3",
    ]


@pytest.mark.parametrize(
    ("words", "text", "code", "says"),
    [
        (["nobody"], "", 1, 'There is no connection "nobody".'),
        (["acme-woo", "--last", "0"], "", 2, "0 is not in the range"),
        (["acme-woo", "--csv", "--json"], "", 2, "do not go together"),
        (["acme-woo", "--file", "-"], "{", 1, "Line 1 of the file is no JSON"),
        (["acme-woo", "--file", "-"], '{"id": 1}', 1, "Say what they are: --topic order.updated"),
        (["acme-woo", "--file", "/nowhere.json"], "", 2, "No such file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_words_and_files_get_one_sentence(
    office: Office, words: list[str], text: str, code: int, says: str
) -> None:
    result = office.run("connections", "preview", *words, answer=text, code=code)

    assert says in result.output
