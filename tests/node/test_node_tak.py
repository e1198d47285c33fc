"""PyTAK at a running node: its party's volumes, conflicts and alerts, nothing of what another keeps private."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from served import founded, seed_of
from takyd import Heard, Pytak, pytak_at, taky
from test_node_live import Sky
from worlds import circle

from wideberth.api.app import create_app
from wideberth.client import Answer, Client
from wideberth.config import Config
from wideberth.feeds.listen import Listener
from wideberth.node import Node
from wideberth.node.live import Live
from wideberth.node.serve import listen, uvicorn_server
from wideberth.party.alerts import Aircraft, SetAircraft
from wideberth.party.command import Disclosure
from wideberth.space.volume import Volume4D

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
MINUTE_US = 60_000_000
FEEDS = """
[[feeds]]
name = "roof"
format = "sbs"
url = "tcp://127.0.0.1:{roof}"
"""
DESK = """
[[feeds]]
name = "{name}"
format = "cot"
party = "{party}"
{way} = "tcp://127.0.0.1:{port}"
"""
HEAD_ON = (("3c6444", 42.0, -38.12, 240.0, 90.0, 33_000), ("4b1815", 42.0, -37.88, 240.0, 270.0, 33_000))


@asynccontextmanager
async def watched(folder: Path, *desks: str) -> AsyncIterator[tuple[Live, str]]:
    """A node whose feeds are two aircraft head on and these; its address."""
    sky = Sky(*HEAD_ON)
    server = await asyncio.start_server(sky.serve, "127.0.0.1", 0)
    feeds = folder.parent / "feeds.toml"
    feeds.write_text(FEEDS.format(roof=server.sockets[0].getsockname()[1]) + "".join(desks))
    config = Config(folder=folder, port=0, feeds=feeds)
    async with Node.open(config) as node, Live.open(node) as live:
        node.live, node.on_entry = live, live.entry
        listening = listen(config)
        serving = uvicorn_server(create_app(node), config)
        running = asyncio.create_task(serving.serve(sockets=[listening]))
        while not serving.started:
            await asyncio.sleep(0.01)
        sky.begin()
        yield live, f"http://127.0.0.1:{listening.getsockname()[1]}"
        node.stop_streams()
        serving.should_exit = True
        await running
        listening.close()
    server.close()


def fly(url: str, party: str, address: str, lat: float, disclosure: Disclosure) -> str:
    """A plan that is flown by an aircraft; its id in hexadecimals."""
    now_us = time.time_ns() // 1_000
    where = Volume4D(circle(lat, -38, 40_000), -300_000, 20_000_000, now_us - MINUTE_US, now_us + 60 * MINUTE_US)
    with Client(url, party, seed_of(party)) as client:
        operation = client.new_id()
        assert isinstance(client.plan(operation, [where], disclosure=disclosure, label=f"{party}-1"), Answer)
        assert isinstance(client.say(SetAircraft(operation, 0), [Aircraft((address,))]), Answer)
    return operation.hex()


async def heard(client: Pytak, *wanted: str) -> list[Heard]:
    """Wait until marks with these beginnings were heard; all that was."""
    async with asyncio.timeout(90):
        while not all(any(h.callsign.startswith(one) for h in client.heard) for one in wanted):
            await asyncio.sleep(0.1)
    return client.heard


def port_of(live: Live, name: str) -> int:
    """Where a listener listens."""
    intake = live.receiver.intake(name)
    assert isinstance(intake, Listener)
    assert intake.address is not None
    return intake.address[1]


def check(marks: list[Heard], own: str, hidden: str) -> None:
    """The own volume, the conflict with a party that is not named, the other aircraft; nothing of the hidden plan."""
    assert any(own in mark.uid and mark.callsign == "operation AAA" for mark in marks)
    (conflict,) = {mark.uid: mark for mark in marks if mark.uid.startswith("wideberth.conflict.")}.values()
    assert conflict.type.startswith("u-d-")
    assert "with a party that is not named" in conflict.remarks
    alert = next(mark for mark in marks if mark.type == "a-u-A")
    assert alert.callsign == "4b1815"
    assert alert.remarks.startswith("ALERT ")
    for mark in marks:
        assert hidden not in mark.uid
        assert "BBB" not in mark.uid + mark.callsign + mark.remarks


def test_pytak_at_the_listener_of_a_party(tmp_path: Path) -> None:
    """In XML and in protobuf alike; each party's desk sees its own, a third one nothing; what a desk says becomes a
    track and is passed on to no other desk.
    """
    founded(tmp_path / "node")
    desks = [DESK.format(name=f"desk-{p.lower()}", party=p, way="listen", port=0) for p in ("AAA", "BBB", "CCC")]

    async def run() -> None:
        async with watched(tmp_path / "node", *desks) as (live, url):
            a, b, c = (port_of(live, f"desk-{party}") for party in ("aaa", "bbb", "ccc"))
            async with (
                pytak_at(a) as xml,
                pytak_at(a, TAK_PROTO="1") as binary,
                pytak_at(b) as other,
                pytak_at(c) as third,
            ):
                own = await asyncio.to_thread(fly, url, "AAA", "3c6444", 42.0, Disclosure.CONFLICT_ONLY)
                hidden = await asyncio.to_thread(fly, url, "BBB", "4b1815", 42.1, Disclosure.PRIVATE)
                for client in (xml, binary):
                    check(await heard(client, "operation AAA", "CONFLICT", "4b1815"), own, hidden)
                theirs = await heard(other, "operation BBB", "CONFLICT", "3c6444")
                assert not any(own in mark.uid for mark in theirs)
                await xml.send("pytak-1", 42.5, -38.5)
                async with asyncio.timeout(30):
                    while live.swept is None or live.swept.tracks < 3:
                        await asyncio.sleep(0.1)
                await asyncio.sleep(1.5)
                assert {mark.type for mark in third.heard} == {"t-x-takp-v"}
                assert "pytak-1" not in {*other.uids(), *third.uids()}

    asyncio.run(run())


def test_pytak_hears_a_node_through_taky(tmp_path: Path) -> None:
    """The node is client of a server that others wrote, PyTAK another: it sees the same as at a listener."""
    founded(tmp_path / "node")

    async def run(port: int) -> None:
        desk = DESK.format(name="tak", party="AAA", way="url", port=port)
        async with watched(tmp_path / "node", desk) as (live, url), pytak_at(port) as client:
            own = await asyncio.to_thread(fly, url, "AAA", "3c6444", 42.0, Disclosure.CONFLICT_ONLY)
            hidden = await asyncio.to_thread(fly, url, "BBB", "4b1815", 42.1, Disclosure.PRIVATE)
            check(await heard(client, "operation AAA", "CONFLICT", "4b1815"), own, hidden)
            await client.send("pytak-1", 42.5, -38.5)
            async with asyncio.timeout(30):
                while live.swept is None or live.swept.tracks < 3:
                    await asyncio.sleep(0.1)

    (tmp_path / "taky").mkdir()
    with taky(tmp_path / "taky") as port:
        asyncio.run(run(port))
