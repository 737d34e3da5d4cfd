"""How the admin API reads and answers."""

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from ops.sandbox.company.faults import QuickBooksFault
from ops.sandbox.company.json_values import Json
from ops.sandbox.http.exact_json import UnreadableJson, read_object, write_json
from ops.sandbox.realm import Realm
from ops.sandbox.sandbox import Sandbox

Handler = Callable[[Request], Awaitable[Any]]
Endpoint = Callable[[Request], Awaitable[Response]]


class Problem(Exception):
    """The admin API refuses, in a sentence."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


def _answer(status: int, document: Json) -> Response:
    return Response(write_json(document), status, media_type="application/json")


def _sentence(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in error.errors())


def answered(handler: Handler) -> Endpoint:
    """An endpoint that answers what the handler gives, or its problem."""

    async def endpoint(request: Request) -> Response:
        try:
            result = await handler(request)
        except Problem as problem:
            return _answer(problem.status, {"problem": str(problem)})
        except ValidationError as error:
            return _answer(400, {"problem": _sentence(error)})
        except QuickBooksFault as fault:
            return _answer(400, {"problem": str(fault)})
        if isinstance(result, Response):
            return result
        return _answer(200, {"result": result})

    return endpoint


async def body_of(request: Request) -> Json:
    """The JSON object in the body; an empty body is an empty object.

    Raises:
        Problem: it is something else.
    """
    body = await request.body()
    if not body:
        return {}
    try:
        return read_object(body)
    except UnreadableJson as error:
        raise Problem(f"the body is not a JSON object: {error}") from error


def realm_of(sandbox: Sandbox, request: Request) -> Realm:
    """The company in the path.

    Raises:
        Problem: there is none.
    """
    realm_id = request.path_params["realm"]
    if realm_id not in sandbox.realms:
        raise Problem(f"there is no company {realm_id}", 404)
    return sandbox.realms[realm_id]
