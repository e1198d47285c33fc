"""Text as it may be shown: what cannot be seen, turns the line around or poses as another letter stands escaped.

In:  any text.
Out: the text with such characters as \\u202e, and a backslash doubled, so that no two texts are shown alike.
Refuses nothing: honest text in any script comes out as it went in.

Escaped: control characters (but line feed and tab), every format character (overrides, embeddings, isolates and marks
of direction, zero width, soft hyphen, tags), surrogates, private and unassigned ones, fillers, spaces of odd widths,
variation selectors, the fourth and further combining mark on one letter, letters of mathematical and full-width
alphabets; in a word of two alphabets the letters of the lesser one; words wholly of letters that look Latin in a text
that has no other word of their script; O, o, l and I and their likes between digits; digits of a second script in one
number. Left alone: the zero width non-joiner and joiner between two letters of the Arabic script, where Persian needs
them. Sources: Unicode TR 36 and TS 39 for the dangers, RFC 5892 appendix A for the joiners.
"""

import re
import unicodedata
from collections import Counter
from typing import Final

_ALIKE: Final = frozenset(["LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "COPTIC", "CHEROKEE", "LISU", "DESERET", "GOTHIC"])
"""Scripts whose letters are taken for one another."""
_WORD: Final = re.compile(r"\w+")
_INVISIBLE: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_SPACES: Final = frozenset(" \u00a0\u202f")
_JOINERS: Final = frozenset("\u200c\u200d")
_HIDDEN: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_MARKS_MAX: Final = 3
_LATIN_LIKE: Final = frozenset(
    "АВЕЅІЈКМНОРСТУХҮԌԚԜЗБасеѕіјорухһԁԛԝԍ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοανρϲϳι" + "ՕՏՍԼօսոցհ" + "ᎪᏴᏟᎬᎻᎫᏦᏞᎷΝᏢᏒᏚᎢᏙᎳᏃ"
)
"""Letters of other scripts that pass for Latin ones or for digits."""
_DIGIT_LIKE: Final = re.compile(r"(?<=\d)[OoIlОоІЗзбΟοΙՕօ](?=\d)")


def shown(text: str) -> str:
    """The text with everything that deceives the eye escaped; honest text unchanged but for doubled backslashes."""
    if text.isascii() and text.replace("\n", "").isprintable() and not _DIGIT_LIKE.search(text):
        return text.replace("\\", "\\\\")
    escaped = {found.start() for found in _DIGIT_LIKE.finditer(text)} | _hidden(text) | _posing(text)
    return "".join(_escape(c) if i in escaped else "\\\\" if c == "\\" else c for i, c in enumerate(text))


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _hidden(text: str) -> set[int]:
    """Places of what cannot be seen or is piled up."""
    found: set[int] = set()
    marks = 0
    for i, character in enumerate(text):
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if (
            (category in _HIDDEN and character not in "\n\t" and not _joins(text, i))
            or (category == "Zs" and character not in _SPACES)
            or character in _INVISIBLE
            or "\ufe00" <= character <= "\ufe0f"
            or "\U000e0100" <= character <= "\U000e01ef"
            or marks > _MARKS_MAX
        ):
            found.add(i)
    return found


def _joins(text: str, i: int) -> bool:
    """Whether this is a joiner that the Arabic script needs here."""
    return text[i] in _JOINERS and 0 < i < len(text) - 1 and _is_arabic(text[i - 1]) and _is_arabic(text[i + 1])


def _is_arabic(character: str) -> bool:
    return unicodedata.category(character) in ("Lo", "Mn") and _script(character) == "ARABIC"


def _script(character: str) -> str:
    """The first word of a character's name: its script, or "MATHEMATICAL", "FULLWIDTH"."""
    return unicodedata.name(character, "NONE").split(" ", 1)[0].partition("-")[0]


def _posing(text: str) -> set[int]:
    """Places of letters and digits that pose as others."""
    found: set[int] = set()
    suspects: list[tuple[int, str, str]] = []
    honest: set[str] = set()
    for match in _WORD.finditer(text):
        word, at = match[0], match.start()
        if word.isascii():
            honest.add("LATIN")
            continue
        scripts = [_script(c) if c.isalpha() else "" for c in word]
        found |= {at + i for i, c in enumerate(word) if _is_styled(c)} | {at + i for i in _second_digits(word)}
        alike = Counter(script for script in scripts if script in _ALIKE)
        if len(alike) > 1:
            main = max(alike, key=lambda script: (alike[script], script == "LATIN"))
            found |= {at + i for i, script in enumerate(scripts) if script in _ALIKE and script != main}
        elif alike:
            script = next(iter(alike))
            if script != "LATIN" and all(c in _LATIN_LIKE or not c.isalpha() for c in word):
                suspects.append((at, word, script))
            else:
                honest.add(script)
    for at, word, script in suspects:
        if script not in honest and "LATIN" in honest:
            found |= {at + i for i, c in enumerate(word) if c.isalpha()}
    return found


def _is_styled(character: str) -> bool:
    """A letter or digit of an alphabet made for formulas, old terminals or phonetics, which poses as a plain one."""
    if "\u0250" <= character <= "\u02af" or "\u1d00" <= character <= "\u1dbf":
        return True
    return unicodedata.decomposition(character).startswith(("<font>", "<wide>", "<circle>", "<square>"))


def _second_digits(word: str) -> list[int]:
    """Places of digits that are not of the system of the number's first digit."""
    found: list[int] = []
    first: int | None = None
    for i, character in enumerate(word):
        value = unicodedata.decimal(character, None)
        if value is None:
            first = None
            continue
        zero = ord(character) - value
        first = zero if first is None else first
        if zero != first:
            found.append(i)
    return found
