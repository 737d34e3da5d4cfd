"""A caller of the company API for tests: no retries, nothing hidden."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import urllib3

from ops.sandbox.testing import SandboxServer


@dataclass
class Reply:
    """What came back."""

    status: int
    headers: urllib3.HTTPHeaderDict
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body, parse_float=Decimal)

    @property
    def code(self) -> str:
        """The code of the first error."""
        found: str = self.json["Fault"]["Error"][0]["code"]
        return found


class Caller:
    """Calls one company with one access token."""

    def __init__(self, server: SandboxServer, realm_id: str, token: str | None = None) -> None:
        self.server = server
        self.realm_id = realm_id
        self.token = token if token is not None else server.access_token()
        self._http = urllib3.PoolManager(retries=False, timeout=20.0)

    def close(self) -> None:
        self._http.clear()

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        parameters: dict[str, str] | None = None,
    ) -> Reply:
        url = f"{self.server.company_url(self.realm_id)}/{path}"
        if parameters:
            url += "?" + urlencode(parameters)
        data = body if isinstance(body, bytes | None) else json.dumps(body, default=str).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        if data is not None:
            headers["Content-Type"] = content_type
        answer = self._http.request(method, url, body=data, headers=headers)
        return Reply(answer.status, answer.headers, answer.data)

    def get(self, path: str, **parameters: str) -> Reply:
        return self.call("GET", path, parameters=parameters)

    def post(self, path: str, body: Any, **parameters: str) -> Reply:
        return self.call("POST", path, body, parameters=parameters)

    def query(self, statement: str) -> Reply:
        return self.call("POST", "query", statement.encode(), content_type="application/text")

    def batch(self, items: list[Any], **parameters: str) -> Reply:
        return self.post("batch", {"BatchItemRequest": items}, **parameters)

    def create(self, entity: str, document: dict[str, Any], **parameters: str) -> Any:
        """Create and expect it to work."""
        reply = self.post(entity.lower(), document, **parameters)
        assert reply.status == 200, reply.body
        return reply.json[entity]

    def count(self, entity: str) -> int:
        return len(self.server.dump(self.realm_id, entity))
