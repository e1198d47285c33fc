"""Feeds that others bring: Cursor on Target over TCP and TLS, datagrams of CoT and ASTERIX.

In:  a feed's settings, its inbox.
Out: bytes into the inbox; what is said goes out to the clients, in the protocol that each asked for.
Refuses: connections past the most, of all and of one address, where nobody is silent who makes room; clients that never
say anything, and those that take what is sent too slowly, are closed. All are counted.

To each client version 1 of the TAK protocol is offered; who asks for it is answered, and hears it from then on.
"""

import asyncio
import socket
import ssl
import struct
import time
from collections import deque
from ipaddress import ip_address
from typing import Any, Final

from wideberth.feeds.connect import parser_of, words
from wideberth.feeds.cot import Said, write_xml
from wideberth.feeds.parser import Drop, Parser
from wideberth.feeds.settings import Address, Feed, address_of
from wideberth.feeds.tak import ANSWER, ASK, OFFER, PING, CotStream, write_stream
from wideberth.feeds.tls import server_context
from wideberth.feeds.told import Inbox, Share
from wideberth.limits import (
    FEED_ADDRESS_CLIENTS_MIN,
    FEED_CHUNK_BYTES,
    FEED_CLIENT_REPORTS_PER_S,
    FEED_CLIENT_WAITING_BYTES,
    FEED_CONNECT_S,
    FEED_DATAGRAMS_MAX,
    FEED_FIRST_WORD_S,
    FEED_QUIET_S,
    FEED_RETRY_S_MAX,
)

SUPPORT: Final = '<TakControl><TakProtocolSupport version="1"/></TakControl>'
GRANT: Final = '<TakControl><TakResponse status="true"/></TakControl>'
PONG: Final = "t-x-c-t-r"
TURN_S: Final = 0.005
"""How long one feed's datagrams are read before the others have their turn."""
STALE_S: Final = 60
SOCKET_BYTES: Final = 4_194_304
ADDRESS_PART: Final = 4
"""One address has at most this part of a listener's places."""
IP6_HOST_BITS: Final = 64
"""A host of IPv6 has a network of its own."""


class Peer:
    """One client of a listener."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.name = _name(writer)
        """The common name of its certificate, else its address."""
        self.site = _site(writer)
        self.heard_s = time.monotonic()
        """When it last said something, or came."""
        self.spoke = False
        self.protobuf = False
        self.share = Share(FEED_CLIENT_REPORTS_PER_S)
        self._writer = writer

    def hear(self) -> None:
        """It said something."""
        self.heard_s, self.spoke = time.monotonic(), True

    def write(self, data: bytes) -> bool:
        """Hand bytes over without waiting; False where too many wait already, and the client is closed."""
        if self._writer.transport.get_write_buffer_size() + len(data) > FEED_CLIENT_WAITING_BYTES:
            self.close()
            return False
        self._writer.write(data)
        return True

    def close(self) -> None:
        """End the connection at once."""
        self._writer.transport.abort()


class Listener:
    """A listener for Cursor on Target."""

    def __init__(self, feed: Feed, inbox: Inbox) -> None:
        self.feed = feed
        self.inbox = inbox
        self.peers: set[Peer] = set()
        self.address: tuple[str, int] | None = None
        """Where it listens, once it does."""
        self.slow = 0
        """Clients that were closed because they took too little."""

    async def run(self) -> None:
        """Listen until cancelled; an address that is taken is tried again."""
        address = address_of(self.feed)
        assert address is not None, "settings are checked before"
        while True:
            try:
                tls = server_context(self.feed, self._refused) if address.scheme == "tls" else None
                more: dict[str, Any] = {"ssl_handshake_timeout": FEED_CONNECT_S} if tls else {}
                server = await asyncio.start_server(
                    self._client, address.host, address.port, ssl=tls, limit=FEED_CHUNK_BYTES, **more
                )
            except (OSError, ValueError) as error:
                self.inbox.lost(words(error))
                await asyncio.sleep(FEED_RETRY_S_MAX)
                continue
            self.inbox.connected()
            self.address = server.sockets[0].getsockname()[:2]
            try:
                async with server:
                    await server.serve_forever()
            finally:
                for peer in self.peers:
                    peer.close()

    def send(self, said: list[Said], to: set[Peer] | None = None) -> None:
        """Say something to these clients, or to all."""
        xml = b"".join(map(write_xml, said)) if any(not p.protobuf for p in self.peers) else b""
        tak = b"".join(map(write_stream, said)) if any(p.protobuf for p in self.peers) else b""
        for peer in tuple(self.peers if to is None else to & self.peers):
            if not peer.write(tak if peer.protobuf else xml):
                self.slow += 1
                self.peers.discard(peer)
                self._counted()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(writer)
        if not self._has_room(peer):
            peer.close()
            return
        self.peers.add(peer)
        self._counted()
        self.inbox.connections += 1
        parser = parser_of(self.feed)
        assert isinstance(parser, CotStream)
        try:
            peer.write(_control(OFFER, SUPPORT))
            await self._pump(reader, peer, parser)
        except (OSError, ssl.SSLError) as error:
            self.inbox.fault = f"{peer.name}: {words(error)}"
        finally:
            self.peers.discard(peer)
            self._counted()
            parser.reset()
            self.inbox.settle(parser)
            writer.transport.abort()

    def _has_room(self, new: Peer) -> bool:
        """Whether there is a place: where its address, or the listener, has none left, the one that never spoke, or has
        been silent for longest, makes room."""
        near = {peer for peer in self.peers if peer.site == new.site}
        if len(near) >= max(FEED_ADDRESS_CLIENTS_MIN, self.feed.clients_max // ADDRESS_PART):
            taken = near
        elif len(self.peers) >= self.feed.clients_max:
            taken = self.peers
        else:
            return True
        self.inbox.drop(Drop.CLIENTS)
        quiet = [peer for peer in taken if time.monotonic() - peer.heard_s >= FEED_QUIET_S]
        if not quiet:
            return False
        out = min(quiet, key=lambda peer: (peer.spoke, peer.heard_s))
        out.close()
        self.peers.discard(out)
        return True

    def _refused(self, fault: str) -> None:
        self.inbox.drop(Drop.HANDSHAKE)
        self.inbox.fault = f"a client: {fault}"

    def _counted(self) -> None:
        self.inbox.clients = len(self.peers)
        for peer in self.peers:
            peer.share.fair.set(self.feed.reports_per_s / len(self.peers))

    async def _pump(self, reader: asyncio.StreamReader, peer: Peer, parser: CotStream) -> None:
        data = await self._first(reader)
        while data:
            peer.hear()
            self.inbox.read(parser, data, peer.share)
            for control in parser.controls:
                if control == ASK and not peer.protobuf:
                    peer.write(_control(ANSWER, GRANT))
                    peer.protobuf = True
                elif control == PING:
                    peer.write(write_stream(_service(PONG)) if peer.protobuf else _control(PONG))
            parser.controls.clear()
            # the others' turn
            await asyncio.sleep(0)
            data = await reader.read(FEED_CHUNK_BYTES)

    async def _first(self, reader: asyncio.StreamReader) -> bytes:
        """The first that a client says; empty where it says nothing for too long."""
        try:
            async with asyncio.timeout(FEED_FIRST_WORD_S):
                return await reader.read(FEED_CHUNK_BYTES)
        except TimeoutError:
            self.inbox.drop(Drop.CLIENTS)
            return b""


class Datagrams(asyncio.DatagramProtocol):
    """A feed over UDP."""

    def __init__(self, feed: Feed, inbox: Inbox) -> None:
        self.feed = feed
        self.inbox = inbox
        self.address: tuple[str, int] | None = None
        """Where it listens, once it does."""
        self._waiting: deque[bytes] = deque()
        self._there = asyncio.Event()
        self._transport: asyncio.DatagramTransport | None = None

    def datagram_received(self, data: bytes, _: object) -> None:
        """Keep it for the feed's turn."""
        if len(self._waiting) >= FEED_DATAGRAMS_MAX:
            self.inbox.drop(Drop.BUFFER)
            return
        self._waiting.append(data)
        self._there.set()

    async def run(self) -> None:
        """Receive until cancelled."""
        address = address_of(self.feed)
        assert address is not None, "settings are checked before"
        while True:
            try:
                await self._open(address)
                break
            except (OSError, ValueError) as error:
                self.inbox.lost(words(error))
                await asyncio.sleep(FEED_RETRY_S_MAX)
        self.inbox.connected()
        parser = parser_of(self.feed, datagrams=True)
        try:
            while True:
                await self._there.wait()
                self._there.clear()
                while self._waiting:
                    self._turn(parser)
                    await asyncio.sleep(0)
        finally:
            if self._transport is not None:
                self._transport.close()

    def _turn(self, parser: Parser) -> None:
        end_s = time.monotonic() + TURN_S
        while self._waiting and time.monotonic() < end_s:
            self.inbox.read(parser, self._waiting.popleft())

    async def _open(self, address: Address) -> None:
        group = ip_address(address.host) if address.host[0].isdigit() or ":" in address.host else None
        family = socket.AF_INET6 if group is not None and group.version == 6 else socket.AF_INET
        bound = socket.socket(family, socket.SOCK_DGRAM)
        try:
            bound.setblocking(False)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BYTES)
            if group is not None and group.is_multicast:
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                _join(bound, group.packed)
                bound.bind((address.host, address.port))
            else:
                bound.bind((address.host, address.port))
            self.address = bound.getsockname()[:2]
            self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, sock=bound)
        except BaseException:
            bound.close()
            raise


def _join(bound: socket.socket, group: bytes) -> None:
    if len(group) == 4:
        bound.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group + struct.pack("!I", socket.INADDR_ANY))
    else:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + struct.pack("@I", 0))


def _service(kind: str, detail: str = "") -> Said:
    now_us = time.time_ns() // 1_000
    return Said("wideberth", kind, now_us, now_us + STALE_S * 1_000_000, 0, 0, detail=detail)


def _control(kind: str, detail: str = "") -> bytes:
    return write_xml(_service(kind, detail))


def _name(writer: asyncio.StreamWriter) -> str:
    held = writer.get_extra_info("peercert") or {}
    for relative in held.get("subject", ()):
        for member, value in relative:
            if member == "commonName":
                return str(value)[:80]
    at = writer.get_extra_info("peername")
    return f"{at[0]}:{at[1]}" if at else "unknown"


def _site(writer: asyncio.StreamWriter) -> str:
    """Whom an address belongs to, as far as it tells."""
    at = writer.get_extra_info("peername")
    if not at:
        return ""
    address = ip_address(at[0].partition("%")[0])
    if address.version == 4:
        return str(address)
    return str(address.ipv4_mapped or int(address) >> IP6_HOST_BITS)
