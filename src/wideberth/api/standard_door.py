"""The doors of the standards as ASGI: what begins with their paths is answered here, the rest passes on.

In:  HTTP requests below /dss/v1, /rid/v2, /uss/v1, /aux/v1 and /versions; the table of doors.
Out: JSON in the standards' forms. A refusal is JSON with `message` and a `correlation_id`.
Refuses: everything (404) where no issuer is configured; addresses that no door has (404); other methods (405); as
`auth` does; bodies that are too large (413) or do not come (408). Nothing that is sent gives a plain 500.

These are the paths with the most traffic, so they are found by a walk over the parts of the path, not by patterns.
"""

import asyncio
import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import msgspec
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wideberth.api.auth import Scopes, bearer_of, check_scopes, code_of
from wideberth.api.problem import RETRY_S
from wideberth.api.standard_forms import Error
from wideberth.ledger.store import LedgerFailed
from wideberth.limits import BODY_BYTES_MAX, BODY_S_MAX
from wideberth.party.charter import DAY_US
from wideberth.party.command import Text
from wideberth.party.standard import StandardCommand, Supplier
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.sequencer import Answer
from wideberth.space.volume import Volume4D
from wideberth.tokens import Bearer

if TYPE_CHECKING:
    from wideberth.node.core import Node

T = TypeVar("T")
Headers = list[tuple[bytes, bytes]]
PREFIXES: Final = ("/dss/v1", "/rid/v2", "/uss/v1", "/aux/v1", "/versions")
JSON: Final = b"application/json"
STATUSES: Final = {Reason.WRONG_STATE: 400}
"""Where the standards have another status than the house: what is not allowed to be changed so is a bad request."""
RETRY_MORE_S: Final = {Reason.KEYS_UNREACHABLE: 30, Reason.CLAIM: 60}
CLOSED: Final = (
    "There is no door of the standards here: the setting token_issuer, with token_keys or token_jwks and "
    "token_audiences, opens it."
)
_VOLUME: Final = re.compile(r"volumes(?:\[(\d+)\])?(.*)")
_MEMBERS: Final = {
    "": "",
    ".start_us": ".time_start",
    ".end_us": ".time_end",
    ".lower_mm": ".volume.altitude_lower",
    ".upper_mm": ".volume.altitude_upper",
    ".outline.ring": ".volume.outline_polygon.vertices",
    ".outline.radius_mm": ".volume.outline_circle.radius",
    ".outline": ".volume",
}


class Reply(NamedTuple):
    """An answer: its status, and what is told, if anything."""

    status: int
    value: msgspec.Struct | None = None


class Refused(NamedTuple):
    """A refusal with the status that a standard gives it."""

    refusal: Refusal
    status: int


class Door(NamedTuple):
    """One row of the table: an endpoint of a standard."""

    method: str
    path: str
    handler: Callable[["Ask"], Awaitable[Reply | Refused | Refusal]]
    scopes: Scopes
    """Any one of these sets of scopes; () for any token."""
    summary: str
    answer: Any = None
    """The form of a success; None where it has no body."""
    body: Any = None
    status: int = 200
    token: bool = True
    query: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What logs and figures call it."""
        return f"{self.method} {self.path}"


class Ask:
    """A request on its way to a handler."""

    __slots__ = ("_bearer", "data", "door", "kept", "node", "params", "party", "scope", "volumes")

    def __init__(self, node: "Node", door: Door, params: list[str], scope: Scope) -> None:
        self.node, self.door, self.params, self.scope = node, door, params, scope
        self._bearer: Bearer | None = None
        self.party = ""
        """The asker's code in the theatre, whether or not it has a row there yet."""
        self.data = b""
        self.volumes = "extents"
        """The member that holds the volumes, for refusals that name one."""
        self.kept: Sequence[int] | None = None
        """Which of the volumes went on, where not all did."""

    @property
    def bearer(self) -> Bearer:
        """Who asks, at a door that takes tokens."""
        assert self._bearer is not None, "the door asks for a token"
        return self._bearer

    def admit(self, bearer: Bearer) -> None:
        """This is who asks."""
        self._bearer = bearer
        self.party = code_of(bearer.issuer, bearer.subject)
        if self.party in self.node.state.members:
            self.node.hear(self.party)

    @property
    def request(self) -> bytes:
        """SHA-256 over manager, method, path and body: by it a repeat is known."""
        head = f"{self.bearer.subject}\n{self.scope['method']}\n{self.scope['path']}\n"
        return hashlib.sha256(head.encode("utf-8", "surrogatepass") + self.data).digest()

    @property
    def node_url(self) -> str:
        """This node's address as suppliers reach it; the one that it listens on where none is configured."""
        if self.node.config.public_url:
            return self.node.config.public_url
        host, port = self.scope.get("server") or ("localhost", None)
        shown = f"[{host}]" if ":" in host else host
        return f"{self.scope['scheme']}://{shown}" + (f":{port}" if port is not None else "")

    async def vouch(
        self, command: StandardCommand, volumes: tuple[Volume4D, ...] = (), texts: tuple[Text, ...] = ()
    ) -> Answer:
        """Have what the token brought decided."""
        who = Supplier(self.bearer.issuer, self.bearer.subject)
        return await self.node.vouch(who, self.request, command, volumes, texts)

    async def read(self, job: Callable[[], T]) -> T | Refusal:
        """Read between two groups of entries, in the supplier's turn."""
        return await self.node.read(self.party, job)


class Branch:
    """One part of a path: what may follow, and the doors of the path that ends here."""

    def __init__(self) -> None:
        self.named: dict[str, Branch] = {}
        self.any: Branch | None = None
        self.doors: dict[str, Door] = {}

    def add(self, door: Door) -> None:
        """Put a door where its path leads."""
        at = self
        for part in door.path.split("/")[1:]:
            if part.startswith("{"):
                at.any = at.any or Branch()
                at = at.any
            else:
                at = at.named.setdefault(part, Branch())
        at.doors[door.method] = door

    def find(self, path: str) -> "tuple[Branch | None, list[str]]":
        """Where a path leads, and what stands in place of its parameters (also nothing)."""
        at: Branch | None = self
        params: list[str] = []
        for part in path.split("/")[1:]:
            assert at is not None
            following = at.named.get(part)
            if following is None:
                following = at.any
                params.append(part)
            if following is None:
                return None, params
            at = following
        return at, params


class Doors:
    """The ASGI app in front of the others."""

    def __init__(self, app: ASGIApp, node: "Node", doors: Sequence[Door], headers: Headers) -> None:
        """`headers`: those that every answer carries."""
        self._app, self._node, self._headers = app, node, headers
        self._open = bool(node.config.token_issuer)
        self._root = Branch()
        for door in doors:
            self._root.add(door)
        self._counted: dict[tuple[str, int], Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIXES):
            await self._app(scope, receive, send)
            return
        branch, params = self._root.find(scope["path"]) if self._open else (None, [])
        if branch is None or not branch.doors:
            sentence = "There is nothing at this address; /openapi.json lists what there is." if self._open else CLOSED
            await self._tell(send, HTTPStatus.NOT_FOUND, plain(sentence))
            return
        door = branch.doors.get(scope["method"])
        if door is None:
            allow = ", ".join(sorted(branch.doors))
            sentence = f"{scope['method'][:20]} is not what this address takes; it takes {allow}."
            headers = [(b"allow", allow.encode())]
            await self._tell(send, HTTPStatus.METHOD_NOT_ALLOWED, plain(sentence), headers)
            return
        status = await self._serve(Ask(self._node, door, params, scope), receive, send)
        counter = self._counted.get((door.name, status))
        if counter is None:
            counter = self._counted[door.name, status] = self._node.metrics.requests.labels(door.name, status)
        counter.inc()

    async def _serve(self, ask: Ask, receive: Receive, send: Send) -> int:
        try:
            found = await self._answer(ask, receive)
        except TimeoutError:
            sentence = f"The body did not come within {BODY_S_MAX} s."
            return await self._tell(send, HTTPStatus.REQUEST_TIMEOUT, plain(sentence), [(b"connection", b"close")])
        except LedgerFailed as error:
            found = refuse(Reason.STORAGE, "ledger", str(error))
        except Exception as error:  # noqa: BLE001  a fault of the house is answered and logged, never shown
            told = plain("")
            number, path = told.correlation_id, ask.scope["path"]
            structlog.get_logger().error("fault", number=number, path=path, exc_info=error)
            told.message = f"The node met a fault of its own, number {number}; its log tells more."
            return await self._tell(send, HTTPStatus.INTERNAL_SERVER_ERROR, told)
        if isinstance(found, Reply):
            return await self._tell(send, found.status, found.value)
        refusal, status = found if isinstance(found, Refused) else (found, status_of(found, ask.door))
        refusal = named(refusal, ask)
        headers = [] if status != HTTPStatus.UNAUTHORIZED else [(b"www-authenticate", b'Bearer error="invalid_token"')]
        wait_s = retry_after_s(refusal, status, self._node.now_us())
        if wait_s:
            headers.append((b"retry-after", b"%d" % wait_s))
        if refusal.reason is Reason.TOO_LARGE:
            headers.append((b"connection", b"close"))
        return await self._tell(send, status, error_of(refusal), headers)

    async def _answer(self, ask: Ask, receive: Receive) -> Reply | Refused | Refusal:
        scope, door = ask.scope, ask.door
        header, length = "", b""
        for name, value in scope["headers"]:
            if name == b"authorization":
                header = value.decode("latin-1")
            elif name == b"content-length":
                length = value
        if door.token:
            client = scope.get("client")
            bearer = await bearer_of(self._node, header, client[0] if client else "")
            if isinstance(bearer, Refusal):
                return bearer
            no = check_scopes(bearer, door.scopes)
            if no is not None:
                return no
            ask.admit(bearer)
        if door.body is not None:
            data = await read_data(receive, length)
            if isinstance(data, Refusal):
                return data
            ask.data = data
        return await door.handler(ask)

    async def _tell(self, send: Send, status: int, value: msgspec.Struct | None, headers: Headers | None = None) -> int:
        body = msgspec.json.encode(value) if value is not None else b""
        all_headers = [*self._headers, (b"content-length", b"%d" % len(body))]
        if value is not None:
            all_headers.append((b"content-type", JSON))
        if isinstance(value, Error):
            all_headers += [(b"x-correlation-id", value.correlation_id.encode()), *(headers or ())]
            self._node.log.debug("refused", number=value.correlation_id, status=status, why=value.message)
        start: Message = {"type": "http.response.start", "status": int(status), "headers": all_headers}
        await send(start)
        await send({"type": "http.response.body", "body": body})
        return int(status)


async def read_data(receive: Receive, length: bytes) -> bytes | Refusal:
    """A body, never more of it than is allowed. Raises TimeoutError where it does not come."""
    limit = f"at most {BODY_BYTES_MAX} bytes"
    if length.isdigit() and int(length[:20]) > BODY_BYTES_MAX:
        return refuse(Reason.TOO_LARGE, "body", limit, f"{int(length[:20])} bytes")
    data = bytearray()
    async with asyncio.timeout(BODY_S_MAX):
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return refuse(Reason.MALFORMED, "body", "a body to its end", "less")
            data += message.get("body", b"")
            if len(data) > BODY_BYTES_MAX:
                return refuse(Reason.TOO_LARGE, "body", limit, "more")
            if not message.get("more_body", False):
                return bytes(data)


def status_of(refusal: Refusal, door: Door) -> int:
    """The status that the standards give a refusal: a write of what there is not is a bad request."""
    if refusal.reason is Reason.UNKNOWN and door.method == "PUT":
        return HTTPStatus.BAD_REQUEST
    return STATUSES.get(refusal.reason, refusal.reason.status)


def named(refusal: Refusal, ask: Ask) -> Refusal:
    """The refusal with its field as the standards spell it."""
    found = _VOLUME.fullmatch(refusal.field)
    if found is None:
        return refusal
    index, rest = found.groups()
    place = ""
    if index is not None and ask.volumes == "extents[]":
        place = f"[{ask.kept[int(index)] if ask.kept is not None else index}]"
    field = ask.volumes.removesuffix("[]") + place + _MEMBERS.get(rest, rest)
    return msgspec.structs.replace(refusal, field=field)


def retry_after_s(refusal: Refusal, status: int, now_us: int) -> int:
    """After how many seconds a refusal may be gone; 0 where that is not known."""
    if status not in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return 0
    if refusal.reason is Reason.BUDGET:
        return (DAY_US - now_us % DAY_US) // 1_000_000 + 1
    return RETRY_MORE_S.get(refusal.reason) or RETRY_S.get(refusal.reason, 1)


def error_of(refusal: Refusal) -> Error:
    """A refusal as the standards tell it."""
    return Error(
        refusal.sentence(), secrets.token_hex(8), refusal.reason.value, refusal.field, refusal.limit, refusal.received
    )


def plain(sentence: str) -> Error:
    """What HTTP alone refuses."""
    return Error(sentence, secrets.token_hex(8))
