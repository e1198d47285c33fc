"""Certificates: what is wrong with one is a sentence, and DOWN on that feed alone."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from feeds_wire import Authority, Collected, collecting, until

from wideberth.feeds import connect, listen
from wideberth.feeds.formats import Format
from wideberth.feeds.settings import Feed
from wideberth.feeds.told import FeedState

Pair = tuple[str, str]


def client_of(name: str, port: int, authority: str, shown: Pair = ("", ""), host: str = "127.0.0.1") -> Feed:
    """A feed that connects by TLS."""
    url = f"tls://{host}:{port}"
    return Feed(name=name, format=Format.COT, url=url, authority=authority, certificate=shown[0], key=shown[1])


def door_of(name: str, shown: Pair, authority: str = "") -> Feed:
    """A listener with TLS."""
    url = "tls://127.0.0.1:0"
    return Feed(name=name, format=Format.COT, listen=url, authority=authority, certificate=shown[0], key=shown[1])


@contextmanager
def answering(shown: Pair, authority: str = "") -> Iterator[int]:
    """A server of a test, which says what it minds as OpenSSL does; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*shown)
    if authority:
        context.load_verify_locations(authority)
        context.verify_mode = ssl.CERT_REQUIRED
    held: list[socket.socket] = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                held.append(server.accept()[0])
            except OSError:
                return
            try:
                held.append(context.wrap_socket(held[-1], server_side=True))
            except OSError:
                held[-1].close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(30)
        for each in held:
            each.close()


def test_a_client_whose_server_cannot_be_trusted_says_why(tmp_path: Path) -> None:
    """Expired, of another authority, in another name, no TLS: DOWN with a sentence each; the feed beside them is UP."""
    authority, other = Authority(tmp_path), Authority(tmp_path, "other")
    good, old = authority.issue("good"), authority.issue("old", days=-2)

    async def run(fresh: int, stale: int) -> None:
        plain = Feed(name="plain", format=Format.COT, listen="tcp://127.0.0.1:0")
        async with collecting(plain) as got:
            feeds = (
                client_of("right", fresh, authority.file),
                client_of("expired", stale, authority.file),
                client_of("unknown", fresh, other.file),
                client_of("name", fresh, authority.file, host="localhost"),
                client_of("plain", got.address("plain")[1], authority.file),
            )
            async with collecting(*feeds) as clients:
                await until(lambda: all(clients.health(feed.name).fault for feed in feeds[1:]))
                await until(lambda: clients.health("right").state is FeedState.UP)
                assert {feed.name: clients.health(feed.name).fault for feed in feeds} == {
                    "right": "",
                    "expired": "certificate: certificate has expired",
                    "unknown": "certificate: unable to get local issuer certificate",
                    "name": "certificate: Hostname mismatch, certificate is not valid for 'localhost'.",
                    "plain": "the other side does not speak TLS",
                }
                assert {clients.health(feed.name).state for feed in feeds[1:]} == {FeedState.DOWN}

    with answering(good) as fresh, answering(old) as stale:
        asyncio.run(run(fresh, stale))


def test_a_client_that_is_refused_says_why(tmp_path: Path) -> None:
    """What the server says of our certificate is said on; our own expired one is not even shown."""
    authority, other = Authority(tmp_path), Authority(tmp_path, "other")
    server, device, stranger = authority.issue("server"), authority.issue("device"), other.issue("stranger")
    old = authority.issue("old", days=-2)

    async def run(port: int) -> None:
        feeds = (
            client_of("right", port, authority.file, device),
            client_of("none", port, authority.file),
            client_of("unknown", port, authority.file, stranger),
            client_of("expired", port, authority.file, old),
        )
        async with collecting(*feeds) as got:
            await until(lambda: all(got.health(feed.name).fault for feed in feeds[1:]))
            await until(lambda: got.health("right").state is FeedState.UP)
            assert got.health("none").fault == "the other side wants a certificate of us"
            assert got.health("unknown").fault == (
                "the other side refuses our certificate: it does not know who issued it"
            )
            assert got.health("expired").fault.startswith(f"{old[0]}: our certificate has expired, on 20")
            assert {got.health(feed.name).state for feed in feeds[1:]} == {FeedState.DOWN}

    with answering(server, authority.file) as port:
        asyncio.run(run(port))


@pytest.mark.parametrize("wrong", ["expired", "unknown", "none"])
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_listener_says_whom_it_did_not_let_in(wrong: str, loop: str, tmp_path: Path) -> None:
    """A client's certificate that is expired, of another authority, or missing: counted, with a sentence; the listener
    is UP and hears those who may come in.
    """
    authority, other = Authority(tmp_path), Authority(tmp_path, "other")
    server, device = authority.issue("server"), authority.issue("device")
    shown = {"expired": authority.issue("old", days=-2), "unknown": other.issue("stranger"), "none": None}[wrong]
    said = {
        "expired": "a client: certificate: certificate has expired",
        "unknown": "a client: certificate: unable to get local issuer certificate",
        "none": "a client: it shows no certificate",
    }
    context = ssl.create_default_context(cafile=authority.file)
    if shown is not None:
        context.load_cert_chain(*shown)

    async def run() -> None:
        async with collecting(door_of("door", server, authority.file)) as got:
            host, port = got.address("door")
            with socket.create_connection((host, port)) as bare:
                await asyncio.to_thread(lambda: context.wrap_socket(bare, server_hostname=host).close())
            await until(lambda: got.health("door").dropped == {"handshake": 1})
            assert got.health("door").fault == said[wrong]
            assert got.health("door").state is FeedState.UP
            async with collecting(client_of("right", port, authority.file, device)) as clients:
                await until(lambda: got.health("door").clients == 1)
                assert clients.health("right").state is FeedState.UP

    if loop == "uvloop":
        pytest.importorskip("uvloop", reason="uvloop is not there on this system").run(run())
    else:
        asyncio.run(run())


def test_files_that_are_no_certificate_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing, no certificate, another's key, expired, no authority: DOWN with the file's name on listener, client and
    poll alike; the next door is open, and a listener opens once its file is renewed.
    """
    monkeypatch.setattr(listen, "FEED_RETRY_S_MAX", 0.1)
    authority = Authority(tmp_path)
    good, another, old = authority.issue("server"), authority.issue("another"), authority.issue("old", days=-2)
    gone, junk = str(tmp_path / "gone.pem"), str(tmp_path / "junk.pem")
    Path(junk).write_text("no certificate")
    doors = {
        "missing": (door_of("missing", (gone, good[1])), f"{gone}: No such file or directory"),
        "junk": (door_of("junk", (junk, good[1])), f"{junk} and {good[1]} are no certificate and its key"),
        "key": (door_of("key", (good[0], another[1])), f"{good[0]} and {another[1]} are no certificate and its key"),
        "old": (door_of("old", old), f"{old[0]}: our certificate has expired, on "),
        "trust": (door_of("trust", good, junk), f"{junk} holds no certificate of an authority"),
        "client": (client_of("client", 1, gone), f"{gone}: No such file or directory"),
        "poll": (
            Feed(name="poll", format=Format.READSB, url="https://127.0.0.1:1/", authority=junk),
            f"{junk} holds no certificate of an authority",
        ),
    }

    async def run() -> None:
        async with collecting(Feed(name="next", format=Format.COT, listen="tcp://127.0.0.1:0")) as beside:
            got = Collected([feed for feed, _ in doors.values()])
            async with got.receiver:
                await until(lambda: all(got.health(name).fault for name in doors))
                for name, (_, wanted) in doors.items():
                    assert got.health(name).fault.startswith(wanted), name
                    assert got.health(name).state is FeedState.DOWN
                Path(old[0]).write_bytes(Path(good[0]).read_bytes())
                Path(old[1]).write_bytes(Path(good[1]).read_bytes())
                await until(lambda: got.health("old").state is FeedState.UP)
                assert beside.health("next").state is FeedState.UP

    asyncio.run(run())


def test_who_is_sent_away_without_a_word_waits_longer_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Servers that close at once are not stormed: waits double until something came."""
    authority = Authority(tmp_path)
    server = authority.issue("server")
    monkeypatch.setattr(connect, "FEED_RETRY_FIRST_S", 0.05)
    monkeypatch.setattr(connect, "FEED_RETRY_S_MAX", 0.4)
    monkeypatch.setattr("random.uniform", lambda *_: 1.0)

    async def run() -> float:
        async with collecting(door_of("door", server, authority.file)) as got:
            port, began = got.address("door")[1], asyncio.get_running_loop().time()
            async with collecting(client_of("bare", port, authority.file)) as clients:
                await until(lambda: got.health("door").dropped.get("handshake", 0) >= 5)
                took_s = asyncio.get_running_loop().time() - began
                await until(lambda: clients.health("bare").fault == connect.CLOSED_AT_ONCE)
        return took_s

    assert asyncio.run(run()) >= 0.05 + 0.1 + 0.2 + 0.4
