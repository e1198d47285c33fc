"""The page's words: the same strings in every language, all of them used, none written into the code."""

import json
import re
from pathlib import Path

import pytest

import wideberth
from wideberth.refusal import Reason

WEB = Path(wideberth.__file__).parent / "web"
LANGUAGES = ["en", "de"]
PARTS = {
    name: [json.loads((WEB / f"words/{name}{part}.json").read_text(encoding="utf-8")) for part in ("", ".rooms")]
    for name in LANGUAGES
}
WORDS = {name: first | later for name, (first, later) in PARTS.items()}
CODE = {path.name: path.read_text(encoding="utf-8") for path in sorted((WEB / "app").glob("*.js"))}
INDEX = (WEB / "index.html").read_text(encoding="utf-8")
PLACE = re.compile(r"\{\w+\}")


def base(key: str) -> str:
    return re.sub(r"\.(one|other)$", "", key)


def literals(source: str) -> list[str]:
    """Every string and template literal of a module, comments left out."""
    bare = re.sub(r"^\s*(//|/\*\*|\*).*$", "", source, flags=re.MULTILINE)
    found = re.findall(r'"((?:[^"\\\n]|\\.)*)"|\'((?:[^\'\\\n]|\\.)*)\'|`((?:[^`\\]|\\.)*)`', bare)
    return ["".join(groups) for groups in found]


def test_every_string_is_in_every_language() -> None:
    """No language lacks a string that another has, and none is empty."""
    assert set(WORDS["en"]) == set(WORDS["de"])
    assert [key for words in WORDS.values() for key, value in words.items() if not value] == []


def test_every_string_stands_once() -> None:
    """No string is both among those of the first screen and among those that come after it."""
    assert [set(first) & set(later) for first, later in PARTS.values()] == [set(), set()]


def test_translations_carry_the_same_values() -> None:
    """A translation never drops or invents a figure, a time or a name."""
    differing = [
        key for key in WORDS["en"] if sorted(PLACE.findall(WORDS["en"][key])) != sorted(PLACE.findall(WORDS["de"][key]))
    ]
    assert differing == []


def test_every_key_in_the_code_is_in_the_catalogue() -> None:
    """What the page asks for by a fixed key has words."""
    keys = set(WORDS["en"]) | {base(key) for key in WORDS["en"]}
    asked = set(re.findall(r'data-(?:t|label)="([^"]+)"', INDEX))
    for source in CODE.values():
        asked |= set(re.findall(r'\b(?:t|text|words\.text)\("([\w.-]+)"', source))
        asked |= set(re.findall(r'\bpane\(\["([\w.-]+)"', source))
    assert sorted(asked - keys) == []


def test_every_string_is_used() -> None:
    """A catalogue holds nothing that no part of the page can say."""
    everything = INDEX + "\n".join(CODE.values())
    stems = set(re.findall(r"`([\w-]+\.(?:[\w-]+\.)?)\$\{", everything))
    stems |= {stem.removesuffix("$") for stem in re.findall(r"`([\w-]+\.)\$\{how\}", everything)}
    # change and propose keys are put together from kind, direction and whose
    stems |= {"change.", "propose.", "near.", "title.onto_"}
    unused = [
        key for key in WORDS["en"]
        if f'"{key}"' not in everything and f'"{base(key)}"' not in everything
        and not any(key.startswith(stem) for stem in stems)
    ]  # fmt: skip
    assert unused == []


def test_every_refusal_has_words() -> None:
    """Whatever the house refuses is said in the reader's language."""
    for words in WORDS.values():
        assert [reason for reason in Reason if f"reason.{reason}" not in words] == []


def test_no_untranslated_string_in_the_code() -> None:
    """No module and no markup carries a sentence of its own: two words in a literal are a sentence."""
    sentence = re.compile(r"^[A-ZÄÖÜ]?[a-zäöüß]{2,},? [a-zäöüß]{2,}")
    allowed = re.compile(
        r"^(btn go|btn stop|tag (rejected|late|line-)|wideberth/|use strict|lane ax|bar cf|nowtag n|opt told|bare n|"
        r"onsurface n|vol own|card calm|chrome)"
    )
    found = {
        name: [text for text in literals(source) if sentence.search(text) and not allowed.search(text)]
        for name, source in CODE.items()
    }
    found["keys.js"] = [text for text in found["keys.js"] if "ed25519" not in text.lower()]
    found["msgpack.js"] = [text for text in found["msgpack.js"] if not text.startswith("no canonical form")]
    assert {name: texts for name, texts in found.items() if texts} == {}


def test_markup_carries_no_words() -> None:
    """index.html holds keys, not words; only the product's name, language codes and the no-script notice stand."""
    body = re.sub(r"<noscript>.*?</noscript>|<style.*?</style>|<title>.*?</title>", "", INDEX, flags=re.DOTALL)
    texts = [text.strip() for text in re.findall(r">([^<>]+)<", body) if text.strip()]
    assert sorted(set(texts)) == ["DE", "EN", "wideberth"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_promise_nothing(language: str) -> None:
    """No text says that something is clear or safe: there is only "no known conflict", what was checked, and when."""
    promises = {
        "en": r"\b(safe|safely|clear to|cleared|all clear|is clear|conflict-free|approved|permitted)\b",
        "de": r"\b(sicher|gefahrlos|freigegeben|Freigabe|konfliktfrei|genehmigt|frei von)\b",
    }[language]
    assert [key for key, value in WORDS[language].items() if re.search(promises, value, re.IGNORECASE)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_known_conflict_says_what_was_checked(language: str) -> None:
    """The sentence names its time; beside it stand the ledger position, the minima, and that nothing is permitted."""
    words = WORDS[language]
    assert "{time}" in words["no_known_conflict"]
    assert {"{position}", "{across}", "{height}"} <= set(PLACE.findall(words["checked"]))
    assert {"en": "permits nothing", "de": "erlaubt nichts"}[language] in words["checked"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_calm(language: str) -> None:
    """No exclamation mark, no blame, parties are named and never "they"."""
    loud = [key for key, value in WORDS[language].items() if "!" in value]
    vague = [key for key, value in WORDS[language].items() if language == "en" and re.search(r"\bthey\b", value, re.I)]
    assert loud == []
    assert vague == []
