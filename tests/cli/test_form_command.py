"""`wideberth form`: messages of a node on paper, and the empty form that needs none."""

import io
import time
from collections.abc import Iterator
from pathlib import Path

import pypdf
import pytest
import structlog
from served import founded, seed_of, serving

from wideberth.cli import run
from wideberth.client import Client, Problem
from wideberth.client.hotline import Hotline
from wideberth.keys import Key, write_key
from wideberth.space.volume import Circle, Volume4D
from wideberth.voice.catalogues import LANGUAGES
from wideberth.words.check import groups

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A node with AAA, BBB and CCC."""
    folder = tmp_path_factory.mktemp("node")
    founded(folder)
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with serving(folder) as address:
        yield address
    structlog.reset_defaults()


def printed(capsys: Captured, *words: str) -> tuple[int, str]:
    """Exit status and the line that is said."""
    capsys.readouterr()
    status = run(["form", *words])
    said = capsys.readouterr()
    return status, said.out + said.err


def test_a_message_on_paper(url: str, tmp_path: Path, capsys: Captured) -> None:
    """What the node says has to be read back stands on the sheets; a message is named as the watch lists it."""
    key, out = tmp_path / "bbb.key", tmp_path / "out.pdf"
    write_key(key, Key("watch", "BBB", "desk", seed_of("BBB")))
    at = ("--key", str(key), "--url", url, "--out", str(out))
    assert printed(capsys, *at) == (2, "wideberth: No message is open. An empty form: wideberth form --empty\n")
    now_us = time.time_ns() // 1_000
    volume = Volume4D(Circle(42 * 10**9, -38 * 10**9, 2_000_000), 0, 1_000_000, now_us + 10**10, now_us + 2 * 10**10)
    with Client(url, "AAA", seed_of("AAA")) as client:
        hotline, messages = Hotline(client), [client.new_id(), client.new_id()]
        for message in messages:
            sent = hotline.send(message, ["BBB"], phrase="notice", volumes=[volume])
            assert not isinstance(sent, Problem), sent.sentence()
        found = hotline.message("AAA", messages[0])
        assert not isinstance(found, Problem)
    assert printed(capsys, *at) == (0, f"{out}: 2 messages.\n")
    assert printed(capsys, f"AAA/{str(found.id)[:8]}", *at, "--language", "tr") == (0, f"{out}: 1 message.\n")
    pages = pypdf.PdfReader(io.BytesIO(out.read_bytes())).pages
    assert len(pages) == 2
    text = pages[0].extract_text().replace("\u00a0", " ")
    assert all(groups(code) in text for code in found.read_back if code)
    assert "Harekât bildirimi" in text
    for name, wrong in (("AAA/zz", "There is no open message"), (f"CCC/{found.id}", "no such thing")):
        status, said = printed(capsys, name, *at)
        assert status == 2
        assert wrong in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_form_needs_no_node(language: str, tmp_path: Path, capsys: Captured) -> None:
    """Neither key nor network; what does not go together is refused."""
    out = tmp_path / "empty.pdf"
    assert printed(capsys, "--empty", "--out", str(out), "--language", language) == (0, f"{out}: an empty form.\n")
    assert out.read_bytes().startswith(b"%PDF")
    assert printed(capsys, "AAA/123456", "--empty")[0] == 2
    assert printed(capsys, "AAA/123456")[0] == 2
