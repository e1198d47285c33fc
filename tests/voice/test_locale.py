"""The catalogues: complete, translated, compiled, in step with the code."""

import re
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from wideberth.voice.catalogues import LANGUAGES, catalogue
from wideberth.voice.sentences import msgids

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
import make_locale

ALIKE = {"letter", "sign", "unit"}
"""Names of letters and units may be the same as in English."""
SAME = {
    "de": {"ROUTINE", "Position", "Name: {name}."},
    "fr": {
        "{precedence}. Message {message}, version {version}.",
        *("FLASH", "ROUTINE", "air", "transit", "transport", "Position", "Version", "six", "Message", "Signature"),
    },
}
"""Words that another language shares with English."""


def strings(message: Message) -> tuple[str, ...]:
    """All forms of a translation."""
    held = message.string
    return tuple(held) if isinstance(held, tuple | list) else (held or "",)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_untranslated(language: str) -> None:
    """Every text of the code has a translation in every form, and but for names and shared words it is not English."""
    held = make_locale.read(language)
    forms = make_locale.forms(language)
    for context, text, plural in msgids():
        message = held.get(text, context or None)
        assert message is not None, (language, context, text)
        said = strings(message)
        assert all(said), (language, text)
        assert len(said) == (forms if plural else 1), (language, text)
        wordless = not re.search("[a-z]", re.sub(r"\{[a-z]+\}", "", text), re.IGNORECASE)
        if language != "en" and not wordless and context not in ALIKE and text not in SAME.get(language, ()):
            assert not {text, plural} & set(said), (language, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_kept(language: str) -> None:
    """A translation holds each placeholder of its text as often as the text does, so that no value is lost."""
    held = make_locale.read(language)
    for context, text, plural in msgids():
        message = held.get(text, context or None)
        assert message is not None
        for said in strings(message):
            expected = sorted(re.findall(r"\{[a-z]+\}", plural or text))
            assert sorted(re.findall(r"\{[a-z]+\}", said)) == expected, (language, said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_sources_and_compiled_catalogues_are_in_step(language: str) -> None:
    """`python tools/make_locale.py` would change nothing: no text is missing or left over, and the .mo is the .po's."""
    path = make_locale.source(language)
    assert path.read_bytes() == make_locale.po(language)
    assert path.with_suffix(".mo").read_bytes() == make_locale.mo(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_count_has_a_form_of_its_own_language(language: str) -> None:
    """What is counted is never said in English elsewhere, whatever the count."""
    held = catalogue(language)
    for _, text, plural in msgids():
        if plural and language != "en":
            for count in range(200):
                assert held.ngettext(text, plural, count) not in (text, plural)


def test_plural_forms_are_those_of_the_cldr() -> None:
    """One, few and many as the languages have them: a few known counts."""
    text, plural = "One item ({count}) is open.", "{count} items are open."
    for language, alike, other in (("ru", (2, 3, 24), 5), ("uk", (1, 21, 101), 11), ("ar", (3, 10, 103), 11)):
        said = {catalogue(language).ngettext(text, plural, count) for count in alike}
        assert len(said) == 1
        assert catalogue(language).ngettext(text, plural, other) not in said


def test_the_catalogues_are_those_of_the_issue() -> None:
    """Eight languages, no more and no fewer, each with both its files."""
    folders = sorted(path.name for path in make_locale.LOCALE.iterdir())
    assert folders == sorted(LANGUAGES) == sorted(["en", "de", "ru", "tr", "ar", "fr", "uk", "fa"])
