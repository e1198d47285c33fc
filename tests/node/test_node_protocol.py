"""What comes before a handler is bounded: heads that never end, heads that never come, bodies that stall."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from api_kit import World, on_loopback, run

from wideberth.api import call
from wideberth.limits import HEAD_BYTES_MAX
from wideberth.node import protocol


@asynccontextmanager
async def connected(world: World) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A bare connection to the node."""
    async with on_loopback(world) as client:
        reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        try:
            yield reader, writer
        finally:
            writer.close()


async def sent_until_closed(writer: asyncio.StreamWriter, piece: bytes, most: int) -> int:
    """How many bytes could be sent before the other end hung up."""
    sent = 0
    try:
        while sent < most:
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
            await asyncio.sleep(0)
    except ConnectionError:
        return sent
    return sent


@pytest.mark.parametrize("piece", [b"x" * 8_192, b"x-header: value\r\n" * 512], ids=["one", "many"])
def test_a_head_without_end_is_cut_off(tmp_path: Path, piece: bytes) -> None:
    """One endless header or endlessly many: 400 and an end, long before they cost anything."""

    async def steps(world: World) -> None:
        async with connected(world) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nx-long: ")
            sent = await sent_until_closed(writer, piece, 100 * HEAD_BYTES_MAX)
            assert sent < 100 * HEAD_BYTES_MAX
            try:
                answer = await asyncio.wait_for(reader.read(), 10)
            except ConnectionError:
                return
            assert answer.startswith(b"HTTP/1.1 400")

    run(tmp_path, steps)


def test_a_head_that_does_not_come_ends_the_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A silent connection, and one that stops in the middle of a head, are closed after the time for heads."""
    monkeypatch.setattr(protocol, "HEAD_S_MAX", 0.2)

    async def steps(world: World) -> None:
        for begun in (b"", b"GET /v1/about HTTP/1.1\r\nhost: x\r\n"):
            async with connected(world) as (reader, writer):
                writer.write(begun)
                assert await asyncio.wait_for(reader.read(), 10) == b""

    run(tmp_path, steps)


def test_a_body_that_stalls_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who announces a body and does not send it hears so after the time for bodies; the node serves others."""
    monkeypatch.setattr(call, "BODY_S_MAX", 0.2)

    async def steps(world: World) -> None:
        async with connected(world) as (reader, writer):
            head = (
                b"POST /v1/commands HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n"
            )
            writer.write(head + b"{")
            answer = await asyncio.wait_for(reader.readline(), 10)
            assert answer.startswith(b"HTTP/1.1 408")
            assert (await world.client.get("/healthz")).status_code == 200

    run(tmp_path, steps)


def test_requests_follow_one_another_on_a_connection(tmp_path: Path) -> None:
    """The bounds count each head by itself: many requests on one connection are all answered."""

    async def steps(world: World) -> None:
        async with on_loopback(world) as client:
            padding = {"x-padding": "x" * 8_000}
            for _ in range(3 * HEAD_BYTES_MAX // 8_000):
                assert (await client.get("/healthz", headers=padding)).status_code == 200

    run(tmp_path, steps)
