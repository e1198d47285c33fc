"""One connection to a server, kept alive: a request's bytes in, its answer out.

In:  bytes of a whole HTTP/1.1 request, one at a time.
Out: a `Reply`.
Raises `TimedOut` where no whole answer came in time, `Broken` where the connection could not be made or fell; in both
cases nobody knows what became of the request. The next request opens the connection anew.

Written for speed: the generator shares its machine with the server that it measures.
"""

import asyncio
import ssl
from typing import Final, NamedTuple, cast
from urllib.parse import urlsplit

import httptools

from wideberth.refusal import Reason, Refusal, refuse

HTTP_PORT: Final = 80
HTTPS_PORT: Final = 443


class TimedOut(Exception):
    """No whole answer came in time."""


class Broken(Exception):
    """The connection could not be made, or fell."""


class Reply(NamedTuple):
    """An answer. `retry_after` is the header's text, empty where there is none."""

    status: int
    body: bytes
    retry_after: str


class Address(NamedTuple):
    """Where a server is; `prefix` is the path before that of the standard."""

    host: str
    port: int
    prefix: str
    tls: ssl.SSLContext | None

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (HTTPS_PORT if self.tls else HTTP_PORT) else f"{host}:{self.port}"

    def path_of(self, url: str) -> str | None:
        """The path of an address, where that is on this server."""
        other = parse_address(url)
        if isinstance(other, Refusal) or (other.host, other.port) != (self.host, self.port):
            return None
        return other.prefix


def parse_address(url: str) -> Address | Refusal:
    """The server behind an http or https address; refused where it is none."""
    limit = "an address such as https://dss.example.com"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return refuse(Reason.MALFORMED, "url", limit, url[:80])
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
        return refuse(Reason.MALFORMED, "url", limit, url[:80])
    tls = ssl.create_default_context() if parts.scheme == "https" else None
    return Address(parts.hostname, port or (HTTPS_PORT if tls else HTTP_PORT), parts.path.rstrip("/"), tls)


class Line:
    """A connection that is opened anew when it fell; for one request at a time."""

    def __init__(self, address: Address, timeout_s: float) -> None:
        self._address, self._timeout_s = address, timeout_s
        self._wire: _Wire | None = None

    async def ask(self, request: bytes) -> Reply:
        """Send a request and wait for its answer."""
        wire = self._wire
        if wire is None or wire.over:
            wire = self._wire = await self._open()
        loop = asyncio.get_running_loop()
        answer = wire.send(request, loop)
        timer = loop.call_later(self._timeout_s, wire.drop, TimedOut())
        try:
            return await answer
        finally:
            timer.cancel()
            if not answer.done() or answer.cancelled():
                wire.drop(None)

    def close(self) -> None:
        """Give up the connection."""
        if self._wire is not None:
            self._wire.drop(None)

    async def _open(self) -> "_Wire":
        loop, at = asyncio.get_running_loop(), self._address
        try:
            async with asyncio.timeout(self._timeout_s):
                return (await loop.create_connection(_Wire, at.host, at.port, ssl=at.tls))[1]
        except TimeoutError as error:
            raise TimedOut from error
        except OSError as error:
            raise Broken(str(error)) from error


class _Wire(asyncio.Protocol):
    """One connection from its opening to its end."""

    def __init__(self) -> None:
        self.over = False
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[Reply] | None = None
        self._body: list[bytes] = []
        self._retry_after = ""

    def send(self, request: bytes, loop: asyncio.AbstractEventLoop) -> "asyncio.Future[Reply]":
        """Send; what comes back is the answer to come."""
        assert self._answer is None or self._answer.done(), "one request at a time"
        answer = self._answer = loop.create_future()
        self._transport.write(request)
        return answer

    def drop(self, error: Exception | None) -> None:
        """Close at once; with an error, whoever waits is told it."""
        self.over = True
        self._transport.abort()
        if error is not None and self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)

    # what the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Closed, by either side."""
        self.drop(Broken(str(exc or "closed by the server")))

    def data_received(self, data: bytes) -> None:
        """A piece of an answer."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self.drop(Broken(f"no HTTP: {error}"))

    # what the parser calls

    def on_message_begin(self) -> None:
        """An answer begins."""
        self._body.clear()
        self._retry_after = ""

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        if len(name) == 11 and name.lower() == b"retry-after":
            self._retry_after = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """The whole answer."""
        reply = Reply(self._parser.get_status_code(), b"".join(self._body), self._retry_after)
        if not self._parser.should_keep_alive():
            self.over = True
            self._transport.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(reply)
