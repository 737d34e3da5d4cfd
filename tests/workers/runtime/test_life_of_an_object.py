"""One store object's whole life against the ledger: versions in any order, repeats, deaths, failures, retries.

The model is the list of versions that have arrived. Whatever happens on the way, in the end the books hold the newest
version that arrived, once.
"""

import tempfile
from pathlib import Path
from typing import Any

import orjson
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import func, select

from schemas.envelope import Envelope
from tests.workers.runtime.messages import NOW
from tests.workers.runtime.rig import Died, FakeQuickBooks, Rig
from workers.context import Context
from workers.errors import QuickBooksRejected, QuickBooksUnavailable
from workers.ledger.engine import reading
from workers.ledger.tables import claims, entries, failed_messages, intents
from workers.outcomes import Booked, Document, Superseded
from workers.quickbooks.client import Operation
from workers.runtime.delivery import Delivery, read_delivery
from workers.steps import Json, Steps, StoreKey, Write, recall, write

POINTS = (
    "after claim",
    "after intent 1",
    "after write 1",
    "after repeat 1",
    "after publish 1",
    "after publish 2",
    "after commit 1",
    "after commit 2",
    "before result 1",
    "before ack 1",
)
OBJECT = "order/1"
VERSIONS = st.integers(1, 6)


def keep_newest(context: Context, data: dict[str, Any]) -> Steps:
    """One document that holds the newest version of the object: created once, then updated."""
    version = context.envelope.time
    key = StoreKey("order", context.envelope.subject)
    known = (yield from recall([key])).get(key)
    if known is not None and known.version is not None and version < known.version:
        return Superseded()
    document: dict[str, Any] = {"DocNumber": context.envelope.subject, "Total": data["total"]}
    if known is not None:
        document |= {"Id": known.quickbooks_id, "SyncToken": known.sync_token, "sparse": True}
    operation = "create" if known is None else "update"
    step = Write("sale", "SalesReceipt", operation, document, key=key, version=version)  # type: ignore[arg-type]
    answer = yield from write(step)
    return Booked((Document("SalesReceipt", answer["Id"]),))


class StrictQuickBooks(FakeQuickBooks):
    """Also updates, and refuses an update with an old SyncToken (5010)."""

    def _book(self, operation: Operation) -> Json | Any:
        if operation.operation == "create":
            return super()._book(operation)
        document = orjson.loads(operation.body)
        if self.refusals:
            return next(iter(self.refusals.values()))
        stored = next(one for one in self.documents if one["Id"] == document["Id"])
        if stored["SyncToken"] != document["SyncToken"]:
            return QuickBooksRejected("Stale object.", fault_code="5010")
        stored.update(document, SyncToken=str(int(stored["SyncToken"]) + 1))
        return dict(stored)


def version_of(number: int, attempts: int = 0) -> Delivery:
    envelope = Envelope(
        specversion="1.0",
        id=f"version-{number}",
        source="counterfoil/connections/acme-woo",
        type="orders.updated",
        subject=OBJECT,
        time=NOW.replace(minute=number),
        connection="acme-woo",
        data={"total": str(number)},
    )
    body = orjson.dumps(envelope.model_dump(mode="json", exclude_none=True))
    headers = {"attempts": attempts}
    return read_delivery("orders", body, headers, envelope.id, received_at=NOW, handle=(1, None))


class LifeOfAnObject(RuleBasedStateMachine):
    """``waiting``: what lies in the broker; ``arrived``: every version that came in."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.rig = Rig(f"sqlite:///{Path(self.folder.name) / 'ledger.db'}")
        self.rig.quickbooks = StrictQuickBooks()
        self.waiting: list[Delivery] = []
        self.arrived: set[int] = set()
        self.failed: set[int] = set()

    def teardown(self) -> None:
        self._end()
        self.rig.close()
        self.folder.cleanup()

    @initialize(number=VERSIONS)
    def first(self, number: int) -> None:
        self.arrives(number)

    @rule(number=VERSIONS)
    def arrives(self, number: int) -> None:
        self.arrived.add(number)
        self.waiting.append(version_of(number))

    @precondition(lambda self: self.waiting)
    @rule(place=st.integers(0, 99))
    def runs(self, place: int) -> None:
        self._run(self.waiting[place % len(self.waiting)])

    @precondition(lambda self: self.waiting)
    @rule(place=st.integers(0, 99), point=st.sampled_from(POINTS))
    def dies(self, place: int, point: str) -> None:
        self._run(self.waiting[place % len(self.waiting)], die_at=point)

    @precondition(lambda self: self.waiting)
    @rule(place=st.integers(0, 99), lost=st.booleans(), times=st.integers(1, 6))
    def runs_without_an_answer(self, place: int, lost: bool, times: int) -> None:
        trouble = [QuickBooksUnavailable("no answer")] * times
        if lost:
            self.rig.quickbooks.lost = list(trouble)
        else:
            self.rig.quickbooks.troubles = list(trouble)
        self._run(self.waiting[place % len(self.waiting)])
        self.rig.quickbooks.lost, self.rig.quickbooks.troubles = [], []

    @precondition(lambda self: self.waiting)
    @rule(place=st.integers(0, 99))
    def runs_and_is_refused(self, place: int) -> None:
        self.rig.quickbooks.refusals[OBJECT] = QuickBooksRejected("QuickBooks says no.", fault_code="6000")
        self._run(self.waiting[place % len(self.waiting)])
        self.rig.quickbooks.refusals.clear()

    @precondition(lambda self: self.failed)
    @rule()
    def is_retried(self) -> None:
        number = min(self.failed)
        self.failed.discard(number)
        self.waiting.append(version_of(number))

    @invariant()
    def there_is_never_a_second_document(self) -> None:
        assert len(self.rig.quickbooks.documents) <= 1

    def _run(self, one: Delivery, die_at: str = "") -> None:
        """What is acked leaves the broker; what was put into a delayed queue comes back."""
        sent, acked = len(self.rig.mail.sent), len(self.rig.acked)
        try:
            words = self.rig.run(one, steps_for=keep_newest, die_at=die_at)
        except Died:
            words = {}
            self.rig.restart()
        for message in self.rig.mail.sent[sent:]:
            if message.routing_key.startswith("orders.delayed"):
                attempts = message.headers["attempts"]
                assert isinstance(attempts, int)
                self.waiting.append(version_of(int(one.event_id.removeprefix("version-")), attempts))
        if len(self.rig.acked) > acked:
            self.waiting.remove(one)
        if words.get(one.event_id) == "dead_letter":
            self.failed.add(int(one.event_id.removeprefix("version-")))

    def _end(self) -> None:
        """All that waits is run, all that failed is retried: then the books hold the newest version."""
        for _ in range(200):
            if self.failed:
                self.is_retried()
            if not self.waiting:
                break
            self._run(self.waiting[0])
        assert not self.waiting
        if not self.arrived:
            return
        (document,) = self.rig.quickbooks.documents
        assert document["Total"] == str(max(self.arrived))
        with reading(self.rig.engine) as database:
            left = [
                database.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (intents, claims)
            ]
            ended = set(database.scalars(select(entries.c.event_id)))
            statuses = set(database.scalars(select(failed_messages.c.status)))
        assert left == [0, 0]
        assert ended == {f"version-{number}" for number in self.arrived}
        assert statuses <= {"resolved"}


LifeOfAnObject.TestCase.settings = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestLifeOfAnObject = LifeOfAnObject.TestCase
