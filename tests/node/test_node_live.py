"""The live watch in a running node: from a real socket to the streams of those concerned, then into the ledger."""

import asyncio
import json
import math
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from served import founded, seed_of
from worlds import circle

from wideberth.api.app import create_app
from wideberth.client import Answer, Client
from wideberth.client.hotline import Hotline
from wideberth.config import Config
from wideberth.feeds.parser import Drop
from wideberth.node import Node, live, run
from wideberth.node.live import Live
from wideberth.node.opening import NodeFailed
from wideberth.node.serve import listen, uvicorn_server
from wideberth.party.alerts import OVER, AcknowledgeAlert, Aircraft, SetAircraft, Side, Stage
from wideberth.party.command import Disclosure, OperationState
from wideberth.space.volume import Volume4D

MINUTE_US = 60_000_000
FEED = """
[[feeds]]
name = "roof"
format = "sbs"
url = "tcp://127.0.0.1:{port}"
silence_s = 1.0
"""


class Sky:
    """An SBS server of a test: aircraft that fly straight, a report of each twice a second."""

    def __init__(self, *aircraft: tuple[str, float, float, float, float, int]) -> None:
        """Each: address, latitude, longitude, m/s, degrees, feet; where it is when the flying begins."""
        self.aircraft, self.began = aircraft, 0.0
        self.silent = self.again = False
        self.more = b""

    def begin(self) -> None:
        """They fly from now on; before, nothing is reported."""
        self.began = time.time()

    def lines(self) -> bytes:
        """What is reported now."""
        now, out = time.time(), []
        stamp = datetime.fromtimestamp(now, UTC).strftime("%Y/%m/%d,%H:%M:%S.%f")[:-3]
        for address, lat, lon, speed, track, feet in self.aircraft:
            way = speed * (now - self.began)
            north, east = way * math.cos(math.radians(track)), way * math.sin(math.radians(track))
            at = lat + north / 111_100, lon + east / (111_300 * math.cos(math.radians(lat)))
            head = f"1,1,{address.upper()},1,{stamp},{stamp}"
            out.append(f"MSG,3,{head},,{feet},,,{at[0]:.6f},{at[1]:.6f},,,0,0,0,0\r\n")
            out.append(f"MSG,4,{head},,,{speed / 0.514444:.0f},{track:.0f},,,0,,0,0,0,0\r\n")
        return "".join(out).encode()

    async def serve(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the client is gone."""
        with suppress(asyncio.CancelledError, ConnectionError):
            while not writer.is_closing():
                if self.began and not self.silent:
                    writer.write(self.lines() * (2 if self.again else 1) + self.more)
                await asyncio.sleep(0.5)
        writer.close()


@asynccontextmanager
async def watched(folder: Path, sky: Sky, **settings: Any) -> AsyncIterator[tuple[Node, str]]:
    """A node that watches the sky, and its address."""
    server = await asyncio.start_server(sky.serve, "127.0.0.1", 0)
    feeds = folder.parent / "feeds.toml"
    feeds.write_text(FEED.format(port=server.sockets[0].getsockname()[1]))
    config = Config(folder=folder, port=0, feeds=feeds, **settings)
    async with Node.open(config) as node, Live.open(node) as node.live:
        node.on_entry = node.live.entry
        listening = listen(config)
        serving = uvicorn_server(create_app(node), config)
        running = asyncio.create_task(serving.serve(sockets=[listening]))
        while not serving.started:
            await asyncio.sleep(0.01)
        yield node, f"http://127.0.0.1:{listening.getsockname()[1]}"
        node.stop_streams()
        serving.should_exit = True
        await running
        listening.close()
    server.close()


async def until(found: Callable[[], Awaitable[bool]], seconds: float = 90.0) -> None:
    """Wait for something."""
    end = time.monotonic() + seconds
    while not await found():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.1)


def plan(url: str, party: str, address: str, lat: float, disclosure: Disclosure) -> bytes:
    """A plan that is flown by an aircraft, far from all others; its id."""
    now_us = time.time_ns() // 1_000
    where = Volume4D(circle(lat, -38, 400_000), -300_000, 20_000_000, now_us - MINUTE_US, now_us + 60 * MINUTE_US)
    with Client(url, party, seed_of(party)) as client:
        operation = client.new_id()
        assert isinstance(client.plan(operation, [where], disclosure=disclosure), Answer)
        said = client.say(SetAircraft(operation, 0), [Aircraft((address,))])
        assert isinstance(said, Answer), said
    return operation


def shouted(node: Node, party: str) -> tuple[list[bytes], Callable[[], None]]:
    """What a listener of a party is sent before all else."""
    heard: list[bytes] = []
    place = node.streams.enter(party)
    assert not hasattr(place, "reason")
    place.tell = heard.append  # type: ignore[union-attr,method-assign]
    return heard, lambda: node.streams.leave(party, place)  # type: ignore[arg-type]


def test_from_a_socket_to_both_parties_and_the_ledger(tmp_path: Path) -> None:
    """Two aircraft head on: both parties hear it at once, then the ledger has it; one takes it up; others hear nothing.

    The other's place shows in the alert, nowhere in the ledger.
    """
    founded(tmp_path / "node")
    sky = Sky(("3c6444", 42.0, -38.15, 240.0, 90.0, 33_000), ("4b1815", 42.0, -37.85, 240.0, 270.0, 33_000))

    async def steps() -> None:
        async with watched(tmp_path / "node", sky) as (node, url):
            mine, _ = shouted(node, "AAA")
            strangers, _ = shouted(node, "CCC")
            await asyncio.to_thread(plan, url, "AAA", "3c6444", 42.0, Disclosure.OPEN)
            await asyncio.to_thread(plan, url, "BBB", "4b1815", 42.01, Disclosure.CONFLICT_ONLY)
            sky.begin()

            async def warned() -> bool:
                return any(row.kind == "pair" and len(row.sides) == 2 for row in node.state.alerts.values())

            await until(warned)
            row = next(row for row in node.state.alerts.values() if row.kind == "pair")
            assert [side.party for side in row.sides] == ["AAA", "BBB"]
            assert [side.track for side in row.sides] == ["3c6444", "4b1815"]
            assert row.stage in (Stage.WARNED, Stage.HAPPENED)
            events = [json.loads(e.split(b"data: ")[1]) for e in mine if e.startswith(b"event: alert")]
            pair = next(e for e in events if e["view"]["kind"] == "pair" and e["view"]["state"] == "warned")
            assert (pair["view"]["own"], pair["view"]["other"]) == ("3c6444", "4b1815")
            assert 25 < pair["view"]["closure_m_s"] < 600
            assert abs(pair["view"]["theirs"]["lat_deg"] - 42.0) < 0.05
            assert strangers == []
            with Client(url, "AAA", seed_of("AAA")) as client:
                taken = await asyncio.to_thread(lambda: client.say(AcknowledgeAlert(row.id)))
                assert isinstance(taken, Answer), taken
                seen = await asyncio.to_thread(lambda: Hotline(client).client.connection.get("/v1/watch", dict))
                assert isinstance(seen, dict)
                assert [own["name"] for own in seen["own"]] == ["3c6444"]
                assert [feed["state"] for feed in seen["feeds"]] == ["UP"]
            running = node.live
            assert running is not None

            async def taken_up() -> bool:
                return any("AAA" in alert.acknowledged for alert in running.watch.alerts.by_id.values())

            await until(taken_up)
            for entry in node.ledger.read(0, node.state.size):
                for part in entry.parts[:3]:
                    assert part is None or b"33000" not in part.content

    asyncio.run(steps())


def test_a_feed_that_falls_silent_is_shown(tmp_path: Path) -> None:
    """Connected and silent is DEGRADED, for everybody to see; the tracks end, the node goes on."""
    founded(tmp_path / "node")
    sky = Sky(("3c6444", 42.0, -38.15, 240.0, 90.0, 33_000))

    async def steps() -> None:
        async with watched(tmp_path / "node", sky) as (node, _):
            sky.begin()
            assert node.live is not None
            running = node.live

            async def is_(state: str) -> bool:
                return [health.state.value for health in running.healths()] == [state]

            await until(lambda: is_("UP"))
            sky.silent = True
            await until(lambda: is_("DEGRADED"))
            assert node.trouble() is None

    asyncio.run(steps())


def test_feeds_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is not there, or says what no feed is, keeps the node from starting, in one sentence."""
    founded(tmp_path / "node")

    async def start(feeds: Path) -> None:
        config = Config(folder=tmp_path / "node", port=0, feeds=feeds)
        async with Node.open(config, warm=False) as node, Live.open(node):
            raise AssertionError("it must not start")

    with pytest.raises(NodeFailed, match="No such file"):
        asyncio.run(start(tmp_path / "missing.toml"))
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('[[feeds]]\nname = "x"\nformat = "telepathy"\nurl = "tcp://127.0.0.1:1"\n')
    with pytest.raises(NodeFailed, match="feeds"):
        asyncio.run(start(wrong))


def test_a_fault_of_its_own_ends_the_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes reports over fails, or a sweep does: the node ends and says so in one sentence, for a watch must not
    die quietly."""
    sky = Sky(("3c6444", 42.0, -38.15, 240.0, 90.0, 33_000))

    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    async def steps(folder: Path) -> str:
        async with watched(folder, sky) as (node, _):
            sky.begin()
            async with asyncio.timeout(60):
                await node.ended.wait()
            return node.failed

    for part, what in (("_take", "takes reports over"), ("_work", "sweeps")):
        founded(tmp_path / part / "node")
        with monkeypatch.context() as patched:
            patched.setattr(Live, part, broken)
            sentence = asyncio.run(steps(tmp_path / part / "node"))
        assert what in sentence
        assert "ZeroDivisionError: a bug" in sentence


def test_figures_of_feeds(tmp_path: Path) -> None:
    """What each feed gave, what of it was refused or left out and why, and how it is; labels from closed sets alone."""
    founded(tmp_path / "node")
    sky = Sky(("3c6444", 42.0, -38.15, 240.0, 90.0, 33_000))
    sky.more = b"MSG,3,nonsense\r\n"

    async def steps() -> None:
        async with watched(tmp_path / "node", sky) as (node, _):
            sky.begin()
            figure = node.metrics.registry.get_sample_value

            async def counted() -> bool:
                left_out = figure("wideberth_feed_left_out_total", {"feed": "roof", "reason": "repeated"})
                return (figure("wideberth_feed_reports_total", {"feed": "roof"}) or 0) > 5 and (left_out or 0) > 0

            sky.again = True
            await until(counted)
            refused = figure("wideberth_feed_refused_total", {"feed": "roof", "reason": "malformed"})
            assert refused is not None
            assert refused > 0
            assert [figure("wideberth_feed_state", {"feed": "roof", "state": s}) for s in ("UP", "DOWN")] == [1.0, 0.0]
            silent, lag = (figure(f"wideberth_feed_{name}_seconds", {"feed": "roof"}) for name in ("silent", "lag"))
            assert silent is not None
            assert lag is not None
            assert abs(lag) < 30
            assert figure("wideberth_tracks") == 1.0
            told = [sample for family in node.metrics.registry.collect() for sample in family.samples]
            feeds = [sample for sample in told if sample.name.startswith("wideberth_feed_")]
            assert {sample.labels["feed"] for sample in feeds} == {"roof"}
            assert {s.labels["reason"] for s in feeds if s.name == "wideberth_feed_refused_total"} == set(Drop)
            assert len({s.labels["reason"] for s in feeds if s.name == "wideberth_feed_left_out_total"}) == 8

    asyncio.run(steps())


def test_ready_is_said_after_everything_is_compiled(tmp_path: Path) -> None:
    """A node with feeds rehearses a sweep, then answers; one whose feeds cannot be read never says that it is ready."""
    founded(tmp_path / "node")
    feeds = tmp_path / "feeds.toml"
    feeds.write_text(FEED.format(port=1))
    log: list[str] = []

    def ready(_: object) -> None:
        log.append("ready")
        os.kill(os.getpid(), signal.SIGTERM)

    def rehearsed(*_: object) -> None:
        log.append("rehearsed")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(live, "rehearse", rehearsed)
        run(Config(folder=tmp_path / "node", port=0, feeds=feeds), ready)
        assert log == ["rehearsed", "ready"]
        feeds.write_text("[[feeds]]\n")
        with pytest.raises(NodeFailed, match=r"feeds\.toml"):
            run(Config(folder=tmp_path / "node", port=0, feeds=feeds), ready)
    assert log == ["rehearsed", "ready"]


def test_who_is_named_late_is_warned_of_what_is_open(tmp_path: Path) -> None:
    """An alert stands when one side's aircraft gets a party: that one hears of it at once, and the ledger has both."""
    founded(tmp_path / "node")
    sky = Sky(("3c6444", 42.0, -38.15, 100.0, 90.0, 33_000), ("4b1815", 42.0, -37.85, 100.0, 270.0, 33_000))

    async def steps() -> None:
        async with watched(tmp_path / "node", sky) as (node, url):
            sky.begin()
            theirs, _ = shouted(node, "BBB")
            await asyncio.to_thread(plan, url, "AAA", "3c6444", 42.0, Disclosure.OPEN)

            def sides() -> list[list[str]]:
                return [[side.party for side in row.sides] for row in node.state.alerts.values() if row.kind == "pair"]

            async def alone() -> bool:
                return sides() == [["AAA"]]

            async def both() -> bool:
                return sides() == [["AAA", "BBB"]]

            await until(alone)
            assert theirs == []
            await asyncio.to_thread(plan, url, "BBB", "4b1815", 42.01, Disclosure.CONFLICT_ONLY)
            await until(both)
            views = [json.loads(e.split(b"data: ")[1])["view"] for e in theirs if e.startswith(b"event: alert")]
            assert {"4b1815", "3c6444"} in [{view["own"], view["other"]} for view in views]

    asyncio.run(steps())


def test_what_ends_is_named_to_the_end_of_its_alert(tmp_path: Path) -> None:
    """A plan ends while a stranger is in it: the alert passes, and the ledger still has it as the plan's."""
    founded(tmp_path / "node")
    sky = Sky(("3c6444", 42.0, -38.15, 100.0, 90.0, 33_000))

    async def steps() -> None:
        async with watched(tmp_path / "node", sky) as (node, url):
            operation = await asyncio.to_thread(plan, url, "BBB", "4b1815", 42.0, Disclosure.OPEN)
            sky.begin()

            def sides(*stages: Stage) -> list[Side]:
                rows = [row for row in node.state.alerts.values() if row.kind == "entry" and row.stage in stages]
                return [side for row in rows for side in row.sides]

            async def happened() -> bool:
                return bool(sides(Stage.HAPPENED))

            async def passed() -> bool:
                return bool(sides(Stage.PASSED))

            await until(happened)
            with Client(url, "BBB", seed_of("BBB")) as client:
                ended = await asyncio.to_thread(client.set_state, operation, 1, OperationState.ENDED)
            assert isinstance(ended, Answer), ended
            await until(passed)
            assert sides(Stage.PASSED) == [Side("BBB", operation, "")]

    asyncio.run(steps())


def test_what_a_run_left_open_is_lost_in_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node ends while a pair is too near: in the next run that alert is lost, and another opens where it still is."""
    founded(tmp_path / "node")
    sky = Sky(("3c6444", 42.0, -38.15, 100.0, 90.0, 33_000), ("4b1815", 42.0, -37.85, 100.0, 270.0, 33_000))
    monkeypatch.setattr(live, "LEFT_S", 3.0)

    def stages(node: Node) -> dict[bytes, Stage]:
        return {row.id: row.stage for row in node.state.alerts.values() if row.kind == "pair"}

    async def first() -> bytes:
        async with watched(tmp_path / "node", sky) as (node, url):
            sky.begin()
            await asyncio.to_thread(plan, url, "AAA", "3c6444", 42.0, Disclosure.OPEN)

            async def warned() -> bool:
                return bool(stages(node))

            await until(warned)
            return next(iter(stages(node)))

    async def second(old: bytes) -> None:
        async with watched(tmp_path / "node", sky) as (node, _):
            assert stages(node)[old] not in OVER

            async def passed() -> bool:
                return stages(node)[old] is Stage.LOST

            async def anew() -> bool:
                return any(stage not in OVER for stage in stages(node).values())

            await until(passed)
            await until(anew)

    asyncio.run(second(asyncio.run(first())))


def test_a_clock_that_was_set_back_begins_the_watch_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten minutes back: what was open is lost, and what is still too near opens anew, within seconds."""
    founded(tmp_path / "node")
    sky = Sky(("3c6444", 42.0, -38.15, 100.0, 90.0, 33_000), ("4b1815", 42.0, -37.85, 100.0, 270.0, 33_000))
    monkeypatch.setattr(live, "LEFT_S", 3.0)

    async def steps() -> None:
        async with watched(tmp_path / "node", sky) as (node, url):
            sky.begin()
            running = node.live
            assert running is not None
            await asyncio.to_thread(plan, url, "AAA", "3c6444", 42.0, Disclosure.OPEN)

            def stages() -> list[Stage]:
                return sorted(row.stage for row in node.state.alerts.values() if row.kind == "pair")

            async def warned() -> bool:
                return stages() in ([Stage.WARNED], [Stage.HAPPENED])

            async def anew() -> bool:
                return len(stages()) == 2 and Stage.LOST in stages()

            await until(warned)
            running.now_us += 600_000_000
            await until(anew)
            assert node.trouble() is None

    asyncio.run(steps())


def test_a_ledger_that_hangs_holds_no_warning_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk takes nothing for a while: the stream hears of what comes near all the same, the ledger afterwards."""
    founded(tmp_path / "node")
    sky = Sky(("3c6444", 42.0, -38.15, 100.0, 90.0, 33_000))
    hangs, goes_on = threading.Event(), threading.Event()

    def hanging(*_: object) -> None:
        hangs.set()
        assert goes_on.wait(120)

    async def steps() -> None:
        async with watched(tmp_path / "node", sky) as (node, url):
            sky.begin()
            mine, _ = shouted(node, "AAA")
            await asyncio.to_thread(plan, url, "AAA", "3c6444", 42.0, Disclosure.OPEN)

            async def known() -> bool:
                assert node.live is not None
                return [own.name for own in (await node.live.picture("AAA")).own] == ["3c6444"]

            async def hung() -> bool:
                return hangs.is_set()

            async def heard() -> bool:
                return any(event.startswith(b"event: alert") for event in mine)

            async def told() -> bool:
                return any(row.kind == "pair" for row in node.state.alerts.values())

            await until(known)
            with monkeypatch.context() as patched:
                patched.setattr(node.sequencer, "pass_time", hanging)
                await until(hung)
            assert mine == []
            sky.aircraft = (*sky.aircraft, ("4b1815", 42.0, -37.85, 100.0, 270.0, 33_000))
            await until(heard)
            assert not node.state.alerts
            goes_on.set()
            await until(told)

    try:
        asyncio.run(steps())
    finally:
        goes_on.set()
