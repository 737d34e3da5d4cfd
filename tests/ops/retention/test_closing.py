"""A connection is closed: what waits for it is dropped, what waits for others stays; killed in between, a second run
ends it.
"""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import SecretStr
from sqlalchemy import insert, select

from events import names
from events.outgoing import Outgoing
from ops.cli.main import cli
from ops.desk.publishing import Checkpoint, no_checkpoint
from ops.erasure.erase import Eraser
from ops.erasure.requests import ErasureRequests
from ops.metrics import Metrics
from ops.retention.closed import Dropper, Waiting
from ops.retention.closing import Closed, Closing
from ops.retention.housekeeping import Housekeeping
from ops.retention.payloads import Payloads
from ops.settings import Settings
from tests.ops.desk.room import Room, body_of, failure, now
from tests.rig.waiting import wait_for
from workers.errors import QuickBooksUnavailable
from workers.ledger.connections import StoredConnection, change_status, read_connection
from workers.ledger.engine import reading, writing
from workers.ledger.tables import intents
from workers.secrets import Secrets

KEY = "A" * 43 + "="
STEPS = ("closed", "dropped", "revoked")


class Died(BaseException):
    """The process ends here."""


def failed_and_held(room: Room) -> None:
    """Each of the two connections has a failed message and two held events."""
    other = {"connection_id": "other-shop", "body": body_of(2, connection="other-shop")}
    room.fail(failure(1), failure(2, **other))
    held = [
        Outgoing("", names.held("orders"), body_of(number, connection=name), f"held-{number}", headers)
        for number, name in ((11, "acme-woo"), (12, "other-shop"), (13, "acme-woo"), (14, "other-shop"))
        for headers in ({"connection": name},)
    ]
    assert not any(room.publisher.publish_all(held, timeout_seconds=30))


def closing(
    room: Room,
    revoked: list[str],
    *,
    broker_url: str = "",
    crash: Checkpoint = no_checkpoint,
    revoke: Callable[[str], None] | None = None,
) -> Closing:
    dropper = Dropper(broker_url or room.broker.url, room.ledger, now)

    def take_out() -> str:
        room.sweeper().sweep("orders")
        return ""

    return Closing(
        room.ledger, Secrets(KEY), dropper, take_out, revoke or revoked.append, now, checkpoint=crash
    )


def stored(room: Room, name: str = "acme-woo") -> StoredConnection:
    with reading(room.ledger) as database:
        found = read_connection(database, name)
    assert found is not None
    return found


def close_other(room: Room) -> None:
    """Both share a company; with the other one closed already, its tokens are nobody's any more."""
    with writing(room.ledger) as database:
        change_status(database, "other-shop", "closed", now=now())


def check_closed(room: Room) -> None:
    """Nothing of acme-woo is left, everything of other-shop is."""
    assert stored(room).connection.status == "closed"
    assert Secrets(KEY).open(stored(room).secrets) == {"webhook_secrets": []}
    assert (room.row(1).status, room.row(1).ignore_reason) == ("ignored", "the connection was closed")
    assert room.row(2).status == "unresolved"
    assert room.copies() == ["event-2"]
    held = room.broker.take(names.held("orders"))
    assert [message.properties["message_id"] for message in held] == ["held-12", "held-14"]


def test_close_drops_what_waits_for_the_connection_and_nothing_else(room: Room) -> None:
    failed_and_held(room)
    revoked: list[str] = []

    done = closing(room, revoked).close("acme-woo", "1", by="ann")

    assert done == Closed(Waiting(failed=1, held=2), others=("other-shop",))
    assert revoked == []
    check_closed(room)


def test_close_that_is_killed_at_each_step_is_finished_by_the_next_one(room: Room) -> None:
    failed_and_held(room)
    close_other(room)
    revoked: list[str] = []
    for step in STEPS:

        def crash(name: str, step: str = step) -> None:
            if name == step:
                raise Died

        with pytest.raises(Died):
            closing(room, revoked, crash=crash).close("acme-woo", "1", by="ann")
        assert stored(room).connection.status == "closed"
        assert revoked == (["1"] if step == "revoked" else [])

    done = closing(room, revoked).close("acme-woo", "1", by="ann")

    assert done == Closed(Waiting(failed=0, held=0))
    check_closed(room)


def test_what_is_away_keeps_nothing_else_from_being_done_and_is_said(room: Room) -> None:
    failed_and_held(room)
    close_other(room)
    revoked: list[str] = []

    def away(_realm_id: str) -> None:
        raise QuickBooksUnavailable("Intuit does not answer.")

    first = closing(room, revoked, broker_url="amqp://guest:guest@127.0.0.1:1/").close(
        "acme-woo", "1", by="ann"
    )
    second = closing(room, revoked, revoke=away).close("acme-woo", "1", by="ann")

    assert (revoked, first.left) == (
        ["1"],
        ("RabbitMQ does not answer, so what is held there is not dropped yet.",),
    )
    assert second.left == ("The tokens of company 1 are not revoked yet: Intuit does not answer.",)
    check_closed(room)


def test_open_write_of_a_closed_connection_keeps_that_it_was_and_not_what_it_said(room: Room) -> None:
    row: dict[str, Any] = dict.fromkeys((column.name for column in intents.c), "")
    row |= {"connection_id": "acme-woo", "event_id": "event-9", "name": "customer", "entity": "Customer"}
    row |= {"document": '{"GivenName": "Ann"}', "mapping_kind": "email", "mapping_id": "ann@shop.example"}
    with writing(room.ledger) as database:
        database.execute(insert(intents), row | {"version": None, "detail": {}, "started_at": now()})

    closing(room, []).close("acme-woo", "", by="ann")

    with reading(room.ledger) as database:
        kept = database.execute(select(intents)).one()
    assert (kept.event_id, kept.entity, kept.document, kept.mapping_id) == ("event-9", "Customer", "", "")


def test_desk_drops_what_a_worker_still_fails_or_holds_after_the_close(room: Room) -> None:
    closing(room, []).close("acme-woo", "", by="ann")
    failed_and_held(room)
    stopping = threading.Event()
    requests = ErasureRequests(room.ledger, Eraser(room.ledger, room.publisher, now, lambda: "copy"))
    keeper = Housekeeping(
        room.ledger,
        requests,
        Dropper(room.broker.url, room.ledger, now),
        Payloads(room.ledger, Metrics(), now, 90),
        now,
        stopping,
    )
    thread = threading.Thread(target=keeper.run)
    thread.start()
    try:
        wait_for(lambda: room.row(1).status == "ignored", timeout_seconds=60, what="event-1 is ignored")
        wait_for(
            lambda: room.broker.count(names.held("orders")) == 2, timeout_seconds=60, what="two are held"
        )
    finally:
        stopping.set()
        thread.join(30)

    room.sweeper().sweep("orders")
    check_closed(room)


def test_close_on_the_command_line_says_what_would_be_lost_and_what_was_dropped(room: Room) -> None:
    failed_and_held(room)
    settings = Settings(
        database_url=room.ledger.url.render_as_string(hide_password=False),
        broker_url=room.broker.url,
        secret_key=SecretStr(KEY),
    )

    done = CliRunner().invoke(cli, ["connections", "close", "acme-woo"], obj=settings, input="y\n")

    assert done.exit_code == 0, done.output
    assert "1 failed messages and 2 held events of it are dropped" in done.output
    assert "Closed. Dropped: 1 failed messages, 2 held events. The tokens of company 1 stay" in done.output
    check_closed(room)


def test_fault_of_ours_in_one_job_keeps_no_other_from_being_done(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    closing(room, []).close("acme-woo", "", by="ann")
    room.fail(failure(1))

    class Broken(ErasureRequests):
        def look(self) -> None:
            raise RuntimeError("a bug")

    eraser = Eraser(room.ledger, room.publisher, now, lambda: "copy")
    keeper = Housekeeping(
        room.ledger,
        Broken(room.ledger, eraser),
        Dropper(room.broker.url, room.ledger, now),
        Payloads(room.ledger, Metrics(), now, 90),
        now,
        threading.Event(),
    )

    keeper.look()

    assert room.row(1).status == "ignored"
    assert [one.message for one in caplog.records if one.levelname == "ERROR"] == ["housekeeping failed"]
