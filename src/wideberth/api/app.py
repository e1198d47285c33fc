"""The API as an ASGI app: the table of endpoints, sessions, problems for everything that is refused, and the page.

In:  a running node. Out: `create_app(node)`.
Nothing that is sent gives a plain 500: a fault of the house is answered with a number that stands in the log as well.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wideberth.api.call import Call, WrongMedia
from wideberth.api.openapi import document
from wideberth.api.own import Openings
from wideberth.api.problem import plain_problem, refuse_with, respond
from wideberth.api.reads import KeptViews
from wideberth.api.routes import ENDPOINTS, JSON, Endpoint
from wideberth.api.standard_door import Doors
from wideberth.api.standard_routes import DOORS
from wideberth.api.static import Static
from wideberth.ledger.store import LedgerFailed
from wideberth.limits import BODY_S_MAX
from wideberth.refusal import Reason, Refusal, refuse

if TYPE_CHECKING:
    from wideberth.node.core import Node
    from wideberth.node.sessions import Session

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "font-src 'self'",
        "worker-src 'self' blob:",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
TLS_ONLY: Final = "max-age=31536000"
BEARER: Final = "bearer "


class Secured:
    """Adds the headers that every answer carries."""

    def __init__(self, app: ASGIApp, tls: bool) -> None:
        self._app, self._tls = app, tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; complete the head of the answer."""

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
                if self._tls:
                    headers["strict-transport-security"] = TLS_ONLY
            await send(message)

        await self._app(scope, receive, send_secured)


def _every_answer(tls: bool) -> list[tuple[bytes, bytes]]:
    """The same headers, for the doors of the standards, which answer before Starlette is asked."""
    named = {**HEADERS, "cache-control": "no-store"} | ({"strict-transport-security": TLS_ONLY} if tls else {})
    return [(name.encode(), value.encode()) for name, value in named.items()]


def create_app(node: "Node") -> Starlette:
    """The app of one node."""
    routes = [Route(e.path, _endpoint(node, e), methods=[e.method], name=e.name) for e in ENDPOINTS]
    described = msgspec.json.encode(document(ENDPOINTS, DOORS if node.config.token_issuer else ()))

    async def openapi(_request: Request) -> Response:
        return Response(described, media_type=JSON)

    static = Static()

    async def page(request: Request) -> Response:
        file = static.find(request.url.path)
        if file is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return static.respond(request, file)

    routes += [Route("/openapi.json", openapi), Route("/{path:path}", page)]
    handlers = {HTTPException: _on_http, Exception: _on_fault}
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(Doors, node=node, doors=DOORS, headers=_every_answer(node.config.tls)),
            Middleware(Secured, tls=node.config.tls),
        ],
        exception_handlers=handlers,  # type: ignore[arg-type]
    )
    app.router.redirect_slashes = False
    app.state.openings, app.state.views, app.state.exporting = Openings(), KeptViews(), set[str]()
    app.state.checking, app.state.reading = set[str](), asyncio.Lock()
    return app


def _endpoint(node: "Node", endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            response = await _answer(node, endpoint, request)
        except WrongMedia as wrong:
            told = ("content-type", wrong.limit, wrong.received)
            response = respond(plain_problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"{wrong}.", *told))
            response.headers["connection"] = "close"
        except TimeoutError:
            sentence = f"The body did not come within {BODY_S_MAX} s."
            late = plain_problem(HTTPStatus.REQUEST_TIMEOUT, sentence, "body", f"within {BODY_S_MAX} s", "less")
            response = respond(late, {"connection": "close"})
        except ClientDisconnect:
            response = respond(plain_problem(HTTPStatus.BAD_REQUEST, "The body was not sent to its end."))
        except LedgerFailed as error:
            refusal = refuse(Reason.STORAGE, "ledger", str(error))
            response = refuse_with(refusal, node.now_us(), language=Call(request, node, None).language)
        except Exception as error:  # noqa: BLE001  a fault of the house is answered and logged, never shown
            response = _fault(request, error)
        node.metrics.requests.labels(endpoint.name, response.status_code).inc()
        node.log.debug("request", route=endpoint.name, status=response.status_code)
        return response

    return answer


async def _answer(node: "Node", endpoint: Endpoint, request: Request) -> Response:
    session = _session(node, request) if endpoint.session else None
    call = Call(request, node, None if isinstance(session, Refusal) else session)
    if isinstance(session, Refusal):
        return refuse_with(session, node.now_us(), language=call.language)
    if session is not None:
        node.hear(session.party)
    found = await endpoint.handler(call)
    if isinstance(found, Refusal):
        return refuse_with(found, node.now_us(), language=call.language)
    if isinstance(found, Response):
        return found
    return Response(msgspec.json.encode(found), media_type=JSON)


def _session(node: "Node", request: Request) -> "Session | Refusal":
    given = request.headers.get("authorization", "")
    if not given.lower().startswith(BEARER):
        limit = "Authorization: Bearer, with the token of an open session"
        return refuse(Reason.NO_SESSION, "authorization", limit)
    return node.sessions.find(given[len(BEARER) :].strip(), node.now_us())


def _fault(request: Request, error: Exception) -> Response:
    number = secrets.token_hex(8)
    structlog.get_logger().error("fault", number=number, path=request.url.path, exc_info=error)
    detail = f"The node met a fault of its own, number {number}; its log tells more."
    return respond(plain_problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail))


async def _on_fault(request: Request, error: Exception) -> Response:
    return _fault(request, error)


async def _on_http(request: Request, error: HTTPException) -> Response:
    """What no endpoint met."""
    path = request.url.path
    headers = dict(error.headers or {})
    told: tuple[str, ...] = (error.detail or "The request cannot be taken.",)
    if error.status_code == HTTPStatus.NOT_FOUND:
        sentence = "There is nothing at this address; /openapi.json lists what there is."
        told = (sentence, "path", "an address that /openapi.json lists", path)
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        sentence = f"{request.method[:20]} is not what this address takes; /openapi.json says what is."
        told = (sentence, "method", headers.get("Allow", "a method that /openapi.json lists"), request.method)
    structlog.get_logger().debug("request", status=error.status_code, path=path)
    return respond(plain_problem(error.status_code, *told), headers)
