"""Carries a company's journal out again: same writes, same times, so the same books."""

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ops.sandbox.clock import SandboxClock
from ops.sandbox.company.faults import QuickBooksFault
from ops.sandbox.http.exact_json import read_object
from ops.sandbox.http.gate.request_ids import StoredAnswer

if TYPE_CHECKING:
    from ops.sandbox.realm import Realm
    from ops.sandbox.storage import JournalRow

log = logging.getLogger(__name__)
SETTINGS = "settings"


def replay(realm: "Realm", clock: SandboxClock, rows: "Iterable[JournalRow]") -> None:
    """Bring a freshly seeded realm to where its journal ends.

    A write that is refused now, but was not then, means that another version of the sandbox wrote the
    file; it is logged and left out.
    """
    for row in rows:
        with clock.back_at(row.at):
            try:
                _carry_out(realm, row)
            except QuickBooksFault as fault:
                log.warning("journal row refused", extra={"realm_id": row.realm_id, "fault": str(fault)})
        if row.request_id:
            answer = StoredAnswer(row.status, row.answer, row.fingerprint, row.at.timestamp())
            realm.request_ids.put((row.request_id, row.item_id), answer)


def _carry_out(realm: "Realm", row: "JournalRow") -> None:
    if not row.operation:
        return
    document = read_object(row.document)
    if row.operation == SETTINGS:
        realm.set_settings(document)
    else:
        realm.write(row.operation, row.entity, document, frozenset(row.options.split()))
