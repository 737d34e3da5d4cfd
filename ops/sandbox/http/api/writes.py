"""Writes, single ones and items of a batch: request ids, planned refusals, journal rows, webhooks."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ops.sandbox.company.faults import FaultError, QuickBooksFault
from ops.sandbox.company.json_values import Json
from ops.sandbox.http.api.answers import fault_document
from ops.sandbox.http.exact_json import write_json
from ops.sandbox.http.gate.planned_faults import AFTER_WRITE, FaultPlan
from ops.sandbox.http.gate.request_ids import StoredAnswer, duplicate_request_id
from ops.sandbox.realm import Realm
from ops.sandbox.sandbox import Sandbox
from ops.sandbox.storage import JournalRow

WRITES = frozenset({"create", "update", "delete", "void"})
_ACTIONS = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "void": "voided",
    "send": "emailed",
}


@dataclass(slots=True)
class Write:
    """One write that a caller asked for; ``request_id`` is "" when it gave none."""

    operation: str
    entity: str
    document: Json
    include: frozenset[str]
    request_id: str = ""
    item_id: str = ""
    fingerprint: bytes = b""
    time: str = ""
    """Stands in the answer of a single call, and in its repeats; items of a batch have none."""


@dataclass(slots=True)
class Outcome:
    """What a write is answered with."""

    status: int
    document: Json
    is_repeat: bool = False


def fault_of(fault: QuickBooksFault) -> Json:
    """The ``Fault`` that a refusal is answered with."""
    return {"Fault": fault_document(fault.type, [one.document() for one in fault.errors])}


def planned_fault_of(plan: FaultPlan) -> Json:
    """The ``Fault`` that was asked for."""
    error = plan.error
    entry = FaultError(error.code, error.message, error.detail, error.element)
    return {"Fault": fault_document(error.type, [entry.document()])}


def count_fault(realm: Realm, document: Json) -> None:
    """One more refusal of each code."""
    for error in document["Fault"]["Error"]:
        realm.counters[f"fault.{error['code']}"] += 1


def _timed(write: Write, document: Json) -> Json:
    if write.time:
        document["time"] = write.time
    return document


@dataclass(slots=True)
class Writing:
    """The writes of one call; ``finish`` puts them on disk before the call is answered."""

    sandbox: Sandbox
    realm: Realm
    ignores_stored_answers: bool = False
    _rows: list[JournalRow] = field(default_factory=list)

    def carry_out(self, write: Write, planned: list[FaultPlan], do: Callable[[], Json] | None) -> Outcome:
        """Do it, or answer what its request id was answered before. Never raises QuickBooksFault.

        ``do`` carries out an item of a batch and gives its envelope or its Fault; without it the company is
        called.
        """
        if write.request_id and not self.ignores_stored_answers:
            known = self._known(write)
            if known is not None:
                return known
        for plan in planned:
            if plan.kind not in AFTER_WRITE:
                return self._refused(write, planned_fault_of(plan), plan.error.status)
        try:
            document = self._do(write, do)
            status = 200
        except QuickBooksFault as fault:
            document, status = fault_of(fault), fault.status
        if "Fault" in document:
            outcome = self._refused(write, document, status)
            if write.request_id and status < 500 and self.realm.request_ids.switches.faults_are_stored:
                self._remember(write, outcome)
            return outcome
        outcome = Outcome(200, _timed(write, document))
        if write.request_id:
            self._remember(write, outcome)
        if planned:
            return self._refused(write, planned_fault_of(planned[0]), planned[0].error.status)
        return outcome

    def _do(self, write: Write, do: Callable[[], Json] | None) -> Json:
        """Raises QuickBooksFault."""
        if not self.sandbox.storage.is_on:
            envelope = self._done(write, do)
        else:
            at, sent = self.sandbox.clock(), write_json(write.document)
            # The clock stands still meanwhile, so that the journal gives the same times again.
            with self.sandbox.clock.back_at(at):
                envelope = self._done(write, do)
            include = " ".join(sorted(write.include))
            row = JournalRow(self.realm.realm_id, at, write.operation, write.entity, include, sent)
            if "Fault" not in envelope:
                self._rows.append(row)
        if "Fault" not in envelope:
            self.realm.counters[f"{write.operation}.{write.entity}"] += 1
            self._tell(write, envelope[write.entity])
        return envelope

    def _tell(self, write: Write, answer: Json) -> None:
        """Webhooks about the object, and about what a payment settles: that changes too."""
        if not self.sandbox.webhooks or "Id" not in answer:
            return
        tell, realm_id = self.sandbox.webhooks.tell, self.realm.realm_id
        now = self.sandbox.clock()
        tell(realm_id, write.entity, answer["Id"], _ACTIONS[write.operation], now)
        if write.entity == "Payment":
            for line in answer.get("Line", ()):
                for linked in line.get("LinkedTxn", ()):
                    tell(realm_id, linked["TxnType"], linked["TxnId"], "updated", now)

    def _done(self, write: Write, do: Callable[[], Json] | None) -> Json:
        if do is not None:
            return do()
        answer = self.realm.write(write.operation, write.entity, write.document, write.include)
        return {write.entity: answer}

    def _refused(self, write: Write, document: Json, status: int) -> Outcome:
        count_fault(self.realm, document)
        return Outcome(status, _timed(write, document))

    def _known(self, write: Write) -> Outcome | None:
        ids = self.realm.request_ids
        known = ids.find((write.request_id, write.item_id))
        if known is None or known.fingerprint == write.fingerprint:
            return self._repeat(known) if known is not None else None
        match ids.switches.different_body:
            case "execute":
                return None
            case "refuse":
                return self._refused(write, fault_of(duplicate_request_id(write.request_id)), 400)
            case "replay":
                return self._repeat(known)

    def _repeat(self, known: StoredAnswer) -> Outcome:
        self.realm.counters["replayed"] += 1
        return Outcome(known.status, known.document(), is_repeat=True)

    def _remember(self, write: Write, outcome: Outcome) -> None:
        body = write_json(outcome.document)
        key = (write.request_id, write.item_id)
        self.realm.request_ids.store(key, outcome.status, body, write.fingerprint)
        if not self.sandbox.storage.is_on:
            return
        if "Fault" in outcome.document:
            at = self.sandbox.clock()
            self._rows.append(JournalRow(self.realm.realm_id, at, "", write.entity, "", b""))
        row = self._rows[-1]
        row.request_id, row.item_id, row.fingerprint = write.request_id, write.item_id, write.fingerprint
        row.status, row.answer = outcome.status, body

    def finish(self) -> None:
        """On disk from here on."""
        if self._rows:
            self.sandbox.keep(self._rows)
