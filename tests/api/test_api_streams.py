"""The stream: every notice once, in order, whatever becomes of the line."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
from api_kit import World, on_loopback, run, until
from worlds import START_US, seed_of

from wideberth.limits import STREAMS_PER_PARTY_MAX
from wideberth.party.command import Disclosure, RevokeKey
from wideberth.party.identity import public_key

TICK_US = 5_000_000


async def events(client: httpx.AsyncClient, headers: dict[str, str], after: int) -> AsyncIterator[tuple[str, Any]]:
    """Event names and data as they come."""
    async with client.stream("GET", "/v1/stream", params={"after": after}, headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        async for line in answer.aiter_lines():
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif fields:
                data = json.loads(fields["data"])
                assert fields.get("id", str(data.get("number"))) == str(data.get("number"))
                yield fields["event"], data
                fields = {}


async def numbers_until(client: httpx.AsyncClient, headers: dict[str, str], after: int, most: int) -> list[int]:
    """The numbers that come, at most so many, until a tick says that nothing waits."""
    found: list[int] = []
    async with aclosing(events(client, headers, after)) as heard:
        async for name, data in heard:
            if name == "notice":
                found.append(data["number"])
            if len(found) >= most or (name == "tick" and most > 1_000):
                break
    return found


def test_a_stream_resumes_without_loss_or_doubling(tmp_path: Path) -> None:
    """Lines that break at random places while notices are made: together every number once, in order."""

    async def steps(world: World) -> None:
        chance = random.Random(7)
        headers = await world.headers("AAA")
        total = 60
        got: list[int] = []

        async def make() -> None:
            for i in range(total):
                lat = 31 + (i % 30) * 0.6
                await world.plan("AAA", world.box(lat=lat, lon=-44 + i // 30))
                await world.plan("BBB", world.box(lat=lat, lon=-44 + i // 30))

        async with on_loopback(world) as client:
            making = asyncio.create_task(make())
            while len(got) < total:
                few = min(chance.randint(1, 5), total - len(got))
                got += await numbers_until(client, headers, got[-1] if got else 0, few)
            await making
        assert got == list(range(1, total + 1))

    run(tmp_path, steps)


def test_what_is_streamed_is_what_is_read(tmp_path: Path) -> None:
    """A notice on the stream and in the page of notices is the same JSON; the header Last-Event-ID resumes as well."""

    async def steps(world: World) -> None:
        for party in ("AAA", "BBB", "CCC"):
            await world.plan(party, world.box())
        headers = await world.headers("AAA")
        rows = (await world.get("AAA", "/v1/notices")).json()["notices"]
        async with on_loopback(world) as client:
            heard = []
            async with aclosing(events(client, headers, 0)) as stream:
                async for name, data in stream:
                    if name == "tick":
                        break
                    heard.append(data)
            assert heard == rows
            resumed = {**headers, "last-event-id": "1"}
            async with client.stream("GET", "/v1/stream", headers=resumed) as answer:
                async for line in answer.aiter_lines():
                    if line.startswith("id:"):
                        break
            assert line == "id: 2"

    run(tmp_path, steps)


def test_ticks_tell_of_time_and_of_what_is_open(tmp_path: Path) -> None:
    """A tick at once, with each tick of the ledger, and when an open plan changes; none for others' hidden plans."""

    async def steps(world: World) -> None:
        headers = await world.headers("CCC")
        async with on_loopback(world) as client:
            ticks: list[dict[str, Any]] = []

            async def hear() -> None:
                async with aclosing(events(client, headers, 0)) as stream:
                    async for name, data in stream:
                        assert name == "tick"
                        ticks.append(data)

            hearing = asyncio.create_task(hear())
            await until(lambda: len(ticks) == 1)
            await world.plan("AAA", world.box())
            await world.pass_time(TICK_US)
            await until(lambda: len(ticks) == 2)
            assert ticks[1]["open_version"] == ticks[0]["open_version"]
            assert ticks[1]["position"] == ticks[0]["position"] + 2
            assert ticks[1]["checkpoint"].splitlines()[1] == str(ticks[1]["position"])
            await world.plan("BBB", world.box(lat=45), disclosure=Disclosure.OPEN)
            await until(lambda: len(ticks) == 3)
            assert ticks[2]["open_version"] == ticks[0]["open_version"] + 1
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)
        await until(lambda: len(world.node.streams) == 0)

    run(tmp_path, steps)


def test_a_stream_ends_with_its_key(tmp_path: Path) -> None:
    """When the watch key is revoked the stream is closed, and does not open again."""

    async def steps(world: World) -> None:
        headers = await world.headers("AAA")
        async with on_loopback(world) as client:
            heard: list[str] = []

            async def hear() -> None:
                async with aclosing(events(client, headers, 0)) as stream:
                    async for name, _ in stream:
                        heard.append(name)

            hearing = asyncio.create_task(hear())
            await until(lambda: heard == ["tick"])
            revoke = RevokeKey(public_key(seed_of("AAA")), START_US)
            await world.say("AAA", revoke, seeds=(seed_of("AAA", "root"),))
            await asyncio.wait_for(hearing, 10)
            assert heard == ["tick"], "the revocation itself is told to those who still hold a key"
            again = await client.get("/v1/stream", headers=headers)
            assert again.status_code in (401, 403)

    run(tmp_path, steps)


def test_a_number_of_another_history_is_a_fork(tmp_path: Path) -> None:
    """Who knows more notices than this ledger has knows another ledger: 409, on the stream and on the page."""

    async def steps(world: World) -> None:
        await world.plan("AAA", world.box())
        await world.plan("BBB", world.box())
        for path in ("/v1/stream", "/v1/notices"):
            answer = await world.get("AAA", path, after=2)
            assert (answer.status_code, answer.json()["reason"]) == (409, "forked")
        assert (await world.get("AAA", "/v1/stream", after="-1")).status_code == 400

    run(tmp_path, steps)


def test_streams_of_one_party_are_bounded(tmp_path: Path) -> None:
    """Past its number a party's next stream is refused; another party's is not; closing one makes room."""

    async def steps(world: World) -> None:
        places = [world.node.streams.enter("AAA") for _ in range(STREAMS_PER_PARTY_MAX)]
        refused = await world.get("AAA", "/v1/stream")
        assert (refused.status_code, refused.json()["reason"]) == (429, "too-many")
        async with on_loopback(world) as client:
            assert await numbers_until(client, await world.headers("BBB"), 0, 10_000) == []
            world.node.streams.leave("AAA", places[0])  # type: ignore[arg-type]
            assert await numbers_until(client, await world.headers("AAA"), 0, 10_000) == []

    run(tmp_path, steps)
