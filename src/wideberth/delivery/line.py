"""HTTP/1.1 to pinned addresses, and to nothing else: one request, one bounded answer.

In:  a `Pin` and a request.
Out: a `Reply`, or a `Fault` as a value.
Refuses: to look names up, to follow redirects, to use proxies or cookies, to unpack compressed answers, to read more
than asked for, to wait longer than told. TLS is held against the name that was given, wherever the pin leads.

Lines are kept open for the next request to the same origin, while its pin still names the address they lead to.
"""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, NamedTuple

import h11

from wideberth import __version__
from wideberth.delivery.destination import Fault, Pin
from wideberth.limits import (
    ANSWER_GAP_S_MAX,
    ANSWER_HEAD_BYTES_MAX,
    CONNECT_S_MAX,
    EXCHANGE_S_MAX,
    LINE_IDLE_S_MAX,
    LINES_IDLE_MAX,
)

CHUNK_BYTES: Final = 16_384


class Times(NamedTuple):
    """How long each part of an exchange may take, in seconds."""

    connect_s: float = CONNECT_S_MAX
    gap_s: float = ANSWER_GAP_S_MAX
    """Between two pieces of an answer."""
    total_s: float = EXCHANGE_S_MAX


class Request(NamedTuple):
    """What is asked. `target`: path and query; `host`: the Host header; `answer_bytes_max`: how much is read back."""

    method: str
    host: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    answer_bytes_max: int = 65_536


class Reply(NamedTuple):
    """What was answered; header names in lower case. `whole` is False where the body was longer than asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool


class Line:
    """One connection."""

    def __init__(self, network: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.network, self._reader, self._writer = network, reader, writer
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=ANSWER_HEAD_BYTES_MAX)
        self.heard = False
        """Whether anything of the answer under way has come."""
        self.cut = False
        """Whether the other end has said its last."""

    def close(self) -> None:
        """End it at once; what the other end still says is not heard."""
        self._writer.transport.abort()

    @property
    def ended(self) -> bool:
        """Whether the other end has hung up."""
        return self._reader.at_eof() or self._writer.transport.is_closing()

    def rest(self) -> bool:
        """Ready for the next request, where both ends agree that the last one is over."""
        over = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        if not over or self._http.trailing_data[0]:
            return False
        self._http.start_next_cycle()
        return True

    async def ask(self, request: Request, gap_s: float) -> Reply:
        """One request, one answer. Raises OSError, EOFError, TimeoutError and what h11 calls a protocol error."""
        self.heard = False
        headers = {"host": request.host, "user-agent": f"wideberth/{__version__}", "accept-encoding": "identity"}
        if request.body or request.method == "POST":
            headers["content-length"] = str(len(request.body))
        listed = [(name.encode(), value.encode()) for name, value in {**headers, **request.headers}.items()]
        head = h11.Request(method=request.method.encode(), target=request.target.encode(), headers=listed)
        for event in (head, h11.Data(data=request.body), h11.EndOfMessage()):
            self._writer.write(self._http.send(event) or b"")
        await self._writer.drain()
        answer = await self._head(gap_s)
        body, whole = await self._body(request.answer_bytes_max, gap_s)
        return Reply(
            answer.status_code, {n.decode("latin-1"): v.decode("latin-1") for n, v in answer.headers}, body, whole
        )

    async def _head(self, gap_s: float) -> h11.Response:
        """The head of the final answer; interim ones count against the same bound."""
        heard_bytes = 0
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Response):
                return event
            if event is h11.NEED_DATA:
                heard_bytes += await self._hear(gap_s)
                if heard_bytes > 2 * ANSWER_HEAD_BYTES_MAX:
                    raise h11.RemoteProtocolError("no final answer among so many bytes")
            elif not isinstance(event, h11.InformationalResponse):
                raise EOFError

    async def _body(self, most: int, gap_s: float) -> tuple[bytes, bool]:
        body = bytearray()
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                await self._hear(gap_s)
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > most:
                    return bytes(body[:most]), False
            elif isinstance(event, h11.EndOfMessage):
                return bytes(body), True
            else:
                raise EOFError

    async def _hear(self, gap_s: float) -> int:
        async with asyncio.timeout(gap_s):
            data = await self._reader.read(CHUNK_BYTES)
        self.heard, self.cut = self.heard or bool(data), not data
        if not data and self._http.their_state is h11.SEND_RESPONSE:
            raise EOFError
        self._http.receive_data(data)
        return len(data)


class Way:
    """Lines to pinned addresses."""

    def __init__(self, times: Times | None = None, tls: ssl.SSLContext | None = None) -> None:
        """`tls`: what certificates are held against; the machine's own authorities where none is given."""
        self._times = times or Times()
        self._tls = tls
        self._idle: dict[tuple[str, str, int], tuple[Line, asyncio.TimerHandle]] = {}

    async def exchange(self, pin: Pin, request: Request) -> Reply | Fault:
        """Ask over a line to one of the pin's addresses. Whatever the other end does, it ends in a value, in time."""
        try:
            async with asyncio.timeout(self._times.total_s):
                kept = self._take(pin)
                if kept is not None:
                    answer = await self._ask(pin, kept, request)
                    if answer is not Fault.CLOSED or kept.heard:
                        return answer
                line = await self._open(pin)
                return line if isinstance(line, Fault) else await self._ask(pin, line, request)
        except TimeoutError:
            return Fault.SLOW

    async def close(self) -> None:
        """Hang up everywhere."""
        for line, timer in self._idle.values():
            timer.cancel()
            line.close()
        self._idle.clear()
        await asyncio.sleep(0)  # the transports close in the loop's next turn

    async def _ask(self, pin: Pin, line: Line, request: Request) -> Reply | Fault:
        kept = False
        try:
            reply = await line.ask(request, self._times.gap_s)
            kept = reply.whole and line.rest() and self._keep(pin, line)
        except TimeoutError:
            return Fault.SLOW
        except h11.RemoteProtocolError:
            return Fault.CLOSED if line.cut else Fault.GARBAGE
        except (OSError, EOFError):
            return Fault.CLOSED
        else:
            return reply
        finally:
            if not kept:
                line.close()

    async def _open(self, pin: Pin) -> Line | Fault:
        fault = Fault.CONNECT
        for network in pin.networks:
            try:
                async with asyncio.timeout(self._times.connect_s):
                    return await self._connect(pin, network)
            except TimeoutError:
                fault = Fault.SLOW
            except ssl.SSLError:
                fault = Fault.TLS
            except OSError:
                fault = Fault.CONNECT
        return fault

    async def _connect(self, pin: Pin, network: str) -> Line:
        secure = pin.scheme == "https"
        if secure and self._tls is None:
            self._tls = ssl.create_default_context()
        reader, writer = await asyncio.open_connection(
            network,
            pin.port,
            ssl=self._tls if secure else None,
            server_hostname=pin.host if secure else None,
            limit=CHUNK_BYTES,
        )
        return Line(network, reader, writer)

    def _take(self, pin: Pin) -> Line | None:
        found = self._idle.pop(pin[:3], None)
        if found is None:
            return None
        line, timer = found
        timer.cancel()
        if line.ended or line.network not in pin.networks:
            line.close()
            return None
        return line

    def _keep(self, pin: Pin, line: Line) -> bool:
        key = pin[:3]
        if len(self._idle) >= LINES_IDLE_MAX or key in self._idle:
            return False
        timer = asyncio.get_running_loop().call_later(LINE_IDLE_S_MAX, self._let_go, key)
        self._idle[key] = (line, timer)
        return True

    def _let_go(self, key: tuple[str, str, int]) -> None:
        with suppress(KeyError):
            self._idle.pop(key)[0].close()
