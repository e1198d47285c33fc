"""A development issuer: gives a token to whoever asks. For trying things out on one machine, and for nothing else.

In:  GET or POST /token with grant_type=client_credentials, scope, intended_audience (or audience), and optionally sub
     (or client_id, also by HTTP Basic), issuer, expire (seconds since 1970): what InterUSS's Dummy OAuth takes, and the
     form of OAuth 2.0 (RFC 6749, 4.4).
Out: {"access_token": ...}; at /.well-known/jwks.json the key set.
Refuses (400, with `message`): what lacks scope or audience, other grants. Asked by a name that is not this machine's,
it answers 403, so that no page in a browser gets tokens by a name that it controls.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from wideberth.config import is_loopback
from wideberth.limits import TOKEN_CHARACTERS_MAX
from wideberth.tokens.issuer import LIFE_S, Issuer

SUBJECT: Final = "fake_uss"
"""Who a token speaks for where nobody is named."""
GRANT: Final = "client_credentials"
JWKS_PATH: Final = "/.well-known/jwks.json"
NO_STORE: Final = {"cache-control": "no-store"}


class _Bad(Exception):
    """The request lacks something; the text says what."""


def issuing_app(issuer: Issuer, wall_s: Callable[[], float]) -> Starlette:
    """The server of a development issuer."""

    async def token(request: Request) -> JSONResponse:
        if not _is_here(request):
            return _no(403, "This issuer answers by the names of this machine alone.")
        try:
            claims = _claims(issuer, await _asked(request), wall_s())
        except _Bad as bad:
            return _no(400, str(bad))
        answer = {"access_token": issuer.sign(claims), "token_type": "Bearer", "scope": claims["scope"]}
        return JSONResponse(answer | {"expires_in": claims["exp"] - int(wall_s())}, headers=NO_STORE)

    async def jwks(_request: Request) -> JSONResponse:
        return JSONResponse(issuer.jwks())

    return Starlette(routes=[Route("/token", token, methods=["GET", "POST"]), Route(JWKS_PATH, jwks)])


def _no(status: int, message: str) -> JSONResponse:
    error = "invalid_request" if status == 400 else "access_denied"
    return JSONResponse({"error": error, "message": message}, status, NO_STORE)


def _is_here(request: Request) -> bool:
    try:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    except ValueError:
        return False
    return is_loopback(host or "")


async def _asked(request: Request) -> dict[str, str]:
    """What was asked for; of a parameter that is named twice the first counts."""
    query = request.url.query
    asked: dict[str, str] = {}
    if request.method == "POST":
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > TOKEN_CHARACTERS_MAX:
                raise _Bad(f"The form has more than {TOKEN_CHARACTERS_MAX:,} bytes.")
        query = body.decode("latin-1")
        client = _basic(request.headers.get("authorization", ""))
        asked = {"client_id": client} if client else {}
    try:
        return asked | {name: values[0] for name, values in parse_qs(query, max_num_fields=32).items()}
    except ValueError as error:
        raise _Bad(f"The parameters cannot be read: {error}.") from error


def _basic(header: str) -> str:
    """The user of HTTP Basic; empty where there is none."""
    kind, _, given = header.partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _Bad("The Authorization header cannot be read.") from error


def _claims(issuer: Issuer, asked: dict[str, str], now_s: float) -> dict[str, Any]:
    if asked.get("grant_type", GRANT) != GRANT:
        raise _Bad(f"`grant_type` is {GRANT}.")
    audience = asked.get("intended_audience") or asked.get("audience")
    if not audience:
        raise _Bad("Missing `intended_audience`: for which host the token is meant.")
    if not asked.get("scope"):
        raise _Bad("Missing `scope`: what the token is for.")
    try:
        life_s = int(asked["expire"]) - int(now_s) if "expire" in asked else LIFE_S
    except ValueError:
        raise _Bad("`expire` is in whole seconds since 1970.") from None
    sub = asked.get("sub") or asked.get("client_id") or SUBJECT
    claims = issuer.claims(sub, asked["scope"].split(), audience, now_s, life_s)
    return claims | {"iss": asked.get("issuer") or issuer.name}
