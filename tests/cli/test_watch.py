"""`wideberth watch` against a node: what is open, what is typed, what comes, what waits for the line."""

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog
from served import founded, seed_of, serving

from wideberth.cli import run
from wideberth.cli.watch_lines import Reader, item_line, lines_of
from wideberth.client import Client, Problem
from wideberth.client.client import Sealed
from wideberth.client.hotline import Hotline, StopNow
from wideberth.client.outbox import Outbox
from wideberth.client.wire import Base64, NoticeRow
from wideberth.keys import Key, write_key
from wideberth.party.command import Text
from wideberth.party.hotline import MessageKind, Precedence, Stop
from wideberth.space.volume import Circle, Volume4D
from wideberth.voice.catalogues import LANGUAGES
from wideberth.voice.message import phrases_of_item, text_of
from wideberth.voice.phrases import plain
from wideberth.words.check import groups, with_check

Captured = pytest.CaptureFixture[str]
NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A node with AAA, BBB and CCC."""
    folder = tmp_path_factory.mktemp("node")
    founded(folder)
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # the node's log is not the watch's output
    with serving(folder) as address:
        yield address
    structlog.reset_defaults()


@pytest.fixture
def key(tmp_path: Path) -> str:
    """BBB's watch key in a file."""
    path = tmp_path / "bbb.key"
    write_key(path, Key("watch", "BBB", "desk", seed_of("BBB")))
    return str(path)


def watched(capsys: Captured, *words: str) -> tuple[int, str]:
    """Exit status and output of a run."""
    capsys.readouterr()
    status = run(["watch", *words])
    return status, capsys.readouterr().out


def test_the_watch_of_a_terminal(url: str, key: str, capsys: Captured) -> None:
    """What is owed is listed with its deadline, acknowledged, answered, doubted; afterwards nothing is open."""
    with Client(url, "AAA", seed_of("AAA")) as client:
        hotline = Hotline(client)
        text = "Close to the river \u202eyltneg"
        sent = hotline.send(
            client.new_id(), ["BBB"], kind=MessageKind.QUERY, precedence=Precedence.IMMEDIATE, text=text
        )
        assert not isinstance(sent, Problem), sent.sentence()
        at = ("--key", key, "--url", url)
        status, out = watched(capsys, *at, "--once")
        assert status == 1
        assert "IMMEDIATE query AAA/" in out
        assert "\\u202e" in out
        assert "\u202e" not in out
        status, out = watched(capsys, *at, "--json")
        rows: list[dict[str, Any]] = json.loads(out)
        assert (status, rows[0]["what"], rows[0]["thing"]["sender"]) == (1, "owed", "AAA")
        assert rows[0]["thing"]["receivers"] == []
        words = ["ack 1", "ack 9", "answer 1 maybe", "answer 1 not-affected nothing of ours", "dance", "list"]
        status, out = watched(capsys, *at, *(part for word in words for part in ("--do", word)))
        said = out.splitlines()
        assert said[1].startswith("Acknowledged. Entry ")
        assert "There is no message '9' in the list. Type list." in said
        assert "An answer is one of not-affected, conflict, not-ours, unknown, declined." in said
        assert any(line.startswith("Answered: not-affected. Entry ") for line in said)
        assert "There is no word 'dance'. Type help." in said
        assert said[-1] == "Nothing is open."
        assert watched(capsys, *at, "--once") == (0, "Nothing is open.\n")


def test_reading_back_in_a_terminal(url: str, key: str, capsys: Captured) -> None:
    """Items are typed, in groups where commas part them; a slip is said before anything is sent, a wrong item is said
    to be wrong, the right ones make the notice effective."""
    now_us = time.time_ns() // 1_000
    volume = Volume4D(Circle(42 * 10**9, -38 * 10**9, 2_000_000), 0, 1_000_000, now_us + 10**10, now_us + 2 * 10**10)
    with Client(url, "AAA", seed_of("AAA")) as client:
        hotline, message = Hotline(client), client.new_id()
        sent = hotline.send(message, ["BBB"], precedence=Precedence.IMMEDIATE, phrase="notice", volumes=[volume])
        assert not isinstance(sent, Problem), sent.sentence()
        found = hotline.message("AAA", message)
        assert not isinstance(found, Problem)
        right = [item or "-" for item in found.read_back]
        slipped = ["9" + right[0][1:], *right[1:]]
        wrong = [with_check("9" + right[0][1:-2]), *right[1:]]
        at = ("--key", key, "--url", url)
        grouped = ", ".join(groups(item) if item != "-" else item for item in right)
        words = [" ".join(slipped), "what", " ".join(wrong), grouped]
        _, out = watched(capsys, *at, *(part for word in words for part in ("--do", f"read 1 {word}")))
        assert out.splitlines()[-4:] == [
            "Nothing is sent: the check characters of item 1 do not fit. Ask for it again.",
            "Nothing is sent: 7 items are read back, with commas between them; 1 were typed.",
            "That is not what was sent: the notice says what differs.",
            "Read back rightly.",
        ]
        found = hotline.message("AAA", message)
        assert not isinstance(found, Problem)
        assert found.effective is not None


def test_a_message_is_shown_whole(url: str, key: str, capsys: Captured) -> None:
    """Whose it is, what it needs, how far it has come with whom, who doubts it and why; what others wrote is escaped.
    A STOP of a terminal may be an exercise."""
    with Client(url, "BBB", seed_of("BBB")) as client, Client(url, "AAA", seed_of("AAA")) as other:
        message = client.new_id()
        sent = Hotline(client).send(message, ["AAA"], precedence=Precedence.IMMEDIATE, text="Convoy on the east road")
        assert not isinstance(sent, Problem), sent.sentence()
        found = Hotline(other).message("BBB", message)
        assert not isinstance(found, Problem)
        doubted = Hotline(other).doubt(other.new_id(), found, "Which\u202e road?")
        assert not isinstance(doubted, Problem), doubted.sentence()
        at = ("--key", key, "--url", url)
        _, out = watched(capsys, *at, "--do", "show 1")
        shown = out.splitlines()[1:]
        assert shown[0].startswith("sent: IMMEDIATE notice BBB/")
        assert re.fullmatch(r"  sent \d\d:\d\d:\d\dZ, entry \d+: open, not effective: needs received", shown[1])
        assert "  AAA: sent" in shown
        assert re.fullmatch(r"  AAA doubts it \d\d:\d\d:\d\dZ, not reviewed: Which\\u202e road\?", shown[-1])
        _, out = watched(capsys, *at, "--do", "cancel 1", "--do", "drill of the watch", "--do", "list")
        assert "STOP is said, as a drill. Entry" in out
        assert "FLASH stop BBB/" in out.splitlines()[-1]
        assert "DRILL" in out.splitlines()[-1]
        assert "Taken back." in watched(capsys, *at, "--do", "cancel 1")[1]


def test_what_is_refused_ends_with_one(url: str, key: str, capsys: Captured) -> None:
    """A script that says something by --do learns by the exit status that the node refused it."""
    assert watched(capsys, "--key", key, "--url", url, "--do", "check NOBODY")[0] == 1
    assert watched(capsys, "--key", key, "--url", url, "--do", "watches")[0] == 0


def test_a_cell_that_is_none_is_no_quiet_cell(url: str, key: str, capsys: Captured) -> None:
    """A misspelt cell is refused with the cells there are: an empty list would look like nothing to do."""
    capsys.readouterr()
    assert run(["watch", "--key", key, "--url", url, "--cell", "NOPE", "--once"]) == 2
    heard = capsys.readouterr()
    assert heard.out == ""
    assert "BBB has no cell 'NOPE'; its cells: none." in heard.err


def test_a_line_check_is_answered_and_the_watch_taken_in_a_terminal(url: str, key: str, capsys: Captured) -> None:
    """A check is listed until it is answered; the watch is taken with all that is open, and seen; what does not fit is
    said, and the watch goes on."""
    with Client(url, "AAA", seed_of("AAA")) as client:
        sent = Hotline(client).check(client.new_id(), "BBB")
        assert not isinstance(sent, Problem), sent.sentence()
    at = ("--key", key, "--url", url)
    _, out = watched(capsys, *at, "--once")
    line = next(row for row in out.splitlines() if "LINE AAA to BBB" in row)
    assert "answer by " in line
    assert "Answer on the same path." in line
    with Client(url, "AAA", seed_of("AAA")) as client:
        sent = Hotline(client).send(client.new_id(), ["BBB"], kind=MessageKind.QUERY, text="Where?")
        assert not isinstance(sent, Problem), sent.sentence()
    _, out = watched(capsys, *at, "--once")
    owed = " ".join(row.split()[0] for row in out.splitlines() if "owed by the watch" in row)
    number = next(row for row in out.splitlines() if "LINE AAA to BBB" in row).split()[0]
    words = [f"alive {number}", "alive 99", "take", f"take {owed}", "watches", "hand nobody", "hand desk", "list"]
    status, out = watched(capsys, *at, *(part for word in words for part in ("--do", word)))
    said = out.splitlines()
    assert status == 0
    assert any(row.startswith("It is alive. Entry ") for row in said)
    assert "There is no line check '99' to answer in the list. Type list." in said
    assert f"Who takes the watch signs for each open item. Look at them, then type: take {owed}" in said
    assert any(row.startswith("On watch, with ") for row in said)
    assert any(row.startswith("the watch: ") and "nobody" not in row for row in said)
    none = "No watch keys are called so: 'nobody'. Type watches."
    assert none in said
    assert not any("answer by" in row for row in said[said.index(none) :])


def test_no_microseconds_are_read(url: str, key: str, capsys: Captured) -> None:
    """Deadlines are whole seconds, never later than they are, on screen and aloud."""
    with Client(url, "AAA", seed_of("AAA")) as client:
        sent = Hotline(client).send(client.new_id(), ["BBB"], kind=MessageKind.QUERY, text="Where?")
        assert not isinstance(sent, Problem), sent.sentence()
    for how in ("--once", "--spoken"):
        _, out = watched(capsys, "--key", key, "--url", url, how)
        assert "AAA" in out
        assert re.search(r"\d\.\d{2,}Z|point", out) is None


def test_a_watch_reads_in_its_own_language(url: str, key: str, capsys: Captured) -> None:
    """Phrases come in the reader's language with the figures of the plan, free text as it was written and marked so;
    what is read aloud has every code in groups with its check characters, digit by digit."""
    now_us = time.time_ns() // 1_000
    volume = Volume4D(Circle(42 * 10**9, -38 * 10**9, 2_000_000), 0, 1_000_000, now_us + 10**10, now_us + 2 * 10**10)
    with Client(url, "AAA", seed_of("AAA")) as client:
        hotline, message = Hotline(client, "tr"), client.new_id()
        phrase, text = "avoid", "Köprüye yaklaşmayın \u202e"
        sent = hotline.send(message, ["BBB"], precedence=Precedence.FLASH, phrase=phrase, volumes=[volume], text=text)
        assert not isinstance(sent, Problem), sent.sentence()
        at = ("--key", key, "--url", url)
        _, english = watched(capsys, *at, "--once")
        assert "Avoid this area until" in english
        assert "Read back message" in english
        status, german = watched(capsys, *at, "--once", "--language", "de")
        assert status == 1
        assert "Meiden Sie dieses Gebiet bis" in german
        assert "Freier Text, nicht übersetzt, Türkisch: Köprüye yaklaşmayın \\u202e" in german
        found = hotline.message("AAA", message)
        assert not isinstance(found, Problem)
        assert groups(found.read_back[1]) in german
        status, spoken = watched(capsys, *at, "--spoken", "--language", "fa")
        assert status == 1
        assert all(groups(code) in spoken for code in found.read_back if code)
        assert "از این منطقه دوری کنید" in spoken
        _, out = watched(capsys, *at, "--json", "--language", "ar")
        row = json.loads(out)[0]
        assert row["language"] == "ar"
        assert [said["code"] for said in row["phrases"]] == ["avoid", "read-back-asked"]
        _, out = watched(capsys, *at, "--do", "say 1", "--do", "cancel 9", "--language", "ru")
        assert "Избегайте" in out
        hotline.cancel(found)


def test_stop_from_a_terminal(url: str, key: str, capsys: Captured) -> None:
    """One word says it; it is in everybody's list."""
    status, out = watched(capsys, "--key", key, "--url", url, "--do", "stop our people are there")
    assert status == 0
    assert "STOP is said. Entry " in out
    with Client(url, "CCC", seed_of("CCC")) as client:
        found = Hotline(client).messages()
        assert not isinstance(found, Problem)
        assert [(m.kind, m.text) for m in found.messages] == [("stop", "our people are there")]


def test_what_was_said_while_the_line_was_cut_arrives_once(url: str, tmp_path: Path) -> None:
    """Kept in order, sent when the line is back; what had arrived is not said twice; a torn line is passed over."""
    box = Outbox(tmp_path / "waiting")
    with Client(url, "CCC", seed_of("CCC")) as client:
        sealed: list[Sealed] = []
        for word in ("first", "second"):
            sealed.append(client.seal(Stop(client.new_id(), "stop", 0), [Text("en", word)]))
            box.put(sealed[-1])
        with (tmp_path / "waiting").open("ab") as file:
            file.write(b'\n{"command_id":"x')
        arrived = client.repeat(sealed[0])
        assert not isinstance(arrived, Problem)
        assert box.waiting() == sealed
        answers = [answer for _, answer in box.send(client)]
        assert [isinstance(answer, Problem) for answer in answers] == [False, False]
        assert getattr(answers[0], "position", 0) == arrived.position
        assert box.waiting() == []


def test_a_stop_is_one_line_though_it_comes_twice() -> None:
    """Before its entry and with it: said once."""
    early = StopNow("AAA", "m1", NOW, "stop", False, True, Base64(b""), Base64(b""), "Our people")
    subject = {"sender": "AAA", "message": "m1", "version": 1}
    item = {
        "kind": "message",
        "what": "stop",
        "subject": subject,
        "text": "Our people",
        "off_watch": True,
        "drill": False,
    }
    row = NoticeRow(1, 1, NOW, Base64(b""), "message-stop", {"items": [item]})
    reader = Reader("BBB", "en")
    lines = [line for event in (early, row, early) for line in lines_of(event, reader)]
    assert lines == [
        "\a*** STOP from AAA, off watch 12:00:00Z STOP. STOP. STOP. Stop at once. Free text, not translated: Our people"
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_item_of_the_hotline_has_a_line(language: str) -> None:
    """Whatever is told is one line in the reader's language; what is no part of the hotline is none."""
    subject = {"sender": "AAA", "message": "m1234567", "version": 2}
    about: dict[str, Any] = {"subject": subject, "party": "BBB", "cell": "B1", "text": "a\nb"}
    line = {"first": "AAA", "second": "BBB", "path": "first", "what": "lost", "check": str(UUID(int=1))}
    wrong = {"field": "position", "said": "1", "right": "2", "wrong": "other, 9000 m away"}
    flags = {"precedence": "flash", "late": True, "drill": True, "off_watch": False, "cells": ["B1", ""]}
    more = {"phrase": "place", "read_back": True}
    items: list[dict[str, Any]] = [
        {"kind": "message", "what": "notice", **about, **flags, **more},
        {"kind": "reach", "what": "received", "effective": False, **about},
        {"kind": "rung", "rung": 2, "asked": "B0", **about},
        {"kind": "echo", "differences": [wrong], **about},
        {"kind": "reply", "what": "not-ours", **about},
        {"kind": "doubt", "what": "raised", **about},
        {"kind": "message-state", "what": "expired", **about},
        {"kind": "line", **line},
        {"kind": "watch", "what": "taken", "cell": ""},
    ]
    for item in items:
        said = item_line(item, NOW, Reader("BBB", language))
        assert said.startswith("12:00:00Z ")
        assert "\n" not in said
        words = plain(text_of(phrases_of_item(item, NOW, "BBB"), language))
        assert words in said
        assert bool(words) == (item["kind"] != "watch")
    assert item_line({"kind": "member", "what": "left", "party": "AAA"}, NOW, Reader("BBB", language)) == ""
