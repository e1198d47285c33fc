"""`wideberth drill`, `party cells`, `party contacts` against a node: who answered how soon, whom to call."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from served import founded, seed_of, serving

from wideberth.cli import run
from wideberth.client import Client, Problem
from wideberth.client.hotline import Hotline
from wideberth.keys import Key, write_key

Captured = pytest.CaptureFixture[str]
CELLS = """
[[cells]]
code = "HQ"
name = "Headquarters"

[[cells]]
code = "B1"
name = "First battery"
above = "HQ"
languages = ["en", "ru"]
area = { type = "Circle", center = [-38.0, 42.0], radius_m = 5000 }
"""
CONTACTS = """
[[contacts]]
level = 3
role = "Commander on call"
number = "+1 555 0103"

[[contacts]]
level = 1
role = "Interpreter"
number = "+1 555 0109"
languages = ["ru", "tr"]
interpreter = true
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A node with AAA, BBB and CCC."""
    folder = tmp_path_factory.mktemp("node")
    founded(folder)
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with serving(folder) as address:
        yield address
    structlog.reset_defaults()


@pytest.fixture
def key(tmp_path: Path) -> str:
    """AAA's watch key in a file."""
    path = tmp_path / "aaa.key"
    write_key(path, Key("watch", "AAA", "desk", seed_of("AAA")))
    return str(path)


def said(capsys: Captured, *words: str) -> tuple[int, str]:
    """Exit status and output of a run."""
    capsys.readouterr()
    status = run(words)
    return status, capsys.readouterr().out


def awake(url: str, party: str, over: threading.Event) -> None:
    """A watch that reads back every drill and answers every check."""
    with Client(url, party, seed_of(party)) as client:
        hotline = Hotline(client)
        while not over.wait(0.2):
            messages, lines = hotline.messages(), hotline.lines()
            assert not isinstance(messages, Problem)
            assert not isinstance(lines, Problem)
            for message in messages.messages:
                if any(owed.open for owed in message.owed):
                    assert message.drill
                    hotline.acknowledge(message, "", message.read_back)
            for line in lines.lines:
                if line.second == party and line.answer_by is not None:
                    hotline.answer_check(line.first, line.check)


def test_a_drill_tells_who_is_awake(url: str, key: str, capsys: Captured) -> None:
    """BBB answers all of it in time, CCC nothing: the table says so, the status is 1, and nothing is left open."""
    over = threading.Event()
    watch = threading.Thread(target=awake, args=(url, "BBB", over))
    watch.start()
    try:
        status, out = said(capsys, "drill", "--key", key, "--url", url, "--wait", "4", "--json")
    finally:
        over.set()
        watch.join()
    found = {row["party"]: row for row in json.loads(out)["parties"]}
    assert status == 1
    assert found["BBB"]["in_time"]
    assert None not in found["BBB"].values()
    assert found["CCC"] == {
        "party": "CCC",
        "received_s": None,
        "read_back_s": None,
        "first_s": None,
        "second_s": None,
        "in_time": False,
    }
    with Client(url, "CCC", seed_of("CCC")) as client:
        left = Hotline(client).messages()
        assert not isinstance(left, Problem)
        assert left.messages == ()


def test_a_drill_of_one_party(url: str, key: str, capsys: Captured) -> None:
    """Only who is named is tried; the table speaks to people."""
    over = threading.Event()
    watch = threading.Thread(target=awake, args=(url, "BBB", over))
    watch.start()
    try:
        status, out = said(capsys, "drill", "BBB", "--key", key, "--url", url, "--wait", "20")
    finally:
        over.set()
        watch.join()
    assert status == 0
    assert "in time" in out
    assert "CCC" not in out
    assert "A flash message is to be acknowledged within 60 s." in out


def test_cells_from_a_file(url: str, key: str, tmp_path: Path, capsys: Captured) -> None:
    """They are set, shown, and what is wrong in a file is named."""
    file = tmp_path / "cells.toml"
    file.write_text(CELLS)
    status, out = said(capsys, "party", "cells", str(file), "--key", key, "--url", url)
    assert (status, out.partition(".")[0]) == (0, "2 cells set")
    _, out = said(capsys, "party", "cells", "--key", key, "--url", url, "--json")
    rows = {row["cell"]: row for row in json.loads(out)}
    assert rows["B1"]["above"] == "HQ"
    assert rows["B1"]["languages"] == ["en", "ru"]
    _, out = said(capsys, "party", "cells", "--key", key, "--url", url)
    assert "First battery" in out
    file.write_text(CELLS.replace("radius_m", "radius"))
    assert run(["party", "cells", str(file), "--key", key, "--url", url]) == 2
    assert "radius" in capsys.readouterr().err


def test_contacts_from_a_file(url: str, key: str, tmp_path: Path, capsys: Captured) -> None:
    """Set by one party, read by another, found by language; where there is none, a sentence that says how."""
    status, out = said(capsys, "party", "contacts", "--key", key, "--url", url, "--party", "BBB", "--speaks", "ru")
    assert status == 0
    assert out.startswith(
        "No contact of BBB who speaks ru is known. A party sets its own: wideberth party contacts FILE"
    )
    file = tmp_path / "contacts.toml"
    file.write_text(CONTACTS)
    status, out = said(capsys, "party", "contacts", str(file), "--key", key, "--url", url)
    assert (status, out.partition(".")[0]) == (0, "2 contacts set")
    other = tmp_path / "bbb.key"
    write_key(other, Key("watch", "BBB", "desk", seed_of("BBB")))
    _, out = said(capsys, "party", "contacts", "--key", str(other), "--url", url, "--speaks", "ru", "--json")
    found = [(row["party"], row["role"], row["interpreter"]) for row in json.loads(out)]
    assert found == [("AAA", "Interpreter", True)]
    _, out = said(capsys, "party", "contacts", "--key", str(other), "--url", url, "--party", "AAA")
    assert out.index("Interpreter") < out.index("Commander on call")
