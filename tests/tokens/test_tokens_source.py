"""Where the issuer's keys come from: files and an address, current or serving on."""

import asyncio
import contextlib
import gzip
import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs
from tokens_kit import Address, Clock, address, certificate, issuer, jwks, private_pem

from wideberth.refusal import Refusal
from wideberth.tokens import source as source_module
from wideberth.tokens.source import Source, read_files
from wideberth.tokens.verify import Keys


class Watched:
    """A source whose doings are written down."""

    def __init__(self, url: str, *paths: Path, life_s: float = 300, again_s: float = 30) -> None:
        self.clock = Clock()
        found = read_files(paths)
        assert not isinstance(found, Refusal)
        self.source = Source(found, paths, url, self.clock, life_s=life_s, again_s=again_s)
        self.asked: list[bool] = []
        self.changes: list[Keys] = []
        self.source.asked = self.asked.append
        self.source.changed = self.changes.append

    @property
    def thumbs(self) -> frozenset[str]:
        """The keys that are known."""
        return self.source.keys.thumbprints

    def look(self) -> list[str]:
        """Look once; what the log said of it."""
        with capture_logs() as logs:
            asyncio.run(self.source.refresh())
        return [f"{line['event']} {line.get('problem', '')}" for line in logs]


@contextlib.contextmanager
def fetched(*numbers: int) -> Iterator[tuple[Address, Watched]]:
    """An address that gave its keys once."""
    with address(jwks(*(numbers or (0,)))) as told:
        watched = Watched(told.url)
        assert watched.look() == ["tokens.keys "]
        yield told, watched


def test_keys_are_fetched_and_replaced_when_they_rotate() -> None:
    """What the address gives is what is known; who listens hears of changes alone."""
    with fetched() as (told, watched):
        assert (watched.thumbs, watched.asked, told.asked) == ({issuer(0).kid}, [True], ["/keys"])
        told.body = jwks(0, 1)
        watched.look()
        assert watched.thumbs == {issuer(0).kid, issuer(1).kid}
        told.body = jwks(1)
        watched.look()
        watched.look()
        assert watched.thumbs == {issuer(1).kid}
        assert [len(keys) for keys in watched.changes] == [1, 2, 1]


@pytest.mark.parametrize(
    ("status", "headers", "body", "word"),
    [
        (500, {}, jwks(1), "500"),
        (404, {}, jwks(1), "404"),
        (204, {}, b"", "204"),
        (302, {"location": "/other"}, jwks(1), "redirect"),
        (200, {}, b"<html>", "key set"),
        (200, {}, b'{"keys": []}', "key set"),
        (200, {}, jwks(1) + b" " * 65_536, "65,536"),
        (200, {"content-encoding": "gzip"}, gzip.compress(jwks(1)), "compressed"),
    ],
)
def test_a_wrong_answer_leaves_the_keys_that_were_there(
    status: int, headers: dict[str, str], body: bytes, word: str
) -> None:
    """Errors, redirects, garbage, an empty set, too much, compressed: said in the log, and the old keys serve on."""
    with fetched() as (told, watched):
        told.status, told.headers, told.body = status, headers, body
        (line,) = watched.look()
        assert line.startswith("tokens.keys_kept")
        assert word in line
        assert (watched.thumbs, watched.asked, watched.source.well) == ({issuer(0).kid}, [True, False], False)
        assert told.asked == ["/keys", "/keys"], "a redirect was followed"
        told.status, told.headers, told.body = 200, {}, jwks(0)
        assert watched.look() == []
        assert watched.source.well


def test_an_address_that_is_gone_hangs_or_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection, no answer in time, an answer without end: each is one failure, and the old keys serve on."""
    with fetched() as (told, watched):
        told.hangs.clear()
        with monkeypatch.context() as quick:
            quick.setattr(source_module, "JWKS_S_MAX", 0.3)
            (line,) = watched.look()
        assert "within" in line
        told.hangs.set()
        told.endless = True
        (line,) = watched.look()
        assert "65,536" in line
        told.endless = False
    watched.clock.on(60)
    (line,) = watched.look()
    assert "ConnectError" in line
    assert (watched.thumbs, watched.asked) == ({issuer(0).kid}, [True, False, False, False])
    assert watched.source.age_s == pytest.approx(60)


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(tmp_path: Path) -> None:
    """An https address must show that it is who it says."""
    (tmp_path / "c.pem").write_bytes(certificate())
    (tmp_path / "k.pem").write_bytes(private_pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "c.pem", tmp_path / "k.pem")
    with address(jwks(0), tls=context) as told:
        watched = Watched(told.url)
        (line,) = watched.look()
        assert "CERTIFICATE_VERIFY_FAILED" in line
        assert told.asked == []
    assert not watched.source.keys


def test_all_who_wait_share_one_question() -> None:
    """Fifty that ask at once make one request; the next question may be asked only after a while."""
    with address(jwks(0)) as told:
        watched = Watched(told.url)
        may: list[bool] = []

        async def ask() -> None:
            may.append(watched.source.may_ask())
            asking = [asyncio.create_task(watched.source.refresh()) for _ in range(50)]
            await asyncio.sleep(0)
            may.append(watched.source.may_ask())
            await asyncio.gather(*asking)

        asyncio.run(ask())
        assert len(told.asked) == 1
        may.append(watched.source.may_ask())
        watched.clock.on(29)
        may.append(watched.source.may_ask())
        watched.clock.on(2)
        may.append(watched.source.may_ask())
        assert may == [True, True, False, False, True]


def test_who_gives_up_waiting_stops_nobody_else() -> None:
    """A request that is cancelled leaves the question under way."""
    with address(jwks(0)) as told:
        watched = Watched(told.url)

        async def ask() -> None:
            first = asyncio.create_task(watched.source.refresh())
            second = asyncio.create_task(watched.source.refresh())
            await asyncio.sleep(0)
            first.cancel()
            await second
            assert first.cancelled()

        asyncio.run(ask())
        assert watched.thumbs == {issuer(0).kid}


def test_files_alone_are_read_anew_and_ask_nobody(tmp_path: Path) -> None:
    """A file that was replaced counts at the next look; one that cannot be read leaves its keys."""
    path = tmp_path / "issuer.pem"
    path.write_bytes(issuer(0).public_pem)
    watched = Watched("", path)
    assert (watched.thumbs, watched.source.well, watched.source.may_ask()) == ({issuer(0).kid}, True, False)
    path.write_bytes(issuer(1).public_pem)
    assert watched.look() == ["tokens.keys "]
    assert watched.thumbs == {issuer(1).kid}
    for wrong in (b"", b"x" * 100_000, issuer(0).public_pem * 17):
        path.write_bytes(wrong)
        (line,) = watched.look()
        assert "token_keys" in line
    path.unlink()
    (line,) = watched.look()
    assert "No such file" in line
    assert (watched.thumbs, watched.source.well, watched.asked) == ({issuer(1).kid}, False, [])


def test_files_and_address_go_together(tmp_path: Path) -> None:
    """Keys of both are known; what fails of the one leaves the other."""
    path = tmp_path / "issuer.pem"
    path.write_bytes(issuer(0).public_pem)
    with address(jwks(1)) as told:
        watched = Watched(told.url, path)
        watched.look()
        assert watched.thumbs == {issuer(0).kid, issuer(1).kid}
        path.unlink()
        told.body = jwks(0)
        watched.look()
        assert [key.kid for key in watched.source.keys.fitting(None)] == [None, issuer(0).kid]


def test_more_keys_than_the_limit_in_all_files_are_refused(tmp_path: Path) -> None:
    """Each file within the limit, together past it."""
    path = tmp_path / "issuer.pem"
    path.write_bytes(issuer(0).public_pem * 9)
    assert isinstance(read_files((path, path)), Refusal)
    assert not isinstance(read_files((path,)), Refusal)


def test_keys_are_kept_current_in_the_background() -> None:
    """It looks at once and again after the life of the keys, sooner after a failure, also after a fault of its own."""
    answers = [(200, jwks(0)), (500, b""), (200, jwks(1))]
    asked: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(len(asked))
        if len(asked) == 4:
            raise ZeroDivisionError("a fault of the house")
        status, body = answers[min(len(asked), len(answers)) - 1]
        return httpx.Response(status, stream=httpx.ByteStream(body))

    async def watch() -> Source:
        transport = httpx.MockTransport(answer)
        source = Source((), (), "http://127.0.0.1/keys", Clock(), transport=transport, life_s=0.01, again_s=0.001)
        running = asyncio.create_task(source.run())
        while len(asked) < 6:
            await asyncio.sleep(0.001)
        running.cancel()
        await asyncio.wait((running,))
        await source.close()
        return source

    with capture_logs() as logs:
        found = asyncio.run(asyncio.wait_for(watch(), 20))
    assert found.keys.thumbprints == {issuer(1).kid}
    events = [line["event"] for line in logs]
    assert events[:3] == ["tokens.keys", "tokens.keys_kept", "tokens.keys"]
    assert events.count("tokens.fault") == 1


def test_the_log_names_the_issuer_and_not_the_address() -> None:
    """An address may carry a secret in its query; the log has the host alone."""
    with capture_logs() as logs:
        source = Source((), (), "http://127.0.0.1:1/keys?secret=hidden", Clock())
        asyncio.run(source.refresh())
    assert [line["issuer"] for line in logs] == ["127.0.0.1"]
    assert "hidden" not in json.dumps(logs)
