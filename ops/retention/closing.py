"""Closing a connection for good, in steps that a second run finishes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pika.exceptions
from sqlalchemy import Engine

from events.outgoing import NotConfirmed
from ops.desk.publishing import Checkpoint, no_checkpoint
from ops.retention.closed import Dropper, Waiting
from workers.errors import SyncError
from workers.ledger.connections import change_status, read_connections, store_secrets
from workers.ledger.engine import writing
from workers.secrets import Secrets


@dataclass(frozen=True, slots=True)
class Closed:
    """What became of it. ``others``: open connections that use the same company, so its tokens stay.

    ``left``: sentences about what could not be done yet.
    """

    dropped: Waiting
    others: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Closing:
    """Closes first, so that nothing new comes, then drops what waits, then ends the consent.

    ``take_out`` takes settled copies out of the error queues, or says what lies there still; ``revoke`` ends the
    consent for a company at Intuit and forgets its tokens.
    """

    ledger: Engine
    secrets: Secrets
    dropper: Dropper
    take_out: Callable[[], str]
    revoke: Callable[[str], None]
    now: Callable[[], datetime]
    checkpoint: Checkpoint = no_checkpoint

    def close(self, connection_id: str, realm_id: str, *, by: str) -> Closed:
        """Do all of it; one part that fails keeps no other from being done.

        Raises:
            sqlalchemy.exc.DBAPIError: the database is away; run it again.
        """
        others = self._shut(connection_id, realm_id)
        self.checkpoint("closed")
        left: list[str] = []
        dropped = Waiting(0, 0)
        try:
            dropped = self.dropper.drop([connection_id], by=by)
            left += [self.take_out()]
        except (pika.exceptions.AMQPError, NotConfirmed, OSError):
            left.append("RabbitMQ does not answer, so what is held there is not dropped yet.")
        self.checkpoint("dropped")
        if realm_id and not others:
            try:
                self.revoke(realm_id)
            except SyncError as error:
                left.append(f"The tokens of company {realm_id} are not revoked yet: {error}")
        self.checkpoint("revoked")
        return Closed(dropped, others, tuple(one for one in left if one))

    def _shut(self, connection_id: str, realm_id: str) -> tuple[str, ...]:
        now = self.now()
        with writing(self.ledger) as database:
            change_status(database, connection_id, "closed", reason="closed by an operator", now=now)
            store_secrets(database, connection_id, self.secrets.seal({"webhook_secrets": []}), now=now)
            stored = [one.connection for one in read_connections(database)]
        open_ones = [one for one in stored if one.realm_id == realm_id and one.status != "closed"]
        return tuple(one.connection_id for one in open_ones)
