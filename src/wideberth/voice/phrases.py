"""Phrases by code: into words and back, in every language, without loss.

In:  a code of `Phrase` and its values by placeholder (`KINDS` says of which kind each is), a language.
Out: text to read, text to be said, and from a text its code and values again.
Refuses: an unknown code or language (UNKNOWN); a value that is missing, too much or not of its kind; a text that is no
     phrase, or not as it would be rendered (MALFORMED).

Each value stands between marks of isolation (Unicode UAX 9, section 2.4): left-to-right ones around codes and numbers,
first-strong ones around names and words, so that a sentence from right to left keeps their order, and so that a name
can never reach out of its place. The marks are not seen. A phrase of a drill begins and ends with three words that no
other phrase has.
"""

import re
from collections.abc import Mapping
from functools import cache
from itertools import product
from typing import Final
from unicodedata import bidirectional

import msgspec

from wideberth.party.phrase import Phrase
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.voice.catalogues import COMMAS, LANGUAGES, counted, forms, translated
from wideberth.voice.sentences import CHOICES, DIGITS, DRILL, KINDS, LETTERS, SENTENCES, SIGNS, UNITS, Sentence
from wideberth.voice.values import Kind, Value, holds, read, tokens, write

LRI: Final = "\u2066"
FSI: Final = "\u2068"
PDI: Final = "\u2069"
_UNMARKED: Final = dict.fromkeys(map(ord, (LRI, FSI, PDI)))
_PLACEHOLDER: Final = re.compile(r"\{([a-z]+)\}")
_ISOLATED: Final = re.compile(f"[{LRI}{FSI}]([^{LRI}{FSI}{PDI}]*){PDI}")
_WORDS: Final = (Kind.NAME, Kind.TEXT, *CHOICES)


class Said(msgspec.Struct, frozen=True):
    """A phrase with its values, as it was said."""

    code: Phrase
    values: dict[str, Value]
    drill: bool = False


class Piece(msgspec.Struct, frozen=True, array_like=True):
    """A piece of a sentence: words of the language, or a value with the placeholder that it fills."""

    text: str
    placeholder: str = ""


def placeholders(text: str) -> tuple[str, ...]:
    """The placeholders of a sentence in their order."""
    return tuple(_PLACEHOLDER.findall(text))


def optional(code: Phrase) -> frozenset[str]:
    """The placeholders that a phrase may go without."""
    given = [(s.optional, placeholders(s.text)) for s in SENTENCES[code]]
    return frozenset(p for left, ps in given if left for p in ps) - {p for left, ps in given if not left for p in ps}


def render(code: str, values: Mapping[str, Value], language: str, *, drill: bool = False) -> str | Refusal:
    """A phrase in a language, one line, its values isolated."""
    lines = pieces(code, values, language, drill=drill)
    return lines if isinstance(lines, Refusal) else _joined(lines)


def spoken(code: str, values: Mapping[str, Value], language: str, *, drill: bool = False) -> str | Refusal:
    """The same as it is read aloud: digits one by one, letters by the spelling alphabet, groups apart by commas."""
    lines = pieces(code, values, language, drill=drill)
    if isinstance(lines, Refusal):
        return lines
    return _joined([[_said(piece, values, language) for piece in line] for line in lines], loud=True)


def _joined(lines: list[list[Piece]], *, loud: bool = False) -> str:
    return " ".join("".join(_isolated(piece, loud) for piece in line) for line in lines)


def _isolated(piece: Piece, loud: bool) -> str:
    if not piece.placeholder:
        return piece.text
    return f"{FSI if loud or KINDS[piece.placeholder] in _WORDS else LRI}{piece.text}{PDI}"


def plain(text: str) -> str:
    """A text for a line of a terminal: without the marks where nothing in it runs from right to left."""
    if any(bidirectional(character) in ("R", "AL", "AN") for character in text):
        return text
    return text.translate(_UNMARKED)


def pieces(
    code: str, values: Mapping[str, Value], language: str, *, drill: bool = False
) -> list[list[Piece]] | Refusal:
    """The sentences of a phrase, each in pieces, without marks: for pages that keep the order by other means."""
    wrong = _wrong(code, values, language)
    if wrong is not None:
        return wrong
    lines: list[list[Piece]] = []
    for sentence in SENTENCES[Phrase(code)]:
        needed = placeholders(sentence.text)
        if sentence.optional and not all(name in values for name in needed):
            continue
        count = values.get("count", 0)
        assert isinstance(count, int)
        lines.append(_filled(counted(language, sentence.text, sentence.plural, count), values, language))
    if drill:
        mark = [Piece(f"{translated(language, DRILL)}.")]
        return [mark, *lines, mark]
    return lines


def _filled(text: str, values: Mapping[str, Value], language: str) -> list[Piece]:
    """Words and placeholders take turns."""
    parts = _PLACEHOLDER.split(text)
    filled = [
        Piece(_written(KINDS[part], values[part], language), part) if i % 2 else Piece(part)
        for i, part in enumerate(parts)
    ]
    return [piece for piece in filled if piece.text]


def _written(kind: Kind, value: Value, language: str) -> str:
    if kind in CHOICES:
        return translated(language, CHOICES[kind][str(value)], kind.value)
    return write(kind, value)


def _wrong(code: str, values: Mapping[str, Value], language: str) -> Refusal | None:
    """What keeps a phrase from being said."""
    if language not in LANGUAGES:
        return refuse(Reason.UNKNOWN, "language", f"one of {', '.join(LANGUAGES)}", language)
    if code not in Phrase.__members__.values():
        return refuse(Reason.UNKNOWN, "code", "a code of the closed set of phrases", code)
    allowed: set[str] = set()
    for sentence in SENTENCES[Phrase(code)]:
        needed = placeholders(sentence.text)
        allowed |= set(needed)
        missing = [name for name in needed if name not in values]
        if missing and (not sentence.optional or len(missing) < len(needed)):
            return refuse(Reason.MALFORMED, f"values.{missing[0]}", "this phrase needs the value", "nothing")
    for name, value in values.items():
        if name not in allowed:
            return refuse(Reason.MALFORMED, f"values.{name}", "a value that this phrase has", value)
        kind = KINDS[name]
        if (value not in CHOICES[kind]) if kind in CHOICES else (not holds(kind, value)):
            return refuse(Reason.MALFORMED, f"values.{name}", f"a value of the kind {kind.value}", value)
    return None


def parse(text: str, language: str) -> Said | Refusal:
    """The phrase that a text is; only what `render` gives, character by character."""
    if language not in LANGUAGES:
        return refuse(Reason.UNKNOWN, "language", f"one of {', '.join(LANGUAGES)}", language)
    mark = f"{translated(language, DRILL)}."
    drill = text.startswith(f"{mark} ") and text.endswith(f" {mark}")
    body = text[len(mark) + 1 : -len(mark) - 1] if drill else text
    found = _skeletons(language).get(_ISOLATED.sub("{}", body))
    no_phrase = refuse(Reason.MALFORMED, "text", f"a phrase of the closed set in {language}", text)
    if found is None:
        return no_phrase
    code, names = found
    values: dict[str, Value] = {}
    for name, written in zip(names, _ISOLATED.findall(body), strict=True):
        value = _value(KINDS[name], written, language)
        if value is None or values.setdefault(name, value) != value:
            return refuse(Reason.MALFORMED, f"values.{name}", f"a value of the kind {KINDS[name].value}", written)
    said = Said(code, values, drill)
    return said if render(code, values, language, drill=drill) == text else no_phrase


def _value(kind: Kind, written: str, language: str) -> Value | None:
    return _choices(language, kind).get(written) if kind in CHOICES else read(kind, written)


@cache
def _choices(language: str, kind: Kind) -> dict[str, str]:
    return {translated(language, word, kind.value): str(value) for value, word in CHOICES[kind].items()}


@cache
def _skeletons(language: str) -> dict[str, tuple[Phrase, tuple[str, ...]]]:
    """Every phrase with its values taken out, and the placeholders in the order in which they stand."""
    found: dict[str, tuple[Phrase, tuple[str, ...]]] = {}
    for code, sentences in SENTENCES.items():
        for chosen in product(*(_ways(language, sentence) for sentence in sentences)):
            text = " ".join(part for part in chosen if part)
            key = (code, placeholders(text))
            assert found.setdefault(_PLACEHOLDER.sub("{}", text), key) == key, f"{language}: two phrases read alike"
    return found


def _ways(language: str, sentence: Sentence) -> tuple[str, ...]:
    ways = forms(language, sentence.text, sentence.plural)
    return (*ways, "") if sentence.optional else ways


def aloud(kind: Kind, value: Value, language: str) -> str:
    """A value as it is said, digit by digit, without its unit."""
    return COMMAS.get(language, ", ").join(
        " ".join(_token(token, language) for token in group) for group in tokens(kind, value)
    )


def _said(piece: Piece, values: Mapping[str, Value], language: str) -> Piece:
    """A piece as it is said aloud."""
    kind = KINDS.get(piece.placeholder)
    if kind is None or kind in CHOICES:
        return piece
    unit = f" {translated(language, UNITS[kind], 'unit')}" if kind in UNITS else ""
    return Piece(aloud(kind, values[piece.placeholder], language) + unit, piece.placeholder)


def _token(token: str, language: str) -> str:
    """A digit, capital or sign in words; anything else is said as it stands."""
    if len(token) != 1 or not token.isascii():
        return token
    if token.isdigit():
        return translated(language, DIGITS[int(token)], "digit")
    if token.isupper():
        return translated(language, LETTERS[ord(token) - ord("A")], "letter")
    return translated(language, SIGNS[token], "sign") if token in SIGNS else token
