"""Feeds over real sockets: streams, polls, datagrams, pipes; faults, floods and silence."""

import asyncio
import contextlib
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from feeds_kit import GOLDEN, NOW
from feeds_wire import Authority, collecting, until
from msgspec.structs import replace
from test_feeds_asterix import ADSB, PLOT, SITE, pack
from test_feeds_cot import PLAIN

from wideberth.feeds import connect, told
from wideberth.feeds.formats import Format
from wideberth.feeds.listen import Listener
from wideberth.feeds.parser import Drop
from wideberth.feeds.readsb import ReadsbLines
from wideberth.feeds.receive import Receiver
from wideberth.feeds.report import AddressKind, Method, Report
from wideberth.feeds.sbs import Sbs
from wideberth.feeds.settings import Feed
from wideberth.feeds.told import FeedState, Inbox
from wideberth.limits import FEED_WAITING_MAX
from wideberth.watch import absorb

SBS = (GOLDEN / "sbs.txt").read_bytes()
Served = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(served: Served, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server on a free port: its address. In the end it closes what it opened."""
    opened: list[asyncio.StreamWriter] = []

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(writer)
        with contextlib.suppress(ConnectionError):
            await served(reader, writer)

    server = await asyncio.start_server(one, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    for writer in opened:
        writer.transport.abort()
    await asyncio.sleep(0.01)


def report(n: int) -> Report:
    """A report that says which it is."""
    return Report("f", f"{n:06x}", AddressKind.ICAO, Method.ADS_B, NOW + n, NOW + n, baro_ft=100)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "FEED_RETRY_FIRST_S", 0.05)
    monkeypatch.setattr(connect, "FEED_RETRY_S_MAX", 0.1)


def test_a_stream_that_breaks_is_connected_again() -> None:
    """Half a message is lost with its connection and counted; the feed is DOWN between, and goes on by itself."""
    times = 0

    async def served(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal times
        times += 1
        writer.write(SBS[: SBS.index(b"\n") + 1] + SBS[:30])
        await writer.drain()
        if times < 3:
            writer.close()

    async def run() -> None:
        async with serving(served) as at, collecting(Feed(name="roof", format=Format.SBS, url=f"tcp://{at}")) as got:
            await until(lambda: len(got.of("roof")) == 3)
            health = got.health("roof")
            assert (health.state, health.connections, health.fault) == (FeedState.UP, 3, "")
            assert health.dropped["half"] == 2
            assert all(isinstance(batch, list) for batch in got.batches)

    asyncio.run(run())


def test_a_server_that_is_not_there_is_a_fault_in_words() -> None:
    """DOWN with what went wrong, until it comes."""

    async def run() -> None:
        async def served(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(SBS)
            await writer.drain()
            writer.close()

        async with serving(served) as at:
            pass
        async with collecting(Feed(name="roof", format=Format.SBS, url=f"tcp://{at}")) as got:
            await until(lambda: "connect" in got.health("roof").fault.lower())
            assert got.health("roof").state is FeedState.DOWN
            host, port = at.split(":")
            async with await asyncio.start_server(served, host, int(port)) as server:
                assert server.is_serving()
                await until(lambda: len(got.of("roof")) >= 9)

    asyncio.run(run())


def test_documents_are_polled_with_their_token(tmp_path: Path) -> None:
    """aircraft.json and F3411 over HTTP; another status than 200 is a fault until it is mended."""
    token = tmp_path / "token"
    token.write_text("secret\n")
    asked: list[bytes] = []

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head)
        name = "flights.json" if b"/uss/flights" in head else "aircraft.json"
        body = (GOLDEN / name).read_bytes()
        status = b"503 Busy" if len(asked) % 3 == 0 else b"200 OK"
        writer.write(b"HTTP/1.1 %s\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s" % (status, len(body), body))
        await writer.drain()
        writer.close()

    async def run() -> None:
        async with serving(served) as at:
            await poll(at)

    async def poll(at: str) -> None:
        drones = Feed(
            name="drones", format=Format.REMOTE_ID, url=f"http://{at}/uss/flights?view=1", token=str(token), every_s=0.1
        )
        roof = Feed(name="roof", format=Format.READSB, url=f"http://{at}/data/aircraft.json", every_s=0.1)
        async with collecting(drones, roof) as got:
            await until(lambda: len(got.of("roof")) >= 21 and len(got.of("drones")) >= 6)
            await until(lambda: "503" in got.health("roof").fault)
            await until(lambda: got.health("roof").state is FeedState.UP)

    asyncio.run(run())
    assert all((b"Bearer secret" in head) == (b"/uss/" in head) for head in asked)


def test_datagrams_of_radars_and_of_a_mesh() -> None:
    """ASTERIX and CoT over UDP, each to its own feed."""

    async def run() -> None:
        radar = Feed(name="radar", format=Format.ASTERIX, listen="udp://127.0.0.1:0", sites={"*": SITE})
        mesh = Feed(name="mesh", format=Format.COT, listen="udp://127.0.0.1:0")
        async with collecting(radar, mesh) as got:
            loop = asyncio.get_running_loop()
            for name, data in (
                ("radar", pack(21, ADSB) + pack(48, PLOT)),
                ("mesh", PLAIN % b""),
                ("mesh", b"\xbf\x01\xbfx"),
            ):
                transport, _ = await loop.create_datagram_endpoint(
                    asyncio.DatagramProtocol, remote_addr=got.address(name)
                )
                transport.sendto(data)
                transport.close()
            await until(lambda: len(got.of("radar")) == 2 and len(got.of("mesh")) == 1)
            await until(lambda: got.health("mesh").dropped == {"malformed": 1})

    asyncio.run(run())


def test_pipes_and_recordings(tmp_path: Path) -> None:
    """A named pipe goes on after its writer went; a recording says that it is over."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    async def run() -> None:
        piped = Feed(name="piped", format=Format.SBS, url=f"pipe://{pipe}")
        filed = Feed(name="filed", format=Format.SBS, url=f"file://{GOLDEN / 'sbs.txt'}", speed=0)
        absent = Feed(name="absent", format=Format.SBS, url=f"file://{tmp_path}/none")
        async with collecting(piped, filed, absent) as got:
            await until(lambda: got.health("piped").state is FeedState.UP)
            for _ in range(2):
                with pipe.open("wb") as file:
                    file.write(SBS)
            await until(lambda: len(got.of("piped")) == 18 and len(got.of("filed")) == 9)
            await until(lambda: got.health("filed").fault == "the recording is over")
            await until(lambda: "No such file" in got.health("absent").fault)

    asyncio.run(run())


def test_a_flood_is_dropped_and_slows_nobody() -> None:
    """One feed pours garbage without end; every line of the other arrives, and the flood is counted."""

    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"a\n" * 30_000)
            await writer.drain()

    async def calm(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(50):
            writer.write(SBS)
            await asyncio.sleep(0.01)

    async def run() -> None:
        async with serving(flood) as at, serving(calm) as there:
            await both(at, there)

    async def both(at: str, there: str) -> None:
        feeds = (
            Feed(name="loud", format=Format.SBS, url=f"tcp://{at}"),
            Feed(name="quiet", format=Format.SBS, url=f"tcp://{there}"),
        )
        async with collecting(*feeds) as got:
            await until(lambda: len(got.of("quiet")) == 450 and got.health("loud").dropped.get("rate", 0) > 100_000)
            assert got.health("loud").dropped["malformed"] > 0
            assert not got.of("loud")

    asyncio.run(run())


def test_tls_is_checked_on_both_sides(tmp_path: Path) -> None:
    """Clients show certificates; a server's expired one, or one of another authority, is a fault in words."""
    authority, other = Authority(tmp_path), Authority(tmp_path, "other")
    certificate, key = authority.issue("server")
    device, device_key = authority.issue("device")
    old, old_key = authority.issue("old", days=-2)
    event = PLAIN % b""

    async def served(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(event)

    async def run() -> None:
        listener = Feed(
            name="door",
            format=Format.COT,
            listen="tls://127.0.0.1:0",
            certificate=certificate,
            key=key,
            authority=authority.file,
        )
        async with collecting(listener) as got:
            at = f"tls://127.0.0.1:{got.address('door')[1]}"
            more = {"authority": authority.file, "certificate": device, "key": device_key}
            async with collecting(
                Feed(name="good", format=Format.COT, url=at, **more),
                Feed(name="bare", format=Format.COT, url=at, authority=authority.file),
                Feed(name="wrong", format=Format.COT, url=at, authority=other.file),
            ) as clients:
                await until(lambda: clients.health("good").state is FeedState.UP and got.health("door").clients == 1)
                await until(lambda: "certificate" in clients.health("wrong").fault)
                await until(lambda: clients.health("bare").fault != "")
                door = got.receiver.intake("door")
                assert isinstance(door, Listener)
                assert [peer.name for peer in door.peers] == ["device"]
        async with serving(served, connect_context(old, old_key)) as there:
            await late(there)

    async def late(there: str) -> None:
        async with collecting(
            Feed(name="late", format=Format.COT, url=f"tls://{there}", authority=authority.file)
        ) as got:
            await until(lambda: "expired" in got.health("late").fault)
            assert got.health("late").state is FeedState.DOWN

    asyncio.run(run())


def connect_context(certificate: str, key: str) -> ssl.SSLContext:
    """TLS of a server without a say in its clients."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, key)
    return made


def test_silence_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A feed that says nothing new is DEGRADED after its time, also where it repeats what was; new reports mend it."""
    now = 1_000.0
    monkeypatch.setattr(told, "monotonic", lambda: now)
    inbox = Inbox(Feed(name="f", format=Format.SBS, url="tcp://h:1", silence_s=15), lambda: None)
    assert inbox.health().state is FeedState.DOWN
    inbox.connected()
    inbox.put([report(1)])
    now += 14
    assert inbox.health().state is FeedState.UP
    inbox.put([report(1), report(0)])
    now += 2
    assert inbox.health().state is FeedState.DEGRADED
    future = report(3)
    inbox.put([Report("f", "1", AddressKind.ICAO, Method.ADS_B, NOW + 10**12, NOW, baro_ft=1)])
    assert inbox.health().state is FeedState.DEGRADED
    inbox.put([future])
    assert inbox.health().state is FeedState.UP
    assert inbox.health().latest_us == NOW + 3
    inbox.lost("gone")
    assert (inbox.health().state, inbox.health().fault) == (FeedState.DOWN, "gone")


LATE, AHEAD = 61_000_000, 6_000_000


@pytest.mark.parametrize("off_us", [3_600_000_000, LATE, -AHEAD, -3_600_000_000])
def test_times_that_the_watch_does_not_take_are_no_news(monkeypatch: pytest.MonkeyPatch, off_us: int) -> None:
    """A receiver with a wrong clock or time zone is DEGRADED while nothing of it is used, and shows by how much; one
    report that the watch takes mends it. Where the clock follows the feeds, what is late is news."""
    now = 1_000.0
    monkeypatch.setattr(told, "monotonic", lambda: now)

    def off(n: int) -> list[Report]:
        return [replace(report(n), time_us=NOW + n - off_us)]

    feed = Feed(name="f", format=Format.COT, url="tcp://h:1", silence_s=15)
    inbox, then = Inbox(feed, lambda: None), Inbox(feed, lambda: None, as_then=True)
    for each in (inbox, then):
        each.connected()
    for n in range(20):
        now += 1
        inbox.put(off(n))
        then.put(off(n))
    health = inbox.health()
    assert (health.state, health.silent_s, health.lag_s) == (FeedState.DEGRADED, None, off_us / 1e6)
    assert (health.reports, len(inbox.take())) == (20, 20), "they go to the watch, which counts them"
    assert then.health().state is (FeedState.UP if off_us > -told.AHEAD_US else FeedState.DEGRADED)
    inbox.put([*off(20), report(20)])
    assert (inbox.health().state, inbox.health().lag_s) == (FeedState.UP, 0.0)
    inbox.put(off(21))
    assert inbox.health().lag_s == 0.0, "of several clients one is wrong: the others are heard"


def test_news_is_what_the_watch_takes() -> None:
    """The bounds are those of the watch."""
    assert (told.NEWS_AHEAD_US, told.NEWS_OLD_US) == (absorb.AHEAD_US, absorb.OLD_US)


def test_a_receiver_says_whether_old_reports_are_news() -> None:
    """What a node plays as it was then is UP where the node's clock follows it."""
    old = [replace(report(1), time_us=NOW - LATE)]

    async def run() -> None:
        for as_then in (False, True):
            feed = Feed(name="f", format=Format.COT, listen="udp://127.0.0.1:0", silence_s=0.01)
            async with Receiver([feed], lambda _: None, as_then=as_then) as receiver:
                await until(lambda: receiver.healths()[0].state is FeedState.DEGRADED)
                receiver.intake("f").inbox.put(old)
                assert receiver.healths()[0].state is (FeedState.UP if as_then else FeedState.DEGRADED)

    asyncio.run(run())


def test_what_waits_is_bounded_and_the_oldest_gives_way() -> None:
    """A sink that does not take leaves the newest reports, in order, and a count of the rest."""
    inbox = Inbox(Feed(name="f", format=Format.SBS, url="tcp://h:1"), lambda: None)
    inbox.put([report(n) for n in range(FEED_WAITING_MAX)])
    inbox.put([report(n) for n in range(FEED_WAITING_MAX, FEED_WAITING_MAX + 10)])
    assert inbox.health().dropped == {"buffer": 10}
    taken = []
    while batch := inbox.take():
        taken += [int(r.address, 16) for r in batch]
    assert taken == list(range(10, FEED_WAITING_MAX + 10))


def test_a_feed_says_no_more_than_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past it pieces are dropped unread and counted; a second later it may speak again."""
    now = 1_000.0
    monkeypatch.setattr(told, "monotonic", lambda: now)
    inbox = Inbox(Feed(name="f", format=Format.SBS, url="tcp://h:1", reports_per_s=20), lambda: None)
    parser = Sbs("f", connect.zone_of("UTC"))  # type: ignore[arg-type]
    for _ in range(4):
        inbox.read(parser, SBS)
    lines = SBS.count(b"\n")
    assert inbox.health().dropped["rate"] == 2 * lines
    assert len(inbox.take()) == 18
    now += 2
    inbox.read(parser, SBS)
    assert len(inbox.take()) == 9


def test_a_sink_that_fails_is_no_silence() -> None:
    """A bug behind the feeds is told once, shows as DOWN on all of them, and stopping meets it no second time."""
    told_of: list[Exception] = []

    def sink(_: list[Report]) -> None:
        raise ZeroDivisionError("a bug")

    async def run() -> None:
        names = ("f", "g")
        feeds = [Feed(name=n, format=Format.SBS, url=f"file://{GOLDEN / 'sbs.txt'}", speed=0) for n in names]
        async with Receiver(feeds, sink, told_of.append) as receiver:
            await until(lambda: bool(told_of))
            faults = [health.fault for health in receiver.healths()]
            assert any("a bug" in fault for fault in faults)
            assert [health.state for health in receiver.healths()] == [FeedState.DOWN, FeedState.DOWN]

    asyncio.run(run())
    assert [type(error) for error in told_of] == [ZeroDivisionError]


def test_a_bug_in_one_feed_is_down_on_that_feed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What no network could do to us ends one feed's task: it is DOWN and says why, the other goes on."""
    told_of: list[Exception] = []

    async def served(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(SBS)
                await asyncio.sleep(0.02)

    def broken(*_: object) -> list[Report]:
        raise AssertionError("a bug in a parser")

    async def run(at: str) -> None:
        collected: list[Report] = []
        monkeypatch.setattr(ReadsbLines, "feed", broken)
        feeds = [
            Feed(name="ours", format=Format.READSB_LINES, url=f"tcp://{at}"),
            Feed(name="good", format=Format.SBS, url=f"tcp://{at}"),
        ]
        async with Receiver(feeds, collected.extend, told_of.append) as receiver:
            await until(lambda: "a bug in a parser" in receiver.healths()[0].fault)
            came = len(collected)
            await until(lambda: len(collected) > came + 9)
            assert [health.state for health in receiver.healths()] == [FeedState.DOWN, FeedState.UP]
            assert {report.source for report in collected} == {"good"}

    async def both() -> None:
        async with serving(served) as at:
            await run(at)

    asyncio.run(both())
    assert told_of == []


def test_reasons_are_a_closed_set() -> None:
    """Every reason that a feed may show is listed once."""
    assert len({why.value for why in Drop}) == len(Drop)
