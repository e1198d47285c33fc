"""The way out: vetted and pinned addresses, and what the other end may do to a line."""

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from delivery_kit import QUICK, Answer, Uss, always, dripping, fast, flooding, hanging, http, to_loopback

from wideberth.delivery.destination import Address, Fault, Pin, Resolver, SystemResolver, Vetting, read_address
from wideberth.delivery.line import Reply, Request, Way
from wideberth.delivery.pace import Clock
from wideberth.limits import LOOKUPS_PER_MANAGER_MAX, PIN_S


def address_of(text: str) -> Address:
    """An address that is good."""
    address = read_address(text, http_allowed=True)
    assert isinstance(address, Address)
    return address


def vetting(resolve: Resolver = to_loopback, clock: Clock | None = None, **more: bool) -> Vetting:
    """Vetting on a laptop."""
    return Vetting(clock or fast(), **{"http": True, "private": True, **more}, resolve=resolve, lookup_s=0.3)


async def pinned(text: str) -> Pin:
    """A pin that leads to loopback."""
    pin = await vetting().pin(address_of(text))
    assert isinstance(pin, Pin)
    return pin


def asking(most: int = 1_000, **headers: str) -> Request:
    """A request of a test."""
    return Request("POST", "uss.invalid", "/x?y=1", headers, b"{}", most)


async def exchanged(answer: Answer, most: int = 1_000) -> Reply | Fault:
    """What comes of one request to a server that answers so."""
    async with Uss(answer) as uss:
        way = Way(QUICK)
        try:
            return await way.exchange(await pinned(f"http://uss.invalid:{uss.port}"), asking(most))
        finally:
            await way.close()


def test_a_name_is_reached_where_its_pin_leads() -> None:
    """The connection goes to the pinned address without any look-up; Host, path, query and body are those given."""

    async def scenario() -> None:
        async with Uss(always(http(200, "well", x_more="1"))) as uss:
            way = Way(QUICK)
            reply = await way.exchange(await pinned(f"http://uss.invalid:{uss.port}"), asking(authorization="Bearer x"))
            await way.close()
            assert reply == Reply(200, {"content-length": "4", "x-more": "1"}, b"well", True)
            (heard,) = uss.heard
            assert (heard.method, heard.target, heard.body) == ("POST", "/x?y=1", b"{}")
            assert heard.headers["host"] == "uss.invalid"
            assert heard.headers["authorization"] == "Bearer x"
            assert heard.headers["accept-encoding"] == "identity"

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "found",
    [["127.0.0.1"], ["::1"], ["93.184.216.34", "127.0.0.1"], ["10.0.0.1"], ["::ffff:127.0.0.1"], ["169.254.169.254"]],
)
def test_a_name_that_leads_inside_is_refused(found: list[str]) -> None:
    """Where one address of a name is private, the name is no destination, whatever else it has."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        return found

    assert asyncio.run(vetting(resolve, private=False).pin(address_of("https://uss.example"))) is Fault.NOT_PUBLIC


def test_an_address_given_as_number_is_vetted_too() -> None:
    """A literal address goes through the same table, without asking any name server."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        raise AssertionError(host)

    async def scenario() -> None:
        strict = vetting(resolve, private=False)
        for text in (
            "https://127.0.0.1",
            "https://[::1]:8443",
            "https://[::ffff:a00:1]",
            "https://169.254.169.254/latest",
        ):
            assert await strict.pin(address_of(text)) is Fault.NOT_PUBLIC
        public = await strict.pin(address_of("https://8.8.8.8/x"))
        assert isinstance(public, Pin)
        assert public.networks == ("8.8.8.8",)

    asyncio.run(scenario())


def test_the_machines_own_resolver_is_asked_through_the_same_table() -> None:
    """A name that this machine itself says is loopback is closed, and opened only by the operator."""

    async def scenario() -> None:
        resolver = SystemResolver()
        address = address_of("https://localhost:8443")
        assert await vetting(resolver, private=False).pin(address) is Fault.NOT_PUBLIC
        pin = await vetting(resolver).pin(address)
        assert isinstance(pin, Pin)
        assert set(pin.networks) <= {"127.0.0.1", "::1"}
        resolver.close()

    asyncio.run(scenario())


def test_http_is_refused_again_when_sending() -> None:
    """An address stored while http was allowed is not sent to once it is no more."""
    assert asyncio.run(vetting(http=False).pin(address_of("http://uss.example"))) is Fault.NOT_PUBLIC


def test_rebinding_cannot_win() -> None:
    """A name that changes its mind leads where it was vetted to lead until it is vetted anew, and then is refused."""
    answers = iter([["93.184.216.34"], ["127.0.0.1"], ["93.184.216.34"]])
    now_us = [0]

    async def resolve(host: str, port: int) -> Sequence[str]:
        return next(answers)

    async def scenario() -> None:
        clock = Clock(lambda: 0, lambda: now_us[0])
        strict, address = vetting(resolve, clock, private=False), address_of("https://uss.example")
        for _ in range(3):
            pin = await strict.pin(address)
            assert isinstance(pin, Pin)
            assert pin.networks == ("93.184.216.34",)
        now_us[0] = PIN_S * 1_000_000
        assert await strict.pin(address) is Fault.NOT_PUBLIC

    asyncio.run(scenario())


def test_a_line_is_not_used_past_its_pin() -> None:
    """Once a name leads elsewhere, the open connection to where it led is closed rather than used."""

    async def scenario() -> None:
        async with Uss(always(http(200))) as uss:
            way = Way(QUICK)
            pin = await pinned(f"http://uss.invalid:{uss.port}")
            assert isinstance(await way.exchange(pin, asking()), Reply)
            moved = pin._replace(networks=("127.0.0.2",))
            await way.exchange(moved, asking())
            assert [h.connection for h in uss.heard][:1] == [1]
            assert all(h.connection != 1 for h in uss.heard[1:])
            await way.close()

    asyncio.run(scenario())


def test_a_resolver_that_hangs_or_fails_is_a_fault_in_time() -> None:
    """A name server that never answers, or answers nonsense, costs a bounded wait and a bounded number of look-ups."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        if host.startswith("hang"):
            await asyncio.sleep(60)
        if host.startswith("fail"):
            raise OSError("no such name")
        return [] if host.startswith("empty") else ["not an address"]

    async def scenario() -> None:
        vet = vetting(resolve)
        for host, fault in (("fail.x", Fault.NO_ADDRESS), ("empty.x", Fault.NO_ADDRESS), ("odd.x", Fault.NOT_PUBLIC)):
            assert await vet.pin(address_of(f"https://{host}"), "m") is fault
        hanging_names = [f"hang{n}.x" for n in range(3 * LOOKUPS_PER_MANAGER_MAX)]
        faults = await asyncio.gather(*(vet.pin(address_of(f"https://{n}"), "bad") for n in hanging_names))
        assert set(faults) == {Fault.NO_ADDRESS}
        assert sum(host.startswith("hang") for host in asked) == LOOKUPS_PER_MANAGER_MAX
        assert await vet.pin(address_of("https://odd2.x"), "good") is Fault.NOT_PUBLIC
        assert "odd2.x" in asked
        await vet.close()

    asyncio.run(scenario())


async def endless_head(_: object, writer: asyncio.StreamWriter) -> None:
    """Headers without end."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"x-more: " + b"y" * 1_000 + b"\r\n")
        await writer.drain()


async def endless_interim(_: object, writer: asyncio.StreamWriter) -> None:
    """Interim answers without end."""
    while True:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
        await writer.drain()


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (hanging, Fault.SLOW),
        (dripping, Fault.SLOW),
        (endless_head, Fault.GARBAGE),
        (endless_interim, Fault.GARBAGE),
        (always(b"\x16\x03\x01 what?\r\n\r\n"), Fault.GARBAGE),
        (always(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello"), Fault.GARBAGE),
        (always(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"), Fault.GARBAGE),
        (always(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"), Fault.GARBAGE),
        (always(b"", close=True), Fault.CLOSED),
        (always(b"HTTP/1.1 200", close=True), Fault.CLOSED),
        (always(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", close=True), Fault.CLOSED),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", ""),
)
def test_whatever_the_other_end_does_ends_in_a_value(answer: Answer, fault: Fault) -> None:
    """Hanging, dripping, flooding and garbage each end in a fault, in bounded time."""
    assert asyncio.run(exchanged(answer, most=100_000)) is fault


@pytest.mark.parametrize("answer", [flooding, always(http(200, "x" * 5_000))])
def test_no_more_is_read_than_asked_for(answer: Answer) -> None:
    """A body past the bound is cut, and said to be cut."""
    reply = asyncio.run(exchanged(answer, most=1_000))
    assert isinstance(reply, Reply)
    assert (reply.status, len(reply.body), reply.whole) == (200, 1_000, False)


def test_nothing_is_unpacked() -> None:
    """A compressed answer stays the few bytes that it is."""
    reply = asyncio.run(exchanged(always(http(200, b"\x1f\x8b\x08bomb", content_encoding="gzip"))))
    assert isinstance(reply, Reply)
    assert reply.body == b"\x1f\x8b\x08bomb"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    """A redirect is an answer like any other: nobody else hears of the request."""

    async def scenario() -> None:
        async with Uss() as victim:
            reply = await exchanged(always(http(status, location=f"{victim.url}/there")))
            assert isinstance(reply, Reply)
            assert reply.status == status
            await asyncio.sleep(0.02)
            assert victim.connections == 0

    asyncio.run(scenario())


def test_nobody_listens_there() -> None:
    """A port that nobody serves is a fault."""

    async def scenario() -> Reply | Fault:
        async with Uss() as gone:
            port = gone.port
        return await Way(QUICK).exchange(await pinned(f"http://uss.invalid:{port}"), asking())

    assert asyncio.run(scenario()) is Fault.CONNECT


def test_proxies_of_the_environment_and_cookies_play_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests go straight to where they were pinned, and carry nothing that an earlier answer left."""

    async def scenario() -> None:
        async with Uss() as proxy, Uss(always(http(200, set_cookie="a=b"))) as uss:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
                monkeypatch.setenv(name, proxy.url)
            way, pin = Way(QUICK), await pinned(f"http://uss.invalid:{uss.port}")
            for _ in range(2):
                assert isinstance(await way.exchange(pin, asking()), Reply)
            await way.close()
            assert proxy.connections == 0
            assert all("cookie" not in heard.headers for heard in uss.heard)
            assert len(uss.heard) == 2

    asyncio.run(scenario())


def test_a_line_is_used_again_until_the_other_end_hangs_up() -> None:
    """Requests share a connection; one that was closed meanwhile is replaced, and the request is not lost."""

    async def scenario() -> None:
        hang_up = asyncio.Event()

        async def answer(_: object, writer: asyncio.StreamWriter) -> bytes:
            if hang_up.is_set():
                hang_up.clear()
                raise ConnectionResetError
            return http(204)

        async with Uss(answer) as uss:
            way, pin = Way(QUICK), await pinned(f"http://uss.invalid:{uss.port}")
            for _ in range(3):
                assert isinstance(await way.exchange(pin, asking()), Reply)
            assert uss.connections == 1
            hang_up.set()
            assert isinstance(await way.exchange(pin, asking()), Reply)
            assert uss.connections == 2
            await way.close()

    asyncio.run(scenario())


def test_an_answer_with_a_tail_ends_the_line() -> None:
    """What follows an answer unasked is never taken for the answer to the next request."""

    async def scenario() -> None:
        async with Uss(always(http(204) + http(200, "forged"))) as uss:
            way, pin = Way(QUICK), await pinned(f"http://uss.invalid:{uss.port}")
            for _ in range(2):
                reply = await way.exchange(pin, asking())
                assert isinstance(reply, Reply)
                assert reply.status == 204
            assert uss.connections == 2
            await way.close()

    asyncio.run(scenario())


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of uss.example, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "uss.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("uss.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "uss.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*form) + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def test_tls_is_held_against_the_name_that_was_given(certified: Path) -> None:
    """The pinned address is asked for the name by SNI; a certificate of another name ends it before any request."""

    async def scenario() -> None:
        named: list[str] = []
        serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        serving.load_cert_chain(certified)
        serving.sni_callback = lambda _, name, __: named.append(name)
        async with Uss(always(http(200, "well")), serving) as uss:
            way = Way(QUICK, ssl.create_default_context(cafile=str(certified)))
            reply = await way.exchange(await pinned(f"https://uss.example:{uss.port}"), asking())
            assert isinstance(reply, Reply)
            assert reply.body == b"well"
            assert await way.exchange(await pinned(f"https://other.example:{uss.port}"), asking()) is Fault.TLS
            assert await way.exchange(await pinned(f"https://127.0.0.1:{uss.port}"), asking()) is Fault.TLS
            assert named == ["uss.example", "other.example", None]
            assert len(uss.heard) == 1
            stranger = Way(QUICK)
            assert await stranger.exchange(await pinned(f"https://uss.example:{uss.port}"), asking()) is Fault.TLS
            assert len(uss.heard) == 1
            await way.close()
            await asyncio.sleep(0.02)

    asyncio.run(scenario())
