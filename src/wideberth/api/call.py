"""One request on its way to a handler: who asks, and what was sent, read strictly.

In:  the request, the node.
Out: the session, query members, bodies of bounded size, ids and bytes behind their text; or a `Refusal`.
"""

import asyncio
import base64
import binascii
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import UUID

import msgspec
from starlette.requests import Request

from wideberth.limits import BODY_BYTES_MAX, BODY_S_MAX
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.theatre.rows import Member
from wideberth.theatre.shown import b64
from wideberth.voice.refusals import wished

if TYPE_CHECKING:
    from wideberth.node.core import Node
    from wideberth.node.sessions import Session

T = TypeVar("T")
INT_MAX: Final = 2**63 - 1
_INT: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_FLOAT: Final = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{1,12})?")
JSON_MEDIA: Final = ("application/json",)


class WrongMedia(Exception):
    """The body is of a kind that the endpoint does not read."""

    def __init__(self, accepted: tuple[str, ...], received: str) -> None:
        self.limit, self.received = " or ".join(accepted), received or "nothing"
        super().__init__(f"The body is {self.limit}; received {self.received[:80]}")


class Call:
    """A request, the node, and the session if the endpoint needs one."""

    def __init__(self, request: Request, node: "Node", session: "Session | None") -> None:
        self.request, self.node, self._session = request, node, session

    @property
    def session(self) -> "Session":
        """The session of an endpoint that needs one."""
        assert self._session is not None, "the endpoint asks for a session"
        return self._session

    @property
    def party(self) -> str:
        """Who asks."""
        return self.session.party

    @property
    def member(self) -> Member:
        """The same, as a row of the state."""
        return self.node.state.members[self.party]

    @property
    def language(self) -> str:
        """In which language the asker reads sentences."""
        return wished(self.request.headers.get("accept-language", ""))

    async def read(self, job: Callable[[], T]) -> T | Refusal:
        """Read between two groups of entries, in the party's turn."""
        return await self.node.read(self.party, job)

    def integer(self, name: str, default: int | None, most: int = INT_MAX, least: int = 0) -> int | Refusal:
        """A whole number of the query; refused where it is missing and has no default."""
        text = self.request.query_params.get(name)
        limit = f"a whole number from {least} to {most}"
        if text is None:
            return refuse(Reason.MALFORMED, name, limit, "nothing") if default is None else default
        if not _INT.fullmatch(text):
            return refuse(Reason.MALFORMED, name, limit, text)
        value = int(text)
        return value if least <= value <= most else refuse(Reason.OUT_OF_RANGE, name, limit, text)

    def degrees(self, name: str, most: int) -> int | Refusal:
        """Decimal degrees of the query, as nanodegrees."""
        text = self.request.query_params.get(name, "")
        limit = f"decimal degrees from -{most} to {most}"
        if not _FLOAT.fullmatch(text):
            return refuse(Reason.MALFORMED, name, limit, text or "nothing")
        value = float(text)
        return round(value * 1e9) if -most <= value <= most else refuse(Reason.OUT_OF_RANGE, name, limit, text)

    def thing_id(self) -> bytes | Refusal:
        """The UUID in the path."""
        text = str(self.request.path_params["id"])
        try:
            found = UUID(text)
        except ValueError:
            return refuse(Reason.MALFORMED, "id", "a UUID", text)
        return found.bytes if str(found) == text.lower() else refuse(Reason.MALFORMED, "id", "a UUID", text)

    async def body(self, media: tuple[str, ...] = JSON_MEDIA) -> bytes | Refusal:
        """The body, never more of it than is allowed. Raises WrongMedia, and TimeoutError where it does not come."""
        kind = self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in media:
            raise WrongMedia(media, kind)
        limit = f"at most {BODY_BYTES_MAX} bytes"
        stated = self.request.headers.get("content-length", "")
        if _INT.fullmatch(stated) and int(stated) > BODY_BYTES_MAX:
            return refuse(Reason.TOO_LARGE, "body", limit, f"{stated} bytes")
        data = bytearray()
        async with asyncio.timeout(BODY_S_MAX):
            async for chunk in self.request.stream():
                data += chunk
                if len(data) > BODY_BYTES_MAX:
                    return refuse(Reason.TOO_LARGE, "body", limit, "more")
        return bytes(data)

    async def json(self, form: type[T]) -> T | Refusal:
        """The body as a value of a form that has no room for unknown members."""
        data = await self.body()
        if isinstance(data, Refusal):
            return data
        return decode(data, form)


def decode(data: bytes, form: type[T]) -> T | Refusal:
    """JSON as a value of `form`; what is no JSON is refused as such, then unknown members are."""
    try:
        return msgspec.json.decode(data, type=form)
    except msgspec.ValidationError as error:
        broken = _broken(data)
        if broken is not None:
            return broken
        unknown = "unknown field" in str(error)
        reason = Reason.UNKNOWN_FIELD if unknown else Reason.MALFORMED
        return refuse(reason, "body", "the members that /openapi.json lists", str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return refuse(Reason.MALFORMED, "body", "JSON in UTF-8", str(error))


def _broken(data: bytes) -> Refusal | None:
    """Refuse what is not JSON to its end, though its beginning was read."""
    try:
        msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return refuse(Reason.MALFORMED, "body", "JSON in UTF-8", str(error))
    return None


def bytes_of(text: str, field: str) -> bytes | Refusal:
    """The bytes behind base64url without padding, in its one canonical form."""
    try:
        found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return refuse(Reason.MALFORMED, field, "base64url without padding", text)
    return found if b64(found) == text else refuse(Reason.MALFORMED, field, "base64url without padding", text)
