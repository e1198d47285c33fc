"""Phrases: into words and back in eight languages, said digit by digit, values kept in their place."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from voice_kit import said, ways

from wideberth.party.phrase import Phrase
from wideberth.refusal import Reason, Refusal
from wideberth.voice.catalogues import LANGUAGES, RIGHT_TO_LEFT, translated
from wideberth.voice.phrases import FSI, LRI, PDI, Said, parse, render, spoken
from wideberth.voice.sentences import DIGITS, LETTERS
from wideberth.voice.values import Value
from wideberth.words.check import with_check

PERMISSIVE = {
    "en": ("clear", "safe", "approv", "permi", "allow", "authori", "granted", "cleared"),
    "de": ("klar", "sicher", "genehmig", "erlaub", "gestatt", "freigegeben", "frei ", "freigabe", "zugelassen"),
    "ru": ("безопасн", "разреш", "одобр", "свободн", "чисто", "согласован"),
    "uk": ("безпечн", "дозв", "схвал", "вільн", "чисто", "погоджен"),
    "tr": ("güven", "onay", "izin", "serbest", "emniyet", "müsaade", "temiz"),
    "fr": ("dégagé", "sûr ", "sûre", "approuv", "autoris", "permis", "libre", "accordé", "sécurité"),
    "ar": ("آمن", "إذن", "موافق", "مسموح", "خالية", "سالك", "تصريح", "ترخيص"),
    "fa": ("ایمن", "امن ", "مجاز", "اجازه", "موافقت", "آزاد", "تصویب"),
}


def shown(code: Phrase, values: dict[str, Value], language: str, *, drill: bool = False) -> str:
    """A phrase that must be one."""
    text = render(code, values, language, drill=drill)
    assert isinstance(text, str), text
    return text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", Phrase)
def test_every_phrase_comes_back_in_every_language(code: Phrase, language: str) -> None:
    """With and without each optional sentence, drill or not, and in every plural form: code and values are the same."""
    fullest = max(map(len, ways(code)))
    for values in ways(code):
        counts = [*range(13), 21, 22, 25, 100, 101, 102, 111, 1000] if len(values) == fullest else [1]
        for count in counts:
            given_values = values | {"count": count} if "count" in values else values
            for drill in (False, True):
                text = shown(code, given_values, language, drill=drill)
                assert parse(text, language) == Said(code, given_values, drill)
                assert "{" not in text
                assert "\n" not in text


@settings(max_examples=600, deadline=None)
@given(said(), st.sampled_from(LANGUAGES), st.booleans())
def test_phrases_come_back_with_any_values(what: tuple[Phrase, dict[str, Value]], language: str, drill: bool) -> None:
    """Whatever the values are, also names with full stops or in other scripts."""
    code, values = what
    assert parse(shown(code, values, language, drill=drill), language) == Said(code, values, drill)


@settings(max_examples=300, deadline=None)
@given(said(), st.sampled_from(LANGUAGES), st.data())
def test_a_changed_text_is_another_phrase_or_none(
    what: tuple[Phrase, dict[str, Value]], language: str, data: st.DataObject
) -> None:
    """A text in which a character was dropped never comes back as what was said."""
    code, values = what
    text = shown(code, values, language)
    at = data.draw(st.integers(0, len(text) - 1))
    found = parse(text[:at] + text[at + 1 :], language)
    assert found != Said(code, values)


@pytest.mark.parametrize("language", LANGUAGES)
def test_values_stand_between_balanced_isolates(language: str) -> None:
    """Every mark that opens is closed, none is nested, and outside of them no digit and no value stands; in a language
    from right to left no Latin letter does either."""
    for code in Phrase:
        for values in ways(code):
            text = shown(code, values, language)
            depth = 0
            for character in text:
                depth += (character in (LRI, FSI)) - (character == PDI)
                assert depth in (0, 1)
            assert depth == 0
            outside = re.sub(f"[{LRI}{FSI}][^{PDI}]*{PDI}", "", text)
            assert not any(character.isdigit() for character in outside)
            if language in RIGHT_TO_LEFT:
                assert not [c for c in outside if unicodedata.bidirectional(c) == "L"]


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u2069", "\u200f", "\n", "\x00"])
def test_a_name_cannot_turn_the_sentence_around(mark: str) -> None:
    """Marks of direction and control characters are no part of a name; the phrase is refused."""
    found = render("not-ours", {"cell": f"B1{mark}", "message": with_check("AB12"), "version": 1}, "ar")
    assert isinstance(found, Refusal)
    assert (found.reason, found.field) == (Reason.MALFORMED, "values.cell")


@pytest.mark.parametrize("language", LANGUAGES)
def test_digits_are_said_one_by_one(language: str) -> None:
    """No digit is left to be read as part of a number, and each is the word for itself, in its order."""
    values: dict[str, Value] = {"message": with_check("90817263545"), "version": 42}
    text = spoken("read-back-asked", values, language)
    assert isinstance(text, str)
    assert not any(character.isdigit() for character in text)
    words = {translated(language, word, "digit"): str(i) for i, word in enumerate(DIGITS)}
    words |= {translated(language, word, "letter"): chr(ord("A") + i) for i, word in enumerate(LETTERS)}
    first, second = re.findall(f"{FSI}([^{PDI}]*){PDI}", text)
    assert "".join(words[w] for w in re.split(r"[,،]? ", first)) == values["message"]
    assert "".join(words[w] for w in second.split()) == "42"


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_can_be_said(language: str) -> None:
    """Every phrase has a spoken form without digits or code letters standing bare."""
    for code in Phrase:
        for values in ways(code):
            text = spoken(code, values, language)
            assert isinstance(text, str)
            assert not any(character.isdigit() for character in text), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrase_gives_leave(language: str) -> None:
    """No phrase in any language says clear, safe, approved, allowed or permission."""
    for code in Phrase:
        for values in ways(code):
            text = f"{shown(code, values, language)} ".lower()
            assert not [word for word in PERMISSIVE[language] if word in text], text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", [Phrase.PLACE, Phrase.MOVEMENT, Phrase.LATE_MOVEMENT])
def test_humanitarian_notices_are_no_requests(code: Phrase, language: str) -> None:
    """Each says that it is a notice and that protection outlasts it."""
    text = shown(code, next(ways(code)), language)
    assert translated(language, "This is a notice, not a request.") in text
    assert translated(language, "Its protection does not end with this notice.") in text


def test_what_is_no_phrase_is_refused() -> None:
    """Unknown codes and languages, values too few, too many or of another kind, and free text."""
    right: dict[str, Value] = {"message": with_check("AB12"), "version": 1}
    for code, values, language, reason, field in (
        ("welcome", right, "en", Reason.UNKNOWN, "code"),
        ("cancel", right, "la", Reason.UNKNOWN, "language"),
        ("cancel", {"version": 1}, "en", Reason.MALFORMED, "values.message"),
        ("cancel", right | {"cell": "B1"}, "en", Reason.MALFORMED, "values.cell"),
        ("cancel", right | {"message": "AB12"}, "en", Reason.MALFORMED, "values.message"),
        ("cancel", right | {"version": True}, "en", Reason.MALFORMED, "values.version"),
        ("cancel", right | {"version": -1}, "en", Reason.MALFORMED, "values.version"),
        (
            "call",
            right | {"receiver": "A", "sender": "B", "precedence": "now"},
            "en",
            Reason.MALFORMED,
            "values.precedence",
        ),
    ):
        found = render(code, values, language)
        assert isinstance(found, Refusal)
        assert (found.reason, found.field) == (reason, field)
    for text in ("", "Come in.", "STOP"):
        found_text = parse(text, "en")
        assert isinstance(found_text, Refusal)
        assert found_text.reason is Reason.MALFORMED
    unknown = parse("STOP", "la")
    assert isinstance(unknown, Refusal)
    assert unknown.reason is Reason.UNKNOWN


def test_a_code_with_a_wrong_character_is_no_phrase() -> None:
    """A sentence whose code was misheard does not come back as a phrase."""
    text = shown(Phrase.READ_BACK_ASKED, {"message": with_check("7K2M9Q"), "version": 1}, "de")
    found = parse(text.replace("7", "1", 1), "de")
    assert isinstance(found, Refusal)
    assert found.field == "values.message"
