"""Stock is counted again when its orders changed after it was counted: the ledger says which, the broker is told."""

from datetime import datetime, timedelta

from events.outgoing import NotConfirmed
from events.webhooks.message import event_message
from schemas.envelope import Envelope
from workers.inventory.asking import recount_event
from workers.ledger.engine import reading, writing
from workers.ledger.recounts import Unseen, drop_ignored, mark_asked, unseen_moves
from workers.ledger.stock_moves import forget_old_moves
from workers.runtime.services import Services

PUBLISH_SECONDS = 30.0
PATIENCE = timedelta(seconds=120)
"""A level of its own follows an order within moments; what none has followed by then is counted again."""

BETWEEN = timedelta(seconds=30)
"""Between two looks of one process."""


class Recounts:
    """Looks now and then; several processes may."""

    def __init__(self, services: Services, *, patience: timedelta = PATIENCE) -> None:
        self._services = services
        self._patience = patience
        self._next: datetime | None = None

    def run(self) -> None:
        """Ask for the counts that are due, if the last look is long enough ago.

        Raises:
            NotConfirmed: the broker did not confirm; the next look asks again.
        """
        now = self._services.clock()
        if self._next is not None and now < self._next:
            return
        self._next = now + BETWEEN
        ask_for_recounts(self._services, now, patience=self._patience)


def ask_for_recounts(services: Services, now: datetime, *, patience: timedelta) -> int:
    """Publish a request for each count that is due; returns how many.

    Published first: dead in between, the same requests are published again under the same ids.

    Raises:
        NotConfirmed: the broker did not confirm; nothing is marked.
    """
    with writing(services.engine) as database:
        drop_ignored(database, now)
        forget_old_moves(database, now)
    with reading(services.engine) as database:
        unseen = unseen_moves(database, noted_before=now - patience)
    if not unseen:
        return 0
    events = _events(unseen, now)
    messages = [event_message(event) for event in events]
    for problem in services.mail.publish_all(messages, timeout_seconds=PUBLISH_SECONDS) if messages else ():
        if isinstance(problem, NotConfirmed):
            raise problem
    with writing(services.engine) as database:
        mark_asked(database, unseen)
    return len(messages)


def _events(unseen: list[Unseen], now: datetime) -> list[Envelope]:
    newest: dict[tuple[str, str], datetime] = {}
    for row in unseen:
        if row.level_id:
            key = (row.connection_id, row.level_id)
            newest[key] = max(newest.get(key, row.noted_at), row.noted_at)
    return [
        recount_event(connection_id, level_id, once=noted_at.isoformat(), now=now)
        for (connection_id, level_id), noted_at in newest.items()
    ]
