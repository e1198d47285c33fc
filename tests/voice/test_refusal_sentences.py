"""Refusals in the reader's language, and which language a reader asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wideberth.refusal import Reason, Refusal, refuse
from wideberth.voice.catalogues import LANGUAGES, RIGHT_TO_LEFT
from wideberth.voice.phrases import LRI, PDI
from wideberth.voice.refusals import of_environment, sentence, wished


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", Reason)
def test_every_refusal_is_one_sentence_in_every_language(reason: Reason, language: str) -> None:
    """It holds field, limit and what was received, ends once, and in no other language says what it says in English."""
    refusal = refuse(reason, "command.to", "at most 5", "7 {field}")
    said = sentence(refusal, language)
    assert all(part in said for part in ("command.to", "at most 5", "7 {field}"))
    assert said.endswith(".")
    assert "\n" not in said
    assert (reason.heading in said) == (language == "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_reasons_read_alike(language: str) -> None:
    """Whoever reads a refusal knows which it is."""
    assert len({sentence(Refusal(reason, "", "x"), language) for reason in Reason}) == len(Reason)


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize(("field", "received"), [("", ""), ("a.b", ""), ("", "7"), ("a.b", "7")])
def test_english_is_what_the_refusal_says_itself(reason: Reason, field: str, received: str) -> None:
    """One English for the node's logs and for its readers."""
    refusal = Refusal(reason, field, "at most 5", received)
    assert sentence(refusal) == sentence(refusal, "en") == refusal.sentence()


@pytest.mark.parametrize("language", sorted(RIGHT_TO_LEFT))
def test_english_stands_apart_in_a_sentence_from_right_to_left(language: str) -> None:
    """Field, limit and what was received are isolated, so that the order of the sentence holds."""
    said = sentence(Refusal(Reason.CLAIM, "volumes[2].ring", "at most 5 km2", "7"), language)
    for part in ("volumes[2].ring", "at most 5 km2", "7"):
        assert f"{LRI}{part}{PDI}" in said


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("DE-at", "de"),
        ("uk-UA,uk;q=0.9,en;q=0.8", "uk"),
        ("fr;q=0.3, ar;q=0.9, *;q=0.1", "ar"),
        ("tr;q=0.5,fr;q=0.5", "tr"),
        ("zh, ja;q=0.9, fa;q=0.1", "fa"),
        ("zh, *;q=0.5, de;q=0.4", "en"),
        ("*", "en"),
        ("de;q=0", "en"),
        ("de;q=0.000, ru;q=0.001", "ru"),
        ("de;q=2, fr;q=0.1", "fr"),
        ("de;q=-1", "en"),
        ("de;q=0.1234, tr;q=0.1", "tr"),
        ("de;q=1;q=0, tr;q=0.2", "tr"),
        ("deutsch, ru;q=0.2", "ru"),
        (",;,;;q=,", "en"),
        ("d\u0435", "en"),
        ("xx," * 15 + "de", "de"),
        ("xx," * 16 + "de", "en"),
        ("x" * 400 + ",de", "en"),
    ],
)
def test_the_language_that_is_wished_for_most(header: str, language: str) -> None:
    """By quality, of equal ones the first; what is malformed or unknown is passed over; a long header is cut."""
    assert wished(header) == language


@given(st.text(max_size=2_000) | st.text("de,;q=01.*- ", max_size=500))
def test_any_header_gives_a_language(header: str) -> None:
    """Whatever arrives, there is a language."""
    assert wished(header) in LANGUAGES


@pytest.mark.parametrize(
    ("values", "language"),
    [
        (["", "", "de_DE.UTF-8"], "de"),
        (["C.UTF-8", "de_DE"], "en"),
        (["uk_UA@euro"], "uk"),
        (["", ""], "en"),
        (["POSIX"], "en"),
        (["zz_ZZ"], "en"),
    ],
)
def test_the_language_of_an_environment(values: list[str], language: str) -> None:
    """The first that is set counts, as for every program; what is not spoken here is English."""
    assert of_environment(values) == language
