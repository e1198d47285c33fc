"""A text as words and figures, with their places in it.

In:  any text.
Out: `Text`: at most `LINT_TOKENS_MAX` words, of at most `LINT_CHARACTERS_MAX` characters.
Refuses nothing. What lies past a limit is not read, and `unread` says from where on. One pass over arrays: no
expression that could go back over what it read.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from wideberth.limits import LINT_CHARACTERS_MAX, LINT_TOKENS_MAX
from wideberth.words.vocabulary import flat as flatten


class Span(NamedTuple):
    """Words from `first` to `last` (included)."""

    first: int
    last: int


class Text(NamedTuple):
    """A text as words: their flat forms, and where each begins."""

    text: str
    words: list[str]
    starts: list[int]
    digits: list[int]
    """Which words are figures."""
    unread: int | None
    """The character from which on it was not read."""

    def end(self, i: int) -> int:
        """Where a word ends."""
        return self.starts[i] + len(self.words[i])

    def word(self, i: int) -> str:
        """The word at a place, empty outside the text."""
        return self.words[i] if 0 <= i < len(self.words) else ""

    def gap(self, i: int) -> str:
        """What stands between a word and the next, at most four characters."""
        if not 0 <= i < len(self.words) - 1:
            return " "
        return self.text[self.end(i) : min(self.starts[i + 1], self.end(i) + 4)]

    def any(self, first: int, last: int, words: frozenset[str]) -> bool:
        """Whether one of the words from `first` to `last` (included) is among some."""
        return not words.isdisjoint(self.words[max(first, 0) : max(last + 1, 0)])

    def between(self, span: Span) -> tuple[int, int]:
        """Where a span begins and ends in the text."""
        return self.starts[span.first], self.end(span.last)


_LETTER, _DIGIT, _JOINT, _QUOTE = 1, 2, 3, 4
_SCRIPTS: Final = 0x3000
"""Code points below it have the letters of all eight languages; what lies above parts words."""


def _kinds() -> npt.NDArray[np.uint8]:
    """Of each code point: a letter, a digit, a mark that may stand between digits, an apostrophe, or none (0)."""
    kinds = np.zeros(_SCRIPTS + 1, np.uint8)
    for code in range(_SCRIPTS):
        character = chr(code)
        kinds[code] = _DIGIT if character.isdecimal() else _LETTER if character.isalnum() else 0
    kinds[[ord(mark) for mark in ".,:"]] = _JOINT
    kinds[ord("'")] = _QUOTE
    return kinds


_KINDS: Final = _kinds()


def split(text: str) -> Text:
    """The words and figures of a text.

    A word is a run of letters, a figure a run of digits with single points, commas or colons between them; an
    apostrophe before a Cyrillic letter is part of its word.
    """
    flat = flatten(text[:LINT_CHARACTERS_MAX])
    codes = np.frombuffer(flat.encode("utf-32-le", "surrogatepass"), np.uint32)
    kinds = _KINDS[np.minimum(codes, _SCRIPTS)]
    before, after = np.roll(kinds, 1), np.roll(kinds, -1)
    before[:1], after[-1:] = 0, 0
    cyrillic = (np.roll(codes, -1) >= 0x400) & (np.roll(codes, -1) < 0x530) & (before == _LETTER) & (after == _LETTER)
    between = (kinds == _JOINT) & (before == _DIGIT) & (after == _DIGIT)
    kinds = np.where(between, _DIGIT, np.where((kinds == _QUOTE) & cyrillic, _LETTER, kinds * (kinds <= _DIGIT)))
    edges = np.flatnonzero(np.diff(kinds, prepend=np.uint8(0), append=np.uint8(0)))
    firsts = edges[:-1][kinds[edges[:-1]] > 0]
    lasts = edges[1:][kinds[edges[:-1]] > 0]
    unread = LINT_CHARACTERS_MAX if len(text) > LINT_CHARACTERS_MAX else None
    if len(firsts) > LINT_TOKENS_MAX:
        unread = int(firsts[LINT_TOKENS_MAX])
    firsts, lasts = firsts[:LINT_TOKENS_MAX], lasts[:LINT_TOKENS_MAX]
    digits = np.flatnonzero(kinds[firsts] == _DIGIT).tolist() if len(firsts) else []
    starts = firsts.tolist()
    words = [flat[first:last] for first, last in zip(starts, lasts.tolist(), strict=True)]
    return Text(text, words, starts, digits, unread)
