"""Through taky, a TAK server that others wrote: our feed is its client, PyTAK is another."""

import asyncio
from pathlib import Path

import pytest
from feeds_wire import Authority, collecting, until
from takyd import pytak_at, taky
from test_feeds_cot import said

from wideberth.feeds.formats import Format
from wideberth.feeds.settings import Feed
from wideberth.feeds.told import FeedState

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.mark.parametrize("scheme", ["tcp", "tls"])
def test_pytak_is_heard_and_hears_through_taky(scheme: str, tmp_path: Path) -> None:
    """What PyTAK says becomes our reports, what we say comes to PyTAK, in plain and with certificates on both sides."""
    authority = Authority(tmp_path)
    (server, server_key), (node, node_key), (desk, desk_key) = map(authority.issue, ("taky", "node", "desk"))
    tls = scheme == "tls"
    served = {"authority": authority.file, "certificate": server, "key": server_key} if tls else {}
    ours = {"authority": authority.file, "certificate": node, "key": node_key} if tls else {}
    names = ("PYTAK_TLS_CLIENT_CERT", "PYTAK_TLS_CLIENT_KEY", "PYTAK_TLS_CLIENT_CAFILE")
    theirs = dict(zip(names, (desk, desk_key, authority.file), strict=True)) if tls else {}

    async def run(port: int) -> None:
        tak = Feed(name="tak", format=Format.COT, url=f"{scheme}://127.0.0.1:{port}", **ours)  # type: ignore[arg-type]
        async with collecting(tak) as got, pytak_at(port, scheme, **theirs) as desk_there:
            await until(lambda: got.health("tak").state is FeedState.UP)
            await desk_there.send("desk-9", 48.2, 16.3)
            await until(lambda: bool(got.of("tak")))
            (report,) = [r for r in got.of("tak") if r.address == "desk-9"]
            assert (report.lat_nd, report.lon_nd, report.hae_mm) == (48_200_000_000, 16_300_000_000, 1_000_000)
            got.receiver.say("tak", [said(uid="wideberth.x", callsign="OURS", remarks="nearest in 51 s")])
            await until(lambda: "wideberth.x" in desk_there.uids())
            heard = next(h for h in desk_there.heard if h.uid == "wideberth.x")
            assert (heard.callsign, heard.remarks) == ("OURS", "nearest in 51 s")

    with taky(tmp_path, **served) as port:  # type: ignore[arg-type]
        asyncio.run(run(port))


def test_what_a_node_says_is_no_aircraft_to_another(tmp_path: Path) -> None:
    """Two nodes at one server: the mark that one draws where an aircraft is, is no second aircraft to the other."""

    async def run(port: int) -> None:
        feeds = [Feed(name=name, format=Format.COT, url=f"tcp://127.0.0.1:{port}") for name in ("tak", "other")]
        async with collecting(*feeds) as got, pytak_at(port) as desk:
            await until(lambda: all(got.health(feed.name).state is FeedState.UP for feed in feeds))
            await desk.send("desk-9", 48.2, 16.3)
            await until(lambda: all(got.of(feed.name) for feed in feeds))
            got.receiver.say("tak", [said(uid="wideberth.alert.a1", type="a-u-A")])
            await until(lambda: got.health("other").dropped.get("ours") == 1)
            assert [r.address for r in got.of("other")] == ["desk-9"]

    with taky(tmp_path) as port:
        asyncio.run(run(port))


def test_a_server_that_restarts_is_found_again(tmp_path: Path) -> None:
    """DOWN while it is gone, UP when it is back, and what is said then arrives."""

    async def run() -> None:
        server = taky(tmp_path)
        port = await asyncio.to_thread(server.__enter__)
        async with collecting(Feed(name="tak", format=Format.COT, url=f"tcp://127.0.0.1:{port}")) as got:
            await until(lambda: got.health("tak").state is FeedState.UP)
            await asyncio.to_thread(server.__exit__, None, None, None)
            await until(lambda: got.health("tak").state is FeedState.DOWN)
            again = taky(tmp_path, port)
            await asyncio.to_thread(again.__enter__)
            try:
                async with pytak_at(port) as desk:
                    await until(lambda: got.health("tak").state is FeedState.UP, 60)
                    await desk.send("back", 48.2, 16.3)
                    await until(lambda: [r.address for r in got.of("tak")] == ["back"])
            finally:
                await asyncio.to_thread(again.__exit__, None, None, None)

    asyncio.run(run())
