"""A theatre that is served: a node in a folder, an HTTP client, and parties that sign.

`served(folder)` founds a theatre, opens its node with clocks that only move when told (they tick on by a microsecond a
call), and gives a `World` that talks to it as clients do. Everything is drawn from a seed, by entry: what a command
draws does not depend on what others drew before it.
"""

import asyncio
import base64
import hashlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
from worlds import HOUR, MINUTE, NODE_SEED, START_US, charter, circle, founder, seed_of

from wideberth.api.app import create_app
from wideberth.config import Config
from wideberth.node import Clocks, Node, found_theatre
from wideberth.node.serve import Server, uvicorn_server
from wideberth.node.sessions import challenge_words
from wideberth.party.charter import Charter
from wideberth.party.command import (
    About,
    Activity,
    Command,
    Disclosure,
    Domain,
    Genesis,
    Plan,
    Text,
    Volumes,
)
from wideberth.party.envelope import CONTEXT, Attachment, Envelope, encode, seal
from wideberth.party.identity import public_key, sign
from wideberth.space.volume import Volume4D
from wideberth.theatre.outcome import DECIDE_VERSION
from wideberth.theatre.shown import b64

PARTIES = ("AAA", "BBB", "CCC", "DDD")
__all__ = ["MINUTE", "World", "founder", "run", "served", "unb64"]


class Hands:
    """Two clocks that move by hand, and on by a microsecond with each look."""

    def __init__(self, now_us: int = START_US + 60_000_000) -> None:
        self.wall_us, self.mono_us = now_us, 1_000_000

    def clocks(self) -> Clocks:
        """As a node takes them."""
        return Clocks(self._wall, self._mono)

    def _wall(self) -> int:
        return self.wall_us

    def _mono(self) -> int:
        return self.mono_us

    def move(self, us: int) -> None:
        """Time passes on both."""
        self.wall_us += us
        self.mono_us += us


class Drawn:
    """Random bytes by seed and entry: the n-th draw for an entry is the same, whatever earlier entries drew."""

    def __init__(self, seed: int) -> None:
        self.seed, self._size, self._n = seed, -1, 0
        self.node: Node | None = None

    def __call__(self, n: int) -> bytes:
        """n bytes."""
        size = self.node.state.size if self.node is not None else 0
        self._size, self._n = size, self._n + 1 if size == self._size else 0
        return hashlib.shake_256(f"{self.seed}:{size}:{self._n}".encode()).digest(n)


class World:
    """Parties in front of a node."""

    def __init__(self, node: Node, hands: Hands, client: httpx.AsyncClient, seed: int) -> None:
        self.node, self.hands, self.client = node, hands, client
        self._seed, self._count = seed, 0
        self._tokens: dict[str, str] = {}

    def draw(self, n: int) -> bytes:
        """Bytes of the clients: the same for the same sequence of calls."""
        self._count += 1
        return hashlib.shake_256(f"client:{self._seed}:{self._count}".encode()).digest(n)

    # saying

    def seal(
        self,
        party: str,
        command: Command,
        parts: Sequence[Volumes | About | Text] = (),
        seeds: tuple[bytes, ...] = (),
        **changes: Any,
    ) -> dict[str, Any]:
        """The body of POST /v1/commands."""
        seeds = seeds or (seed_of(party),)
        attached = [Attachment(self.draw(32), encode(part)) for part in parts]
        envelope = Envelope(
            CONTEXT,
            self.node.state.genesis,
            party,
            tuple(public_key(s) for s in seeds),
            self.draw(16),
            self.hands.wall_us + HOUR,
            (0, b""),
            command,
            tuple(a.commitment() for a in attached),
        )
        signed = seal(msgspec.structs.replace(envelope, **changes), seeds)
        return {
            "envelope": b64(signed.envelope),
            "signatures": [b64(s) for s in signed.signatures],
            "parts": [{"salt": b64(a.salt), "content": b64(a.content)} for a in attached],
        }

    async def send(self, body: dict[str, Any]) -> httpx.Response:
        """Post a sealed command."""
        return await self.client.post("/v1/commands", json=body)

    async def say(self, party: str, command: Command, *parts: Volumes | About | Text, **more: Any) -> httpx.Response:
        """Seal and post; a millisecond passes."""
        self.hands.move(1_000)
        return await self.send(self.seal(party, command, parts, **more))

    def planned(
        self,
        party: str,
        *volumes: Volume4D,
        label: str = "",
        note: str = "",
        contact: str = "",
        shared: str = "",
        **changes: Any,
    ) -> tuple[bytes, Plan, list[Volumes | About | Text]]:
        """An operation's id, its command and its parts."""
        operation = changes.pop("operation", None) or self.draw(16)
        base = Plan(operation, 0, 0, 0, Domain.AIR, True, Activity.TRANSPORT, Disclosure.CONFLICT_ONLY, 1)
        parts: list[Volumes | About | Text] = [
            Volumes(tuple(volumes)),
            About(label or f"{party}-{operation[:2].hex()}", note, contact),
        ]
        if shared:
            parts.append(Text("en", shared))
            changes["shared"] = 2
        return operation, msgspec.structs.replace(base, **changes), parts

    async def plan(self, party: str, *volumes: Volume4D, **more: Any) -> tuple[bytes, httpx.Response]:
        """File an operation."""
        operation, command, parts = self.planned(party, *volumes, **more)
        return operation, await self.say(party, command, *parts)

    # reading

    async def open_session(self, party: str, seed: bytes = b"", key_of: str = "") -> httpx.Response:
        """Sign a challenge."""
        seed = seed or seed_of(key_of or party)
        given = (await self.client.post("/v1/challenge", json={"party": party})).json()
        challenge = unb64(given["challenge"])
        words = challenge_words(self.node.origin, party, challenge)
        body = {
            "party": party,
            "key": b64(public_key(seed)),
            "challenge": given["challenge"],
            "signature": b64(sign(seed, words)),
        }
        return await self.client.post("/v1/session", json=body)

    async def token(self, party: str) -> str:
        """A session's token, opened once."""
        if party not in self._tokens:
            self._tokens[party] = (await self.open_session(party)).json()["session"]
        return self._tokens[party]

    async def headers(self, party: str) -> dict[str, str]:
        """What a read carries."""
        return {"authorization": f"Bearer {await self.token(party)}"}

    async def get(self, party: str, path: str, **query: Any) -> httpx.Response:
        """Read; a session that has ended is opened anew."""
        answer = await self.client.get(path, headers=await self.headers(party), params=query or None)
        if answer.status_code == 401:
            del self._tokens[party]
            answer = await self.client.get(path, headers=await self.headers(party), params=query or None)
        return answer

    async def view(self, party: str) -> Any:
        """A party's view."""
        return (await self.get(party, "/v1/view")).json()

    # time

    async def pass_time(self, us: int) -> None:
        """Time passes, and the node takes note of it."""
        self.hands.move(us)
        ticks = self.node.ticks
        self.node._work.set()
        await until(lambda: self.node.ticks > ticks or us < 5_000_000)

    def box(
        self,
        lat: float = 42.0,
        lon: float = -38.0,
        radius_m: float = 2_000,
        band_m: tuple[float, float] = (1_000, 1_500),
        start_h: float = 2,
        hours: float = 1,
    ) -> Volume4D:
        """A round volume, `start_h` after the world's start."""
        start = START_US + round(start_h * HOUR)
        lower, upper = (round(m * 1_000) for m in band_m)
        return Volume4D(circle(lat, lon, radius_m), lower, upper, start, start + round(hours * HOUR))


async def until(holds: Any, tries: int = 2_000) -> None:
    """Wait until something holds; a test that waits in vain fails."""
    for _ in range(tries):
        if holds():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came to hold")


def unb64(text: str) -> bytes:
    """The bytes behind base64url."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def found_in(
    folder: Path, parties: Sequence[str] = PARTIES, rules: Charter | None = None, seed: int = 1, **changes: Any
) -> None:
    """Found a theatre in a folder."""
    founders = changes.pop("founders", None) or tuple(founder(party) for party in parties)
    genesis = Genesis("test", 1, True, rules or charter(), founders, public_key(NODE_SEED), DECIDE_VERSION)
    found_theatre(folder, genesis, NODE_SEED, wall_us=START_US, draw=Drawn(seed))


@asynccontextmanager
async def opened(folder: Path, seed: int = 1, hands: Hands | None = None, **config: Any) -> AsyncIterator[World]:
    """Open the node of a folder, spoken to without a network."""
    hands = hands or Hands()
    drawn = Drawn(seed)
    async with Node.open(Config(folder=folder, **config), clocks=hands.clocks(), draw=drawn, warm=False) as node:
        drawn.node = node
        transport = httpx.ASGITransport(create_app(node))
        async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
            await until(lambda: node.ticks > 0)
            yield World(node, hands, client, seed)


@asynccontextmanager
async def served(folder: Path, seed: int = 1, **more: Any) -> AsyncIterator[World]:
    """Found a theatre and open its node."""
    config = more.pop("config", {})
    hands = more.pop("hands", None)
    found_in(folder, seed=seed, **more)
    async with opened(folder, seed, hands, **config) as world:
        yield world


def run(folder: Path, steps: Callable[[World], Awaitable[None]], **more: Any) -> None:
    """Serve a new theatre and go through the steps."""

    async def go() -> None:
        async with served(folder, **more) as world:
            await steps(world)

    asyncio.run(go())


@asynccontextmanager
async def on_loopback(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The same node behind uvicorn on loopback."""
    listening = socket.create_server(("127.0.0.1", 0))
    server: Server = uvicorn_server(create_app(world.node), world.node.config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    await until(lambda: server.started or serving.done())
    try:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with httpx.AsyncClient(base_url=url, timeout=10) as client:
            yield client
    finally:
        world.node.streams.over = True
        world.node.streams.wake(world.node.streams.parties())
        server.should_exit = True
        await serving
        listening.close()
        world.node.streams.over = False
