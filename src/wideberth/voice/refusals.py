"""Refusals in the reader's language: one sentence each; and which language a reader asked for.

In:  a `Refusal`; a language; an Accept-Language header, or the languages of an environment.
Out: a sentence; one of LANGUAGES.
Refuses nothing: what cannot be understood of a wish is passed over, and English is the last resort.

The reason is translated. The limit is a phrase in English, with its figures and units, and stands as it is, as do the
field and what was received; in a language from right to left these three are kept apart by marks of isolation.
Source of the order of languages: RFC 9110, sections 12.4.2 and 12.5.4; RFC 4647, section 3.4 (lookup).
"""

import re
from collections.abc import Sequence
from typing import Final

from wideberth.refusal import Reason, Refusal
from wideberth.voice.catalogues import LANGUAGES, RIGHT_TO_LEFT, translated
from wideberth.voice.phrases import LRI, PDI
from wideberth.voice.sentences import FRAMES

DEFAULT: Final = "en"
WISHES_MAX: Final = 16
"""Languages of one header that are looked at; browsers send up to about six."""
WISH_CHARACTERS_MAX: Final = 400
"""Characters of one header that are looked at."""
_WISH: Final = re.compile(r"([A-Za-z]{1,8})(?:-[A-Za-z0-9]{1,8})*|(\*)", re.ASCII)
_QUALITY: Final = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.ASCII | re.IGNORECASE)
_PLACE: Final = re.compile(r"[_.@]")


def sentence(refusal: Refusal, language: str = DEFAULT) -> str:
    """A refusal as one sentence in one of LANGUAGES."""
    apart = (LRI, PDI) if language in RIGHT_TO_LEFT else ("", "")
    frame = translated(language, FRAMES[bool(refusal.field), bool(refusal.received)], "frame")
    texts = {"field": refusal.field, "limit": refusal.limit, "received": refusal.received}
    marked = {name: f"{apart[0]}{text}{apart[1]}" for name, text in texts.items()}
    return frame.format(heading=translated(language, refusal.reason.heading, "refusal"), **marked)


def named(code: str) -> Reason | None:
    """The reason of a code; None where there is none, as of a node that is newer."""
    return next((reason for reason in Reason if reason == code), None)


def wished(header: str) -> str:
    """The language of LANGUAGES that an Accept-Language header asks for first; of equal wishes the earlier one."""
    best, found = 0.0, DEFAULT
    for wish in header[:WISH_CHARACTERS_MAX].split(",")[:WISHES_MAX]:
        name, quality = _wish(wish)
        if quality > best and (name in LANGUAGES or name == "*"):
            best, found = quality, DEFAULT if name == "*" else name
    return found


def _wish(text: str) -> tuple[str, float]:
    """A language and how much it is wished; 0 where the text is none."""
    parts = [part.strip() for part in text.split(";")]
    name = _WISH.fullmatch(parts[0])
    qualities = [_QUALITY.fullmatch(part) for part in parts[1:]]
    if name is None or len(qualities) > 1 or None in qualities:
        return "", 0.0
    return (name[1] or name[2]).lower(), float(qualities[0][1]) if qualities and qualities[0] else 1.0


def of_environment(values: Sequence[str]) -> str:
    """The language of the first value that is set, as of LC_ALL, LC_MESSAGES and LANG ("de_DE.UTF-8"); else English."""
    name = next((_PLACE.split(value)[0] for value in values if value), DEFAULT).lower()
    return name if name in LANGUAGES else DEFAULT
