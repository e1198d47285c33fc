"""`wideberth load` as somebody calls it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
from stub_dss import Stub

from wideberth.cli import run
from wideberth.load import Report
from wideberth.load import plot as plots
from wideberth.tokens import Issuer
from wideberth.tokens.issuer import new_private_pem

QUICK = ["--cell", "--planners", "1,3", "--seconds", "0.3", "--warm-up", "0.05"]


@contextmanager
def served(stub: Stub) -> Iterator[str]:
    """The address of a stub that another thread serves."""
    up, down, found = threading.Event(), threading.Event(), list[str]()

    async def serve() -> None:
        async with stub.serving() as address:
            found.append(f"http://{address.authority}")
            up.set()
            while not down.is_set():
                await asyncio.sleep(0.01)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert up.wait(10)
        yield found[0]
    finally:
        down.set()
        thread.join(10)


@pytest.fixture
def pem(tmp_path: Path) -> str:
    """The file of an issuer's key."""
    file = tmp_path / "issuer.pem"
    file.write_bytes(new_private_pem())
    return str(file)


def test_a_load_gives_a_table_raw_figures_and_a_picture(
    tmp_path: Path, pem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One command: a row a step with the peak marked, the machine and the time, JSON that reads back, a PNG."""
    pytest.importorskip("matplotlib", reason="a picture needs matplotlib")
    json, png = tmp_path / "load.json", tmp_path / "load.png"
    stub = Stub(crowded=True)
    with served(stub) as url:
        files = ["--json", str(json), "--plot", str(png), "--past-peak", "2"]
        assert run(["load", url, "--token-key", pem, *QUICK, *files]) == 0
    shown = capsys.readouterr().out
    for word in ("flights/s", "peak", "2 x peak", "accept", "activate", "delete", "0.3 s a step after 0.05 s", "GiB"):
        assert word in shown, word
    assert png.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    report = msgspec.json.decode(json.read_bytes(), type=dict[str, Any])
    assert [step["planners"] for step in report["steps"]] == [1, 3]
    assert set(report["steps"][0]["kinds"]) == {"accept", "activate", "delete", "flight"}
    assert len(report["steps"][0]["kinds"]["flight"]["quantiles_ms"]) == 101
    assert set(report) == set(Report.__struct_fields__)
    assert {"wideberth", "python"} <= set(report["versions"])
    assert stub.intents == {}


def test_tokens_are_of_the_suppliers(pem: str) -> None:
    """Each supplier has a token of its own, of the issuer and for the audience that were named."""
    heard: set[str] = set()
    stub = Stub()
    known = stub._do
    stub._do = lambda method, path, body, who: heard.add(who) or known(method, path, body, who)  # type: ignore[func-returns-value, method-assign]
    with served(stub) as url:
        assert run(["load", url, "--token-key", pem, "--issuer", "me", "--suppliers", "3", *QUICK]) == 0
    claims = [msgspec.json.decode(_unpadded(token.split(".")[1]), type=dict[str, Any]) for token in heard]
    assert sorted(c["sub"] for c in claims) == ["uss1", "uss2", "uss3"]
    assert {(c["iss"], c["aud"], c["scope"]) for c in claims} == {("me", "127.0.0.1", "utm.strategic_coordination")}
    assert Issuer(Path(pem).read_bytes(), "me").kid


def _unpadded(text: str) -> bytes:
    import base64

    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_tokens_may_come_from_an_address() -> None:
    """An authority is asked once for each supplier, with the subject, the audience and the scope."""
    asked: list[str] = []

    class Authority(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"access_token":"a-token"}')

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    authority = HTTPServer(("127.0.0.1", 0), Authority)
    thread = threading.Thread(target=authority.serve_forever)
    thread.start()
    try:
        with served(Stub()) as url:
            at = f"http://127.0.0.1:{authority.server_port}/token"
            assert run(["load", url, "--token-url", at, "--audience", "dss.example.com", *QUICK]) == 0
    finally:
        authority.shutdown()
        thread.join()
        authority.server_close()
    assert len(asked) == 2
    assert all("intended_audience=dss.example.com" in path and "sub=uss" in path for path in asked)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "Say where tokens come from"),
        (["--token-key", "none.pem", "--cell", "--spread"], "not both"),
        (["--token-key", "none.pem", "--planners", "1,x"], "--planners"),
        (["--token-key", "none.pem", "--planners", "0"], "--planners"),
        (["--token-key", "none.pem", "--planners", "1.5"], "whole numbers"),
        (["--token-key", "none.pem", "--bounds", "nan,2,3,4"], "--bounds"),
        (["--token-key", "none.pem", "--planners", "5000"], "1 to 4096"),
        (["--token-key", "none.pem", "--bounds", "1,2,3"], "--bounds"),
        (["--token-key", "none.pem", "--bounds", "50,40,2,18"], "--bounds"),
        (["--token-key", "none.pem", "--cell", "--at", "91,0"], "--at"),
        (["--token-key", "none.pem", "--subscription", "explicit"], "--cell"),
        (["--token-key", "none.pem", "--key", "known"], "--cell"),
        (["--token-key", "none.pem", "--cell", "--puts", "--key", "known"], "--puts"),
        (["--token-key", "none.pem", "--subscription", "none"], "--puts"),
        (["--token-key", "none.pem", "--seconds", "0"], "--seconds"),
        (["--token-key", "none.pem", "--rate", "nan"], "--rate"),
        (["--token-key", "none.pem"], "none.pem: No such file"),
        (["--token-key", __file__], "an RSA private key"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Options that cannot be meant end with 2 and one line that names them."""
    assert run(["load", "http://127.0.0.1:9", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert says in captured.err


@pytest.mark.parametrize("url", ["ftp://dss.example.com", "dss.example.com", "http://", "http://a:b/", "http://h/?q=1"])
def test_an_address_that_is_none_is_refused(url: str, pem: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An address that no server can have ends with 2."""
    assert run(["load", url, "--token-key", pem]) == 2
    assert "an address such as" in capsys.readouterr().err


def test_a_server_that_is_not_there_ends_with_3(pem: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody listens, or no authority answers, the command says so and ends with 3."""
    assert run(["load", "http://127.0.0.1:9", "--token-key", pem]) == 3
    assert "The first flight failed: accept: " in capsys.readouterr().err
    assert run(["load", "http://127.0.0.1:9", "--token-url", "http://127.0.0.1:9/token"]) == 3
    assert "http://127.0.0.1:9/token: " in capsys.readouterr().err


def test_a_picture_without_matplotlib_is_refused_before_the_load(
    pem: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where matplotlib is missing one sentence says how to get it, before anything was asked."""
    monkeypatch.setattr(plots, "find_spec", lambda name: None)
    assert run(["load", "http://127.0.0.1:9", "--token-key", pem, "--plot", "load.png"]) == 2
    assert "wideberth[plot]" in capsys.readouterr().err
