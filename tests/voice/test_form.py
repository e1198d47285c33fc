"""Paper forms: every word, code and figure of a message is on them, in every language, the same bytes each time."""

import unicodedata
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from fontTools.ttLib import TTFont
from paper import letters, pages, texts
from voice_kit import message_with

from wideberth.client.hotline import Reached
from wideberth.party.charter import Landmark
from wideberth.space.volume import Circle, Volume4D
from wideberth.voice import form
from wideberth.voice.catalogues import LANGUAGES, RIGHT_TO_LEFT, translated
from wideberth.voice.form import empty_form, form_of
from wideberth.voice.letters import COVERED
from wideberth.voice.message import phrases_of, rows_of, text_of
from wideberth.voice.phrases import Said
from wideberth.voice.sentences import DIGITS, DRILL, FORM, LETTERS, msgids
from wideberth.words.readback import ReadBack, readback_of

US = 1_777_636_800_000_000
BOX = Volume4D(Circle(42_362_222_222, -38_793_333_333, 2_000_000), 450_000, 3_050_000, US, US + 3_600_000_000)
RIGHT: ReadBack = readback_of([BOX], 2, (Landmark("Alder Bridge", 42_300_000_000, -38_700_000_000),))
NOTICE = message_with(RIGHT, version=2, landmark="Alder Bridge", late=True, text="Köprü; \u05d0 \u202e", language="tr")


def plain(text: str) -> str:
    """A text as `paper.texts` gives it."""
    return " ".join("".join(c for c in text if not "\u2066" <= c <= "\u2069").split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_stands_on_paper(language: str) -> None:
    """A sheet to be said and a sheet to be read back: codes in groups with their check characters, times, names; every
    phrase, word for word from left to right, letter for letter from right to left."""
    pdf = form_of([NOTICE], "BBB", language)
    told, heard = texts(pdf)
    expected = ["AAA", "BBB", "Alder Bridge", "2026-05-01 12:00Z", "2026-05-01 12:01Z", "10300 m", "450 m", "3050 m"]
    for code in (*expected, *(row.groups for row in rows_of(NOTICE, language))):
        assert code in told, code
    assert all(row.groups in heard for row in rows_of(NOTICE, language))
    lines = [text_of([Said(one.code, one.values)], language) for one in phrases_of(NOTICE, "BBB")]
    words = [*lines, *(row.said for row in rows_of(NOTICE, language)), translated(language, FORM["real"], "form")]
    if language not in RIGHT_TO_LEFT:
        assert not [line for line in words if plain(line) not in told]
    wanted = Counter(c for line in words for c in unicodedata.normalize("NFC", line) if c.isalpha())
    assert not wanted - letters(pages(pdf)[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_message_is_the_same_bytes(language: str) -> None:
    """Nothing of the day or the machine goes into a form."""
    assert form_of([NOTICE], "BBB", language) == form_of([NOTICE], "BBB", language)
    assert empty_form(language) == empty_form(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_form_has_the_alphabet_and_room(language: str) -> None:
    """Two pages with every label, both markings to tick, and the words of all letters and digits."""
    pdf = empty_form(language)
    assert len(pages(pdf)) == 2
    said = [translated(language, word, "letter") for word in LETTERS]
    said += [translated(language, word, "digit") for word in DIGITS]
    said += [translated(language, FORM[key], "form") for key in ("real", "read_back", "codes", "signature")]
    wanted = Counter(c for word in [*said, translated(language, DRILL)] for c in word if c.isalpha())
    assert not wanted - letters(pages(pdf)[1])
    if language not in RIGHT_TO_LEFT:
        page = texts(pdf)[1]
        assert not [word for word in said if plain(word) not in page]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_drill_is_marked(language: str) -> None:
    """An exercise says so on each sheet, and never that it is real."""
    real, mark = translated(language, FORM["real"], "form"), translated(language, DRILL)
    for changes, wanted in (({"drill": True}, mark), ({"exercise": True}, mark), ({}, real)):
        seen: list[form.Form] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(form, "_printed", lambda made, seen=seen: seen.append(made))
            form_of([msgspec.structs.replace(NOTICE, **changes)], "BBB", language)
        assert {sheet.mark for sheet in seen[0].sheets} == {wanted}


def test_free_text_is_shown_as_it_is() -> None:
    """Markup is no markup; what deceives the eye, and what the fonts do not have, stands escaped."""
    text = '#panic() *a* $x$ <b> "q" \\ [x] \u05d0 \u202e'
    page = texts(form_of([msgspec.structs.replace(NOTICE, text=text)], "BBB", "en"))[0]
    assert '#panic() *a* $x$ <b> "q" \\\\ [x] \\u05d0 \\u202e' in page
    assert "Free text, not translated, Turkish" in page


def test_long_free_text_goes_on() -> None:
    """A text of several pages is on the pages to its end."""
    pdf = form_of([msgspec.structs.replace(NOTICE, text="word " * 3_000 + "end")], "BBB", "en")
    assert sum(text.count("word") for text in texts(pdf)) == 3_000
    assert len(pages(pdf)) > 3


@pytest.mark.parametrize("kind", ["stop", "query"])
def test_messages_without_geometry_have_one_sheet(kind: str) -> None:
    """What has nothing to be read back needs no sheet for it; several messages follow one another."""
    bare = message_with(None, kind=kind)
    assert len(pages(form_of([bare], "BBB", "de"))) == 1
    assert len(pages(form_of([bare, NOTICE], "BBB", "de"))) == 3


def test_own_messages_name_their_receivers() -> None:
    """A sheet of one's own message is addressed to those whom it goes to."""
    receivers = (Reached("BBB", "sent", 0), Reached("CCC", "sent", 0))
    page = texts(form_of([msgspec.structs.replace(NOTICE, mine=True, receivers=receivers)], "AAA", "en"))[0]
    assert "BBB, CCC, this is AAA." in page


def test_the_fonts_have_every_letter() -> None:
    """Of every language, and of all that is said to be covered, in both weights; they are small."""
    folder = Path(form.__file__).parent / "fonts"
    for style in ("Regular", "Bold"):
        paths = [folder / f"{name}-{style}.ttf" for name in ("NotoSans", "NotoSansArabic")]
        have = {chr(code) for path in paths for code in TTFont(path).getBestCmap()}
        assert not sorted(COVERED - have)
        assert sum(path.stat().st_size for path in paths) < 200_000
    used = {c for language in LANGUAGES for x, t, _ in msgids() for c in translated(language, t, x)}
    assert not sorted(used - COVERED)
    assert (folder / "OFL.txt").read_text().count("Copyright 2022 The Noto Project Authors") == 2
