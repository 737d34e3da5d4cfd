"""Access and time: apps, tokens, OAuth switches, the clock, metered reads, webhooks out."""

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from ops.sandbox.company.json_values import Json
from ops.sandbox.http.admin.answering import Problem, answered, body_of
from ops.sandbox.http.oauth.tokens import ALL_SCOPES, SANDBOX, Grant, OAuthSwitches
from ops.sandbox.http.webhooks_out import WebhookSubscription
from ops.sandbox.sandbox import Sandbox


class AccessAdmin:
    """Everything of the admin API that is not about one company."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def routes(self) -> list[Route]:
        """For the router."""
        return [
            Route("/_sandbox/clock", answered(self.clock), methods=["GET", "POST"]),
            Route("/_sandbox/oauth", answered(self.oauth), methods=["GET", "PATCH"]),
            Route("/_sandbox/apps", answered(self.add_app), methods=["POST"]),
            Route("/_sandbox/tokens", answered(self.tokens), methods=["GET", "POST"]),
            Route("/_sandbox/tokens/expire", answered(self.expire), methods=["POST"]),
            Route("/_sandbox/tokens/revoke", answered(self.revoke), methods=["POST"]),
            Route("/_sandbox/reads", answered(self.reads), methods=["GET", "PATCH"]),
            Route("/_sandbox/webhooks", answered(self.webhooks), methods=["GET", "POST"]),
            Route("/_sandbox/webhooks/{id}", answered(self.unsubscribe), methods=["DELETE"]),
        ]

    async def clock(self, request: Request) -> Json:
        clock = self._sandbox.clock
        if request.method == "POST":
            match await body_of(request):
                case {"advance_seconds": seconds} if not isinstance(seconds, str | bool):
                    clock.advance(float(seconds))
                case {"stop_at": None}:
                    clock.stop()
                case {"stop_at": str(text)}:
                    clock.stop(_moment(text))
                case {"resume": True}:
                    clock.resume()
                case {"reset": True}:
                    clock.reset()
                case _:
                    raise Problem("say advance_seconds, stop_at, resume or reset")
            self._sandbox.keep_clock()
        return {"now": clock().isoformat(), "shift_seconds": clock.shift_seconds}

    async def oauth(self, request: Request) -> Json:
        grants = self._sandbox.grants
        if request.method == "PATCH":
            changes = await body_of(request)
            grants.switches = OAuthSwitches(**{**grants.switches.model_dump(), **changes})
            self._sandbox.keep_grants()
        return grants.switches.model_dump()

    async def add_app(self, request: Request) -> Json:
        match await body_of(request):
            case {"client_id": str(client_id), "client_secret": str(secret)} if client_id and secret:
                self._sandbox.grants.apps[client_id] = secret
            case _:
                raise Problem("client_id and client_secret are needed")
        self._sandbox.keep_grants()
        return {"client_id": client_id}

    async def tokens(self, request: Request) -> Any:
        grants = self._sandbox.grants
        if request.method == "GET":
            return [_described(grant) for grant in grants.all()]
        asked = await body_of(request)
        realm_id, client_id = str(asked.get("realm_id", "")), str(asked.get("client_id", SANDBOX))
        if realm_id not in self._sandbox.realms:
            raise Problem(f"there is no company {realm_id}")
        if client_id not in grants.apps:
            raise Problem(f"there is no app {client_id}")
        grant = grants.mint(client_id, realm_id, str(asked.get("scope", ALL_SCOPES)))
        self._sandbox.keep_grants()
        return _described(grant)

    def _grants(self, asked: Json) -> list[Grant]:
        grants = self._sandbox.grants
        match asked:
            case {"token": str(value)}:
                token = grants.access.get(value)
                grant = grants.by_refresh.get(value) or (token.grant if token else None)
                found = [grant] if grant is not None else []
            case {"realm_id": str(realm_id)}:
                found = [grant for grant in grants.all() if grant.realm_id == realm_id]
            case _:
                raise Problem("say token or realm_id")
        if not found:
            raise Problem("there is no such token", 404)
        return found

    async def expire(self, request: Request) -> Json:
        asked = await body_of(request)
        grants = self._sandbox.grants
        value = str(asked.get("token", ""))
        if value in grants.access:
            grants.expire(value)
        else:
            for grant in self._grants(asked):
                grants.expire_grant(grant)
        self._sandbox.keep_grants()
        return {}

    async def revoke(self, request: Request) -> Json:
        for grant in self._grants(await body_of(request)):
            self._sandbox.grants.revoke_grant(grant)
        self._sandbox.keep_grants()
        return {}

    async def reads(self, request: Request) -> Json:
        sandbox = self._sandbox
        if request.method == "PATCH":
            match await body_of(request):
                case {"per_month": None}:
                    sandbox.reads_per_month = None
                case {"per_month": int(number)}:
                    sandbox.reads_per_month = number
                case _:
                    raise Problem("per_month is a number, or null for no limit")
        return {"per_month": sandbox.reads_per_month, "used": sandbox.reads_by_month()}

    async def webhooks(self, request: Request) -> Any:
        if request.method == "POST":
            subscription = WebhookSubscription.model_validate(await body_of(request))
            return {"id": self._sandbox.webhooks.subscribe(subscription)}
        return self._sandbox.webhooks.documents()

    async def unsubscribe(self, request: Request) -> Json:
        if not await self._sandbox.webhooks.unsubscribe(request.path_params["id"]):
            raise Problem("there is no such subscription", 404)
        return {}


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Problem(f"{text!r} is no time") from error
    if moment.tzinfo is None:
        raise Problem(f"{text!r} has no offset")
    return moment


def _described(grant: Grant) -> Json:
    return {
        "client_id": grant.client_id,
        "realm_id": grant.realm_id,
        "scope": grant.scope,
        "refresh_token": grant.refresh_token,
        "previous_token": grant.previous_token,
        "revoked": grant.revoked,
    }
