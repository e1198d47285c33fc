"""The listener for Cursor on Target: PyTAK and clients as ATAK's connect, send, receive, and are kept within bounds."""

import asyncio
import contextlib
import warnings
from configparser import ConfigParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
import takproto
from feeds_kit import us
from feeds_wire import Authority, Collected, collecting, until
from msgspec.structs import replace
from takproto.proto import TakMessage
from test_feeds_cot import PLAIN, said
from test_feeds_tak import framed, theirs

from wideberth.feeds import listen
from wideberth.feeds.formats import Format
from wideberth.feeds.listen import Listener
from wideberth.feeds.settings import Feed

with warnings.catch_warnings():
    # it misses a package that only its enrolment over HTTP needs
    warnings.simplefilter("ignore")
    import pytak

DOOR = Feed(name="door", format=Format.COT, listen="tcp://127.0.0.1:0")
REQUEST = (
    b'<event version="2.0" uid="req" type="t-x-takp-q" how="m-g" time="2026-11-22T20:00:00Z" '
    b'start="2026-11-22T20:00:00Z" stale="2026-11-22T20:01:00Z"><point lat="0" lon="0" hae="0" ce="0" le="0"/>'
    b'<detail><TakControl><TakRequest version="1"/></TakControl></detail></event>'
)


async def opened(got: Collected, name: str = "door") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client's connection."""
    return await asyncio.open_connection(*got.address(name))


async def came(got: Collected, host: str = "127.0.0.1") -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    """A client from an address of this machine, once it is offered the protocol; None where it is closed instead."""
    reader, writer = await asyncio.open_connection(*got.address("door"), local_addr=(host, 0))
    try:
        await event(reader)
    except (asyncio.IncompleteReadError, ConnectionResetError):
        writer.close()
        return None
    return reader, writer


async def is_closed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Whether the listener ends a connection soon; it is ended here, too."""
    try:
        async with asyncio.timeout(10):
            return await reader.read() == b""
    except ConnectionResetError:
        return True
    finally:
        writer.close()


async def event(reader: asyncio.StreamReader) -> ElementTree.Element:
    """The next event in XML."""
    async with asyncio.timeout(10):
        return ElementTree.fromstring((await reader.readuntil(b"</event>")).strip())


def door(got: Collected) -> Listener:
    """The listener itself."""
    intake = got.receiver.intake("door")
    assert isinstance(intake, Listener)
    return intake


def settings_of(got: Collected, scheme: str = "tcp", **more: str) -> ConfigParser:
    """PyTAK's settings."""
    config = ConfigParser()
    config["door"] = {"COT_URL": f"{scheme}://127.0.0.1:{got.address('door')[1]}", **more}
    return config


async def ended(tool: pytak.CLITool, task: asyncio.Task[None]) -> None:
    """End PyTAK and its connection."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    for future in tool.running_tasks:
        future.cancel()
    await asyncio.gather(*tool.running_tasks, return_exceptions=True)
    for worker in [future._pytak_worker for future in tool.running_tasks]:
        for end in (getattr(worker, "writer", None), getattr(getattr(worker, "reader", None), "_transport", None)):
            if end is not None:
                end.close()
    await asyncio.sleep(0.05)


class Sender(pytak.QueueWorker):  # type: ignore[misc]
    """Puts events into PyTAK's queue."""

    async def handle_data(self, data: bytes) -> None:
        """Hand one event over."""
        await self.put_queue(data)

    async def run(self, _: int = -1) -> None:
        """Three events, then quiet."""
        for n in range(3):
            made = pytak.gen_cot_xml(lat=48.2, lon=16.3, hae=1_000, ce=10, uid=f"pytak-{n}", cot_type="a-n-A-C-F")
            await self.handle_data(ElementTree.tostring(made))
        await asyncio.Event().wait()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("protocol", ["0", "1"])
def test_pytak_sends_and_receives(protocol: str) -> None:
    """The real client, in XML and in protobuf without asking first: its events become reports, ours reach its queue."""

    async def run() -> None:
        async with collecting(DOOR) as got:
            tool = pytak.CLITool(settings_of(got, TAK_PROTO=protocol)["door"])
            await tool.setup()
            tool.add_task(Sender(tool.tx_queue, {}))
            task = asyncio.create_task(tool.run())
            await until(lambda: len(got.of("door")) == 3)
            assert [(r.address, r.lat_nd, r.hae_mm) for r in got.of("door")] == [
                (f"pytak-{n}", 48_200_000_000, 1_000_000) for n in range(3)
            ]
            got.receiver.say("door", [said(callsign="OURS")])
            seen = b""
            async with asyncio.timeout(10):
                while b"OURS" not in seen:
                    got_it = await tool.rx_queue.get()
                    seen = got_it.SerializeToString() if isinstance(got_it, TakMessage) else bytes(got_it)
            assert b"w-1" in seen
            await ended(tool, task)

    asyncio.run(run())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_pytak_comes_over_tls_with_its_certificate(tmp_path: Path) -> None:
    """The real client shows the certificate that the listener asks for."""
    authority = Authority(tmp_path)
    certificate, key = authority.issue("server")
    device, device_key = authority.issue("device-9")

    async def run() -> None:
        tls = Feed(
            name="door",
            format=Format.COT,
            listen="tls://127.0.0.1:0",
            certificate=certificate,
            key=key,
            authority=authority.file,
        )
        async with collecting(tls) as got:
            more = {
                "PYTAK_TLS_CLIENT_CERT": device,
                "PYTAK_TLS_CLIENT_KEY": device_key,
                "PYTAK_TLS_CLIENT_CAFILE": authority.file,
            }
            tool = pytak.CLITool(settings_of(got, "tls", **more)["door"])
            await tool.setup()
            tool.add_task(Sender(tool.tx_queue, {}))
            task = asyncio.create_task(tool.run())
            await until(lambda: len(got.of("door")) == 3)
            assert [peer.name for peer in door(got).peers] == ["device-9"]
            await ended(tool, task)

    asyncio.run(run())


def test_the_protocol_is_offered_asked_for_and_granted() -> None:
    """As ATAK does it: offer, request, answer, then protobuf both ways; who does not ask goes on in XML."""

    async def run() -> None:
        async with collecting(DOOR) as got:
            (reader, writer), (plain, other) = await opened(got), await opened(got)
            offer = await event(reader)
            assert offer.get("type") == "t-x-takp-v"
            assert offer.find("detail/TakControl/TakProtocolSupport").get("version") == "1"  # type: ignore[union-attr]
            writer.write(REQUEST)
            answer = await event(reader)
            assert answer.get("type") == "t-x-takp-r"
            assert answer.find("detail/TakControl/TakResponse").get("status") == "true"  # type: ignore[union-attr]
            writer.write(framed(theirs()))
            await until(lambda: [r.address for r in got.of("door")] == ["THEIRS"])
            got.receiver.say("door", [said(callsign="OURS")])
            async with asyncio.timeout(10):
                assert (await reader.readexactly(1)) == b"\xbf"
            assert (await event(plain)).get("type") == "t-x-takp-v"
            assert (await event(plain)).find("detail/contact").get("callsign") == "OURS"  # type: ignore[union-attr]
            for each in (writer, other):
                each.close()

    asyncio.run(run())


def test_what_is_sent_in_protobuf_is_whole() -> None:
    """The bytes after the answer are one framed message that takproto reads."""

    async def run() -> None:
        async with collecting(DOOR) as got:
            reader, writer = await opened(got)
            await event(reader)
            writer.write(REQUEST)
            await event(reader)
            got.receiver.say("door", [said(callsign="OURS")])
            front = await reader.readexactly(2)
            assert front[0] == 0xBF
            size = front[1]
            if size > 127:
                size = (size & 127) | (await reader.readexactly(1))[0] << 7
            message = TakMessage()
            message.ParseFromString(await reader.readexactly(size))
            assert message.cotEvent.detail.contact.callsign == "OURS"
            assert message.cotEvent.sendTime * 1_000 == us("2026-11-22T20:00:00+00:00")
            assert takproto.TAKProtoVer.STREAM
            writer.close()

    asyncio.run(run())


def test_a_ping_is_answered() -> None:
    """Clients that ask whether anybody is there hear so."""

    async def run() -> None:
        async with collecting(DOOR) as got:
            reader, writer = await opened(got)
            await event(reader)
            writer.write(REQUEST.replace(b"t-x-takp-q", b"t-x-c-t"))
            assert (await event(reader)).get("type") == "t-x-c-t-r"
            writer.close()

    asyncio.run(run())


def test_connections_are_bounded() -> None:
    """One more than the most is closed at once and counted; when one goes, another may come."""

    async def run() -> None:
        async with collecting(Feed(name="door", format=Format.COT, listen="tcp://127.0.0.1:0", clients_max=2)) as got:
            held = [await opened(got) for _ in range(2)]
            await until(lambda: got.health("door").clients == 2)
            reader, writer = await opened(got)
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
            writer.close()
            assert got.health("door").dropped == {"clients": 1}
            held[0][1].close()
            await until(lambda: got.health("door").clients == 1)
            reader, writer = await opened(got)
            assert (await event(reader)).get("type") == "t-x-takp-v"
            for each in (writer, held[1][1]):
                each.close()

    asyncio.run(run())


def test_one_address_has_a_quarter_of_the_places() -> None:
    """Idle connections of one address leave the others theirs."""

    async def run() -> None:
        async with collecting(replace(DOOR, clients_max=40)) as got:
            idle = [await came(got) for _ in range(12)]
            assert [one is not None for one in idle] == [True] * 10 + [False] * 2
            assert got.health("door").dropped == {"clients": 2}
            others = [await came(got, f"127.0.0.{n}") for n in (2, 2, 3)]
            assert None not in others
            for one in [*idle, *others]:
                if one is not None:
                    one[1].close()

    asyncio.run(run())


@pytest.mark.parametrize(("most", "host"), [(3, "127.0.0.2"), (40, "127.0.0.1")])
def test_the_silent_make_room(monkeypatch: pytest.MonkeyPatch, most: int, host: str) -> None:
    """Where all places, or those of an address, are taken, who never spoke goes first, then the longest silent; who
    spoke of late stays, and then nobody else is let in."""
    monkeypatch.setattr(listen, "FEED_ADDRESS_CLIENTS_MIN", 3)
    monkeypatch.setattr(listen, "ADDRESS_PART", 14)

    async def run() -> None:
        async with collecting(replace(DOOR, clients_max=most)) as got:
            speakers = [await came(got) for _ in range(2)]
            idle = await came(got)
            assert speakers[0] is not None
            assert speakers[1] is not None
            assert idle is not None
            speakers[0][1].write(PLAIN % b"")
            await until(lambda: len(got.of("door")) == 1)
            assert await came(got, host) is None, "nobody has been silent for long enough"
            monkeypatch.setattr(listen, "FEED_QUIET_S", 0.3)
            await asyncio.sleep(0.4)
            speakers[1][1].write(PLAIN % b"")
            await until(lambda: len(got.of("door")) == 2)
            first = await came(got, host)
            assert first is not None
            assert await is_closed(*idle), "it came last, and never spoke"
            second = await came(got, host)
            assert second is not None
            assert await is_closed(*speakers[0])
            assert await came(got, host) is None
            assert (got.health("door").clients, got.health("door").dropped) == (3, {"clients": 4})
            for one in (first, second, speakers[1]):
                one[1].close()

    asyncio.run(run())


def test_who_never_speaks_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection has so long for its first word; whoever has said it may be silent for longer."""
    monkeypatch.setattr(listen, "FEED_FIRST_WORD_S", 0.3)

    async def run() -> None:
        async with collecting(DOOR) as got:
            calm, idle = await came(got), await came(got)
            assert calm is not None
            assert idle is not None
            calm[1].write(PLAIN % b"")
            assert await is_closed(*idle)
            await asyncio.sleep(0.4)
            health = got.health("door")
            assert (health.clients, health.dropped, health.fault) == (1, {"clients": 1}, "")
            got.receiver.say("door", [said(callsign="OURS")])
            assert (await event(calm[0])).find("detail/contact").get("callsign") == "OURS"  # type: ignore[union-attr]
            calm[1].close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("at", "site"),
    [
        (("192.0.2.7", 4000), "192.0.2.7"),
        (("::ffff:192.0.2.7", 4000, 0, 0), "192.0.2.7"),
        (("2001:db8:1:2:3::4%eth0", 4000, 0, 0), str(0x20010DB800010002)),
        (None, ""),
    ],
)
def test_addresses_of_one_host(at: object, site: str) -> None:
    """A network of IPv6 counts as one address, an IPv4 address the same however it comes."""

    class Writer:
        def get_extra_info(self, _: str) -> object:
            return at

    assert listen._site(Writer()) == site  # type: ignore[arg-type]


def test_a_client_that_takes_nothing_is_closed_and_the_others_hear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not read is let go when too much waits for it; who reads misses nothing."""
    monkeypatch.setattr(listen, "FEED_CLIENT_WAITING_BYTES", 200_000)

    async def run() -> None:
        async with collecting(DOOR) as got:
            (_, sleeper), (reader, writer) = await opened(got), await opened(got)
            sleeper.transport.pause_reading()  # type: ignore[attr-defined]
            await until(lambda: got.health("door").clients == 2)
            heard = 0
            await event(reader)
            for _ in range(200):
                got.receiver.say("door", [said(remarks="x" * 1_000)] * 50)
                for _ in range(50):
                    await event(reader)
                    heard += 1
                if door(got).slow:
                    break
            assert (door(got).slow, got.health("door").clients) == (1, 1)
            got.receiver.say("door", [said()])
            await event(reader)
            sleeper.close()
            writer.close()

    asyncio.run(run())


def test_clients_that_flood_cost_themselves_alone() -> None:
    """Two pour more than the whole feed may say; whoever says less than its share loses nothing."""

    async def run() -> None:
        async with collecting(DOOR) as got:
            (_, loud), (_, louder), (_, calm) = [await opened(got) for _ in range(3)]
            mine = (PLAIN % b"").replace(b'uid="u"', b'uid="calm"')

            async def flood(writer: asyncio.StreamWriter) -> None:
                while True:
                    writer.write(b"<event/>" * 5_000)
                    await writer.drain()

            tasks = [asyncio.create_task(flood(writer)) for writer in (loud, louder)]
            for _ in range(20):
                calm.write(mine)
                await calm.drain()
                await asyncio.sleep(0.01)
            await until(lambda: len(got.of("door")) == 20)
            await until(lambda: got.health("door").dropped.get("rate", 0) > 10_000)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for each in (loud, louder, calm):
                each.close()

    asyncio.run(run())
