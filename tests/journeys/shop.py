"""A store, an operator and a bookkeeper around the whole product, all of it real processes."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from click.testing import CliRunner

from events import names
from ops.cli.main import cli
from tests.events.webhooks.store import Delivery, Reply, Store
from tests.rig.broker import Message
from tests.rig.stack import SETTLE_SECONDS, Stack
from tests.rig.waiting import wait_for

PING = Delivery(b"webhook_id=7", {"Content-Type": "application/x-www-form-urlencoded"})
"""What WooCommerce sends when a webhook is switched on."""


class Shop:
    """What the three do and see. ``acme-woo`` sells in the US, ``maple`` in Canada."""

    def __init__(self, stack: Stack, port: int) -> None:
        self.stack = stack
        self.broker = stack.broker
        self.store = Store(port)
        self.maple_realm = stack.sandbox.add_company("CA")
        stack.connect("maple", realm_id=self.maple_realm)

    # the store

    def send(self, delivery: Delivery, connection: str = "acme-woo") -> Reply:
        """One webhook over HTTP."""
        return self.store.send(connection, delivery)

    def open(self, connection: str) -> str:
        """A new connection with a company of its own."""
        realm_id = self.stack.sandbox.add_company("US")
        token = self.stack.sandbox.mint_token(realm_id)
        self.stack.connect(connection, realm_id=realm_id, refresh_token=token)
        self.wait_status(connection, 200)
        return realm_id

    def wait_status(self, connection: str, status: int) -> None:
        """Wait until a ping is answered so: the webhook process knows of a change within two seconds."""
        wait_for(lambda: self.send(PING, connection).status == status, what=f"{status} for {connection}")

    # the operator

    def command(self, *words: str, answer: str | None = None) -> Any:
        """``counterfoil WORDS --json`` as an operator types it; what it printed."""
        done = CliRunner().invoke(cli, [*words, "--json"], obj=self.stack.settings, input=answer)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def publish_command(self, body: str | dict[str, Any], *, workflow: str = "orders") -> None:
        """A command by hand in the Management UI: no content type, no message id."""
        assert self.broker.publish(names.COMMANDS, workflow, body)

    def answers(self) -> list[dict[str, Any]]:
        """What ``commands.log`` holds, oldest first."""
        return [message.json() for message in self.broker.peek(names.COMMANDS_LOG, 1000)]

    def wait_answer(self, **facts: str) -> dict[str, Any]:
        """Wait for an answer that says all of this."""

        def found() -> list[dict[str, Any]]:
            return [one for one in self.answers() if facts.items() <= one.items()]

        wait_for(found, timeout_seconds=SETTLE_SECONDS, what=f"an answer with {facts}")
        return found()[-1]

    def copies(self, event_id: str, *, workflow: str = "orders") -> list[Message]:
        """The copies of one event in the error queue."""
        queue = f"{workflow}.errors"
        return [one for one in self.broker.peek(queue, 1000) if one.headers.get("event_id") == event_id]

    def wait_copy(self, event_id: str) -> Message:
        """Wait until the error queue holds one copy; the desk may have all in its hands for a moment."""
        found: list[Message] = []

        def one() -> bool:
            found[:] = self.copies(event_id)
            return len(found) == 1

        wait_for(one, what=f"one copy of {event_id}")
        return found[0]

    def row(self, subject: str, *, status: str = "unresolved") -> Any:
        """Wait for the failed message about a store object."""

        def found() -> list[Any]:
            return [one for one in self.stack.failures() if (one.subject, one.status) == (subject, status)]

        wait_for(found, timeout_seconds=SETTLE_SECONDS, what=f"{subject} is {status}")
        return found()[-1]

    # the bookkeeper

    def receipts(self, number: int, *, realm_id: str = "") -> list[dict[str, Any]]:
        """The sales receipts of an order."""
        found = self.stack.documents(realm_id=realm_id)
        return [one for one in found if one.get("DocNumber") == str(number)]

    def wait_receipt(self, number: int, *, realm_id: str = "") -> dict[str, Any]:
        """Wait until an order is booked."""
        wait_for(
            lambda: self.receipts(number, realm_id=realm_id),
            timeout_seconds=SETTLE_SECONDS,
            what=f"a receipt of order {number}",
        )
        (receipt,) = self.receipts(number, realm_id=realm_id)
        return receipt

    def wait_quiet(self, workflows: Sequence[str] = ("orders",)) -> None:
        """Wait until nothing is on its way any more."""
        for workflow in workflows:
            wait_for(
                partial(self._is_empty, workflow), timeout_seconds=SETTLE_SECONDS, what=f"{workflow} is empty"
            )

    def _is_empty(self, queue: str) -> bool:
        return self.broker.count(queue) == 0
