"""Batches: what happens around each item, beside the work itself."""

import hashlib
from collections.abc import Callable

from ops.sandbox.company.batch import run_batch
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.registry import ENTITIES
from ops.sandbox.http.api.calls import Call, name_item, options
from ops.sandbox.http.api.writes import WRITES, Write, Writing, count_fault, planned_fault_of
from ops.sandbox.http.exact_json import write_json
from ops.sandbox.http.gate.planned_faults import CallFacts, FaultPlan
from ops.sandbox.http.gate.request_ids import MAX_ITEM_ID_LENGTH, MAX_LENGTH_IN_BATCH, invalid_request_id
from ops.sandbox.realm import Realm
from ops.sandbox.sandbox import Sandbox


def answer_batch(sandbox: Sandbox, realm: Realm, call: Call, items: list[Json]) -> list[Json]:
    """Carry out the items, each on its own; on disk when this returns.

    Raises:
        QuickBooksFault: the batch as a whole is refused.
    """
    if call.request_id:
        _check_lengths(call.request_id, items)
    batch = _Batch(sandbox, realm, call)
    try:
        answers = run_batch(realm.company, items, around=batch.around)
    finally:
        batch.writing.finish()
    realm.counters["batch"] += 1
    realm.counters["batch_items"] += len(items)
    return answers


def _check_lengths(request_id: str, items: list[Json]) -> None:
    if len(request_id) > MAX_LENGTH_IN_BATCH:
        raise invalid_request_id(f"at most {MAX_LENGTH_IN_BATCH} characters with a batch")
    if any(len(str(item.get("bId", ""))) > MAX_ITEM_ID_LENGTH for item in items if isinstance(item, dict)):
        raise invalid_request_id(f"a bId has at most {MAX_ITEM_ID_LENGTH} characters beside a request id")


class _Batch:
    """What happens around each item of one batch."""

    def __init__(self, sandbox: Sandbox, realm: Realm, call: Call) -> None:
        self._sandbox = sandbox
        self._realm = realm
        self._call = call
        self.writing = Writing(sandbox, realm, call.ignores_stored_answer)

    def around(self, item: Json, do: Callable[[], Json]) -> Json:
        """The answer to one item, without its bId."""
        operation, name = name_item(item)
        facts = CallFacts("POST", lambda: [(operation, name.lower())], lambda: write_json(item).decode())
        planned = self._realm.faults.strike(facts, per_item=True) if self._realm.faults else []
        if operation not in WRITES or name not in ENTITIES or not isinstance(item[name], dict):
            return self._other(do, planned, operation)
        request_id = self._call.request_id
        write = Write(operation, name, item[name], options(str(item.get("optionsData", ""))))
        if request_id:
            write.request_id, write.item_id = request_id, str(item.get("bId", ""))
            write.fingerprint = hashlib.blake2b(write_json(item), digest_size=16).digest()
        return self.writing.carry_out(write, planned, do).document

    def _other(self, do: Callable[[], Json], planned: list[FaultPlan], operation: str) -> Json:
        if planned:
            count_fault(self._realm, document := planned_fault_of(planned[0]))
            return document
        answer = do()
        if "Fault" in answer:
            count_fault(self._realm, answer)
        elif operation == "query":
            self._sandbox.count_read(self._call.app)
            self._realm.counters["reads"] += 1
        return answer
