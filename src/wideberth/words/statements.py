"""What a free text says of places, heights and times.

In:  words and figures (`tokens.Text`), the names of landmarks.
Out: statements, each with the words that make it.
Refuses nothing: what is not understood is no statement.

Work is bounded: at most `LINT_STATEMENTS_MAX` places and as many figures, and a few words around each of them.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from wideberth.limits import LINT_STATEMENTS_MAX
from wideberth.words import vocabulary as say
from wideberth.words.numerals import NUMERALS, number
from wideberth.words.tokens import Span, Text, split
from wideberth.words.vocabulary import Role

_GROUPED: Final = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_PLAIN: Final = re.compile(r"\d+(?:[.,]\d+)?")
_SEPARATORS: Final = frozenset((" ", "\u00a0", "\u202f", "'"))
_DASHES: Final = frozenset("-–—‑−")
_NAME_WORDS_MAX: Final = 6
_STEM_LETTERS: Final = 4


class Lies(NamedTuple):
    """The volumes lie so far and in this direction from a place of this name; None where it is not said."""

    span: Span
    places: tuple[int, ...]
    metres: float | None
    direction_deg: float | None


class Named(NamedTuple):
    """A place is named; `near` where the text says that the volumes are near it."""

    span: Span
    places: tuple[int, ...]
    near: bool


class Height(NamedTuple):
    """Heights in metres; `low_m` is None in a band that begins at the ground. `level`: counted in flight levels."""

    span: Span
    role: Role
    low_m: float | None
    high_m: float
    reference: str
    """"level", "sea", "ground", or empty where the text does not say."""


class Figure(NamedTuple):
    """A number, the words that make it, and how it is written."""

    value: float
    span: Span
    raw: str


# places


@lru_cache(maxsize=16)
def names_of(names: tuple[str, ...]) -> dict[str, list[tuple[tuple[str, ...], int]]]:
    """From the first word of a name to the names that begin so: all their words and which landmark it is.

    Cyrillic names of one word are kept by their stem too, for they are inflected.
    """
    table: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    for i, name in enumerate(names):
        words = tuple(split(name).words[:_NAME_WORDS_MAX])
        if words and not (len(words) == 1 and len(words[0]) < 3):
            table.setdefault(words[0], []).append((words, i))
            if len(words) == 1 and len(words[0]) > _STEM_LETTERS and "а" <= words[0][0] <= "ґ":
                stem = words[0].rstrip("аяыиоеіїьйу")
                for ending in ("", *"аяыиоеіїьйую", "ом", "ой", "ей", "ем", "ою", "ах", "ям", "ам", "ами"):
                    if stem + ending != words[0] and len(stem) >= _STEM_LETTERS - 1:
                        table.setdefault(stem + ending, []).append(((stem + ending,), i))
            if "ا" <= words[0][0] <= "ی":
                for prefix in ("ب", "ل", "و"):
                    table.setdefault(prefix + words[0], []).append(((prefix + words[0], *words[1:]), i))
    for rows in table.values():
        rows.sort(key=lambda row: -len(row[0]))
    return table


def places_in(text: Text, table: Mapping[str, list[tuple[tuple[str, ...], int]]]) -> list[tuple[Span, tuple[int, ...]]]:
    """Where names of landmarks stand; a longer name is taken before one that it contains."""
    found: list[tuple[Span, tuple[int, ...]]] = []
    after = 0
    for i in [i for i, word in enumerate(text.words) if word in table]:
        if i < after:
            continue
        word = text.words[i]
        for words, _ in table[word]:
            if tuple(text.words[i : i + len(words)]) == words:
                indices = tuple(dict.fromkeys(index for other, index in table[word] if other == words))
                found.append((Span(i, i + len(words) - 1), indices))
                after = i + len(words)
                break
        if len(found) > LINT_STATEMENTS_MAX:
            break
    return found


def place_statement(text: Text, span: Span, places: tuple[int, ...]) -> Lies | Named:
    """What is said of a place: how far and in which direction from it, that it is near, or only its name."""
    at = span.first - 1
    while at >= span.first - 3 and text.word(at) in say.OF:
        at -= 1
    joined = text.any(at + 1, span.first - 1, say.FROM_PLACE)
    direction = _direction_before(text, at)
    if direction is not None:
        degrees, first = direction
        metres = _distance_before(text, first - 1)
        bare = "ا" <= text.word(first)[0] <= "ی" or text.word(at).endswith(("нее", "ніше"))
        if joined or bare or metres is not None:
            start = first if metres is None else metres[1]
            if not text.any(start - 2, start - 1, say.NOT):
                return Lies(Span(start, span.last), places, metres and metres[0], degrees)
    elif joined and text.word(span.last + 1) not in say.TO and (metres := _distance_before(text, at)) is not None:
        return Lies(Span(metres[1], span.last), places, metres[0], None)
    return _turkish_after(text, span, places) or Named(span, places, text.any(span.first - 3, span.first - 1, say.NEAR))


def _direction_before(text: Text, i: int) -> tuple[float, int] | None:
    """Degrees and the first word of the direction that ends with word i: "north", "north-east", "NNW"."""
    word = text.word(i)
    if word in say.POINTS and text.text[text.starts[i] : text.end(i)].isupper():
        return say.POINTS[word], i
    if word not in say.DIRECTIONS:
        return None
    degrees, before = say.DIRECTIONS[word], text.word(i - 1)
    if before in say.DIRECTIONS and before not in say.POINTS:
        other = say.DIRECTIONS[before]
        turn = (other - degrees + 180.0) % 360.0 - 180.0
        if abs(turn) in (45.0, 90.0):
            return (degrees + turn / 2.0) % 360.0, i - 1
    if word == "est" and text.word(i - 1) not in ("l", "à"):
        return None
    return degrees, i


def _distance_before(text: Text, i: int) -> tuple[float, int] | None:
    """Metres of the length whose unit is word i or stands a little before it, and its first word."""
    for j in range(i, i - 4, -1):
        unit = say.LENGTHS.get(text.word(j))
        if unit is not None:
            figure = figure_before(text, j - 1)
            return None if figure is None else (figure.value * unit, figure.span.first)
        if len(text.word(j)) > 3 and text.word(j) not in say.OF:
            return None
    return None


def _turkish_after(text: Text, span: Span, places: tuple[int, ...]) -> Lies | None:
    """ "Dorun'un 12 km kuzeyinde": the place first, then how far, then the direction."""
    for i in range(span.last + 1, span.last + 6):
        word = text.word(i)
        if word in say.TURKISH and word in say.DIRECTIONS:
            metres = _distance_before(text, i - 1)
            inside = metres is not None and metres[1] > span.last
            return Lies(Span(span.first, i), places, metres[0] if metres and inside else None, say.DIRECTIONS[word])
    return None


# figures


def figure_before(text: Text, i: int) -> Figure | None:
    """The number that ends with word i, in digits (thousands may be spaced) or in words."""
    word = text.word(i)
    if word[:1].isdigit():
        first = i
        while len(text.word(first)) == 3 and text.word(first).isdigit() and text.gap(first - 1) in _SEPARATORS:
            before = text.word(first - 1)
            if not (before.isdigit() and len(before) <= 3):
                break
            first -= 1
        raw = "".join(text.words[first : i + 1])
        value = _value(raw)
        return None if value is None else Figure(value, Span(first, i), raw)
    if word not in NUMERALS:
        return None
    first = i
    while first > i - 12 and (text.word(first - 1) in NUMERALS or _joins_numerals(text, first - 1)):
        first -= 1
    words = text.words[first : i + 1]
    value = number(words)
    return None if value is None else Figure(float(value), Span(first, i), " ".join(words))


def _joins_numerals(text: Text, i: int) -> bool:
    return text.word(i) in ("and", "und", "et", "و") and text.word(i - 1) in NUMERALS


def _value(raw: str) -> float | None:
    """A number as people write it: "5,000" and "5.000" are thousands, "12.5" and "12,5" are not."""
    if len(raw) > 12:
        return None
    if _GROUPED.fullmatch(raw):
        return float(raw.replace(",", "").replace(".", ""))
    return float(raw.replace(",", ".")) if _PLAIN.fullmatch(raw) else None


def figures_in(text: Text) -> list[int]:
    """Words at which a height, a time or a coordinate may be read: units, times of day, flight levels, N and S."""
    words = text.words
    clocks = [i for i in text.digits if len(words[i]) == 4 or len(words[i]) == 6 or ":" in words[i]]
    hits = [i for i, word in enumerate(words) if word in _HITS]
    found: list[int] = []
    for i in sorted(clocks[: 2 * LINT_STATEMENTS_MAX] + hits[: 2 * LINT_STATEMENTS_MAX]):
        if words[i] == "h":
            found.append(i - 1)
        elif words[i] in say.LEVEL:
            found += _levels_after(text, i)
        elif words[i] not in _HEMISPHERES or text.word(i - 1)[:1].isdigit() or text.word(i + 1)[:1].isdigit():
            found.append(i)
    return sorted(set(found))


_HEMISPHERES: Final = frozenset("ns")
_HITS: Final = frozenset(say.LENGTHS) | say.LEVEL | _HEMISPHERES | {"h"}


def _levels_after(text: Text, i: int) -> list[int]:
    """The last words of the flight levels that follow "FL": one, or the two of "FL100-150"."""
    for j in range(i + 1, i + 4):
        if text.word(j) in NUMERALS:
            while text.word(j + 1) in NUMERALS and j < i + 12:
                j += 1
            return [j]
        if text.word(j)[:1].isdigit():
            return [j, j + 1] if _second_level(text, j + 1) else [j]
    return []


# heights


def height_at(text: Text, i: int) -> Height | None:
    """The height whose unit (or, of flight levels, whose number) is word i; a range where one stands before it."""
    here = _height_figure(text, i)
    if here is None:
        return None
    metres, figure, reference = here
    low = _range_before(text, figure.span.first, lambda j: _range_low(text, j, i, reference))
    if low is not None:
        return _height(text, Span(low.span.first, i), Role.BAND, low.value, metres, reference, i)
    if _from_ground(text, figure.span.first):
        return _height(text, Span(figure.span.first - 2, i), Role.BAND, None, metres, reference, i)
    role, strict, span = role_of(text, figure.span.first, i)
    if not reference and not strict and text.words[i] not in _FEET and not text.any(i - 6, i - 1, say.HEIGHT):
        return None
    return _height(text, span, role, metres, metres, reference, i)


_FEET: Final = frozenset(word for word, metres in say.LENGTHS.items() if metres == say.FEET)


def _height(
    text: Text, span: Span, role: Role, low: float | None, high: float, reference: str, unit: int
) -> Height | None:
    """The height, unless the words around it speak of a distance or nothing makes it a height."""
    if text.any(span.first - 4, span.last + 4, say.NO_HEIGHT) or (low is not None and low > high):
        return None
    known = reference or text.words[unit] in _FEET or text.any(span.first - 5, span.last, say.HEIGHT)
    return Height(span, role, low, high, reference) if known or role is not Role.BAND else None


def _height_figure(text: Text, i: int) -> tuple[float, Figure, str] | None:
    """Metres, the number and its reference."""
    unit = say.LENGTHS.get(text.word(i))
    if unit is not None:
        figure = figure_before(text, i - 1)
        if figure is None or unit in say.FAR:
            return None
        after = text.words[i + 1 : i + 5]
        named = ["ground" if word in say.ABOVE_GROUND else "sea" for word in after if word in _REFERENCES]
        return figure.value * unit, figure, named[0] if named else ""
    if not (text.any(i - 3, i - 1, say.LEVEL) or _second_level(text, i)):
        return None
    figure = figure_before(text, i)
    follows = say.LENGTHS.get(text.word(i + 1)) is not None or text.word(i + 1) in NUMERALS
    if figure is None or follows or not 0 < figure.value <= 700 or text.word(figure.span.first - 1) in say.ABOVE_SEA:
        return None
    if not (text.any(figure.span.first - 3, figure.span.first - 1, say.LEVEL) or _second_level(text, i)):
        return None
    return figure.value * 100 * say.FEET, figure, "level"


_REFERENCES: Final = say.ABOVE_GROUND | say.ABOVE_SEA


def _second_level(text: Text, i: int) -> bool:
    """Whether word i is the second of two flight levels, "FL100-150"."""
    return text.word(i).isdigit() and text.gap(i - 1).strip() in _DASHES and text.word(i - 2) in say.LEVEL


def _range_low(text: Text, j: int, i: int, reference: str) -> Figure | None:
    """The lower end of a range whose last word is j, in metres; its unit is its own or that of the upper end, i."""
    unit = say.LENGTHS.get(text.word(j))
    figure = figure_before(text, j if unit is None else j - 1)
    if figure is None or ":" in figure.raw:
        return None
    metres = 100 * say.FEET if reference == "level" else unit or say.LENGTHS[text.words[i]]
    return Figure(figure.value * metres, figure.span, figure.raw)


def _from_ground(text: Text, first: int) -> bool:
    """Whether "ground to", "SFC-" stands before a figure."""
    if text.word(first - 1) in say.TO:
        return text.word(first - 2) in say.ABOVE_GROUND
    return text.word(first - 1) in say.ABOVE_GROUND and text.gap(first - 1).strip() in _DASHES


def _range_before(text: Text, first: int, figure: Callable[[int], Figure | None]) -> Figure | None:
    """The other end of a range, before the figure that begins with a word: "5000 to", "between 5000 and", "5000-"."""
    at = first - 1
    while at >= first - 3 and (text.word(at) in say.LEVEL or text.word(at) in say.HEIGHT):
        at -= 1
    if text.gap(at).strip() in _DASHES and text.gap(at).strip():
        return figure(at)
    if text.word(at) in say.TO:
        return figure(at - 1)
    if text.word(at) in say.AND:
        low = figure(at - 1)
        bound = low is not None and text.any(low.span.first - 3, low.span.first - 1, say.BETWEEN)
        return low if bound or text.any(first, first + 4, say.BETWEEN_AFTER) else None
    return None


def role_of(text: Text, first: int, last: int) -> tuple[Role, bool, Span]:
    """What a figure is by the words before and after it, whether the word is one of height alone, and all of it."""
    for i in (last + 1, last + 2):
        if text.word(i) in say.TURKISH_HIGH:
            return Role.HIGH, text.word(i) in say.STRICT_HIGH, Span(first, i)
        if text.word(i) in say.TURKISH_LOW:
            return Role.LOW, text.word(i) in say.STRICT_LOW, Span(first, i)
    after = _role_after(text, last)
    if after is not None:
        return after[0], True, Span(first, after[1])
    found = Role.AT, False, Span(first, last)
    for i in range(first - 1, max(first - 4, -1), -1):
        word = text.word(i)
        strict = word in say.STRICT_LOW or word in say.STRICT_HIGH
        if strict or (found[0] is Role.AT and (word in say.LOW or word in say.HIGH)):
            negated = text.any(i - 2, i - 1, say.NOT) or (
                text.word(i - 1) in say.OR and text.any(i - 9, i - 2, say.NOT)
            )
            found = (Role.LOW if (word in say.LOW) != negated else Role.HIGH), strict, Span(i - negated, last)
        if strict or not (word in _PASSED or len(word) <= 2):
            break
    return found


def _role_after(text: Text, last: int) -> tuple[Role, int] | None:
    """What "and below" or "or above" after a figure makes of it, and the last word of that."""
    if text.word(last + 1) not in say.AND and text.word(last + 1) not in say.OR:
        return None
    for i in (last + 2, last + 3):
        following = text.word(i + 1)
        if following.isdigit() or following in say.LEVEL or following in NUMERALS:
            continue  # it belongs to the next figure
        if text.word(i) in say.AFTER_HIGH:
            return Role.HIGH, i
        if text.word(i) in say.AFTER_LOW:
            return Role.LOW, i
    return None


_PASSED: Final = say.FLIGHT | say.LEVEL | say.HEIGHT | say.OF | say.LOW | say.HIGH
