"""Suppliers of a test, on loopback: they hear requests and answer as they are told, well or badly.

`Uss(answer)` serves while its context is open; `heard` is all that came. `answer(heard, writer)` writes raw bytes; what
it returns as text or bytes is written too, and True ends the connection. `Issuer` gives tokens. `fast` is a clock that
runs ahead of the world.
"""

import asyncio
import itertools
import json
import random
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from wideberth.config import Config
from wideberth.delivery import Clock, Destination, Outbound, Outcome, OwnTokens, Proof
from wideberth.delivery.line import Times, Way

QUICK = Times(connect_s=0.5, gap_s=0.3, total_s=0.6)
PROOF = Proof(UUID("03e5572a-f733-49af-bc14-8a18bd53ee39").bytes, "9d158f5980b74c119c0c8a2b4d936b2d")
CHALLENGE = "/.well-known/wideberth-challenge"


@dataclass
class Heard:
    """One request as it came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def path(self) -> str:
        """Without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """First value of each name."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}


Answer = Callable[[Heard, asyncio.StreamWriter], Awaitable[bytes | None]]


def http(status: int, body: bytes | str = b"", **headers: str) -> bytes:
    """An answer as it goes over the line."""
    raw = body.encode() if isinstance(body, str) else body
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    length = "" if status == 204 else f"content-length: {len(raw)}\r\n"
    return f"HTTP/1.1 {status} Said\r\n{length}{named}\r\n".encode() + raw


def always(raw: bytes, *, close: bool = False) -> Answer:
    """The same bytes to everybody."""

    async def answer(_: Heard, writer: asyncio.StreamWriter) -> bytes:
        if close:
            writer.write(raw)
            await writer.drain()
            raise ConnectionResetError
        return raw

    return answer


async def consenting(heard: Heard, _: asyncio.StreamWriter) -> bytes:
    """Says yes to the node's challenge and takes whatever comes."""
    return http(200, heard.query["nonce"]) if heard.path.endswith(CHALLENGE) else http(204)


def after_yes(then: Answer) -> Answer:
    """Says yes to the challenge, then does something else with what is sent."""

    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> bytes | None:
        if heard.path.endswith(CHALLENGE):
            return http(200, heard.query["nonce"])
        return await then(heard, writer)

    return answer


def standard(proof: Proof | None = PROOF, **reference: Any) -> Answer:
    """Knows nothing of the node's challenge; serves the details of its own intent, as F3548-21 says."""

    async def answer(heard: Heard, _: asyncio.StreamWriter) -> bytes:
        if heard.method == "POST":
            return http(204)
        if proof is None or not heard.path.endswith(f"/uss/v1/operational_intents/{UUID(bytes=proof.entity)}"):
            return http(404, "no such thing")
        said = {"id": str(UUID(bytes=proof.entity)), "ovn": proof.ovn, **reference}
        return http(200, json.dumps({"operational_intent": {"reference": said, "details": {}}}))

    return answer


async def hanging(_: Heard, __: asyncio.StreamWriter) -> None:
    """Takes the request and says nothing."""
    await asyncio.sleep(30)


async def dripping(_: Heard, writer: asyncio.StreamWriter) -> None:
    """A byte now and then, for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def flooding(_: Heard, writer: asyncio.StreamWriter) -> None:
    """More and more."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65_536)
        await writer.drain()


class Uss:
    """A server on loopback."""

    def __init__(self, answer: Answer = consenting, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.answer, self.tls = answer, tls
        self.heard: list[Heard] = []
        self.connections = 0
        self.open_at_once = self.most_at_once = 0
        self.port = port
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def posts(self) -> list[Heard]:
        """What was sent, challenges left out."""
        return [h for h in self.heard if h.method == "POST"]

    async def __aenter__(self) -> "Uss":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        number = self.connections
        try:
            while (heard := await self._hear(reader, number)) is not None:
                self.heard.append(heard)
                self.open_at_once += 1
                self.most_at_once = max(self.most_at_once, self.open_at_once)
                try:
                    writer.write(await self.answer(heard, writer) or b"")
                finally:
                    self.open_at_once -= 1
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            number = 0
        finally:
            writer.transport.abort()
            self._tasks.discard(task)

    async def _hear(self, reader: asyncio.StreamReader, number: int) -> Heard | None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        except (asyncio.IncompleteReadError, OSError):
            return None
        method, target, _ = head[0].split(" ")
        headers = {n.lower(): v.strip() for n, v in (line.split(":", 1) for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Heard(method, target, headers, body, number)


class Issuer(Uss):
    """Gives a token for whatever is asked, a new one each time."""

    def __init__(self, **answer: Any) -> None:
        super().__init__(self._give)
        self.said: dict[str, Any] = answer
        self._numbers = itertools.count(1)

    async def _give(self, heard: Heard, _: asyncio.StreamWriter) -> bytes:
        said = {"access_token": f"token.{next(self._numbers)}", "token_type": "Bearer", "expires_in": 3600}
        return http(200, json.dumps({**said, **self.said}))


def fast(factor: float = 1.0) -> Clock:
    """A clock that runs so many times as fast as the world."""

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds / factor)

    began = time.monotonic_ns()
    return Clock(
        lambda: 1_800_000_000_000_000 + round((time.monotonic_ns() - began) * factor / 1_000),
        lambda: round((time.monotonic_ns() - began) * factor / 1_000),
        sleep,
    )


def config(issuer: str = "", **more: Any) -> Config:
    """Settings of a laptop: http, and addresses of loopback."""
    asked = {"http_uss": True, "private_uss": True, "outbound_token_url": issuer, "outbound_client_id": "node"}
    return Config(folder=Path("nowhere"), **{**asked, **more})


async def to_loopback(host: str, port: int) -> Sequence[str]:
    """Every name is this machine."""
    return ["127.0.0.1"]


@dataclass
class Sending:
    """An `Outbound` that runs, and what it said of each message."""

    outbound: Outbound
    tokens: OwnTokens
    results: list[tuple[str, Destination, Outcome]] = field(default_factory=list)

    def send(self, base: str, number: int = 0, *, manager: str = "uss1", subject: str = "", **more: Any) -> Any:
        """A message about an intent; `number` tells it from others."""
        given = {"path": "/uss/v1/operational_intents", "kind": "intent", "proof": None, **more}
        body = given.pop("body", json.dumps({"number": number}).encode())
        return self.outbound.send(manager, base, body=body, subject=subject, **given)

    async def until(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        """Wait for something that must come."""
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.002)

    async def ended(self, count: int) -> list[Outcome]:
        """How the first so many messages ended."""
        await self.until(lambda: len(self.results) >= count)
        return [outcome for _, _, outcome in self.results]

    def figure(self, outcome: str, kind: str = "intent") -> float:
        """What the operator reads."""
        labels = {"kind": kind, "outcome": outcome}
        return self.outbound._figures.registry.get_sample_value("wideberth_deliveries_total", labels) or 0.0


@asynccontextmanager
async def sending(clock: Clock | None = None, **more: Any) -> Any:
    """An outbound with an issuer behind it."""
    settings = {name: more.pop(name) for name in ("http_uss", "private_uss") if name in more}
    times = more.pop("times", QUICK)
    clock = clock or fast()
    async with Issuer() as issuer:
        given = config(issuer.url, **settings)
        tokens = OwnTokens(given, clock, Way(times))
        results: list[tuple[str, Destination, Outcome]] = []
        way = more.pop("way", None) or Way(times)
        out = Outbound(
            given, tokens, clock, random.Random(1), lambda *r: results.append(r), way=way, resolve=to_loopback, **more
        )
        running = asyncio.create_task(out.run())
        try:
            yield Sending(out, tokens, results)
        finally:
            await out.close()
            await running
            await tokens.close()
