"""Companies: add, reset, snapshots, switches, counters, planned faults, objects."""

from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ops.sandbox.company.json_values import Json
from ops.sandbox.company.registry import entity_for_path
from ops.sandbox.http.admin.answering import Problem, answered, body_of, realm_of
from ops.sandbox.http.gate.planned_faults import FaultPlan
from ops.sandbox.realm import Realm
from ops.sandbox.sandbox import Sandbox

_ONE = "/_sandbox/companies/{realm}"


def _described(realm: Realm) -> Json:
    return {
        "realm_id": realm.realm_id,
        "country": realm.country,
        "name": realm.name,
        "snapshots": realm.saved_names(),
        "request_ids": len(realm.request_ids),
    }


class CompanyAdmin:
    """The part of the admin API below ``/companies``."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def routes(self) -> list[Route]:
        """For the router."""
        return [
            Route("/_sandbox/reset", answered(self.reset_all), methods=["POST"]),
            Route("/_sandbox/companies", answered(self.list), methods=["GET"]),
            Route("/_sandbox/companies", answered(self.add), methods=["POST"]),
            Route(_ONE, answered(self.remove), methods=["DELETE"]),
            Route(_ONE + "/reset", answered(self.reset), methods=["POST"]),
            Route(_ONE + "/snapshots/{name}", answered(self.save), methods=["POST"]),
            Route(_ONE + "/snapshots/{name}/restore", answered(self.go_back), methods=["POST"]),
            Route(_ONE + "/switches", answered(self.switches), methods=["GET", "PATCH"]),
            Route(_ONE + "/counters", answered(self.counters), methods=["GET", "DELETE"]),
            Route(_ONE + "/faults", answered(self.faults), methods=["GET", "POST", "DELETE"]),
            Route(_ONE + "/faults/{fault}", answered(self.remove_fault), methods=["DELETE"]),
            Route(_ONE + "/objects/{entity}", answered(self.objects), methods=["GET"]),
            Route(_ONE + "/files/{id}", answered(self.file), methods=["GET"]),
        ]

    async def reset_all(self, _request: Request) -> Json:
        await self._sandbox.webhooks.close()
        self._sandbox.reset_all()
        return {}

    async def list(self, _request: Request) -> list[Json]:
        return [_described(realm) for realm in self._sandbox.realms.values()]

    async def add(self, request: Request) -> Json:
        asked = await body_of(request)
        try:
            realm = self._sandbox.add_company(str(asked.get("country", "US")), asked.get("realm_id"))
        except (ValueError, TypeError) as error:
            raise Problem(str(error)) from error
        return _described(realm)

    async def remove(self, request: Request) -> Json:
        self._sandbox.remove_company(realm_of(self._sandbox, request).realm_id)
        return {}

    async def reset(self, request: Request) -> Json:
        realm = realm_of(self._sandbox, request)
        self._sandbox.reset(realm)
        return _described(realm)

    async def save(self, request: Request) -> Json:
        realm = realm_of(self._sandbox, request)
        self._sandbox.save(realm, request.path_params["name"])
        return _described(realm)

    async def go_back(self, request: Request) -> Json:
        realm = realm_of(self._sandbox, request)
        try:
            self._sandbox.go_back(realm, request.path_params["name"])
        except KeyError as error:
            raise Problem(f"nothing was saved under the name {error}", 404) from error
        return _described(realm)

    async def switches(self, request: Request) -> Json:
        realm = realm_of(self._sandbox, request)
        if request.method == "PATCH":
            changes = await body_of(request)
            unknown = set(changes) - {"limits", "request_ids", "settings"}
            if unknown or not all(isinstance(section, dict) for section in changes.values()):
                raise Problem("sections are limits, request_ids and settings, each an object")
            realm.read_switches(changes)  # nothing is changed when a part of it is wrong
            if "settings" in changes:
                self._sandbox.set_settings(realm, changes["settings"])
            realm.set_switches(changes)
            self._sandbox.keep_switches(realm)
        return {**realm.switches(), "settings": realm.settings()}

    async def counters(self, request: Request) -> Json:
        realm = realm_of(self._sandbox, request)
        if request.method == "DELETE":
            realm.counters.clear()
        return dict(realm.counters)

    async def faults(self, request: Request) -> Any:
        realm = realm_of(self._sandbox, request)
        if request.method == "DELETE":
            realm.faults.clear()
            self._sandbox.set_settings(realm, {"subscription_ended": False, "closed_books_date": None})
        elif request.method == "POST":
            return self._plan(realm, await body_of(request))
        return [fault.document() for fault in realm.faults]

    def _plan(self, realm: Realm, asked: Json) -> Json:
        """Two kinds are states of the company, not of a call."""
        match asked.get("kind"):
            case "company_locked":
                self._sandbox.set_settings(realm, {"subscription_ended": True})
            case "books_closed":
                until = asked.get("until") or date.max.isoformat()
                self._sandbox.set_settings(realm, {"closed_books_date": until})
            case _:
                return realm.faults.add(FaultPlan.model_validate(asked)).document()
        return {"id": asked["kind"], "kind": asked["kind"]}

    async def remove_fault(self, request: Request) -> Json:
        realm, fault_id = realm_of(self._sandbox, request), request.path_params["fault"]
        if fault_id == "company_locked":
            self._sandbox.set_settings(realm, {"subscription_ended": False})
        elif fault_id == "books_closed":
            self._sandbox.set_settings(realm, {"closed_books_date": None})
        elif not realm.faults.remove(fault_id):
            raise Problem(f"there is no planned fault {fault_id}", 404)
        return {}

    async def objects(self, request: Request) -> Any:
        realm = realm_of(self._sandbox, request)
        entity = entity_for_path(request.path_params["entity"])
        if entity is None:
            raise Problem(f"there is no entity {request.path_params['entity']}", 404)
        return realm.objects(entity.name)

    async def file(self, request: Request) -> Response:
        realm = realm_of(self._sandbox, request)
        content = realm.files.get(request.path_params["id"])
        if content is None:
            raise Problem("there is no such file", 404)
        return Response(content, media_type="application/octet-stream")
