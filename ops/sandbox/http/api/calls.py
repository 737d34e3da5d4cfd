"""One call of the company API, taken apart: company, resource, parameters, body."""

import hashlib
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope

from ops.sandbox.company.json_values import Json
from ops.sandbox.http.exact_json import UnreadableJson, read_object
from ops.sandbox.http.gate.planned_faults import CallFacts

PREFIX = "/v3/company/"
FROM = re.compile(r"\bfrom\s+([a-z]+)", re.IGNORECASE)


_ITEM_WORDS = frozenset({"bId", "operation", "optionsData", "Query", "CDCQuery", "ReportQuery"})
MAX_BODY_BYTES = 105 * 1024 * 1024
"""An upload may have 100 MB; source: Intuit's page "Attachable". A little more for what is around the file."""


def options(text: str) -> frozenset[str]:
    """What ``include`` of a single call, or ``optionsData`` of an item, asks for."""
    return frozenset(part.strip().lower() for part in text.split(",") if part.strip())


class BodyTooLong(Exception):
    """More is sent than anyone would need; the rest is not read."""


@dataclass(slots=True)
class Call:
    """A request to one company; ``path`` is what follows the realm id."""

    method: str
    realm_id: str
    path: tuple[str, ...]
    parameters: dict[str, str]
    headers: dict[str, str]
    body: bytes
    app: str = ""
    operation: str = ""
    entity: str = ""
    ignores_stored_answer: bool = False
    _text: str | None = field(default=None)
    _document: Json | None = field(default=None)

    @property
    def request_id(self) -> str:
        """The request id, "" when there is none; on reads it means nothing."""
        return self.parameters.get("requestid", "")

    @property
    def is_write(self) -> bool:
        """Whether it may change anything."""
        return self.method == "POST" and self.operation != "query"

    @property
    def content_type(self) -> str:
        """Without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def text(self) -> str:
        """Body, or the query of a GET: what a planned fault looks for text in."""
        if self._text is None:
            self._text = self.body.decode("utf-8", "replace") or self.parameters.get("query", "")
        return self._text

    def document(self) -> Json:
        """The JSON object in the body.

        Raises:
            UnreadableJson: there is none.
        """
        if self._document is None:
            self._document = read_object(self.body)
        return self._document

    def has_id(self) -> bool:
        """Whether the body names an object that is there: such a POST is an update."""
        try:
            return bool(self.document().get("Id"))
        except UnreadableJson:
            return False

    def fingerprint(self) -> bytes:
        """Equal for calls that ask for the same thing."""
        include = self.parameters.get("include", "") + self.parameters.get("sendTo", "")
        what = f"{'/'.join(self.path)} {self.operation} {include}\n"
        return hashlib.blake2b(what.encode() + self.body, digest_size=16).digest()

    def facts(self) -> CallFacts:
        """What planned faults are matched against."""
        return CallFacts(self.method, self._named, self.text)

    def _named(self) -> list[tuple[str, str]]:
        named = [(self.operation, self.entity.lower())]
        if self.operation == "batch":
            named += [(done, thing.lower()) for done, thing in map(name_item, self._items())]
        return named

    def _items(self) -> list[Json]:
        try:
            items = self.document().get("BatchItemRequest")
        except UnreadableJson:
            return []
        return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def name_item(item: Json) -> tuple[str, str]:
    """Operation and entity of one item of a batch."""
    entity = next((key for key in item if key not in _ITEM_WORDS), "")
    if not entity:
        found = FROM.search(str(item.get("Query", "")))
        return "query", found.group(1) if found else ""
    if "void" in options(str(item.get("optionsData", ""))):
        return "void", entity
    return str(item.get("operation", "")).lower(), entity


def _name(path: tuple[str, ...], call: Call) -> tuple[str, str]:
    """Operation and entity as written in the path; a create is told from an update by the body."""
    match path:
        case ("query",):
            found = FROM.search(call.parameters.get("query", "") or call.text())
            return "query", found.group(1) if found else ""
        case ("batch",) | ("cdc",):
            return path[0], ""
        case ("upload",):
            return "upload", "attachable"
        case ("reports", report):
            return "report", report
        case ("download", _):
            return "download", "attachable"
        case ("taxservice", "taxcode"):
            return "create", "taxservice"
        case (entity, _, "send") if call.method == "POST":
            return "send", entity
        case (entity, *_) if call.method == "GET":
            return "read", entity
        case (entity,):
            operation = call.parameters.get("operation", "").lower()
            if call.parameters.get("include", "").lower() == "void":
                return "void", entity
            if operation:
                return operation, entity
            return "update" if call.has_id() else "create", entity
        case _:
            return "", "/".join(path)


async def read_call(scope: Scope, receive: Receive) -> Call | None:
    """The call in this request, or None when its path names no resource of a company.

    Raises:
        BodyTooLong: the body has more than MAX_BODY_BYTES.
    """
    realm_id, _, rest = scope["path"][len(PREFIX) :].partition("/")
    path = tuple(part for part in rest.split("/") if part)
    if not realm_id or not path:
        return None
    parts, length = [], 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > MAX_BODY_BYTES:
            raise BodyTooLong
        more = message.get("more_body", False)
    call = Call(
        method=scope["method"],
        realm_id=realm_id,
        path=(path[0].lower(), *path[1:]),
        parameters=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body=parts[0] if len(parts) == 1 else b"".join(parts),
    )
    call.operation, call.entity = _name(call.path, call)
    return call
