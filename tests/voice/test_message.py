"""From what the node says of a message, a line or a notice to phrases."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from voice_kit import message_with

from wideberth.client.hotline import Doubted, Line, Owed
from wideberth.party.charter import Landmark
from wideberth.party.hotline import AnswerKind
from wideberth.party.phrase import Phrase
from wideberth.space.volume import Circle, Volume4D
from wideberth.voice.catalogues import LANGUAGES, translated
from wideberth.voice.message import (
    free_text,
    message_code,
    phrase_of_line,
    phrases_of,
    phrases_of_item,
    read_back_of,
    rows_of,
    text_of,
)
from wideberth.voice.phrases import Said, parse
from wideberth.voice.sentences import DRILL
from wideberth.words.check import check_holds
from wideberth.words.readback import compare, readback_of

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
US = 1_777_636_800_000_000
BOX = Volume4D(
    Circle(42_362_222_222, -38_793_333_333, 2_000_000), 450_000, 3_050_000, US + 300_000_000, US + 3_660_000_000
)
MARKS = (Landmark("Alder Bridge", 42_300_000_000, -38_700_000_000),)


def codes(said: tuple[Said, ...]) -> list[str]:
    """The codes of phrases."""
    return [one.code.value for one in said]


def test_figures_are_those_of_the_plan() -> None:
    """Every figure of the phrase is that of the read-back which the theatre worked out from the volumes."""
    right = readback_of([BOX], 3, MARKS)
    message = message_with(right, version=3, landmark="Alder Bridge", phrase="notice")
    call, notice, superseded, asked = phrases_of(message, "BBB")
    assert codes((call, notice, superseded, asked)) == ["call", "notice", "superseded", "read-back-asked"]
    values = notice.values
    assert (values["area"], values["centre"]) == (right.cell, right.position)
    assert (values["lower"], values["upper"]) == (450_000, 3_050_000)
    assert (values["start"], values["end"]) == (US + 300_000_000, US + 3_660_000_000)
    assert values["landmark"] == "Alder Bridge"
    assert right.bearing.startswith(f"{values['bearing']:03d}{int(values['distance']) // 100:04d}")
    assert superseded.values["replaced"] == 2
    assert call.values["by"] == US + 60_000_000


def test_heights_below_the_ellipsoid() -> None:
    """A band that begins below it is said below it."""
    right = readback_of([msgspec.structs.replace(BOX, lower_mm=-99_500)], 1)
    main = phrases_of(message_with(right))[0]
    assert (main.values["lower"], main.values["upper"]) == (-100_000, 3_050_000)
    assert "landmark" not in main.values


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("phrase", ["", *Phrase, "of a newer node"])
@pytest.mark.parametrize("where", [True, False])
@pytest.mark.parametrize("late", [True, False])
def test_every_message_can_be_said(phrase: str, where: bool, late: bool, language: str) -> None:
    """Whatever its code, with geometry or without, late or not: there is a phrase, and it can be read and said."""
    right = readback_of([BOX], 1, MARKS) if where else None
    for kind in ("notice", "query", "stop"):
        message = message_with(right, kind=kind, phrase=phrase, late=late, landmark="Alder Bridge" if where else None)
        said = phrases_of(message, "BBB")
        assert said[0].code is Phrase.CALL
        assert len(said) >= 2
        assert all(parse(text_of([one], language), language) == one for one in said)
        assert not re.search(r"\d", text_of(said, language, loud=True))


@pytest.mark.parametrize(
    ("phrase", "kind", "late", "code", "by"),
    [
        ("notice", "notice", True, "late", US + 300_000_000),
        ("", "notice", True, "late", US + 300_000_000),
        ("movement", "notice", True, "late-movement", US + 300_000_000),
        ("place", "notice", True, "place", None),
        ("avoid", "notice", False, "avoid", None),
        ("", "query", False, "query", US + 60_000_000),
        ("", "stop", False, "stop", None),
        ("hail", "query", False, "query", US + 60_000_000),
    ],
)
def test_the_phrase_of_a_message(phrase: str, kind: str, late: bool, code: str, by: int | None) -> None:
    """Its own code where the message carries what it needs, else that of its kind; LATE says by when to be outside."""
    message = message_with(readback_of([BOX], 1), kind=kind, phrase=phrase, late=late)
    main = phrases_of(message)[0]
    assert (main.code, main.values.get("by")) == (code, by)


def test_what_has_become_of_a_message() -> None:
    """Cancelled, answered, expired, effective, doubted, from somebody off watch: each is said."""
    plain = message_with(readback_of([BOX], 1))
    for changes, code in (
        ({"state": "cancelled"}, "cancel"),
        ({"state": "answered"}, "answered"),
        ({"state": "expired"}, "expired"),
        ({"effective": NOW}, "effective"),
        ({"off_watch": True}, "off-watch"),
        ({"late": True}, "late"),
        ({"late": True, "phrase": "place"}, "came-late"),
        ({"doubts": (Doubted(UUID(int=3), "CCC", NOW),)}, "doubt"),
        ({"version": 2}, "superseded"),
    ):
        assert code in codes(phrases_of(msgspec.structs.replace(plain, **changes)))
    reviewed = msgspec.structs.replace(plain, doubts=(Doubted(UUID(int=3), "CCC", NOW, NOW),))
    assert codes(phrases_of(reviewed)) == ["notice", "read-back-asked"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_exercise_says_so(language: str) -> None:
    """At the beginning and the end, read or said; real traffic never does."""
    mark = translated(language, DRILL)
    for changes, drill in (({}, False), ({"drill": True}, True), ({"exercise": True}, True)):
        said = phrases_of(message_with(readback_of([BOX], 1), **changes), "BBB")
        for loud in (False, True):
            text = text_of(said, language, loud=loud)
            assert text.startswith(mark) == text.endswith(f"{mark}.") == (mark in text) == drill


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_read_back_is_right(language: str) -> None:
    """The rows of the table, and the phrase of the read-back, hold what the theatre expects."""
    right = readback_of([BOX], 2, MARKS)
    message = message_with(right, version=2, landmark="Alder Bridge")
    rows = rows_of(message, language)
    assert compare(right, [row.groups for row in rows]) == ()
    assert not any(re.search(r"\d", row.said) for row in rows)
    assert len({row.name for row in rows}) == len(rows) == 7
    said = read_back_of(message)
    assert said is not None
    assert (said.code, said.values["seal"]) == (Phrase.READ_BACK, right.seal)
    assert (rows_of(message_with(None), language), read_back_of(message_with(None))) == ((), None)


def test_ids_are_called_by_a_code_that_holds() -> None:
    """Eight characters and two check characters, the same for a UUID and its text."""
    for number in (0, 1, 2**127 + 12345, 2**128 - 1):
        code = message_code(UUID(int=number))
        assert check_holds(code)
        assert (len(code), code) == (10, message_code(str(UUID(int=number))))


@pytest.mark.parametrize("language", LANGUAGES)
def test_free_text_is_marked(language: str) -> None:
    """It is never translated, its language is named where it is known, and what deceives the eye is escaped."""
    assert free_text(None, "en", language) == free_text("", "en", language) == ""
    known, unknown = free_text("a\u202eb", "tr", language), free_text("a", "xx", language)
    assert translated(language, "Turkish", "language") in known
    assert "\\u202e" in known
    assert "\u202e" not in known
    assert "xx" in unknown


def test_lines_as_an_end_of_them_speaks() -> None:
    """The other end is named, whichever end reads."""
    line = Line("AAA", "BBB", "second", "lost", 4, UUID(int=5), NOW)
    for reader, other in (("AAA", "BBB"), ("BBB", "AAA")):
        said = phrase_of_line(line, reader)
        assert said is not None
        assert (said.code, said.values) == (Phrase.LOST, {"party": other, "path": "second", "count": 4})
    assert phrase_of_line(msgspec.structs.replace(line, state="missed"), "AAA") is None


def test_items_of_notices() -> None:
    """Each item has its phrase; what has none is left to the line that shows it."""
    about: dict[str, Any] = {
        "subject": {"sender": "AAA", "message": str(UUID(int=7)), "version": 2},
        "party": "BBB",
        "cell": "B1",
    }
    row = {"field": "band", "said": "", "right": "A1\nB2", "wrong": "missing"}
    message = {"kind": "message", "what": "notice", "phrase": "", "late": True, "read_back": True, "drill": True}
    line = {"kind": "line", "first": "AAA", "second": "BBB", "path": "first", "check": str(UUID(int=1))}
    for item, expected in (
        ({**about, **message}, ["late", "read-back-asked"]),
        ({**about, **message, "phrase": "place", "late": False, "read_back": False}, ["place"]),
        ({**about, "kind": "reach", "what": "received", "effective": False}, ["received"]),
        ({**about, "kind": "reach", "what": "read-back", "effective": False}, ["read-back-right"]),
        ({**about, "kind": "reach", "what": "read-back", "effective": True}, ["effective"]),
        ({**about, "kind": "reach", "what": "rejected", "effective": False}, ["rejected"]),
        ({**about, "kind": "rung", "rung": 1, "asked": "B0"}, ["escalated"]),
        ({**about, "kind": "rung", "rung": 2, "asked": ""}, ["escalated-party"]),
        ({**about, "kind": "echo", "differences": [row, row]}, ["read-back-wrong"] * 2),
        *(({**about, "kind": "reply", "what": kind.value}, [kind.value]) for kind in AnswerKind),
        ({**about, "kind": "doubt", "what": "raised"}, ["doubt"]),
        ({**about, "kind": "doubt", "what": "reviewed"}, ["reviewed"]),
        ({**about, "kind": "message-state", "what": "answered"}, ["answered"]),
        ({**line, "what": "check"}, ["check"]),
        ({**line, "what": "up"}, ["restored"]),
        ({**line, "what": "missed"}, []),
        ({"kind": "watch", "what": "taken", "cell": "", "key": ""}, []),
        ({"kind": "member", "what": "left", "party": "AAA"}, []),
    ):
        said = phrases_of_item(item, NOW, "AAA")
        assert codes(said) == expected, item
        assert all(one.drill == bool(item.get("drill")) for one in said)


def test_the_first_deadline_counts() -> None:
    """Of several cells that owe, the earliest time is said; what is acknowledged already asks for nothing."""
    message = message_with(readback_of([BOX], 1))
    owed = [Owed(UUID(int=i), f"B{i}", "sent", i != 0, 0, "", False, NOW + timedelta(minutes=i)) for i in (3, 0, 2)]
    call = phrases_of(msgspec.structs.replace(message, owed=tuple(owed)), "BBB")[0]
    assert call.values["by"] == US + 120_000_000
