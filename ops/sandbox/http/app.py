"""The ASGI application: the company API on a short path of its own, everything else through a router."""

import contextlib
import logging
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ops.sandbox.http.admin.access import AccessAdmin
from ops.sandbox.http.admin.companies import CompanyAdmin
from ops.sandbox.http.api.calls import PREFIX
from ops.sandbox.http.api.company_api import CompanyApi
from ops.sandbox.http.metrics import CONTENT_TYPE
from ops.sandbox.http.oauth.endpoints import OAuthEndpoints
from ops.sandbox.sandbox import Sandbox

log = logging.getLogger(__name__)


def sandbox_app(sandbox: Sandbox) -> ASGIApp:
    """Everything the sandbox answers."""
    company_api = CompanyApi(sandbox)

    async def healthy(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def metrics(_request: Request) -> Response:
        return Response(sandbox.metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await sandbox.webhooks.close()

    others = Starlette(
        routes=[
            Route("/health/live", healthy),
            Route("/health/ready", healthy),
            Route("/metrics", metrics),
            *OAuthEndpoints(sandbox).routes(),
            *CompanyAdmin(sandbox).routes(),
            *AccessAdmin(sandbox).routes(),
        ],
        lifespan=lifespan,
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await company_api(scope, receive, send)
        else:
            await others(scope, receive, send)

    return app
