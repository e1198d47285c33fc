"""Feeds that the node fetches: streams over TCP and TLS, documents over HTTP, pipes, recordings.

In:  a feed's settings, its inbox.
Out: bytes into the inbox, for as long as the task lives; connections are made again, after waits that double.
Refuses nothing: what goes wrong stands as the feed's fault, in words.
"""

import asyncio
import random
import socket
import ssl
import time
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import httpx

from wideberth.feeds.cot import Said, write_xml
from wideberth.feeds.formats import Format, parser_for
from wideberth.feeds.parser import Drop, Parser
from wideberth.feeds.replay import open_recording, play
from wideberth.feeds.settings import Address, Feed, address_of, zone_of
from wideberth.feeds.tls import client_context, tls_words
from wideberth.feeds.told import Inbox
from wideberth.limits import (
    DOCUMENT_BYTES_MAX,
    FEED_CHUNK_BYTES,
    FEED_CLIENT_WAITING_BYTES,
    FEED_CONNECT_S,
    FEED_RETRY_FIRST_S,
    FEED_RETRY_S_MAX,
)
from wideberth.refusal import Refusal

FAULTS: Final = (OSError, TimeoutError, ssl.SSLError, httpx.HTTPError, EOFError, ValueError, zlib.error)
"""What a network, a file or the other side may do to us; anything else is a bug and ends the task loudly."""
SILENT_TIMES: Final = 4
"""A stream that is silent for so many times its allowed silence is connected anew: half-open connections look so."""
CLOSED: Final = "closed by the other side"
CLOSED_AT_ONCE: Final = "closed by the other side before it said anything: it may not take our certificate, or want one"
PING_S: Final = 30.0
PING: Final = (
    b'<event version="2.0" uid="wideberth-ping" type="t-x-c-t" how="m-g" time="%s" start="%s" stale="%s">'
    b'<point lat="0" lon="0" hae="9999999.0" ce="9999999.0" le="9999999.0"/></event>\n'
)


class Client:
    """A feed that is fetched; `send` reaches the server of a Cursor on Target stream while it is connected."""

    def __init__(self, feed: Feed, inbox: Inbox) -> None:
        self.feed = feed
        self.inbox = inbox
        self._writer: asyncio.StreamWriter | None = None

    async def run(self) -> None:
        """Fetch until cancelled; a recording that is over ends it."""
        address = address_of(self.feed)
        assert address is not None, "settings are checked before"
        if address.scheme == "file":
            await self._recording(Path(address.path))
        elif address.scheme in ("http", "https"):
            await self._polls()
        else:
            await self._again(lambda: self._pipe(address) if address.scheme == "pipe" else self._stream(address))

    def send(self, said: Said) -> bool:
        """Say something to the server; whether it could be."""
        writer = self._writer
        if writer is None or writer.transport.get_write_buffer_size() > FEED_CLIENT_WAITING_BYTES:
            return False
        writer.write(write_xml(said))
        return True

    async def _again(self, once: Callable[[], Awaitable[None]]) -> None:
        """Connect, and again after a fault, with waits that double until something came."""
        wait_s = float(FEED_RETRY_FIRST_S)
        while True:
            before = self.inbox.bytes
            try:
                await once()
                fault = CLOSED if self.inbox.bytes > before or not self.feed.url.startswith("tls:") else CLOSED_AT_ONCE
            except FAULTS as error:
                fault = words(error)
            self.inbox.lost(fault)
            if self.inbox.bytes > before:
                wait_s = float(FEED_RETRY_FIRST_S)
            # many nodes lose one server at the same moment and should not all come back at the same one
            await asyncio.sleep(wait_s * random.uniform(0.8, 1.2))  # noqa: S311
            wait_s = min(wait_s * 2, FEED_RETRY_S_MAX)

    async def _stream(self, address: Address) -> None:
        tls = client_context(self.feed) if address.scheme == "tls" else None
        name = (self.feed.server_name or address.host) if tls else None
        async with asyncio.timeout(FEED_CONNECT_S):
            reader, writer = await asyncio.open_connection(
                address.host, address.port, ssl=tls, server_hostname=name, limit=FEED_CHUNK_BYTES
            )
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.inbox.connected()
        self._writer = writer
        pings = asyncio.create_task(_ping(writer)) if self.feed.format is Format.COT else None
        try:
            await self._pump(reader, self.feed.silence_s * SILENT_TIMES)
        finally:
            self._writer = None
            if pings is not None:
                pings.cancel()
            writer.transport.abort()

    async def _pipe(self, address: Address) -> None:
        """A named pipe, read to its end and opened again."""
        reader = asyncio.StreamReader(limit=FEED_CHUNK_BYTES)
        # opened for both, so that it opens without a writer, and does not end with each of them
        file = await asyncio.to_thread(Path(address.path).open, "r+b", 0)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), file
        )
        self.inbox.connected()
        try:
            await self._pump(reader, None)
        finally:
            transport.close()

    async def _pump(self, reader: asyncio.StreamReader, silent_s: float | None) -> None:
        parser = parser_of(self.feed)
        while True:
            async with asyncio.timeout(silent_s):
                data = await reader.read(FEED_CHUNK_BYTES)
            if not data:
                break
            self.inbox.read(parser, data)
            # the others' turn
            await asyncio.sleep(0)
        parser.reset()
        self.inbox.settle(parser)

    async def _polls(self) -> None:
        parser, feed = parser_of(self.feed), self.feed
        while True:
            try:
                verify = client_context(feed) if feed.url.startswith("https") else False
                break
            except FAULTS as error:
                self.inbox.lost(words(error))
                await asyncio.sleep(FEED_RETRY_S_MAX)
        async with httpx.AsyncClient(verify=verify, timeout=FEED_CONNECT_S, trust_env=False) as http:
            wait_s = float(FEED_RETRY_FIRST_S)
            while True:
                begin = time.monotonic()
                try:
                    data = await self._document(http)
                    if not self.inbox.up:
                        self.inbox.connected()
                    if data is not None:
                        await self.inbox.read_document(parser, data)
                    wait_s, pause_s = float(FEED_RETRY_FIRST_S), feed.every_s - (time.monotonic() - begin)
                except FAULTS as error:
                    self.inbox.lost(words(error))
                    wait_s, pause_s = min(wait_s * 2, FEED_RETRY_S_MAX), wait_s
                await asyncio.sleep(max(0.0, pause_s))

    async def _document(self, http: httpx.AsyncClient) -> bytes | None:
        """One answer, None where it is too large."""
        feed = self.feed
        head = {"accept": "application/json", "accept-encoding": "identity"}
        if feed.token:
            head["authorization"] = "Bearer " + (await asyncio.to_thread(Path(feed.token).read_text)).strip()
        held = bytearray()
        async with asyncio.timeout(FEED_CONNECT_S), http.stream("GET", feed.url, headers=head) as answer:
            if answer.status_code != 200:
                raise ValueError(f"answered {answer.status_code}")
            async for piece in answer.aiter_raw():
                held += piece
                if len(held) > DOCUMENT_BYTES_MAX:
                    self.inbox.drop(Drop.TOO_LARGE)
                    return None
        return bytes(held)

    async def _recording(self, path: Path) -> None:
        try:
            recording = await asyncio.to_thread(open_recording, path, self.feed, self.feed.format)
            if isinstance(recording, Refusal):
                self.inbox.lost(recording.sentence())
                return
            self.inbox.connected()
            shift = time.time_ns() // 1_000 if self.feed.as_now else None
            await play(recording, self.feed.speed, self.inbox.put, shift)
            self.inbox.settle(recording.parser)
            self.inbox.lost("the recording is over")
        except FAULTS as error:
            self.inbox.lost(words(error))


async def _ping(writer: asyncio.StreamWriter) -> None:
    """Servers close what says nothing."""
    while True:
        await asyncio.sleep(PING_S)
        now = time.time()
        at, stale = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t)).encode() for t in (now, now + 2 * PING_S))
        writer.write(PING % (at, at, stale))


def parser_of(feed: Feed, datagrams: bool = False) -> Parser:
    """A parser as the settings ask for it."""
    zone = zone_of(feed.time_zone)
    assert zone is not None, "settings are checked before"
    return parser_for(feed.format, feed.name, zone, feed.sites, datagrams)


def words(error: BaseException) -> str:
    """What went wrong, in a few words."""
    if isinstance(error, ssl.SSLError):
        return tls_words(error)
    text: Any = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{text or type(error).__name__}"[:200]
