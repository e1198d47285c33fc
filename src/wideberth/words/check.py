"""Check characters for everything that is read aloud: ISO/IEC 7064, MOD 1271-36, a pure system.

In:  text of digits and the capitals A to Z.
Out: the text with two check characters more; whether a text carries the right ones; a text in groups for reading.
Refuses: anything else never holds.

Why this system: its check characters are digits and capitals too (MOD 37-2 needs a star), and 1271 = 31 x 41 shares no
factor with 36 or 35 and exceeds every difference of two characters. So every wrong character and every swap of
neighbours, check characters included, is found whatever the length; of other errors all but one in 1,271.
Source: ISO/IEC 7064:2003, sections 6 and 8.
"""

import re
import unicodedata
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CHECK_CHARACTERS: Final = 2
_MODULUS: Final = 1271
_RADIX: Final = 36
_VALUE: Final = {character: value for value, character in enumerate(ALPHABET)}
_RUN: Final = re.compile(r"[0-9]+|[A-Z]+")
_UNBROKEN: Final = 5
"""Digits that are read in one breath."""
_GROUP: Final = 4
_SEPARATORS: Final = frozenset("-‐‑‒–—.,:;/_'’")


def with_check(text: str) -> str:
    """The text and its two check characters. The text must be digits and capitals, at least one."""
    assert text, "nothing to check"
    total = 0
    for character in text:
        total = (total + _VALUE[character]) * _RADIX % _MODULUS
    check = (1 - total * _RADIX) % _MODULUS
    return text + ALPHABET[check // _RADIX] + ALPHABET[check % _RADIX]


def check_holds(text: str) -> bool:
    """Whether the last two characters are the check characters of those before them."""
    bare = text[:-CHECK_CHARACTERS]
    return bool(bare) and all(character in _VALUE for character in text) and with_check(bare) == text


def groups(text: str) -> str:
    """A text with its check characters in groups for reading aloud: "422144N0384736WAB" is "42 2144 N 038 4736 W AB".

    Letters and digits apart, long runs of digits cut in fours from their end, the check characters last and alone.
    """
    found: list[str] = []
    for run in _RUN.findall(text[:-CHECK_CHARACTERS]):
        if run.isdigit() and len(run) > _UNBROKEN:
            first = len(run) % _GROUP
            found += [run[:first]] * bool(first) + [run[i : i + _GROUP] for i in range(first, len(run), _GROUP)]
        else:
            found.append(run)
    return " ".join([*found, text[-CHECK_CHARACTERS:]])


def plain(said: str) -> str | None:
    """What was said or typed as digits and capitals, or None where it is something else.

    Spaces, marks between groups and invisible marks of direction are dropped, digits of other scripts and wide forms
    become ASCII, small letters capitals. Letters of other scripts are never taken for Latin ones.
    """
    kept: list[str] = []
    for character in unicodedata.normalize("NFKC", said):
        if character in _SEPARATORS or unicodedata.category(character) in ("Zs", "Cf") or character in "\t\r\n":
            continue
        digit = unicodedata.decimal(character, None)
        kept.append(str(digit) if digit is not None else character.upper() if character.isascii() else character)
    text = "".join(kept)
    return text if all(character in _VALUE for character in text) else None
