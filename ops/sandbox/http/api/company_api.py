"""``/v3/company/{realmId}/…``: one call from its bytes to its answer, in the order in which Intuit's
gateway and the service behind it look at it: token, company, throttle, request id, work."""

import asyncio
import logging
from time import perf_counter
from uuid import uuid4

from starlette.types import Receive, Scope, Send

from ops.sandbox.company.faults import QuickBooksFault
from ops.sandbox.http.api import answers
from ops.sandbox.http.api.answers import Answer, CutConnection, Header
from ops.sandbox.http.api.calls import BodyTooLong, Call, read_call
from ops.sandbox.http.api.operations import READS, Operations, refused
from ops.sandbox.http.gate.planned_faults import AFTER_WRITE, FaultKind, FaultPlan
from ops.sandbox.http.gate.request_ids import Flight, duplicate_request_id
from ops.sandbox.http.oauth.tokens import ACCOUNTING_SCOPE, AccessToken
from ops.sandbox.http.server import TRANSPORT
from ops.sandbox.realm import Realm
from ops.sandbox.sandbox import Sandbox

log = logging.getLogger(__name__)

_FIXED_HEADERS: tuple[Header, ...] = (
    (b"qbo-version", b"1994.240"),
    (b"cache-control", b"max-age=0, no-cache, no-store, must-revalidate, private"),
    (b"expires", b"0"),
)


class CompanyApi:
    """An ASGI application for everything below ``/v3/company/``."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._operations = Operations(sandbox)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        call = None
        try:
            call = await read_call(scope, receive)
            answer = await self._answer(call) if call is not None else answers.not_found()
        except BodyTooLong:
            answer = answers.too_long()
        except CutConnection:
            self._count(call, 0)
            await _cut(scope, receive)
            return
        except Exception:
            # A bug of the sandbox must look like one of QuickBooks', and be seen here.
            log.exception("call failed")
            answer = answers.system_failure(self._sandbox.clock().isoformat())
        self._count(call, answer.status)
        spent_milliseconds = int((perf_counter() - started) * 1000)
        headers = [
            (b"content-type", answer.content_type),
            (b"content-length", str(len(answer.body)).encode()),
            (b"intuit_tid", f"1-{uuid4().hex}".encode()),
            (b"service-time", f"total={spent_milliseconds}, db=0".encode()),
            *_FIXED_HEADERS,
            *answer.headers,
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    def _count(self, call: Call | None, status: int) -> None:
        operation = call.operation if call is not None and call.operation in KNOWN_OPERATIONS else "other"
        self._sandbox.metrics.count(operation, status)

    async def _answer(self, call: Call) -> Answer:
        token = self._token(call)
        if isinstance(token, Answer):
            return token
        realm = self._sandbox.realms.get(call.realm_id)
        if (
            realm is None
            or not token.grant.covers(call.realm_id)
            or not token.grant.has_scope(ACCOUNTING_SCOPE)
        ):
            return answers.authorization_failed(self._sandbox.clock.seconds())
        call.app = token.grant.client_id
        realm.counters["requests"] += 1
        if not call.is_write or not call.request_id:
            return await self._pass(realm, token, call, flight=None)
        flight = realm.request_ids.begin(call.request_id)
        try:
            return await self._pass(realm, token, call, flight)
        finally:
            realm.request_ids.end(call.request_id)

    async def _pass(self, realm: Realm, token: AccessToken, call: Call, flight: Flight | None) -> Answer:
        is_second = flight is not None and flight.calls > 1
        planned = realm.faults.strike(call.facts(), per_item=False) if realm.faults else []
        if planned and (struck := await self._strike(realm, token, planned)):
            return struck
        if self._is_throttled(realm, call):
            realm.counters["throttled"] += 1
            return self._throttled(realm)
        try:
            if is_second and realm.request_ids.switches.in_flight == "refuse":
                raise duplicate_request_id(call.request_id)
            if flight is not None and flight.is_crowded and realm.request_ids.switches.in_flight == "both":
                call.ignores_stored_answer = True
            answer = self._operations.perform(realm, call)
        except QuickBooksFault as fault:
            answer = refused(realm, fault)
        for plan in planned:
            if plan.kind in AFTER_WRITE:
                return self._failure(realm, token, plan)
        return answer

    def _token(self, call: Call) -> AccessToken | Answer:
        scheme, _, value = call.headers.get("authorization", "").partition(" ")
        token = self._sandbox.grants.bearer(value.strip()) if scheme.lower() == "bearer" else None
        if token is not None:
            return token
        what = "Token expired: " if value in self._sandbox.grants.access else "Token invalid: "
        return answers.authentication_failed(what + _shortened(value), self._sandbox.clock.seconds())

    def _is_throttled(self, realm: Realm, call: Call) -> bool:
        broken = realm.limits.admit(
            call.app, is_batch=call.operation == "batch", is_email=call.operation == "send"
        )
        if broken is None and call.operation in READS and not self._sandbox.reads_left(call.app):
            broken = "reads_per_month"
        if broken is not None:
            realm.counters[f"throttled.{broken}"] += 1
        return broken is not None

    def _throttled(self, realm: Realm) -> Answer:
        switches = realm.limits.switches
        return answers.throttled(
            realm.time(),
            status=switches.throttle_status,
            as_xml=switches.throttle_format == "xml",
            retry_after_seconds=switches.retry_after_seconds,
        )

    async def _strike(self, realm: Realm, token: AccessToken, planned: list[FaultPlan]) -> Answer | None:
        for plan in planned:
            if plan.kind is FaultKind.LATENCY:
                await asyncio.sleep(plan.seconds)
            elif plan.kind not in AFTER_WRITE:
                return self._failure(realm, token, plan)
        return None

    def _failure(self, realm: Realm, token: AccessToken, plan: FaultPlan) -> Answer:
        """The answer that was planned.

        Raises:
            CutConnection: none at all was planned.
        """
        realm.counters[f"planned.{plan.kind}"] += 1
        match plan.kind:
            case FaultKind.THROTTLED:
                return self._throttled(realm)
            case FaultKind.SERVER_ERROR | FaultKind.SERVER_ERROR_AFTER_WRITE:
                return answers.system_failure(realm.time())
            case FaultKind.STREAM_TIMEOUT | FaultKind.STREAM_TIMEOUT_AFTER_WRITE:
                return answers.stream_timeout()
            case FaultKind.TOKEN_EXPIRED:
                self._sandbox.grants.expire(token.value)
            case FaultKind.TOKEN_REVOKED:
                self._sandbox.grants.revoke_grant(token.grant)
            case _:
                raise CutConnection
        self._sandbox.keep_grants()
        what = "Token expired: " if plan.kind is FaultKind.TOKEN_EXPIRED else "Token revoked: "
        return answers.authentication_failed(what + _shortened(token.value), self._sandbox.clock.seconds())


def _shortened(value: str) -> str:
    return value[:8] + "…" if len(value) > 8 else value


async def _cut(scope: Scope, receive: Receive) -> None:
    scope["extensions"][TRANSPORT]["transport"].abort()
    while (await receive())["type"] != "http.disconnect":
        pass


KNOWN_OPERATIONS = frozenset(
    {
        "create",
        "update",
        "delete",
        "void",
        "send",
        "read",
        "query",
        "batch",
        "cdc",
        "report",
        "upload",
        "download",
    }
)
