"""QuickBooks Online over HTTP: the few calls that Counterfoil makes. Threads share one client."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from urllib.parse import quote, urlencode

from workers.errors import SyncError, Throttled
from workers.quickbooks.answers import ItemAnswer, batch_answers, entity_in, read_answer, rows_in
from workers.quickbooks.companies import company_from
from workers.quickbooks.documents import encode_document
from workers.quickbooks.errors import TokenExpired
from workers.quickbooks.faults import read_quota_used_up
from workers.quickbooks.http import Http, HttpAnswer
from workers.quickbooks.operations import BatchItem, Operation, Query, batch_body, options_of, quoted
from workers.steps import Company, Json

__all__ = ["BatchItem", "Operation", "Query", "QuickBooks", "encode_document", "quoted"]

MINOR_VERSION = "75"
"""The only one since August 2025. Source: Intuit, "Minor versions"."""

ALL_ROWS = "select * from {} maxresults 1000"
"""A query gives 1000 rows at most, 100 if not asked for more. Source: Intuit, "Data queries"."""

METERED = frozenset({"query", "read"})

log = logging.getLogger(__name__)


class Tokens(Protocol):
    """Gives access tokens (workers.quickbooks.tokens)."""

    def access_token(self, realm_id: str, *, refused: str = "") -> str:
        """A token that is good now; never ``refused``, which QuickBooks did not accept."""
        ...


class Observer(Protocol):
    """Counts requests (ops.metrics)."""

    def request_done(self, operation: str, result: str, seconds: float) -> None:
        """One call is over; ``result`` is ``ok`` or the reason of the error."""
        ...


class Reads(Protocol):
    """Counts what Intuit meters (workers.quickbooks.reads)."""

    def count_reads(self, realm_id: str, reads: int) -> None:
        """So many reads of a company succeeded."""
        ...

    def used_up(self) -> bool:
        """Whether the month's quota is used up, as far as we know."""
        ...


@dataclass(frozen=True, slots=True)
class _Request:
    realm_id: str
    operation: str
    path: str
    what: str
    body: bytes | None = None
    content_type: str = "application/json"
    request_id: str = ""
    options: dict[str, str] = field(default_factory=dict)


class QuickBooks:
    """The client of one app for all its companies. Every method raises ``workers.errors.SyncError`` only."""

    def __init__(
        self,
        base_url: str,
        *,
        http: Http,
        tokens: Tokens,
        clock: Callable[[], datetime],
        observer: Observer | None = None,
        reads: Reads | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._http = http
        self._tokens = tokens
        self._clock = clock
        self._observer = observer
        self._reads = reads

    def write(self, realm_id: str, operation: Operation, *, request_id: str) -> Json:
        """Make one write in a call of its own; the entity object as QuickBooks gives it back.

        Repeated with the same request id and bytes it changes nothing and answers as the first time.
        """
        request = _Request(
            realm_id,
            operation.operation,
            operation.entity.lower(),
            operation.entity,
            body=operation.body,
            request_id=request_id,
            options=options_of(operation),
        )
        return entity_in(self._call(request), operation.entity)

    def batch(self, realm_id: str, items: Sequence[BatchItem], *, request_id: str) -> list[ItemAnswer]:
        """Make up to MAX_BATCH_ITEMS operations in one call; answers in the order of ``items``.

        An item's answer is its entity object, the rows of its query, or its error: items fail alone.
        """
        request = _Request(realm_id, "batch", "batch", "batch", body=batch_body(items), request_id=request_id)
        answers = batch_answers(self._call(request), items, now=self._clock())
        reads = sum(isinstance(answer, list) for answer in answers)
        self._metered(realm_id, reads)
        return answers

    def query(self, realm_id: str, statement: str) -> list[Json]:
        """The rows of a query; 100 at most if the statement names no MAXRESULTS, and never more than 1000."""
        request = _Request(
            realm_id, "query", "query", "query", body=statement.encode(), content_type="application/text"
        )
        rows = rows_in(self._call(request))
        self._metered(realm_id, 1)
        return rows

    def read(self, realm_id: str, entity: str, quickbooks_id: str) -> Json:
        """One entity object; an unknown id is refused with code 610. ``Preferences`` has no id: give ""."""
        path = entity.lower() + (f"/{quote(quickbooks_id, safe='')}" if quickbooks_id else "")
        answer = entity_in(self._call(_Request(realm_id, "read", path, entity)), entity)
        self._metered(realm_id, 1)
        return answer

    def company(self, realm_id: str) -> Company:
        """What the workflows must know of a company: four reads, so keep the answer."""
        return company_from(
            realm_id,
            info=self.read(realm_id, "CompanyInfo", realm_id),
            preferences=self.read(realm_id, "Preferences", ""),
            tax_codes=self.query(realm_id, ALL_ROWS.format("TaxCode")),
            tax_rates=self.query(realm_id, ALL_ROWS.format("TaxRate")),
        )

    def _call(self, request: _Request) -> Json:
        """Make a call; with a fresh token once more when QuickBooks says that ours has expired."""
        token = self._tokens.access_token(request.realm_id)
        try:
            return self._once(request, token)
        except TokenExpired:
            return self._once(request, self._tokens.access_token(request.realm_id, refused=token))
        except Throttled as error:
            # Intuit blocks reads with the same 429 when the month's quota is used up
            if request.operation in METERED and self._reads is not None and self._reads.used_up():
                raise read_quota_used_up(self._clock()) from error
            raise

    def _once(self, request: _Request, token: str) -> Json:
        started = time.perf_counter()
        answer: HttpAnswer | None = None
        result = "ok"
        try:
            answer = self._send(request, token)
            return read_answer(
                answer.status, answer.headers, answer.body, what=request.what, now=self._clock()
            )
        except SyncError as error:
            result = error.reason
            raise
        finally:
            seconds = time.perf_counter() - started
            if self._observer is not None:
                self._observer.request_done(request.operation, result, seconds)
            _log(request, answer, result, seconds)

    def _metered(self, realm_id: str, reads: int) -> None:
        if reads and self._reads is not None:
            self._reads.count_reads(realm_id, reads)

    def _send(self, request: _Request, token: str) -> HttpAnswer:
        parameters = {"minorversion": MINOR_VERSION, **request.options}
        if request.request_id:
            parameters["requestid"] = request.request_id
        realm = quote(request.realm_id, safe="")
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        return self._http.send(
            "GET" if request.body is None else "POST",
            f"{self._base_url}/v3/company/{realm}/{request.path}?{urlencode(parameters)}",
            headers=headers,
            body=request.body,
        )


def _log(request: _Request, answer: HttpAnswer | None, result: str, seconds: float) -> None:
    """One line a call. Intuit's support asks for ``intuit_tid``."""
    log.log(
        logging.DEBUG if result == "ok" else logging.INFO,
        "quickbooks call",
        extra={
            "realm_id": request.realm_id,
            "operation": request.operation,
            "entity": request.what,
            "result": result,
            "status": answer.status if answer is not None else 0,
            "intuit_tid": _trace_id(answer),
            "request_id": request.request_id,
            "seconds": round(seconds, 3),
        },
    )


def _trace_id(answer: HttpAnswer | None) -> str:
    """Documented with an underscore, recorded with a hyphen as well."""
    if answer is None:
        return ""
    return answer.headers.get("intuit_tid") or answer.headers.get("intuit-tid", "")
