"""What a call asks the company to do, and the envelope of its answer."""

from datetime import datetime
from decimal import Decimal

from ops.sandbox.company.faults import (
    QuickBooksFault,
    missing,
    object_not_found,
    refusal,
    unreadable_property,
    unsupported_operation,
)
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.lists.currency import latest_rate
from ops.sandbox.company.registry import entity_for_path
from ops.sandbox.http.api.answers import Answer
from ops.sandbox.http.api.batches import answer_batch
from ops.sandbox.http.api.calls import Call, options
from ops.sandbox.http.api.uploads import read_upload
from ops.sandbox.http.api.writes import WRITES, Write, Writing, count_fault, fault_of
from ops.sandbox.http.exact_json import UnreadableJson, write_json
from ops.sandbox.http.gate.request_ids import MAX_LENGTH, invalid_request_id
from ops.sandbox.realm import Realm
from ops.sandbox.sandbox import Sandbox

READS = frozenset({"read", "query", "cdc", "report"})
"""Operations that count against the month's reads ("CorePlus" in Intuit's partner programme)."""
_SINGLE = frozenset({"CompanyInfo", "Preferences"})
_JSON_TYPES = frozenset({"application/json", "text/json"})
_QUERY_TYPES = frozenset({"application/text", "text/plain"})


def refused(realm: Realm, fault: QuickBooksFault) -> Answer:
    """The answer to a refused call."""
    document = fault_of(fault)
    count_fault(realm, document)
    return Answer(fault.status, write_json({**document, "time": realm.time()}))


def _entity(call: Call, *, most_parts: int) -> str:
    """The entity that the path names.

    Raises:
        QuickBooksFault: there is none, or the path goes on behind it.
    """
    entity = entity_for_path(call.entity)
    if entity is None or len(call.path) > most_parts:
        raise unsupported_operation("/".join(call.path))
    return entity.name


def _body(call: Call) -> Json:
    try:
        return call.document()
    except UnreadableJson as error:
        raise unreadable_property() from error


class Operations:
    """Carries calls out. Everything in here is one step for all other calls: nothing waits."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def perform(self, realm: Realm, call: Call) -> Answer:
        """The answer to a call that is let through.

        Raises:
            QuickBooksFault: it is refused.
        """
        match call.operation, call.method:
            case "query", "GET" | "POST":
                return self._query(realm, call)
            case "batch", "POST":
                return self._batch(realm, call)
            case "cdc", "GET":
                return self._cdc(realm, call)
            case "report", "GET":
                return self._read(realm, call, realm.company.report(call.path[1], call.parameters))
            case "upload", "POST":
                return self._upload(realm, call)
            case "download", "GET":
                return self._download(realm, call)
            case "send", "POST" if len(call.path) == 3:
                return self._send(realm, call)
            case "read", "GET":
                return self._object(realm, call)
            case operation, "POST" if operation in WRITES:
                return self._single(realm, call)
            case _:
                raise unsupported_operation(call.operation or "/".join(call.path))

    def _read(self, realm: Realm, call: Call, document: Json) -> Answer:
        self._sandbox.count_read(call.app)
        realm.counters[call.operation] += 1
        realm.counters["reads"] += 1
        return Answer(200, write_json(document))

    def _query(self, realm: Realm, call: Call) -> Answer:
        if call.method == "POST" and call.content_type not in _QUERY_TYPES:
            return _wrong_type()
        statement = call.text() if call.method == "POST" else call.parameters.get("query", "")
        found = realm.company.query(statement)
        return self._read(realm, call, {"QueryResponse": found, "time": realm.time()})

    def _cdc(self, realm: Realm, call: Call) -> Answer:
        entities = [name.strip() for name in call.parameters.get("entities", "").split(",") if name.strip()]
        try:
            # A client that forgets to encode "+00:00" sends a blank instead.
            since = datetime.fromisoformat(call.parameters.get("changedSince", "").replace(" ", "+"))
        except ValueError as error:
            raise refusal(
                "2020",
                "Required param missing, need to supply the required value for the API",
                "Required parameter changedSince is missing in the request",
                "changedSince",
            ) from error
        if since.tzinfo is None:
            since = since.replace(tzinfo=realm.zone)
        found = realm.company.cdc(entities, since)
        return self._read(realm, call, {"CDCResponse": [found], "time": realm.time()})

    def _object(self, realm: Realm, call: Call) -> Answer:
        entity = _entity(call, most_parts=2)
        row_id = call.path[1] if len(call.path) == 2 else ""
        if entity in _SINGLE and row_id in ("", "1", realm.realm_id):
            found = realm.only(entity)
        elif row_id:
            found = realm.company.read(entity, row_id)
        elif entity == "ExchangeRate":
            found = _rate(realm, call)
        else:
            raise unsupported_operation(f"read {call.entity}")
        return self._read(realm, call, {entity: found, "time": realm.time()})

    def _download(self, realm: Realm, call: Call) -> Answer:
        """A temporary address of an uploaded file, as text; source: Intuit's page "Attachable"."""
        file_id = call.path[1]
        if file_id not in realm.files:
            raise object_not_found()
        address = f"http://{call.headers.get('host', '')}/_sandbox/companies/{realm.realm_id}/files/{file_id}"
        return Answer(200, address.encode(), b"text/plain")

    def _send(self, realm: Realm, call: Call) -> Answer:
        """``POST /invoice/ID/send?sendTo=ADDRESS``, with an empty body."""
        asked = {"Id": call.path[1], "sendTo": call.parameters.get("sendTo", "")}
        return self._write(realm, call, _entity(call, most_parts=3), asked)

    def _single(self, realm: Realm, call: Call) -> Answer:
        if call.content_type not in _JSON_TYPES:
            return _wrong_type()
        entity = _entity(call, most_parts=2 if call.entity == "taxservice" else 1)
        return self._write(realm, call, entity, _body(call))

    def _write(self, realm: Realm, call: Call, entity: str, document: Json) -> Answer:
        if len(call.request_id) > MAX_LENGTH:
            raise invalid_request_id(f"at most {MAX_LENGTH} characters")
        write = Write(
            call.operation,
            entity,
            document,
            options(call.parameters.get("include", "")),
            request_id=call.request_id,
            fingerprint=call.fingerprint() if call.request_id else b"",
            time=realm.time(),
        )
        writing = Writing(self._sandbox, realm, call.ignores_stored_answer)
        planned = realm.faults.strike(call.facts(), per_item=True) if realm.faults else []
        outcome = writing.carry_out(write, planned, None)
        writing.finish()
        answered = outcome.document
        if entity == "TaxService" and entity in answered:
            # The one service that answers without an envelope; source: Intuit's page "TaxService".
            answered = answered[entity]
        return Answer(outcome.status, write_json(answered))

    def _upload(self, realm: Realm, call: Call) -> Answer:
        writing = Writing(self._sandbox, realm, call.ignores_stored_answer)
        planned = realm.faults.strike(call.facts(), per_item=True) if realm.faults else []
        responses = []
        for number, upload in enumerate(read_upload(call.headers.get("content-type", ""), call.body)):
            item_id = f"upload{number}" if call.request_id else ""
            write = Write(
                "create",
                "Attachable",
                {**upload.document(), "Size": len(upload.content)},
                frozenset(),
                call.request_id,
                item_id,
                call.fingerprint(),
            )
            outcome = writing.carry_out(write, planned, None)
            if outcome.status == 200 and not outcome.is_repeat:
                self._sandbox.add_file(realm, outcome.document["Attachable"]["Id"], upload.content)
            responses.append(outcome.document)
        writing.finish()
        return Answer(200, write_json({"AttachableResponse": responses, "time": realm.time()}))

    def _batch(self, realm: Realm, call: Call) -> Answer:
        if call.content_type not in _JSON_TYPES:
            return _wrong_type()
        items = _body(call).get("BatchItemRequest")
        if not isinstance(items, list):
            raise unreadable_property()
        responses = answer_batch(self._sandbox, realm, call, items)
        return Answer(200, write_json({"BatchItemResponse": responses, "time": realm.time()}))


def _rate(realm: Realm, call: Call) -> Json:
    """The exchange rate of a currency on a day, which has no Id to be read by."""
    currency = call.parameters.get("sourcecurrencycode", "").upper()
    if not currency:
        raise missing("sourcecurrencycode")
    books = realm.company.books
    day = call.parameters.get("asofdate") or books.today()
    asked = {
        "SourceCurrencyCode": currency,
        "TargetCurrencyCode": books.country.currency,
        "Rate": Decimal(1),
        "AsOfDate": day,
        "domain": "QBO",
        "sparse": False,
    }
    return {**asked, **(latest_rate(books, currency, day) or {}), "AsOfDate": day}


def _wrong_type() -> Answer:
    return Answer(415, b"Unsupported Media Type", b"text/plain")
